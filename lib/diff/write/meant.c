/* diff/write/meant.c - where in the patched old file that is what a word of a new body is about, if it is in one place, whatever the word may mean. */
#include <config.h>
#include "diff/write/word.h"

/* A place at the end of an object, or in front of it. */
static struct lp_there beside(const struct word *x, uint32_t object, uint64_t addr)
{
    const uint64_t start = x->s->atom[object].start;
    const struct lp_use u = {start, object, x->atom, 0, 0};
    return lp_there_from(lp_there(x->d, &u), (int64_t)(addr - start));
}

/* Constants behind an address to which an index is added: if all that may be meant hold the same in the old file, it is all the same which one is. */
static bool hold_the_same(const struct word *x, const struct lp_use *u, const struct lp_there *t, uint32_t array)
{
    const uint32_t i = lp_side_atom(x->s, u->addr);
    const bool copied = i != LP_NONE && lp_is_copied(&x->s->atom[i]); /* by content it is the old one's, which is for the old body */
    const bool behind = array != LP_NONE && x->s->atom[array].start > u->addr; /* (of the end of an array, the place counts) */
    const uint64_t len = behind && !copied && t->known && !t->own ? lp_constants_behind(x->s, u->addr, array) : 0;
    return len && lp_is_constant_as(x->d, t->addr, u->addr, len);
}

/* A new constant, or what an array behind it has in front: nobody has the address for that but who adds an index to it, so that a copy of the array behind
 * the constant does for both. */
static bool carry_both(const struct word *x, const struct lp_use *u, const struct lp_there *t, uint32_t array)
{
    struct lp_atom *a = x->s->atom;
    if (!t->own || !u->at || t->atom >= array) return false;
    for (uint32_t i = t->atom; i <= array; i++) {
        const bool datum = lp_is_datum(&a[i]);
        if (!datum || !lp_stays_constant(x->s, &a[i]) || a[i].span != a[array].span || (i < array && a[i].end != a[i + 1].start)) return false;
    }
    for (uint32_t i = t->atom + 1; i <= array; i++) lp_look(x->d, i, false), a[i].tail = true;
    return true;
}

/* Where what a word is about is in the old file, whatever else numbers lead to that are added to it. */
static struct lp_there meant_there(struct word *x, const struct lp_use *u)
{
    bool unsure;
    const uint32_t i = lp_meant(x->d, u, &unsure);
    if (i != LP_NONE && !unsure) return beside(x, i, u->addr);
    const struct lp_there t = lp_there(x->d, u);
    if (i == LP_NONE || hold_the_same(x, u, &t, i)) return t;
    const struct lp_there e = beside(x, i, u->addr);
    char buf[32], name[32];
    if (lp_same_there(&t, &e) || (!t.own && hold_the_same(x, u, &e, i))) return e;
    if (carry_both(x, u, &t, i) || lp_bring_together(x->d, x->atom)) return t;
    if (!x->refused)
        lp_diff_refuse(x->d, x->s, LP_E148, lp_atom_text(&x->s->atom[x->atom], buf), (unsigned long long)(x->at - x->s->atom[x->atom].start),
                       lp_atom_text(&x->s->atom[i], name));
    x->refused = true;
    return (struct lp_there){0};
}

/* Is what is so far from an address as far from it in the patched old file? */
static bool is_beside(const struct word *x, const struct lp_use *u, const struct lp_there *t, int64_t off)
{
    const struct lp_use to = {u->addr + (uint64_t)off, LP_NONE, LP_NONE, 0, 0};
    const uint32_t i = lp_side_atom(x->s, to.addr);
    const struct lp_there there = lp_there_from(lp_there(x->d, &to), -off);
    if (there.known && lp_same_there(&there, t)) return true;
    return i != LP_NONE && !t->own && lp_is_constant_as(x->d, t->addr + (uint64_t)off, to.addr, x->s->atom[i].end - to.addr);
}

