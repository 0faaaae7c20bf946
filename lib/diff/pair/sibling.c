/* diff/pair/sibling.c - two objects beside one another: an address at the end of the first one is the start of the second one, and what a function does with
 * it says which of the two is meant (lp_meant()). Where a function hands on the addresses of both, each by itself, it is the start of the second one if the
 * same function gets both, in the same register and never at once, and nothing but this says what the second one is there for. (Who gets the two ends of one
 * array gets them together.) */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/data.h"
#include "diff/side/seen.h"
#include "diff/side/walk.h"
#include "base/bits.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

static bool in_atom(const struct lp_atom *a, uint64_t addr) { return addr >= a->start && addr < a->end; }

/* Of each atom, which function refers to it: LP_NONE = none, MANY = several, or something else. */
#define MANY (LP_NONE - 1)

static void add_user(const struct lp_side *s, uint32_t *user, uint64_t addr, uint32_t by)
{
    const uint32_t i = lp_side_atom(s, addr);
    if (i != LP_NONE) user[i] = user[i] == LP_NONE || user[i] == by ? by : MANY;
}

static void add_words(const struct lp_side *s, uint32_t *user)
{
    for (size_t i = 0; i < s->nword; i++)
        if (s->word[i].kind == LP_WORD_ADDR) add_user(s, user, s->word[i].value, MANY);
    for (size_t i = 0; i < s->nspan && lp_side_guesses(s); i++) {
        const struct lp_span *x = &s->span[i];
        for (uint64_t at = lp_align_up(x->start, 8); x->bytes && !(x->flags & (LP_SPAN_CODE | LP_SPAN_LINKER)) && at + 8 <= x->end; at += 8)
            add_user(s, user, lp_le64(x->bytes + (at - x->start)), MANY);
    }
}

static void add_exports(const struct lp_side *s, uint32_t *user)
{
    for (size_t k = 0; k < s->dynamic->nsym; k++) {
        const struct lp_dynsym *y = &s->dynamic->sym[k];
        const uint32_t i = y->shndx ? lp_side_start(s, y->value) : LP_NONE;
        if (i != LP_NONE) user[i] = MANY;
    }
}

static uint32_t *find_users(const struct lp_side *s)
{
    uint32_t *user = malloc((s->natom + 1) * sizeof *user);
    if (!user) return NULL;
    for (uint32_t i = 0; i < s->natom; i++) user[i] = LP_NONE;
    for (uint32_t i = 0; i < s->natom; i++)
        for (uint32_t k = 0; lp_is_code_atom(&s->atom[i]) && k < s->atom[i].nref; k++) {
            const struct lp_ref_at *r = &lp_refs_of_atom(s, &s->atom[i])[k];
            if (r->kind != LP_FLOW_PAGE) add_user(s, user, r->addr, i);
        }
    add_words(s, user);
    add_exports(s, user);
    return user;
}

bool lp_is_used_else(const struct lp_side *s, uint32_t function, uint32_t object)
{
    uint32_t **user = lp_seen_users(s);
    if (!*user) *user = find_users(s);
    return !*user || ((*user)[object] != LP_NONE && (*user)[object] != function);
}

/* Does this function use the object otherwise than by the addresses of its start? */
static bool is_used_otherwise(const struct lp_side *s, uint32_t function, uint32_t object)
{
    const struct lp_atom *a = &s->atom[object], *f = &s->atom[function];
    for (uint32_t k = 0; k < f->nref; k++) {
        const struct lp_ref_at *r = &lp_refs_of_atom(s, f)[k];
        if (r->kind != LP_FLOW_PAGE && in_atom(a, r->addr) && (r->addr != a->start || r->width)) return true;
    }
    return false;
}

/* The calls that get a place in the object: none of them gets the other address, too; *like: in its stead. */
static bool apart(const struct lp_handed *e, const struct lp_handed *f, bool start, bool like[LP_HANDED])
{
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < e->n; k++) {
            const uint32_t regs = e->v[k].regs;
            if (f->v[i].at == e->v[k].at && (f->v[i].regs != regs || regs & (regs - 1))) return false;
            like[k] |= start && f->v[i].to == e->v[k].to && f->v[i].regs & regs;
        }
    return true;
}

bool lp_are_handed_apart(const struct lp_side *s, const struct lp_use *u, uint32_t object)
{
    const struct lp_atom *a = &s->atom[object], *f = &s->atom[u->self];
    bool like[LP_HANDED] = {false};
    struct lp_handed e, h;
    lp_handed(s, u->self, u->at, &e);
    if (e.lost || e.based || !e.n) return false;
    for (uint32_t i = 0; i < f->nref; i++) {
        const struct lp_ref_at *r = &lp_refs_of_atom(s, f)[i];
        if (r->kind == LP_FLOW_PAGE || r->width || !in_atom(a, r->addr)) continue;
        lp_handed(s, u->self, r->at, &h);
        if (h.lost || !apart(&e, &h, r->addr == a->start, like)) return false;
    }
    for (size_t i = 0; i < e.n; i++)
        if (!like[i]) return false;
    return true;
}

