/* descriptors.c - close, dup and limits, for tests/e2e/descriptors.sh: runs natively and as a guest, prints
 * the same. */
#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <unistd.h>
#include <fcntl.h>
#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <dirent.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#define T(e)                                                                                                 \
    do {                                                                                                     \
        errno = 0;                                                                                           \
        long r_ = (long)(e);                                                                                 \
        printf("%s = %ld %s\n", #e, r_, r_ < 0 ? strerrorname_np(errno) : "");                               \
    } while (0)
static int count(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    struct dirent *e;
    while ((e = readdir(d)))
        if (e->d_name[0] != '.') {
            printf("[%s]", e->d_name);
            n++;
        }
    closedir(d);
    puts("");
    return n;
}
static void low(int n)
{
    struct rlimit r;
    getrlimit(RLIMIT_NOFILE, &r);
    r.rlim_cur = 5;
    setrlimit(RLIMIT_NOFILE, &r);
    write(1, "low\n", 4);
}
int main(int argc, char **argv)
{
    struct rlimit r;
    for (int i = 3; i < 1024; i++) close(i);
    setvbuf(stdout, NULL, _IOLBF, 0);
    getrlimit(RLIMIT_NOFILE, &r);
    printf("lim %ld %ld\n", (long)r.rlim_cur, (long)r.rlim_max);
    T(count());
    T(syscall(SYS_close_range, 3, ~0u, 0));
    T(dup2(1, 10));
    T(dup3(1, 1023, O_CLOEXEC));
    T(close(1023));
    T(dup2(1, 1024));
    T(dup2(1, 1023));
    T(close(1023));
    T(fcntl(1, F_DUPFD, 1000));
    T(close(1000));
    T(fcntl(1, F_DUPFD, 1024));
    T(fcntl(1, F_DUPFD, 1023));
    T(close(1023));
    T(fcntl(1, F_DUPFD, -1));
    T(dup2(5, 5));
    T(dup2(1, 1));
    T(dup3(1, 1, 0));
    T(dup2(1, -1));
    T(dup2(1, 100000));
    int n = 0, last = -1, f;
    while ((f = dup(1)) >= 0) {
        last = f;
        n++;
    }
    printf("n %d last %d errno %s\n", n, last, strerrorname_np(errno));
    fd_set s;
    FD_ZERO(&s);
    FD_SET(1023, &s);
    struct timeval tv = {0, 0};
    T(select(1024, NULL, &s, NULL, &tv));
    T(open("/proc/self/maps", O_RDONLY));
    T(syscall(SYS_close_range, 3, 2000, 0));
    r.rlim_cur = 20;
    T(setrlimit(RLIMIT_NOFILE, &r));
    n = 0;
    while ((f = dup(1)) >= 0) {
        last = f;
        n++;
    }
    printf("n %d last %d errno %s\n", n, last, strerrorname_np(errno));
    T(dup2(1, 20));
    T(dup2(1, 19));
    T(syscall(SYS_close_range, 3, ~0u, 0));
    r.rlim_cur = 2000;
    T(setrlimit(RLIMIT_NOFILE, &r));
    n = 0;
    while ((f = dup(1)) >= 0) {
        last = f;
        n++;
    }
    printf("n %d last %d errno %s\n", n, last, strerrorname_np(errno));
    T(syscall(SYS_close_range, 3, ~0u, 0));
    r.rlim_cur = r.rlim_max;
    T(setrlimit(RLIMIT_NOFILE, &r));
    T(dup2(1, 1030));
    T(dup2(1, 1024));
    T(dup2(1, 4032));
    T(fcntl(1, F_DUPFD, 4031));
    T(close(1024));
    r.rlim_cur = 1024;
    T(setrlimit(RLIMIT_NOFILE, &r));
    T(fcntl(1024, F_GETFD));
    T(close(1030));
    T(syscall(SYS_close_range, 3, ~0u, 0));
    r.rlim_cur = 1024;
    setrlimit(RLIMIT_NOFILE, &r);
    while (dup(1) >= 0) {
    }
    puts("done");
    fflush(stdout);
    if (argc > 1) {
        signal(SIGUSR1, low);
        for (;;) pause();
    }
}
