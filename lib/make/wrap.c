/* make/wrap.c - a new body whose callers hold registers over their calls (held.c) gets code around it that saves them. What it must not have is arguments
 * on the stack, which that code would put out of its reach. */
#include <config.h>
#include "a64/a64.h"
#include "a64/access.h"
#include "a64/regs.h"
#include "base/bits.h"
#include "base/error.h"
#include "elf/spec.h"
#include "make/maker.h"
#include "patch/landing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- does a body stay below the stack pointer that it is entered with? ---- */

enum { FRAME_MOST = 448 }; /* what is in such a frame, or just above it, is reached from SP or X29 by one offset, of a pair too */
#define NOWHERE INT32_MIN
/* Of the way to a word: SP and X29 are so far below SP at the entry. NOWHERE: X29 is the caller's, or none has come here. */
struct depth { int32_t sp, fp; };
struct frames { const struct lp_func *f; struct depth *at; uint32_t *todo; size_t ntodo; struct depth jump; bool jumps, good; };

static void way(struct frames *w, size_t i, struct depth d)
{
    if (i >= w->f->nbody) return;
    if (w->at[i].sp == NOWHERE) w->at[i] = d, w->todo[w->ntodo++] = (uint32_t)i;
    else if (w->at[i].sp != d.sp) w->good = false;
    else if (w->at[i].fp != d.fp) w->at[i].fp = NOWHERE;
}

static unsigned imm12(uint32_t w) { return (w >> 10 & 0xfff) << (w >> 22 & 1 ? 12 : 0); }

/* ADD and SUB (immediate) from SP or the frame pointer: below the entry, or it is an argument. */
static void sum(struct frames *w, uint32_t word, struct depth *d)
{
    const unsigned rd = word & 31, rn = word >> 5 & 31;
    const int32_t from = rn == 31 ? d->sp : d->fp, by = (int32_t)imm12(word), to = word >> 30 & 1 ? from + by : from - by;
    if (rn != 31 && (rn != 29 || d->fp == NOWHERE)) {
        w->good &= rd != 31;
        if (rd == 29) d->fp = NOWHERE;
        return;
    }
    if (rd == 31) d->sp = to;
    else if (rd == 29) d->fp = to;
    w->good &= to >= 0 && to <= FRAME_MOST && (to > 0 || rd == 31);
}

static void access(struct frames *w, const struct lp_a64_access *a, struct depth *d)
{
    const int32_t from = a->base == 31 ? d->sp : a->base == 29 ? d->fp : NOWHERE;
    if (from == NOWHERE) return;
    w->good &= a->index == LP_A64_NO_REG && a->off + a->bytes <= from && a->off > -4096;
    if (a->writeback && a->base == 31) d->sp -= (int32_t)a->back, w->good &= a->back_by == LP_A64_NO_REG && d->sp >= 0 && d->sp <= FRAME_MOST;
}

static void plain(struct frames *w, uint32_t word, unsigned row, struct depth *d)
{
    struct lp_a64_access a;
    const struct lp_a64_regs x = lp_a64_regs(row, word);
    const uint32_t sp = UINT32_C(1) << 31, fp = UINT32_C(1) << 29;
    if ((word & 0xbf800000) == 0x91000000 && (word >> 5 & 31) >= 29) sum(w, word, d); /* with Rd or Rn 31 being SP */
    else if (lp_a64_access(row, word, &a)) {
        access(w, &a, d);
        if (x.write & fp) d->fp = NOWHERE;
    } else if ((word & 0xfffff01f) != 0xd503201f) { /* but hints, PACIASP among them, of which a signature is all that SP is for */
        w->good &= !((x.read | x.write) & sp) && !(x.read & fp && d->fp != NOWHERE);
        if (x.write & fp) d->fp = NOWHERE;
    }
}