/* The address is that of the end of an object, and of another one: is it certainly the other one, because the function gets the two in one another's stead? */
static bool is_sibling(const struct lp_side *s, const struct lp_use *u, uint32_t object)
{
    const uint32_t next = lp_side_start(s, u->addr);
    if (!u->at || u->self == LP_NONE || next == LP_NONE || s->atom[next].kind != LP_ATOM_OBJECT) return false;
    if (!lp_are_handed_apart(s, u, object)) return false;
    return !is_used_otherwise(s, u->self, next) && !lp_is_used_else(s, u->self, next); /* else it need not be what they mean */
}

/* ---- the end of an object, or the start of another one ---- */

/* (Type information, tables of virtual functions and guards of local statics are no arrays: no code has the address of their ends.) */
static bool is_array(const struct lp_side *s, const struct lp_atom *a)
{
    const char *name = lp_atom_name(a);
    if (name && strncmp(name, "_Z", 2) == 0 && (strncmp(name + 2, "GV", 2) == 0 || (name[2] == 'T' && name[3] && strchr("ITV", name[3])))) return false;
    return a->kind == LP_ATOM_OBJECT || (a->kind == LP_ATOM_PIECE && a->used && !s->objects);
}

uint32_t lp_array_to(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = addr ? lp_side_atom(s, addr - 1) : LP_NONE;
    return i != LP_NONE && is_array(s, &s->atom[i]) && s->atom[i].end == addr ? i : LP_NONE;
}

/* (In a file that has names, all variables have one, and constants of zeros are none that code reads.) */
bool lp_begins_at(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = lp_side_atom(s, addr);
    if (i == LP_NONE) return false;
    const struct lp_atom *a = &s->atom[i], *next = i + 1 < s->natom ? a + 1 : NULL;
    const bool between = next && next->kind == LP_ATOM_OBJECT && next->start == a->end && lp_array_to(s, a->start) != LP_NONE;
    if (!s->objects || a->kind != LP_ATOM_PIECE || !between) return true;
    const bool fills = a->end - a->start < (next->start & (~next->start + 1));
    return !fills || !(s->span[a->span].flags & LP_SPAN_BSS || lp_only_zeros(s, a->start, a->end));
}

/* Does the word make it once and for all? Of what goes on in steps, the address is that of the first one. */
static bool is_made_there(const struct lp_side *s, const struct lp_use *u)
{
    unsigned n;
    const struct lp_ref_at *r = lp_refs_at(s, &s->atom[u->self], u->at, &n);
    bool made = n > 0;
    for (unsigned k = 0; k < n; k++) made &= r[k].addr != u->addr || !(r[k].flags & LP_FLOW_STEPS);
    return made;
}

/* In the middle of the table of what unwinders read nothing is that code may mean: it is as far behind the last constant, as a loop over a field gets. */
static bool is_past_all(const struct lp_side *s, const struct lp_use *u, struct lp_stepped *out)
{
    enum { NEAR = 256 };
    const struct lp_span *x = lp_side_span(s, u->addr);
    const size_t n = x && x->flags & LP_SPAN_LINKER ? lp_count_upto(s->atom, s->natom, sizeof *s->atom, u->addr) : 0;
    if (!n || u->addr == x->start || strcmp(x->name, ".eh_frame_hdr") != 0) return false;
    const uint32_t i = (uint32_t)n - 1;
    if (!lp_is_constant(s, &s->atom[i]) || !is_array(s, &s->atom[i]) || u->addr - s->atom[i].end > NEAR || !is_made_there(s, u)) return false;
    return *out = (struct lp_stepped){i, s->atom[i].start}, true;
}

bool lp_passed(const struct lp_side *s, const struct lp_use *u, struct lp_stepped *out)
{
    if (!u->at || u->base != LP_NONE || u->self == LP_NONE) return false;
    if (u->width) return lp_reads_from_behind(s, u->self, u->at, u->addr, out);
    return lp_stepped_from(s, u->self, u->at, u->addr, out) || is_past_all(s, u, out);
}

