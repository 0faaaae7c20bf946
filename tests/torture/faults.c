/* Programs that run off their stack, jump to where no code is, unmap what they run on and lie to sigreturn: each gets the signal that Linux gives,
 * with its code and address, and a handler that can be entered is. */
#include "torture.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>

enum { PAGE = 4096, MB = 1 << 20 };
static char alt[65536] __attribute__((aligned(16)));
static _Thread_local sigjmp_buf away;
static _Thread_local struct { volatile int signo, code; volatile uintptr_t addr, pc; } last;

static void note(int n, siginfo_t *i, void *p)
{
    last.signo = n, last.code = i->si_code, last.addr = (uintptr_t)i->si_addr, last.pc = ((ucontext_t *)p)->uc_mcontext.pc;
    siglongjmp(away, 1);
}
static void use_alt(void *at, size_t size)
{
    stack_t ss = {.ss_sp = at, .ss_size = size};
    CHECK(sigaltstack(&ss, NULL) == 0);
}
/* Faults are noted, on the alternate stack, from here on. */
static void catch_faults(void)
{
    static const int n[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP};
    use_alt(alt, sizeof alt);
    for (int i = 0; i < 4; i++) on_info(n[i], note, SA_ONSTACK);
}
/* Did the statement fault like this, and where? */
#define FAULTS(statement, n, c, a) ({ int good_ = 0; last.signo = 0; if (!sigsetjmp(away, 1)) { statement; } \
    good_ = CHECK(last.signo == (n) && last.code == (c) && last.addr == (uintptr_t)(a)); \
    if (!good_) fprintf(stderr, "found %d %d %#lx, pc %#lx\n", last.signo, last.code, last.addr, last.pc); good_; })

/* What a child ends with: the wait status. */
static int fate(void (*fn)(void))
{
    fflush(stdout);
    pid_t p = fork();
    if (p == 0) {
        for (int n = 1; n < 32; n++) signal(n, SIG_DFL);
        fn();
        _exit(77);
    }
    return status_of(p);
}
#define DIES(fn, n) ({ int st_ = fate(fn); CHECK(WIFSIGNALED(st_) && WTERMSIG(st_) == (n)) || fprintf(stderr, #fn ": status %#x\n", st_); })
#define ENDS(fn, n) ({ int st_ = fate(fn); CHECK(st_ == (n) << 8) || fprintf(stderr, #fn ": status %#x\n", st_); })

/* ---- the stack ---- */

static volatile char *deepest;
static __attribute__((noinline)) int deeper(int n)
{
    volatile char b[1024];
    deepest = b;
    b[0] = (char)n;
    return deeper(n + 1) + b[0];
}
static void overflow(void) { deeper(0); }
static void overflow_handled(void)
{
    on_info(SIGSEGV, note, 0); /* on the stack that there is no more of */
    deeper(0);
}
static void overflow_by_signal(void)
{
    on_info(SIGUSR1, note, SA_NODEFER);
    for (;;) if (sigsetjmp(away, 1) == 0) overflow();
}
static void *overflow_in_thread(void *arg)
{
    deeper(0);
    return arg;
}
static void thread_overflows(void)
{
    pthread_t t;
    pthread_create(&t, NULL, overflow_in_thread, NULL);
    pthread_join(t, NULL);
}

/* How much stack there is, from here. */
static long room(void)
{
    char here;
    if (!sigsetjmp(away, 1)) deeper(0);
    CHECK(last.signo == SIGSEGV && last.code == SEGV_MAPERR && last.addr < (uintptr_t)deepest + 4 * PAGE && last.addr > (uintptr_t)deepest - 4 * PAGE);
    return &here - deepest;
}
static long wanted;
static void limited(void)
{
    struct rlimit r = {(rlim_t)wanted, RLIM_INFINITY};
    getrlimit(RLIMIT_STACK, &r);
    r.rlim_cur = (rlim_t)wanted;
    if (setrlimit(RLIMIT_STACK, &r)) _exit(1);
    catch_faults();
    for (int i = 0; i < 3; i++) {
        long n = room();
        if (n > wanted || n < wanted - 300000) {
            fprintf(stderr, "%ld of %ld\n", n, wanted);
            _exit(2);
        }
    }
    _exit(bad != 0);
}

