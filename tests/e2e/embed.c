/* embed PROGRAM [ARGUMENT...] - a program in a process that goes on after it, with the signals that it had. Prints how the program ended.
 * EMBED_BAD: files that are loaded before, in vain, with a colon between them; EMBED_SPOILT: one whose failure spoils the machine. */
#include <arm64lp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_term(int n) { (void)n; }

/* Loads what cannot be loaded. */
static void fail_to_load(lp_vm *vm, const char *what)
{
    static const char *const env[] = {NULL};
    struct lp_error err;
    char *all = what ? strdup(what) : NULL;
    for (char *p = all ? strtok(all, ":") : NULL; p; p = strtok(NULL, ":")) {
        const char *const argv[] = {p, NULL};
        printf("%s\n", lp_vm_load(vm, p, argv, env, &err) == LP_OK ? "loaded" : err.text);
    }
    free(all);
}

int main(int argc, char **argv)
{
    static const char *const env[] = {NULL};
    struct lp_vm_config config = {.no_control = true};
    struct sigaction before, after;
    struct lp_error err;
    struct lp_exit end;
    sigset_t mask;
    lp_vm *vm, *second;
    if (argc < 2)
        return 2;
    signal(SIGTERM, on_term);
    sigemptyset(&mask), sigaddset(&mask, SIGUSR1), sigprocmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGTERM, NULL, &before);
    if (lp_vm_new(&config, &vm, &err) != LP_OK)
        return fprintf(stderr, "%s\n", err.text), 2;
    if (getenv("EMBED_BAD"))
        printf("%s\n", lp_vm_new(&config, &second, &err) == LP_OK ? "a second one" : err.text);
    fail_to_load(vm, getenv("EMBED_BAD"));
    fail_to_load(vm, getenv("EMBED_SPOILT"));
    if (lp_vm_load(vm, argv[1], (const char *const *)argv + 1, env, &err) != LP_OK || lp_vm_run(vm, &end, &err) != LP_OK)
        return fprintf(stderr, "%s\n", err.text), 2;
    lp_vm_free(vm);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigaction(SIGTERM, NULL, &after);
    printf("status %d signal %d mask %s handler %s\n", end.status, end.signo, sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGTERM) ? "kept" : "lost",
           before.sa_handler == after.sa_handler ? "kept" : "lost");
    return 0;
}
