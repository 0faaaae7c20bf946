/* A guest program: every system call with hostile arguments, each batch in a child. syscalls.sh runs it in a sandbox of its own, and only there.
 *
 *     syscalls SEED CHILDREN CALLS [FIRST [LAST]]
 *
 * A child must return from its calls, or die in a way that its call explains; anything else (a signal that the engine itself got, a call
 * that cannot be interrupted, a status of a sanitizer) is reported. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(a) (sizeof a / sizeof a[0])
#define PAGE 4096
enum { RETURNED = 0, FAULTED = 99 };

/* ---- what is not left to chance ---- */
/* What would reach beyond the child. Never called: */
static const int excluded[] = {
    81, 267, /* sync, syncfs: the machine's discs */
};
/* Argument `arg` is `value` always: other processes of the sandbox, the fuzzer among them, are none of the child's business. */
enum { NOBODY = 0x3ffffff0, SELF = 0 };
static const struct { int nr, arg, value; } fixed[] = {
    {129, 0, NOBODY}, {130, 0, NOBODY}, {131, 0, NOBODY}, {138, 0, NOBODY}, {240, 0, NOBODY}, {424, 0, -1}, /* kill and its relatives */
    {261, 0, SELF}, {118, 0, SELF}, {119, 0, SELF}, {122, 0, SELF}, {274, 0, SELF}, {141, 1, SELF}, {140, 1, SELF}, {30, 1, SELF},
    {154, 0, SELF}, {271, 0, NOBODY}, {270, 0, NOBODY},
};
/* How a child may die, beside what all may. */
enum { MEMORY = 1, ANY = 2, MASK = 4 };
static const struct { int nr, how; } deaths[] = {
    /* they take the child's own memory away, or its handler */
    {214, MEMORY}, {215, MEMORY}, {216, MEMORY}, {222, MEMORY}, {226, MEMORY}, {233, MEMORY}, {440, MEMORY}, {196, MEMORY}, {197, MEMORY},
    {134, MEMORY}, {132, MEMORY}, {139, MEMORY}, {220, MEMORY}, {435, MEMORY},
    /* they write where the pointer says, which may be the child's code or data; or nothing returns */
    {93, ANY}, {94, ANY},
    /* they make signals, or limits that kill */
    {103, ANY}, {107, ANY}, {110, ANY}, {25, ANY}, {163, ANY}, {164, ANY}, {261, ANY}, {167, ANY}, {277, ANY}, {29, ANY}, {184, ANY},
    /* they wait with a mask of their own: only SIGKILL may get through */
    {72, MASK}, {73, MASK}, {22, MASK}, {441, MASK}, {133, MASK}, {135, MASK}, {137, MASK},
};

static int how_of(int nr)
{
    for (size_t i = 0; i < COUNT(deaths); i++)
        if (deaths[i].nr == nr) return deaths[i].how;
    return 0;
}
static int is_excluded(int nr)
{
    for (size_t i = 0; i < COUNT(excluded); i++)
        if (excluded[i] == nr) return 1;
    return 0;
}

/* ---- arguments ---- */
static uint64_t state;
static uint64_t rnd(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state * UINT64_C(0x2545F4914F6CDD1D);
}
static unsigned below(unsigned n) { return (unsigned)(rnd() >> 33) % n; }

static char *area; /* pages: writable, writable, none | read-only, none */
static int fds[12];
static unsigned n_fds;
static const char *const names[] = {"file", "dir", "link", ".", "", "dir/deep", "none/such", "a-name-that-is-new", "/proc/self/exe", "/proc/self/maps",
                                    "/proc/self/fd/3", "/proc/self/mem"};

static uint64_t pointer(void)
{
    const uint64_t at = (uint64_t)(uintptr_t)area;
    switch (below(14)) {
    case 0: return 0;
    case 1: return below(64);
    case 2: return at + 2 * PAGE - below(64);                /* runs into a hole */
    case 3: return at + 2 * PAGE + below(PAGE);              /* a hole */
    case 4: return at + 3 * PAGE + below(PAGE / 8) * 8;      /* read-only */
    case 5: return at + 3 * PAGE - below(64);                /* from a hole into something */
    case 6: return (UINT64_C(1) << 39) - below(64);          /* the end of the address space */
    case 7: return UINT64_C(1) << (36 + below(28));          /* far away */
    case 8: return rnd();
    case 9: return at + UINT64_C(0xab) * (UINT64_C(1) << 56); /* tagged */
    case 10: return (uint64_t)(uintptr_t)names[below(COUNT(names))];
    case 11: return UINT64_MAX - below(16);
    default: return at + below(2 * PAGE / 8) * 8;
    }
}

static uint64_t number(void)
{
    switch (below(9)) {
    case 0: return (uint64_t)fds[below(n_fds)];
    case 1: return below(4);
    case 2: return below(64);
    case 3: return UINT64_MAX - below(3);
    case 4: return (UINT64_C(1) << below(64)) - below(2);
    case 5: return (uint32_t)rnd();
    case 6: return rnd();
    case 7: return below(3 * PAGE);
    default: return (uint64_t)(int64_t)-100; /* AT_FDCWD */
    }
}

static uint64_t argument(void) { return below(2) ? pointer() : number(); }

/* Structures with anything in them, addresses most of all. */
static void fill(void)
{
    uint64_t *p = (uint64_t *)area;
    for (unsigned i = 0; i < 2 * PAGE / 8; i++) p[i] = below(3) ? argument() : below(2) ? 0 : rnd();
}

