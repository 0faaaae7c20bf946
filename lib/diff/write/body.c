/* diff/write/body.c - EMIT, a function: its words that differ, in their place; or the whole body, in which runs of old words are only named. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include <arm64lp/dis.h>
#include "base/hash.h"

#include <stdlib.h>

enum { LINE_WORDS = 8, SITE_LINE = 8 };

/* What the patch's parser would refuse. */
void lp_refuse_datum(lp_diff *d, uint32_t atom, uint64_t at, uint32_t word)
{
    const struct lp_atom *a = &NEW(d)->atom[atom];
    char buf[32];
    lp_diff_refuse(d, NEW(d), LP_E144, lp_atom_text(a, buf), (unsigned long long)(at - a->start), word);
}

/* ---- a body ---- */

/* from: of each word, whose it is, if there are stubs behind the body. */
struct body { lp_diff *d; struct lp_new_word *word; size_t n; uint32_t *from; struct lp_body_plan plan; lp_dis *dis; };

/* A datum in the body must be one of the old body's. */
static bool refuse_data(const struct body *b, uint32_t atom)
{
    const struct lp_atom *a = &NEW(b->d)->atom[atom];
    bool good = true;
    for (size_t i = 0, at = 0; at < b->n; i++) {
        const struct lp_change *c = b->plan.change ? &b->plan.change[i] : NULL;
        if (b->word[at].datum && !(c && c->keep_count)) lp_refuse_datum(b->d, atom, a->start + 4 * at, b->word[at].word), good = false;
        at += c && c->keep_count ? c->keep_count : 1;
    }
    return good;
}

/* What has no end of its own goes on in what is behind it in the new file: that is not behind the new body. */
static bool add_fall(struct body *b, uint32_t atom)
{
    uint64_t to;
    const enum lp_fall how = lp_falls(NEW(b->d), atom, &to);
    const uint32_t next = how == LP_FALL_PERHAPS ? lp_side_atom(NEW(b->d), lp_side_through(NEW(b->d), to)) : LP_NONE;
    if (how == LP_FALL_NONE) return true;
    if (how == LP_FALL_SURELY) return lp_new_branch(b->d, atom, to, &b->word[b->n++]);
    if (next == LP_NONE) return true;
    const struct lp_atom *x = &NEW(b->d)->atom[next];
    if (x->start != to || (x->pair == LP_NONE && !x->included)) return true;
    return lp_new_branch(b->d, atom, to, &b->word[b->n++]);
}

/* The words, and what of them is kept of the old body, if there is one. */
static bool make_body(struct body *b, uint32_t atom, const struct lp_atom *old)
{
    const struct lp_atom *a = &NEW(b->d)->atom[atom];
    b->n = (a->end - a->start) / 4;
    b->word = calloc(b->n + 2, sizeof *b->word);
    if (!b->word) return b->d->nomem = true, false;
    bool good = true;
    lp_forget_words(b->d);
    for (size_t i = 0; i < b->n; i++)
        if (!lp_new_word(b->d, atom, a->start + 4 * i, &b->word[i])) good = false;
    good &= add_fall(b, atom);
    if (b->d->texts.failed) b->d->nomem = true;
    good &= !b->d->nomem; /* relocations may be without their texts */
    if (good) good = lp_add_stubs(b->d, atom, &b->word, &b->n, &b->from);
    if (good && old && !lp_keep_old(b->d, old, b->word, b->n, a->start, &b->plan)) return b->d->nomem = true, false;
    return good && refuse_data(b, atom);
}

static void free_body(struct body *b)
{
    free(b->word), free(b->from), free(b->plan.change), lp_dis_free(b->dis);
}

/* A line of its own. */
static void print_noted(struct body *b, const struct lp_new_word *w)
{
    struct lp_dis_insn insn;
    lp_buf_printf(&b->d->items, "| %08x ; ", w->word);
    if (w->note == LP_NOTE_STUB && (b->dis || lp_dis_new(&b->dis, NULL) == LP_OK)) {
        lp_dis_word(b->dis, w->was, 0, &insn);
        lp_buf_printf(&b->d->items, "%s %s, ", insn.mnemonic, insn.operands);
    }
    lp_buf_printf(&b->d->items, "%s +0x%x\n", w->note == LP_NOTE_STUB ? "whose address is made at" : "back to", 4 * w->other);
}

