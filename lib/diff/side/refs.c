/* diff/side/refs.c - REFS: what each word of code says about an address. Relocations that the linker kept are believed as far as they agree with the
 * instruction; self-describing offsets are decoded always; the rest is dataflow. Then unnamed data is cut where something refers to it. */
#include <config.h>
#include "diff/side/code.h"
#include "a64/a64.h"
#include "a64/disasm.h"
#include "base/bits.h"
#include "base/search.h"
#include "elf/reloc.h"

#include <elf.h>
#include <stdlib.h>

/* ---- words ---- */

const struct lp_ref_at *lp_refs_at(const struct lp_side *s, const struct lp_atom *a, uint64_t at, unsigned *n)
{
    const struct lp_ref_at *v = lp_refs_of_atom(s, a);
    const size_t first = a->nref ? lp_count_below(v, a->nref, sizeof *v, at) : 0;
    for (*n = 0; first + *n < a->nref && v[first + *n].at == at;) ++*n;
    return v + first;
}

bool lp_word_is_branch(uint32_t w)
{
    return lp_a64_is_b_bl(w) || (w & 0xfe000000) == 0x54000000 || lp_a64_is_cbz_tbz(w);
}

/* The frequent ones, all words of which are defined. */
static bool frequent_target(uint32_t w, uint64_t pc, uint64_t *target, uint32_t *mask)
{
    if (lp_a64_is_b_bl(w))
        return *target = pc + 4 * (uint64_t)lp_sext(w, 26), *mask = 0x03ffffff, true;
    if (lp_a64_is_b_cond(w) || lp_a64_is_cbz(w))
        return *target = pc + 4 * (uint64_t)lp_sext(w >> 5, 19), *mask = 0x00ffffe0, true;
    return false;
}

bool lp_word_target(uint32_t w, uint64_t pc, uint64_t *target, uint32_t *mask)
{
    if (frequent_target(w, pc, target, mask)) return true;
    const struct lp_row_info *r = lp_word_may_lead(w) ? lp_a64_relative(w) : NULL;
    if (!r) return false;
    *target = lp_a64_row_target(r, w, pc);
    *mask = r->off_bits == 21 ? 0x60ffffe0 : ((UINT32_C(1) << r->off_bits) - 1) << r->off_lo;
    return true;
}

/* ---- one function ---- */

/* The longest of all lists: it grows by a quarter. */
static bool room_for_ref(struct lp_side *s)
{
    size_t cap = s->ref_cap + s->ref_cap / 4 + 64;
    if (s->nref < s->ref_cap) return true;
    struct lp_ref_at *v = cap < UINT32_MAX ? realloc(s->ref, cap * sizeof *v) : NULL;
    if (!v) return !(s->nomem = true);
    s->ref = v, s->ref_cap = cap;
    return true;
}

static void add_ref(struct lp_side *s, const struct lp_ref_at *r)
{
    if (room_for_ref(s)) s->ref[s->nref++] = *r;
}

static void add_table(struct lp_side *s, const struct lp_flow_table *t)
{
    struct lp_table_at *v = lp_grow(s->table, &s->table_cap, s->ntable, sizeof *v);
    if (!v) {
        s->nomem = true;
        return;
    }
    s->table = v;
    v[s->ntable++] = (struct lp_table_at){*t, LP_NONE};
}

/* Does the place have what the relocation would put there? A linker may have made another instruction of it. */
static bool agrees(const struct lp_reloc *r, uint32_t w, uint64_t at, uint64_t value)
{
    uint64_t word = w;
    return lp_reloc_apply(r, value, at, &word, NULL) == LP_OK && (uint32_t)word == w;
}

static bool suits(const struct lp_reloc *r, uint32_t w)
{
    if (r->op == LP_REL_PAGE) return lp_a64_is_adrp(w);
    return r->op == LP_REL_ABS && r->field == LP_FIELD_IMM12 && (lp_a64_is_add_sub_imm(w) || lp_a64_is_ldst_pos(w));
}

/* The atom whose start it names. */
static uint32_t base_of(const struct lp_side *s, const struct lp_reloc_at *q) { return q->sym == UINT64_MAX ? LP_NONE : lp_side_start(s, q->sym); }

