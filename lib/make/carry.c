/* make/carry.c - pieces of an object file as text of a patch: words with their relocations, bytes, call
 * frame information. */
#include <config.h>
#include "a64/a64.h"
#include "base/bits.h"
#include "base/error.h"
#include "elf/spec.h"
#include "make/replace.h"
#include "patch/keep.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* ---- code ---- */

/* Literals of the function's own, which LDR reads: they go where those behind functions go, and what is reached otherwise is refused. */
static bool reads_literal(uint32_t word) { return lp_a64_is_load_literal(word); }
static lp_status inner_data(struct lp_carrying *x, uint32_t section, uint64_t at, struct lp_error *err)
{
    return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "%s+0x%llx is data among the code of a function, which a patch has no place for, unless LDR reads it as a "
                         "literal", x->c->o->sec[section].head->name, (unsigned long long)at);
}

/* A word that leads out of its function within the section: a static function or part of one that the assembler has resolved. */
static lp_status resolved_word(struct lp_carrying *x, uint32_t section, uint64_t at, uint32_t word, uint64_t start, uint64_t end, struct lp_buf *out,
                               struct lp_error *err)
{
    uint64_t to;
    const struct lp_reloc *reloc = lp_word_reloc(word); /* that it would have if the assembler had not known its target */
    const bool target = lp_a64_target(word, at, &to), inside = target && to >= start && to < end;
    const bool inner = inside && lp_objfile_is_data(x->c->o, section, to);
    if (inner && !reads_literal(word)) return inner_data(x, section, to, err);
    if (!target || (inside && !inner)) {
        lp_buf_printf(out, "| %08x", word);
        lp_maker_comment(x->m, out, word, at - start);
        return LP_OK;
    }
    if (reloc->op == LP_REL_PAGE || to >= x->c->o->sec[section].head->size)
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "%s+0x%llx: %08x leads to nowhere", x->c->o->sec[section].head->name, (unsigned long long)at, word);
    lp_buf_printf(out, "| %08x %s ", word & ~lp_reloc_mask(reloc), reloc->name);
    lp_status s = inner ? lp_carry_literal(x, section, to, out, err) : lp_carry_place(x, section, to, out, err);
    lp_buf_puts(out, "\n");
    return s;
}

/* -mcmodel=tiny: new code of a running program may be up to 128 MiB away from the program. Once for each object. */
static void tell_reach(struct lp_carrying *x, const struct lp_reloc *row, const char *target)
{
    const size_t n = strcspn(target, "+- ");
    for (size_t i = 0; i < x->m->nown; i++)
        if (strlen(x->m->own[i]) == n && memcmp(x->m->own[i], target, n) == 0) return; /* comes along */
    if (x->c->near) return;
    x->c->near = true;
    lp_edit_warn(x->m, &x->e->from, "%s: relocation %s reaches no further than 1 MiB, and a running program may have no room for new code that near to `%.*s`: "
                 "compile it with -mcmodel=small", x->c->path, row->name, (int)n, target);
}

static lp_status one_word(struct lp_carrying *x, uint32_t section, uint64_t at, uint64_t start, uint64_t end, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_objsec *sec = &x->c->o->sec[section];
    uint32_t word = lp_le32(sec->bytes + at);
    const struct lp_objrel *rel = NULL;
    const struct lp_reloc *row = NULL;
    if (lp_objfile_is_data(x->c->o, section, at)) return lp_buf_puts(out, "| d4200000  ; brk #0, where data was\n"), LP_OK;
    for (size_t i = lp_objfile_rel(sec, at); i < sec->nrel && sec->rel[i].at < at + 4; i++) {
        const struct lp_reloc *r = lp_reloc_numbered(sec->rel[i].type);
        if (!r || (!lp_reloc_is_code(r) && r->op != LP_REL_NONE) || sec->rel[i].at != at)
            return lp_carry_fail(
                x, err, LP_E_UNSUPPORTED,
                "%s+0x%llx: relocation %u is none of an instruction: is there a literal among the code?",
                sec->head->name, (unsigned long long)at, sec->rel[i].type);
        if (r->op != LP_REL_MARK && r->op != LP_REL_NONE) rel = &sec->rel[i], row = r;
    }
    if (!lp_dis_valid(word))
        return lp_carry_fail(
            x, err, LP_E_UNSUPPORTED,
            "%s+0x%llx is no valid instruction: data among the code perhaps, without a mapping symbol",
            sec->head->name, (unsigned long long)at);
    if (!row) return resolved_word(x, section, at, word, start, end, out, err);
    lp_buf_printf(out, "| %08x %s ", word & ~lp_reloc_mask(row), row->name);
    const size_t before = out->len;
    lp_status s = lp_carry_refer(x, rel, out, err);
    if (s == LP_OK && !out->failed && row->op == LP_REL_PREL && (row->field == LP_FIELD_ADR || row->field == LP_FIELD_IMM19))
        tell_reach(x, row, out->data + before);
    lp_buf_puts(out, "\n");
    return s;
}

