/* talk SOCKET [SILENT]: so many connections that say nothing, then one, and "connected" is printed; it sends what is on standard input as it comes, prints
 * what is answered, and hangs up when either side ends. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int reach(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (strlen(path) >= sizeof addr.sun_path) exit(2);
    strcpy(addr.sun_path, path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0) perror(path), exit(1);
    return fd;
}

/* False: nothing more comes. */
static int pass(int from, int to)
{
    char buf[4096];
    ssize_t n = read(from, buf, sizeof buf);
    return n > 0 && write(to, buf, (size_t)n) == n;
}

int main(int argc, char **argv)
{
    if (argc < 2) return 2;
    for (int i = argc > 2 ? atoi(argv[2]) : 0; i > 0; i--) reach(argv[1]);
    struct pollfd p[2] = {{0, POLLIN, 0}, {reach(argv[1]), POLLIN, 0}};
    if (write(1, "connected\n", 10) != 10) return 1;
    for (;;) {
        if (poll(p, 2, -1) < 0) return 1;
        if (p[1].revents && !pass(p[1].fd, 1)) return 0;
        if (p[0].revents && !pass(0, p[1].fd)) return 0;
    }
}
