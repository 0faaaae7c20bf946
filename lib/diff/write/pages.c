/* diff/write/pages.c - EMIT: the words that complete one page. In the old file, what they are for may be on several: then each ADRP makes the page of most of
 * those that it is for, and the others are apart (apart.c). That is so for GOT slots, of which one ADRP is for all of a function (GCC, -fpic), and where
 * several ADRPs meet at one use. Which ADRP is for which words is a guess where it is kept on the stack; VERIFY knows. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include "diff/side/walk.h"
#include "base/sort.h"

#include <stdlib.h>

/* A user of a group, which is one ADRP, and all that have users in common with it. */
struct user { uint32_t group, ref; struct lp_there to; };
/* Of each reference of the function: an ADRP's user whose page it makes; a user of the same group that has the page; LP_NONE. */
struct lp_pages { uint32_t atom, *rep; uint8_t how; };

/* ---- what an ADRP is for, if nothing is apart ---- */

static uint32_t reg(uint32_t w, unsigned lo) { return w >> lo & 31; }

/* Of the words that add to this page, the one that is meant by an ADRP: that which gets it, or if that is not seen (it is kept on the stack), the next that
 * has its register as base, else the next, else any. */
static const struct lp_ref_at *user_of(lp_diff *d, uint32_t atom, const struct lp_ref_at *p)
{
    const struct lp_side *s = NEW(d);
    const uint32_t word = lp_code_word(s, p->at);
    const struct lp_ref_at *best = NULL;
    unsigned score = 0;
    size_t n;
    const struct lp_base *user = lp_bases(d, atom, LP_BASE_USED, p->addr, &n);
    const uint64_t next = n > 1 ? lp_page_user(s, atom, p->at, p->addr) : 0;
    const size_t k = next ? lp_base_behind(s, user, n, next) : n;
    if (k < n && s->ref[user[k].ref].at == next && lp_word_lo12_name(lp_code_word(s, next))) return &s->ref[user[k].ref];
    for (size_t i = 0; i < n; i++) {
        const struct lp_ref_at *r = &s->ref[user[i].ref];
        const uint32_t w = lp_code_word(s, r->at);
        if (!lp_word_lo12_name(w)) continue;
        const unsigned v = 1 + 2 * (r->at > p->at) + 4 * (reg(w, 5) == reg(word, 0));
        if (v > score) best = r, score = v;
    }
    return best;
}

/* ---- groups ---- */

/* Union-find: of each reference, one of its group. */
static uint32_t root(uint32_t *in, uint32_t i)
{
    while (in[i] != i) i = in[i] = in[in[i]];
    return i;
}

static void join(uint32_t *in, uint32_t i, uint32_t k)
{
    i = root(in, i), k = root(in, k);
    if (i < k) in[k] = i;
    else in[i] = k;
}

static bool is_page_user(const struct lp_side *s, const struct lp_ref_at *r)
{
    return r->kind == LP_FLOW_ADDR && r->flags == LP_FLOW_OF_PAGE && lp_word_lo12_name(lp_code_word(s, r->at));
}

/* first: of an ADRP that is kept somewhere, the first of its page that is; LP_NONE. Returns it. */
static uint32_t add_page(lp_diff *d, uint32_t atom, uint32_t *in, uint32_t page, uint32_t first)
{
    const struct lp_side *s = NEW(d);
    const uint32_t from = s->atom[atom].ref;
    const struct lp_ref_at *p = &s->ref[page];
    struct lp_base_users users;
    size_t n;
    const bool whole = lp_page_users(s, atom, p->at, p->addr, &users) && s->atom[atom].pages == 1;
    const struct lp_base *user = lp_bases(d, atom, LP_BASE_USED, p->addr, &n);
    for (unsigned i = 0; i < users.n; i++)
        for (size_t k = lp_base_behind(s, user, n, users.at[i]); k < n && s->ref[user[k].ref].at == users.at[i]; k++) join(in, page - from, user[k].ref - from);
    if (!whole && first != LP_NONE) join(in, page - from, first - from);
    return whole || first != LP_NONE ? first : page;
}