static const struct lp_objrel *rel_at(const struct lp_objsec *sec, uint64_t at)
{
    const size_t i = lp_objfile_rel(sec, at);
    return i < sec->nrel && sec->rel[i].at == at ? &sec->rel[i] : NULL;
}

/* The general dynamic model of gcc -mtls-dialect=trad: ADRP, ADD, BL __tls_get_addr, NOP, in one piece. */
enum { GENERAL_DYNAMIC = 16 };
static bool is_general_dynamic(const struct lp_carrying *x, uint32_t section, uint64_t at, uint64_t end)
{
    const struct lp_objfile *o = x->c->o;
    const struct lp_objsec *sec = &o->sec[section];
    const struct lp_objrel *page = rel_at(sec, at), *low = rel_at(sec, at + 4), *call = rel_at(sec, at + 8);
    if (end - at < GENERAL_DYNAMIC || !page || !low || !call || rel_at(sec, at + 12)) return false;
    return page->type == R_AARCH64_TLSGD_ADR_PAGE21 && low->type == R_AARCH64_TLSGD_ADD_LO12_NC && call->type == R_AARCH64_CALL26 &&
           page->sym == low->sym && page->addend == low->addend && strcmp(o->sym[call->sym].name, "__tls_get_addr") == 0 &&
           lp_le32(sec->bytes + at) == 0x90000000 && lp_le32(sec->bytes + at + 4) == 0x91000000 && lp_le32(sec->bytes + at + 12) == LP_A64_NOP;
}

/* Is it the program? Of it, and of the libraries that it starts with, each thread has the storage from its beginning. */
static bool starts_first(const struct lp_maker *m)
{
    size_t n;
    const struct lp_elf_segment *s = lp_elf_segments(m->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].type == PT_INTERP) return true;
    return lp_elf_info(m->elf)->type == ET_EXEC;
}

/* ADRP and LDR of the offset from the thread pointer, MRS of that, ADD: the initial exec model, as linkers relax it in programs, too (AAELF64). */
static lp_status initial_exec(struct lp_carrying *x, uint32_t section, uint64_t at, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_objrel *rel = rel_at(&x->c->o->sec[section], at);
    lp_buf_puts(out, "| 90000000 tlsie_adr_gottprel_page21 ");
    lp_status s = lp_carry_refer(x, rel, out, err);
    lp_buf_puts(out, "\n| f9400000 tlsie_ld64_gottprel_lo12_nc ");
    if (s == LP_OK) s = lp_carry_refer(x, rel, out, err);
    lp_buf_puts(out, "\n| d53bd041");
    lp_maker_comment(x->m, out, 0xd53bd041, 0);
    lp_buf_puts(out, "| 8b000020");
    lp_maker_comment(x->m, out, 0x8b000020, 0);
    return s;
}

/* The same words, but for what a linker fills in? */
bool lp_carry_same_code(const struct lp_carrying *x, const struct lp_objsym *f, const struct lp_elf_symbol *t)
{
    const struct lp_objsec *sec = &x->c->o->sec[f->section];
    uint8_t *old = f->size && f->size == t->size && sec->bytes ? malloc(f->size) : NULL;
    bool same = old && lp_elf_read(x->m->elf, t->value, old, f->size, NULL) == LP_OK;
    for (uint64_t at = 0; same && at + 4 <= f->size; at += 4) {
        uint32_t a = lp_le32(sec->bytes + f->value + at), b = lp_le32(old + at), mask = 0;
        uint64_t to;
        const struct lp_reloc *leaves = lp_a64_target(a, at, &to) && to >= f->size ? lp_word_reloc(a) : NULL;
        if (leaves && leaves->op != LP_REL_PAGE) mask = lp_reloc_mask(leaves);
        size_t i = lp_objfile_rel(sec, f->value + at);
        for (; i < sec->nrel && sec->rel[i].at == f->value + at; i++) {
            const struct lp_reloc *r = lp_reloc_numbered(sec->rel[i].type);
            mask |= !r || r->op == LP_REL_TLS || r->op == LP_REL_MARK || r->op == LP_REL_GOT_PAGE ||
                            r->op == LP_REL_GOT_ABS
                        ? UINT32_MAX
                        : lp_reloc_mask(r); /* linkers relax these */
        }
        same = (a & ~mask) == (b & ~mask);
    }
    free(old);
    return same;
}

lp_status lp_carry_body(struct lp_carrying *x, uint32_t section, uint64_t start, uint64_t end, struct lp_buf *out, struct lp_error *err)
{
    lp_status s = LP_OK;
    if (!x->c->o->sec[section].bytes || (start | end) & 3) return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "a function is no whole number of words");
    for (uint64_t at = start; at < end && s == LP_OK; at += 4) {
        if (!is_general_dynamic(x, section, at, end) || !starts_first(x->m)) s = one_word(x, section, at, start, end, out, err);
        else s = initial_exec(x, section, at, out, err), at += GENERAL_DYNAMIC - 4;
    }
    return s;
}

