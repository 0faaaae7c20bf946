/* diff/write/data.c - DATA: what objects hold. Constants that changed are written as values; what a program may have changed itself only on request. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/data.h"
#include "base/bits.h"
#include "base/search.h"
#include "elf/spec.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- changes ---- */

enum { KIND = LP_SPAN_CODE | LP_SPAN_WRITE | LP_SPAN_RELRO };

static const char *span_name(const struct lp_side *s, const struct lp_atom *a) { return s->span[a->span].name; }

/* What packagers, say, note in a file is no part of what it does, unless that reads it. */
static bool is_mere_note(const lp_diff *d, const struct lp_atom *a)
{
    const uint32_t f = OLD(d)->span[a->span].flags, g = NEW(d)->span[NEW(d)->atom[a->pair].span].flags;
    return lp_is_mere_note(f) && lp_is_mere_note(g);
}

static void check_shape(lp_diff *d, const struct lp_atom *a, const struct lp_atom *b)
{
    char buf[32];
    uint64_t n = a->end - a->start, m = b->end - b->start;
    uint32_t f = OLD(d)->span[a->span].flags, g = NEW(d)->span[b->span].flags;
    if (lp_is_copied(b)) return;
    bool bss = (f ^ g) & LP_SPAN_BSS;
    if (a->kind == LP_ATOM_OBJECT && n != m) lp_diff_refuse(d, OLD(d), LP_E120, lp_atom_text(a, buf), (unsigned long long)n, (unsigned long long)m);
    else if ((f ^ g) & KIND || (bss && !(d->opt.flags & LP_DIFF_DATA)))
        lp_diff_refuse(d, OLD(d), LP_E122, lp_atom_text(a, buf), span_name(OLD(d), a), span_name(NEW(d), b));
}

