/* patch/block.c - parsing of the blocks inside an object. */
#include <config.h>
#include "patch/block.h"
#include "elf/cfi.h"
#include "a64/a64.h"
#include "base/hash.h"
#include "elf/spec.h"
#include <arm64lp/dis.h>

#include <stdlib.h>
#include <string.h>

bool lp_block_add_item(struct lp_parse *ps, const struct lp_item *it)
{
    struct lp_item *v = lp_grow(ps->patch->item, &ps->item_cap, ps->patch->nitem, sizeof *v);
    if (!v) return lp_lex_nomem(ps);
    ps->patch->item = v;
    v[ps->patch->nitem++] = *it;
    return true;
}

bool lp_block_check_word(struct lp_parse *ps, const char *at, uint32_t word)
{
    if (ps->flags & LP_PATCH_RAW || lp_dis_valid(word)) return true;
    return lp_lex_fail(ps, at, LP_E_INSTRUCTION, "%08x is no valid A64 instruction", word);
}

/* The instruction whose field a relocation fills. */
static bool suits(const struct lp_reloc *r, uint32_t w)
{
    const struct lp_row_info *row = lp_a64_relative(w);
    switch (r->field) {
    case LP_FIELD_IMM26:
    case LP_FIELD_ADR:
    case LP_FIELD_IMM14:
    case LP_FIELD_IMM19: return row && row->off_bits == r->width && row->off_shift == r->lo;
    case LP_FIELD_IMM12: return lp_a64_is_add_sub_imm(w) || lp_a64_is_ldst_pos(w);
    case LP_FIELD_MOVW:
    case LP_FIELD_MOVNZ: return lp_a64_is_mov_wide(w);
    default: return r->field == LP_FIELD_32 || r->op == LP_REL_MARK;
    }
}

static bool fixup_suits(struct lp_parse *ps, const char *at, const struct lp_fixup *fix, uint32_t word)
{
    if (!fix || suits(fix->reloc, word)) return true;
    return lp_lex_fail(ps, at, LP_E_SYNTAX, "relocation %s does not suit the instruction %08x", fix->reloc->name, word);
}

static bool add_change(struct lp_parse *ps, const struct lp_change *c)
{
    struct lp_change *v = lp_grow(ps->change, &ps->change_cap, ps->nchange, sizeof *v);
    if (!v) return lp_lex_nomem(ps);
    ps->change = v;
    v[ps->nchange++] = *c;
    return true;
}

static bool add_chunk(struct lp_parse *ps, const struct lp_chunk *c)
{
    struct lp_chunk *v = lp_grow(ps->chunk, &ps->chunk_cap, ps->nchunk, sizeof *v);
    if (!v) return lp_lex_nomem(ps);
    ps->chunk = v;
    v[ps->nchunk++] = *c;
    ps->filled += c->len;
    return true;
}

void *lp_block_keep(struct lp_parse *ps, const void *p, size_t size)
{
    void *copy = lp_patch_alloc(ps->patch, size + 1);
    if (copy && size) memcpy(copy, p, size);
    if (!copy) lp_lex_nomem(ps);
    return copy;
}

void lp_block_begin(struct lp_parse *ps, enum lp_item_kind kind, int state)
{
    uint32_t object = ps->patch->nobject ? (uint32_t)ps->patch->nobject - 1 : 0;
    ps->work = (struct lp_item){.kind = (uint8_t)kind, .line = ps->lex.line, .object = object};
    ps->state = state;
    ps->nchange = ps->nchunk = 0;
    ps->filled = ps->step = 0;
    ps->broken = false;
    ps->waiting = 0;
}

/* ---- sites ---- */

/* Is this the next word? Then the line goes on behind it. */
static bool next_word(struct lp_parse *ps, const char *word)
{
    struct lp_lex l = ps->lex;
    if (!lp_lex_ws(&l) || !lp_lex_word(&l, word)) return false;
    ps->lex = l;
    return true;
}

static bool add_quiet(struct lp_parse *ps, const struct lp_quiet *q)
{
    struct lp_patch *p = ps->patch;
    struct lp_quiet *v = lp_grow(p->quiet, &ps->quiet_cap, p->nquiet, sizeof *v);
    if (!v) return lp_lex_nomem(ps);
    p->quiet = v;
    v[p->nquiet++] = *q;
    return true;
}

