/* diff/write/ends.c - EMIT, data without names: an address where one thing ends is where the next one begins, and nothing says which of the two it is. That
 * counts where the two are no longer beside one another: behind data that comes along, or whose place another one takes. Then both must be right, or there is
 * no patch. (Where symbols say what is what, offsets.c and meant.c look.) */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/data.h"
#include "diff/side/seen.h"
#include "diff/side/walk.h"
#include "base/bits.h"
#include "base/search.h"

#include <stdlib.h>

enum { MOST_TOGETHER = 1 << 16 }; /* bytes */
enum { NOT_ASKED, LIKELY, DOUBTFUL };
/* A piece that a patch leads to, and where it ends. array: code has its address, so that it may have that of its end, too. begins: is it likely that what
 * begins there is meant? texts: it is a text and others that nobody refers to, and arrays have names: compilers make numbers of what a text is compared
 * with, and leave it there. Or it is a list of texts without a name, whose end only those have who have its start. */
struct end { uint64_t at; uint32_t piece; bool array, texts; uint8_t begins; };
struct ends {
    lp_diff *d;
    struct end *v;
    size_t n, cap;
    uint64_t lo, hi; /* where all of them are */
    bool again, last;
    struct lp_alike *alike;
    uint8_t *only[2]; /* of each atom of the two files: whether there are fewer of it in the other one; 0 = not asked yet */
};

/* A text ends where its 0 is: nobody needs the address behind that. (What looks like one may be an address.) Behind it there may be the head of another
 * one, of which only the tail is used. */
static bool is_text(const struct lp_side *s, const struct lp_atom *a)
{
    uint64_t avail = 0;
    const uint64_t n = lp_side_text(s, a->start), size = a->end - a->start;
    const uint8_t *p = n ? lp_side_bytes(s, a->start, &avail) : NULL;
    if (!p || avail < size || lp_side_word(s, a->start) || n > size) return p && n > size;
    if (!(a->start & 7) && size >= 8 && lp_side_guesses(s) && lp_read_word(s, a->start, lp_le64(p)) != LP_READ_NUMBER) return false;
    uint64_t k = n;
    while (k < size && !p[k]) k++;
    return (size - n < 64 && k == size) || (lp_begins_text(s, a->start) && k < size && lp_side_text(s, a->start + k) > size - k);
}

static void find_ends(struct ends *e)
{
    const struct lp_side *s = NEW(e->d);
    for (uint32_t i = 0; i < s->natom; i++) {
        const struct lp_atom *b = &s->atom[i];
        if (b->kind != LP_ATOM_PIECE || !b->aimed) continue;
        if (lp_twin(e->d, b->start) && lp_twin(e->d, b->end)) continue; /* whichever is meant is at its place */
        struct end *v = lp_grow(e->v, &e->cap, e->n, sizeof *v);
        if (!v) {
            e->d->nomem = true;
            return;
        }
        e->v = v;
        if (!e->n) e->lo = b->start;
        v[e->n++] = (struct end){b->end, i, false, s->objects && lp_begins_text(s, b->start) && lp_only_texts(s, b->start, b->end), NOT_ASKED};
        e->hi = b->end;
    }
}

/* An address by itself, not what is there. */
static bool is_address(const struct lp_ref_at *r)
{
    return (r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET || r->kind == LP_REF_NUMBER) && !r->width && r->base == LP_NONE;
}

static struct end *ending_at(const struct ends *e, uint64_t addr)
{
    if (addr < e->lo || addr > e->hi) return NULL;
    const size_t i = lp_count_below(e->v, e->n, sizeof *e->v, addr);
    return i < e->n && e->v[i].at == addr ? &e->v[i] : NULL;
}

/* In whose middle or at whose start an address is. */
static struct end *end_behind(const struct ends *e, uint64_t addr)
{
    const size_t i = addr < e->lo || addr >= e->hi ? e->n : lp_count_upto(e->v, e->n, sizeof *e->v, addr);
    return i < e->n && addr >= NEW(e->d)->atom[e->v[i].piece].start ? &e->v[i] : NULL;
}

