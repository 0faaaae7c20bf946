/* kernel/kernel.c - a process: made and unmade. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/error.h"
#include "kernel/kernel.h"
#include "kernel/remote.h"
#include "kernel/seccomp.h"
#include "kernel/signal.h"

/* Above what programs use, yet low enough: the host's table is as long as the highest number (8 bytes each), and fork copies it. */
#define ENGINE_FDS_AT (16384 - LP_ENGINE_FDS)

/* Room for the engine's descriptors: where the hard limit is lower than their place, they are at its end and the guest's limits below. */
static lp_status init_limits(struct lp_kernel *k, struct lp_error *err)
{
    struct rlimit *n = &k->limit_nofile;
    if (getrlimit(RLIMIT_NOFILE, n) || getrlimit(RLIMIT_AS, &k->limit_as) || getrlimit(RLIMIT_DATA, &k->limit_data) ||
        getrlimit(RLIMIT_STACK, &k->limit_stack))
        return lp_fail_sys(err, LP_E_SYSTEM, errno, "getrlimit");
    if (n->rlim_max < 2 * LP_ENGINE_FDS)
        return lp_fail(err, LP_E_SYSTEM, "the hard limit of open files is %llu, at least %d is needed", (unsigned long long)n->rlim_max,
                       2 * LP_ENGINE_FDS);
    struct rlimit host = *n;
    k->first_engine_fd = ENGINE_FDS_AT;
    if (n->rlim_max < ENGINE_FDS_AT + LP_ENGINE_FDS) {
        n->rlim_max -= LP_ENGINE_FDS;
        k->first_engine_fd = (int)n->rlim_max;
    }
    if (n->rlim_cur > n->rlim_max)
        host.rlim_cur = n->rlim_cur = n->rlim_max;
    return setrlimit(RLIMIT_NOFILE, &host) ? lp_fail_sys(err, LP_E_SYSTEM, errno, "setrlimit(RLIMIT_NOFILE)") : LP_OK;
}

lp_status lp_kernel_new(struct lp_mem *mem, struct lp_gate *gate, struct lp_log *log, struct lp_kernel **out, struct lp_error *err)
{
    struct lp_kernel *k = calloc(1, sizeof *k);
    if (!k)
        return lp_fail(err, LP_E_NOMEM, "no memory for the process");
    k->mem = mem;
    k->gate = gate;
    k->log = log;
    k->first_tid = getpid();
    pthread_mutex_init(&k->brk_lock, NULL);
    pthread_mutex_init(&k->limit_lock, NULL);
    pthread_mutex_init(&k->thread_lock, NULL);
    lp_status s = init_limits(k, err);
    if (s == LP_OK && !lp_signal_process_new(k))
        s = lp_fail(err, LP_E_NOMEM, "no memory for the process");
    if (s != LP_OK) {
        free(k);
        return s;
    }
    lp_remote_announce(mem);
    *out = k;
    return LP_OK;
}

void lp_kernel_free(struct lp_kernel *k)
{
    if (!k)
        return;
    while (k->threads)
        lp_thread_free(k->threads);
    lp_signal_process_free(k);
    lp_seccomp_free(k);
    lp_image_close(&k->image);
    for (int i = 0; i < LP_ENGINE_FDS; i++)
        lp_fd_unhide(k, k->first_engine_fd + i);
    pthread_mutex_destroy(&k->brk_lock);
    pthread_mutex_destroy(&k->limit_lock);
    pthread_mutex_destroy(&k->thread_lock);
    free(k->exe);
    free(k->sysroot);
    free(k);
}
