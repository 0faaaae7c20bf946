/* SIGCHLD: what it says about children, ignoring it, stopped children. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t last;
static volatile sig_atomic_t got;
static void child(int n, siginfo_t *i, void *uc)
{
    (void)uc;
    got++;
    printf("SIGCHLD %d code %d status %d it %d\n", n == SIGCHLD, i->si_code, i->si_status, i->si_pid == last);
}
static void on(int flags)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_sigaction = child;
    sa.sa_flags = SA_SIGINFO | SA_RESTART | flags;
    sigaction(SIGCHLD, &sa, NULL);
}
static void run(int how)
{
    sigset_t s, old;
    sigemptyset(&s), sigaddset(&s, SIGCHLD), sigprocmask(SIG_BLOCK, &s, &old);
    got = 0;
    if ((last = fork()) == 0) {
        sigprocmask(SIG_SETMASK, &old, NULL);
        if (how >= 100) kill(getpid(), how - 100);
        _exit(how);
    }
    while (!got) sigsuspend(&old);
    int st = 0;
    pid_t r = waitpid(last, &st, WNOHANG | WUNTRACED);
    printf("wait %d status %x\n", r == last, WIFSIGNALED(st) ? (unsigned)WTERMSIG(st) : (unsigned)st);
    if (WIFSTOPPED(st)) {
        got = 0;
        kill(last, SIGKILL);
        while (!got) sigsuspend(&old);
        printf("killed %d\n", waitpid(last, &st, 0) == last && WTERMSIG(st) == SIGKILL);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
}
int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    on(0);
    run(0), run(7), run(100 + SIGTERM), run(100 + SIGKILL), run(100 + SIGRTMIN + 2), run(100 + SIGSTOP), run(100 + SIGTSTP);
    on(SA_NOCLDSTOP);
    run(100 + SIGHUP);
    signal(SIGCHLD, SIG_IGN);
    if (!(last = fork())) _exit(1);
    printf("ignored: wait %d", waitpid(last, NULL, 0)), printf(" %d\n", errno == ECHILD);
    struct sigaction sa = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    sigaction(SIGCHLD, &sa, NULL);
    if (!(last = fork())) _exit(1);
    printf("nocldwait: wait %d", waitpid(last, NULL, 0)), printf(" %d\n", errno == ECHILD);
    signal(SIGCHLD, SIG_DFL);
    if (!(last = fork())) _exit(5);
    siginfo_t si;
    memset(&si, 0, sizeof si);
    printf("waitid %d", waitid(P_PID, (id_t)last, &si, WEXITED | WNOWAIT)), printf(" %d %d\n", si.si_status, si.si_pid == last);
    printf("still there %d\n", waitpid(last, NULL, 0) == last);
    printf("none %d", kill(last, 0)), printf(" %d\n", errno == ESRCH);
    return 0;
}