/* What a relocation of this place adds to what the flow of data shows. */
static void apply_reloc(struct lp_side *s, struct lp_ref_at *r, uint32_t w)
{
    const struct lp_reloc_at *q = lp_side_reloc(s, r->at);
    const struct lp_reloc *row = q && q->addr != UINT64_MAX ? lp_reloc_numbered(q->type) : NULL;
    if (!row || !suits(row, w)) return;
    bool page = row->op == LP_REL_PAGE;
    if (!agrees(row, w, r->at, q->addr)) {
        if (page) r->flags |= LP_FLOW_ALONE; /* nobody else would notice */
        return;
    }
    if (page || (r->kind == LP_FLOW_ADDR && r->addr != q->addr) || r->flags & (LP_FLOW_SEVERAL | LP_FLOW_MAYBE)) return;
    if (r->kind != LP_FLOW_ADDR) r->flags |= LP_FLOW_OF_PAGE; /* that a caller makes: compared there */
    r->kind = LP_FLOW_ADDR;
    r->addr = q->addr;
    r->base = base_of(s, q);
}

/* Bytes that a load or store with an unsigned offset touches. */
static uint8_t width_of(uint32_t w)
{
    if (!lp_a64_is_ldst_pos(w)) return 0;
    return w & 0x04000000 && w & 0x00800000 ? 16 : (uint8_t)(1u << (w >> 30));
}

/* So far in front of data, or behind it, that code is there: where a loop through the data stops, which is no address of that code. */
static bool is_beside(const struct lp_side *s, uint32_t w, const struct lp_flow_ref *q)
{
    int64_t off;
    if (q->kind != LP_FLOW_ADDR || q->flags & (LP_FLOW_OF_PAGE | LP_FLOW_SEVERAL) || !lp_a64_is_add_sub_imm(w) || !lp_word_offset(w, &off)) return false;
    const struct lp_span *from = lp_side_span(s, q->addr - (uint64_t)off), *to = lp_side_span(s, q->addr);
    return from && to && !(from->flags & LP_SPAN_CODE) && to->flags & LP_SPAN_CODE;
}

static void take_ref(struct lp_side *s, uint64_t at, uint32_t w, const struct lp_flow *f, const struct lp_flow_ref *q)
{
    if ((q->kind == LP_FLOW_TARGET && lp_word_is_branch(w)) || is_beside(s, w, q)) return;
    struct lp_ref_at r = {at, q->addr, LP_NONE, q->kind, q->flags, q->flags & LP_FLOW_INDEXED ? 0 : q->width}; /* of an array it may be any element */
    if (q->kind == LP_FLOW_OPAQUE) r.width = width_of(w);
    for (unsigned i = 0; q->flags & LP_FLOW_SEVERAL && i < q->n && q->addr + i < f->naddr; i++) r.addr = f->addr[q->addr + i], add_ref(s, &r);
    if (q->flags & LP_FLOW_SEVERAL) return;
    if (s->nreloc && (q->kind == LP_FLOW_PAGE || q->kind == LP_FLOW_ADDR || q->kind == LP_FLOW_OPAQUE)) apply_reloc(s, &r, w);
    add_ref(s, &r);
}

/* A word that seems to mean itself, of which the linker's relocation knows better: its page comes from a way that the flow of data does not see. */
static bool take_kept(struct lp_side *s, uint64_t at, uint32_t w)
{
    struct lp_ref_at r = {at, 0, LP_NONE, LP_FLOW_OPAQUE, 0, width_of(w)};
    const bool offset = lp_a64_is_add_sub_imm(w) || lp_a64_is_ldst_pos(w);
    if (!s->nreloc || !offset || lp_bits(w, 5, 5) == 31) return false;
    apply_reloc(s, &r, w);
    if (r.kind == LP_FLOW_ADDR) add_ref(s, &r);
    return r.kind == LP_FLOW_ADDR;
}

/* ---- addresses as numbers ---- */

static uint64_t part_of(uint32_t w) { return (uint64_t)lp_bits(w, 5, 16) << 16 * lp_bits(w, 21, 2); }

enum { REACH = 16 }; /* words from MOVZ to the last MOVK */

/* The number of which this word makes a part; *last: its uppermost one; *whole: parts that are 0 are made, too, as compilers do for addresses and for no
 * numbers. False: of one part only. */