/* All of one page; those of whom no ADRP is seen belong to one that is kept somewhere. */
static void add_group(lp_diff *d, uint32_t atom, uint32_t *in, const struct lp_base *made, size_t n)
{
    const uint32_t from = NEW(d)->atom[atom].ref, one = made[0].ref;
    const uint64_t page = made[0].base;
    uint32_t first = LP_NONE;
    size_t nuser;
    for (size_t i = 0; i < n; i++) first = add_page(d, atom, in, made[i].ref, first);
    const struct lp_base *user = lp_bases(d, atom, LP_BASE_USED, page, &nuser);
    for (size_t i = 0; i < nuser; i++)
        if (root(in, user[i].ref - from) == user[i].ref - from) join(in, user[i].ref - from, (first == LP_NONE ? one : first) - from);
}

static bool is_own_ref(const struct lp_atom *a, uint32_t ref) { return ref - a->ref < a->nref; }

static void find_groups(lp_diff *d, uint32_t atom, uint32_t *in)
{
    const struct lp_side *s = NEW(d);
    const struct lp_atom *a = &s->atom[atom];
    for (uint32_t i = 0; i < a->nref; i++) in[i] = i;
    for (uint32_t i = a->ref; i < a->ref + a->nref; i++) {
        size_t n;
        if (s->ref[i].kind != LP_FLOW_PAGE) continue;
        const struct lp_base *made = lp_bases(d, atom, LP_BASE_PAGE, s->ref[i].addr, &n);
        if (n && made[0].ref == i && is_own_ref(a, made[n - 1].ref)) add_group(d, atom, in, made, n);
    }
}

/* ---- the page of most ---- */

static uint64_t page_of(const struct user *u)
{
    return u->to.own || !u->to.known ? u->to.addr : u->to.addr & ~UINT64_C(4095);
}

/* What is of one page is beside one another. */
static int by_page(const void *a, const void *b)
{
    const struct user *x = a, *y = b;
    const uint64_t p = page_of(x), q = page_of(y);
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->to.known != y->to.known) return x->to.known ? -1 : 1;
    if (x->to.own != y->to.own) return x->to.own ? 1 : -1;
    if (p != q) return p < q ? -1 : 1;
    if (x->to.own && x->to.atom != y->to.atom) return x->to.atom < y->to.atom ? -1 : 1;
    if (x->to.own && x->to.off != y->to.off) return x->to.off < y->to.off ? -1 : 1;
    return 0;
}

static int by_page_and_ref(const void *a, const void *b)
{
    const struct user *x = a, *y = b;
    const int k = by_page(a, b);
    return k ? k : (x->ref > y->ref) - (x->ref < y->ref);
}

/* Of each group, where its largest row of one page begins, as its root's representative. */
static void choose(const struct user *u, size_t n, uint32_t *best)
{
    size_t most = 0;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && by_page(&u[i], &u[end]) == 0;) end++;
        if (!i || u[i].group != u[i - 1].group) most = 0;
        if (end - i > most) most = end - i, best[u[i].group] = (uint32_t)i;
    }
}

static bool make_pages(lp_diff *d, uint32_t atom, uint32_t *in, struct lp_pages *out)
{
    const struct lp_side *s = NEW(d);
    const struct lp_atom *a = &s->atom[atom];
    struct user *u = malloc((a->nref + 1) * sizeof *u);
    uint32_t *best = malloc((a->nref + 1) * sizeof *best);
    size_t n = 0;
    if (u && best) find_groups(d, atom, in);
    for (uint32_t i = 0; u && best && i < a->nref; i++) {
        const struct lp_ref_at *r = &s->ref[a->ref + i];
        best[i] = out->rep[i] = LP_NONE;
        if (!is_page_user(s, r)) continue;
        u[n] = (struct user){root(in, i), a->ref + i, lp_place_of_user(d, atom, r)};
        if (!u[n].to.known) u[n].to.addr = r->addr; /* a slot that the patch has */
        n++;
    }
    if (u && best) {
        lp_sort(u, n, sizeof *u, by_page_and_ref);
        choose(u, n, best);
        for (size_t i = 0; i < n; i++)
            if (by_page(&u[i], &u[best[u[i].group]]) == 0) out->rep[u[i].ref - a->ref] = u[best[u[i].group]].ref;
        for (uint32_t i = 0; i < a->nref; i++)
            if (s->ref[a->ref + i].kind == LP_FLOW_PAGE && best[root(in, i)] != LP_NONE) out->rep[i] = u[best[root(in, i)]].ref;
    }
    const bool good = u && best;
    free(u), free(best);
    return good;
}

