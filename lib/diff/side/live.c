/* diff/side/live.c - at each word of a function, which registers may still be read behind it: what is in the others is needed by nobody. Who is called reads
 * all that there may be, and so does whoever the function returns to: not X16 and X17, which are the linker's (its veneers change them on the way), nor X9-X15,
 * where functions of GCC have neither arguments nor results, but for what a callee that is seen reads of these. (LLVM moves pieces of functions out into
 * others, which go on with all their registers.) */
#include <config.h>
#include "a64/a64.h"
#include "diff/side/code.h"
#include "diff/side/seen.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 64 };
#define ALL UINT32_C(0x7fffffff)
#define LINKERS UINT32_C(0x30000) /* X16, X17 */
#define OWN UINT32_C(0xfe00)      /* X9-X15 */

/* handed: what others get at calls and returns. */
struct walk { const struct lp_side *s; const struct lp_atom *a; struct lp_words code; uint32_t *live, handed; uint64_t n; };

static bool inside(const struct walk *w, uint64_t addr) { return addr >= w->a->start && addr < w->a->end; }
static uint32_t live_at(const struct walk *w, uint64_t addr) { return inside(w, addr) ? w->live[(addr - w->a->start) / 4] : ALL; }

/* Where a BR leads that goes by a table. */
static uint32_t live_by_table(const struct walk *w, uint64_t at)
{
    const struct lp_table_at *v = lp_tables_of_atom(w->s, w->a);
    uint32_t live = 0;
    for (uint32_t k = 0; k < w->a->ntable; k++) {
        const struct lp_flow_table *t = &v[k].t;
        const uint8_t *p = t->br_at == at && t->n && !t->offsets ? lp_table_bytes(w->s, t) : NULL;
        for (uint32_t i = 0; p && i < t->n; i++) live |= live_at(w, lp_flow_table_target(t, p, i));
        if (p) return live;
    }
    return ALL;
}

/* What a function that is seen reads as it finds it, though no compiler would pass it: one that was written by hand. */
static uint32_t read_by(const struct walk *w, uint64_t to) { return lp_seen_callee(w->s, lp_side_through(w->s, to)).read & (OWN | LINKERS); }

static uint32_t behind_branch(const struct walk *w, uint64_t at, uint32_t word, uint32_t next)
{
    uint64_t to;
    uint32_t mask;
    const bool authenticated = (word & 0xfffffbff) == 0xd65f0bff; /* RETAA, RETAB */
    if (lp_a64_is_ret(word) || authenticated) return w->handed;
    if (lp_a64_is_blr(word)) return w->handed | (next & (OWN | LINKERS)); /* (that of a TLS descriptor changes none of them) */
    if (lp_a64_is_br(word)) return live_by_table(w, at);
    if (!lp_word_is_branch(word) || !lp_word_target(word, at, &to, &mask)) return ALL;
    if (lp_a64_is_bl(word)) return inside(w, to) && to != w->a->start ? ALL : w->handed | (next & OWN) | read_by(w, to);
    if (lp_is_tail_call(w->s, w->a, word, to)) return w->handed | read_by(w, to);
    return live_at(w, to) | (lp_a64_is_b(word) ? 0 : next);
}

static uint32_t before(const struct walk *w, uint64_t at, uint32_t next)
{
    const uint32_t word = lp_words_at(&w->code, at);
    const struct lp_seen_word *x = lp_seen_word(w->s, word);
    const bool svc = lp_a64_is_svc(word);
    const uint32_t read = x->regs.read, write = x->regs.write;
    if (x->leads) return (read | behind_branch(w, at, word, next)) & ALL;
    return (read | (next & ~write) | (svc ? ALL & ~LINKERS : 0)) & ALL;
}

/* From the end to the start, until nothing comes any more: loops go back. */
static bool settle(const struct walk *w)
{
    for (int round = 0; round < ROUNDS; round++) {
        bool more = false;
        for (uint64_t i = w->n; i-- > 0;) {
            const uint32_t live = before(w, w->a->start + 4 * i, w->live[i + 1]);
            more |= live != w->live[i];
            w->live[i] = live;
        }
        if (!more) return true;
    }
    return false;
}

uint32_t *lp_live_registers(const struct lp_side *s, uint32_t atom)
{
    struct walk w = {.s = s, .a = &s->atom[atom], .code = lp_words_of(s, atom)};
    w.handed = ALL & ~LINKERS & ~(lp_elf_made_by_gcc(s->elf) ? OWN : 0);
    w.n = (w.a->end - w.a->start) / 4;
    w.live = calloc(w.n + 1, sizeof *w.live);
    if (!w.live) return NULL;
    w.live[w.n] = ALL;
    if (!settle(&w)) memset(w.live, 0xff, (w.n + 1) * sizeof *w.live);
    return w.live;
}

uint32_t lp_changed_registers(const struct lp_side *s, uint32_t atom)
{
    const struct lp_words code = lp_words_of(s, atom);
    uint32_t changed = 0;
    for (uint64_t at = s->atom[atom].start; at < s->atom[atom].end; at += 4) {
        const struct lp_seen_word *x = lp_seen_word(s, lp_words_at(&code, at));
        if (!x->leads) changed |= x->regs.write;
    }
    return changed & ALL;
}
