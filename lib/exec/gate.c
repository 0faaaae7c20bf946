/* exec/gate.c - stopping every guest thread between two instructions. See gate.h for the states.
 *
 * The stopper turns OUTSIDE into PARKED, so that a thread that wants in fails its compare and swap and waits; a RUNNING one is told by its
 * poll word, and parks or leaves. Opening turns PARKED back into OUTSIDE; whoever waits then takes RUNNING itself. */
#include <config.h>
#include "exec/gate.h"
#include "exec/monitor.h"
#include "exec/run.h"

void lp_gate_init(struct lp_gate *g)
{
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->changed, NULL);
    g->cpus = NULL;
    g->closed = g->shared = false;
    atomic_store(&g->untracked, 0);
}

void lp_gate_destroy(struct lp_gate *g)
{
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->lock);
}

void lp_gate_add(struct lp_gate *g, struct lp_cpu *cpu)
{
    pthread_mutex_lock(&g->lock);
    cpu->next = g->cpus;
    g->cpus = cpu;
    for (struct lp_cpu *c = cpu->next; c != NULL; c = c->next) {
        if (c->as == cpu->as) {
            atomic_store_explicit(&c->shared, true, memory_order_relaxed);
            atomic_store_explicit(&cpu->shared, true, memory_order_relaxed);
        }
    }
    if (g->shared)
        atomic_store_explicit(&cpu->shared, true, memory_order_relaxed);
    atomic_store(&cpu->where, g->closed ? LP_PARKED : LP_OUTSIDE);
    pthread_mutex_unlock(&g->lock);
}

void lp_gate_share(struct lp_gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->shared = true;
    for (struct lp_cpu *c = g->cpus; c != NULL; c = c->next)
        atomic_store_explicit(&c->shared, true, memory_order_relaxed);
    pthread_mutex_unlock(&g->lock);
}

void lp_gate_remove(struct lp_gate *g, struct lp_cpu *cpu)
{
    pthread_mutex_lock(&g->lock);
    lp_monitor_end(cpu, true); /* of a vfork child that was killed in the middle of a store */
    atomic_store(&cpu->where, LP_OUTSIDE);
    pthread_cond_broadcast(&g->changed);
    while (g->closed) /* whoever closed it may be looking at this cpu */
        pthread_cond_wait(&g->changed, &g->lock);
    for (struct lp_cpu **p = &g->cpus; *p != NULL; p = &(*p)->next) {
        if (*p == cpu) {
            *p = cpu->next;
            break;
        }
    }
    cpu->next = NULL;
    pthread_mutex_unlock(&g->lock);
}

/* With the lock held: wait as PARKED until the gate is open, then run. */
static void wait_open(struct lp_gate *g, struct lp_cpu *cpu)
{
    while (g->closed)
        pthread_cond_wait(&g->changed, &g->lock);
    atomic_fetch_and(&cpu->poll, ~(uint32_t)LP_POLL_GATE);
    atomic_store(&cpu->where, LP_RUNNING);
}

void lp_gate_enter(struct lp_cpu *cpu)
{
    int outside = LP_OUTSIDE;
    if (cpu->gate == NULL || atomic_compare_exchange_strong(&cpu->where, &outside, LP_RUNNING))
        return;
    pthread_mutex_lock(&cpu->gate->lock);
    wait_open(cpu->gate, cpu);
    pthread_mutex_unlock(&cpu->gate->lock);
}

void lp_gate_leave(struct lp_cpu *cpu)
{
    if (cpu->gate == NULL)
        return;
    /* Sequentially consistent with the stopper, which sets the poll bit and then reads `where`: one of the two sees the other. */
    atomic_store(&cpu->where, LP_OUTSIDE);
    if ((atomic_load(&cpu->poll) & LP_POLL_GATE) == 0)
        return;
    pthread_mutex_lock(&cpu->gate->lock);
    pthread_cond_broadcast(&cpu->gate->changed);
    pthread_mutex_unlock(&cpu->gate->lock);
}

void lp_gate_park(struct lp_cpu *cpu)
{
    pthread_mutex_lock(&cpu->gate->lock);
    if (cpu->gate->closed) {
        atomic_store(&cpu->where, LP_PARKED);
        pthread_cond_broadcast(&cpu->gate->changed);
    }
    wait_open(cpu->gate, cpu);
    pthread_mutex_unlock(&cpu->gate->lock);
}

/* With the lock held: one look at a cpu. Is it out of the way? */
static bool stopped(struct lp_cpu *cpu)
{
    int outside = LP_OUTSIDE;
    if (atomic_compare_exchange_strong(&cpu->where, &outside, LP_PARKED) || outside == LP_PARKED)
        return true;
    atomic_fetch_or(&cpu->poll, LP_POLL_GATE);
    /* It may have left between the two, without seeing the bit. */
    outside = LP_OUTSIDE;
    return atomic_compare_exchange_strong(&cpu->where, &outside, LP_PARKED) || outside == LP_PARKED;
}

void lp_gate_stop(struct lp_gate *g, struct lp_cpu *self)
{
    pthread_mutex_lock(&g->lock);
    if (self != NULL && g->closed) {
        /* Another stopper may be waiting for this very thread. */
        int before = atomic_exchange(&self->where, LP_PARKED);
        pthread_cond_broadcast(&g->changed);
        while (g->closed)
            pthread_cond_wait(&g->changed, &g->lock);
        atomic_fetch_and(&self->poll, ~(uint32_t)LP_POLL_GATE);
        atomic_store(&self->where, before == LP_RUNNING ? LP_RUNNING : LP_OUTSIDE);
    }
    while (g->closed)
        pthread_cond_wait(&g->changed, &g->lock);
    g->closed = true;
    for (bool all = false; !all;) {
        all = true;
        for (struct lp_cpu *c = g->cpus; c != NULL; c = c->next)
            if (c != self && !stopped(c))
                all = false;
        if (!all)
            pthread_cond_wait(&g->changed, &g->lock);
    }
    pthread_mutex_unlock(&g->lock);
}

void lp_gate_resume(struct lp_gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->closed = false;
    for (struct lp_cpu *c = g->cpus; c != NULL; c = c->next) {
        int parked = LP_PARKED;
        atomic_compare_exchange_strong(&c->where, &parked, LP_OUTSIDE);
        atomic_fetch_and(&c->poll, ~(uint32_t)LP_POLL_GATE);
    }
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

void lp_gate_before_fork(struct lp_gate *g)
{
    lp_ops_before_fork();
    pthread_mutex_lock(&g->lock);
}

void lp_gate_after_fork(struct lp_gate *g, struct lp_cpu *child)
{
    if (child != NULL) {
        pthread_cond_init(&g->changed, NULL); /* whoever waited is not here */
        g->cpus = child;
        child->next = NULL;
        g->closed = false;
        lp_count_in_child();
        lp_monitor_after_fork();
        atomic_fetch_and(&child->poll, ~(uint32_t)LP_POLL_GATE);
    }
    pthread_mutex_unlock(&g->lock);
    lp_ops_after_fork();
}