/* A word and what it becomes. */
static void print_fixed(lp_diff *d, const struct lp_new_word *w)
{
    lp_buf_hex(&d->items, w->word, 8);
    lp_buf_puts(&d->items, " ");
    lp_buf_puts(&d->items, lp_reloc_of(d, w));
    lp_buf_puts(&d->items, "\n");
}

static void print_words(struct body *b, size_t i, size_t n)
{
    struct lp_buf *out = &b->d->items;
    for (size_t k = 0, column = 0; k < n; k++) {
        const struct lp_new_word *w = &b->word[i + k];
        if (w->has_reloc) lp_buf_puts(out, column ? "\n| " : "| "), print_fixed(b->d, w), column = 0;
        else if (w->note) lp_buf_puts(out, column ? "\n" : ""), print_noted(b, w), column = 0;
        else lp_buf_puts(out, column == LINE_WORDS ? "\n| " : column ? " " : "| "), lp_buf_hex(out, w->word, 8), column = column % LINE_WORDS + 1;
        if (k + 1 == n && column) lp_buf_puts(out, "\n");
    }
}

static void print_body(struct body *b)
{
    size_t at = 0, step = 0; /* of the new body; of the old one, in step */
    bool said = false;       /* which registers are others */
    for (size_t i = 0; i < b->plan.n;) {
        size_t words = 0;
        while (i + words < b->plan.n && !b->plan.change[i + words].keep_count) words++;
        print_words(b, at, words);
        at += words, i += words, step += words;
        if (i == b->plan.n) break;
        const struct lp_change *c = &b->plan.change[i++];
        lp_buf_puts(&b->d->items, c->rename ? "~ " : "= ");
        if (c->keep_off != 4 * step) lp_buf_printf(&b->d->items, "+0x%x ", c->keep_off);
        lp_buf_printf(&b->d->items, "%u", c->keep_count);
        for (unsigned x = 0; c->rename && !said && x < LP_RENAMED; x++)
            if (c->rename[x] != x) lp_buf_printf(&b->d->items, " x%u>x%u", x, c->rename[x]);
        lp_buf_puts(&b->d->items, "\n");
        said |= c->rename != NULL;
        at += c->keep_count, step = c->keep_off / 4 + c->keep_count;
    }
    if (!b->plan.change) print_words(b, 0, b->n);
}

static void print_old(lp_diff *d, uint32_t old_atom)
{
    const struct lp_atom *a = &OLD(d)->atom[old_atom];
    uint64_t avail;
    uint8_t sha[32];
    char hex[65];
    const uint8_t *p = lp_side_bytes(OLD(d), a->start, &avail);
    if (!p || avail < a->end - a->start) return;
    lp_sha256(p, a->end - a->start, sha);
    lp_hex(hex, sha, LP_DIFF_SHA);
    lp_buf_printf(&d->items, "old size %llu sha256 %s\n", (unsigned long long)(a->end - a->start), hex);
}

static void open_func(lp_diff *d, uint32_t old_atom, uint64_t size)
{
    lp_buf_puts(&d->items, "\nfunc ");
    lp_old_name(d, old_atom, &d->items);
    lp_buf_printf(&d->items, " size %llu\n", (unsigned long long)size);
    print_old(d, old_atom);
}

/* Of a branch to a body, b is NULL. */
static void close_func(lp_diff *d, uint32_t new_atom, const struct body *b)
{
    char buf[32];
    if (b && b->from && !lp_emit_cfi_from(d, new_atom, &b->plan, b->from, b->n, &d->items))
        lp_diff_refuse(d, NEW(d), LP_E181, lp_atom_text(&NEW(d)->atom[new_atom], buf), "what unwinds cannot be told of words that need a place of their own");
    else if (b && !b->from) lp_emit_cfi(d, 1, new_atom, &b->plan, &d->items);
    lp_emit_lsda_line(d, new_atom, !b);
    lp_buf_puts(&d->items, "end\n");
    if (b) lp_emit_lsda(d, new_atom);
}

bool lp_emit_function(lp_diff *d, uint32_t old_atom)
{
    uint32_t new_atom = OLD(d)->atom[old_atom].pair;
    struct body b = {.d = d};
    bool good = make_body(&b, new_atom, &OLD(d)->atom[old_atom]);
    if (good) {
        open_func(d, old_atom, 4 * b.n);
        print_body(&b);
        close_func(d, new_atom, &b);
    }
    free_body(&b);
    return good;
}