/* fn for each word of data that is, or may be, an address. */
static void each_word(struct ends *e, void (*fn)(struct ends *e, uint64_t at, uint64_t value))
{
    const struct lp_side *s = NEW(e->d);
    for (size_t i = 0; i < s->nword; i++)
        if (s->word[i].kind == LP_WORD_ADDR) fn(e, s->word[i].at, s->word[i].value);
    for (size_t i = 0; i < s->nspan && lp_side_guesses(s); i++) {
        const struct lp_span *x = &s->span[i];
        for (uint64_t at = lp_align_up(x->start, 8); x->bytes && !(x->flags & (LP_SPAN_CODE | LP_SPAN_LINKER)) && at + 8 <= x->end; at += 8)
            fn(e, at, lp_le64(x->bytes + (at - x->start)));
    }
}

/* (Where a pointer stops, or starts, beside an array is none of what is there.) */
static void mark_made(struct ends *e, uint32_t function, const struct lp_ref_at *r)
{
    const struct lp_use u = {r->addr, r->base, function, r->width, r->at};
    struct end *x = !r->width || r->flags & LP_FLOW_INDEXED ? end_behind(e, r->addr) : NULL;
    struct lp_stepped passed;
    if (x && !x->array) x->array = !lp_passed(NEW(e->d), &u, &passed);
}

static void mark_array(struct ends *e, uint64_t at, uint64_t value)
{
    struct end *x = end_behind(e, value);
    (void)at;
    if (x) x->array = true;
}

static void find_arrays(struct ends *e)
{
    const struct lp_side *s = NEW(e->d);
    for (uint32_t i = 0; i < s->natom; i++)
        for (uint32_t k = 0; lp_is_code_atom(&s->atom[i]) && k < s->atom[i].nref; k++) mark_made(e, i, &s->ref[s->atom[i].ref + k]);
    each_word(e, mark_array);
    for (size_t i = 0; i < e->n; i++) e->v[i].array &= !is_text(s, &s->atom[e->v[i].piece]);
}

/* ---- what came instead of what ---- */

/* Are there fewer of it in the other file? Many places may ask. */
static bool is_only_here(struct ends *e, int side, uint32_t i)
{
    enum { YES = 1, NO };
    uint32_t one = LP_NONE, back;
    if (!e->only[side] && !(e->only[side] = calloc(e->d->side[side].natom + 1, 1))) return e->d->nomem = true;
    if (!e->alike && !(e->alike = lp_alike_new(e->d))) return true;
    if (e->only[side][i]) return e->only[side][i] == YES;
    const unsigned there = lp_alike_count(e->d, e->alike, side, i, &one);
    const bool only = !there || lp_alike_count(e->d, e->alike, !side, one, &back) > there;
    e->only[side][i] = only ? YES : NO;
    return only;
}

/* Did one that ended where the old file has this address go, and another one that ends here come? Then it may be the same one, which grew or shrank.
 * (What came is asked first: many words of a datum ask about one end, and mostly it is in both files.) */
static bool took_place(struct ends *e, uint64_t old_end, struct end *x)
{
    const struct lp_side *o = OLD(e->d), *s = NEW(e->d);
    const uint32_t w = lp_side_atom(o, old_end - 1);
    if (w == LP_NONE || !lp_is_counted(o, w) || o->atom[w].end != old_end || !lp_stays_constant(s, &s->atom[x->piece])) return false;
    if (o->atom[w].pair == x->piece) return false;
    return is_only_here(e, 1, x->piece) && is_only_here(e, 0, w) && !lp_same_piece(e->d, w, x->piece);
}

/* ---- who has the address ---- */

