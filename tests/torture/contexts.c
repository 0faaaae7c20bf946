/* Ways out of a signal handler other than its return, and back into it: ucontext.h, frames that the handler rewrites, and jumps: from handlers on top of
 * each other, from the alternate stack, at any instruction, in several threads. What was interrupted must find every register as it was. */
#include "torture.h"
#include <fenv.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1 << 31)
#endif

#define THREADS 4
#define STACK (256 << 10)
static _Thread_local volatile sig_atomic_t can_be_interrupted;
static _Atomic int at_work;

static int is_blocked(int n)
{
    sigset_t s;
    pthread_sigmask(SIG_BLOCK, NULL, &s);
    return sigismember(&s, n);
}
static void block(int how, int n)
{
    sigset_t s;
    sigemptyset(&s), sigaddset(&s, n);
    pthread_sigmask(how, &s, NULL);
}
static void *stack(void) { return mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
static void own_alternate_stack(void)
{
    stack_t ss = {.ss_sp = stack(), .ss_size = STACK};
    CHECK(sigaltstack(&ss, NULL) == 0);
}

/* Something to interrupt: integers, doubles and vectors are live in registers all the time, and the flags between any two instructions. */
typedef uint32_t v4 __attribute__((vector_size(16)));
static __attribute__((noipa)) uint64_t work(uint64_t seed)
{
    uint64_t a = seed, b = ~seed, c = seed * 3, bits;
    double d = (double)seed / 3, e = 1;
    v4 v = {(uint32_t)seed, 2, 3, 4}, w = {5, 6, 7, 8};
    for (int i = 0; i < 300; i++) {
        a = (a ^ a >> 29) * 0xbf58476d1ce4e5b9, b += a < c ? a : ~c, c ^= b << 7;
        d = d * 0.7 + e, e = e / 3 + d;
        v = v * w + (v >> 5), w ^= v << 3;
    }
    d += e;
    memcpy(&bits, &d, 8);
    v += w;
    return a ^ b ^ c ^ bits ^ v[0] ^ (uint64_t)v[1] << 32 ^ v[2] ^ (uint64_t)v[3] << 32;
}

/* THREADS times fn, each sent SIGUSR1 again and again while it works. */
static void stormed(void *(*fn)(void *), long arg)
{
    pthread_t t[THREADS];
    over = 0, at_work = THREADS;
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&t[i], NULL, fn, (void *)arg) == 0);
    while (at_work) {
        for (int i = 0; i < THREADS; i++) pthread_kill(t[i], SIGUSR1);
        usleep(50);
    }
    over = 1;
    for (int i = 0; i < THREADS; i++) {
        void *r;
        pthread_join(t[i], &r);
        CHECK(r == NULL);
    }
}
/* Nobody may be gone while signals are still sent to it. */
static void *leave_work(void)
{
    block(SIG_BLOCK, SIGUSR1);
    at_work--;
    while (!over) usleep(500);
    return NULL;
}

/* ---- coroutines that take turns whenever a signal comes: the handler goes to the scheduler, and returns when it is their turn again ---- */

#define COROUTINES 6
struct coroutine { char *alt; ucontext_t at; volatile long turns; volatile int done; };
static _Thread_local struct coroutine *volatile current;
static _Thread_local ucontext_t scheduler;
static long turns_wanted;
static void take_turns(int n)
{
    (void)n;
    struct coroutine *c = current;
    char here;
    if (!c) return;
    if (c->alt) CHECK(&here >= c->alt && &here < c->alt + STACK);
    CHECK(swapcontext(&c->at, &scheduler) == 0);
}

static void coroutine(unsigned hi, unsigned lo)
{
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    struct coroutine *c = (void *)((uintptr_t)hi << 32 | lo);
    int mode = modes[c->turns % 4];
    fesetround(mode);
    uint64_t seed = (uintptr_t)c, want = work(seed);
    CHECK(is_blocked(SIGUSR1));
    stack_t ss = {.ss_sp = c->alt, .ss_size = STACK, .ss_flags = SS_AUTODISARM}, had;
    if (c->alt) CHECK(sigaltstack(&ss, NULL) == 0);
    block(SIG_UNBLOCK, SIGUSR1);
    while (c->turns < turns_wanted) CHECK(work(seed) == want && current == c);
    block(SIG_BLOCK, SIGUSR1);
    CHECK(fegetround() == mode);
    if (c->alt) CHECK(sigaltstack(NULL, &had) == 0 && had.ss_sp == c->alt && had.ss_flags == SS_AUTODISARM);
    c->done = 1; /* and on to uc_link */
}

static void make(struct coroutine *c, int i, int with_alt)
{
    CHECK(getcontext(&c->at) == 0);
    c->at.uc_stack = (stack_t){.ss_sp = stack(), .ss_size = STACK};
    c->at.uc_link = &scheduler;
    c->turns = i, c->done = 0, c->alt = with_alt ? stack() : NULL;
    makecontext(&c->at, (void (*)(void))coroutine, 2, (unsigned)((uintptr_t)c >> 32), (unsigned)(uintptr_t)c);
}