/* ---- a child ---- */
static void faulted(int n) { (void)n; _exit(FAULTED); }

static void call(int nr)
{
    uint64_t a[6];
    fill();
    for (int i = 0; i < 6; i++) a[i] = argument();
    for (size_t i = 0; i < COUNT(fixed); i++)
        if (fixed[i].nr == nr) a[fixed[i].arg] = (uint64_t)(int64_t)fixed[i].value;
    register long x0 __asm__("x0") = (long)a[0];
    register long x1 __asm__("x1") = (long)a[1];
    register long x2 __asm__("x2") = (long)a[2];
    register long x3 __asm__("x3") = (long)a[3];
    register long x4 __asm__("x4") = (long)a[4];
    register long x5 __asm__("x5") = (long)a[5];
    register long x8 __asm__("x8") = nr;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x8) : "memory");
    if ((nr == SYS_clone || nr == SYS_clone3) && x0 == 0) _exit(RETURNED); /* no child of a child goes on */
}

static void child(int nr, unsigned calls)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL};
    static char stack[65536];
    stack_t ss = {.ss_sp = stack, .ss_size = sizeof stack};
    sigset_t none;
    struct itimerval soon = {{0, 50000}, {0, 60000}};
    int null = open("/dev/null", O_RDWR);
    setpgid(0, 0);
    for (int i = 0; i < 3; i++) dup2(null, i);
    sigaltstack(&ss, NULL);
    struct sigaction sa = {.sa_handler = faulted, .sa_flags = SA_ONSTACK};
    for (size_t i = 0; i < COUNT(faults); i++) sigaction(faults[i], &sa, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    for (unsigned i = 0; i < calls; i++) call(nr);
    _exit(RETURNED);
}

/* ---- the parent ---- */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The child's status; killed after three seconds, then *hung. */
static int wait_for(pid_t pid, int *hung)
{
    struct timespec tick = {0, 1000000};
    int st;
    double end = now() + 3;
    *hung = 0;
    while (waitpid(pid, &st, WNOHANG) == 0) {
        if (now() > end) {
            *hung = 1;
            kill(pid, SIGKILL);
            waitpid(pid, &st, 0);
            break;
        }
        nanosleep(&tick, NULL);
    }
    return st;
}

static const char *judge(int nr, int st, int hung)
{
    const int how = how_of(nr), sig = WIFSIGNALED(st) ? WTERMSIG(st) : 0;
    if (hung) return how & (MASK | ANY | MEMORY) ? NULL : "cannot be interrupted";
    if (how & ANY) return NULL;
    if (sig == SIGALRM || sig == SIGPIPE || sig == SIGXFSZ) return NULL;
    if (sig) return how & MEMORY && (sig == SIGSEGV || sig == SIGBUS || sig == SIGILL) ? NULL : "died";
    return WEXITSTATUS(st) == RETURNED || WEXITSTATUS(st) == FAULTED ? NULL : "ended by itself";
}

static int prepare(void)
{
    struct rlimit as = {256u << 20, 256u << 20}, file = {4u << 20, 4u << 20}, core = {0, 0}, processes = {200, 200};
    sigset_t all;
    int p[2], s[2];
    area = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) return 0;
    mprotect(area + 2 * PAGE, PAGE, PROT_NONE);
    mprotect(area + 3 * PAGE, PAGE, PROT_READ);
    munmap(area + 4 * PAGE, PAGE);
    sigfillset(&all); /* nothing that a child sends reaches the fuzzer */
    sigprocmask(SIG_SETMASK, &all, NULL);
    syscall(SYS_keyctl, 1, NULL); /* a session key ring of its own */
    setrlimit(RLIMIT_AS, &as), setrlimit(RLIMIT_FSIZE, &file), setrlimit(RLIMIT_CORE, &core), setrlimit(RLIMIT_NPROC, &processes);
    mkdir("dir", 0700), symlink("file", "link");
    if (pipe(p) || socketpair(AF_UNIX, SOCK_STREAM, 0, s)) return 0;
    const int all_fds[] = {p[0], p[1], s[0], s[1], open("file", O_CREAT | O_RDWR, 0600), open("dir", O_RDONLY), eventfd(0, 0), epoll_create1(0),
                           socket(AF_INET, SOCK_DGRAM, 0), socket(AF_INET, SOCK_STREAM, 0), memfd_create("m", 0), -1};
    memcpy(fds, all_fds, sizeof all_fds);
    n_fds = COUNT(all_fds);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 4 || !prepare()) return 2;
    const uint64_t seed = strtoull(argv[1], NULL, 0);
    const int children = atoi(argv[2]), calls = atoi(argv[3]), first = argc > 4 ? atoi(argv[4]) : 0, last = argc > 5 ? atoi(argv[5]) : 480;
    unsigned bad = 0, total = 0;
    for (int nr = first; nr <= last; nr++) {
        for (int c = 0; c < children && !is_excluded(nr); c++) {
            int hung;
            state = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) ^ ((uint64_t)nr << 32) ^ ((uint64_t)c << 20);
            rnd();
            fflush(stdout);
            pid_t pid = fork();
            if (pid < 0) return printf("fork: %s\n", strerror(errno)), 2;
            if (!pid) child(nr, (unsigned)calls);
            int st = wait_for(pid, &hung);
            const char *what = judge(nr, st, hung);
            total++;
            if (!what) continue;
            bad++;
            printf("call %d, child %d: %s, status 0x%x\n", nr, c, what, st);
        }
    }
    printf("%u children, %u bad\n", total, bad);
    return bad != 0;
}
