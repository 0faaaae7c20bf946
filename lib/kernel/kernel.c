/* kernel/kernel.c - a process: made and unmade. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/error.h"
#include "kernel/limits.h"
#include "kernel/remote.h"
#include "kernel/seccomp.h"
#include "kernel/signal.h"

lp_status lp_kernel_new(struct lp_mem *mem, struct lp_gate *gate, struct lp_log *log, struct lp_kernel **out, struct lp_error *err)
{
    struct lp_kernel *k = calloc(1, sizeof *k);
    if (!k || !(k->heap = calloc(1, sizeof *k->heap))) {
        free(k);
        return lp_fail(err, LP_E_NOMEM, "no memory for the process");
    }
    k->mem = mem;
    k->gate = gate;
    k->log = log;
    k->exe_fd = -1;
    k->first_tid = getpid();
    pthread_mutex_init(&k->heap->lock, NULL);
    pthread_mutex_init(&k->limit_lock, NULL);
    pthread_mutex_init(&k->thread_lock, NULL);
    lp_status s = lp_limits_init(k, err);
    if (s == LP_OK && !lp_signal_process_new(k))
        s = lp_fail(err, LP_E_NOMEM, "no memory for the process");
    if (s != LP_OK) {
        free(k->heap);
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
    pthread_mutex_destroy(&k->heap->lock);
    pthread_mutex_destroy(&k->limit_lock);
    pthread_mutex_destroy(&k->thread_lock);
    free(k->heap);
    free(k->exe);
    free(k->sysroot);
    free(k);
}