lp_status lp_carry_cfi(struct lp_carrying *x, const struct lp_objsym *function, struct lp_buf *out, struct lp_error *err)
{
    enum { ON_A_LINE = 64 };
    const uint8_t *p;
    size_t n;
    bool handlers, good = lp_objfile_cfi(x->c->o, function, &p, &n, &handlers);
    if (handlers)
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%s` catches exceptions or has something to destroy on their way, which in a patch it would not: "
                             "compile it with -fno-exceptions (rustc: -C panic=abort), or change words of it", function->name);
    for (size_t i = 0; good && i < n; i++)
        lp_buf_printf(out, "%s%02x%s", i % ON_A_LINE ? "" : "cfi ", p[i], i % ON_A_LINE == ON_A_LINE - 1 || i + 1 == n ? "\n" : "");
    return LP_OK;
}

/* ---- data ---- */

static void string_lines(struct lp_buf *out, const uint8_t *p, size_t n)
{
    enum { ON_A_LINE = 48 }; /* each byte may become four */
    for (size_t i = 0; i < n; i += ON_A_LINE) {
        lp_quote(out, (const char *)p + i, n - i < ON_A_LINE ? n - i : ON_A_LINE);
        lp_buf_puts(out, "\n");
    }
}

static void byte_lines(struct lp_buf *out, const uint8_t *p, uint64_t n)
{
    enum { ON_A_LINE = 16 };
    for (uint64_t i = 0, run; i < n; i += run) {
        for (run = 0; i + run < n && p[i + run] == 0;) run++;
        if (run >= ON_A_LINE) {
            lp_buf_printf(out, "zero %llu\n", (unsigned long long)run);
            continue;
        }
        run = n - i < ON_A_LINE ? n - i : ON_A_LINE;
        lp_buf_puts(out, "|");
        for (uint64_t k = 0; k < run; k++) lp_buf_printf(out, " %02x", p[i + k]);
        lp_buf_puts(out, "\n");
    }
}

static lp_status data_relocation(struct lp_carrying *x, const struct lp_objsec *sec, const struct lp_objrel *r, uint64_t end, struct lp_buf *out,
                                 unsigned *bytes, struct lp_error *err)
{
    const struct lp_reloc *row = lp_reloc_numbered(r->type);
    *bytes = row ? lp_reloc_bytes(row) : 0;
    if (!*bytes || lp_reloc_is_code(row) || row->op == LP_REL_DYNAMIC || r->at + *bytes > end)
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "%s+0x%llx: relocation %u is none of data", sec->head->name, (unsigned long long)r->at, r->type);
    lp_buf_printf(out, "rel %s ", row->name);
    lp_status s = lp_carry_refer(x, r, out, err);
    lp_buf_puts(out, "\n");
    return s;
}

lp_status lp_carry_data(struct lp_carrying *x, const struct lp_piece *p, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_objsec *sec = &x->c->o->sec[p->section];
    const bool empty = p->start == p->end; /* has an address all the same */
    uint64_t align = sec->head->align ? sec->head->align : 1, at = p->start;
    lp_status s = LP_OK;
    while (p->start & (align - 1)) align >>= 1;
    if (align > LP_DATA_ALIGN)
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%s` is aligned to %llu bytes, and data of a patch to no more than %u: a smaller "
                             "alignment, or memory that the code aligns itself (aligned_alloc)", p->name, (unsigned long long)align, LP_DATA_ALIGN);
    lp_buf_printf(out, "\ndata %s %s size %llu align %llu\n", p->name, !sec->bytes ? "bss" : sec->head->flags & SHF_WRITE ? "data" : "rodata",
                  (unsigned long long)(empty ? 1 : p->end - p->start), (unsigned long long)align);
    if (empty) return lp_buf_puts(out, sec->bytes ? "zero 1\nend\n" : "end\n"), s;
    for (size_t i = lp_objfile_rel(sec, at); sec->bytes && i < sec->nrel && sec->rel[i].at < p->end && s == LP_OK; i++) {
        unsigned bytes;
        if (sec->rel[i].at < at)
            return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "%s+0x%llx: two relocations of one place",
                                 sec->head->name, (unsigned long long)sec->rel[i].at);
        byte_lines(out, sec->bytes + at, sec->rel[i].at - at);
        s = data_relocation(x, sec, &sec->rel[i], p->end, out, &bytes, err);
        at = sec->rel[i].at + bytes;
    }
    if (s == LP_OK && sec->bytes && sec->head->flags & SHF_STRINGS) string_lines(out, sec->bytes + at, (size_t)(p->end - at));
    else if (s == LP_OK && sec->bytes) byte_lines(out, sec->bytes + at, p->end - at);
    lp_buf_puts(out, "end\n");
    return s;
}