static void *schedule(void *arg)
{
    struct coroutine co[COROUTINES];
    block(SIG_BLOCK, SIGUSR1);
    for (int i = 0; i < COROUTINES; i++) make(&co[i], i, arg != NULL);
    for (int left = COROUTINES; left;) {
        for (int i = 0; i < COROUTINES; i++) {
            struct coroutine *c = &co[i];
            if (c->done) continue;
            current = c;
            CHECK(swapcontext(&scheduler, &c->at) == 0);
            current = NULL;
            c->turns++, left -= c->done;
            CHECK(is_blocked(SIGUSR1) && fegetround() == FE_TONEAREST);
        }
    }
    for (int i = 0; i < COROUTINES; i++) {
        munmap(co[i].at.uc_stack.ss_sp, STACK);
        if (co[i].alt) munmap(co[i].alt, STACK);
    }
    return leave_work();
}

static void coroutines(long scale)
{
    turns_wanted = COROUTINES + 40 * scale;
    on(SIGUSR1, take_turns, SA_RESTART);
    stormed(schedule, 0);
}
/* The same from an alternate stack of each, which is no longer armed when its handler has gone elsewhere, and is again when it returns. */
static void disarmed(long scale)
{
    turns_wanted = COROUTINES + 20 * scale;
    on(SIGUSR1, take_turns, SA_RESTART | SA_ONSTACK);
    stormed(schedule, 1);
}

/* ---- the context that a handler is given, taken away and resumed as often as one likes ---- */

static ucontext_t taken;
static void take_context(int n, siginfo_t *i, void *uc) { (void)n, (void)i, memcpy(&taken, uc, sizeof taken); }
/* setcontext() restores what a called function must keep; so the signal comes where nothing else is alive, in a frame that stays. */
static inline __attribute__((always_inline)) long send_here(int n)
{
    register long x0 asm("x0") = getpid(), x1 asm("x1") = syscall(SYS_gettid), x2 asm("x2") = n, x8 asm("x8") = SYS_tgkill;
    asm volatile("svc 0"
                 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x8)
                 :
                 : "x3", "x4", "x5", "x6", "x7", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory", "cc", "v0", "v1", "v2", "v3", "v4",
                   "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
    return x0;
}
static __attribute__((noinline)) void resume(int deep)
{
    volatile char room[300];
    room[deep] = 1;
    if (deep) resume(deep - 1);
    else setcontext(&taken);
    CHECK(room[deep] == 1 && !"setcontext came back");
}
static void resumed(long scale)
{
    on_info(SIGUSR1, take_context, SA_ONSTACK);
    own_alternate_stack();
    for (long k = 0; k < 20 * scale; k++) {
        volatile int times = 0;
        volatile double kept = 1.5;
        double in_register = kept * (double)k;
        block(SIG_UNBLOCK, SIGUSR1);
        CHECK(send_here(SIGUSR1) == 0);
        CHECK(!is_blocked(SIGUSR1));
        block(SIG_BLOCK, SIGUSR1); /* setcontext() opens it again */
        if (++times < 50) resume(times % 20);
        CHECK(times == 50 && in_register == 1.5 * (double)k);
    }
}

/* ---- a frame that the handler rewrites: it calls a function from whichever instruction was interrupted; a second handler puts everything back ---- */

static _Thread_local ucontext_t interrupted;
static _Thread_local volatile long injected;
static void clobber(long x)
{
    fesetround(FE_UPWARD);
    CHECK(x == 12345 && ((uintptr_t)__builtin_frame_address(0) & 15) == 0 && is_blocked(SIGUSR1));
    CHECK(work((uint64_t)x) != 1);
    injected++;
    raise(SIGUSR2);
    abort();
}
static void inject(int n, siginfo_t *i, void *arg)
{
    (void)i;
    ucontext_t *uc = arg;
    if (!can_be_interrupted) return;
    memcpy(&interrupted, uc, sizeof interrupted);
    uc->uc_mcontext.sp -= 1024;
    uc->uc_mcontext.regs[0] = 12345;
    uc->uc_mcontext.regs[29] = uc->uc_mcontext.regs[30] = 0;
    uc->uc_mcontext.pc = (uintptr_t)clobber;
    sigaddset(&uc->uc_sigmask, n);
}
static void put_back(int n, siginfo_t *i, void *arg)
{
    (void)n, (void)i;
    ucontext_t *uc = arg;
    uc->uc_mcontext = interrupted.uc_mcontext;
    uc->uc_sigmask = interrupted.uc_sigmask;
}
static void *be_injected(void *arg)
{
    long wanted = (long)arg;
    uint64_t want = work(99);
    can_be_interrupted = 1;
    while (injected < wanted) CHECK(work(99) == want);
    can_be_interrupted = 0;
    CHECK(fegetround() == FE_TONEAREST);
    return leave_work();
}
static void rewritten(long scale)
{
    on_info(SIGUSR1, inject, SA_RESTART);
    on_info(SIGUSR2, put_back, SA_RESTART);
    stormed(be_injected, 200 * scale);
}