static bool number_at(const struct lp_flow_part *p, size_t i, uint64_t *v, bool *last, bool *whole)
{
    const uint8_t *code = p->code;
    const uint32_t w = lp_le32(code + 4 * i), rd = w & 31;
    uint32_t top = 0;
    size_t k = i, more = 0;
    while (k && i - k < REACH && !(lp_a64_is_movz(lp_le32(code + 4 * k)) && (lp_le32(code + 4 * k) & 31) == rd)) k--;
    if (!lp_a64_is_movz(lp_le32(code + 4 * k)) || (lp_le32(code + 4 * k) & 31) != rd) return false;
    *v = part_of(lp_le32(code + 4 * k)), top = lp_bits(lp_le32(code + 4 * k), 21, 2);
    for (const size_t first = k++; k < p->words && k - first <= REACH; k++) {
        const uint32_t m = lp_le32(code + 4 * k);
        if (lp_a64_is_movz(m) && (m & 31) == rd) break;
        if (!lp_a64_is_movk(m) || (m & 31) != rd) continue;
        *v = (*v & ~(UINT64_C(0xffff) << 16 * lp_bits(m, 21, 2))) | part_of(m);
        *whole |= !part_of(m);
        more++;
        if (lp_bits(m, 21, 2) > top) top = (uint32_t)lp_bits(m, 21, 2);
    }
    *last = lp_bits(w, 21, 2) == top;
    return more != 0;
}

/* What the linker kept says it; else what looks like an address may be one. */
static void take_number(struct lp_side *s, const struct lp_flow_part *p, size_t i)
{
    const uint32_t w = lp_le32((const uint8_t *)p->code + 4 * i);
    struct lp_ref_at r = {p->at + 4 * i, 0, LP_NONE, LP_REF_NUMBER, 0, 0};
    bool last = false, whole = false;
    if ((!lp_a64_is_movz(w) && !lp_a64_is_movk(w)) || lp_elf_info(s->elf)->type != ET_EXEC) return;
    const bool number = number_at(p, i, &r.addr, &last, &whole);
    if (s->nreloc) {
        const struct lp_reloc_at *q = lp_side_reloc(s, r.at);
        if (!q || q->addr == UINT64_MAX || q->type < R_AARCH64_MOVW_UABS_G0 || q->type > R_AARCH64_MOVW_UABS_G3) return;
        const struct lp_reloc *row = lp_reloc_numbered(q->type);
        if (!row || !agrees(row, w, r.at, q->addr)) return;
        last = (q->type - R_AARCH64_MOVW_UABS_G0) % 2 == 0; /* G0, G1, G2, and G3: those that are checked */
        r.addr = q->addr, r.base = base_of(s, q);
    } else if (!number || r.addr < 4096 || !lp_side_span(s, r.addr)) {
        return;
    }
    if (last) r.flags |= LP_FLOW_ALONE;
    if (!whole && !s->nreloc) r.flags |= LP_FLOW_MAYBE;
    add_ref(s, &r);
}

static const uint8_t *constant_bytes(void *ctx, uint64_t addr, uint64_t *avail)
{
    struct lp_side *s = ctx;
    const struct lp_span *x = lp_side_span(s, addr);
    if (!x || (x->flags & LP_SPAN_WRITE && !(x->flags & LP_SPAN_RELRO))) return NULL;
    s->code_read |= (x->flags & LP_SPAN_CODE) != 0;
    const uint8_t *p = lp_side_bytes(s, addr, avail);
    size_t n = lp_count_below(s->word, s->nword, sizeof *s->word, addr); /* up to the next word that is filled in */
    if (n && s->word[n - 1].at + 8 > addr) return NULL;
    if (n < s->nword && s->word[n].at - addr < *avail) *avail = s->word[n].at - addr;
    const uint32_t own = lp_side_atom(s, addr); /* what has a name, or a patch brings, ends where it does */
    const bool ends = own != LP_NONE && (x->flags & LP_SPAN_NEW || s->atom[own].kind == LP_ATOM_OBJECT);
    if (ends && s->atom[own].end - addr < *avail) *avail = s->atom[own].end - addr;
    return p && *avail ? p : NULL;
}