static void stacks(long scale)
{
    static const long sizes[] = {MB, 2 * MB, 8 * MB, 20 * MB, 64 * MB, 3 * MB};
    (void)scale;
    DIES(overflow, SIGSEGV);
    DIES(overflow_handled, SIGSEGV);
    DIES(overflow_by_signal, SIGSEGV);
    DIES(thread_overflows, SIGSEGV);
    for (int i = 0; i < 6; i++) {
        wanted = sizes[i];
        ENDS(limited, 0);
    }
}

/* Threads that run into their guards, again and again, at once: each is told of its own. */
static void *into_guard(void *arg)
{
    char mine[16384] __attribute__((aligned(16)));
    pthread_attr_t a;
    void *low;
    size_t size, guard;
    pthread_getattr_np(pthread_self(), &a);
    pthread_attr_getstack(&a, &low, &size);
    pthread_attr_getguardsize(&a, &guard);
    use_alt(mine, sizeof mine);
    volatile long n = 0, count = (long)arg;
    for (; n < count; n++) {
        if (!sigsetjmp(away, 1)) deeper(0);
        uintptr_t bottom = (uintptr_t)low;
        if (last.signo != SIGSEGV || last.code != SEGV_ACCERR || last.addr >= bottom + guard || last.addr < bottom - guard) break;
    }
    return (void *)n;
}
static void guards(long scale)
{
    pthread_t t[8];
    on_info(SIGSEGV, note, SA_ONSTACK);
    for (int i = 0; i < 8; i++) pthread_create(&t[i], NULL, into_guard, (void *)(20 * scale));
    for (int i = 0; i < 8; i++) {
        void *r;
        pthread_join(t[i], &r);
        CHECK((long)r == 20 * scale);
    }
}

/* ---- the program counter ---- */