/* ---- jumps out of handlers on top of each other, some of them on the alternate stack ---- */

#define DEEP 12
#define NTH(i) (SIGRTMIN + 2 + (i))
static sigjmp_buf level[DEEP];
static volatile int target;
static volatile double handler_sum;
static void deeper(int n)
{
    int me = n - NTH(0);
    volatile double mine = me + 0.25;
    double kept = mine * 2;
    if (sigsetjmp(level[me], 1)) { /* whoever jumped here was deeper; this one's mask and locals are back */
        CHECK(mine == me + 0.25 && kept == mine * 2 && is_blocked(n) && !is_blocked(NTH(DEEP - 1)));
        handler_sum += mine;
        if (target == 0) siglongjmp(level[0], 1);
        target = target > 2 ? target - 2 : 0;
        if (target < me) siglongjmp(level[target], 1);
        return;
    }
    if (me < DEEP - 1) raise(n + 1);
    else siglongjmp(level[target], 1);
    handler_sum += 1000;
}
static void nested_jumps(long scale)
{
    stack_t now_on;
    own_alternate_stack();
    for (long k = 0; k < 300 * scale; k++) {
        int first = 2 + (int)(k % (DEEP - 3));
        for (int i = 1; i < DEEP; i++) on(NTH(i), deeper, (i + k) % 3 ? 0 : SA_ONSTACK);
        target = first, handler_sum = 0;
        if (!sigsetjmp(level[0], 1)) raise(NTH(1));
        CHECK(handler_sum > first && handler_sum < 1000);
        for (int i = 1; i < DEEP; i++) CHECK(!is_blocked(NTH(i)));
        CHECK(sigaltstack(NULL, &now_on) == 0 && now_on.ss_flags == 0);
    }
}

/* At any instruction, in several threads, from the alternate stack or not. */
static _Thread_local sigjmp_buf away;
static void jump_away(int n)
{
    (void)n;
    if (can_be_interrupted) siglongjmp(away, 1);
}
static void *be_jumped(void *arg)
{
    volatile long jumps = 0;
    uint64_t want = work(7);
    own_alternate_stack();
    if (sigsetjmp(away, 1)) jumps++;
    can_be_interrupted = 1;
    while (jumps < (long)arg) CHECK(work(7) == want);
    can_be_interrupted = 0;
    return leave_work();
}
static void jumps(long scale)
{
    on(SIGUSR1, jump_away, SA_ONSTACK);
    stormed(be_jumped, 100 * scale);
    on(SIGUSR1, jump_away, 0);
    stormed(be_jumped, 100 * scale);
}

/* Off the end of the stack, whose lowest page is closed, and back by a jump from the alternate one. */
static _Thread_local char *lowest;
static _Thread_local volatile long overflows;
static void overflown(int n, siginfo_t *i, void *uc)
{
    (void)n, (void)uc;
    CHECK(i->si_code == SEGV_ACCERR && (char *)i->si_addr >= lowest && (char *)i->si_addr < lowest + 4096);
    overflows++;
    siglongjmp(away, 1);
}
static __attribute__((noinline)) long for_ever(long n)
{
    volatile char room[100];
    room[n % 100] = 1;
    return for_ever(n + 1) + room[n % 100];
}
struct overflow { char *low; long wanted; };
static void *overflow(void *arg)
{
    const struct overflow *o = arg;
    own_alternate_stack();
    lowest = o->low;
    sigsetjmp(away, 1);
    if (overflows < o->wanted) for_ever(0);
    return NULL;
}
static void stack_ends(long scale)
{
    pthread_t t[THREADS];
    struct overflow o[THREADS];
    on_info(SIGSEGV, overflown, SA_ONSTACK);
    for (int i = 0; i < THREADS; i++) {
        pthread_attr_t a;
        o[i] = (struct overflow){stack(), 30 * scale};
        mprotect(o[i].low, 4096, PROT_NONE);
        pthread_attr_init(&a);
        pthread_attr_setstack(&a, o[i].low, STACK);
        CHECK(pthread_create(&t[i], &a, overflow, &o[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(t[i], NULL) == 0);
}

static const struct test tests[] = {
    {"coroutines", coroutines}, {"disarmed", disarmed}, {"resumed", resumed}, {"rewritten", rewritten}, {"nested_jumps", nested_jumps}, {"jumps", jumps},
    {"stack_ends", stack_ends},
};

int main(int argc, char **argv) { return run_tests(tests, sizeof tests / sizeof *tests, argc, argv); }