/* Does it lead to what ends there in another way, too? Who has both ends of an array has its start. */
static bool has_start(const struct lp_side *s, const struct lp_atom *from, uint64_t at, const struct lp_atom *a)
{
    if (lp_is_code_atom(from)) return lp_refers_into(s, (uint32_t)(from - s->atom), a);
    for (size_t k = lp_count_below(s->word, s->nword, sizeof *s->word, at - 8 < from->start ? at - 8 : from->start);
         k < s->nword && s->word[k].at < from->end; k++)
        if (s->word[k].kind == LP_WORD_ADDR && s->word[k].value >= a->start && s->word[k].value < a->end) return true;
    return false;
}

/* Is it what begins behind a text, and no end of a list? */
static bool is_next_text(const struct lp_side *s, const struct lp_atom *from, uint64_t at, const struct end *x)
{
    const struct lp_use u = {x->at, LP_NONE, (uint32_t)(from - s->atom), 0, at};
    if (!x->texts || !has_start(s, from, at, &s->atom[x->piece])) return x->texts;
    return lp_is_code_atom(from) && lp_are_handed_apart(s, &u, x->piece);
}

/* Does code hand it on to functions of the file, and to these alone, which do not compare it with other addresses? */
static bool is_handed_on(const struct lp_side *s, const struct lp_atom *from, uint64_t at)
{
    struct lp_handed h;
    lp_handed(s, (uint32_t)(from - s->atom), at, &h);
    bool good = !h.lost && (h.n || h.based);
    for (size_t i = 0; good && i < h.n; i++) {
        const uint32_t f = h.v[i].to == LP_HANDED_BACK ? LP_NONE : lp_side_start(s, h.v[i].to);
        good = f != LP_NONE && s->atom[f].kind == LP_ATOM_FUNC && !lp_compares_argument(s, f, h.v[i].regs);
    }
    return good;
}

/* Is it the start for some functions that leave alone what ends there? Then it hardly is an end for the others. */
static bool is_likely_start(const struct lp_side *s, struct end *x)
{
    enum { SOME = 3 };
    unsigned n = 0;
    for (uint32_t i = 0; x->begins == NOT_ASKED && i < s->natom && n < SOME; i++) {
        const struct lp_atom *f = &s->atom[i];
        bool hit = false;
        for (uint32_t k = 0; f->kind == LP_ATOM_FUNC && !hit && k < f->nref; k++) {
            const struct lp_ref_at *r = &s->ref[f->ref + k];
            hit = r->addr == x->at && is_address(r) && (lp_is_read(s, i, r->at) || is_handed_on(s, f, r->at));
        }
        n += hit && !lp_refers_into(s, i, &s->atom[x->piece]);
    }
    if (x->begins == NOT_ASKED) x->begins = n == SOME ? LIKELY : DOUBTFUL;
    return x->begins == LIKELY;
}

/* A guess: what begins there is meant, by somebody who leaves alone what ends there. */
static bool guess_start(struct ends *e, const struct lp_atom *from, uint64_t at, struct end *x)
{
    const struct lp_side *s = NEW(e->d);
    char buf[32];
    const uint32_t next = lp_side_atom(s, x->at);
    if (!(e->d->opt.flags & LP_DIFF_HEURISTIC) || next == LP_NONE || s->atom[next].start != x->at || !s->atom[next].used) return false;
    if (lp_side_guesses(s) && !(lp_is_code_atom(from) && lp_begins_text(s, x->at))) return false; /* data may have the start, but nothing says so */
    if (has_start(s, from, at, &s->atom[x->piece])) return false;
    if (!(lp_is_code_atom(from) && is_handed_on(s, from, at)) && !is_likely_start(s, x)) return false;
    if (!e->d->starts_told)
        lp_diff_remark(e->d, "where data without a name end and others begin, an address is taken for that of what begins there if what ends there is not used "
                       "by whoever has it (the first: %s+0x%llx has 0x%llx)", lp_atom_text(from, buf), (unsigned long long)(at - from->start),
                       (unsigned long long)x->at);
    return e->d->starts_told = true;
}