static char *pages(int n, int prot)
{
    char *p = mmap(NULL, (size_t)n * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return CHECK(p != MAP_FAILED) ? p : NULL;
}
static void jump(uintptr_t to) { ((void (*)(void))to)(); }
static void jumps(long scale)
{
    static int data;
    int local;
    char *p = pages(4, PROT_READ | PROT_WRITE);
    munmap(p + 3 * PAGE, PAGE);
    mprotect(p + 2 * PAGE, PAGE, PROT_NONE);
    ((uint32_t *)p)[0] = 0xd65f03c0; /* ret */
    catch_faults();
    for (long i = 0; i < scale; i++) {
        FAULTS(jump(0), SIGSEGV, SEGV_MAPERR, 0);
        FAULTS(jump((uintptr_t)&data & ~3ul), SIGSEGV, SEGV_ACCERR, (uintptr_t)&data & ~3ul);
        FAULTS(jump((uintptr_t)&local & ~3ul), SIGSEGV, SEGV_ACCERR, (uintptr_t)&local & ~3ul);
        FAULTS(jump((uintptr_t)p), SIGSEGV, SEGV_ACCERR, p);
        mprotect(p, PAGE, PROT_EXEC);
        jump((uintptr_t)p); /* a page for execution only */
        mprotect(p, PAGE, PROT_READ | PROT_WRITE);
        FAULTS(jump((uintptr_t)p), SIGSEGV, SEGV_ACCERR, p);
        FAULTS(jump((uintptr_t)p + 2 * PAGE), SIGSEGV, SEGV_ACCERR, p + 2 * PAGE);
        FAULTS(jump((uintptr_t)p + 3 * PAGE + 8), SIGSEGV, SEGV_MAPERR, p + 3 * PAGE + 8);
        FAULTS(jump((uintptr_t)jump + 1), SIGBUS, BUS_ADRALN, (uintptr_t)jump + 1);
        FAULTS(jump((uintptr_t)jump + 2), SIGBUS, BUS_ADRALN, (uintptr_t)jump + 2);
        FAULTS(jump(1ul << 47), SIGSEGV, SEGV_MAPERR, 1ul << 47);
        FAULTS(jump(1ul << 50), SIGSEGV, SEGV_MAPERR, 1ul << 50);
        FAULTS(jump(~0xffful), SIGSEGV, SEGV_MAPERR, ~0xffful);
        CHECK(last.pc == ~0xffful);
    }
}

/* ---- code that takes itself away ---- */

/* The system call is made at `code`, where `svc #0; mov x0, #42; ret` is. */
static long call_at(void *code, long nr, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, long e, long f)
{
    register long x8 __asm__("x8") = nr;
    register uintptr_t x0 __asm__("x0") = a;
    register uintptr_t x1 __asm__("x1") = b;
    register uintptr_t x2 __asm__("x2") = c;
    register uintptr_t x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    register void *x9 __asm__("x9") = code;
    __asm__ volatile("blr x9" : "+r"(x0), "+r"(x9) : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x8) : "x30", "memory", "cc");
    return (long)x0;
}
static uint32_t *code_page(void)
{
    static const uint32_t code[] = {0xd4000001, 0xd2800540, 0xd65f03c0};
    uint32_t *p = (void *)pages(3, PROT_READ | PROT_WRITE);
    munmap(p, PAGE), munmap(p + 2048, PAGE); /* neighbours do not matter */
    memcpy(p += 1024, code, sizeof code);
    mprotect(p, PAGE, PROT_READ | PROT_EXEC);
    __builtin___clear_cache((char *)p, (char *)(p + 3));
    return p;
}
static void self(long scale)
{
    catch_faults();
    for (long i = 0; i < 20 * scale; i++) {
        uint32_t *p = code_page();
        CHECK(call_at(p, SYS_getpid, 0, 0, 0, 0, 0, 0) == 42);
        FAULTS(call_at(p, SYS_mprotect, (uintptr_t)p, PAGE, PROT_READ | PROT_WRITE, 0, 0, 0), SIGSEGV, SEGV_ACCERR, p + 1);
        mprotect(p, PAGE, PROT_EXEC);
        CHECK(call_at(p, SYS_getpid, 0, 0, 0, 0, 0, 0) == 42);
        FAULTS(call_at(p, SYS_mprotect, (uintptr_t)p, PAGE, PROT_NONE, 0, 0, 0), SIGSEGV, SEGV_ACCERR, p + 1);
        mprotect(p, PAGE, PROT_READ | PROT_EXEC);
        FAULTS(call_at(p, SYS_munmap, (uintptr_t)p, PAGE, 0, 0, 0, 0), SIGSEGV, SEGV_MAPERR, p + 1);
        p = code_page();
        FAULTS(call_at(p, SYS_mmap, (uintptr_t)p, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), SIGILL, ILL_ILLOPC, p + 1);
        p = code_page();
        uint32_t *to = code_page();
        FAULTS(call_at(p, SYS_mremap, (uintptr_t)p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (long)to, 0), SIGSEGV, SEGV_MAPERR, p + 1);
        CHECK(call_at(to, SYS_getpid, 0, 0, 0, 0, 0, 0) == 42);
        FAULTS(call_at(to, SYS_madvise, (uintptr_t)to, PAGE, MADV_DONTNEED, 0, 0, 0), SIGILL, ILL_ILLOPC, to + 1);
    }
}

