/* Files: create, write, seek, read back, rename, stat, truncate, remove, temporary files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void)
{
    char dir[] = "/tmp/lpguestXXXXXX";
    if (!mkdtemp(dir) || chdir(dir)) return 1;
    FILE *f = fopen("a.txt", "w+");
    for (int i = 0; i < 5000; i++) fprintf(f, "line %d\n", i);
    fseek(f, 100, SEEK_SET);
    char b[64]; fgets(b, sizeof b, f); fgets(b, sizeof b, f); printf("%s", b);
    fseek(f, -10, SEEK_END); size_t n = fread(b, 1, 10, f); printf("%zu %ld\n", n, ftell(f));
    rewind(f); int lines = 0, c; while ((c = getc(f)) != EOF) lines += c == '\n'; printf("%d lines\n", lines);
    fclose(f);
    struct stat st;
    stat("a.txt", &st); printf("size %lld reg %d mode %o links %d blksize %d\n", (long long)st.st_size, S_ISREG(st.st_mode), st.st_mode & 0777 & ~022, (int)st.st_nlink, (int)st.st_blksize);
    chmod("a.txt", 0640); stat("a.txt", &st); printf("%o\n", st.st_mode & 07777);
    printf("%d %d\n", rename("a.txt", "b.txt"), stat("a.txt", &st)); printf("%s\n", strerror(errno));
    printf("%d %d %d\n", symlink("b.txt", "l"), link("b.txt", "h"), mkdir("d", 0755));
    lstat("l", &st); printf("link %d\n", S_ISLNK(st.st_mode)); n = (size_t)readlink("l", b, sizeof b); printf("%.*s\n", (int)n, b);
    int fd = open("b.txt", O_RDWR | O_APPEND); printf("%d %d\n", (int)write(fd, "tail", 4), ftruncate(fd, 20)); printf("%d\n", (int)lseek(fd, 0, SEEK_END));
    printf("flags %o\n", fcntl(fd, F_GETFL) & (O_APPEND | O_ACCMODE | O_NONBLOCK)); close(fd);
    fd = open("d", O_RDONLY | O_DIRECTORY); printf("dir %d\n", fd >= 0); close(fd);
    printf("%d %s\n", open("b.txt", O_RDONLY | O_DIRECTORY), strerror(errno)); printf("%d %s\n", open("l", O_RDONLY | O_NOFOLLOW), strerror(errno));
    printf("%d %s\n", open("nope", O_RDONLY), strerror(errno)); printf("%d %s\n", mkdir("d", 0755), strerror(errno));
    printf("%d\n", access("b.txt", R_OK)); f = tmpfile(); fputs("x", f); printf("%ld\n", ftell(f)); fclose(f);
    fd = open("b.txt", O_RDONLY); char bad[1]; (void)bad; printf("%d %s\n", (int)read(fd, (void *)8, 10), strerror(errno)); close(fd);
    unlink("b.txt"), unlink("l"), unlink("h"), rmdir("d"); chdir("/"); printf("%d\n", rmdir(dir));
    return 0;
}
