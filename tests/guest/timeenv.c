/* Time, time zones, uname, ids, limits: only what is the same everywhere. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
int main(void)
{
    struct utsname u; uname(&u); printf("%s %s\n", u.sysname, u.machine); time_t t = 86400 * 365; struct tm *g = gmtime(&t); char b[64]; strftime(b, sizeof b, "%Y-%m-%d %H:%M:%S %a %j", g); puts(b); g->tm_mday += 40; printf("%lld\n", (long long)timegm(g));
    struct timespec a, c, r; clock_gettime(CLOCK_MONOTONIC, &a); nanosleep(&(struct timespec){0, 20000000}, NULL); clock_gettime(CLOCK_MONOTONIC, &c); double d = (double)(c.tv_sec - a.tv_sec) + (double)(c.tv_nsec - a.tv_nsec) / 1e9; printf("slept %d\n", d >= .02 && d < 5); printf("%d\n", clock_getres(CLOCK_REALTIME, &r)); struct timeval tv; gettimeofday(&tv, 0); printf("%d\n", llabs((long long)tv.tv_sec - time(0)) <= 1);
    printf("%d %d\n", getpid() > 0, getppid() > 0); printf("%d\n", getuid() == geteuid()); struct rlimit l; printf("%d %d\n", getrlimit(RLIMIT_STACK, &l), l.rlim_cur > 65536); l.rlim_cur = l.rlim_cur < 100 ? l.rlim_cur : 100; getrlimit(RLIMIT_NOFILE, &l); l.rlim_cur = 50; printf("%d ", setrlimit(RLIMIT_NOFILE, &l)); getrlimit(RLIMIT_NOFILE, &l); printf("%d ", (int)l.rlim_cur); int n = 0, fd; while ((fd = dup(0)) >= 0 && n < 200) n++, (void)fd; printf("%s\n", strerror(errno));
    printf("%ld %ld\n", sysconf(_SC_PAGESIZE), sysconf(_SC_CLK_TCK)); struct rusage ru; printf("%d\n", getrusage(RUSAGE_SELF, &ru)); struct tms ts; printf("%d\n", times(&ts) != (clock_t)-1); errno = 0; printf("%d %s\n", chdir("/nonexistent"), strerror(errno)); printf("%d %d\n", isatty(99), errno); setenv("A", "b", 1); printf("%s\n", getenv("A"));
    return 0;
}