/* Can it be nothing but the end of a text, or an empty one? Something else may begin with a byte of 0, too. */
static bool is_mere_end(const struct lp_side *s, const struct lp_use *u)
{
    const uint32_t i = lp_side_atom(s, u->addr);
    if (i == LP_NONE || !(lp_only_zeros(s, u->addr, s->atom[i].end) || lp_are_texts(s, u->addr + 1, s->atom[i].end))) return false;
    return !lp_is_read(s, u->self, u->at) && !lp_is_indexed(s, u->self, u->at) && !lp_is_read_by_call(s, u->self, u->at);
}

/* Of what a text ends with, the address is that of an empty text as well. But who makes that of the text, too, hands on both its ends (std::string of a
 * literal). *first: that of the text, which is made nearest. */
bool lp_ends_text(const struct lp_side *s, const struct lp_use *u, uint64_t *first)
{
    uint64_t avail = 0, from = u->addr, near = UINT64_MAX;
    const struct lp_span *x = u->at && !u->width && u->self != LP_NONE && u->addr ? lp_side_span(s, u->addr - 1) : NULL;
    if (!x || !x->bytes || x->flags & (LP_SPAN_CODE | LP_SPAN_WRITE | LP_SPAN_LINKER | LP_SPAN_GOT)) return false;
    const uint8_t *p = lp_side_bytes(s, u->addr, &avail);
    if (!p || *p) return false;
    while (from > x->start && x->bytes[from - 1 - x->start]) from--;
    const struct lp_atom *f = &s->atom[u->self];
    const struct lp_ref_at *r = lp_refs_of_atom(s, f);
    for (uint32_t i = 0; from < u->addr && i < f->nref; i++) {
        const uint64_t far = r[i].at > u->at ? r[i].at - u->at : u->at - r[i].at;
        if (r[i].kind != LP_FLOW_ADDR || r[i].width || r[i].addr < from || r[i].addr >= u->addr || far >= near) continue;
        const uint32_t k = lp_side_atom(s, r[i].addr);
        if (k == LP_NONE || !lp_is_unnamed_constant(s, &s->atom[k]) || lp_side_text(s, r[i].addr) != u->addr - r[i].addr + 1) continue;
        near = far, *first = r[i].addr;
    }
    return near != UINT64_MAX && is_mere_end(s, u);
}

bool lp_ends_alike(const struct lp_side *o, uint64_t at, const struct lp_side *s, uint64_t end)
{
    const uint32_t i = lp_side_atom(o, at), k = lp_side_atom(s, end);
    if (i == LP_NONE || k == LP_NONE || !lp_only_zeros(o, at, at + 1)) return false;
    const uint64_t there = o->atom[i].end - at, here = s->atom[k].end - end;
    return !lp_only_zeros(s, end, end + here) || lp_only_zeros(o, at, at + (there < here ? there : here));
}

uint32_t lp_ending(const struct lp_side *s, const struct lp_use *u)
{
    struct lp_stepped passed;
    const uint32_t i = !u->width && u->base == LP_NONE ? lp_array_to(s, u->addr) : LP_NONE;
    if (lp_passed(s, u, &passed)) return passed.array;
    return i != LP_NONE && lp_refers_into(s, u->self, &s->atom[i]) ? i : LP_NONE;
}

bool lp_is_bare_end(const struct lp_side *s, const struct lp_use *u)
{
    const uint32_t i = u->at && u->addr && lp_side_atom(s, u->addr) != LP_NONE && !lp_begins_at(s, u->addr) ? lp_ending(s, u) : LP_NONE;
    return i != LP_NONE && s->atom[i].kind == LP_ATOM_OBJECT;
}

/* Does the function make the address of the object itself for more than to compare it, and for more than `itself` says? */
static bool hands_on(const struct lp_side *s, uint32_t function, uint32_t object, bool (*itself)(const struct lp_side *s, uint32_t atom, uint64_t at))
{
    const struct lp_atom *f = &s->atom[function];
    const struct lp_ref_at *r = lp_refs_of_atom(s, f);
    for (uint32_t i = 0; i < f->nref; i++) {
        if (r[i].kind != LP_FLOW_ADDR || r[i].addr != s->atom[object].start || r[i].width) continue;
        if (!itself(s, function, r[i].at) && !lp_only_compared(s, function, r[i].at)) return true;
    }
    return false;
}

/* How many references of a function are to just this address? */
static unsigned references(const struct lp_side *s, uint32_t function, uint64_t addr)
{
    const struct lp_atom *f = &s->atom[function];
    const struct lp_ref_at *r = lp_refs_of_atom(s, f);
    unsigned n = 0;
    for (uint32_t i = 0; i < f->nref; i++) n += r[i].kind == LP_FLOW_ADDR && r[i].addr == addr && !r[i].width;
    return n;
}