/* `quiet` behind a site's place: the function that the place is in. */
static bool quiet_site(struct lp_parse *ps)
{
    const struct lp_item *it = &ps->work;
    const char *at = ps->lex.p - strlen("quiet");
    if (!it->place.symbol) return lp_lex_fail(ps, at, LP_E_SYNTAX, "an address does not say which function: write it in a line `quiet 0xADDRESS`");
    lp_buf_puts(&ps->canon, " quiet");
    return add_quiet(ps, &(struct lp_quiet){.place.symbol = it->place.symbol, .line = it->line, .object = it->object});
}

bool lp_block_open_site(struct lp_parse *ps)
{
    lp_block_begin(ps, LP_ITEM_SITE, LP_ST_SITE);
    ps->lex.p += 2;
    if (!lp_lex_place(ps, &ps->work.place)) return false;
    if (ps->work.place.off & 3) return lp_lex_fail(ps, ps->lex.begin + 2, LP_E_ADDRESS, "the place is no multiple of 4");
    lp_buf_puts(&ps->canon, "@ ");
    lp_print_place(&ps->canon, &ps->work.place);
    if (next_word(ps, "quiet") && !quiet_site(ps)) return false;
    return lp_lex_end(&ps->lex) || lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "`quiet` or the end of the line is expected");
}

static bool site_end(struct lp_parse *ps)
{
    if (ps->broken) return true;
    if (ps->waiting) return lp_lex_fail(ps, NULL, LP_E_SYNTAX, "`+` with the new word is expected before `end`");
    if (!ps->nchange) return lp_lex_fail(ps, NULL, LP_E_SYNTAX, "the site that begins in line %u has no words", ps->work.line);
    ps->work.site.change = lp_block_keep(ps, ps->change, ps->nchange * sizeof *ps->change);
    ps->work.site.count = ps->nchange;
    return ps->work.site.change && lp_block_add_item(ps, &ps->work);
}

/* Is there another word in the line? Then it goes on with that. */
static bool next_is_word(struct lp_parse *ps)
{
    struct lp_lex l = ps->lex;
    const char *t;
    if (!lp_lex_ws(&l)) return false;
    size_t n = lp_lex_token(&l, &t);
    for (size_t i = 0; i < n; i++)
        if (!((t[i] >= '0' && t[i] <= '9') || (t[i] >= 'a' && t[i] <= 'f'))) return false;
    return n == 8 && lp_lex_ws(&ps->lex);
}

static void add_word(struct lp_parse *ps, uint32_t word)
{
    lp_buf_add(&ps->canon, " ", 1);
    lp_buf_hex(&ps->canon, word, 8);
}

static bool old_words(struct lp_parse *ps)
{
    do {
        struct lp_change c = {.line = ps->lex.line};
        if (!lp_lex_word32(ps, &c.old_word) || !add_change(ps, &c)) return false;
        add_word(ps, c.old_word);
        ps->waiting++;
    } while (next_is_word(ps));
    return lp_lex_comment_end(ps);
}

/* As many as there were old ones; one that is alone may have a relocation. */
static bool new_words(struct lp_parse *ps)
{
    const size_t n = ps->waiting;
    struct lp_change *c = ps->change + ps->nchange - n;
    bool more = true;
    ps->waiting = 0;
    for (size_t k = 0; more; k++) {
        const char *at = ps->lex.p;
        if (k == n) return lp_lex_fail(ps, at, LP_E_SYNTAX, "more new words than old ones, of which there are %zu", n);
        if (!lp_lex_word32(ps, &c[k].new_word)) return false;
        add_word(ps, c[k].new_word);
        if (!lp_block_check_word(ps, at, c[k].new_word)) return false;
        more = next_is_word(ps);
        if (!more && n == 1 && !(lp_lex_fixup(ps, &c->fix) && fixup_suits(ps, at, c->fix, c->new_word))) return false;
        if (!more && k + 1 < n) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "%zu new words are expected, as many as old ones", n);
    }
    return lp_lex_comment_end(ps);
}

