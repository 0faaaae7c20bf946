/* The unwinder (libgcc's) goes through the frames of signal handlers: backtraces, forced unwinding with cleanups on both sides of the frame,
 * pthread_exit and pthread_cancel within handlers. Built with -fexceptions -fnon-call-exceptions, so that an instruction that faults has its cleanups. */
#include "torture.h"
#include <setjmp.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unwind.h>

#define THREADS 8
#define DEEP 10
#define STACK (256 << 10)
#define NOINLINE __attribute__((noipa))
static int (*const volatile send)(int) = raise; /* raise() is declared not to throw */

/* THREADS times fn at once: each says how much it did. */
static void threads(void *(*fn)(void *), long much)
{
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&t[i], NULL, fn, (void *)much) == 0);
    for (int i = 0; i < THREADS; i++) {
        void *r;
        pthread_join(t[i], &r);
        CHECK((long)r == much);
    }
}
static void alternate_stack(char *s)
{
    stack_t ss = {.ss_sp = s, .ss_size = STACK};
    CHECK(sigaltstack(&ss, NULL) == 0);
}

/* ---- what faults, at the end of a recursion; each skips its instruction if the handler says so ---- */

enum { READ, WRITE, ILLEGAL, BREAKPOINT, BUS, CALL, KINDS };
static const int signal_of[KINDS] = {SIGSEGV, SIGSEGV, SIGILL, SIGTRAP, SIGBUS, SIGUSR1};
static char *beyond_end; /* of a file */
static NOINLINE int leaf_read(const int *p) { return *p; }
static NOINLINE int leaf_write(int *p) { return *p = 1, 0; }
static NOINLINE int leaf_illegal(int *p)
{
    (void)p;
    asm volatile("udf #1");
    return 0;
}
static NOINLINE int leaf_breakpoint(int *p)
{
    (void)p;
    asm volatile("brk #1");
    return 0;
}
static NOINLINE int leaf_bus(int *p)
{
    (void)p;
    return *(volatile char *)beyond_end;
}
static NOINLINE int leaf_call(int *p)
{
    (void)p;
    send(SIGUSR1);
    return 0;
}
static int (*const leaf[KINDS])(int *) = {(int (*)(int *))leaf_read, leaf_write, leaf_illegal, leaf_breakpoint, leaf_bus, leaf_call};

static void need_end_of_file(void)
{
    FILE *f = tmpfile();
    if (!CHECK(f != NULL)) exit(1);
    beyond_end = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(f), 0);
    CHECK(beyond_end != MAP_FAILED);
}

/* ---- backtraces: every function between the handler and the thread's first one is there ---- */

struct trace { int n; void *fn[200]; uintptr_t ip[200]; };
static void *function_of(struct _Unwind_Context *c, uintptr_t *ip)
{
    int before = 0;
    *ip = (uintptr_t)_Unwind_GetIPInfo(c, &before);
    return *ip ? _Unwind_FindEnclosingFunction((void *)(*ip + (uintptr_t)before)) : NULL; /* it subtracts one */
}
static _Unwind_Reason_Code note(struct _Unwind_Context *c, void *arg)
{
    struct trace *t = arg;
    if (t->n == 200) return _URC_NORMAL_STOP;
    t->fn[t->n] = function_of(c, &t->ip[t->n]);
    t->n++;
    return _URC_NO_REASON;
}
static int count(const struct trace *t, void *fn)
{
    int n = 0;
    for (int i = 0; i < t->n; i++) n += t->fn[i] == fn;
    return n;
}
static int has_ip(const struct trace *t, uintptr_t ip)
{
    for (int i = 0; i < t->n; i++)
        if (t->ip[i] == ip) return 1;
    return 0;
}

