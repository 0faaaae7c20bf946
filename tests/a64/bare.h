/* bare.h - what the programs without libc share that the oracle runs (runner.c, chunk_runner.c, sigill_run.c): start, system calls, signals.
 * Each defines start() and on_signal(). Exit statuses: 2 cannot write, 4 cannot map. */
#ifndef TESTS_A64_BARE_H
#define TESTS_A64_BARE_H
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>

/* sp[0] is argc, argv follows. */
__asm__(".text\n.globl _start\n_start:\n  mov x0, sp\n  b start\n");

static long call(long nr, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = nr, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
_Noreturn static void leave(int status)
{
    for (;;)
        call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}
static void write_all(int fd, const void *p, uint64_t n)
{
    for (uint64_t at = 0; at < n;) {
        const long done = call(SYS_write, fd, (long)p + (long)at, (long)(n - at), 0, 0, 0);
        if (done <= 0)
            leave(2);
        at += (uint64_t)done;
    }
}

/* The compiler calls them. */
void *memcpy(void *dst, const void *src, size_t n)
{
    char *d = dst;
    const char *s = src;
    while (n-- > 0)
        *d++ = *s++;
    return dst;
}
void *memset(void *dst, int c, size_t n)
{
    for (char *d = dst; n-- > 0;)
        *d++ = (char)c;
    return dst;
}

static void on_signal(int signo, siginfo_t *info, void *context);
/* On a stack of its own: a case may have any SP. */
static void catch_signals(void)
{
    static char stack[65536] __attribute__((aligned(16)));
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
    const struct { void *sp; long flags; size_t size; } alt = {stack, 0, sizeof stack};
    const struct { void (*fn)(int, siginfo_t *, void *); unsigned long flags; void *restorer; uint64_t mask; } act = {
        on_signal, SA_SIGINFO | SA_ONSTACK | SA_NODEFER, 0, 0};
    call(SYS_sigaltstack, (long)&alt, 0, 0, 0, 0, 0);
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
        call(SYS_rt_sigaction, signals[i], (long)&act, 0, 8, 0, 0);
}

/* With MAP_ANONYMOUS, new pages; without, of standard input from `offset` on. addr 0: anywhere. */
static void *map(uint64_t addr, uint64_t size, int prot, int flags, uint64_t offset)
{
    const long p = call(SYS_mmap, (long)addr, (long)size, prot, MAP_PRIVATE | (addr ? MAP_FIXED : 0) | flags, flags & MAP_ANONYMOUS ? -1 : 0, (long)offset);
    if ((uint64_t)p > UINT64_C(-4096) || (addr != 0 && (uint64_t)p != addr))
        leave(4);
    return (void *)p;
}
#endif