static bool site_line(struct lp_parse *ps)
{
    struct lp_lex *l = &ps->lex;
    const bool minus = l->p[0] == '-';
    if ((l->p[0] != '-' && l->p[0] != '+') || l->end - l->p < 2 || l->p[1] != ' ')
        return lp_lex_fail(ps, l->p, LP_E_SYNTAX, "`- WORD...`, `+ WORD...` or `end` is expected in a site");
    if (minus == (ps->waiting != 0)) return lp_lex_fail(ps, l->p, LP_E_SYNTAX,
            minus ? "`+` with the new word is expected" : "`-` with the old word is expected first");
    l->p += 2;
    lp_buf_puts(&ps->canon, minus ? "-" : "+");
    return minus ? old_words(ps) : new_words(ps);
}

/* ---- functions ---- */

/* Behind `size`. */
static bool block_size(struct lp_parse *ps, const char *what, uint64_t *out)
{
    if (!lp_lex_need_ws(ps)) return false;
    const char *at = ps->lex.p;
    if (!lp_lex_num(ps, what, out)) return false;
    if (*out == 0 || *out > LP_PATCH_BLOCK) return lp_lex_fail(ps, at, LP_E_SYNTAX, "the size must be 1 to %u bytes", LP_PATCH_BLOCK);
    return true;
}

static bool need_size(struct lp_parse *ps, const char *what, uint64_t *out)
{
    if (!lp_lex_need_ws(ps)) return false;
    if (!lp_lex_word(&ps->lex, "size")) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "`size` is expected");
    return block_size(ps, what, out);
}

bool lp_block_open_func(struct lp_parse *ps)
{
    lp_block_begin(ps, LP_ITEM_FUNC, LP_ST_OLD);
    ps->func = (struct lp_func){0};
    ps->cfi.len = 0;
    ps->rename = NULL;
    if (!lp_lex_need_ws(ps)) return false;
    const char *at = ps->lex.p;
    if (!lp_lex_place(ps, &ps->work.place)) return false;
    if (ps->work.place.symbol && ps->work.place.off) return lp_lex_fail(ps, at, LP_E_SYNTAX, "a function has no offset");
    if (!need_size(ps, "a size in bytes", &ps->func.size)) return false;
    if (ps->func.size & 3) return lp_lex_fail(ps, at, LP_E_SYNTAX, "the size of a function must be a multiple of 4");
    lp_buf_puts(&ps->canon, "func ");
    lp_print_place(&ps->canon, &ps->work.place);
    lp_buf_printf(&ps->canon, " size %llu", (unsigned long long)ps->func.size);
    if (lp_lex_end(&ps->lex)) return true;
    if (!lp_lex_word(&ps->lex, "new")) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "`new` or the end of the line is expected");
    if (!ps->work.place.symbol) return lp_lex_fail(ps, at, LP_E_SYNTAX, "a new function needs a name");
    ps->func.is_new = true;
    ps->state = LP_ST_FUNC;
    lp_buf_puts(&ps->canon, " new");
    return lp_lex_need_end(ps);
}

static bool old_line(struct lp_parse *ps)
{
    static const char form[] = "`old size BYTES sha256 DIGEST` is expected after `func`";
    size_t n;
    char hex[65];
    if (!lp_lex_word(&ps->lex, "old")) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "%s", form);
    if (!need_size(ps, "a size in bytes", &ps->func.old_size) || !lp_lex_need_ws(ps)) return false;
    if (ps->func.old_size & 3) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "the size of a function must be a multiple of 4");
    if (!lp_lex_word(&ps->lex, "sha256") || !lp_lex_ws(&ps->lex)) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "%s", form);
    if (!lp_lex_sha256(ps, ps->func.old_sha256, &n)) return false;
    ps->func.sha_len = (uint8_t)n;
    lp_hex(hex, ps->func.old_sha256, n);
    lp_buf_printf(&ps->canon, "old size %llu sha256 %s", (unsigned long long)ps->func.old_size, hex);
    return lp_lex_need_end(ps);
}

static bool body_words(struct lp_parse *ps)
{
    struct lp_change c = {.line = ps->lex.line};
    const char *at = ps->lex.p;
    lp_buf_puts(&ps->canon, "|");
    for (unsigned n = 0;; n++) {
        at = ps->lex.p;
        if (!lp_lex_word32(ps, &c.new_word) || !lp_block_check_word(ps, at, c.new_word)) return false;
        add_word(ps, c.new_word);
        const bool more = next_is_word(ps);
        if (!more && n == 0 && !lp_lex_fixup(ps, &c.fix)) return false;
        if (!fixup_suits(ps, at, c.fix, c.new_word) || !add_change(ps, &c)) return false;
        ps->filled += 4, ps->step += 4;
        if (!more) return lp_lex_comment_end(ps);
    }
}

