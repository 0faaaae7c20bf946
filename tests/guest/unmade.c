/* A call that a signal comes before is made after its handler, with or without SA_RESTART: what cannot block never gives EINTR. */
/* oracle: host */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t got;
static void on(int n)
{
    (void)n;
    got++;
}

int main(void)
{
    struct sigaction sa = {.sa_handler = on};
    int null = open("/dev/null", O_WRONLY), zero = open("/dev/zero", O_RDONLY), bad = 0;
    char c;
    sigaction(SIGUSR1, &sa, NULL);
    pid_t me = getpid(), sender = fork();
    if (!sender) {
        for (int i = 0; i < 30000; i++)
            kill(me, SIGUSR1), sched_yield();
        _exit(0);
    }
    while (waitpid(sender, NULL, WNOHANG) == 0)
        for (int i = 0; i < 100; i++)
            bad += (write(null, "x", 1) != 1) + (read(zero, &c, 1) != 1);
    printf("signals: %s, calls that failed: %d\n", got > 10 ? "many" : "few", bad);
    return 0;
}