/* Everything, by one call: Linux has 48 bits for a program, whatever of them there is memory for. */
static void unmap_all(void) { syscall(SYS_munmap, 0, 1ul << 46); }
static void unmap_most(void) { syscall(SYS_munmap, 0x10000, (1ul << 48) - 0x10000); }
static void unmap_stack(void)
{
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)(PAGE - 1);
    syscall(SYS_munmap, sp - 64 * PAGE, 128 * PAGE);
    raise(SIGUSR1);
}
static void unmap_stack_noted(void)
{
    catch_faults();
    if (sigsetjmp(away, 1)) syscall(SYS_exit_group, last.signo == SIGSEGV ? 5 : 6);
    unmap_stack();
}
static void protect_stack(int prot)
{
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)(PAGE - 1);
    syscall(SYS_mprotect, sp - 16 * PAGE, 32 * PAGE, prot);
    for (;;) kill(getpid(), SIGUSR1);
}
static void read_only_stack(void)
{
    on_info(SIGUSR1, note, 0), on_info(SIGSEGV, note, 0);
    protect_stack(PROT_READ);
}
static void read_only_stack_noted(void)
{
    use_alt(alt, sizeof alt);
    on_info(SIGSEGV, note, SA_ONSTACK);
    on_info(SIGUSR1, note, 0);
    if (sigsetjmp(away, 1)) syscall(SYS_exit_group, last.signo == SIGSEGV ? 5 : 6);
    protect_stack(PROT_READ);
}
static void everything(long scale)
{
    (void)scale;
    DIES(unmap_all, SIGSEGV);
    DIES(unmap_most, SIGSEGV);
    DIES(unmap_stack, SIGSEGV);
    ENDS(unmap_stack_noted, 5);
    DIES(read_only_stack, SIGSEGV);
    ENDS(read_only_stack_noted, 5);
    errno = 0;
    CHECK(syscall(SYS_munmap, 0, (1ul << 48) + PAGE) == -1 && errno == EINVAL);
    errno = 0;
    CHECK(syscall(SYS_munmap, 1ul << 48, PAGE) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_munmap, (1ul << 48) - PAGE, PAGE) == 0);
    CHECK(syscall(SYS_munmap, 1ul << 46, 1ul << 46) == 0);
}