/* renamed: with other registers. */
static bool keep_run(struct lp_parse *ps, bool renamed)
{
    uint64_t off = ps->step, n;
    const char *at = ps->lex.p;
    const bool somewhere = lp_lex_char(&ps->lex, '+');
    if (somewhere && (!lp_lex_hex(ps, "an offset (0x...)", &off) || !lp_lex_need_ws(ps))) return false;
    if (!lp_lex_num(ps, somewhere ? "a number of words" : renamed ? "`~ +0xOFFSET WORDS` or `~ WORDS`" : "`= +0xOFFSET WORDS` or `= WORDS`", &n)) return false;
    lp_buf_puts(&ps->canon, renamed ? "~ " : "= ");
    if (somewhere) lp_buf_printf(&ps->canon, "+0x%llx ", (unsigned long long)off);
    lp_buf_printf(&ps->canon, "%llu", (unsigned long long)n);
    if (renamed && !lp_block_rename(ps)) return false;
    if (ps->func.is_new) return lp_lex_fail(ps, at, LP_E_SYNTAX, "a new function has no old words to keep");
    if (off & 3) return lp_lex_fail(ps, at, LP_E_SYNTAX, "the offset must be a multiple of 4");
    if (ps->broken) return true; /* the old size is not known */
    if (n == 0 || off > ps->func.old_size || n > (ps->func.old_size - off) / 4)
        return lp_lex_fail(ps, at, LP_E_SYNTAX, "%llu words from +0x%llx are not inside the old function of %llu bytes", (unsigned long long)n,
                           (unsigned long long)off, (unsigned long long)ps->func.old_size);
    struct lp_change c = {.line = ps->lex.line, .keep_off = (uint32_t)off, .keep_count = (uint32_t)n, .rename = renamed ? ps->rename : NULL};
    ps->filled += 4 * n;
    ps->step = off + 4 * n;
    return add_change(ps, &c) && lp_lex_comment_end(ps);
}

#define BYTES "bytes (pairs of lower-case hex digits)"

bool lp_block_pairs(struct lp_parse *ps, struct lp_buf *out, const char *sep)
{
    do {
        uint8_t b;
        if (!lp_lex_bytes(ps, BYTES, 1, &b)) return false;
        lp_buf_add(out, &b, 1);
        lp_buf_puts(&ps->canon, out->len > 1 ? " " : sep);
        lp_buf_hex(&ps->canon, b, 2);
        struct lp_lex before = ps->lex;
        if (!lp_lex_ws(&ps->lex) || ps->lex.p == ps->lex.end || *ps->lex.p == ';') {
            ps->lex = before;
            return true;
        }
    } while (true);
}

static bool old_cfi(struct lp_parse *ps, const char *at)
{
    if (ps->func.is_new) return lp_lex_fail(ps, at, LP_E_SYNTAX, "a new function has no old call frame instructions");
    if (ps->cfi.len) return lp_lex_fail(ps, at, LP_E_SYNTAX, "`cfi old` stands alone");
    ps->func.cfi_old = true;
    lp_buf_puts(&ps->canon, " old");
    return lp_lex_need_end(ps);
}

/* The same with or without white space between them; together they are canonical. */
static bool cfi_pairs(struct lp_parse *ps)
{
    const struct lp_lex *l = &ps->lex;
    do {
        uint8_t b;
        if (!lp_lex_bytes(ps, BYTES, 1, &b)) return false;
        lp_buf_add(&ps->cfi, &b, 1);
        lp_buf_hex(&ps->canon, b, 2);
        lp_lex_ws(&ps->lex);
    } while (l->p < l->end);
    return true;
}

static bool cfi_line(struct lp_parse *ps)
{
    const char *at = ps->lex.p;
    lp_buf_puts(&ps->canon, "cfi");
    if (ps->func.cfi_old) return lp_lex_fail(ps, at, LP_E_SYNTAX, "`cfi old` stands alone");
    struct lp_lex before = ps->lex;
    if (lp_lex_ws(&ps->lex) && lp_lex_word(&ps->lex, "old")) return old_cfi(ps, at);
    ps->lex = before;
    lp_buf_puts(&ps->canon, " ");
    return lp_lex_need_ws(ps) && cfi_pairs(ps);
}