/* Of a switch, BR goes to a sum of a place and an entry of the table. Another one may be a call at the end. */
static bool is_of_switch(const struct lp_func *f, size_t i)
{
    const uint32_t reg = UINT32_C(1) << (f->body[i].new_word >> 5 & 31);
    while (i-- > 0) {
        const uint32_t w = f->body[i].new_word;
        const unsigned row = lp_a64_find(w, LP_A64_ALL);
        if (lp_a64_regs(row, w).write & reg) return row == A64_ADD_shift || row == A64_ADD_ext || row == A64_ADD_reg;
    }
    return false;
}

static void step(struct frames *w, size_t i)
{
    const struct lp_change *c = &w->f->body[i];
    const uint32_t word = c->new_word;
    const unsigned row = lp_a64_find(word, LP_A64_ALL);
    struct depth d = w->at[i];
    uint64_t to;
    const bool call = lp_a64_is_bl(word), leaves = c->fix != NULL;
    w->good &= !c->keep_count;
    if (row == A64_BR || row == A64_BRA || row == A64_BRA_Z) {
        w->good &= (d.sp > 0 || is_of_switch(w->f, i)) && (!w->jumps || w->jump.sp == d.sp);
        if (w->jumps && w->jump.fp != d.fp) d.fp = NOWHERE;
        w->jump = d, w->jumps = true;
        return;
    }
    if (row == A64_RET || row == A64_RETA || row == A64_BRK || row == A64_UDF || row == A64_UNDEFINED) return;
    if (!call && lp_a64_target(word, 4 * i, &to) && !lp_a64_is_pcrel_address(word) && !lp_a64_is_load_literal(word)) {
        if (!leaves) way(w, (size_t)(to / 4), d);
        else w->good = false; /* a jump to another function, which may have this one's arguments on the stack */
        if (lp_a64_is_b(word)) return;
    } else if (!call) plain(w, word, row, &d);
    way(w, i + 1, d);
}

/* Where a jump table leads is not known: to all that nothing else does. */
static void rest(struct frames *w)
{
    for (size_t i = 0; i < w->f->nbody && w->jumps && !w->ntodo; i++)
        if (w->at[i].sp == NOWHERE) way(w, i, w->jump);
}

static bool stays_in_its_frame(const struct lp_func *f)
{
    struct frames w = {.f = f, .at = calloc(f->nbody + 1, sizeof *w.at), .todo = calloc(f->nbody + 1, sizeof *w.todo), .good = f->nbody > 0};
    w.good &= w.at && w.todo;
    for (size_t i = 0; i < f->nbody && w.good; i++) w.at[i] = (struct depth){NOWHERE, NOWHERE};
    if (w.good) way(&w, 0, (struct depth){0, NOWHERE});
    while (w.good && w.ntodo) {
        step(&w, w.todo[--w.ntodo]);
        if (!w.ntodo) rest(&w);
    }
    free(w.at), free(w.todo);
    return w.good;
}

/* ---- which registers may it return something in? ---- */

#define FIRST (UINT64_C(1) | UINT64_C(1) << 32)    /* X0, V0 */
#define SECOND (UINT64_C(2) | UINT64_C(0xe) << 32) /* X1, V1 to V3: of structures (AAPCS64 6.9) */

/* Of a word: which registers have the quality that is asked for in front of it by itself, and which ones do not have it from what is behind. BOTH stands for
 * X0 and V0 together, in the place of SP. */
#define BOTH (UINT64_C(1) << 31)
struct says { uint64_t has, lacks; };
struct told { uint64_t read, write; bool call, tail, ret, stop; };

/* Functions of C's library that return nothing, or a number or an address, in X0: their names are C's (C11 7.1.3), whoever has them. */
static bool returns_no_more(const struct lp_change *c)
{
    static const char names[] = " printf fprintf sprintf snprintf vprintf vfprintf vsprintf vsnprintf puts putchar putc fputs fputc fwrite fflush perror "
        "memcpy memmove memset memcmp memchr strlen strcmp strncmp strcpy strncpy strcat strncat strchr strrchr strstr malloc calloc realloc free "
        "__printf_chk __fprintf_chk __sprintf_chk __snprintf_chk __memcpy_chk __memset_chk __strcpy_chk __strcat_chk ";
    const char *name = c->fix ? c->fix->expr.symbol : NULL;
    char word[32];
    const size_t n = name ? strcspn(name, "@") : 0;
    if (!n || n + 3 > sizeof word) return false;
    snprintf(word, sizeof word, " %.*s ", (int)n, name);
    return strstr(names, word);
}