/* Literal pools are among code (GCC's -mcmodel=large). Relocations say whether a word is an address; else, what would be one is, since it is used so. */
static bool pool(void *ctx, uint64_t at, uint64_t *value)
{
    struct lp_side *s = ctx;
    const struct lp_span *x = lp_side_span(s, at);
    uint64_t avail = 0;
    if (!x || (x->flags & (LP_SPAN_CODE | LP_SPAN_NEW | LP_SPAN_PLT | LP_SPAN_GOT)) != LP_SPAN_CODE) return false;
    s->code_read = true;
    const struct lp_word_at *w = lp_side_word(s, at);
    if (w) return *value = w->value, w->kind == LP_WORD_ADDR && !w->sym;
    const uint8_t *p = lp_elf_info(s->elf)->type == ET_EXEC ? lp_side_code(s, at, &avail) : NULL;
    if (!p || avail < 8) return false;
    *value = lp_le64(p);
    const struct lp_reloc_at *r = lp_side_reloc(s, at);
    if (s->nreloc) return r && r->type == R_AARCH64_ABS64;
    return *value >= 4096 && lp_side_span(s, *value);
}

static bool is_code(void *ctx, uint64_t addr, uint64_t *until)
{
    const struct lp_side *s = ctx;
    const struct lp_span *x = lp_side_span(s, addr);
    uint64_t end = addr + 4;
    const bool is_new = x && x->flags & LP_SPAN_NEW, code = is_new || lp_elf_code_run(s->elf, 0, addr, &end);
    *until = !x ? addr + 4 : is_new || end > x->end ? x->end : end;
    return code;
}

static bool returns(void *ctx, uint64_t addr) { return lp_side_returns(ctx, addr); }
static bool comes_back(void *ctx, uint64_t addr) { return lp_side_comes_back(ctx, addr); }

struct lp_parts lp_parts_of(const struct lp_side *s, uint32_t i)
{
    struct lp_parts x = {.n = 0};
    for (uint32_t k = i; k != LP_NONE && x.n < LP_MOST_PARTS; k = k == i ? s->atom[i].part : s->atom[k].part) {
        const struct lp_atom *a = &s->atom[k];
        uint64_t avail = 0, len = a->end - a->start;
        const uint8_t *p = lp_side_code(s, a->start, &avail);
        if (!p || avail < len) continue;
        x.atom[x.n] = k;
        x.part[x.n++] = (struct lp_flow_part){a->start, p, len / 4};
    }
    return x;
}

static void take(struct lp_side *s, const struct lp_parts *x, const struct lp_flow *f)
{
    size_t i = 0;
    const struct lp_flow_table *t = f->table, *end = f->table + f->ntable;
    s->lost |= f->lost;
    for (size_t k = 0; k < x->n && !s->nomem; k++) {
        struct lp_atom *a = &s->atom[x->atom[k]];
        const struct lp_flow_part *part = &x->part[k];
        a->ref = (uint32_t)s->nref, a->table = (uint32_t)s->ntable;
        a->reread = s->patched != NULL;
        for (size_t w = 0; w < part->words; w++, i++) {
            const struct lp_flow_ref *q = lp_flow_ref_of(f, i);
            const uint32_t word = lp_le32((const uint8_t *)part->code + 4 * w);
            if (q->kind != LP_FLOW_NONE) take_ref(s, part->at + 4 * w, word, f, q);
            else if (!take_kept(s, part->at + 4 * w, word)) take_number(s, part, w);
        }
        a->nref = (uint32_t)s->nref - a->ref;
        for (t = f->table; t < end; t++)
            if (t->br_at >= a->start && t->br_at < a->end) add_table(s, t);
        a->ntable = (uint32_t)s->ntable - a->table;
    }
}

/* The other file's functions have these references, too. */
static void share(const struct lp_side *s, const struct lp_parts *x, struct lp_side *same, const struct lp_parts *y)
{
    same->lost |= s->lost;
    for (size_t k = 0; k < x->n && !same->nomem; k++) {
        const struct lp_atom *a = &s->atom[x->atom[k]];
        struct lp_atom *b = &same->atom[y->atom[k]];
        b->ref = a->ref, b->nref = a->nref, b->table = (uint32_t)same->ntable;
        for (uint32_t t = 0; t < a->ntable; t++) add_table(same, &s->table[a->table + t].t);
        b->ntable = (uint32_t)same->ntable - b->table;
    }
}