static void refuse(struct ends *e, const struct lp_atom *from, uint64_t at, struct end *x)
{
    char buf[32], name[32];
    if (guess_start(e, from, at, x)) return;
    lp_diff_refuse(e->d, NEW(e->d), LP_E148, lp_atom_text(from, buf), (unsigned long long)(at - from->start),
                   lp_atom_text(&NEW(e->d)->atom[x->piece], name));
}

static void join(struct ends *e, uint32_t i)
{
    struct lp_atom *v = NEW(e->d)->atom;
    v[i].joined = e->again = true;
    v[lp_head_of(e->d, i)].needed = true;
}

/* A constant of which the patch may bring a copy. */
static bool is_open(const struct lp_side *s, const struct lp_atom *a)
{
    return (s->objects ? lp_is_lone(s, a) : lp_is_unnamed_constant(s, a)) && a->end - a->start <= MOST_TOGETHER;
}

/* Of what is new, or another word now: it is right if one place is both, as it is where what begins there comes along, too. */
static void check_new(struct ends *e, const struct lp_atom *from, uint64_t at, struct end *x)
{
    struct lp_side *s = NEW(e->d);
    const struct lp_atom *a = &s->atom[x->piece];
    const struct lp_use start = {a->start, LP_NONE, LP_NONE, 0, 0}, end = {x->at, LP_NONE, LP_NONE, 0, 0};
    const struct lp_there t = lp_there(e->d, &start), u = lp_there(e->d, &end);
    const int64_t size = (int64_t)(a->end - a->start);
    struct lp_atom *next = x->piece + 1 < s->natom ? &s->atom[x->piece + 1] : NULL;
    if (!t.known || !u.known) return;
    if (lp_is_there_from(&t, &u, size)) return;
    const bool beside = next && next->start == x->at && next->span == a->span && next->kind == LP_ATOM_PIECE && !next->joined;
    const bool both = beside && ((a->carry && next->carry) || (is_open(s, a) && is_open(s, next)) || lp_may_have_copies(s, x->piece, x->piece + 1));
    if (both && !e->last) join(e, x->piece + 1);
    else refuse(e, from, at, x);
}

static void check_old_code(struct ends *e, const struct lp_atom *f, uint64_t at, struct end *x)
{
    const struct lp_side *o = OLD(e->d);
    const struct lp_atom *a = &o->atom[f->pair];
    for (uint32_t k = 0; k < a->nref; k++)
        if (is_address(&o->ref[a->ref + k]) && took_place(e, o->ref[a->ref + k].addr, x)) {
            refuse(e, f, at, x);
            return;
        }
}

/* Where one word that changes has a number that is added to what another one makes, both must: zeros, say, are the same anywhere. */
static bool make_body(struct ends *e, struct lp_atom *f, struct end *x)
{
    if (e->last || !f->in_place || f->no_place || !NEW(e->d)->atom[x->piece].carry) return false;
    return f->no_place = e->again = true;
}

/* What is read there begins there. What is only compared, or where nothing is, is the end if the function uses what ends: meant.c takes it for that. */
static void check_code(struct ends *e, uint32_t i)
{
    const struct lp_side *s = NEW(e->d);
    struct lp_atom *f = &NEW(e->d)->atom[i];
    for (uint32_t k = 0; k < f->nref; k++) {
        const struct lp_ref_at *r = &s->ref[f->ref + k];
        struct end *x = is_address(r) ? ending_at(e, r->addr) : NULL;
        if (!x || !x->array || (r->kind != LP_REF_NUMBER && (lp_is_read(s, i, r->at) || lp_is_indexed(s, i, r->at)))) continue;
        if (is_next_text(s, f, r->at, x) || (r->kind != LP_REF_NUMBER && lp_is_read_by_call(s, i, r->at))) continue;
        if (!f->included) check_old_code(e, f, r->at, x);
        else if (make_body(e, f, x)) return;
        else if (!lp_refers_into(s, i, &s->atom[x->piece]) || (lp_side_atom(s, x->at) != LP_NONE && !lp_only_compared(s, i, r->at))) check_new(e, f, r->at, x);
    }
}