/* The datum that is the body's exception table, or that it has none. */
static bool lsda_line(struct lp_parse *ps)
{
    if (!lp_lex_need_ws(ps)) return false;
    const char *at = ps->lex.p;
    ps->func.no_lsda = lp_lex_word(&ps->lex, "none");
    if (!ps->func.no_lsda && !ps->cfi.len && !ps->func.cfi_old)
        return lp_lex_fail(ps, at, LP_E_SYNTAX, "an exception table comes behind `cfi`, without which nobody looks at it");
    if (!ps->func.no_lsda && !lp_lex_symbol(ps, &ps->func.lsda)) return false;
    lp_buf_printf(&ps->canon, "lsda %s", ps->func.no_lsda ? "none" : ps->func.lsda);
    return lp_lex_need_end(ps);
}

static bool func_line(struct lp_parse *ps)
{
    struct lp_lex *l = &ps->lex;
    if (!ps->func.lsda && !ps->func.no_lsda && lp_lex_word(l, "lsda")) return lsda_line(ps);
    if (ps->func.lsda || ps->func.no_lsda) return lp_lex_fail(ps, l->p, LP_E_SYNTAX, "`end` is expected behind `lsda`");
    if (lp_lex_word(l, "cfi")) return cfi_line(ps);
    if ((*l->p != '|' && *l->p != '=' && *l->p != '~') || l->end - l->p < 2 || l->p[1] != ' ')
        return lp_lex_fail(ps, l->p, LP_E_SYNTAX, "`| WORD`, `= [+0xOFFSET] WORDS`, `~ [+0xOFFSET] WORDS`, `cfi`, `lsda` or `end` is expected");
    if (ps->cfi.len || ps->func.cfi_old) return lp_lex_fail(ps, l->p, LP_E_SYNTAX, "`cfi` comes behind the body");
    l->p += 2;
    return l->p[-2] == '|' ? body_words(ps) : keep_run(ps, l->p[-2] == '~');
}

static bool func_end(struct lp_parse *ps)
{
    if (ps->broken) return true;
    if (ps->filled != ps->func.size)
        return lp_lex_fail(ps, NULL, LP_E_SYNTAX, "the body has %llu bytes, line %u says size %llu", (unsigned long long)ps->filled, ps->work.line,
                           (unsigned long long)ps->func.size);
    struct lp_cfi all;
    if (ps->cfi.len && !lp_cfi_run_plain((const uint8_t *)ps->cfi.data, ps->cfi.len, UINT64_MAX, &all))
        return lp_lex_fail(ps, NULL, LP_E_SYNTAX, "the cfi lines hold no call frame instructions, or others than DWARF's for AArch64");
    if (ps->cfi.len && !(ps->func.cfi = lp_block_keep(ps, ps->cfi.data, ps->func.cfi_len = ps->cfi.len))) return false;
    ps->func.body = lp_block_keep(ps, ps->change, ps->nchange * sizeof *ps->change);
    ps->func.nbody = ps->nchange;
    ps->work.func = lp_block_keep(ps, &ps->func, sizeof ps->func);
    return ps->func.body && ps->work.func && lp_block_add_item(ps, &ps->work);
}

/* ---- data ---- */

bool lp_block_open_data(struct lp_parse *ps)
{
    static const char *const section[] = {"rodata", "data", "bss"};
    lp_block_begin(ps, LP_ITEM_DATA, LP_ST_DATA);
    ps->data = (struct lp_datum){.align = 8};
    if (!lp_lex_need_ws(ps) || !lp_lex_symbol(ps, &ps->work.place.symbol) || !lp_lex_need_ws(ps)) return false;
    unsigned i = 0;
    while (i < 3 && !lp_lex_word(&ps->lex, section[i])) i++;
    if (i == 3) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "`rodata`, `data` or `bss` is expected");
    ps->data.section = (enum lp_section_kind)i;
    if (!need_size(ps, "a size in bytes", &ps->data.size)) return false;
    lp_buf_printf(&ps->canon, "data %s %s size %llu", ps->work.place.symbol, section[i], (unsigned long long)ps->data.size);
    if (lp_lex_end(&ps->lex)) return true;
    if (!lp_lex_word(&ps->lex, "align")) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "`align` or the end of the line is expected");
    if (!lp_lex_need_ws(ps)) return false;
    const char *at = ps->lex.p;
    if (!lp_lex_num(ps, "an alignment", &ps->data.align)) return false;
    if (ps->data.align == 0 || ps->data.align & (ps->data.align - 1) || ps->data.align > LP_DATA_ALIGN)
        return lp_lex_fail(ps, at, LP_E_SYNTAX, "the alignment must be a power of two up to %u", LP_DATA_ALIGN);
    lp_buf_printf(&ps->canon, " align %llu", (unsigned long long)ps->data.align);
    return lp_lex_need_end(ps);
}