struct lp_there lp_word_there(struct word *x, const struct lp_use *u)
{
    const struct lp_there t = meant_there(x, u);
    struct lp_chosen c;
    if (!t.known || !lp_chosen(x->s, u, &c)) return t;
    for (unsigned i = 0; i < c.n; i++)
        if (c.more || !is_beside(x, u, &t, c.off[i])) {
            lp_word_refuse_base(x, "one of several things beside one another is chosen, and they are not so in the old file");
            return x->refused = true, (struct lp_there){0};
        }
    return t;
}

bool lp_word_nowhere(const struct word *x, const struct lp_use *u)
{
    const struct lp_span *in = lp_side_span(x->s, u->addr);
    if (x->refused) return false;
    const struct lp_word_at *w = lp_side_word(x->s, u->addr);
    uint32_t i = lp_side_atom(x->s, u->addr);
    const struct lp_word_at *copy = i == LP_NONE ? NULL : lp_copied(x->s, &x->s->atom[i]);
    static const char absent[] = "the old file does not have it";
    char buf[32];
    if (copy) return lp_diff_refuse(x->d, NEW(x->d), LP_E132, copy->sym->name), false;
    if (w && w->sym) return lp_diff_refuse(x->d, NEW(x->d), LP_E150, w->sym->name, absent), false;
    if ((u->width || i == LP_NONE) && in && in->flags & LP_SPAN_CODE)
        return lp_diff_refuse(x->d, NEW(x->d), LP_E142, lp_atom_text(&x->s->atom[x->atom], buf), (unsigned long long)u->addr,
                              (unsigned long long)u->addr + (u->width ? u->width : 4)), false;
    if (i != LP_NONE && x->s->atom[i].kind == LP_ATOM_PLT) return lp_diff_refuse(x->d, NEW(x->d), LP_E150, lp_atom_text(&x->s->atom[i], buf), absent), false;
    if (i != LP_NONE && x->s->atom[i].kind == LP_ATOM_PIECE && (x->s->atom[i].pair == LP_NONE || x->s->atom[i].roomy))
        lp_diff_refuse(x->d, NEW(x->d), LP_E110, lp_atom_text(&x->s->atom[i], buf), "it is not known which of the old file's unnamed data this is");
    else if (i != LP_NONE && x->s->atom[i].numbered && x->s->atom[i].pair == LP_NONE)
        lp_diff_refuse(x->d, NEW(x->d), LP_E110, lp_atom_text(&x->s->atom[i], buf), "it is not known which of the old file's variables of this name this is");
    else
        return lp_word_unresolved(x);
    return false;
}

bool lp_word_is_as_far(const struct word *x, const struct lp_use *u, const struct lp_there *base, int64_t off)
{
    bool unsure;
    const uint32_t behind = lp_behind(x->s, u), i = lp_side_atom(x->s, u->addr), meant = lp_meant(x->d, u, &unsure);
    if (meant != LP_NONE && meant != behind) return false; /* the place counts, not what is there */
    const struct lp_there t = {.known = base->known, .own = base->own, .addr = base->addr + (uint64_t)off, .atom = LP_NONE};
    if (behind != LP_NONE) return hold_the_same(x, u, &t, behind);
    if (!t.known || t.own || i == LP_NONE || lp_is_copied(&x->s->atom[i]) || !lp_is_constant(x->s, &x->s->atom[i])) return false;
    if (!u->width && (x->s->atom[i].carry || x->s->atom[i].joined)) return false; /* it may be compared with what is made of the copy */
    return lp_is_constant_as(x->d, t.addr, u->addr, u->width ? u->width : x->s->atom[i].end - u->addr);
}

