/* What a hostile or broken program does to its memory and its PC, and what Linux says to it: signal, si_code,
 * si_addr, PC. The expected text is beside it, because qemu-user differs: an odd PC is SIGBUS (BUS_ADRALN) on
 * Linux, UDF and HLT are ILL_ILLOPC, a store to a hole above the address space has that address as si_addr,
 * and qemu does not keep RLIMIT_DATA and RLIMIT_AS. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <signal.h>
#include <setjmp.h>
#include <unistd.h>
#include <ucontext.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <stdint.h>
static sigjmp_buf env;
static volatile int sc, sn;
static volatile uintptr_t sa, pc, lr;
static uintptr_t base;
static void h(int n, siginfo_t *i, void *u)
{
    ucontext_t *c = u;
    sn = n;
    sc = i->si_code;
    sa = (uintptr_t)i->si_addr;
    pc = c->uc_mcontext.pc;
    lr = c->uc_mcontext.regs[30];
    siglongjmp(env, 1);
}
static void go(const char *name, uintptr_t a, uintptr_t rel)
{
    if (!sigsetjmp(env, 1)) {
        ((void (*)(void))a)();
        printf("%s returned\n", name);
    } else
        printf("%s: sig %d code %d addr %s%lx pc %s%lx\n", name, sn, sc, rel ? "+" : "", sa - rel,
               rel ? "+" : "", pc - rel);
}
static void child(const char *name, void (*f)(void))
{
    fflush(stdout);
    pid_t p = fork();
    if (!p) {
        close(2);
        for (int i = 0; i < 5; i++) signal((int[]){SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE}[i], SIG_DFL);
        f();
        _exit(7);
    }
    int st;
    waitpid(p, &st, 0);
    if (WIFEXITED(st))
        printf("%s: exit %d\n", name, WEXITSTATUS(st));
    else
        printf("%s: signal %d\n", name, WTERMSIG(st));
}
static void segv_in_segv2(int n)
{
    *(volatile int *)8 = 1;
    _exit(3);
}
static void f1(void)
{
    struct sigaction s = {.sa_handler = segv_in_segv2};
    sigaction(SIGSEGV, &s, 0);
    *(volatile int *)4 = 1;
}
static volatile int depth;
static void rec(int n)
{
    if (++depth == 50) _exit(50);
    *(volatile int *)8 = 1;
}
static void f2(void)
{
    struct sigaction s = {.sa_handler = rec, .sa_flags = SA_NODEFER};
    sigaction(SIGSEGV, &s, 0);
    *(volatile int *)4 = 1;
}
static void rec2(int n)
{
    depth++;
    *(volatile int *)8 = 1;
}
static void f3(void)
{
    struct sigaction s = {.sa_handler = rec2, .sa_flags = SA_NODEFER};
    sigaction(SIGSEGV, &s, 0);
    *(volatile int *)4 = 1;
}
__attribute__((noinline)) static int over(int n)
{
    volatile char b[4096];
    b[0] = n;
    b[4095] = n;
    return over(n + 1) + b[0] + b[4095];
}
static void f4(void) { over(0); }
static char alt[65536];
static void onalt(int n, siginfo_t *i, void *u)
{
    char x;
    uintptr_t f = (uintptr_t)&x;
    _exit(f >= (uintptr_t)alt && f < (uintptr_t)alt + sizeof alt ? 60 + (i->si_code) : 99);
}
static void f5(void)
{
    stack_t s = {.ss_sp = alt, .ss_size = sizeof alt};
    sigaltstack(&s, 0);
    struct sigaction a = {.sa_sigaction = onalt, .sa_flags = SA_ONSTACK | SA_SIGINFO};
    sigaction(SIGSEGV, &a, 0);
    over(0);
}
static void f6(void)
{
    struct sigaction a = {.sa_sigaction = onalt, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &a, 0);
    over(0);
}
static void rec3(int n)
{
    raise(SIGUSR1);
    _exit(1);
}
static void f7(void)
{
    struct sigaction s = {.sa_handler = rec3, .sa_flags = SA_NODEFER};
    sigaction(SIGUSR1, &s, 0);
    raise(SIGUSR1);
}
static void f8(void)
{ /* unmap everything but own code */
    extern char __executable_start;
    uintptr_t me = (uintptr_t)f8 & ~4095ul;
    register long x8 __asm__("x8");
    register long x0 __asm__("x0");
    register long x1 __asm__("x1");
    x8 = SYS_munmap;
    x0 = 0x10000;
    x1 = me - 0x10000;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
    x8 = SYS_munmap;
    x0 = me + 8192;
    x1 = (1ul << 38) - (me + 8192);
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
    x8 = SYS_exit_group;
    x0 = 33;
    __asm__ volatile("svc 0" ::"r"(x0), "r"(x8));
}
static void f9(void)
{
    uintptr_t sp;
    __asm__ volatile("mov %0,sp" : "=r"(sp));
    void *p = mmap((void *)((sp & ~4095ul) - 65536), 131072, PROT_READ | PROT_WRITE,
                   MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    _exit(p == MAP_FAILED ? 1 : 2);
}
static void f10(void)
{
    void *e = sbrk(0);
    int r = 0;
    struct rlimit l = {64 << 20, 64 << 20};
    setrlimit(RLIMIT_DATA, &l);
    while (sbrk(1 << 20) != (void *)-1)
        if (++r > 100) break;
    _exit(errno == ENOMEM ? r : 99);
}
static void f11(void)
{
    struct rlimit l = {256 << 20, 256 << 20};
    if (setrlimit(RLIMIT_AS, &l)) _exit(98);
    int n = 0;
    while (mmap(0, 1 << 20, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        if (++n > 300) _exit(97);
    _exit(errno == ENOMEM && n > 200 && n < 256 ? 0 : 96);
}
static void f12(void)
{
    int n = 0;
    while (mmap(0, 1ul << 34, 0, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED)
        if (++n > 100000) _exit(97);
    _exit(errno == ENOMEM && n > 10 ? 0 : 96);
}
static void f13(void)
{
    mprotect((void *)0x10000, (1ul << 38), PROT_NONE);
    _exit(5);
} /* hole: ENOMEM, up to it done */
static void f14(void)
{
    extern char etext;
    uintptr_t a = (uintptr_t)f14 & ~0xfffful;
    mprotect((void *)a, 65536 * 8, PROT_NONE);
    _exit(5);
}
static void f15(void)
{
    signal(SIGBUS, SIG_DFL);
    struct sigaction s = {.sa_handler = (void *)0x1234567};
    sigaction(SIGSEGV, &s, 0);
    *(volatile int *)4 = 1;
}
static void f16(void) { __asm__ volatile("mov sp,%0\n mov x0,#1\n str x0,[sp]" ::"r"(0x1000ul)); }
static void f17(void)
{
    struct sigaction a = {.sa_sigaction = onalt, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &a, 0);
    sigset_t m;
    sigemptyset(&m);
    sigaddset(&m, SIGSEGV);
    sigprocmask(SIG_BLOCK, &m, 0);
    *(volatile int *)4 = 1;
}
static void f18(void)
{
    signal(SIGSEGV, SIG_IGN);
    *(volatile int *)4 = 1;
}
static void f19(void) { __asm__ volatile("mov x8,#139\n svc 0"); }
int main(void)
{
    struct sigaction s = {.sa_sigaction = h, .sa_flags = SA_SIGINFO};
    for (int i = 0; i < 5; i++) sigaction((int[]){SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE}[i], &s, 0);
    go("zero", 0, 0);
    go("4", 4, 0);
    go("odd", 0x10001, 0);
    unsigned *p = mmap(0, 12288, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(p + 2048, 4096);
    base = (uintptr_t)p;
    for (int i = 0; i < 2048; i++) p[i] = 0xd503201f;
    __builtin___clear_cache((char *)p, (char *)p + 8192);
    go("falloff", base + 8192 - 64, base);
    p[2047] = 0xd65f03c0;
    __builtin___clear_cache((char *)p, (char *)p + 8192);
    go("ret", base + 8192 - 64, base);
    go("odd1", base + 1, base);
    go("odd2", base + 2, base);
    mprotect(p, 4096, PROT_READ);
    go("noexec", base + 16, base);
    mprotect(p, 4096, PROT_NONE);
    go("none", base + 16, base);
    mprotect(p, 4096, 7);
    go("huge", 0x7fffffffff000, 0);
    go("huge2", 1ul << 47, 0);
    go("huge3", ~0ul << 48, 0);
    go("top", ~3ul, 0);
    go("max39", (1ul << 39) - 4, 0);
    go("past39", (1ul << 39), 0);
    p[0] = 0;
    go("udf", base, base);
    p[0] = 0xd4200020;
    __builtin___clear_cache((char *)p, (char *)p + 8);
    go("brk", base, base);
    p[0] = 0xd4400000;
    __builtin___clear_cache((char *)p, (char *)p + 8);
    go("hlt", base, base);
    for (int i = 0; i < 3; i++) {
        p[0] = 0x52800000 | i << 5;
        p[1] = 0xd65f03c0;
        __builtin___clear_cache((char *)p, (char *)p + 8);
        printf("smc %d\n", ((int (*)(void))p)());
    }
    for (int i = 0; i < 4; i++) {
        if (!sigsetjmp(env, 1)) {
            volatile uint64_t *q = (void *)(uintptr_t[]){0x5000, 1ul << 60, base + 8192, (1ul << 50)}[i];
            *q = 1;
        } else
            printf("store %d: %d %d %lx\n", i, sn, sc, i == 2 ? sa - base : sa);
    }
    fflush(stdout);
    child("segv in segv", f1);
    child("nodefer 50", f2);
    child("nodefer forever", f3);
    child("overflow", f4);
    child("overflow alt", f5);
    child("overflow no alt", f6);
    child("usr1 forever", f7);
    child("unmap all", f8);
    child("map over stack", f9);
    child("brk", f10);
    child("AS", f11);
    child("mmap all", f12);
    child("mprotect all", f13);
    child("mprotect text", f14);
    child("bad handler", f15);
    child("bad sp", f16);
    child("blocked segv", f17);
    child("ignored segv", f18);
    child("bare sigreturn", f19);
}