/* The same, of which the words are others, and the references its own. */
static void take_twin(struct lp_side *s, struct lp_side *other, const struct lp_parts *y, const struct lp_flow *f)
{
    const struct lp_flow twin = {.of = f->of, .n = f->n, .ref = f->twin, .nref = f->nref, .addr = f->twin_addr, .naddr = f->naddr,
                                 .table = f->twin_table, .ntable = f->ntable, .lost = f->lost};
    struct lp_side x = *other, *list = s->one_list ? s : other;
    x.ref = list->ref, x.nref = list->nref, x.ref_cap = list->ref_cap;
    take(&x, y, &twin);
    list->ref = x.ref, list->nref = x.nref, list->ref_cap = x.ref_cap;
    other->table = x.table, other->ntable = x.ntable, other->table_cap = x.table_cap;
    other->lost |= x.lost;
    other->nomem |= x.nomem, s->nomem |= x.nomem;
}

/* Of these parts of a function. */
static struct lp_flow_input input_of(struct lp_side *s, const struct lp_parts *x)
{
    struct lp_flow_input in = {.part = x->part, .nparts = x->n, .bytes = constant_bytes, .pool = pool, .is_code = is_code, .returns = comes_back,
                               .survey = &s->survey, .ctx = s};
    for (size_t i = 0; i < x->n; i++) in.caught |= s->atom[x->atom[i]].lands;
    return in;
}

bool lp_holds_of(struct lp_side *s, uint32_t i, struct lp_flow *out)
{
    const struct lp_parts x = lp_parts_of(s, i);
    struct lp_flow_input in = input_of(s, &x);
    struct lp_pads pads;
    lp_pads_of(s, &x, &pads);
    in.holds = true, in.pad = pads.v, in.npad = pads.n;
    const bool good = lp_flow_function(&in, out, NULL) == LP_OK;
    lp_pads_free(&pads);
    if (!good) lp_flow_free(out), s->nomem = true;
    return good;
}

static bool have_same_pads(const struct lp_pads *p, const struct lp_parts *x, const struct lp_side *other, const struct lp_parts *y)
{
    struct lp_pads q;
    lp_pads_of(other, y, &q);
    const bool same = lp_same_pads(p, x->part[0].at, &q, y->part[0].at);
    lp_pads_free(&q);
    return same;
}

bool lp_refs_of(struct lp_side *s, const struct lp_parts *x, struct lp_side *same, const struct lp_parts *y, bool twin)
{
    struct lp_flow f;
    struct lp_flow_input in = input_of(s, x);
    struct lp_pads pads;
    if (!x->n) return false;
    lp_pads_of(s, x, &pads);
    in.pad = pads.v, in.npad = pads.n;
    if (same && !have_same_pads(&pads, x, same, y)) same = NULL;
    const struct lp_flow_input other = {.part = y ? y->part : NULL, .nparts = 1, .bytes = constant_bytes, .survey = same ? &same->survey : NULL, .ctx = same};
    s->code_read = false;
    if (same && twin) in.twin = &other, same->code_read = false;
    if (lp_flow_function(&in, &f, NULL) != LP_OK) s->nomem = true;
    const bool both = same && !s->code_read && (!twin || (f.twin && !same->code_read));
    take(s, x, &f);
    if (both && twin) take_twin(s, same, y, &f);
    else if (both && s->one_list) share(s, x, same, y);
    else if (both) take(same, y, &f);
    lp_flow_free(&f), lp_pads_free(&pads);
    return both;
}

void lp_refs_function(struct lp_side *s, uint32_t i)
{
    const struct lp_parts x = lp_parts_of(s, i);
    lp_refs_of(s, &x, NULL, NULL, false);
}

bool lp_side_part(const struct lp_side *s, const struct lp_atom *a, struct lp_flow_part *part)
{
    uint64_t avail = 0;
    const uint8_t *p = lp_is_function(a) ? lp_side_code(s, a->start, &avail) : NULL;
    if (!p || avail < a->end - a->start) return false;
    *part = (struct lp_flow_part){a->start, p, (a->end - a->start) / 4};
    return true;
}

bool lp_side_survey_changed(struct lp_side *s, const struct lp_flow_survey *old, const struct lp_flow_changes *c)
{
    return lp_flow_survey_changed(old, c, returns, s, &s->survey);
}

void lp_side_survey(struct lp_side *s)
{
    struct lp_flow_part *part = malloc((s->natom + 1) * sizeof *part);
    size_t n = 0;
    for (size_t i = 0; part && i < s->natom; i++) n += lp_side_part(s, &s->atom[i], &part[n]);
    if (!part || lp_flow_survey(part, n, returns, s, &s->survey, NULL) != LP_OK) s->nomem = true;
    free(part);
}
