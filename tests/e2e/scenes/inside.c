/* Threads that are held inside a function while a test patches it, in every way in which a function can be left: returns, locks, signal handlers,
 * cancellation, jumps, exceptions, coroutines, children. Compiled twice: as it is, and with NEW for the new bodies, which give 100 where the old ones give 1. */
#define _GNU_SOURCE
#undef __EXCEPTIONS /* pthread_cleanup_push without tables */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unwind.h>
#include <unistd.h>

#include "twice.h"
#define BARRIER __asm__ volatile("" ::: "memory")

HERE sem_t gate;
extern pthread_mutex_t guard;
HERE volatile int held, wrong, handled_sum;
HERE __thread int mine;
HERE __thread jmp_buf back;
HERE __thread ucontext_t outside, coroutine;
extern char *child_args[2][3], self[];
HERE int hold_pipe[2], held_pipe[2];
extern char **environ;

int hold(void);
void cleaned(void *v);
void count_cleanup(int *v);
void throw(int v);
int leave(int way);

/* 21 frames that the gate finds, and three more. */
PART int deep(int n)
{
    if (n == 100) return 0;
    if (n == 20) hold(), n = 96;
    int r = deep(n + 1);
    BARRIER;
    return r + GIVES;
}
PART int locked(void)
{
    pthread_mutex_lock(&guard);
    hold();
    pthread_mutex_unlock(&guard);
    return GIVES;
}
PART void handler(int sig)
{
    hold();
    mine += GIVES;
}
PART int cancelled(int n)
{
    pthread_cleanup_push(cleaned, (void *)GIVES);
    hold();
    pthread_cleanup_pop(0);
    return n;
}
PART void jumper(int n)
{
    hold();
    longjmp(back, n + GIVES);
}
PART void body(void)
{
    swapcontext(&coroutine, &outside);
    mine = GIVES;
}
PART int forker(int n)
{
    int status;
    pid_t pid = vfork();
    if (pid == 0) write(held_pipe[1], &held, 1), read(hold_pipe[0], &status, 1), _exit(GIVES);
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status) + n;
}
PART int spawner(int n)
{
    int status;
    pid_t pid;
    hold();
    if (posix_spawn(&pid, self, NULL, NULL, child_args[GIVES != 1], environ)) return -1;
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status) + n;
}
PART int heap(int n)
{
    char *p = malloc(n);
    hold();
    free(p);
    return GIVES;
}

/* Thrown over, by a function that it calls; its cleanup is a destructor. */
PART int middle(int n)
{
    __attribute__((cleanup(count_cleanup))) int there = GIVES;
    hold();
    throw(GIVES);
    return n + there;
}

/* Left by an exception, by the end of the thread, or by its cancellation: whoever called it is to be cleaned up. */
PART int passed(int way)
{
    mine = GIVES;
    int r = leave(way);
    BARRIER;
    return r + GIVES;
}

#ifndef NEW
pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
char self[] = "/proc/self/exe", *child_args[2][3] = {{"child", "1"}, {"child", "100"}};

PART int hold(void)
{
    __atomic_add_fetch(&held, 1, 5);
    while (sem_wait(&gate)) wrong++; /* nothing interrupts it */
    __atomic_add_fetch(&held, -1, 5);
    return 0;
}
PART void cleaned(void *v) { mine = (int)(long)v; __atomic_add_fetch(&handled_sum, mine, 5); }

/* ---- what a C++ compiler makes of throw and catch ---- */
PART void count_cleanup(int *v) { __atomic_add_fetch(&handled_sum, 1000 * *v, 5); }
PART void throw(int v)
{
    static __thread struct _Unwind_Exception e;
    e = (struct _Unwind_Exception){.private_1 = 0};
    mine = v;
    _Unwind_RaiseException(&e);
    abort();
}
extern char landing[];
_Unwind_Reason_Code catches(int v, _Unwind_Action a, _Unwind_Exception_Class c, struct _Unwind_Exception *e, struct _Unwind_Context *ctx)
{
    if (a & _UA_SEARCH_PHASE) return _URC_HANDLER_FOUND;
    if (a & _UA_HANDLER_FRAME) return _Unwind_SetIP(ctx, (_Unwind_Ptr)landing), _URC_INSTALL_CONTEXT;
    return _URC_CONTINUE_UNWIND;
}
/* try { f(0); return 0; } catch (...) { return 1; } */
int catcher(int (*f)(int));
__asm__(".pushsection .text\n.type catcher, %function\ncatcher:\n\t.cfi_startproc\n\t.cfi_personality 0x1b, catches\n\tstp x29, x30, [sp, #-16]!\n"
        "\t.cfi_def_cfa_offset 16\n\t.cfi_offset 29, -16\n\t.cfi_offset 30, -8\n\tmov x29, sp\n\tmov x1, x0\n\tmov w0, #0\n\tblr x1\n\tmov w0, #0\n\tb 1f\n"
        ".globl landing\nlanding:\n\tmov w0, #1\n1:\tldp x29, x30, [sp], #16\n\tret\n\t.cfi_endproc\n.size catcher, .-catcher\n.popsection");
