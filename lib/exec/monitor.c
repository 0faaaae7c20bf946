/* exec/monitor.c - the table of granules, and who waits for one. */
#include <config.h>
#include <sched.h>
#include <time.h>
#include "exec/monitor.h"

__attribute__((aligned(64))) lp_granule lp_granules[1 << LP_GRANULE_BITS];
_Atomic bool lp_granules_used;

static uint64_t locked_by(const struct lp_cpu *cpu) { return (uintptr_t)cpu | LP_GRANULE_LOCKED; }

/* The holder is a few instructions from its end, unless it does not run: then it needs a processor, which a thread of a real-time class has to leave. */
static void wait_turn(unsigned n)
{
    if (n < 32) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    } else if (n < 256) {
        sched_yield();
    } else {
        nanosleep(&(struct timespec){0, 50000}, NULL);
    }
}

static uint64_t when_unlocked(lp_granule *g)
{
    uint64_t v;
    for (unsigned n = 0; (v = atomic_load_explicit(g, memory_order_acquire)) & LP_GRANULE_LOCKED; n++)
        wait_turn(n);
    return v;
}

void lp_monitor_open(struct lp_cpu *cpu, uint64_t addr)
{
    lp_granule *g = lp_granule_of(cpu, addr);
    if (!atomic_load_explicit(&lp_granules_used, memory_order_relaxed))
        atomic_store(&lp_granules_used, true);
    for (;;) {
        uint64_t v = when_unlocked(g);
        cpu->ex.version = v | LP_GRANULE_USED;
        if ((v & LP_GRANULE_USED) || atomic_compare_exchange_strong(g, &v, v | LP_GRANULE_USED))
            return;
    }
}

/* What is needed for letting go is there before the lock is. */
static bool try_lock(struct lp_cpu *cpu, lp_granule *g, uint64_t v)
{
    cpu->ex.was = v;
    cpu->ex.held = g;
    return atomic_compare_exchange_strong(g, &v, locked_by(cpu));
}

void lp_monitor_begin(struct lp_cpu *cpu, uint64_t addr)
{
    lp_granule *g = lp_granule_of(cpu, addr);
    if (atomic_load_explicit(g, memory_order_relaxed) == 0)
        return;
    while (!try_lock(cpu, g, when_unlocked(g))) {
    }
}

bool lp_monitor_claim(struct lp_cpu *cpu, uint64_t addr)
{
    lp_granule *g = lp_granule_of(cpu, addr);
    const uint64_t version = cpu->ex.version;
    if (!(version & LP_GRANULE_USED))
        return false; /* nobody else saw the memory when it was loaded from: what was stored since then is not known */
    do {
        if (try_lock(cpu, g, version))
            return true;
    } while (when_unlocked(g) == version); /* whoever had it has stored nothing */
    cpu->ex.held = NULL;
    return false;
}

/* A cpu's own stores leave its monitor as it is, as they do in most processors. */
static void follow(struct lp_cpu *cpu, const lp_granule *g, uint64_t now)
{
    if (cpu->ex.version == cpu->ex.was && lp_granule_of(cpu, cpu->ex.addr) == g)
        cpu->ex.version = now;
}

void lp_monitor_end(struct lp_cpu *cpu, bool stored)
{
    lp_granule *g = cpu->ex.held;
    if (g != NULL && atomic_load_explicit(g, memory_order_relaxed) == locked_by(cpu)) {
        const uint64_t now = cpu->ex.was + (stored ? LP_GRANULE_STEP : 0);
        if (stored)
            follow(cpu, g, now);
        atomic_store_explicit(g, now, memory_order_release);
    }
    cpu->ex.held = NULL;
}

void lp_monitor_after_fork(void)
{
    if (!atomic_load_explicit(&lp_granules_used, memory_order_relaxed))
        return;
    for (size_t i = 0; i < sizeof lp_granules / sizeof lp_granules[0]; i++)
        if (atomic_load_explicit(&lp_granules[i], memory_order_relaxed) & LP_GRANULE_LOCKED)
            atomic_store_explicit(&lp_granules[i], LP_GRANULE_USED, memory_order_relaxed);
}
