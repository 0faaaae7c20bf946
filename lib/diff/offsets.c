/* diff/offsets.c - tables of offsets from their own start to texts and objects (`.word text - table`), which need no relocations. What an entry leads to may
 * be nowhere near in the patched file, so a table that changed is left as it is, and those that use it have another one. */
#include <config.h>
#include "diff/emit.h"
#include "base/bits.h"

#include <elf.h>

/* ---- as new data ---- */

/* An entry is relative to the start of the table, and the relocation to the entry: "rel prel32 text+0x8" for the third one. */
static bool print_entry(lp_diff *d, uint64_t table, uint64_t at, const uint8_t *p)
{
    const struct lp_use u = {table + (uint64_t)lp_sext(lp_le32(p), 32), LP_NONE, LP_NONE, 0, 0};
    struct lp_there t = lp_there(d, &u);
    t.addr += at - table, t.off += (int64_t)(at - table);
    if (!t.known) return false;
    lp_buf_puts(&d->items, "rel prel32 ");
    lp_there_print(d, &t, &d->items);
    lp_buf_puts(&d->items, "\n");
    return true;
}

bool lp_print_offsets(lp_diff *d, uint64_t at, uint64_t end, const uint8_t *p)
{
    const struct lp_offsets *x = lp_side_offsets(NEW(d), at, at + 1);
    bool good = x && !((at - x->start) & 3) && !((end - at) & 3);
    for (uint64_t off = 0; good && off < end - at; off += 4) good = print_entry(d, x->start, at + off, p + off);
    return good;
}

/* ---- tables of both files that are not the same ---- */

static bool is_table(const struct lp_side *s, const struct lp_atom *a)
{
    return (a->kind == LP_ATOM_OBJECT || a->kind == LP_ATOM_PIECE) && lp_is_constant(s, a) && lp_side_offsets(s, a->start, a->end);
}

static bool changed(lp_diff *d, const struct lp_atom *b)
{
    const struct lp_atom *a = &OLD(d)->atom[b->pair];
    uint64_t at;
    const bool same = a->end - a->start == b->end - b->start && lp_same_data(d, OLD(d), a->start, b->start, b->end - b->start, &at);
    lp_suppose_keep(d, same);
    return !same;
}

/* A page that gets away, or from which not all offsets are known, may lead to it, too. */
static bool uses(const struct lp_side *s, const struct lp_atom *f, const struct lp_atom *table)
{
    enum { PAGE = 4096 };
    bool opaque = false, hit = false, page = false, away = false;
    for (uint32_t k = 0; k < f->nref; k++) {
        const struct lp_ref_at *r = &s->ref[f->ref + k];
        const bool near = r->kind == LP_FLOW_PAGE && r->addr + PAGE > table->start && r->addr < table->end;
        hit |= (r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET) && r->addr >= table->start && r->addr < table->end;
        opaque |= r->kind == LP_FLOW_OPAQUE;
        page |= near;
        away |= near && r->flags & LP_FLOW_ALONE;
    }
    return hit || away || (opaque && page);
}

static bool leads_into(const struct lp_atom *table, uint64_t v) { return v >= table->start && v < table->end; }

/* Is its address in data, from where any code may have it? In a position-dependent program nothing says which words are addresses. */
static bool is_pointed_at(const struct lp_side *s, const struct lp_atom *table)
{
    for (size_t i = 0; i < s->nword; i++)
        if (s->word[i].kind == LP_WORD_ADDR && leads_into(table, s->word[i].value)) return true;
    for (size_t i = 0; i < s->nspan && lp_elf_info(s->elf)->type == ET_EXEC; i++) {
        const struct lp_span *x = &s->span[i];
        for (uint64_t at = lp_align_up(x->start, 8); x->bytes && !(x->flags & (LP_SPAN_CODE | LP_SPAN_LINKER)) && at + 8 <= x->end; at += 8)
            if (leads_into(table, lp_le64(x->bytes + (at - x->start)))) return true;
    }
    return false;
}

/* New bodies for all that use it. */
static void change_users(lp_diff *d, const struct lp_atom *table)
{
    for (size_t i = 0; i < NEW(d)->natom; i++) {
        struct lp_atom *f = &NEW(d)->atom[i];
        if ((f->kind != LP_ATOM_FUNC && f->kind != LP_ATOM_LOOSE) || f->pair == LP_NONE || !uses(NEW(d), f, table)) continue;
        struct lp_atom *a = &OLD(d)->atom[f->pair];
        a->state = f->state = LP_DIFF_CHANGED;
        if (a->why == LP_WHY_NONE || a->why == LP_WHY_NUMBER) a->why = f->why = LP_WHY_TABLE;
    }
}

void lp_diff_offsets(lp_diff *d)
{
    for (size_t i = 0; i < NEW(d)->natom && NEW(d)->noffsets; i++) {
        struct lp_atom *b = &NEW(d)->atom[i];
        if (b->labels || b->pair == LP_NONE || !is_table(NEW(d), b) || !changed(d, b) || is_pointed_at(NEW(d), b)) continue;
        b->labels = true;
        change_users(d, b);
    }
}