static const struct lp_elf_segment *tls_of(const struct lp_side *s)
{
    size_t n;
    const struct lp_elf_segment *x = lp_elf_segments(s->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (x[i].type == PT_TLS && x[i].filesz) return &x[i];
    return NULL;
}

/* The block's layout is the same (E160), so what differs is a value. */
static void check_tls(lp_diff *d)
{
    const struct lp_elf_segment *x = tls_of(OLD(d)), *y = tls_of(NEW(d));
    const struct lp_elf_symbol *hit = NULL;
    uint64_t at = 0;
    size_t n;
    if (!x && !y) return;
    if (x && y && x->filesz == y->filesz && lp_same_data(d, OLD(d), x->vaddr, y->vaddr, x->filesz, &at)) return;
    const struct lp_elf_symbol *v = lp_elf_symbols(OLD(d)->names, &n);
    for (size_t i = 0; i < n && !hit; i++)
        if (v[i].type == STT_TLS && at - v[i].value < v[i].size) hit = &v[i];
    lp_diff_refuse(d, NEW(d), LP_E161, hit ? hit->name : "storage", (unsigned long long)(hit ? at - hit->value : at));
}

void lp_diff_data(lp_diff *d)
{
    for (uint32_t i = 0; i < OLD(d)->natom; i++) {
        const struct lp_atom *a = &OLD(d)->atom[i];
        if (lp_is_datum(a) && a->pair != LP_NONE && !is_mere_note(d, a)) check_shape(d, a, &NEW(d)->atom[a->pair]);
    }
    check_tls(d);
}

/* ---- as values ---- */

static void print_place(lp_diff *d, uint32_t i, uint64_t off)
{
    const struct lp_atom *a = &OLD(d)->atom[i];
    struct lp_there t = {.known = true, .addr = a->start + off, .atom = i, .off = (int64_t)off};
    char buf[32];
    if (OLD(d)->span[a->span].flags & LP_SPAN_BSS)
        lp_diff_remark(d, "the old file has no bytes of %s, which is 0 when the program starts (%s): the patch is not for lpapply -o", lp_atom_text(a, buf),
                       span_name(OLD(d), a));
    lp_buf_puts(&d->items, "\nset ");
    lp_there_print(d, &t, &d->items);
}

/* A word of either file: a number, or where what it is the address of is in the old file. False: nowhere. */
static bool print_word(lp_diff *d, const struct lp_side *s, uint64_t at, uint64_t v, bool address)
{
    const struct lp_word_at *w = lp_side_word(s, at);
    if (w && w->kind == LP_WORD_SYMBOL && w->sym && s == NEW(d) && !lp_is_imported(d, w->sym)) {
        struct lp_dynsym y = *w->sym;
        y.bind = STB_GLOBAL; /* `weak` is no word of `set`: without the symbol the patch does not fit */
        lp_buf_puts(&d->items, "&");
        lp_print_import(d, &y, false, w->value, &d->items);
        return true; /* or it has been refused */
    }
    if (w && w->kind == LP_WORD_SYMBOL && w->sym) {
        lp_buf_printf(&d->items, "&%s", w->sym->name);
        if (w->value) lp_buf_printf(&d->items, "+0x%llx", (unsigned long long)w->value);
        return lp_is_ident(w->sym->name, strlen(w->sym->name));
    }
    if (w && w->kind != LP_WORD_ADDR) return false;
    struct lp_there t = {.known = true, .addr = v, .atom = lp_side_atom(s, v)};
    if (address && s == NEW(d)) t = lp_there_of_word(d, at, v);
    else if (address && t.atom != LP_NONE) t.off = (int64_t)(v - s->atom[t.atom].start);
    if (!address) return lp_buf_printf(&d->items, "0x%llx", (unsigned long long)v), true;
    t = lp_there_itself(d, t);
    lp_buf_puts(&d->items, "&");
    if (t.known) lp_there_print(d, &t, &d->items);
    return t.known;
}

/* One word that changed, and how it is read. */
struct change { uint64_t o, n, v, w; bool x, y; enum lp_reading reading; };

static struct change change_at(const lp_diff *d, uint64_t o, uint64_t n, const uint8_t *p, const uint8_t *q)
{
    const struct lp_word_at *x = lp_side_word(OLD(d), o), *y = lp_side_word(NEW(d), n);
    struct change c = {o, n, x ? x->value : p ? lp_le64(p) : 0, y ? y->value : q ? lp_le64(q) : 0, x != NULL, y != NULL, LP_READ_NUMBER};
    const bool guess = lp_side_guesses(NEW(d)) && !y;
    if (y || (x && guess)) c.reading = LP_READ_ADDRESS;
    else if (guess && !((o | n) & 7)) c.reading = lp_read_words(OLD(d), o, c.v, NEW(d), n, c.w);
    c.x |= c.reading != LP_READ_NUMBER && lp_like_address(OLD(d), o, c.v) != LP_LIKE_NO;
    c.y |= c.reading != LP_READ_NUMBER && lp_like_address(NEW(d), n, c.w) != LP_LIKE_NO;
    return c;
}

/* Do the two files say that a pointer is of this one, though it may lead beside it? (Of what a source file keeps to itself, linkers name sections instead.) */
static bool is_said_of(const lp_diff *d, uint32_t object, const struct change *c)
{
    const struct lp_atom *a = &OLD(d)->atom[object], *b = &NEW(d)->atom[a->pair];
    return lp_is_said(OLD(d), c->o, a->start) && lp_is_said(NEW(d), c->n, b->start);
}

enum stays { STAYS_NOT, STAYS, MAY_STAY };

/* The address of the end of an array in both files, behind which other ones begin now: has it become the other one's address, or does it stay that end? */
static enum stays stays_end(lp_diff *d, uint32_t i, uint64_t off, const struct change *c)
{
    const uint32_t a = lp_array_to(OLD(d), c->v);
    char buf[32], name[32];
    if (a == i) return STAYS_NOT; /* nothing holds its own end: what begins there is the next of a list */
    if (a == LP_NONE || OLD(d)->atom[a].pair == LP_NONE || lp_array_to(NEW(d), c->w) != OLD(d)->atom[a].pair) return STAYS_NOT;
    if (lp_is_unnamed_constant(OLD(d), &OLD(d)->atom[a])) return STAYS_NOT; /* a text is before the next one (ends.c) */
    if (lp_is_said(OLD(d), c->o, c->v) && lp_is_said(NEW(d), c->n, c->w)) return STAYS_NOT;
    const uint32_t k = lp_side_start(OLD(d), c->v);
    const struct lp_atom *began = k != LP_NONE ? &OLD(d)->atom[k] : NULL;
    if (began && began->pair != LP_NONE && began->pair == lp_side_atom(NEW(d), c->w)) return STAYS_NOT; /* of which the patch has a copy */
    if (is_said_of(d, a, c)) return STAYS;
    const char *at = lp_atom_text(&OLD(d)->atom[i], buf), *array = lp_atom_text(&OLD(d)->atom[a], name);
    const bool gone = began && began->kind == LP_ATOM_OBJECT && began->pair == LP_NONE; /* by another name it is here */
    if (!gone) lp_diff_refuse(d, NEW(d), LP_E148, at, (unsigned long long)off, array);
    else lp_diff_remark(d, "%s+0x%llx is taken for the address of what begins there in the new file, not of the end of %s", at, (unsigned long long)off, array);
    return gone ? STAYS_NOT : MAY_STAY;
}

/* May the address be so far from this one, which is near by? Within a variable that is there in both files it is most often a place of that, and as far from
 * all that follows, too, where rows came in front of it: only right in front of the next one it may be that one's, less a number or an address. */
static bool may_be_beside(const lp_diff *d, const struct change *c, uint32_t a, uint32_t b, uint32_t k)
{
    const struct lp_side *o = OLD(d);
    const struct lp_atom *x = &o->atom[k], *y = x->pair == LP_NONE ? NULL : &NEW(d)->atom[x->pair];
    if (!y || !lp_is_datum(x) || lp_is_unnamed_constant(o, x) || x->pair == b || x->span != o->atom[a].span) return false;
    if (c->v - x->start != c->w - y->start || (c->o >= x->start && c->o < x->end)) return false;
    return o->atom[a].pair != b || (k == a + 1 && x->start - c->v <= 8);
}

/* Of an address that leads to no start of a variable or a constant: what is near by, and as far from it in both files, as that of an array is whose first index
 * is 1. LP_NONE: nothing. */
static uint32_t beside(const lp_diff *d, const struct change *c)
{
    enum { FAR = 4096 };
    const struct lp_side *o = OLD(d);
    const uint32_t a = lp_side_atom(o, c->v), b = lp_side_atom(NEW(d), c->w);
    if (a == LP_NONE || b == LP_NONE || (o->atom[a].start == c->v && NEW(d)->atom[b].start == c->w)) return LP_NONE;
    if (lp_is_unnamed_constant(o, &o->atom[a]) && lp_is_unnamed_constant(NEW(d), &NEW(d)->atom[b])) return LP_NONE;
    for (int step = -1; step <= 1; step += 2)
        for (uint32_t k = a + (uint32_t)step; k < o->natom && (step < 0 ? c->v - o->atom[k].end : o->atom[k].start - c->v) <= FAR; k += (uint32_t)step)
            if (may_be_beside(d, c, a, b, k)) return k;
    return LP_NONE;
}

/* Such a one has become another place, or it stays that one: -q may say of which variable it is. */
static enum stays stays_beside(lp_diff *d, uint32_t i, uint64_t off, const struct change *c)
{
    const uint32_t k = beside(d, c);
    char buf[32], name[32];
    if (k == LP_NONE) return STAYS_NOT;
    if (is_said_of(d, k, c)) return STAYS;
    const uint32_t a = lp_side_atom(OLD(d), c->v), b = lp_side_atom(NEW(d), c->w);
    if (lp_is_said(OLD(d), c->o, OLD(d)->atom[a].start) && lp_is_said(NEW(d), c->n, NEW(d)->atom[b].start)) return STAYS_NOT;
    lp_diff_refuse(d, NEW(d), LP_E148, lp_atom_text(&OLD(d)->atom[i], buf), (unsigned long long)off, lp_atom_text(&OLD(d)->atom[k], name));
    return MAY_STAY;
}

/* Addresses in the files themselves; an import's word is of what its name says. */
static enum stays stays_there(lp_diff *d, uint32_t i, uint64_t off, const struct change *c)
{
    const struct lp_word_at *x = lp_side_word(OLD(d), c->o), *y = lp_side_word(NEW(d), c->n);
    if (!c->x || !c->y || (x && x->sym) || (y && y->sym)) return STAYS_NOT;
    const enum stays stays = stays_end(d, i, off, c);
    return stays == STAYS_NOT ? stays_beside(d, i, off, c) : stays;
}

/* Both readings of a word say the same if what it leads to is there in the old file. */
bool lp_both_readings(lp_diff *d, uint64_t w)
{
    const struct lp_there t = lp_there(d, &(struct lp_use){w, LP_NONE, LP_NONE, 0, 0});
    return t.known && !t.own && t.addr == w;
}

static void print_set_word(lp_diff *d, uint32_t i, uint64_t off, const struct change *c)
{
    char buf[32];
    const char *name = lp_atom_text(&OLD(d)->atom[i], buf);
    const bool low = c->reading == LP_READ_ADDRESS && lp_side_guesses(NEW(d)) && lp_is_low(c->w) && !lp_side_word(NEW(d), c->n) && !lp_side_word(OLD(d), c->o);
    if ((c->reading == LP_READ_EITHER || low) && c->y && !lp_both_readings(d, c->w)) {
        lp_diff_refuse(d, NEW(d), LP_E147, name, (unsigned long long)off, (unsigned long long)c->w);
        return;
    }
    if (c->reading == LP_READ_EITHER && c->v == c->w) return;
    print_place(d, i, off);
    lp_buf_puts(&d->items, " b8\n- ");
    bool good = print_word(d, OLD(d), c->o, c->v, c->x);
    lp_buf_puts(&d->items, "\n+ ");
    good &= print_word(d, NEW(d), c->n, c->w, c->y);
    lp_buf_puts(&d->items, "\n");
    if (!good) lp_diff_refuse(d, NEW(d), LP_E140, name, (unsigned long long)off, "an address that the old file has not");
}

static void print_set_bytes(lp_diff *d, uint32_t i, uint64_t off, uint64_t n, const uint8_t *p, const uint8_t *q)
{
    print_place(d, i, off);
    lp_buf_printf(&d->items, " bytes %llu\n-", (unsigned long long)n);
    for (uint64_t k = 0; k < n; k++) lp_buf_printf(&d->items, " %02x", p ? p[k] : 0);
    lp_buf_puts(&d->items, "\n+");
    for (uint64_t k = 0; k < n; k++) lp_buf_printf(&d->items, " %02x", q ? q[k] : 0);
    lp_buf_puts(&d->items, "\n");
}

static void refuse_value(lp_diff *d, const struct lp_atom *a, uint64_t off, const uint8_t *p, const uint8_t *q, uint64_t n)
{
    char buf[32], x[40] = "", y[40] = "";
    for (uint64_t k = 0; k < n && k < 8; k++) snprintf(x + 2 * k, 4, "%02x", p ? p[k] : 0), snprintf(y + 2 * k, 4, "%02x", q ? q[k] : 0);
    lp_diff_refuse(d, OLD(d), LP_E121, lp_atom_text(a, buf), (unsigned long long)off, x, y);
}

/* What a word holds. */
static void describe_word(const struct lp_side *s, uint64_t at, uint64_t v, bool address, struct lp_buf *out)
{
    const struct lp_word_at *w = lp_side_word(s, at);
    if (w && w->sym) lp_buf_printf(out, "%s", w->sym->name);
    else if (address) lp_describe(s, &(struct lp_use){v, LP_NONE, LP_NONE, 0, 0}, out);
    else lp_buf_printf(out, "0x%llx", (unsigned long long)v);
}

static void refuse_word(lp_diff *d, const struct lp_atom *a, uint64_t off, const struct change *c)
{
    struct lp_buf x = {0}, y = {0};
    char buf[32];
    describe_word(OLD(d), c->o, c->v, c->x, &x), describe_word(NEW(d), c->n, c->w, c->y, &y);
    lp_diff_refuse(d, OLD(d), LP_E121, lp_atom_text(a, buf), (unsigned long long)off, x.data ? x.data : "", y.data ? y.data : "");
    lp_buf_free(&x), lp_buf_free(&y);
}

/* Words that lead somewhere by their distance, or as addresses in 4 bytes: no patch writes others. How many bytes they are; 0 = there is none. */
static uint64_t led_change(lp_diff *d, const struct lp_atom *a, const struct lp_twice *t, uint64_t off)
{
    char buf[32];
    const struct lp_field_at *x = lp_side_field(OLD(d), t->o + off), *y = lp_side_field(NEW(d), t->n + off), *f = x ? x : y;
    const char *name = lp_atom_text(a, buf);
    if (f && off + f->width <= t->len) {
        const bool same = lp_same_field(d, OLD(d), t->o + off, t->n + off, t->p + off, t->q + off);
        if (!same && f->relative) lp_diff_refuse(d, NEW(d), LP_E145, name, (unsigned long long)off);
        else if (!same) lp_diff_refuse(d, NEW(d), LP_E180, name, "an address in less than 8 bytes changed");
        return f->width;
    }
    const struct lp_twice one = {t->o + off, t->n + off, t->len - off, t->p + off, t->q + off};
    if (t->p[off] == t->q[off] || (!(one.o & 7) && one.len >= 8 && lp_is_one_word(d, OLD(d), &one, 0))) return 0;
    uint64_t at = 0;
    unsigned width;
    const enum lp_led led = lp_find_led(d, OLD(d), t, off, &at, &width);
    if (led == LP_LED_MAYBE && OLD(d)->kept && NEW(d)->kept) lp_diff_refuse(d, NEW(d), LP_E145, name, (unsigned long long)at);
    else if (led == LP_LED_MAYBE) lp_diff_refuse(d, NEW(d), LP_E147, name, (unsigned long long)at, (unsigned long long)lp_le_int(t->q + at, width, false));
    return led == LP_LED_NOT ? 0 : at + width - off;
}

/* Does a table come along to which the word leads, or to whose end? Another word may lead there, too: both are to be of one table. */
static bool leads_along(const struct lp_side *s, uint64_t to)
{
    const uint32_t here = lp_side_atom(s, to), i = here == LP_NONE && to ? lp_side_atom(s, to - 1) : here; /* none: behind the last of a section */
    const uint32_t front = i != LP_NONE && s->atom[i].start == to && lp_may_end_at(s, i) ? i - 1 : i;
    if (i == LP_NONE || !(s->atom[i].joined || lp_is_unnamed_constant(s, &s->atom[i]))) return false;
    return s->atom[i].joined || s->atom[front].joined || (front + 1 < s->natom && s->atom[front + 1].joined);
}

/* The same of any word in a datum. */
static bool has_along(const lp_diff *d, const struct lp_atom *b, uint64_t n)
{
    const struct lp_side *s = NEW(d);
    if (s->objects || !(lp_stays_constant(s, b) || d->opt.flags & LP_DIFF_DATA)) return false;
    size_t k = lp_count_below(s->word, s->nword, sizeof *s->word, b->start);
    while (k < s->nword && s->word[k].at < b->start + n && !(s->word[k].kind == LP_WORD_ADDR && leads_along(s, s->word[k].value))) k++;
    return k < s->nword && s->word[k].at < b->start + n;
}

/* Words that hold addresses one by one, bytes as far as the next of those. */
static void print_changes(lp_diff *d, uint32_t i, const struct lp_atom *b, uint64_t len)
{
    const struct lp_atom *a = &OLD(d)->atom[i];
    uint64_t avail, at;
    const uint8_t *p = lp_side_bytes(OLD(d), a->start, &avail), *q = lp_side_bytes(NEW(d), b->start, &avail);
    bool allowed = lp_stays_constant(OLD(d), a) || d->opt.flags & LP_DIFF_DATA;
    for (uint64_t off = 0; off < len;) {
        uint64_t o = a->start + off, n = b->start + off, step = p && q ? led_change(d, a, &(struct lp_twice){a->start, b->start, len, p, q}, off) : 0;
        if (step) {
            off += step;
            continue;
        }
        step = 1;
        const bool word = (!(o & 7) || lp_side_word(OLD(d), o) || lp_side_word(NEW(d), n)) && len - off >= 8;
        const struct change c = word ? change_at(d, o, n, p ? p + off : NULL, q ? q + off : NULL) : (struct change){0};
        const bool wide = c.x || c.y;
        if (wide) step = 8;
        bool same = p && q ? lp_same_data(d, OLD(d), o, n, step, &at) : !wide && (p ? p[off] : 0) == (q ? q[off] : 0);
        const enum stays stays = !same && wide ? stays_there(d, i, off, &c) : STAYS_NOT;
        if (stays == MAY_STAY) return;
        same |= stays == STAYS;
        same &= !allowed || !c.y || NEW(d)->objects || !leads_along(NEW(d), c.w);
        if (!same && !allowed) {
            if (wide) refuse_word(d, a, off, &c);
            else refuse_value(d, a, off, p ? p + off : NULL, q ? q + off : NULL, len - off);
            return;
        }
        if (!same && wide) {
            print_set_word(d, i, off, &c);
        } else if (!same) {
            while (step < 64 && off + step < len && (p ? p[off + step] : 0) != (q ? q[off + step] : 0) && (o + step) & 7) step++;
            print_set_bytes(d, i, off, step, p ? p + off : NULL, q ? q + off : NULL);
        }
        off += step;
    }
}

/* How far data from the start of an atom on are nobody else's: a piece may be cut because something refers to its middle on this side only. */
static uint64_t extent(const struct lp_side *s, uint32_t i, uint64_t most)
{
    const struct lp_atom *a = &s->atom[i];
    uint64_t end = a->end;
    for (; a->kind == LP_ATOM_PIECE && end - a->start < most && i + 1 < s->natom; i++) {
        const struct lp_atom *next = &s->atom[i + 1];
        if (next->kind != LP_ATOM_PIECE || next->start != end || next->pair != LP_NONE || next->span != a->span) break;
        end = next->end;
    }
    return end - a->start < most ? end - a->start : most;
}

static void refuse_room(lp_diff *d, const struct lp_atom *b)
{
    char buf[32];
    lp_diff_refuse(d, NEW(d), LP_E110, lp_atom_text(b, buf), "it is not known how much of the data is one variable");
}

/* Of a pair that --map says: is the new one used farther than the old one goes, where another thing begins? */
static bool is_too_large(lp_diff *d, uint32_t i, uint64_t used)
{
    const struct lp_side *o = OLD(d);
    const struct lp_atom *a = &o->atom[i], *next = i + 1 < o->natom ? a + 1 : NULL;
    if (a->rule != LP_RULE_MAP || a->kind != LP_ATOM_PIECE || used <= a->end - a->start || used == UINT64_MAX) return false;
    return next && next->span == a->span && next->start < a->start + used && (next->used || next->pair != LP_NONE);
}

/* How much of a pair is compared. Of a variable without a name that has another room, what both have, or what is touched; where another one that nobody
 * knows follows on, it may be a part of this one. */
static uint64_t compared(lp_diff *d, uint32_t i)
{
    const struct lp_atom *a = &OLD(d)->atom[i], *b = &NEW(d)->atom[a->pair];
    const uint64_t n = a->end - a->start, m = b->end - b->start, least = n < m ? n : m, used = a->kind == LP_ATOM_PIECE && n != m ? lp_used(d, i, a->pair) : n;
    const uint64_t x = extent(OLD(d), i, m), y = extent(NEW(d), a->pair, n), most = x > y ? x : y;
    uint64_t at;
    if (n != m && used <= least) return used;
    if (is_too_large(d, i, used)) return refuse_room(d, b), least;
    if (b->roomy && lp_steady_place(d, b, b->start)) return 0; /* steady.c has compared it */
    if (b->roomy && lp_is_resized(d, i, a->pair)) return refuse_room(d, b), least;
    if (!b->roomy || lp_same_data(d, OLD(d), a->start, b->start, most, &at)) return most;
    const bool same = lp_same_data(d, OLD(d), a->start, b->start, least, &at), guess = d->opt.flags & LP_DIFF_HEURISTIC;
    const uint64_t off = at & ~UINT64_C(3);
    if (!same && guess && lp_is_something_else(d, OLD(d), a->start + off, a->end) && lp_is_something_else(d, NEW(d), b->start + off, b->end)) return off;
    const bool other = n < m ? lp_is_something_else(d, NEW(d), b->start + least, b->end) : lp_is_something_else(d, OLD(d), a->start + least, a->end);
    if (!same || (most > least && !(other && guess))) refuse_room(d, b);
    return same ? least : 0;
}

/* asked: lp_asked_data() */
static void emit_changed(lp_diff *d, uint32_t i, const uint8_t *asked)
{
    const struct lp_atom *a = &OLD(d)->atom[i], *b;
    uint64_t at, n;
    char buf[32];
    if (!lp_is_datum(a) || a->pair == LP_NONE || is_mere_note(d, a)) return;
    b = &NEW(d)->atom[a->pair];
    n = compared(d, i);
    if (!n || lp_is_copied(b) || (lp_same_data(d, OLD(d), a->start, b->start, n, &at) && !has_along(d, b, n))) return;
    if (asked && !asked[a->pair]) {
        if (!d->data_left++) d->first_left = i;
        return;
    }
    if (lp_side_offsets(OLD(d), a->start, a->start + n) || lp_side_offsets(NEW(d), b->start, b->start + n))
        lp_diff_refuse(d, NEW(d), LP_E145, lp_atom_text(a, buf), (unsigned long long)at);
    else print_changes(d, i, b, n);
}

/* Again as long as pointers in what is the same show which unnamed data is the same: that is to be compared, too. */
void lp_emit_changed_data(lp_diff *d)
{
    const size_t start = d->items.len;
    uint8_t *asked = lp_asked_data(d);
    for (bool more = true; more && !d->nomem;) {
        d->items.len = start;
        d->data_left = 0;
        more = false;
        for (uint32_t i = 0; i < OLD(d)->natom; i++) {
            emit_changed(d, i, asked);
            more |= d->nsupposed != 0;
            lp_suppose_keep(d, true);
        }
    }
    free(asked);
}
