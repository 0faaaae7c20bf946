/* embed PROGRAM [ARGUMENT...] - a program in a process that goes on after it, with the signals that it had. Prints how the program ended. */
#include <arm64lp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void on_term(int n) { (void)n; }

int main(int argc, char **argv)
{
    static const char *const env[] = {NULL};
    struct lp_vm_config config = {.no_control = true};
    struct sigaction before, after;
    struct lp_error err;
    struct lp_exit end;
    sigset_t mask;
    lp_vm *vm;
    if (argc < 2)
        return 2;
    signal(SIGTERM, on_term);
    sigemptyset(&mask), sigaddset(&mask, SIGUSR1), sigprocmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGTERM, NULL, &before);
    if (lp_vm_new(&config, &vm, &err) != LP_OK)
        return fprintf(stderr, "%s\n", err.text), 2;
    if (lp_vm_load(vm, argv[1], (const char *const *)argv + 1, env, &err) != LP_OK || lp_vm_run(vm, &end, &err) != LP_OK)
        return fprintf(stderr, "%s\n", err.text), 2;
    lp_vm_free(vm);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigaction(SIGTERM, NULL, &after);
    printf("status %d signal %d mask %s handler %s\n", end.status, end.signo, sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGTERM) ? "kept" : "lost",
           before.sa_handler == after.sa_handler ? "kept" : "lost");
    return 0;
}
