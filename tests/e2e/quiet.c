/* e2e/quiet.c - threads in functions that are about to be patched. Each line of input is an order; the answer says what happened.
 *   in HOW      a thread goes down to nap(), which f() calls, and sleeps there until it is woken; HOW is one of ways[]
 *   out         it is woken; answer: what f() returned, g()'s half of it before and after the sleep
 *   busy N      N threads call quick() without end; `calm` ends them: how many calls saw two versions
 *   vforked     the same of slow() in a child of vfork, which is hardly ever outside of it
 *   until V     answered once a call has said V
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noclone, used))
#define FENCE __asm__ volatile("" ::: "memory")

static int gate[2], deep;
static _Atomic int inside;

KEEP int g(int x) { FENCE; return x + 1; }
KEEP int nap(void)
{
    char c;
    atomic_store(&inside, 1);
    ssize_t n = read(gate[0], &c, 1);
    FENCE;
    return n != 1;
}
/* nap(); with in_register set the return address is nowhere but in X19 meanwhile, and no call frame information says so. */
int doze(void);
KEEP int in_register;
__asm__(".text\n.type doze, %function\n"
        "doze: adrp x8, in_register\n ldr w8, [x8, :lo12:in_register]\n cbnz w8, 1f\n b nap\n"
        "1: str x19, [sp, #-16]!\n mov x19, x30\n bl nap\n mov x30, x19\n ldr x19, [sp], #16\n ret\n"
        ".size doze, . - doze\n");
/* 1000 * (what g says before) + what it says after; not 0 more if the read was disturbed. */
KEEP int f(int x)
{
    int a = g(x);
    int b = doze() * 100000;
    FENCE;
    return a * 1000 + b + g(x);
}
KEEP int quick(int x) { int a = g(x); FENCE; return a * 1000 + g(x); }
KEEP int slow(int x)
{
    int a = g(x);
    for (volatile int i = 0; i < 100000; i++) {}
    return a * 1000 + g(x);
}

static int result;
KEEP void plain(void) { result = f(1); FENCE; }
static void by_register(void) { in_register = 1; result = f(1); in_register = 0; }
KEEP int recursive(int n)
{
    int r = n ? recursive(n - 1) : f(1);
    FENCE;
    return r;
}
static void deeply(void) { result = recursive(deep); }
static void handler(int s) { (void)s; result = f(1); FENCE; }
static void in_handler(void)
{
    struct sigaction a = {.sa_handler = handler};
    sigaction(SIGUSR1, &a, NULL);
    raise(SIGUSR1);
}
static void on_altstack(void)
{
    static char stack[65536];
    struct sigaction a = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    sigaction(SIGUSR1, &a, NULL);
    raise(SIGUSR1);
}
/* f is below the handler: interrupted in its sleep. */
static void idle_handler(int s)
{
    char c;
    (void)s;
    atomic_store(&inside, 2);
    (void)!read(gate[0], &c, 1);
}
static void interrupted(void)
{
    static char stack[65536];
    struct sigaction a = {.sa_handler = idle_handler, .sa_flags = SA_ONSTACK | SA_RESTART};
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    sigaction(SIGUSR2, &a, NULL);
    result = f(1);
}
static ucontext_t back, ctx;
static void body(void) { result = f(1); }
static void in_context(void)
{
    static char stack[65536];
    getcontext(&ctx);
    ctx.uc_stack.ss_sp = stack, ctx.uc_stack.ss_size = sizeof stack, ctx.uc_link = &back;
    makecontext(&ctx, body, 0);
    swapcontext(&back, &ctx);
}
static jmp_buf env;
KEEP int jumps(int x) { int a = f(x); result = a; FENCE; longjmp(env, 1); return a; }
static void by_jump(void) { if (!setjmp(env)) jumps(1); }
static void elsewhere(void) { nap(); }
static int compare(const void *a, const void *b) { (void)a, (void)b; if (!atomic_load(&inside)) result = f(1); return 0; }
static void through_libc(void) { int v[2] = {1, 2}; qsort(v, 2, sizeof *v, compare); }

static const struct { const char *name; void (*run)(void); } ways[] = {
    {"plain", plain}, {"deep", deeply}, {"handler", in_handler}, {"altstack", on_altstack}, {"interrupted", interrupted}, {"context", in_context},
    {"jump", by_jump}, {"elsewhere", elsewhere}, {"libc", through_libc}, {"register", by_register},
};
static void *enter(void *way) { ((void (*)(void))way)(); atomic_store(&inside, 0); return NULL; }

static _Atomic int stop;
static _Atomic int wanted; /* what a call is to say; 0 = it has */
static _Atomic long mixed;
static void *spin(void *function)
{
    while (!stop) {
        int r = ((int (*)(int))function)(1);
        if (r == wanted) wanted = 0;
        if (r / 1000 != r % 1000) atomic_fetch_add(&mixed, 1);
    }
    return NULL;
}
static void *spin_in_child(void *function)
{
    if (vfork() == 0) {
        spin(function);
        _exit(0);
    }
    return NULL;
}

int main(void)
{
    char line[64], arg[32];
    int n;
    pthread_t t, busy[64];
    int nbusy = 0;
    if (pipe(gate)) return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ready");
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "in %31s %d", arg, &n) >= 1) {
            deep = strcmp(arg, "deep") ? 0 : n;
            for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++)
                if (!strcmp(ways[i].name, arg)) pthread_create(&t, NULL, enter, (void *)ways[i].run);
            while (!atomic_load(&inside)) usleep(1000);
            if (!strcmp(arg, "interrupted")) { usleep(20000); pthread_kill(t, SIGUSR2); while (atomic_load(&inside) != 2) usleep(1000); }
            usleep(20000);
            puts("inside");
        } else if (!strncmp(line, "out", 3)) {
            (void)!write(gate[1], "xx", atomic_load(&inside));
            pthread_join(t, NULL);
            atomic_store(&inside, 0);
            printf("%d\n", result);
            result = 0;
        } else if (sscanf(line, "busy %d", &n) == 1) {
            stop = 0, mixed = 0;
            for (nbusy = 0; nbusy < n && nbusy < 64; nbusy++) pthread_create(&busy[nbusy], NULL, spin, (void *)quick);
            puts("busy");
        } else if (!strncmp(line, "vforked", 7)) {
            stop = 0, mixed = 0;
            pthread_create(&busy[nbusy++], NULL, spin_in_child, (void *)slow);
            puts("busy");
        } else if (sscanf(line, "until %d", &n) == 1) {
            for (wanted = n; wanted;) usleep(1000);
            printf("%d\n", n);
        } else if (!strncmp(line, "calm", 4)) {
            stop = 1;
            while (nbusy) pthread_join(busy[--nbusy], NULL);
            printf("mixed %ld\n", (long)mixed);
        } else break;
    }
    return 0;
}