/* ---- two addresses that are handed on together ---- */

enum { MOST_GIVEN = 32 };
struct given { const struct lp_ref_at *ref; uint32_t piece; struct lp_handed_at to; };

/* What is from the one piece to the other is constants without names, which may come along in one. */
static bool may_join(struct ends *e, uint32_t first, uint32_t last)
{
    const struct lp_atom *v = NEW(e->d)->atom;
    bool may = !e->last && v[last].end - v[first].start <= MOST_TOGETHER;
    for (uint32_t i = first; may && i <= last; i++)
        may = (v[i].carry || v[i].joined || is_open(NEW(e->d), &v[i])) && v[i].span == v[first].span && (i == first || v[i].start == v[i - 1].end);
    return may;
}

/* A function that compares them may go from the one to the other: then they are to be as far from one another as in the new file. */
static void check_given(struct ends *e, const struct lp_atom *f, const struct given *x, const struct given *y)
{
    struct lp_side *s = NEW(e->d);
    const struct lp_use u = {x->ref->addr, LP_NONE, LP_NONE, 0, 0}, v = {y->ref->addr, LP_NONE, LP_NONE, 0, 0};
    const struct lp_there t = lp_there(e->d, &u), there = lp_there(e->d, &v);
    char buf[32], name[32];
    if (!t.known || !there.known || lp_is_there_from(&t, &there, (int64_t)(v.addr - u.addr))) return;
    if (!lp_compares_arguments(s, lp_side_start(s, x->to.to), x->to.regs | y->to.regs)) return;
    if (may_join(e, x->piece, y->piece))
        for (uint32_t i = x->piece + 1; i <= y->piece; i++) join(e, i);
    else
        lp_diff_refuse(e->d, s, LP_E148, lp_atom_text(f, buf), (unsigned long long)(y->ref->at - f->start), lp_atom_text(&s->atom[x->piece], name));
}

/* Which functions get the addresses of constants that a new body makes, which are no texts. */
static size_t given_by(struct ends *e, uint32_t function, struct given *v)
{
    const struct lp_side *s = NEW(e->d);
    const struct lp_atom *f = &s->atom[function];
    size_t n = 0;
    for (uint32_t k = 0; k < f->nref; k++) {
        const struct lp_ref_at *r = &s->ref[f->ref + k];
        const uint32_t i = is_address(r) && r->kind == LP_FLOW_ADDR ? lp_side_atom(s, r->addr) : LP_NONE;
        struct lp_handed h;
        if (i == LP_NONE || !lp_is_unnamed_constant(s, &s->atom[i]) || is_text(s, &s->atom[i])) continue;
        lp_handed(s, function, r->at, &h);
        for (size_t j = 0; j < h.n && n < MOST_GIVEN; j++) {
            const uint32_t to = h.v[j].to == LP_HANDED_BACK ? LP_NONE : lp_side_start(s, h.v[j].to);
            if (to != LP_NONE && s->atom[to].kind == LP_ATOM_FUNC) v[n++] = (struct given){r, i, h.v[j]};
        }
    }
    return n;
}

static void check_together(struct ends *e, uint32_t function)
{
    struct given v[MOST_GIVEN];
    const size_t n = given_by(e, function, v);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            if (v[i].ref->addr < v[k].ref->addr && v[i].to.at == v[k].to.at && !(v[i].to.regs & v[k].to.regs))
                check_given(e, &NEW(e->d)->atom[function], &v[i], &v[k]);
}