static _Thread_local int kind, nested;
static _Thread_local long rounds;
static _Thread_local ucontext_t *outer; /* what the handler of the fault was given */
static void *traced(void *);
static NOINLINE int down(int n)
{
    volatile int more = n > 1 ? down(n - 1) : leaf[kind](NULL); /* no loop, no tail call */
    return more + 1;
}
static void look(int n, siginfo_t *i, void *uc);
static void look_deeper(int n, siginfo_t *i, void *uc)
{
    (void)n, (void)i, (void)uc;
    struct trace t = {0};
    CHECK(_Unwind_Backtrace(note, &t) == _URC_END_OF_STACK);
    CHECK(count(&t, (void *)down) == DEEP && count(&t, (void *)traced) == 1 && count(&t, (void *)look) == 1);
    CHECK(count(&t, (void *)leaf[kind]) == 1 && has_ip(&t, outer->uc_mcontext.pc));
    rounds++;
}
static void look(int n, siginfo_t *i, void *uc)
{
    uintptr_t vdso = getauxval(AT_SYSINFO_EHDR);
    if (vdso) CHECK((uintptr_t)__builtin_return_address(0) - vdso < 4096);
    outer = uc;
    if (nested) send(SIGUSR2);
    else look_deeper(n, i, uc);
    if (kind != CALL) ((ucontext_t *)uc)->uc_mcontext.pc += 4;
}
static void handlers(void (*fn)(int, siginfo_t *, void *), void (*fn2)(int, siginfo_t *, void *))
{
    for (int k = 0; k < KINDS; k++) on_info(signal_of[k], fn, SA_ONSTACK);
    on_info(SIGUSR2, fn2, 0);
}
/* Every way to a handler, in turn; half of them on the alternate stack. */
static void choose_way(long i, char *alt)
{
    kind = (int)(i % KINDS), nested = (int)(i / KINDS % 2);
    stack_t ss = {.ss_sp = alt, .ss_size = STACK, .ss_flags = i / KINDS % 4 < 2 ? SS_DISABLE : 0};
    CHECK(sigaltstack(&ss, NULL) == 0);
}

static NOINLINE void *traced(void *arg)
{
    char *alt = malloc(STACK);
    for (long i = 0; i < (long)arg; i++) {
        choose_way(i, alt);
        down(DEEP);
        CHECK(rounds == i + 1);
    }
    return (void *)rounds;
}
static void backtraces(long scale)
{
    need_end_of_file();
    handlers(look, look_deeper);
    threads(traced, 4 * KINDS * scale);
}

/* ---- backtraces from any instruction: beginnings and ends of functions too ---- */

static _Thread_local volatile sig_atomic_t walking;
static _Thread_local volatile long walks;
static _Atomic int at_work;
static void *walked(void *);
static NOINLINE long fibonacci(long n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
static void walk(int n, siginfo_t *i, void *uc)
{
    (void)n, (void)i, (void)uc;
    struct trace t = {0};
    if (!walking) return;
    CHECK(_Unwind_Backtrace(note, &t) == _URC_END_OF_STACK && count(&t, (void *)walked) == 1 && count(&t, (void *)fibonacci) <= 15);
    walks++;
}
static NOINLINE void *walked(void *arg)
{
    sigset_t s;
    sigemptyset(&s), sigaddset(&s, SIGUSR1);
    walking = 1;
    while (walks < (long)arg) CHECK(fibonacci(15) == 610);
    walking = 0;
    pthread_sigmask(SIG_BLOCK, &s, NULL);
    at_work--;
    while (!over) usleep(500);
    return NULL;
}
static void any_instruction(long scale)
{
    pthread_t t[4];
    at_work = 4;
    on_info(SIGUSR1, walk, SA_RESTART);
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&t[i], NULL, walked, (void *)(100 * scale)) == 0);
    while (at_work) {
        for (int i = 0; i < 4; i++) pthread_kill(t[i], SIGUSR1);
        usleep(200);
    }
    over = 1;
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
}

/* ---- cleanups: which ran, the innermost first ---- */

