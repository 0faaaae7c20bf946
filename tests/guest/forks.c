/* fork, exit statuses, wait in every form, orphaned memory. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); int own = 5;
    for (int i = 0; i < 8; i++) { fflush(stdout); pid_t p = fork(); if (!p) { own += i; __atomic_add_fetch(shared, own, __ATOMIC_SEQ_CST); exit(i * 3); } int st; pid_t r = waitpid(p, &st, 0); printf("%d %d\n", r == p, WEXITSTATUS(st)); }
    printf("%d %d\n", own, *shared);
    int sig[] = {SIGTERM, SIGKILL, SIGABRT, SIGSEGV};
    for (int i = 0; i < 4; i++) { pid_t p = fork(); if (!p) { if (i == 2) abort(); if (i == 3) *(volatile int *)0 = 1; raise(sig[i]); pause(); } int st; waitpid(p, &st, 0); printf("%d %d\n", WIFSIGNALED(st), WTERMSIG(st)); }
    pid_t k[10]; for (int i = 0; i < 10; i++) if (!(k[i] = fork())) { usleep(1000 * (unsigned)(10 - i)); _exit(i); }
    int sum = 0, st; while (wait(&st) > 0) sum += WEXITSTATUS(st); printf("%d\n", sum);
    pid_t s = fork(); if (!s) { raise(SIGSTOP); _exit(4); } waitpid(s, &st, WUNTRACED); printf("%d %d\n", WIFSTOPPED(st), WSTOPSIG(st)); kill(s, SIGCONT); waitpid(s, &st, 0); printf("%d\n", WEXITSTATUS(st));
    siginfo_t si; s = fork(); if (!s) _exit(77); waitid(P_PID, (id_t)s, &si, WEXITED); printf("%d %d %d\n", si.si_code == CLD_EXITED, si.si_status, si.si_pid == s);
    printf("%d\n", (int)wait(NULL));
    return 0;
}