/* LP_NONE: of a word that has no page, or is apart. */
static uint32_t rep_of(lp_diff *d, uint32_t atom, const struct lp_ref_at *r)
{
    const struct lp_atom *a = &NEW(d)->atom[atom];
    struct lp_pages *x = d->pages;
    if (!x || x->atom != atom || x->how != a->pages) {
        lp_pages_free(d);
        uint32_t *in = malloc((a->nref + 1) * sizeof *in);
        x = d->pages = calloc(1, sizeof *x);
        if (x) *x = (struct lp_pages){atom, malloc((a->nref + 1) * sizeof *x->rep), a->pages};
        if (!x || !x->rep || !in || !make_pages(d, atom, in, x)) lp_pages_free(d), d->nomem = true, x = NULL;
        free(in);
    }
    return x ? x->rep[r - NEW(d)->ref - a->ref] : LP_NONE;
}

/* ---- a page that is completed in another function ---- */

static const struct lp_ref_at *completed_in(const struct lp_side *s, uint32_t atom, uint64_t page)
{
    for (uint32_t i = 0; atom != LP_NONE && i < s->atom[atom].nref; i++) {
        const struct lp_ref_at *r = &s->ref[s->atom[atom].ref + i];
        int64_t off;
        if (is_page_user(s, r) && lp_word_offset(lp_code_word(s, r->at), &off) && r->addr - (uint64_t)off == page) return r;
    }
    return NULL;
}

/* By whoever calls this function, which returns it. */
static const struct lp_ref_at *completed_by_caller(const struct lp_side *s, uint64_t function, uint64_t page, uint32_t *of)
{
    for (uint32_t i = 0; i < s->natom; i++) {
        struct lp_lent_pages p = {.n = 0};
        if (lp_is_code_atom(&s->atom[i]) && s->atom[i].lent) lp_lent_pages(s, i, &p);
        for (unsigned k = 0; k < p.n; k++)
            if (p.v[k].borrowed && p.v[k].with == function && p.v[k].page == page && completed_in(s, i, page)) return *of = i, completed_in(s, i, page);
    }
    return NULL;
}

static bool is_called_behind(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t function)
{
    while ((at += 4) < s->atom[atom].end) {
        const uint32_t word = lp_code_word(s, at);
        uint64_t to;
        uint32_t mask;
        if (lp_word_is_branch(word) && lp_word_target(word, at, &to, &mask) && to == function) return true;
    }
    return false;
}

/* Of those that it is lent to, rather one that is called behind the ADRP. */
static const struct lp_ref_at *lent_user(const struct lp_side *s, uint32_t atom, const struct lp_ref_at *page, uint32_t *of)
{
    struct lp_lent_pages p;
    const struct lp_ref_at *best = NULL;
    lp_lent_pages(s, atom, &p);
    for (unsigned k = 0; k < p.n; k++) {
        uint32_t i = lp_side_atom(s, p.v[k].with);
        if (p.v[k].borrowed || p.v[k].page != page->addr) continue;
        const struct lp_ref_at *r = i == atom ? completed_by_caller(s, p.v[k].with, page->addr, &i) : completed_in(s, i, page->addr);
        if (r && (!best || is_called_behind(s, atom, page->at, p.v[k].with))) best = r, *of = i;
    }
    return best;
}

const struct lp_ref_at *lp_page_meant(lp_diff *d, uint32_t atom, const struct lp_ref_at *page, uint32_t *of)
{
    const uint32_t rep = NEW(d)->atom[atom].pages ? rep_of(d, atom, page) : LP_NONE;
    const struct lp_ref_at *r = rep == LP_NONE ? user_of(d, atom, page) : &NEW(d)->ref[rep];
    *of = atom;
    return r ? r : lent_user(NEW(d), atom, page, of);
}

bool lp_has_page(lp_diff *d, uint32_t atom, const struct lp_ref_at *user)
{
    return !NEW(d)->atom[atom].pages || !is_page_user(NEW(d), user) || rep_of(d, atom, user) != LP_NONE;
}

void lp_pages_free(lp_diff *d)
{
    if (d->pages) free(d->pages->rep);
    free(d->pages);
    d->pages = NULL;
}