struct log { int n, what[40]; };
static _Thread_local struct log *cleaned;
static void clean(const int *what)
{
    if (cleaned->n < 40) cleaned->what[cleaned->n++] = *what;
}
#define CLEANUP(k) int cleanup_ __attribute__((cleanup(clean), unused)) = (k)
enum { IN_NESTED = 300, IN_HANDLER = 200, IN_LEAF = 100, IN_THREAD = 50 }; /* and DEEP ... 1 in the functions between */

static void check_log(const struct log *l, int in_nested, int in_leaf, int in_thread)
{
    struct log want = {0};
    if (in_nested) want.what[want.n++] = IN_NESTED;
    want.what[want.n++] = IN_HANDLER;
    if (in_leaf) want.what[want.n++] = IN_LEAF;
    for (int i = 1; i <= DEEP; i++) want.what[want.n++] = i;
    if (in_thread) want.what[want.n++] = IN_THREAD;
    if (!CHECK(l->n == want.n && !memcmp(l->what, want.what, sizeof want.what[0] * (size_t)want.n)))
        for (int i = 0; i < l->n; i++) fprintf(stderr, "cleanup %d%s", l->what[i], i < l->n - 1 ? ", " : "\n");
}

static NOINLINE int clean_read(int *p)
{
    CLEANUP(IN_LEAF);
    return *(volatile int *)p;
}
static NOINLINE int clean_write(int *p)
{
    CLEANUP(IN_LEAF);
    *(volatile int *)p = 1;
    return 0;
}
static NOINLINE int clean_illegal(int *p)
{
    CLEANUP(IN_LEAF); /* an asm has none */
    return leaf_illegal(p) + 1;
}
static NOINLINE int clean_breakpoint(int *p)
{
    CLEANUP(IN_LEAF);
    return leaf_breakpoint(p) + 1;
}
static NOINLINE int clean_bus(int *p)
{
    CLEANUP(IN_LEAF);
    (void)p;
    return *(volatile char *)beyond_end;
}
static NOINLINE int clean_call(int *p)
{
    CLEANUP(IN_LEAF);
    (void)p;
    return send(SIGUSR1);
}
static int (*const clean_leaf[KINDS])(int *) = {clean_read, clean_write, clean_illegal, clean_breakpoint, clean_bus, clean_call};
static NOINLINE int clean_down(int n)
{
    CLEANUP(n);
    return n > 1 ? clean_down(n - 1) + 1 : clean_leaf[kind](NULL);
}

/* Forced unwinding as far as the function that began. */
static _Thread_local sigjmp_buf beginning;
static _Thread_local struct _Unwind_Exception exception;
static NOINLINE void once(struct log *);
static _Unwind_Reason_Code stop(int v, _Unwind_Action a, _Unwind_Exception_Class c, struct _Unwind_Exception *e, struct _Unwind_Context *ctx, void *arg)
{
    uintptr_t ip;
    (void)v, (void)c, (void)e, (void)arg;
    if (!CHECK(!(a & _UA_END_OF_STACK))) abort();
    if (function_of(ctx, &ip) == (void *)once) siglongjmp(beginning, 1);
    return _URC_NO_REASON;
}
static NOINLINE void unwind(void)
{
    memset(&exception, 0, sizeof exception);
    _Unwind_ForcedUnwind(&exception, stop, NULL);
    abort();
}
static void unwind_nested(int n, siginfo_t *i, void *uc)
{
    CLEANUP(IN_NESTED);
    (void)n, (void)i, (void)uc;
    unwind();
}
static void unwind_handler(int n, siginfo_t *i, void *uc)
{
    CLEANUP(IN_HANDLER);
    (void)n, (void)i, (void)uc;
    if (nested) send(SIGUSR2);
    else unwind();
}
static NOINLINE void once(struct log *l)
{
    cleaned = l;
    if (sigsetjmp(beginning, 1)) return;
    clean_down(DEEP);
    abort();
}
static void *forced(void *arg)
{
    char *alt = malloc(STACK);
    for (long i = 0; i < (long)arg; i++) {
        struct log l = {0};
        choose_way(i, alt);
        once(&l);
        check_log(&l, nested, 1, 0);
        rounds++;
    }
    return (void *)rounds;
}
static void forced_unwind(long scale)
{
    need_end_of_file();
    handlers(unwind_handler, unwind_nested);
    threads(forced, 4 * KINDS * scale);
}