static bool add_bytes(struct lp_parse *ps, struct lp_buf *b)
{
    struct lp_chunk c = {.kind = LP_CHUNK_BYTES, .line = ps->lex.line, .len = b->len, .bytes = lp_block_keep(ps, b->data, b->len)};
    return c.bytes && add_chunk(ps, &c);
}

static bool data_bytes(struct lp_parse *ps)
{
    struct lp_buf b = {0};
    ps->lex.p += 2;
    bool good = lp_block_pairs(ps, &b, "| ") && add_bytes(ps, &b) && lp_lex_comment_end(ps);
    lp_buf_free(&b);
    return good;
}

static bool data_string(struct lp_parse *ps)
{
    struct lp_buf b = {0};
    struct lp_lex *l = &ps->lex;
    size_t n = lp_unquote(l->p, (size_t)(l->end - l->p), &b);
    lp_buf_add(&ps->canon, l->p, n);
    l->p += n;
    bool good = n ? add_bytes(ps, &b) && lp_lex_need_end(ps) : lp_lex_fail(ps, l->p, LP_E_SYNTAX, "the string is not a C string literal");
    lp_buf_free(&b);
    return good;
}

static bool data_line(struct lp_parse *ps)
{
    struct lp_lex *l = &ps->lex;
    struct lp_chunk c = {.line = l->line};
    if (l->end - l->p >= 2 && l->p[0] == '|' && l->p[1] == ' ') return data_bytes(ps);
    if (*l->p == '"') return data_string(ps);
    const char *at = l->p;
    if (lp_lex_word(l, "zero")) {
        c.kind = LP_CHUNK_ZERO;
        if (!lp_lex_need_ws(ps) || !lp_lex_num(ps, "a number of bytes", &c.len) || !lp_lex_need_end(ps)) return false;
        lp_buf_printf(&ps->canon, "zero %llu", (unsigned long long)c.len);
        return add_chunk(ps, &c);
    }
    if (lp_lex_word(l, "old")) return lp_block_old(ps, &c) && add_chunk(ps, &c);
    if (lp_lex_word(l, "from")) return lp_block_from(ps, &c) && add_chunk(ps, &c);
    if (lp_lex_word(l, "entry")) return lp_block_entry(ps, &c) && add_chunk(ps, &c);
    if (!lp_lex_word(l, "rel")) return lp_lex_fail(ps, at, LP_E_SYNTAX, "`| BYTES`, a string, `rel`, `zero`, `old` or `end` is expected in data");
    c.kind = LP_CHUNK_REL;
    lp_buf_puts(&ps->canon, "rel");
    if (!lp_lex_fixup(ps, &c.fix)) return false;
    if (!c.fix) return lp_lex_need_ws(ps) && lp_lex_fail(ps, l->p, LP_E_SYNTAX, "a relocation is expected");
    if (lp_reloc_is_code(c.fix->reloc)) return lp_lex_fail(ps, at, LP_E_SYNTAX, "relocation %s is for instructions", c.fix->reloc->name);
    c.len = lp_reloc_bytes(c.fix->reloc);
    return add_chunk(ps, &c) && lp_lex_need_end(ps);
}

