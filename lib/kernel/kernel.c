/* kernel/kernel.c - a process and its threads: made and unmade. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/error.h"
#include "exec/model.h"
#include "kernel/kernel.h"
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
    free(k);
}

struct lp_thread *lp_thread_new(struct lp_kernel *k)
{
    struct lp_thread *t = aligned_alloc(64, (sizeof *t + 63) / 64 * 64);
    if (!t)
        return NULL;
    memset(t, 0, offsetof(struct lp_thread, path));
    lp_cpu_init(&t->cpu, k->mem, k->gate, &lp_kernel_upcalls, t);
    if (k->model)
        t->cpu.model = k->model;
    if (lp_cpu_has(&t->cpu, LP_FEATURE_SSBS))
        t->cpu.pstate = LP_PSTATE_SSBS; /* as Linux starts programs: stores may be bypassed (PR_SET_SPECULATION_CTRL is not offered) */
    t->k = k;
    t->seccomp = k->seccomp;
    t->tid = (int)syscall(__NR_gettid);
    if (!lp_signal_thread_new(t)) {
        free(t);
        return NULL;
    }
    lp_gate_add(k->gate, &t->cpu);
    pthread_mutex_lock(&k->thread_lock);
    t->next = k->threads;
    k->threads = t;
    pthread_mutex_unlock(&k->thread_lock);
    atomic_fetch_add(&k->thread_count, 1);
    return t;
}

void lp_thread_free(struct lp_thread *t)
{
    struct lp_kernel *k = t->k;
    pthread_mutex_lock(&k->thread_lock);
    for (struct lp_thread **p = &k->threads; *p; p = &(*p)->next)
        if (*p == t) {
            *p = t->next;
            break;
        }
    pthread_mutex_unlock(&k->thread_lock);
    atomic_fetch_sub(&k->thread_count, 1);
    lp_gate_remove(k->gate, &t->cpu);
    lp_signal_thread_free(t);
    free(t);
}