static struct told tell(const struct lp_func *f, size_t i)
{
    const uint32_t word = f->body[i].new_word;
    const unsigned row = lp_a64_find(word, LP_A64_ALL);
    const struct lp_a64_regs x = lp_a64_regs(row, word), v = lp_a64_vectors(row, word);
    const bool jumps = row == A64_BR || row == A64_BRA || row == A64_BRA_Z; /* who knows where to */
    return (struct told){(x.read & ~BOTH) | (uint64_t)v.read << 32, (x.write & ~BOTH) | (uint64_t)v.write << 32, lp_a64_is_call(word),
                         jumps || (f->body[i].fix && lp_a64_is_b(word)), row == A64_RET || row == A64_RETA,
                         row == A64_BRK || row == A64_UDF || row == A64_UNDEFINED};
}

/* Does it come to a RET, or to another function whose result is this one's, without a word that reads or writes it? */
static struct says comes_back(const struct told *t)
{
    const uint64_t touched = t->read | t->write;
    if (t->ret || (t->tail && !t->call)) return (struct says){UINT64_MAX, 0};
    return (struct says){0, t->call || t->stop ? UINT64_MAX : touched | (touched & FIRST ? BOTH : 0)};
}

/* Is it read before it is written? (A call, or another function, reads what arguments are in, for what is known of it.) */
static struct says is_wanted(const struct told *t)
{
    if (t->call || t->tail) return (struct says){UINT64_MAX, 0};
    return (struct says){t->read, t->ret || t->stop ? UINT64_MAX : t->write};
}

/* In front of each word, and behind the last one, which registers have it on some way from there; for free(). NULL: no memory, or ways that are too tangled. */
static uint64_t *solve(const struct lp_func *f, struct says (*say)(const struct told *t))
{
    enum { PASSES = 64 };
    uint64_t *is = calloc(f->nbody + 1, sizeof *is);
    bool more = is != NULL;
    for (unsigned pass = 0; more && pass < PASSES; pass++) {
        more = false;
        for (size_t i = f->nbody; i-- > 0;) {
            const uint32_t word = f->body[i].new_word;
            const struct told t = tell(f, i);
            const struct says s = say(&t);
            uint64_t to, next = lp_a64_is_b(word) ? 0 : is[i + 1];
            const bool leads = !f->body[i].fix && lp_a64_target(word, 4 * i, &to) && !lp_a64_is_pcrel_address(word) && !lp_a64_is_load_literal(word);
            if (leads && to / 4 < f->nbody) next |= is[to / 4];
            const uint64_t now = s.has | (next & ~s.lacks);
            more |= now != is[i];
            is[i] = now;
        }
    }
    if (more) free(is), is = NULL;
    return is;
}

/* What a body leaves in X1 for nobody but its caller, or hands on with X0 from what it has called. */
static bool returns_more(const struct lp_func *f, uint64_t set)
{
    uint64_t *back = solve(f, comes_back);
    bool more = !back;
    for (size_t i = 0; i < f->nbody && !more; i++) {
        const struct told t = tell(f, i);
        if (t.call && returns_no_more(&f->body[i])) continue;
        more = (f->body[i].fix && lp_a64_is_b(f->body[i].new_word)) || back[i + 1] & (t.call ? BOTH : t.write & set);
    }
    free(back);
    return more;
}

/* Does it come to a RET, or to another function whose result is this one's, as it is? Also where it is read: what is returned may be stored before. */
static struct says comes_back_as_is(const struct told *t)
{
    if (t->ret || (t->tail && !t->call)) return (struct says){UINT64_MAX, 0};
    return (struct says){0, t->call || t->stop ? UINT64_MAX : t->write};
}

