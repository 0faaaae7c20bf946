/* exec/count.c - counters of executions: each thread has numbers of its own, so counting is an addition to a cache line that nobody else writes.
 *
 * A counter is an index into every thread's tally. A thread that ends leaves its tally, with what it counted, to the next one that begins. */
#include <config.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "exec/gate.h"
#include "exec/run.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all but the numbers themselves */
static struct lp_tally *tallies;
static unsigned char *taken;          /* by counter */
static unsigned ntaken, cap, lowest = 1;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;             /* its destructor runs at the end of a thread */

static struct lp_tally nothing;
static __thread struct lp_tally *own = &nothing;

void lp_count_enter(struct lp_cpu *cpu) { cpu->tally = own; }

/* With the lock held: what has been counted since the last look has been counted by now. */
static uint64_t look(struct lp_own_count *c, uint64_t now)
{
    uint64_t hits = __atomic_load_n(&c->hits, __ATOMIC_RELAXED);
    if (hits != c->seen)
        c->seen = hits, c->last_ms = now;
    return hits;
}

bool lp_counter_tick(void)
{
    pthread_mutex_lock(&lock);
    const uint64_t now = lp_wall_ms();
    for (const struct lp_tally *t = ntaken != 0 ? tallies : NULL; t != NULL; t = t->next)
        for (unsigned id = 1; id < t->n && id < cap; id++)
            if (taken[id])
                look(&t->count[id], now);
    bool any = ntaken != 0;
    pthread_mutex_unlock(&lock);
    return any;
}

/* ---- tallies ---- */

static void leave(void *tally)
{
    pthread_mutex_lock(&lock);
    ((struct lp_tally *)tally)->used = false;
    pthread_mutex_unlock(&lock);
    own = &nothing;
}

static void make_key(void) { (void)pthread_key_create(&key, leave); }

static struct lp_tally *adopt(void)
{
    struct lp_tally *t = tallies;
    while (t != NULL && t->used)
        t = t->next;
    if (t == NULL && (t = calloc(1, sizeof *t)) != NULL) {
        t->next = tallies;
        tallies = t;
    }
    if (t != NULL)
        t->used = pthread_setspecific(key, t) == 0;
    return t != NULL && t->used ? t : NULL;
}

/* Only its own thread changes what a tally points to; others read it with the lock held. */
static bool widen(struct lp_tally *t, unsigned n)
{
    struct lp_own_count *v = calloc(n, sizeof *v);
    if (v == NULL)
        return false;
    if (t->n != 0)
        memcpy(v, t->count, t->n * sizeof *v);
    free(t->count);
    t->count = v;
    t->n = n;
    t->size = n * (unsigned)sizeof *v;
    return true;
}

static void count_first(struct lp_cpu *cpu, unsigned id)
{
    pthread_once(&once, make_key);
    pthread_mutex_lock(&lock);
    struct lp_tally *t = own != &nothing ? own : adopt();
    if (t != NULL && (id < t->n || widen(t, cap > 64 ? cap : 64))) {
        struct lp_own_count *c = &t->count[id]; /* of a thread that has ended, perhaps */
        cpu->tally = own = t;
        if (c->hits == 0)
            c->first_ms = lp_wall_ms();
        __atomic_store_n(&c->hits, c->hits + 1, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&lock);
}

void lp_count_first(struct lp_cpu *cpu, unsigned id)
{
    cpu->tally = own; /* another run on this thread may have made it */
    struct lp_own_count *c = id < own->n ? &own->count[id] : NULL;
    if (c == NULL || c->hits == 0)
        count_first(cpu, id);
    else
        __atomic_store_n(&c->hits, c->hits + 1, __ATOMIC_RELAXED);
}

/* ---- counters ---- */

static bool grow(void)
{
    unsigned n = cap ? cap * 2 : 64;
    unsigned char *v = realloc(taken, n);
    if (v == NULL)
        return false;
    memset(v + cap, 0, n - cap);
    taken = v;
    cap = n;
    return true;
}

static void clear(unsigned id)
{
    for (struct lp_tally *t = tallies; t != NULL; t = t->next)
        if (id < t->n)
            t->count[id] = (struct lp_own_count){0};
}

unsigned lp_counter_new(void)
{
    pthread_mutex_lock(&lock);
    unsigned id = lowest;
    while (id < cap && taken[id])
        id++;
    if (id >= cap && !grow())
        id = 0;
    if (id != 0) {
        taken[id] = 1;
        ntaken++;
        lowest = id + 1;
        clear(id);
    }
    pthread_mutex_unlock(&lock);
    return id;
}

void lp_counter_free(unsigned id)
{
    if (id == 0)
        return;
    pthread_mutex_lock(&lock);
    taken[id] = 0;
    ntaken--;
    if (id < lowest)
        lowest = id;
    pthread_mutex_unlock(&lock);
}

struct lp_count lp_counter_read(unsigned id)
{
    struct lp_count sum = {0};
    pthread_mutex_lock(&lock);
    const uint64_t now = lp_wall_ms();
    for (struct lp_tally *t = tallies; t != NULL && id != 0; t = t->next) {
        struct lp_own_count *c = id < t->n ? &t->count[id] : NULL;
        uint64_t hits = c != NULL ? look(c, now) : 0;
        if (hits == 0)
            continue;
        sum.hits += hits;
        if (c->first_ms != 0 && (sum.first_ms == 0 || c->first_ms < sum.first_ms))
            sum.first_ms = c->first_ms;
        if (c->last_ms > sum.last_ms)
            sum.last_ms = c->last_ms;
    }
    pthread_mutex_unlock(&lock);
    return sum;
}

/* ---- fork ---- */

void lp_count_before_fork(void) { pthread_mutex_lock(&lock); }
void lp_count_after_fork(void) { pthread_mutex_unlock(&lock); }

/* Of the child's threads only this one is there; the others' tallies keep what they counted. */
void lp_count_in_child(void)
{
    for (struct lp_tally *t = tallies; t != NULL; t = t->next)
        t->used = t == own;
}
