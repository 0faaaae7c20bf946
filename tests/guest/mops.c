/* Memory copy and set over much memory: a signal comes in the middle of the instruction, which goes on behind the handler. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

enum { SIZE = 4 << 20, TRIES = 40 };
static uint8_t *area;
static volatile uintptr_t begin; /* of the three steps */
static volatile int inside, wrong;

/* Xn (X2) is what is left: negative going forward, when X0 is behind the end. */
static void check(const mcontext_t *m, int copy)
{
    const int64_t left = (int64_t)m->regs[2], size = left < 0 ? -left : left;
    const uint8_t *next = (const uint8_t *)m->regs[0] + left;
    if (size > SIZE || (m->pstate >> 28 & 15) != 0) wrong |= 1;
    if (left < 0 ? next < area || next >= area + SIZE + 64 : m->regs[0] != (uintptr_t)area + 64) wrong |= 2;
    if (!copy && size > 0 && size < SIZE && (next[-1] != (uint8_t)m->regs[1] || next[0] == (uint8_t)m->regs[1])) wrong |= 4;
    if (size > 0 && size < SIZE) inside++;
}
static void on_alarm(int sig, siginfo_t *info, void *uc)
{
    const mcontext_t *m = &((ucontext_t *)uc)->uc_mcontext;
    if (m->pc == begin + 4) check(m, (*(const uint32_t *)begin & 0x00400000) == 0);
}

#define STEPS(name, p, m, e) \
    static void name(void *to, uintptr_t x1, uint64_t size)                                                       \
    {                                                                                                              \
        register void *x0 __asm__("x0") = to;                                                                      \
        register uintptr_t from __asm__("x1") = x1;                                                                \
        register uint64_t n __asm__("x2") = size;                                                                  \
        __asm__ volatile("adr x3, 1f\n str x3, [%3]\n1: .inst " p "\n .inst " m "\n .inst " e                      \
                         : "+r"(x0), "+r"(from), "+r"(n) : "r"(&begin) : "x3", "memory", "cc");                    \
    }
STEPS(set, "0x19c10440", "0x19c14440", "0x19c18440")
STEPS(copy_forward, "0x19010440", "0x19410440", "0x19810440")
STEPS(copy, "0x1d010440", "0x1d410440", "0x1d810440")

static uint8_t value(uint32_t i) { return (uint8_t)(i * 2654435761u >> 24); }
static void fill(void)
{
    for (uint32_t i = 0; i < SIZE + 64; i++) area[i] = value(i);
}
static int is_set(uint8_t v)
{
    for (uint32_t i = 0; i < SIZE; i++)
        if (area[i] != v) return 0;
    return 1;
}
static int is_moved(int32_t to, int32_t from)
{
    for (int32_t i = 0; i < SIZE; i++)
        if (area[to + i] != value((uint32_t)(from + i))) return 0;
    return 1;
}
static int once(int what, uint8_t v)
{
    switch (what) {
    case 0: memset(area, v ^ 0xff, SIZE + 64); set(area, v, SIZE); return is_set(v) && area[SIZE] == (v ^ 0xff);
    case 1: fill(); copy_forward(area, (uintptr_t)area + 64, SIZE); return is_moved(0, 64);
    case 2: fill(); copy(area, (uintptr_t)area + 64, SIZE); return is_moved(0, 64);
    default: fill(); copy(area + 64, (uintptr_t)area, SIZE); return is_moved(64, 0);
    }
}

int main(void)
{
    static const char *const names[] = {"set", "copy forward", "copy down", "copy up"};
    struct sigaction sa = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO};
    sigaction(SIGALRM, &sa, NULL);
    area = mmap(NULL, SIZE + 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int what = 0; what < 4; what++) {
        int right = 1;
        const struct itimerval every = {{0, 500}, {0, 500}}, none = {{0, 0}, {0, 0}};
        inside = wrong = 0;
        for (int i = 0; i < TRIES && inside < 3 && right; i++) {
            setitimer(ITIMER_REAL, &every, NULL);
            right = once(what, (uint8_t)(i + 1));
            setitimer(ITIMER_REAL, &none, NULL);
        }
        printf("%s: %s, interrupted %s, state %d\n", names[what], right ? "right" : "damaged", inside >= 3 ? "inside" : "never", wrong);
    }
    return 0;
}