/* One thread runs in a page, and another takes it away, in each way, when it is well inside. */
static uint32_t *volatile loop_page;
static _Atomic int running;
static void *runs(void *arg)
{
    char mine[16384] __attribute__((aligned(16)));
    volatile long n = 0, count = (long)arg;
    use_alt(mine, sizeof mine);
    for (; n < count; n++) {
        while (!loop_page) sched_yield();
        if (!sigsetjmp(away, 1)) {
            running = 1;
            jump((uintptr_t)loop_page);
        }
        uintptr_t at = (uintptr_t)loop_page;
        if (last.pc < at || last.pc >= at + PAGE || last.addr < at || last.addr >= at + PAGE) break;
        if (last.signo != (n % 4 == 3 ? SIGILL : SIGSEGV) || last.code != (int[]){SEGV_MAPERR, SEGV_ACCERR, SEGV_ACCERR, ILL_ILLOPC}[n % 4]) break;
        loop_page = NULL;
        running = 0;
    }
    if (n < count) fprintf(stderr, "round %ld: signal %d code %d addr %#lx pc %#lx\n", n, last.signo, last.code, last.addr, last.pc);
    return (void *)n;
}
static void others(long scale)
{
    pthread_t t;
    void *r;
    long count = 40 * scale;
    on_info(SIGSEGV, note, SA_ONSTACK), on_info(SIGILL, note, SA_ONSTACK);
    pthread_create(&t, NULL, runs, (void *)count);
    for (long i = 0; i < count; i++) {
        uint32_t *p = (void *)pages(1, PROT_READ | PROT_WRITE);
        for (int k = 0; k < 1023; k++) p[k] = 0xd503201f; /* nop */
        p[1023] = 0x17fffc01;                             /* b p */
        __builtin___clear_cache((char *)p, (char *)p + PAGE);
        mprotect(p, PAGE, PROT_READ | PROT_EXEC);
        loop_page = p;
        while (!running) sched_yield();
        usleep((useconds_t)(i % 3 * 100));
        if (i % 4 == 0) munmap(p, PAGE);
        if (i % 4 == 1) mprotect(p, PAGE, PROT_NONE);
        if (i % 4 == 2) mprotect(p, PAGE, PROT_READ | PROT_WRITE);
        if (i % 4 == 3) mmap(p, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        double limit = now() + 20;
        while (loop_page && now() < limit) sched_yield();
        if (!CHECK(!loop_page)) exit(1);
        if (i % 4) munmap(p, PAGE);
    }
    pthread_join(t, &r);
    CHECK((long)r == count);
}

/* ---- handlers that cannot be entered, stacks that cannot take a frame ---- */

static uintptr_t bad_place;
static void bad_handler(void)
{
    on(SIGSEGV, (void (*)(int))bad_place, 0);
    raise(SIGSEGV);
}
static void return_at_once(int n) { (void)n; }
static void bad_restorer(void) /* libc sets none on arm64 */
{
    struct { uintptr_t handler; unsigned long flags; uintptr_t restorer; unsigned long mask; } sa = {(uintptr_t)return_at_once, 0x04000000, bad_place, 0};
    syscall(SYS_rt_sigaction, SIGUSR1, &sa, NULL, 8);
    raise(SIGUSR1);
}
static void __attribute__((noinline)) kill_with_sp(uintptr_t sp, int n)
{
    long me = getpid();
    register long x8 __asm__("x8") = SYS_kill;
    register long x0 __asm__("x0") = me;
    register long x1 __asm__("x1") = n;
    __asm__ volatile("mov x9, sp\n mov sp, %3\n svc #0\n mov sp, x9" : "+r"(x0) : "r"(x1), "r"(x8), "r"(sp) : "x9", "memory");
}
static void no_frame(void)
{
    on_info(SIGUSR1, note, 0);
    kill_with_sp(bad_place, SIGUSR1);
}
static void no_frame_handled(void)
{
    on_info(SIGUSR1, note, 0);
    catch_faults();
    if (sigsetjmp(away, 1)) _exit(last.signo == SIGSEGV && last.code == SI_KERNEL ? 5 : last.code);
    kill_with_sp(bad_place, SIGUSR1);
}
static void handlers(long scale)
{
    static const uintptr_t places[] = {0x10, 0x1001, 1ul << 45, 1ul << 52, ~0ul << 20, (uintptr_t)alt};
    (void)scale;
    for (int i = 0; i < 6; i++) {
        bad_place = places[i];
        DIES(bad_handler, places[i] & 3 ? SIGBUS : SIGSEGV); /* a misaligned PC */
        if (i != 1) DIES(bad_restorer, SIGSEGV);
        if (places[i] == (uintptr_t)alt) continue; /* is a good stack */
        DIES(no_frame, SIGSEGV);
        ENDS(no_frame_handled, 5);
    }
    bad_place = 0x1001;
    catch_faults();
    on(SIGUSR1, (void (*)(int))bad_place, 0);
    FAULTS(raise(SIGUSR1), SIGBUS, BUS_ADRALN, bad_place);
    bad_place = 1ul << 45;
    on(SIGUSR1, (void (*)(int))bad_place, 0);
    FAULTS(raise(SIGUSR1), SIGSEGV, SEGV_MAPERR, bad_place);
    CHECK(last.pc == bad_place);
}

/* ---- frames that rt_sigreturn must not take ---- */

struct record { uint32_t magic, size; };
static int lie; /* which */
static const char *const lies[] = {"none", "magic", "size 0", "size small", "size odd", "size huge", "no fpsimd", "two fpsimd", "no end", "extra of 2^32",
                                   "extra elsewhere", "EL1", "masks", "AArch32", "unknown record"};
static int is_legal(void) { return lie == 0; }
static struct record *end_of(struct record *r)
{
    while (r->magic) r = (void *)((char *)r + r->size);
    return r;
}
static void lie_about(ucontext_t *uc)
{
    struct record *fp = (void *)uc->uc_mcontext.__reserved, *end = end_of(fp);
    struct { struct record head; uint64_t at; uint32_t size, reserved[3]; struct record end; } *extra = (void *)end;
    switch (lie) {
    case 1: fp->magic ^= 1; break;
    case 2: fp->size = 0; break;
    case 3: fp->size = 16; break;
    case 4: fp->size = 521; break;
    case 5: fp->size = 0xfffffff0; break;
    case 6: fp->magic = fp->size = 0; break;
    case 7: memcpy(end, fp, 528), memset((char *)end + 528, 0, 8); break;
    case 8: while ((char *)end < (char *)uc->uc_mcontext.__reserved + 4096) *end = (struct record){0x45535201, 16}, end += 2; break;
    case 9: case 10:
        *extra = (typeof(*extra)){{0x45585401, 32}, (uint64_t)(extra + 1), lie == 9 ? 0xfffffff0u : 16, {0}, {0, 0}};
        if (lie == 10) extra->at = 0x4000;
        break;
    case 11: uc->uc_mcontext.pstate |= 4; break;
    case 12: uc->uc_mcontext.pstate |= 0x3c0; break;
    case 13: uc->uc_mcontext.pstate |= 0x10; break;
    case 14: *end = (struct record){0x12345678, 16}, memset(end + 2, 0, 8); break;
    }
}
static void liar(int n, siginfo_t *i, void *p)
{
    (void)n, (void)i;
    lie_about(p);
}
static void lying(void)
{
    catch_faults();
    on_info(SIGUSR1, liar, 0);
    if (sigsetjmp(away, 1)) _exit(last.signo == SIGSEGV && last.code == SEGV_ACCERR ? 5 : last.code);
    raise(SIGUSR1);
    _exit(is_legal() ? 6 : 7);
}
static void lying_unhandled(void)
{
    on_info(SIGUSR1, liar, 0);
    raise(SIGUSR1);
    _exit(6);
}
static uintptr_t wild;
static void go_wild(int n, siginfo_t *i, void *p)
{
    (void)n, (void)i;
    ((ucontext_t *)p)->uc_mcontext.sp = wild;
}
static void wild_sp(void)
{
    on_info(SIGUSR1, go_wild, 0);
    raise(SIGUSR1);
    _exit(6);
}
static void bare_return(void) { syscall(SYS_rt_sigreturn); }
static void return_from(void) { register long x8 __asm__("x8") = SYS_rt_sigreturn; __asm__ volatile("mov sp, %0\n svc #0" : : "r"(wild), "r"(x8)); }
static void frames(long scale)
{
    (void)scale;
    for (lie = 0; lie < (int)(sizeof lies / sizeof *lies); lie++) {
        int st = fate(lying), st2 = fate(lying_unhandled);
        if (!CHECK(st == (is_legal() ? 6 : 5) << 8) || !CHECK(st2 == (is_legal() ? 6 << 8 : SIGSEGV)))
            fprintf(stderr, "%s: %#x %#x\n", lies[lie], st, st2);
    }
    DIES(bare_return, SIGSEGV);
    static const uintptr_t places[] = {16, 1ul << 45, 1ul << 52, ~0xful};
    for (int i = 0; i < 4; i++) {
        wild = places[i];
        DIES(wild_sp, SIGSEGV);
        DIES(return_from, SIGSEGV);
    }
    wild = (uintptr_t)alt + 8; /* misaligned */
    DIES(return_from, SIGSEGV);
}

static const struct test tests[] = {
    {"stacks", stacks}, {"guards", guards}, {"jumps", jumps}, {"self", self}, {"everything", everything}, {"others", others}, {"handlers", handlers},
    {"frames", frames},
};

int main(int argc, char **argv) { return run_tests(tests, sizeof tests / sizeof *tests, argc, argv); }
