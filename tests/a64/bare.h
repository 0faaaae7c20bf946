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

/* ---- a case between two states (case.h): assembly for run_*(), whose x0 is the state and x1 the code ---- */
uint64_t saved_sp;
#define ENTER \
    "  stp x29, x30, [sp, #-176]!\n" \
    "  stp x19, x20, [sp, #16]\n  stp x21, x22, [sp, #32]\n  stp x23, x24, [sp, #48]\n" \
    "  stp x25, x26, [sp, #64]\n  stp x27, x28, [sp, #80]\n" \
    "  stp d8, d9, [sp, #96]\n  stp d10, d11, [sp, #112]\n  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n" \
    "  adrp x2, saved_sp\n  mov x3, sp\n  str x3, [x2, :lo12:saved_sp]\n"
#define LEAVE \
    "  adrp x2, saved_sp\n  ldr x3, [x2, :lo12:saved_sp]\n  mov sp, x3\n" \
    "  msr fpcr, xzr\n" \
    "  ldp x19, x20, [sp, #16]\n  ldp x21, x22, [sp, #32]\n  ldp x23, x24, [sp, #48]\n" \
    "  ldp x25, x26, [sp, #64]\n  ldp x27, x28, [sp, #80]\n" \
    "  ldp d8, d9, [sp, #96]\n  ldp d10, d11, [sp, #112]\n  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n" \
    "  ldp x29, x30, [sp], #176\n" \
    "  ret\n"
/* All registers but x30 from the struct state at x0. */
#define LOAD_STATE \
    "  add x2, x0, #288\n" \
    "  ldp q0, q1, [x2]\n  ldp q2, q3, [x2, #32]\n  ldp q4, q5, [x2, #64]\n  ldp q6, q7, [x2, #96]\n" \
    "  ldp q8, q9, [x2, #128]\n  ldp q10, q11, [x2, #160]\n  ldp q12, q13, [x2, #192]\n  ldp q14, q15, [x2, #224]\n" \
    "  ldp q16, q17, [x2, #256]\n  ldp q18, q19, [x2, #288]\n  ldp q20, q21, [x2, #320]\n  ldp q22, q23, [x2, #352]\n" \
    "  ldp q24, q25, [x2, #384]\n  ldp q26, q27, [x2, #416]\n  ldp q28, q29, [x2, #448]\n  ldp q30, q31, [x2, #480]\n" \
    "  ldr x2, [x0, #248]\n  mov sp, x2\n" \
    "  ldr x2, [x0, #256]\n  msr nzcv, x2\n" \
    "  ldr x2, [x0, #264]\n  msr fpcr, x2\n" \
    "  ldr x2, [x0, #272]\n  msr fpsr, x2\n" \
    "  mov x30, x1\n" \
    "  ldp x2, x3, [x0, #16]\n  ldp x4, x5, [x0, #32]\n  ldp x6, x7, [x0, #48]\n  ldp x8, x9, [x0, #64]\n" \
    "  ldp x10, x11, [x0, #80]\n  ldp x12, x13, [x0, #96]\n  ldp x14, x15, [x0, #112]\n  ldp x16, x17, [x0, #128]\n" \
    "  ldp x18, x19, [x0, #144]\n  ldp x20, x21, [x0, #160]\n  ldp x22, x23, [x0, #176]\n  ldp x24, x25, [x0, #192]\n" \
    "  ldp x26, x27, [x0, #208]\n  ldp x28, x29, [x0, #224]\n  ldp x0, x1, [x0]\n"
/* And back, to x30. */
#define STORE_STATE \
    "  stp x0, x1, [x30]\n  stp x2, x3, [x30, #16]\n  stp x4, x5, [x30, #32]\n  stp x6, x7, [x30, #48]\n" \
    "  stp x8, x9, [x30, #64]\n  stp x10, x11, [x30, #80]\n  stp x12, x13, [x30, #96]\n  stp x14, x15, [x30, #112]\n" \
    "  stp x16, x17, [x30, #128]\n  stp x18, x19, [x30, #144]\n  stp x20, x21, [x30, #160]\n  stp x22, x23, [x30, #176]\n" \
    "  stp x24, x25, [x30, #192]\n  stp x26, x27, [x30, #208]\n  stp x28, x29, [x30, #224]\n" \
    "  mrs x0, nzcv\n  mov x2, sp\n  str x2, [x30, #248]\n" \
    "  mrs x1, fpcr\n  stp x0, x1, [x30, #256]\n  mrs x1, fpsr\n  str x1, [x30, #272]\n" \
    "  add x2, x30, #288\n" \
    "  stp q0, q1, [x2]\n  stp q2, q3, [x2, #32]\n  stp q4, q5, [x2, #64]\n  stp q6, q7, [x2, #96]\n" \
    "  stp q8, q9, [x2, #128]\n  stp q10, q11, [x2, #160]\n  stp q12, q13, [x2, #192]\n  stp q14, q15, [x2, #224]\n" \
    "  stp q16, q17, [x2, #256]\n  stp q18, q19, [x2, #288]\n  stp q20, q21, [x2, #320]\n  stp q22, q23, [x2, #352]\n" \
    "  stp q24, q25, [x2, #384]\n  stp q26, q27, [x2, #416]\n  stp q28, q29, [x2, #448]\n  stp q30, q31, [x2, #480]\n"

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
