/* kernel/sigheld.c - SIGSEGV and SIGBUS that somebody sent. The host's handler must be able to run at any time, so they are never blocked there, and
 * the host gives them to any thread: what Linux would leave pending is held here, for one thread or for whichever of the process takes it. */
#include <config.h>
#include "base/sanitize.h"
#include "kernel/signal.h"

static const int numbers[2] = {SIGBUS, SIGSEGV}; /* in the order in which Linux takes them */

LP_NO_TSAN static unsigned index_of(int signo) { return signo == SIGSEGV; }

static uint64_t full(const struct lp_held h[2])
{
    uint64_t set = 0;
    for (unsigned i = 0; i < 2; i++)
        if (atomic_load(&h[i].state) == LP_HELD_FULL) set |= LP_SIGBIT(numbers[i]);
    return set;
}

/* A second one is lost while the first is pending, as in Linux. Async-signal-safe. */
LP_NO_TSAN static void put(struct lp_held *h, const void *info)
{
    int free = LP_HELD_NONE;
    if (!atomic_compare_exchange_strong(&h->state, &free, LP_HELD_BUSY)) return;
    h->info = *(const struct lp_siginfo *)info;
    atomic_store(&h->state, LP_HELD_FULL);
}

static bool get(struct lp_held *h, struct lp_siginfo *out)
{
    int there = LP_HELD_FULL;
    if (!atomic_compare_exchange_strong(&h->state, &there, LP_HELD_BUSY)) return false;
    *out = h->info;
    atomic_store(&h->state, LP_HELD_NONE);
    return true;
}

/* tgkill says SI_TKILL; of the others only rt_tgsigqueueinfo is for one thread, and is taken to be for all here. */
LP_NO_TSAN void lp_sigheld_put(struct lp_thread *t, int signo, const void *info)
{
    int code = ((const struct lp_siginfo *)info)->code;
    bool own = code == SI_TKILL || !(t->signals->mask & LP_SIGBIT(signo));
    put(&(own ? t->signals->held : t->k->signals->held)[index_of(signo)], info);
}

uint64_t lp_sigheld_mask(const struct lp_thread *t) { return full(t->signals->held) | full(t->k->signals->held); }

/* next_signal(): first those that instructions cause, then by number. */
uint64_t lp_sigheld_before(uint64_t held)
{
    const uint64_t first = LP_SIGBIT(SIGILL) | LP_SIGBIT(SIGTRAP) | LP_SIGBIT(SIGBUS) | LP_SIGBIT(SIGFPE) | LP_SIGBIT(SIGSEGV) | LP_SIGBIT(SIGSYS);
    return first & (LP_SIGBIT(held & LP_SIGBIT(SIGBUS) ? SIGBUS : SIGSEGV) - 1);
}

bool lp_sigheld_take(struct lp_thread *t, uint64_t set, struct lp_siginfo *out)
{
    for (unsigned i = 0; i < 2; i++) {
        if (!(set & LP_SIGBIT(numbers[i]))) continue;
        if (get(&t->signals->held[i], out) || get(&t->k->signals->held[i], out)) return true;
    }
    return false;
}

void lp_sigheld_drop(struct lp_thread *t, int signo)
{
    struct lp_siginfo none;
    get(&t->signals->held[index_of(signo)], &none);
    get(&t->k->signals->held[index_of(signo)], &none);
}

void lp_sigheld_forget(struct lp_thread *t)
{
    lp_sigheld_drop(t, SIGSEGV);
    lp_sigheld_drop(t, SIGBUS);
}

/* The other end of the order in open_mask() of sigdeliver.c: a thread that opens its mask now looks itself. */
void lp_sigheld_hand_on(struct lp_thread *t)
{
    struct lp_kernel *k = t->k;
    if (!full(k->signals->held)) return;
    pthread_mutex_lock(&k->thread_lock);
    for (struct lp_thread *o = k->threads; o; o = o->next) {
        uint64_t open = ~o->signals->mask | o->signals->waits;
        if (o == t || !o->tid || !(full(k->signals->held) & open)) continue;
        lp_sighost_interrupt(o->tid);
        break;
    }
    pthread_mutex_unlock(&k->thread_lock);
}

void lp_sigheld_thread_ends(struct lp_thread *t)
{
    struct lp_siginfo info;
    for (unsigned i = 0; i < 2; i++)
        if (get(&t->signals->held[i], &info) && info.code != SI_TKILL) put(&t->k->signals->held[i], &info);
    lp_sigheld_hand_on(t);
}