/* ---- threads that end in a handler, by themselves or cancelled: in a call, while they compute, in a handler on top of another ---- */

enum { EXITS, READS, PAUSES, SPINS, NESTED, ANYWHERE, ENDS };
struct victim { int how, on_alt; struct log log; };
static _Thread_local struct victim *victim;
static _Thread_local volatile long spun;
static _Atomic int ready;
static int empty_pipe[2];
static NOINLINE void spin(void)
{
    for (;;) spun++;
}
static NOINLINE void wait_for_end(void)
{
    char c;
    pthread_setcanceltype(victim->how == SPINS || victim->how == ANYWHERE ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, NULL);
    ready++;
    if (victim->how == EXITS) pthread_exit(PTHREAD_CANCELED);
    if (victim->how == READS || victim->how == NESTED) (void)!read(empty_pipe[0], &c, 1);
    if (victim->how == PAUSES) pause();
    spin();
}
static void end_nested(int n, siginfo_t *i, void *uc)
{
    CLEANUP(IN_NESTED);
    (void)n, (void)i, (void)uc;
    wait_for_end();
}
static void end_handler(int n, siginfo_t *i, void *uc)
{
    CLEANUP(IN_HANDLER);
    (void)n, (void)i, (void)uc;
    if (victim->how == NESTED) send(SIGUSR2);
    else wait_for_end();
}
static NOINLINE int end_down(int n)
{
    CLEANUP(n);
    if (n > 1) return end_down(n - 1) + 1;
    if (victim->how != ANYWHERE) return clean_leaf[kind](NULL);
    ready++;
    spin();
    return 0;
}
static void clean_thread(void *arg)
{
    clean(arg);
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
}
static void *be_ended(void *arg)
{
    int in_thread = IN_THREAD;
    victim = arg, cleaned = &victim->log, kind = victim->how % 2 ? CALL : READ;
    char *alt = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (victim->on_alt) alternate_stack(alt);
    pthread_cleanup_push(clean_thread, &in_thread);
    end_down(DEEP);
    pthread_cleanup_pop(0);
    return arg;
}
static void wait_ready(int n)
{
    while (ready < n) sched_yield();
}
static void ends(long scale)
{
    enum { N = 2 * ENDS };
    CHECK(pipe(empty_pipe) == 0);
    handlers(end_handler, end_nested);
    for (long k = 0; k < 5 * scale; k++) {
        pthread_t t[N];
        struct victim v[N];
        ready = 0;
        for (int i = 0; i < N; i++) {
            v[i] = (struct victim){.how = i % ENDS, .on_alt = i / ENDS};
            CHECK(pthread_create(&t[i], NULL, be_ended, &v[i]) == 0);
        }
        wait_ready(N);
        for (int i = ANYWHERE; i < N; i += ENDS) pthread_kill(t[i], SIGUSR1);
        wait_ready(N + 2);
        for (int i = 0; i < N; i++)
            if (v[i].how != EXITS) pthread_cancel(t[i]);
        for (int i = 0; i < N; i++) {
            void *r;
            pthread_join(t[i], &r);
            CHECK(r == PTHREAD_CANCELED);
            check_log(&v[i].log, v[i].how == NESTED, v[i].how != ANYWHERE, 1);
        }
    }
}

static const struct test tests[] = {
    {"backtraces", backtraces}, {"any_instruction", any_instruction}, {"forced_unwind", forced_unwind}, {"ends", ends},
};

int main(int argc, char **argv) { return run_tests(tests, sizeof tests / sizeof *tests, argc, argv); }
