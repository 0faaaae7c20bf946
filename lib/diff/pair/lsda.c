/* diff/pair/lsda.c - COMPARE, exceptions: do the exception tables of two functions of the same code send each throw to the same place? */
#include <config.h>
#include "diff/pair/pair.h"
#include "elf/lsda.h"

#include <stdlib.h>

enum { STEPS_MAX = 1 << 26 }; /* of all tables: no compiler's are as long, and a hostile one ends */

struct tables {
    lp_diff *d;
    const struct lp_side *side[2];
    const struct lp_atom *atom[2];
    struct lp_fde fde[2];
    struct lp_lsda lsda[2];
    uint32_t *place[2];     /* lp_places(), once a place differs */
};

static bool step(lp_diff *d) { return d->exception_steps++ < STEPS_MAX; }

/* ---- places: NOPs do not count ---- */

static bool same_place(struct tables *t, uint64_t x, uint64_t y)
{
    uint32_t count;
    uint64_t off[2] = {x, y};
    if (x == y) return true;
    for (int k = 0; k < 2; k++) {
        if (!t->place[k]) t->place[k] = lp_places(t->side[k], t->atom[k], &count);
        if (!t->place[k] || off[k] & 3 || off[k] > t->atom[k]->end - t->atom[k]->start) return false;
    }
    return t->place[0][x / 4] == t->place[1][y / 4];
}

static bool same_pad(struct tables *t, uint64_t x, uint64_t y)
{
    const struct lp_atom *a = t->atom[0], *b = t->atom[1];
    if (!x || !y) return x == y;
    if (x >= a->start && x < a->end && y >= b->start && y < b->end) return same_place(t, x - a->start, y - b->start);
    const struct lp_side *o = t->side[0], *s = t->side[1];
    uint32_t i = lp_side_atom(o, x), k = lp_side_atom(s, y); /* in another part */
    return i != LP_NONE && k != LP_NONE && o->atom[i].pair == k && x - o->atom[i].start == y - s->atom[k].start;
}

/* ---- what is caught ---- */

static bool same_pointer(struct tables *t, uint64_t x, uint64_t y, bool indirect)
{
    uint64_t at;
    if (!x || !y) return x == y;
    if (indirect) return lp_same_data(t->d, t->side[0], x, y, 8, &at);
    struct lp_use u = {x, LP_NONE, LP_NONE, 0, 0}, v = {y, LP_NONE, LP_NONE, 0, 0};
    return lp_same_target(t->d, t->side[0], &u, &v);
}

static bool same_type(struct tables *t, uint64_t number)
{
    struct lp_lsda_type x, y;
    return step(t->d) && lp_lsda_type(&t->lsda[0], number, &x) && lp_lsda_type(&t->lsda[1], number, &y) && x.indirect == y.indirect &&
           same_pointer(t, x.addr, y.addr, x.indirect);
}

static bool same_list(struct tables *t, int64_t filter)
{
    struct lp_cfi_reader r[2];
    if (!lp_lsda_list(&t->lsda[0], filter, &r[0]) || !lp_lsda_list(&t->lsda[1], filter, &r[1])) return false;
    for (;;) {
        uint64_t x = lp_cfi_uleb(&r[0]), y = lp_cfi_uleb(&r[1]);
        if (r[0].bad || r[1].bad || x != y) return false;
        if (!x) return true;
        if (!same_type(t, x)) return false;
    }
}

/* Filters are numbers that the code compares, so they are the same, and what they stand for. */
static bool same_actions(struct tables *t, uint64_t x, uint64_t y)
{
    struct lp_lsda_action a, b;
    for (; x && y; x = a.next, y = b.next) {
        if (!step(t->d) || !lp_lsda_action(&t->lsda[0], x, &a) || !lp_lsda_action(&t->lsda[1], y, &b) || a.filter != b.filter) return false;
        if (a.filter > 0 ? !same_type(t, (uint64_t)a.filter) : a.filter < 0 && !same_list(t, a.filter)) return false;
    }
    return x == y;
}

/* ---- tables ---- */

static const char *compare_sites(struct tables *t)
{
    for (;;) {
        struct lp_lsda_site x, y;
        bool some = lp_lsda_site(&t->lsda[0], &x), other = lp_lsda_site(&t->lsda[1], &y);
        if (t->lsda[0].sites.bad || t->lsda[1].sites.bad) return "it is malformed";
        if (!some || !other) return some == other ? NULL : "the places where it catches";
        if (!same_place(t, x.start, y.start) || !same_place(t, x.start + x.len, y.start + y.len)) return "the places where it catches";
        if (!same_pad(t, x.pad, y.pad)) return "where exceptions lead";
        if (!same_actions(t, x.action, y.action)) return "what it catches";
    }
}

static bool same_personality(struct tables *t)
{
    const struct lp_cie *x = &t->fde[0].cie, *y = &t->fde[1].cie;
    return x->personality_enc == y->personality_enc && same_pointer(t, x->personality, y->personality, x->personality_enc & LP_PE_INDIRECT);
}

static bool has_table(struct tables *t, int k)
{
    const struct lp_side *s = t->side[k];
    return lp_has_lsda(s, t->atom[k]) && lp_atom_fde(s, t->atom[k], &t->fde[k]);
}

const char *lp_exceptions_differ(lp_diff *d, uint32_t old_atom)
{
    const struct lp_atom *a = &OLD(d)->atom[old_atom];
    struct tables t = {.d = d, .side = {OLD(d), NEW(d)}, .atom = {a, &NEW(d)->atom[a->pair]}};
    bool some = has_table(&t, 0), other = has_table(&t, 1);
    if (!some || !other) return some == other ? NULL : some ? "it is gone" : "it is new";
    if (!lp_elf_lsda(OLD(d)->elf, &t.fde[0], &t.lsda[0]) || !lp_elf_lsda(NEW(d)->elf, &t.fde[1], &t.lsda[1])) return "it is malformed";
    const char *what = same_personality(&t) ? compare_sites(&t) : "the language";
    free(t.place[0]), free(t.place[1]);
    return what;
}

bool lp_same_handlers(lp_diff *d, const struct lp_side *o, uint32_t atom, const struct lp_lsda *l)
{
    const struct lp_atom *a = &o->atom[atom];
    struct tables t = {.d = d, .side = {o, NEW(d)}, .atom = {a, &NEW(d)->atom[a->pair]}};
    const bool other = has_table(&t, 1);
    if (!l || !other) return !l && !other;
    t.lsda[0] = *l;
    const bool same = lp_elf_lsda(NEW(d)->elf, &t.fde[1], &t.lsda[1]) && !compare_sites(&t);
    free(t.place[0]), free(t.place[1]);
    return same;
}