/* A body with a name of its own; if it replaces an old one, that becomes a branch to it. */
bool lp_emit_new_function(lp_diff *d, uint32_t new_atom)
{
    const struct lp_atom *n = &NEW(d)->atom[new_atom];
    struct body b = {.d = d};
    bool good = make_body(&b, new_atom, NULL);
    if (good) {
        lp_buf_puts(&d->items, "\nfunc ");
        lp_own_name(d, new_atom, &d->items);
        lp_buf_printf(&d->items, " size %zu new\n", 4 * b.n);
        print_body(&b);
        close_func(d, new_atom, &b);
    }
    if (good && n->moved_part && n->pair != LP_NONE) (void)lp_emit_quiet(d, n->pair, false);
    if (good && n->pair != LP_NONE && !n->moved_part) {
        open_func(d, n->pair, 4);
        lp_buf_puts(&d->items, "| 14000000 jump26 ");
        lp_own_name(d, new_atom, &d->items);
        lp_buf_puts(&d->items, "\n");
        close_func(d, new_atom, NULL);
    }
    free_body(&b);
    return good;
}

/* ---- words in their place ---- */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

enum { PLACE_MAX = 24 };

/* The words that differ, and those that make the pages for them. */
static size_t words_to_change(lp_diff *d, uint32_t old_atom, uint32_t *off)
{
    const struct lp_side *s = NEW(d);
    const struct lp_atom *b = &s->atom[OLD(d)->atom[old_atom].pair];
    size_t n = lp_differing_words(d, old_atom, off, PLACE_MAX / 2), first = n;
    for (size_t i = 0; i < first; i++) {
        uint64_t at = b->start + off[i];
        int64_t imm;
        for (uint32_t k = 0; k < b->nref; k++) {
            const struct lp_ref_at *r = &s->ref[b->ref + k];
            if (r->at != at || r->kind != LP_FLOW_ADDR || !lp_word_offset(lp_code_word(s, at), &imm)) continue;
            for (uint32_t j = 0; j < b->nref && n < PLACE_MAX; j++) {
                const struct lp_ref_at *p = &s->ref[b->ref + j];
                if (p->kind == LP_FLOW_PAGE && p->addr == r->addr - (uint64_t)imm) off[n++] = (uint32_t)(p->at - b->start);
            }
        }
    }
    qsort(off, n, sizeof *off, by_value);
    first = n, n = 0;
    for (size_t i = 0; i < first; i++)
        if (!n || off[n - 1] != off[i]) off[n++] = off[i];
    return n;
}

/* Words of a site that are to be written: those without relocations beside each other. */
struct pairs { uint32_t old[SITE_LINE], word[SITE_LINE]; unsigned n; };

static void print_pairs(lp_diff *d, struct pairs *p)
{
    if (!p->n) return;
    for (unsigned k = 0; k < p->n; k++) lp_buf_printf(&d->items, "%s %08x", k ? "" : "-", p->old[k]);
    for (unsigned k = 0; k < p->n; k++) lp_buf_printf(&d->items, "%s %08x", k ? "" : "\n+", p->word[k]);
    lp_buf_puts(&d->items, "\n");
    p->n = 0;
}

static void end_site(lp_diff *d, struct pairs *p, bool *open)
{
    print_pairs(d, p);
    if (*open) lp_buf_puts(&d->items, "end\n");
    *open = false;
}

static void print_site_word(lp_diff *d, struct pairs *p, uint32_t old, const struct lp_new_word *w)
{
    if (w->has_reloc || p->n == SITE_LINE) print_pairs(d, p);
    if (w->has_reloc) lp_buf_printf(&d->items, "- %08x\n+ ", old), print_fixed(d, w);
    else p->old[p->n] = old, p->word[p->n++] = w->word;
}

/* A datum among instructions: a value. */
static void print_datum(lp_diff *d, uint32_t old_atom, uint32_t off, uint32_t old, uint32_t word)
{
    const struct lp_there t = {.known = true, .addr = OLD(d)->atom[old_atom].start + off, .atom = old_atom, .off = off};
    lp_buf_puts(&d->items, "set ");
    lp_there_print(d, &t, &d->items);
    lp_buf_printf(&d->items, " b4\n- 0x%x\n+ 0x%x\n", old, word);
}

/* B.cond, CBZ, TBZ: 1 MB or less, which new code may be farther away. */
static bool leads_near(uint32_t w) { return lp_word_is_branch(w) && !lp_a64_is_b_bl(w); }

