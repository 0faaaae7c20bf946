/* kernel/robust.c - locks that outlive their owner: what Linux does with a thread's robust list when it ends (kernel/futex, robust-futexes.rst).
 *
 * The host cannot do it: the list is linked with guest addresses. A thread that SIGKILL ends leaves its locks as they are. */
#include <config.h>
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/process.h"
#include "mem/fault.h"

#define ENTRIES_MAX 2048 /* ROBUST_LIST_LIMIT: a list may be a circle */
#define PI_LOCK UINT64_C(1) /* in a pointer to an entry */

struct head { uint64_t next, offset, pending; }; /* struct robust_list_head */

LP_SYSCALL(set_robust_list)
{
    if (a[1] != sizeof(struct head)) return -EINVAL;
    t->robust_list = a[0];
    return 0;
}

LP_SYSCALL(get_robust_list)
{
    const uint64_t len = sizeof(struct head);
    uint64_t list = t->robust_list;
    if (a[0] && (int)a[0] != t->tid) {
        pthread_mutex_lock(&t->k->thread_lock);
        const struct lp_thread *o = lp_thread_find(t->k, (int)a[0]);
        if (o) list = o->robust_list;
        pthread_mutex_unlock(&t->k->thread_lock);
        if (!o) return LP_HOST2(SYS_kill, (int)a[0], 0) == 0 ? -EPERM : -ESRCH;
    }
    return lp_put(t, a[2], &len, sizeof len) ? -EFAULT : lp_put(t, a[1], &list, sizeof list);
}

/* A futex word of ours gets its mark: its value before, or 0 if it is not ours any more, or cannot be written. */
static uint32_t mark(struct lp_thread *t, _Atomic uint32_t *word)
{
    struct lp_recover r;
    volatile uint32_t before = 0;
    if (lp_recover_begin(&r) == 0) {
        uint32_t v = atomic_load(word);
        while ((v & FUTEX_TID_MASK) == (uint32_t)t->tid) {
            if (atomic_compare_exchange_weak(word, &v, (v & FUTEX_WAITERS) | FUTEX_OWNER_DIED)) {
                before = v;
                break;
            }
        }
    }
    lp_recover_end(&r);
    return before;
}

/* handle_futex_death(). A pending one may have been given back just now, its waiters not yet woken. */
static void unlock(struct lp_thread *t, uint64_t entry, uint64_t offset, bool pending)
{
    uint64_t addr = lp_mem_untag((entry & ~PI_LOCK) + offset);
    uint32_t value;
    _Atomic uint32_t *word = lp_mem_host(t->k->mem, addr, sizeof value);
    if (addr % sizeof value || !word || lp_get(t, &value, addr, sizeof value)) return;
    bool wake = pending && value == 0;
    if (!wake) wake = mark(t, word) & FUTEX_WAITERS;
    if (wake && !(entry & PI_LOCK)) LP_HOST3(SYS_futex, word, FUTEX_WAKE, 1);
}

void lp_thread_unlock(struct lp_thread *t)
{
    struct head h;
    uint64_t list = t->robust_list, next;
    t->robust_list = 0;
    if (!list || lp_get(t, &h, list, sizeof h)) return;
    uint64_t entry = h.next;
    for (int n = 0; (entry & ~PI_LOCK) != list && n < ENTRIES_MAX; n++, entry = next) {
        bool last = lp_get(t, &next, entry & ~PI_LOCK, sizeof next) != 0; /* before the lock is free, and with it the entry */
        if (entry != h.pending) unlock(t, entry, h.offset, false);
        if (last) break;
    }
    if (h.pending) unlock(t, h.pending, h.offset, true);
}

void lp_threads_unlock(struct lp_kernel *k)
{
    pthread_mutex_lock(&k->thread_lock);
    for (struct lp_thread *t = k->threads; t; t = t->next) lp_thread_unlock(t);
    pthread_mutex_unlock(&k->thread_lock);
}
