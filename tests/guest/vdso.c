/* The vDSO as programs find it: AT_SYSINFO_EHDR, names with their version, clocks that agree with the system calls, and unwinding out of it
 * and through a signal handler. qemu has none for arm64: vdso.out is the oracle. */
/* flags: -fexceptions -fnon-call-exceptions -fasynchronous-unwind-tables */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

static const char *base;
static const Elf64_Sym *syms;
static const char *strs;
static const Elf64_Half *vers;
static const Elf64_Verdef *defs;
static const Elf64_Word *hash;

static unsigned long hash_of(const char *s)
{
    unsigned long h = 0, g;
    while (*s) { h = (h << 4) + (unsigned char)*s++; if ((g = h & 0xf0000000)) h ^= g >> 24; h &= ~g; }
    return h;
}
static const char *version_of(unsigned n)
{
    for (const Elf64_Verdef *d = defs;; d = (const void *)((const char *)d + d->vd_next)) {
        const char *name = strs + ((const Elf64_Verdaux *)((const char *)d + d->vd_aux))->vda_name;
        if (d->vd_ndx == n) return d->vd_hash == hash_of(name) ? name : "a wrong hash";
        if (!d->vd_next) return "none";
    }
}
static void *find(const char *name)
{
    for (unsigned i = hash[2 + hash_of(name) % hash[0]]; i; i = hash[2 + hash[0] + i])
        if (!strcmp(strs + syms[i].st_name, name)) {
            printf("%s %s type %d size %ld\n", name, version_of(vers[i]), ELF64_ST_TYPE(syms[i].st_info), (long)syms[i].st_size);
            return (void *)(base + syms[i].st_value);
        }
    printf("%s is missing\n", name);
    return NULL;
}
static void parse(void)
{
    const Elf64_Ehdr *e = (const void *)base;
    const Elf64_Phdr *p = (const void *)(base + e->e_phoff);
    const Elf64_Dyn *d = NULL;
    for (int i = 0; i < e->e_phnum; i++)
        if (p[i].p_type == PT_DYNAMIC) d = (const void *)(base + p[i].p_vaddr);
    for (; d->d_tag; d++) {
        const void *at = base + d->d_un.d_ptr;
        if (d->d_tag == DT_STRTAB) strs = at;
        if (d->d_tag == DT_SYMTAB) syms = at;
        if (d->d_tag == DT_HASH) hash = at;
        if (d->d_tag == DT_VERSYM) vers = at;
        if (d->d_tag == DT_VERDEF) defs = at;
    }
    for (const Elf64_Dyn *q = (const void *)(base + p[1].p_vaddr); q->d_tag; q++)
        if (q->d_tag == DT_SONAME) printf("soname %s\n", strs + q->d_un.d_val);
}

/* Does the vDSO's time lie between two of the system call's? */
static int between(const struct timespec *a, const struct timespec *b, const struct timespec *c)
{
    long long x = a->tv_sec * 1000000000ll + a->tv_nsec, y = b->tv_sec * 1000000000ll + b->tv_nsec, z = c->tv_sec * 1000000000ll + c->tv_nsec;
    return x <= y && y <= z;
}
static void clocks(int (*gettime)(clockid_t, struct timespec *), int (*getres)(clockid_t, struct timespec *))
{
    static const clockid_t ids[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE,
                                    CLOCK_BOOTTIME, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_TAI};
    for (unsigned i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct timespec a, b, c, res = {0}, want = {0};
        int good = 1;
        for (int n = 0; n < 50; n++) {
            syscall(SYS_clock_gettime, ids[i], &a);
            good &= gettime(ids[i], &b) == 0;
            syscall(SYS_clock_gettime, ids[i], &c);
            good &= between(&a, &b, &c);
        }
        int r = getres(ids[i], &res);
        syscall(SYS_clock_getres, ids[i], &want);
        printf("clock %d good %d getres %d same %d null %d\n", ids[i], good, r, !memcmp(&res, &want, sizeof res), getres(ids[i], NULL));
    }
    struct timespec ts;
    printf("no clock %d %d, no address %d\n", gettime(1234, &ts), getres(1234, NULL), gettime(CLOCK_REALTIME, (void *)8));
}

/* ---- unwinding ---- */
static _Unwind_Reason_Code step(struct _Unwind_Context *c, void *ctx)
{
    extern int main(void);
    char *ip = (char *)_Unwind_GetIP(c), **seen = ctx;
    if (ip >= base && ip < base + 4096) seen[0] = "the vDSO";
    if (ip >= (char *)main && ip < (char *)main + 4096) seen[1] = "main";
    seen[2]++;
    return _URC_NO_REASON;
}
static volatile sig_atomic_t handled;
static void handler(int signo, siginfo_t *info, void *uc)
{
    char *seen[3] = {"nothing", "no main", 0};
    _Unwind_Backtrace(step, seen);
    if (!handled++) printf("signal %d, backtrace through %s to %s\n", signo, seen[0], seen[1]);
}
static int cleaned;
static void cleanup(int *p) { cleaned += *p; }
static _Unwind_Reason_Code stop(int version, _Unwind_Action actions, _Unwind_Exception_Class class, struct _Unwind_Exception *e,
                                struct _Unwind_Context *c, void *env)
{
    if (actions & _UA_END_OF_STACK || cleaned == 111) __builtin_longjmp(env, 1);
    return _URC_NO_REASON;
}
static void *env[5];
static void thrower(int signo)
{
    static struct _Unwind_Exception e;
    __attribute__((cleanup(cleanup))) int mine = 1;
    _Unwind_ForcedUnwind(&e, stop, env);
}
__attribute__((noinline)) static void raiser(void)
{
    __attribute__((cleanup(cleanup))) int mine = 10;
    *(volatile int *)16 = 0;
}
__attribute__((noinline)) static void outer(void)
{
    __attribute__((cleanup(cleanup))) int mine = 100;
    raiser();
    __asm__ volatile("");
}

int main(void)
{
    base = (const char *)getauxval(AT_SYSINFO_EHDR);
    if (!base || memcmp(base, ELFMAG, SELFMAG)) { puts("no vDSO"); return 1; }
    parse();
    int (*gettime)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))find("__kernel_clock_gettime");
    int (*getres)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))find("__kernel_clock_getres");
    int (*getday)(struct timeval *, void *) = (int (*)(struct timeval *, void *))find("__kernel_gettimeofday");
    find("__kernel_rt_sigreturn");
    clocks(gettime, getres);
    struct timeval day;
    struct timezone tz = {77, 77};
    printf("day %d %d near %d zone %d\n", getday(&day, NULL), getday(&day, &tz), labs(day.tv_sec - time(NULL)) < 2, tz.tz_minuteswest != 77);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) { clocks(gettime, getres); fflush(stdout); _exit(0); }
    waitpid(child, NULL, 0);
    printf("read-only %d\n", syscall(SYS_read, open("/dev/zero", 0), base, 8) == -1 && errno == EFAULT);

    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    struct itimerval every = {{0, 1000}, {0, 1000}};
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
    struct timespec ts;
    while (!handled) for (int i = 0; i < 1000; i++) gettime(CLOCK_MONOTONIC, &ts);
    memset(&every, 0, sizeof every);
    setitimer(ITIMER_REAL, &every, NULL);
    sa.sa_handler = thrower;
    sa.sa_flags = SA_NODEFER;
    sigaction(SIGSEGV, &sa, NULL);
    if (!__builtin_setjmp(env)) outer();
    printf("cleaned %d\n", cleaned);
    return 0;
}