/* Has anybody the address of the object for more than what is there? Else no pointer is ever equal to it. */
static bool is_handed(const struct lp_side *s, uint32_t object)
{
    uint32_t **user = lp_seen_users(s);
    if (!*user) *user = find_users(s);
    if (!*user || (*user)[object] == MANY) return true;
    return (*user)[object] != LP_NONE && hands_on(s, (*user)[object], object, lp_only_base);
}

bool lp_came_there(const lp_diff *d, const struct lp_use *n)
{
    const struct lp_side *s = NEW(d);
    const uint32_t i = lp_side_start(s, n->addr);
    if (i == LP_NONE || s->atom[i].kind != LP_ATOM_OBJECT || s->atom[i].pair != LP_NONE) return false;
    return is_handed(s, i) && !lp_is_stepped_to(s, n->self, n->at);
}

enum side_of { THE_END, THE_START, EITHER, NO_SIGN };

/* Of an address that is only compared: is it where the object ends, or where the next one begins? What goes through the object is compared with its end; a
 * sentinel, or what a distance is from, begins there. The old function has the same one as often, and not the other; but what is new may have come into it. */
static enum side_of side_of(const lp_diff *d, const struct lp_use *u, uint32_t object)
{
    const struct lp_side *s = NEW(d), *o = OLD(d);
    const uint32_t f = s->atom[u->self].pair, next = lp_side_atom(s, u->addr);
    const bool begins = next != LP_NONE && s->atom[next].start == u->addr;
    if (lp_is_stepped_to(s, u->self, u->at)) return begins && lp_goes_past(s, u->self, object) ? EITHER : THE_END;
    const uint32_t a = s->atom[object].pair, b = begins ? s->atom[next].pair : LP_NONE;
    const unsigned n = f == LP_NONE ? 0 : references(s, u->self, u->addr);
    const unsigned ends = !n || a == LP_NONE ? 0 : references(o, f, o->atom[a].end), starts = !n || b == LP_NONE ? 0 : references(o, f, o->atom[b].start);
    if (!ends && !starts) return NO_SIGN;
    if ((ends && starts) || (ends && begins && b == LP_NONE && is_handed(s, next))) return EITHER;
    return ends >= n ? THE_END : starts >= n ? THE_START : EITHER;
}

/* Of an array that the function does not use otherwise: what is only compared is its end if the old function has that. */
static uint32_t lone_end(const lp_diff *d, const struct lp_use *u, bool *unsure)
{
    const uint32_t i = u->at && !u->width && u->base == LP_NONE ? lp_array_to(NEW(d), u->addr) : LP_NONE;
    if (i == LP_NONE || !lp_only_compared(NEW(d), u->self, u->at)) return LP_NONE;
    const enum side_of which = side_of(d, u, i);
    *unsure = which == EITHER;
    return which == THE_END || which == EITHER ? i : LP_NONE;
}

uint32_t lp_meant(const lp_diff *d, const struct lp_use *u, bool *unsure)
{
    const struct lp_side *s = NEW(d);
    struct lp_stepped passed;
    if (lp_passed(s, u, &passed)) return *unsure = false, passed.array;
    const bool begins = lp_begins_at(s, u->addr);
    const uint32_t front = u->at && u->base == LP_NONE && u->self != LP_NONE && begins ? lp_array_in_front(s, u->self, 0, u->addr) : LP_NONE;
    if (front != LP_NONE) return *unsure = true, front;
    const uint32_t ends = lp_ending(s, u), behind = lp_behind(s, u);
    *unsure = begins && behind != LP_NONE && !lp_surely_behind(s, u);
    if (ends == LP_NONE) return behind == LP_NONE ? lone_end(d, u, unsure) : behind;
    if (!begins || (u->at && lp_surely_ending(s, u))) return *unsure = false, ends;
    if (u->at && lp_only_compared(s, u->self, u->at)) {
        const enum side_of which = side_of(d, u, ends);
        *unsure = which == EITHER || which == NO_SIGN;
        return which == THE_START ? LP_NONE : ends;
    }
    if (s->atom[ends].kind == LP_ATOM_PIECE) return behind;
    if (u->at && (lp_is_read(s, u->self, u->at) || lp_is_read_by_call(s, u->self, u->at))) {
        *unsure = lp_ends_steps(s, u->self, u->at, u->addr); /* it is both */
        return *unsure ? ends : LP_NONE;
    }
    /* (Who makes the address of the object, too, and not to read it, may hand on both its ends.) */
    const bool other = u->at && (lp_is_compared(s, u->self, u->at) || lp_ends_steps(s, u->self, u->at, u->addr));
    *unsure = !u->at || other || (hands_on(s, u->self, ends, lp_is_read) && !is_sibling(s, u, ends));
    return *unsure ? ends : LP_NONE;
}
