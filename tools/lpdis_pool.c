/* tools/lpdis_pool.c - parts are written by as many threads as there are processors, each into a buffer of its own, and printed in order. */
#include <config.h>
#include "lpdis.h"
#include "cli.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 64, AHEAD = 3 };

struct slot { struct out_buf text; bool done; };
struct pool {
    const struct lpdis_file *f;
    const struct lpdis_part *part;
    size_t n, next, printed;  /* parts; the first that nobody has; the first that is not printed */
    size_t n_slots;
    struct slot *slot;        /* part i is in slot i % n_slots */
    uint64_t undefined;
    bool stop, failed;        /* failed: a thread has no disassembler */
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

/* With the lock held: the next part, once its slot is free. */
static bool take(struct pool *p, size_t *i)
{
    while (!p->stop && p->next < p->n && p->next >= p->printed + p->n_slots) pthread_cond_wait(&p->changed, &p->lock);
    if (p->stop || p->next >= p->n) return false;
    *i = p->next++;
    return true;
}

static void *work(void *arg)
{
    struct pool *p = arg;
    lp_dis *dis = NULL;
    size_t i;
    bool good = lp_dis_new(&dis, NULL) == LP_OK;
    pthread_mutex_lock(&p->lock);
    while (good && take(p, &i)) {
        pthread_mutex_unlock(&p->lock);
        uint64_t undefined = 0;
        struct slot *s = &p->slot[i % p->n_slots];
        s->text.n = 0;
        out_divert(&s->text);
        lpdis_part(p->f, dis, &p->part[i], &undefined);
        out_divert(NULL);
        pthread_mutex_lock(&p->lock);
        s->done = true;
        p->undefined += undefined;
        pthread_cond_broadcast(&p->changed);
    }
    p->failed |= !good;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    lp_dis_free(dis);
    return NULL;
}

/* Print parts as they come; false without memory. */
static bool print(struct pool *p)
{
    bool good = true;
    pthread_mutex_lock(&p->lock);
    while (good && p->printed < p->n && !out_error()) {
        struct slot *s = &p->slot[p->printed % p->n_slots];
        while (!s->done && !p->failed) pthread_cond_wait(&p->changed, &p->lock);
        good = s->done && !s->text.failed;
        if (!good) break;
        pthread_mutex_unlock(&p->lock);
        out_put(s->text.p, s->text.n);
        pthread_mutex_lock(&p->lock);
        s->done = false;
        p->printed++;
        pthread_cond_broadcast(&p->changed);
    }
    p->stop = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return good;
}

static size_t processors(size_t parts)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    size_t want = n < 1 ? 1 : n > THREADS ? THREADS : (size_t)n;
    return want < parts ? want : parts;
}

static lp_status no_memory(struct lp_error *err)
{
    *err = (struct lp_error){.status = LP_E_NOMEM, .text = "out of memory"};
    return LP_E_NOMEM;
}

static lp_status run_alone(const struct lpdis_file *f, const struct lpdis_part *part, size_t n, uint64_t *undefined, struct lp_error *err)
{
    lp_dis *dis;
    lp_status s = lp_dis_new(&dis, err);
    if (s) return s;
    for (size_t i = 0; i < n && !out_error(); i++) lpdis_part(f, dis, &part[i], undefined);
    lpdis_bodies(f, dis, undefined);
    lpdis_data(f, dis);
    lp_dis_free(dis);
    return LP_OK;
}

lp_status lpdis_run(const struct lpdis_file *f, const struct lpdis_part *part, size_t n, uint64_t *undefined, struct lp_error *err)
{
    pthread_t thread[THREADS];
    size_t want = processors(n), started = 0;
    struct pool p = {.f = f, .part = part, .n = n, .n_slots = want * AHEAD, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    if (n < 2 || f->changes.n || f->changes.n_data) return run_alone(f, part, n, undefined, err);
    p.slot = calloc(p.n_slots, sizeof *p.slot);
    if (!p.slot) return no_memory(err);
    lp_elf_symbols(f->elf, NULL);
    while (started < want && pthread_create(&thread[started], NULL, work, &p) == 0) started++;
    bool good = started && print(&p);
    for (size_t i = 0; i < started; i++) pthread_join(thread[i], NULL);
    for (size_t i = 0; i < p.n_slots; i++) free(p.slot[i].text.p);
    free(p.slot);
    *undefined += p.undefined;
    if (!started) return run_alone(f, part, n, undefined, err);
    return good ? LP_OK : no_memory(err);
}