/* May V0 come from the body itself, or from what it calls, to a RET? */
static bool returns_vector(const struct lp_func *f)
{
    const uint64_t v0 = FIRST & ~UINT64_C(1);
    uint64_t *back = solve(f, comes_back_as_is);
    bool returns = !back;
    for (size_t i = 0; i < f->nbody && !returns; i++) {
        const struct told t = tell(f, i);
        if (t.call && returns_no_more(&f->body[i])) continue;
        returns = (f->body[i].fix && lp_a64_is_b(f->body[i].new_word)) || (back[i + 1] & v0 && (t.call || t.write & v0));
    }
    free(back);
    return returns;
}

/* A register that a body reads as it is entered with it is an argument perhaps, and where the old body hands it back as it was, a result: a structure of two
 * registers. */
bool lp_wrap_doubts(const struct lp_func *f, uint64_t set)
{
    uint64_t *wanted = solve(f, is_wanted);
    const bool any = !wanted || !f->nbody || wanted[0] & set & SECOND;
    free(wanted);
    return any;
}

/* ---- the code around it ---- */

enum { FRAME_OF_ITS_OWN = 496 }; /* STP takes less than 512 */
static unsigned members(uint64_t set) { return (unsigned)__builtin_popcountll(set); }
static unsigned x_bytes(uint64_t set) { return lp_align_up(8 * members(set & UINT32_MAX), 16); }
static unsigned frame_bytes(uint64_t set) { return 16 + x_bytes(set) + 16 * members(set >> 32); }

bool lp_wrap_can(const struct lp_func *f, uint64_t set) { return frame_bytes(set) <= FRAME_OF_ITS_OWN && stays_in_its_frame(f); }

uint64_t lp_wrap_results(const struct lp_func *f, uint64_t set)
{
    uint64_t may = set & 1;
    if (set & FIRST & ~UINT64_C(1) && returns_vector(f)) may |= set & FIRST;
    if (set & SECOND && returns_more(f, set & SECOND)) may |= set & SECOND;
    return may;
}

static void put_word(struct lp_maker *m, struct lp_buf *out, unsigned *n, uint32_t word)
{
    lp_buf_printf(out, "| %08x", word);
    lp_maker_comment(m, out, word, 4 * (*n)++);
}

/* STP and LDP, or STR and LDR of the last one, of those of `set` below 32: X from SP + 16 on, behind those V. */
static void put_all(struct lp_maker *m, struct lp_buf *out, unsigned *n, uint64_t set, bool load)
{
    unsigned at = 16, reg[2];
    for (int v = 0; v < 2; v++) {
        uint32_t left = (uint32_t)(v ? set >> 32 : set);
        const unsigned each = v ? 16 : 8;
        for (; left; at += 2 * each) {
            const bool pair = members(left) > 1;
            for (int k = 0; k < (pair ? 2 : 1); k++) reg[k] = (unsigned)__builtin_ctz(left), left &= left - 1;
            const uint32_t l = load ? UINT32_C(1) << 22 : 0, common = reg[0] | 31u << 5 | l;
            if (pair) put_word(m, out, n, (v ? 0xad000000 : 0xa9000000) | common | reg[1] << 10 | (at / each) << 15);
            else put_word(m, out, n, (v ? 0x3d800000 : 0xf9000000) | common | (at / each) << 10);
        }
    }
}

static void put_cfi(struct lp_buf *out, uint64_t set, unsigned first, unsigned before, unsigned after)
{
    const unsigned bytes = frame_bytes(set);
    unsigned at = 16;
    lp_buf_printf(out, "cfi %02x0e%02x", 0x40 | first, bytes & 0x7f);
    if (bytes > 0x7f && !out->failed) out->data[out->len - 2] = "89abcdef"[bytes >> 4 & 7], lp_buf_printf(out, "%02x", bytes >> 7);
    lp_buf_printf(out, "9d%02x9e%02x%02x", bytes / 8, bytes / 8 - 1, 0x40 | (before - first));
    for (unsigned r = 0; r < 32; r++)
        if (set >> r & 1) lp_buf_printf(out, "%02x%02x", 0x80 | r, (bytes - at) / 8), at += 8;
    lp_buf_printf(out, "%02xddde0e00\n", 0x40 | (after - before));
}

