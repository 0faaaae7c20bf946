/* live/relations.c - who requires, conflicts with and replaces whom: patches that leave with a call, and whether those that stay allow it. */
#include <config.h>
#include "base/buf.h"
#include "base/error.h"
#include "live/journal.h"

#include <stdlib.h>
#include <string.h>

bool lp_same_patch(const struct lp_patch *a, const struct lp_patch *b)
{
    return a->text_len == b->text_len && memcmp(a->text, b->text, a->text_len) == 0;
}

/* Will a patch that the relation means be there after this call? */
static const char *present(const struct lp_job *job, const struct lp_relation *r, const struct lp_patch *self)
{
    const struct lp_applied *a = lp_names_find(&job->live->names, r->name);
    if (a && !a->leaving && lp_relation_met(r, a->patch->name, a->patch->version)) return a->patch->name;
    a = lp_names_find(&job->names, r->name);
    return a && a->patch != self && lp_relation_met(r, a->patch->name, a->patch->version) ? a->patch->name : NULL;
}

static lp_status check_relations(struct lp_job *job, const struct lp_patch *p)
{
    for (size_t i = 0; i < p->nrelation; i++) {
        const struct lp_relation *r = &p->relation[i];
        const char *hit = r->kind == LP_REPLACES ? NULL : present(job, r, p), *op = r->op ? " " : "";
        if (r->kind == LP_REQUIRES && !hit)
            return lp_job_fail(job, p->file, r->line, LP_E_RELATION,
                    "patch `%s` requires `%s%s%s%s%s`, which is not applied", p->name, r->name, op, r->op ? r->op : "", op,
                               r->version ? r->version : "");
        if (r->kind == LP_CONFLICTS && hit) return lp_job_fail(job, p->file, r->line, LP_E_RELATION,
                "patch `%s` conflicts with `%s`, which is applied", p->name, hit);
    }
    return LP_OK;
}

/* What is applied may refuse the newcomer too. */
static lp_status check_refused(struct lp_job *job, const struct lp_patch *p)
{
    for (const struct lp_applied *a = job->live->nrelated ? job->live->newest : NULL; a; a = a->older)
        for (size_t i = 0; i < a->patch->nrelation && !a->leaving && !a->whole; i++)
            if (a->patch->relation[i].kind == LP_CONFLICTS && lp_relation_met(&a->patch->relation[i], p->name, p->version))
                return lp_job_fail(job, p->file, 0, LP_E_RELATION, "the applied patch `%s` conflicts with `%s`", a->patch->name, p->name);
    return LP_OK;
}

static int newest_first(const void *a, const void *b)
{
    const struct lp_applied *x = *(struct lp_applied *const *)a, *y = *(struct lp_applied *const *)b;
    return (x->serial < y->serial) - (x->serial > y->serial);
}

lp_status lp_job_drop_all(struct lp_job *job, struct lp_applied **v, size_t n)
{
    lp_status s = LP_OK;
    if (n) qsort(v, n, sizeof *v, newest_first);
    for (size_t i = 0; i < n; i++) v[i]->leaving = true;
    for (size_t i = 0; i < n && s == LP_OK; i++) s = lp_job_drop(job, v[i]);
    for (size_t i = job->ndrop; i < n; i++) v[i]->leaving = false;
    return s;
}

/* Applied patches that leave in this call, each followed by its parts. */
struct leaving { struct lp_applied **v; size_t n, cap; };

static bool leave(struct leaving *l, struct lp_applied *a)
{
    bool good = true;
    if (!a || a->leaving) return true;
    struct lp_applied **w = lp_grow(l->v, &l->cap, l->n, sizeof *w);
    if (!w) return false;
    l->v = w;
    w[l->n++] = a;
    a->leaving = true;
    for (struct lp_applied *part = a->parts; part && good; part = part->next_part) good = leave(l, part);
    return good;
}

/* And what lies on a, or requires it. */
static bool leave_dependents(struct lp_job *job, const struct lp_applied *a, struct leaving *l)
{
    struct lp_applied *top;
    uint64_t where;
    bool good = true;
    while (good && (top = lp_journal_above(job->live, a, &where))) good = leave(l, top->whole ? top->whole : top);
    for (struct lp_applied *b = a->whole ? NULL : job->live->newest; b && good; b = b->older)
        for (size_t i = 0; i < b->patch->nrelation && good && !b->whole && !b->leaving; i++) {
            const struct lp_relation *r = &b->patch->relation[i];
            if (r->kind == LP_REQUIRES && lp_relation_met(r, a->patch->name, a->patch->version) && !present(job, r, b->patch)) good = leave(l, b);
        }
    return good;
}