static void check_old_datum(struct ends *e, const struct lp_atom *b, uint64_t at, struct end *x)
{
    const struct lp_side *o = OLD(e->d);
    const struct lp_atom *a = &o->atom[b->pair];
    uint64_t avail = 0;
    bool hit = false;
    for (size_t k = lp_count_below(o->word, o->nword, sizeof *o->word, a->start); !hit && k < o->nword && o->word[k].at < a->end; k++)
        hit = o->word[k].kind == LP_WORD_ADDR && took_place(e, o->word[k].value, x);
    const uint8_t *p = lp_side_guesses(o) && !hit ? lp_side_bytes(o, a->start, &avail) : NULL;
    for (uint64_t w = lp_align_up(a->start, 8); p && !hit && w + 8 <= a->end && w - a->start + 8 <= avail; w += 8)
        hit = took_place(e, lp_le64(p + (w - a->start)), x);
    if (hit) refuse(e, b, at, x);
}

/* Behind what comes along is more that nobody leads to, but for itself: rows of one table that lead to one another, of which each is cut off. All of it comes
 * along in one piece. (If it is something else, that is more than is needed, and no more.) */
static void join_rows(struct ends *e, struct end *x, uint32_t last)
{
    struct lp_atom *v = NEW(e->d)->atom;
    const uint32_t first = x->piece + 1, head = lp_head_of(e->d, x->piece);
    if (e->last || !v[head].carry || last < first || v[last].end - v[head].start > MOST_TOGETHER) return;
    for (uint32_t i = first; i <= last; i++) {
        const bool open = v[i].kind == LP_ATOM_PIECE && v[i].pair == LP_NONE && !v[i].carry && !v[i].joined;
        if (!open || v[i].span != v[head].span || v[i].start != v[i - 1].end) return;
    }
    for (uint32_t i = first; i <= last; i++) join(e, i);
}

/* Does a datum that stays have the addresses of rows of what comes along, too? Then it has those of the new rows, and is to have the end of them. */
static bool has_rows(const lp_diff *d, const struct lp_atom *b, uint64_t at, const struct end *x)
{
    const struct lp_side *s = NEW(d);
    struct lp_atom rows = s->atom[lp_head_of(d, x->piece)];
    rows.end = x->at;
    return !s->objects && rows.carry && has_start(s, b, at, &rows);
}

static void check_word(struct ends *e, uint64_t at, uint64_t value)
{
    struct end *x = ending_at(e, value);
    const uint32_t i = x && x->array ? lp_side_atom(NEW(e->d), at) : LP_NONE;
    const struct lp_atom *b = i == LP_NONE ? NULL : &NEW(e->d)->atom[i];
    uint64_t off;
    if (!b || !lp_is_datum(b) || is_next_text(NEW(e->d), b, at, x)) return;
    if (b->carry || b->joined || lp_is_copied(b)) check_new(e, b, at, x);
    if (b->pair == LP_NONE && !b->carry && !b->joined && lp_stays_constant(NEW(e->d), b)) join_rows(e, x, i);
    if (b->pair == LP_NONE || lp_is_copied(b)) return;
    const bool same = lp_same_data(e->d, OLD(e->d), OLD(e->d)->atom[b->pair].start + (at - b->start), at, 8, &off);
    lp_suppose_keep(e->d, false);
    if (same && !has_rows(e->d, b, at, x)) check_old_datum(e, b, at, x);
    else check_new(e, b, at, x);
}

bool lp_diff_ends(lp_diff *d, bool last)
{
    struct ends e = {.d = d, .last = last, .again = d->again};
    d->again = false;
    find_ends(&e);
    if (e.n && !d->nomem) find_arrays(&e);
    for (uint32_t i = 0; e.n && i < NEW(d)->natom; i++) {
        const struct lp_atom *f = &NEW(d)->atom[i];
        if (lp_is_function(f) && (f->included || f->pair != LP_NONE)) check_code(&e, i);
    }
    for (uint32_t i = 0; i < NEW(d)->natom; i++)
        if (lp_is_function(&NEW(d)->atom[i]) && NEW(d)->atom[i].included) check_together(&e, i);
    if (e.n) each_word(&e, check_word);
    lp_alike_free(e.alike), free(e.v), free(e.only[0]), free(e.only[1]);
    return e.again && !last && !d->nomem && !d->refusals;
}