/* A word that stays the old one: does it make what the new body's is to make there? */
static bool makes_the_same(lp_diff *d, uint32_t old_atom, uint32_t place)
{
    const struct lp_atom *a = &OLD(d)->atom[old_atom];
    struct lp_new_word w = {0};
    unsigned n;
    if (!lp_new_word(d, a->pair, NEW(d)->atom[a->pair].start + place, &w)) return false;
    const struct lp_ref_at *r = lp_refs_at(OLD(d), a, a->start + place, &n);
    return !w.has_reloc || (w.in_old && n == 1 && r->addr == w.addr);
}

/* Does the word make this address, and no other? */
static bool makes(const struct lp_side *s, const struct lp_atom *b, uint32_t place, uint64_t addr)
{
    unsigned refs;
    const struct lp_ref_at *r = lp_refs_at(s, b, b->start + place, &refs);
    return refs == 1 && lp_makes_address(r) && r->addr == addr;
}

/* What makes the base from which a word that changes has an offset, and stays the old one: is that where the new body's is? *leans: another word that changes
 * makes one, or is what it loads. */
static bool bases_stay(lp_diff *d, uint32_t old_atom, uint64_t at, const uint32_t *changed, size_t n, bool *leans)
{
    const struct lp_side *s = NEW(d);
    const uint32_t pair = OLD(d)->atom[old_atom].pair;
    const struct lp_atom *b = &s->atom[pair];
    unsigned refs;
    const struct lp_ref_at *r = lp_refs_at(s, b, at, &refs);
    int64_t off;
    bool stay = true;
    for (unsigned k = 0; k < refs; k++) {
        for (size_t i = 0; i < n; i++) *leans |= b->start + changed[i] - r[k].addr < r[k].width;
        if (r[k].kind != LP_FLOW_ADDR || !lp_word_offset(lp_code_word(s, at), &off)) continue;
        for (size_t i = 0; i < n; i++) *leans |= makes(s, b, changed[i], r[k].addr - (uint64_t)off);
        const struct lp_base_list makers = lp_base_makers_of(d, pair, &r[k], r[k].addr - (uint64_t)off);
        for (size_t i = 0; i < makers.n; i++) {
            const uint32_t place = (uint32_t)(s->ref[lp_base_listed(&makers, i)].at - b->start);
            const bool changes = bsearch(&place, changed, n, sizeof *changed, by_value);
            *leans |= changes;
            stay &= changes || makes_the_same(d, old_atom, place);
        }
    }
    return stay;
}

bool lp_emit_in_place(lp_diff *d, uint32_t old_atom)
{
    const struct lp_atom *a = &OLD(d)->atom[old_atom], *b = &NEW(d)->atom[a->pair];
    uint32_t off[PLACE_MAX];
    size_t n = words_to_change(d, old_atom, off);
    struct lp_new_word w = {0};
    struct pairs p = {.n = 0};
    lp_forget_words(d);
    bool good = true, open = false, quiet = false, first = true;
    for (size_t i = 0; i < n; i++) {
        const uint32_t old = lp_file_word(OLD(d), a->start + off[i]);
        if (!lp_new_word(d, a->pair, b->start + off[i], &w)) good = false;
        bool leans = b->no_place; /* else a word that differs and stays as it is would be right by nothing that is changed */
        const bool based = b->no_place || bases_stay(d, old_atom, b->start + off[i], off, n, &leans), stays = w.word == old && !w.has_reloc;
        const bool far = w.has_reloc && !w.in_old && leads_near(w.word); /* (a new body has veneers, and room for stubs behind it) */
        if (!based || (stays ? !leans : w.apart || far)) NEW(d)->atom[a->pair].no_place = d->again = true;
        if (stays) {
            end_site(d, &p, &open);
            continue;
        }
        const bool datum = w.datum || !lp_dis_valid(old);
        if (first) quiet = lp_emit_quiet(d, old_atom, !datum);
        if (datum || (open && off[i] != off[i - 1] + 4)) end_site(d, &p, &open);
        if (!first && !open) lp_buf_puts(&d->items, "\n");
        first = false;
        if (datum) {
            print_datum(d, old_atom, off[i], old, w.word);
            continue;
        }
        if (!open) {
            struct lp_there t = {.known = true, .addr = a->start + off[i], .atom = old_atom, .off = off[i]};
            lp_buf_puts(&d->items, "@ ");
            lp_there_print(d, &t, &d->items);
            lp_buf_puts(&d->items, quiet ? " quiet\n" : "\n");
            open = true, quiet = false;
        }
        print_site_word(d, &p, old, &w);
    }
    end_site(d, &p, &open);
    return good;
}
