/* diff/write/reread.c - VERIFY: what the dataflow says of the patched file: its survey, mostly the old file's; what functions lend one another; and the
 * references of new bodies, by two threads, as those of both files were found (both.c). */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"

#include <stdatomic.h>
#include <stdlib.h>

/* ---- survey ---- */

/* Calls of a function that has a new body get there. */
static void survey_bodies(lp_diff *d, struct lp_side *s)
{
    for (size_t i = OLD(d)->natom; i < s->natom; i++) {
        const struct lp_atom *b = lp_is_code_atom(&s->atom[i]) ? &NEW(d)->atom[s->atom[i].pair] : NULL;
        if (b && b->kind == LP_ATOM_FUNC && b->pair != LP_NONE) lp_flow_survey_instead(&s->survey, OLD(d)->atom[b->pair].start, s->atom[i].start);
    }
}

/* Mostly nothing changes for those who call. */
bool lp_resurvey(lp_diff *d, struct lp_side *s)
{
    const size_t old = OLD(d)->natom, most = s->nover + s->natom - old;
    struct lp_flow_part *part = malloc((2 * most + 1) * sizeof *part), *after = part + most;
    size_t nbefore = 0, nafter = 0;
    if (!part) return false;
    for (size_t k = 0; k < s->nover; k++) {
        const struct lp_atom *a = s->over[k].changed ? &s->atom[lp_side_atom(s, s->over[k].start)] : NULL;
        if (a && lp_side_part(OLD(d), a, &part[nbefore])) nbefore++, nafter += lp_side_part(s, a, &after[nafter]);
    }
    struct lp_flow_changes x = {part, after, nbefore, after + nafter, 0};
    for (size_t i = old; i < s->natom; i++) x.nadded += lp_side_part(s, &s->atom[i], &after[nafter + x.nadded]);
    if (nafter != nbefore || !lp_side_survey_changed(s, &OLD(d)->survey, &x)) lp_side_survey(s);
    survey_bodies(d, s);
    free(part);
    return true;
}

static bool returns_address(const struct lp_flow_lent *x) { return x->out && x->what < LP_HOLDS_NONE; }

/* Does one that changes, and may return something else now, decide what this function returns? */
static bool may_differ(const struct lp_side *o, uint32_t atom)
{
    const struct lp_atom *a = &o->atom[atom];
    for (uint64_t at = a->start; at + 4 <= a->end; at += 4) {
        const uint32_t word = lp_code_word(o, at);
        uint64_t to;
        uint32_t mask;
        const uint32_t i = lp_word_is_branch(word) && lp_word_target(word, at, &to, &mask) ? lp_side_atom(o, to) : LP_NONE;
        if (i != LP_NONE && i != atom && o->atom[i].included && o->atom[i].lent) return true;
    }
    return false;
}

/* What functions that stay lend one another stays so, too; unless one that changes may lend something else: then nothing is taken for granted. */
struct lp_flow_lent *lp_stay_lent(const lp_diff *d, size_t *n)
{
    const struct lp_side *o = OLD(d);
    struct lp_flow_lent *v = malloc((o->nlent + 1) * sizeof *v);
    bool differ = false;
    *n = 0;
    for (size_t k = 0; v && k < o->nlent; k++) {
        const uint32_t i = lp_side_atom(o, o->lent[k].at);
        if (i == LP_NONE || o->atom[i].included) continue;
        v[(*n)++] = o->lent[k];
        differ |= returns_address(&o->lent[k]) && may_differ(o, i);
    }
    if (differ) *n = 0;
    return v;
}

/* ---- references ---- */

enum { WORTH = 1 << 13 }; /* bytes of code, for which another thread is worth its memory */

/* What a thread finds, in a view of the file that has lists of its own. */
struct reader { struct lp_side side; const struct lp_reread *v; size_t n, nlent; atomic_size_t *next; bool second; };

static void *work(void *p)
{
    struct reader *r = p;
    struct lp_side *s = &r->side;
    for (size_t k; (k = atomic_fetch_add(r->next, 1)) < r->n && !s->nomem;) {
        s->survey.nlent = r->v[k].lent ? r->nlent : 0; /* as it was looked at in the new file */
        lp_refs_function(s, r->v[k].atom);
        s->atom[r->v[k].atom].second = r->second;
    }
    return NULL;
}

/* A table without a bound comes along as far as it was thought to go, and what is behind it now is not its own. */
static void end_table(const struct lp_side *s, struct lp_table_at *t)
{
    const uint32_t x = t->t.n ? lp_side_atom(s, t->t.at) : LP_NONE;
    if (x == LP_NONE || s->atom[x].kind != LP_ATOM_TABLE) return;
    const uint64_t most = (s->atom[x].end - t->t.at) / t->t.entry_bytes;
    t->atom = x;
    if (t->t.guessed && t->t.n > most) t->t.n = (uint32_t)most;
}

static void take(struct lp_side *s, const struct lp_side *x)
{
    s->ref = x->ref, s->nref = x->nref, s->ref_cap = x->ref_cap;
    s->table = x->table, s->ntable = x->ntable, s->table_cap = x->table_cap;
    s->nomem |= x->nomem, s->lost |= x->lost;
}

/* Those of the second thread go behind those of the first. */
static void join(struct lp_side *s, struct lp_side *x, const struct lp_reread *v, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        struct lp_atom *a = &s->atom[v[k].atom];
        if (a->second) a->ref += (uint32_t)s->nref, a->table += (uint32_t)s->ntable;
    }
    s->nomem |= x->nomem || s->nref + x->nref >= UINT32_MAX - 1;
    s->lost |= x->lost;
    s->ref = lp_joined(s->ref, s->nref, x->ref, x->nref, sizeof *s->ref, &s->nomem);
    s->table = lp_joined(s->table, s->ntable, x->table, x->ntable, sizeof *s->table, &s->nomem);
    if (!s->nomem) s->nref = s->ref_cap = s->nref + x->nref, s->ntable = s->table_cap = s->ntable + x->ntable;
}

void lp_reread(struct lp_side *s, const struct lp_reread *v, size_t n)
{
    atomic_size_t next = 0;
    const size_t tables = s->ntable;
    uint64_t bytes = 0;
    for (size_t k = 0; k < n; k++) bytes += s->atom[v[k].atom].end - s->atom[v[k].atom].start;
    struct reader here = {*s, v, n, s->survey.nlent, &next, false}, there = here;
    there.second = true, there.side.ref = NULL, there.side.nref = there.side.ref_cap = 0;
    there.side.table = NULL, there.side.ntable = there.side.table_cap = 0;
    if (bytes >= WORTH && lp_flow_survey_beside(&s->survey, &there.side.survey)) {
        lp_in_two(work, &here, &there);
        take(s, &here.side), join(s, &there.side, v, n);
    } else {
        work(&here), take(s, &here.side);
    }
    if (bytes >= WORTH) lp_flow_survey_free(&there.side.survey);
    for (size_t t = tables; t < s->ntable; t++) end_table(s, &s->table[t]);
}