static int throws(void) { return catcher(middle) ? mine : 0; }

enum { THROW, EXIT, CANCEL };
static void cleaned_up(int *v) { __atomic_add_fetch(&handled_sum, 1000 * *v + mine, 5); }
PART int passes(int way)
{
    __attribute__((cleanup(cleaned_up))) int there = 1;
    int r = passed(way);
    BARRIER;
    return r + there;
}
static _Unwind_Reason_Code is_passes(struct _Unwind_Context *c, void *seen)
{
    if (_Unwind_GetRegionStart(c) == (_Unwind_Ptr)passes) *(int *)seen = 1;
    return _URC_NO_REASON;
}
PART int leave(int way)
{
    int seen = 0;
    hold();
    _Unwind_Backtrace(is_passes, &seen);
    wrong += !seen;
    if (way == THROW) throw(mine);
    if (way == EXIT) pthread_exit(NULL);
    return wrong++;
}
PART int passes_throw(void) { return passes(THROW) + 1; }
static int exceptions(void) { return catcher(passes_throw) ? 0 : 5; }
static int exits(void) { return passes(EXIT); }
static int cancels(void) { return passes(CANCEL); }

static int recursion(void) { return deep(0); }
static int arrived; /* one of them holds the lock, and the others wait for it */
static int locks(void) { return __atomic_add_fetch(&arrived, 1, 5), locked(); }
static int signals(void)
{
    static __thread char stack[65536];
    stack_t st = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction a = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigaltstack(&st, NULL);
    sigaction(SIGUSR1, &a, NULL);
    mine = 0;
    pthread_kill(pthread_self(), SIGUSR1);
    return mine;
}
static int cancel(void) { return cancelled(5); }
static int jumps(void)
{
    int r = setjmp(back);
    if (!r) jumper(0);
    return r;
}
static int coroutines(void)
{
    char *stack = malloc(65536);
    getcontext(&coroutine);
    coroutine.uc_stack.ss_sp = stack, coroutine.uc_stack.ss_size = 65536, coroutine.uc_link = &outside;
    makecontext(&coroutine, body, 0);
    swapcontext(&outside, &coroutine);
    hold();
    swapcontext(&outside, &coroutine);
    free(stack);
    return mine;
}
static int vforks(void) { return forker(0); }
static int spawns(void) { return spawner(0); }
static int heaps(void) { return heap(100000); }

static const struct scene { const char *name; int (*fn)(void); } scenes[] = {{"recursion", recursion}, {"locks", locks}, {"signals", signals},
    {"cancel", cancel}, {"jumps", jumps}, {"coroutines", coroutines}, {"vforks", vforks}, {"spawns", spawns}, {"heaps", heaps}, {"throws", throws},
    {"exceptions", exceptions}, {"exits", exits}, {"cancels", cancels}};
static pthread_t thread[64];
static int nthread, by_pipe;
static void *run(void *fn) { return (void *)(long)((int (*)(void))fn)(); }

/* So many threads, and so many of them get to the gate. */
static void begin(const char *name, int threads, int want)
{
    char c;
    want += held;
    by_pipe = !strcmp(name, "vforks");
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
        for (int k = 0; k < threads && !strcmp(scenes[i].name, name); k++) pthread_create(&thread[nthread++], NULL, run, scenes[i].fn);
    for (int k = 0; k < want && by_pipe; k++) read(held_pipe[0], &c, 1);
    while (held != want && !by_pipe) usleep(1000);
    if (!strcmp(name, "locks")) {
        while (arrived % threads) usleep(1000);
        usleep(200000); /* they have counted themselves, and go to sleep */
    }
    printf("inside %d\n", threads);
}
/* The gate opens, or they are cancelled; the sum of what they return and of what cancellation handlers were given. */
static void go(int by_cancel)
{
    int sum = 0;
    void *r;
    handled_sum = 0;
    for (int i = 0; i < nthread; i++) by_cancel ? (void)pthread_cancel(thread[i]) : by_pipe ? (void)write(hold_pipe[1], "", 1) : (void)sem_post(&gate);
    for (int i = 0; i < nthread; i++) {
        pthread_join(thread[i], &r);
        if (r == PTHREAD_CANCELED) held--;
        else sum += (int)(long)r;
    }
    nthread = 0;
    while (!sem_trywait(&gate)) {}
    printf("sum %d wrong %d\n", sum + handled_sum, wrong);
}

int main(int argc, char **argv)
{
    char line[100], name[40];
    int threads, want;
    if (argc > 1) return atoi(argv[1]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    sem_init(&gate, 0, 0);
    pipe(hold_pipe), pipe(held_pipe);
    puts("ready");
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "begin %39s %d %d", name, &threads, &want) == 3) begin(name, threads, want);
        if (!strncmp(line, "go", 2)) go(0);
        if (!strncmp(line, "cancel", 6)) go(1);
        if (!strncmp(line, "bye", 3)) break;
    }
    return 0;
}
#endif
