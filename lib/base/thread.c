/* base/thread.c - threads of the engine's own. */
#include <config.h>
#include "base/os.h"
#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

struct start {
    void *(*fn)(void *arg);
    void *arg;
};

/* 32 and 33 too, which the C library's own function leaves out. */
static void block_signals(uint64_t *old)
{
    const uint64_t mask = ~(UINT64_C(1) << (SIGSEGV - 1) | UINT64_C(1) << (SIGBUS - 1));
    lp_os_sigmask(SIG_SETMASK, &mask, old);
}

/* The C library opens 32 and 33 again when a thread starts. */
static void *run(void *arg)
{
    struct start s = *(struct start *)arg;
    free(arg);
    block_signals(NULL);
    return s.fn(s.arg);
}

int lp_engine_thread(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
    uint64_t old;
    struct start *s = malloc(sizeof *s);
    if (!s) return ENOMEM;
    *s = (struct start){fn, arg};
    block_signals(&old);
    int e = pthread_create(thread, NULL, run, s);
    lp_os_sigmask(SIG_SETMASK, &old, NULL);
    if (e) free(s);
    return e;
}