/* A constant without a name: where the old file has it, and all that the users of this base reach, as far apart. */
static struct lp_there constants_at(const struct word *x, const struct lp_ref_at *r, const struct lp_base_list *users)
{
    const uint32_t i = lp_side_atom(x->s, r->addr);
    const struct lp_use u = {r->addr, r->base, x->atom, 0, 0};
    const struct lp_atom *a = i == LP_NONE || r->base != LP_NONE ? NULL : &x->s->atom[i];
    if (a) lp_look(x->d, i, false);
    const bool open = a && lp_is_lone(x->s, a) && !a->carry && !a->joined && !lp_is_copied(a);
    const struct lp_there t = {.known = true, .addr = open ? lp_old_constant(x->d, &u) : 0, .atom = LP_NONE};
    for (size_t k = 0; k < users->n && t.addr; k++) {
        const struct lp_ref_at *q = &x->s->ref[lp_base_listed(users, k)];
        const struct lp_use v = {q->addr, q->base, x->atom, q->width, q->addr == r->addr ? r->at : q->at};
        if (q != r && !lp_word_is_as_far(x, &v, &t, (int64_t)(q->addr - r->addr))) return (struct lp_there){0};
    }
    return t.addr ? t : (struct lp_there){0};
}

/* A constant that a word reads, of which another word makes the address: both may have their page from one ADRP. */
static struct lp_there made_of(struct word *x, const struct lp_ref_at *r)
{
    size_t n;
    const struct lp_base *made = lp_bases(x->d, x->atom, LP_BASE_MADE, r->addr, &n);
    for (size_t i = 0; i < n; i++) {
        const struct lp_ref_at *q = &x->s->ref[made[i].ref];
        if (q->kind != LP_FLOW_ADDR || q->width || q->addr != r->addr || !(q->flags & LP_FLOW_OF_PAGE)) continue;
        const struct lp_there t = lp_word_base(x, q);
        if (t.known && (t.own || lp_is_constant_as(x->d, t.addr, r->addr, r->width))) return t;
    }
    return (struct lp_there){0};
}

static bool is_open_constant(const struct word *x, const struct lp_ref_at *r)
{
    const uint32_t i = r->base == LP_NONE ? lp_side_atom(x->s, r->addr) : LP_NONE;
    const struct lp_atom *a = i == LP_NONE ? NULL : &x->s->atom[i];
    return a && lp_is_lone(x->s, a);
}

struct lp_there lp_word_base(struct word *x, const struct lp_ref_at *r)
{
    struct lp_use u = {r->addr, r->base, x->atom, r->width, r->at};
    struct lp_there base = {0};
    bool only = false;
    const struct lp_there made = r->width && is_open_constant(x, r) ? made_of(x, r) : (struct lp_there){0};
    if (made.known) return made;
    if (r->width) return lp_word_there(x, &u);
    const struct lp_there itself = x->s->atom[x->atom].uniform ? lp_word_there(x, &u) : (struct lp_there){0};
    if (itself.known) return itself;
    const struct lp_base_list users = lp_base_users_of(x->d, x->atom, r, &only);
    if (!only) return lp_word_there(x, &u);
    const struct lp_there all = constants_at(x, r, &users);
    if (all.known) return all;
    for (size_t i = 0; i < users.n; i++) {
        const struct lp_ref_at *q = &x->s->ref[lp_base_listed(&users, i)];
        const int64_t off = (int64_t)(q->addr - r->addr);
        if (q == r) continue;
        struct lp_use v = {q->addr, q->base, x->atom, q->width, off ? q->at : r->at};
        const struct lp_there t = lp_there_from(lp_word_there(x, &v), -off);
        if (!t.known || (base.known && !lp_same_there(&t, &base))) return lp_word_there(x, &u);
        base = t;
    }
    return base.known ? base : lp_word_there(x, &u);
}

struct lp_there lp_place_of_user(lp_diff *d, uint32_t atom, const struct lp_ref_at *user)
{
    struct word x = {.d = d, .s = NEW(d), .atom = atom, .at = user->at, .w = lp_code_word(NEW(d), user->at), .ref = user, .n = 1};
    return lp_word_base(&x, user);
}

bool lp_word_made_at(struct word *x, const struct lp_ref_at *user, uint64_t base, struct lp_there *out)
{
    const struct lp_base_list makers = lp_base_makers_of(x->d, x->atom, user, base);
    bool any = false;
    for (size_t i = 0; i < makers.n; i++) {
        const struct lp_there t = lp_word_base(x, &x->s->ref[lp_base_listed(&makers, i)]);
        if (any && !lp_same_there(&t, out)) return false;
        *out = t, any = true;
    }
    return any;
}
