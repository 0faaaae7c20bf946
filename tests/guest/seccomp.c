/* Filters: each action, precedence, what the handler of SIGSYS sees, fork, exec, strict mode, programs that are no filters. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR offsetof(struct seccomp_data, nr)
#define ARG(n) (offsetof(struct seccomp_data, args) + 8 * (n))
#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define SKIP_UNLESS(v, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, v, 0, n)
#define RET(v) BPF_STMT(BPF_RET | BPF_K, v)
#define COUNT(a) (sizeof a / sizeof a[0])

static int install(struct sock_filter *f, size_t n, unsigned flags)
{
    struct sock_fprog p = {n, f};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}
/* What call number nr gives is `action`. */
static int deny(int nr, unsigned action)
{
    struct sock_filter f[] = {
        LOAD(offsetof(struct seccomp_data, arch)), SKIP_UNLESS(AUDIT_ARCH_AARCH64, 3),
        LOAD(NR), SKIP_UNLESS(nr, 1), RET(action), RET(SECCOMP_RET_ALLOW)};
    return install(f, COUNT(f), 0);
}

static void on_sys(int n, siginfo_t *si, void *uc)
{
    (void)uc;
    printf("signal %d code %d errno %d nr %d arch %x addr %d", n, si->si_code, si->si_errno, si->si_syscall, si->si_arch, si->si_call_addr != 0);
}

static int status_of(pid_t pid)
{
    int st;
    waitpid(pid, &st, 0);
    return st;
}
static void in_child(const char *what, void (*fn)(void))
{
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        fn();
        fflush(stdout);
        _exit(7);
    }
    int st = status_of(pid);
    printf("%s: %s %d\n", what, WIFSIGNALED(st) ? "signal" : "status", WIFSIGNALED(st) ? WTERMSIG(st) : WEXITSTATUS(st));
}

static void err(void) { printf("deny %d", deny(SYS_getppid, SECCOMP_RET_ERRNO | EDOM)); printf(" %ld %d", syscall(SYS_getppid), errno == EDOM); errno = 0; printf(" others %d ", getpid() > 0); }
static void err_max(void) { deny(SYS_getppid, SECCOMP_RET_ERRNO | 0xffff); errno = 0; printf("%ld %d ", syscall(SYS_getppid), errno); }
static void trap(void)
{
    struct sigaction sa = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &sa, NULL);
    deny(SYS_getppid, SECCOMP_RET_TRAP | 77);
    register long x0 __asm__("x0") = 1234;
    register long x8 __asm__("x8") = SYS_getppid;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8) : "memory");
    printf(" x0 %ld ", x0);
}
static void trap_dies(void) { deny(SYS_getppid, SECCOMP_RET_TRAP); syscall(SYS_getppid); }
static void kill_process(void) { deny(SYS_getppid, SECCOMP_RET_KILL_PROCESS); syscall(SYS_getppid); }
static void kill_only_thread(void) { deny(SYS_getppid, SECCOMP_RET_KILL_THREAD); syscall(SYS_getppid); }
static void unknown_action(void) { deny(SYS_getppid, 0x12340000); syscall(SYS_getppid); }
static void trace(void) { deny(SYS_getppid, SECCOMP_RET_TRACE); printf("%ld %d ", syscall(SYS_getppid), errno == ENOSYS); }
static void logged(void) { deny(SYS_getppid, SECCOMP_RET_LOG); printf("%d ", getppid() > 0); }
/* The stricter one wins, of equals the newer one. */
static void precedence(void)
{
    deny(SYS_getppid, SECCOMP_RET_ERRNO | 1);
    deny(SYS_getppid, SECCOMP_RET_ERRNO | 2);
    deny(SYS_getppid, SECCOMP_RET_LOG);
    errno = 0;
    syscall(SYS_getppid);
    printf("%d ", errno);
    fflush(stdout);
    deny(SYS_getppid, SECCOMP_RET_KILL_PROCESS);
    deny(SYS_getppid, SECCOMP_RET_ALLOW);
    syscall(SYS_getppid);
}
/* Arithmetic and memory: fails with errno = low half of argument 0 xor 5, through M[3], if argument 1 has bit 4. */
static void compute(void)
{
    struct sock_filter f[] = {
        LOAD(NR), SKIP_UNLESS(SYS_getpriority, 12),
        LOAD(ARG(1)), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 16, 0, 10),
        LOAD(ARG(0)), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LDX | BPF_MEM, 3), BPF_STMT(BPF_LD | BPF_IMM, 5), BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffff), BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), BPF_STMT(BPF_RET | BPF_A, 0),
        BPF_STMT(BPF_MISC | BPF_TXA, 0), RET(SECCOMP_RET_KILL_PROCESS), RET(SECCOMP_RET_ALLOW)};
    printf("install %d", install(f, COUNT(f), 0));
    errno = 0;
    syscall(SYS_getpriority, 6, 0);
    printf(" %d", errno == EINVAL);
    errno = 0;
    syscall(SYS_getpriority, 8 ^ 5, 16);
    printf(" %d ", errno);
}
static void divide(void)
{
    struct sock_filter f[] = {LOAD(NR), SKIP_UNLESS(SYS_getppid, 3), BPF_STMT(BPF_LDX | BPF_IMM, 0), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
                              RET(SECCOMP_RET_ALLOW), RET(SECCOMP_RET_ALLOW)};
    printf("%d\n", install(f, COUNT(f), 0));
    fflush(stdout);
    syscall(SYS_getppid);
}
static void strict(void)
{
    printf("strict %d\n", prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
    fflush(stdout);
    write(1, "", 0);
    syscall(SYS_getpid);
}
static void inherits(void)
{
    deny(SYS_getppid, SECCOMP_RET_ERRNO | 33);
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        errno = 0;
        syscall(SYS_getppid);
        _exit(errno);
    }
    printf("child %d", WEXITSTATUS(status_of(pid)));
    fflush(stdout);
    execl("/proc/self/exe", "seccomp", "filtered", (char *)0);
    printf("exec failed %d ", errno);
}
static void sandbox_host(void)
{
    deny(SYS_getppid, SECCOMP_RET_ERRNO | 33);
    execl("/bin/true", "true", (char *)0);
    printf("%d ", errno == EACCES || errno == ENOENT);
}

