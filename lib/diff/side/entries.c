/* diff/side/entries.c - where PLT entries, and veneers of the linker, lead. Every call of an import is asked for, several times: so which slot an entry
 * reads is found once. */
#include <config.h>
#include "diff/side/side.h"
#include "base/bits.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* [bti c;] adrp x16, P; ldr x17, [x16, #o]; ... at so many bytes from the start of a span. */
static const struct lp_word_at *slot_at(const struct lp_side *s, const struct lp_span *x, uint64_t off)
{
    if (off & 3 || x->end - x->start < 12 || off > x->end - x->start - 12) return NULL;
    const uint8_t *p = x->bytes + off;
    const uint64_t pc = x->start + off + (lp_le32(p) == 0xd503245f ? 4 : 0);
    const uint32_t adrp = lp_le32(p + (pc - x->start - off)), ldr = lp_le32(p + (pc - x->start - off) + 4);
    if (!lp_a64_is_adrp_x16(adrp) || (ldr & 0xffc003ff) != 0xf9400211) return NULL;
    return lp_side_word(s, lp_a64_page(adrp, pc) + lp_bits(ldr, 10, 12) * 8);
}

static bool has_entries(const struct lp_span *x) { return x->flags & LP_SPAN_PLT && x->bytes; }

void lp_index_entries(struct lp_side *s)
{
    const struct lp_span *most = NULL;
    for (size_t i = 0; i < s->nspan; i++)
        if (has_entries(&s->span[i]) && (!most || s->span[i].end - s->span[i].start > most->end - most->start)) most = &s->span[i];
    if (!most || s->nword >= UINT32_MAX) return;
    s->entries.at = most->start, s->entries.n = (most->end - most->start) / 4;
    s->entries.slot = calloc(s->entries.n + 1, sizeof *s->entries.slot);
    if (!s->entries.slot) s->nomem = true;
    for (size_t i = 0; s->entries.slot && i < s->entries.n; i++) {
        const struct lp_word_at *w = slot_at(s, most, 4 * i);
        s->entries.slot[i] = w ? (uint32_t)(w - s->word) + 1 : 0;
    }
}

static bool is_indexed(const struct lp_side *s, uint64_t addr) { return s->entries.slot && !(addr & 3) && (addr - s->entries.at) / 4 < s->entries.n; }

const struct lp_word_at *lp_stub_slot(const struct lp_side *s, uint64_t addr)
{
    if (is_indexed(s, addr)) {
        const uint32_t i = s->entries.slot[(addr - s->entries.at) / 4];
        return i ? &s->word[i - 1] : NULL;
    }
    const struct lp_span *x = lp_side_span(s, addr);
    return x && has_entries(x) ? slot_at(s, x, addr - x->start) : NULL;
}

/* `[bti c;] adrp x16, P; add x16, x16, #o; br x16`: a linker's way to a place that a branch does not reach; or a PLT entry whose slot is the file's own
 * (lp_diff_owned()). */
uint64_t lp_side_through(const struct lp_side *s, uint64_t addr)
{
    for (int hops = 0; hops < 4; hops++) {
        const struct lp_word_at *slot = is_indexed(s, addr) ? lp_stub_slot(s, addr) : NULL;
        uint32_t w = slot ? 0 : lp_code_word(s, addr), add = 0;
        const uint64_t at = addr + (w == 0xd503245f ? 4 : 0);
        if (at != addr) w = lp_code_word(s, at);
        if (!slot && !lp_a64_is_adrp_x16(w)) break;
        if (!slot) add = lp_code_word(s, at + 4);
        if ((add & 0xffc003ff) == 0xf9400211) slot = lp_stub_slot(s, addr);
        if (slot && slot->kind == LP_WORD_ADDR && slot->type == R_AARCH64_RELATIVE) {
            addr = slot->value;
            continue;
        }
        if ((add & 0xffc003ff) != 0x91000210 || lp_code_word(s, at + 8) != 0xd61f0200) break;
        addr = lp_a64_page(w, at) + lp_bits(add, 10, 12);
    }
    return addr;
}

const struct lp_dynsym *lp_plt_import(const struct lp_side *s, const struct lp_atom *a)
{
    const char *name = a->kind == LP_ATOM_PLT ? lp_atom_name(a) : NULL;
    const struct lp_word_at *w = name ? lp_stub_slot(s, a->start) : NULL;
    if (w && w->sym) return w->sym;
    char copy[256];
    const size_t n = name ? strcspn(name, "@") : 0;
    if (!n || n >= sizeof copy || strcmp(name + n, "@plt") != 0) return NULL;
    memcpy(copy, name, n);
    copy[n] = 0;
    const struct lp_dynsym *y = lp_dynsym_wanted(s->dynamic, copy, NULL);
    return y ? y : lp_dynsym_defined(s->dynamic, copy, NULL);
}
