/* What counts to RLIMIT_AS and RLIMIT_DATA: not what a mapping replaces, but what becomes writable; and /proc where no file may be written. */
/* oracle: host */
#define _GNU_SOURCE
#include "syscheck.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define MB (1ul << 20)
#define RO PROT_READ
#define RW (PROT_READ | PROT_WRITE)
#define MAP(at, size, prot, more) mmap(at, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (more), -1, 0)

static void limit(int what, rlim_t n)
{
    struct rlimit r;
    getrlimit(what, &r);
    r.rlim_cur = n;
    setrlimit(what, &r);
}

static void all(void)
{
    limit(RLIMIT_AS, 200 * MB);
    char *p = MAP(NULL, 120 * MB, RW, 0), *q = MAP(NULL, 30 * MB, RO, 0);
    OK(p);
    OK(q);
    OK(MAP(p, 120 * MB, RW, MAP_FIXED));
    OK(MAP(NULL, 120 * MB, RO, 0));
    OK(mremap(q, 30 * MB, 120 * MB, MREMAP_MAYMOVE));
    OK(mremap(q, 30 * MB, 110 * MB, MREMAP_MAYMOVE | MREMAP_FIXED, p));
    OK(MAP(NULL, 190 * MB, RO, 0));
    OK(munmap(p, 120 * MB));
    OK(MAP(NULL, 120 * MB, RO, 0));
    limit(RLIMIT_AS, RLIM_INFINITY);
}

static void data(void)
{
    limit(RLIMIT_DATA, 100 * MB);
    char *p = MAP(NULL, 70 * MB, RO, 0), *q = MAP(NULL, 70 * MB, RO, 0), *s = mmap(NULL, 200 * MB, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    OK(p);
    OK(q);
    OK(s);
    OK(mprotect(p, 70 * MB, RW));
    OK(mprotect(p, 70 * MB, RW));
    OK(mprotect(q, 70 * MB, RW));
    OK(mprotect(s, 200 * MB, RO));
    OK(mprotect(s, 200 * MB, RW));
    OK(mremap(q, 70 * MB, 200 * MB, MREMAP_MAYMOVE));
    OK(mremap(p, 70 * MB, 150 * MB, MREMAP_MAYMOVE));
    OK(MAP(p, 70 * MB, RW, MAP_FIXED));
    OK(MAP(NULL, 70 * MB, RW, 0));
    limit(RLIMIT_DATA, RLIM_INFINITY);
}

static void files(void)
{
    char b[64];
    int status;
    fflush(stdout);
    if (fork() == 0) {
        limit(RLIMIT_FSIZE, 0);
        int fd = open("/proc/self/maps", O_RDONLY);
        if (read(fd, b, sizeof b) <= 0) _exit(2);
        fd = open("/proc/self/status", O_RDONLY);
        if (read(fd, b, sizeof b) <= 0) _exit(3);
        if (write(memfd_create("x", 0), "x", 1) == 1) _exit(4); /* SIGXFSZ */
        _exit(5);
    }
    wait(&status);
    printf("%s %d\n", WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

int main(void)
{
    all();
    data();
    files();
    return 0;
}
