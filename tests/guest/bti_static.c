/* flags: -nostdlib -ffreestanding -fno-stack-protector -mbranch-protection=standard -Wl,-z,force-bti */
/* A static program that says in its GNU property that it is made for BTI: its code is guarded from the start, except what it maps itself. */
#include <stddef.h>
#include <stdint.h>

static long call6(long n, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = n;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
static void put(const char *s)
{
    long n = 0;
    while (s[n]) n++;
    call6(64, 1, (long)s, n, 0, 0, 0);
}
void *memset(void *p, int c, size_t n)
{
    for (volatile char *q = p; n--;) *q++ = (char)c;
    return p;
}

static int add(int a, int b) { return a + b; }
static int sub(int a, int b) { return a - b; }
int (*volatile table[2])(int, int) = {add, sub};
__asm__(".text\n.balign 4\nno_pad: mov w0, #7\n ret\n");
int no_pad(int, int);

static void handler(int n, void *info, void *uc)
{
    (void)n;
    const uint64_t *fields = (uint64_t *)((char *)uc + 176); /* fault_address, x0-x30, sp, pc, pstate */
    uint64_t addr = *(uint64_t *)((char *)info + 16);
    put(addr == (uint64_t)no_pad && fields[33] == addr ? "SIGILL at the target" : "SIGILL elsewhere");
    put((fields[34] >> 10 & 3) == 2 ? ", by a call\n" : ", how?\n");
    call6(94, 3, 0, 0, 0, 0, 0);
}
void finish(void);
__asm__("finish: bti c\n mov x8, #139\n svc #0\n");
static int __attribute__((noinline)) classify(int n)
{
    switch (n) { /* a jump table: BTI j at the cases */
    case 0: put("zero\n"); return 5;
    case 1: put("one\n"); return 9;
    case 2: put("two\n"); return 13;
    case 3: put("three\n"); return 21;
    case 4: put("four\n"); return 34;
    case 5: put("five\n"); return 55;
    default: return 0;
    }
}
void start_c(void)
{
    struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } sa = {handler, 0x4000004, finish, 0};
    put(table[0](20, 3) == 23 && table[1](20, 3) == 17 ? "calls through pointers\n" : "wrong\n");
    int sum = 0;
    for (volatile int i = 0; i < 7; i++) sum += classify(i);
    put(sum == 137 ? "jump table\n" : "wrong sum\n");
    call6(134, 4, (long)&sa, 0, 8, 0, 0);
    table[0] = no_pad;
    table[0](1, 2);
    put("not guarded\n");
    call6(94, 0, 0, 0, 0, 0, 0);
}
__asm__(".globl _start\n_start: bti c\n mov x29, #0\n mov x30, #0\n bl start_c\n");