/* pad: the body's, for who comes by a register; 0 = none. */
static void put_around(struct lp_maker *m, struct lp_buf *out, const char *body, uint64_t set, uint32_t pad)
{
    const uint32_t frame = frame_bytes(set) / 8, link = 29 | 30u << 10 | 31u << 5;
    unsigned n = 0, before, first;
    if (pad) put_word(m, out, &n, pad);
    first = n + 1;
    put_word(m, out, &n, 0xa9800000 | link | (0x80 - frame) << 15);
    put_word(m, out, &n, 0x910003fd);
    put_all(m, out, &n, set, false);
    before = n++;
    lp_buf_printf(out, "| 94000000 call26 %s\n", body);
    put_all(m, out, &n, set, true);
    put_word(m, out, &n, 0xa8c00000 | link | frame << 15);
    put_word(m, out, &n, 0xd65f03c0);
    put_cfi(out, set, first, before, n - 1);
}

static unsigned words_around(uint64_t set, uint32_t pad) { return (pad ? 6 : 5) + 2 * ((members(set & UINT32_MAX) + 1) / 2 + (members(set >> 32) + 1) / 2); }

static char *line_at(struct lp_buf *b, uint32_t line)
{
    char *p = b->data;
    for (; p && line > 1; line--) p = memchr(p, '\n', b->len - (size_t)(p - b->data)), p = p ? p + 1 : NULL;
    return p;
}

/* "func PLACE size N", "old size ...", and the rest: PLACE gets the code around, and the rest is a function of its own. */
static bool wrap_one(struct lp_maker *m, const struct lp_wrap *w)
{
    char *at = line_at(&m->items, w->line), *end = at ? strchr(at, '\n') : NULL, *size = at ? strstr(at, " size ") : NULL;
    char *old_end = end ? strchr(end + 1, '\n') : NULL, base[300];
    struct lp_buf out = {0};
    if (!old_end || !size || size > end || strncmp(at, "func ", 5) != 0 || strncmp(end + 1, "old size ", 9) != 0) return false;
    const uint32_t pad = strncmp(old_end + 1, "| ", 2) == 0 ? lp_landing_pad((uint32_t)strtoul(old_end + 3, NULL, 16)) : 0;
    const size_t plain_len = strspn(at + 5, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$");
    snprintf(base, sizeof base, "%s%.*s.body", at[5] >= '0' && at[5] <= '9' ? "func_" : "", plain_len < 200 ? (int)plain_len : 200, at + 5);
    const char *body = lp_carry_name(m, base);
    if (!body) return false;
    lp_buf_add(&out, m->items.data, (size_t)(size - m->items.data));
    lp_buf_printf(&out, " size %u\n%.*s\n", 4 * words_around(w->set, pad), (int)(old_end - (end + 1)), end + 1);
    put_around(m, &out, body, w->set, pad);
    lp_buf_printf(&out, "end\n\nfunc %s%.*s new\n", body, (int)(end - size), size);
    lp_buf_add(&out, old_end + 1, m->items.len - (size_t)(old_end + 1 - m->items.data));
    if (out.failed) return lp_buf_free(&out), false;
    const uint32_t more = words_around(w->set, pad) + 4;
    for (size_t i = 0; i < m->nmade; i++) m->made[i].line += m->made[i].line >= w->line ? more : 0;
    lp_buf_free(&m->items);
    m->items = out;
    return true;
}

static int last_first(const void *a, const void *b)
{
    const struct lp_wrap *x = a, *y = b;
    return (x->line < y->line) - (x->line > y->line);
}

bool lp_wrap_all(struct lp_maker *m, uint32_t before)
{
    bool good = true;
    for (size_t i = 0; i < m->nwrap; i++) m->wrap[i].line -= before;
    qsort(m->wrap, m->nwrap, sizeof *m->wrap, last_first);
    for (size_t i = 0; i < m->nwrap && good; i++) good = wrap_one(m, &m->wrap[i]);
    m->nwrap = 0;
    return good;
}
