/* save FILE - writes its input to FILE, so that FILE is the old or the new one, whole, whatever happens. Or so its author thought. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* All n bytes: 0, or -errno. */
__attribute__((noinline)) int write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t k = write(fd, p, n);
        if (k < 0) return -errno;
        p += k, n -= (size_t)k;
    }
    return 0;
}

__attribute__((noinline)) int sync_file(int fd) { return fsync(fd) ? -errno : 0; }

int main(int argc, char **argv)
{
    char temporary[512], text[4096];
    int r = 0;
    ssize_t n;
    if (argc != 2) return 2;
    snprintf(temporary, sizeof temporary, "%s.new", argv[1]);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0) return perror(temporary), 1;
    while (r == 0 && (n = read(0, text, sizeof text)) > 0) r = write_all(fd, text, (size_t)n);
    sync_file(fd); /* the fault: nobody looks at what it says */
    close(fd);
    if (r == 0 && rename(temporary, argv[1])) r = -errno;
    if (r == 0) return 0;
    fprintf(stderr, "save: %s: %s\n", argv[1], strerror(-r));
    unlink(temporary);
    return 1;
}