/* Threads: one installs for all, unless another has a filter of its own; one that is killed goes alone. */
static int go[2], done[2];
static void *other(void *own)
{
    char c;
    if (own) deny(SYS_getppid, SECCOMP_RET_ERRNO | 21);
    write(done[1], "1", 1);
    read(go[0], &c, 1);
    errno = 0;
    syscall(SYS_getppid);
    return (void *)(long)errno;
}
static void two_threads(void *own, unsigned action, unsigned flags)
{
    pthread_t th;
    void *r = (void *)-1L;
    char c;
    struct sock_filter f[] = {LOAD(NR), SKIP_UNLESS(SYS_getppid, 1), RET(action), RET(SECCOMP_RET_ALLOW)};
    pipe(go), pipe(done);
    pthread_create(&th, NULL, other, own);
    read(done[0], &c, 1);
    int i = install(f, COUNT(f), flags);
    printf("%s ", i > 0 ? "another" : i ? strerrorname_np(errno) : "installed");
    write(go[1], "g", 1);
    pthread_join(th, &r);
    printf("%ld ", (long)r);
}
static void tsync(void) { two_threads(NULL, SECCOMP_RET_ERRNO | 44, SECCOMP_FILTER_FLAG_TSYNC); }
static void tsync_not(void) { two_threads("", SECCOMP_RET_ERRNO | 44, SECCOMP_FILTER_FLAG_TSYNC); }
static void tsync_esrch(void) { two_threads("", SECCOMP_RET_ERRNO | 44, SECCOMP_FILTER_FLAG_TSYNC | 16); }
static void one_only(void) { two_threads(NULL, SECCOMP_RET_ERRNO | 44, 0); }
static void dies_alone(void) { two_threads(NULL, SECCOMP_RET_KILL_THREAD, SECCOMP_FILTER_FLAG_TSYNC); }

static void bad(const char *what, struct sock_filter *f, size_t n) { errno = 0; int r = install(f, n, 0); printf("%s %d %s\n", what, r, strerror(errno)); }
#define BAD(what, ...) do { struct sock_filter f_[] = {__VA_ARGS__}; bad(what, f_, COUNT(f_)); } while (0)

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOFBF, 65536);
    if (argc == 2 && !strcmp(argv[1], "filtered")) {
        errno = 0;
        syscall(SYS_getppid);
        printf(" after exec %d mode %d ", errno, prctl(PR_GET_SECCOMP));
        fflush(stdout);
        return 8;
    }
    printf("mode %d\n", prctl(PR_GET_SECCOMP));
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    BAD("ends without return", LOAD(NR));
    BAD("unaligned load", LOAD(2), RET(0));
    BAD("load outside", LOAD(64), RET(0));
    BAD("byte load", BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), RET(0));
    BAD("jump outside", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), RET(0));
    BAD("far jump outside", BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), RET(0));
    BAD("division by 0", BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RET(0));
    BAD("shift by 32", BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RET(0));
    BAD("modulo", BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RET(0));
    BAD("memory not written", BPF_STMT(BPF_LD | BPF_MEM, 1), RET(0));
    BAD("written on one way only", LOAD(NR), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), BPF_STMT(BPF_ST, 1), BPF_STMT(BPF_LD | BPF_MEM, 1), RET(0));
    BAD("memory outside", BPF_STMT(BPF_ST, 16), RET(0));
    bad("empty", NULL, 0);
    bad("unreadable", (struct sock_filter *)16, 2);
    struct sock_filter allow[] = {RET(SECCOMP_RET_ALLOW)};
    errno = 0;
    printf("flags %d", install(allow, 1, 1 << 20));
    printf(" %s; listener %d", strerror(errno), install(allow, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER));
    unsigned action = SECCOMP_RET_TRAP, none = 0x12340000, notify = SECCOMP_RET_USER_NOTIF;
    printf("; available %ld %ld %ld\n", syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action), syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &none),
           syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &notify));
    in_child("errno", err);
    in_child("errno too large", err_max);
    in_child("trap", trap);
    in_child("trap without handler", trap_dies);
    in_child("kill process", kill_process);
    in_child("kill thread", kill_only_thread);
    in_child("unknown action", unknown_action);
    in_child("trace without tracer", trace);
    in_child("log", logged);
    in_child("precedence", precedence);
    in_child("compute", compute);
    in_child("division by X = 0", divide);
    in_child("strict", strict);
    in_child("inherited", inherits);
    in_child("host program", sandbox_host);
    in_child("all threads", tsync);
    in_child("not all threads", tsync_not);
    in_child("not all threads, by error", tsync_esrch);
    in_child("one thread", one_only);
    in_child("a thread dies", dies_alone);
    printf("the parent has none: %d\n", prctl(PR_GET_SECCOMP));
    return 0;
}