lp_status lp_job_evict(struct lp_job *job, struct lp_applied *const *v, size_t n)
{
    struct leaving l = {0};
    bool good = true;
    for (size_t i = 0; i < n && good; i++) good = leave(&l, v[i]);
    for (size_t i = 0; i < l.n && good; i++) good = leave_dependents(job, l.v[i], &l);
    lp_status s = good ? lp_job_drop_all(job, l.v, l.n) : lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < l.n && !good; i++) l.v[i]->leaving = false;
    free(l.v);
    return s == LP_OK ? lp_job_commit(job) : s;
}

/* What patch p replaces: by its own word, or as the call asks. */
static bool leave_for(struct lp_job *job, const struct lp_patch *p, struct leaving *l)
{
    struct lp_applied *same = lp_names_find(&job->live->names, p->name);
    bool good = true;
    if (same && lp_same_patch(same->patch, p)) return true;
    for (size_t k = 0; k < p->nrelation && good; k++) {
        struct lp_applied *a = p->relation[k].kind == LP_REPLACES ? lp_names_find(&job->live->names, p->relation[k].name) : NULL;
        if (a && lp_relation_met(&p->relation[k], a->patch->name, a->patch->version)) good = leave(l, a);
    }
    return good && (!job->options || !(job->options->flags & LP_LIVE_REPLACE) || leave(l, same));
}

/* Is one of them applied as it is? Then it stays, whoever asks for its place. */
static bool stays(const struct lp_applied *a, const lp_patch *const *patches, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lp_same_patch(a->patch, patches[i])) return true;
    return false;
}

bool lp_is_replaced(const struct lp_patch *p, const lp_patch *const *later, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < later[i]->nrelation; k++)
            if (later[i]->relation[k].kind == LP_REPLACES && lp_relation_met(&later[i]->relation[k], p->name, p->version)) return true;
    return false;
}

lp_status lp_job_drop_replaced(struct lp_job *job, const lp_patch *const *patches, size_t n)
{
    struct leaving l = {0};
    bool good = true;
    for (size_t i = 0; i < n && good; i++) good = leave_for(job, patches[i], &l);
    struct lp_applied *former = job->options && job->options->replaces ? lp_names_find(&job->live->names, job->options->replaces) : NULL;
    if (good && former && !stays(former, patches, n)) good = leave(&l, former);
    lp_status s = good ? lp_job_drop_all(job, l.v, l.n) : lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < l.n && !good; i++) l.v[i]->leaving = false;
    free(l.v);
    return s;
}

/* A patch that stays must not require one that goes. */
static lp_status check_required(struct lp_job *job, const struct lp_applied *gone)
{
    for (const struct lp_applied *a = job->live->nrelated ? job->live->newest : NULL; a; a = a->older)
        for (size_t i = 0; i < a->patch->nrelation && !a->leaving && !a->whole; i++) {
            const struct lp_relation *r = &a->patch->relation[i];
            if (r->kind == LP_REQUIRES && lp_relation_met(r, gone->patch->name, gone->patch->version) && !present(job, r, a->patch))
                return lp_job_fail(job, gone->patch->name, 0, LP_E_RELATION, "the applied patch `%s` requires it", a->patch->name),
                       lp_hint(job->err, "revert that one first, or both by one call"), LP_E_RELATION;
        }
    return LP_OK;
}

lp_status lp_job_check_dropped(struct lp_job *job)
{
    lp_status s = LP_OK;
    for (size_t i = 0; i < job->ndrop && s == LP_OK; i++)
        if (!job->drop[i]->whole) s = check_required(job, job->drop[i]);
    return s;
}

lp_status lp_job_check_added(struct lp_job *job)
{
    lp_status s = LP_OK;
    for (size_t i = 0; i < job->nadd && s == LP_OK; i++) {
        if (job->add[i]->whole) continue;
        s = check_relations(job, job->add[i]->patch);
        if (s == LP_OK) s = check_refused(job, job->add[i]->patch);
    }
    return s;
}
