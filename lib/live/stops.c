/* live/stops.c - stopping the program, and how long it stood still: from the order to stop until its threads may go on. */
#include <config.h>
#include "base/sort.h"
#include "base/text.h"
#include "live/journal.h"

#include <stdlib.h>
#include <string.h>

void lp_live_stop(struct lp_live *live)
{
    if (!live->gate) return;
    live->stops.begun = lp_now_ns();
    lp_gate_stop(live->gate, NULL);
    live->stops.reached = lp_now_ns();
}

void lp_live_resume(struct lp_live *live)
{
    struct lp_stops *s = &live->stops;
    if (!live->gate) return;
    lp_gate_resume(live->gate);
    uint64_t took = lp_now_ns() - s->begun;
    s->stop[s->n % LP_LIVE_STOPS] = took;
    s->reach[s->n % LP_LIVE_STOPS] = s->reached - s->begun;
    s->n++;
    if (took > s->longest) s->longest = took;
}

/* `v` is a ring of which `n` were written in all; it is a copy. */
static struct lp_live_stop sum_up(uint64_t *v, uint64_t n)
{
    struct lp_live_stop r = {0};
    if (n == 0) return r;
    r.last = v[(n - 1) % LP_LIVE_STOPS];
    if (n > LP_LIVE_STOPS) n = LP_LIVE_STOPS;
    lp_sort_numbers(v, n);
    r.median = v[(n - 1) / 2], r.p99 = v[(n - 1) * 99 / 100], r.max = v[n - 1];
    return r;
}

lp_status lp_live_stats(struct lp_live *live, struct lp_live_stats *out, struct lp_error *err)
{
    (void)err;
    pthread_mutex_lock(&live->lock);
    struct lp_stops s = live->stops;
    pthread_mutex_unlock(&live->lock);
    *out = (struct lp_live_stats){s.n, sum_up(s.stop, s.n), sum_up(s.reach, s.n)};
    return LP_OK;
}
