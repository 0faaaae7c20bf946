/* Alternate stacks: a stack overflow is survived, flags, errors. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char alt[65536] __attribute__((aligned(16)));
static sigjmp_buf back;
static int on_alt(void *p) { return (char *)p >= alt && (char *)p < alt + sizeof alt; }
static void handler(int n, siginfo_t *i, void *p)
{
    int local;
    stack_t ss, bad = {.ss_sp = alt, .ss_size = sizeof alt};
    (void)i;
    ucontext_t *uc = p;
    sigaltstack(NULL, &ss);
    printf("handler %d on alt %d flags %d uc %d", n, on_alt(&local), ss.ss_flags, uc->uc_stack.ss_sp == alt);
    printf(" change %d", sigaltstack(&bad, NULL)), printf(" %d\n", errno == EPERM);
    if (n == SIGUSR1) raise(SIGUSR2);
    if (n == SIGSEGV) siglongjmp(back, 1);
}
static volatile int forever = 1;
static int deep(int n)
{
    volatile char room[4096];
    room[0] = (char)n;
    return forever ? deep(n + 1) + room[0] : n;
}
static void on(int n, int flags)
{
    struct sigaction sa = {.sa_flags = SA_SIGINFO | flags};
    sa.sa_sigaction = handler;
    sigaction(n, &sa, NULL);
}
int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    stack_t ss = {.ss_sp = alt, .ss_size = sizeof alt}, old;
    printf("set %d\n", sigaltstack(&ss, &old));
    printf("old flags %d\n", old.ss_flags);
    on(SIGUSR1, SA_ONSTACK), on(SIGUSR2, SA_ONSTACK), on(SIGSEGV, SA_ONSTACK);
    raise(SIGUSR1);
    on(SIGUSR2, 0);
    raise(SIGUSR2);
    for (volatile int i = 0; i < 2; i++) {
        if (sigsetjmp(back, 1) == 0) printf("%d\n", deep(0));
        else printf("survived %d\n", i);
    }
    stack_t small = {.ss_sp = alt, .ss_size = 100}, odd = {.ss_sp = alt, .ss_size = sizeof alt, .ss_flags = 64};
    printf("%d", sigaltstack(&small, NULL)), printf(" %d\n", errno == ENOMEM);
    printf("%d", sigaltstack(&odd, NULL)), printf(" %d\n", errno == EINVAL);
    stack_t off = {.ss_flags = SS_DISABLE};
    printf("%d", sigaltstack(&off, &old)), printf(" %d %d\n", old.ss_flags, old.ss_size == sizeof alt);
    fflush(stdout);
    if (fork() == 0) { /* no stack left to run the handler on: the process dies of SIGSEGV */
        close(2);
        printf("%d\n", deep(0));
    }
    int st;
    wait(&st);
    printf("child died of %d\n", WTERMSIG(st));
    return 0;
}