static bool data_end(struct lp_parse *ps)
{
    if (ps->broken) return true;
    bool empty_bss = ps->data.section == LP_BSS && ps->filled == 0;
    if (ps->filled != ps->data.size && !empty_bss)
        return lp_lex_fail(ps, NULL, LP_E_SYNTAX, "the data has %llu bytes, line %u says size %llu", (unsigned long long)ps->filled, ps->work.line,
                           (unsigned long long)ps->data.size);
    for (size_t i = 0; i < ps->nchunk && ps->data.section == LP_BSS; i++)
        if (ps->chunk[i].kind != LP_CHUNK_ZERO) return lp_lex_fail_line(ps, ps->chunk[i].line, LP_E_SYNTAX, "bss has no content");
    ps->data.chunk = lp_block_keep(ps, ps->chunk, ps->nchunk * sizeof *ps->chunk);
    ps->data.nchunk = ps->nchunk;
    ps->work.data = lp_block_keep(ps, &ps->data, sizeof ps->data);
    return ps->data.chunk && ps->work.data && lp_block_add_item(ps, &ps->work);
}

/* ---- quiet ---- */

bool lp_block_quiet(struct lp_parse *ps)
{
    const struct lp_patch *p = ps->patch;
    struct lp_quiet q = {.line = ps->lex.line, .object = p->nobject ? (uint32_t)p->nobject - 1 : 0};
    if (!lp_lex_need_ws(ps)) return false;
    const char *at = ps->lex.p;
    if (!lp_lex_place(ps, &q.place)) return false;
    if (q.place.symbol && q.place.off) return lp_lex_fail(ps, at, LP_E_SYNTAX, "a function has no offset");
    if (q.place.off & 3) return lp_lex_fail(ps, at, LP_E_ADDRESS, "the place is no multiple of 4");
    lp_buf_puts(&ps->canon, "quiet ");
    lp_print_place(&ps->canon, &q.place);
    if (next_word(ps, "size")) {
        const char *size = ps->lex.p + 1;
        if (!block_size(ps, "a size in bytes", &q.size)) return false;
        if (q.size & 3) return lp_lex_fail(ps, size, LP_E_SYNTAX, "the size of a function must be a multiple of 4");
        if (q.place.off + q.size < q.size) return lp_lex_fail(ps, at, LP_E_ADDRESS, "the place is at the end of the address space");
        lp_buf_printf(&ps->canon, " size %llu", (unsigned long long)q.size);
    }
    if ((q.part = next_word(ps, "part"))) lp_buf_puts(&ps->canon, " part");
    if (!lp_lex_end(&ps->lex))
        return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "%s`part` or the end of the line is expected", q.size || q.part ? "" : "`size BYTES`, ");
    return add_quiet(ps, &q);
}

/* ---- all blocks ---- */

bool lp_block_line(struct lp_parse *ps)
{
    int state = ps->state;
    struct lp_lex before = ps->lex;
    if (state != LP_ST_OLD && state != LP_ST_SET_OLD && state != LP_ST_SET_NEW && lp_lex_word(&ps->lex, "end") && lp_lex_end(&ps->lex)) {
        lp_buf_puts(&ps->canon, "end");
        ps->state = LP_ST_ITEMS;
        return state == LP_ST_SITE ? site_end(ps) : state == LP_ST_FUNC ? func_end(ps) : data_end(ps);
    }
    ps->lex = before;
    if (state == LP_ST_OLD) ps->state = LP_ST_FUNC; /* one line each: a wrong one is not waited for again */
    if (state == LP_ST_SET_OLD || state == LP_ST_SET_NEW) ps->state = state == LP_ST_SET_OLD ? LP_ST_SET_NEW : LP_ST_ITEMS;
    switch (state) {
    case LP_ST_SITE: return site_line(ps);
    case LP_ST_OLD: return old_line(ps);
    case LP_ST_FUNC: return func_line(ps);
    case LP_ST_DATA: return data_line(ps);
    default: return lp_block_set_line(ps, state == LP_ST_SET_OLD);
    }
}

void lp_block_unfinished(struct lp_parse *ps)
{
    static const char *const name[] = {[LP_ST_SITE] = "site", [LP_ST_OLD] = "func", [LP_ST_FUNC] = "func",
            [LP_ST_DATA] = "data", [LP_ST_SET_OLD] = "set",
                                       [LP_ST_SET_NEW] = "set"};
    bool set = ps->state == LP_ST_SET_OLD || ps->state == LP_ST_SET_NEW;
    lp_lex_fail(ps, NULL, LP_E_SYNTAX, "the %s that begins in line %u %s", name[ps->state], ps->work.line, set ? "has no new value" : "has no `end`");
    ps->state = LP_ST_ITEMS;
}
