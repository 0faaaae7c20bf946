/* The order in which signals that were blocked come in: those that instructions cause first, then by number; sigtimedwait takes them likewise. */
/* oracle: host */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int order[64], n;
static void handler(int signo) { order[n++] = signo; }

static void send(const int *signals)
{
    for (; *signals; signals++) kill(getpid(), *signals);
}

static void print(const char *what)
{
    printf("%s:", what);
    for (int i = 0; i < n; i++) printf(" %d", order[i]);
    puts("");
    n = 0;
}

int main(void)
{
    static const int some[] = {SIGTERM, SIGSEGV, SIGUSR1, SIGSYS, SIGBUS, SIGHUP, SIGFPE, SIGTRAP, SIGILL, 0}, two[] = {SIGSEGV, SIGBUS, 0},
                     late[] = {SIGBUS, SIGCHLD, SIGSYS, 0};
    const int *const sets[] = {some, two, late};
    struct sigaction act = {.sa_handler = handler};
    sigset_t all, old;
    sigfillset(&act.sa_mask);
    sigfillset(&all);
    for (int i = 0; i < 3; i++)
        for (const int *s = sets[i]; *s; s++) sigaction(*s, &act, NULL);
    for (int i = 0; i < 3; i++) {
        sigprocmask(SIG_BLOCK, &all, &old);
        send(sets[i]);
        sigprocmask(SIG_SETMASK, &old, NULL);
        print("handlers");
        sigprocmask(SIG_BLOCK, &all, &old);
        send(sets[i]);
        const struct timespec none = {0, 0};
        while ((order[n] = sigtimedwait(&all, NULL, &none)) > 0) n++;
        print("waited for");
        sigprocmask(SIG_SETMASK, &old, NULL);
    }
    return 0;
}
