/* Ends in the way that its argument names, for deaths.py: by a signal of any kind, alone or with threads and children about it. */
#include "torture.h"
#include <fcntl.h>
#include <stddef.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static __attribute__((noinline)) int deeper(int n)
{
    volatile char b[4096];
    b[0] = (char)n;
    return deeper(n + 1) + b[0];
}
static void stack(void) { deeper(0); }
static void segv(void) { *(volatile int *)8 = 1; }
static void bus(void)
{
    int fd = memfd_create("x", 0);
    char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    p[0] = 1;
}
static void ill(void) { __asm__ volatile(".inst 0"); }
static void trap(void) { __asm__ volatile("brk #1"); }
static void jump(void) { ((void (*)(void))0x123450)(); }
static void sys(void)
{
    struct sock_filter f[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
                              BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog p = {4, f};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p);
    getppid();
}
static void xcpu(void)
{
    struct rlimit r = {1, 5};
    setrlimit(RLIMIT_CPU, &r);
    for (;;) {}
}
static void xfsz(void)
{
    struct rlimit r = {0, 0};
    int fd = open(".", O_TMPFILE | O_RDWR, 0600);
    setrlimit(RLIMIT_FSIZE, &r);
    (void)!write(fd, "x", 1);
}
/* All of the process group, itself included. */
static void group(void)
{
    for (int i = 0; i < 3; i++)
        if (fork() == 0)
            for (;;) pause();
    kill(0, SIGKILL);
}
/* Everything that a thread can be at when another one ends the process. */
static int ends[2];
static void *at_work(void *arg)
{
    char c;
    switch ((long)arg % 5) {
    case 0: for (;;) {}
    case 1: for (;;) read(ends[0], &c, 1);
    case 2: for (;;) pause();
    case 3: for (;;) if (fork() == 0) _exit(0); else wait(NULL);
    default: for (;;) if (vfork() == 0) _exit(0); else wait(NULL);
    }
    return arg;
}
static void threads(void)
{
    pthread_t t;
    (void)!pipe(ends);
    for (long i = 0; i < 10; i++) pthread_create(&t, NULL, at_work, (void *)i);
    usleep(50000);
    segv();
}
static void *dies(void *arg)
{
    segv();
    return arg;
}
static void thread(void)
{
    pthread_t t;
    pthread_create(&t, NULL, dies, NULL);
    for (;;) pause();
}
/* The children go on; each ends by itself. */
static void orphans(void)
{
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            usleep(300000);
            _exit(0);
        }
    segv();
}
/* The leader is gone before the others are. */
static void *exits(void *arg)
{
    usleep(50000);
    _exit((int)(long)arg);
}
static void leader(void)
{
    pthread_t t;
    pthread_create(&t, NULL, exits, (void *)9);
    pthread_exit(NULL);
}
static void nine(void) { exit(9); }
static void waits(void)
{
    puts("waits");
    fflush(stdout);
    for (;;) pause();
}
/* Blocked or ignored, and forced all the same. */
static void blocked(void)
{
    sigset_t s;
    sigfillset(&s);
    sigprocmask(SIG_BLOCK, &s, NULL);
    segv();
}
static void ignored(void)
{
    signal(SIGSEGV, SIG_IGN);
    segv();
}
static void in_handler(int n)
{
    (void)n;
    segv();
}
static void twice(void)
{
    on(SIGSEGV, in_handler, 0);
    segv();
}

static const struct { const char *name; void (*run)(void); } ways[] = {
    {"stack", stack}, {"segv", segv}, {"bus", bus}, {"ill", ill}, {"trap", trap}, {"jump", jump}, {"sys", sys}, {"xcpu", xcpu}, {"xfsz", xfsz},
    {"abort", abort}, {"group", group}, {"threads", threads}, {"thread", thread}, {"orphans", orphans}, {"leader", leader}, {"nine", nine},
    {"waits", waits}, {"blocked", blocked}, {"ignored", ignored}, {"twice", twice},
};

/* NAME, or a signal's number: it is raised, past the C library, which keeps 32 and 33. */
int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 0;
    if (n > 0) syscall(SYS_tgkill, getpid(), getpid(), n);
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
        if (!strcmp(argv[1], ways[i].name)) ways[i].run();
    return 100;
}
