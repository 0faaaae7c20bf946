/* tools/lpdis_line.c - one word as a line or record, with what it refers to. */
#include <config.h>
#include "lpdis.h"
#include "cli.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRING_MAX = 48 };

static uint32_t bits(uint32_t w, unsigned lo, unsigned n) { return w >> lo & ((1u << n) - 1); }

/* ---- registers: ADRP and ADR set one, ADD (immediate) and loads and stores use it (Arm ARM C4.1) ---- */

static void set(struct lpdis_regs *r, unsigned reg, uint64_t value)
{
    if (reg == 31) return;
    r->value[reg] = value;
    r->known |= 1u << reg;
}

static bool get(const struct lpdis_regs *r, unsigned reg, uint64_t *value)
{
    *value = r->value[reg];
    return r->known >> reg & 1;
}

static bool is_adr(uint32_t w) { return (w & 0x1f000000) == 0x10000000; }

/* Follow one word; true if it forms or accesses the address *at. Anything else that may write a register forgets it. */
static bool follow(struct lpdis_regs *r, uint32_t w, uint64_t target, uint64_t *at, bool *access)
{
    unsigned rd = bits(w, 0, 5), rn = bits(w, 5, 5);
    *access = false;
    if (is_adr(w)) { /* ADR, ADRP: the target is printed already */
        set(r, rd, target);
        return false;
    }
    if (!r->known) return false;
    if ((w & 0xff800000) == 0x91000000) { /* ADD (immediate), 64-bit */
        bool known = get(r, rn, at);
        *at += (uint64_t)bits(w, 10, 12) << (bits(w, 22, 1) ? 12 : 0);
        r->known &= ~(1u << rd);
        if (known) set(r, rd, *at);
        return known;
    }
    *access = (w & 0x3b000000) == 0x39000000; /* unsigned offset */
    bool known = *access && get(r, rn, at);
    unsigned scale = bits(w, 26, 1) && bits(w, 23, 1) && bits(w, 30, 2) == 0 ? 4 : bits(w, 30, 2);
    if (known) *at += (uint64_t)bits(w, 10, 12) << scale;
    r->known &= ~(1u << rd);
    if ((w & 0x3a000000) == 0x28000000) r->known &= ~(1u << bits(w, 10, 5)) & ~(1u << rn); /* pairs, write-back */
    if ((w & 0x3b200400) == 0x38000400) r->known &= ~(1u << rn);                            /* pre- and post-index */
    if ((w & 0xfc000000) == 0x94000000 || (w & 0xfffffc1f) == 0xd63f0000) r->known &= 0x3ff80000; /* BL, BLR keep x19-x29 */
    if ((w & 0xfc000000) == 0x14000000 || (w & 0xff9ffc1f) == 0xd61f0000) r->known = 0;           /* B, BR, RET */
    return known;
}

void lpdis_follow(struct lpdis_view *v, uint64_t addr, uint32_t word)
{
    struct lp_dis_insn insn = {.target = 0};
    uint64_t at;
    bool access;
    if (is_adr(word)) lp_dis_word(v->dis, word, addr, &insn);
    follow(&v->regs, word, insn.target, &at, &access);
}

/* ---- what an address is ---- */

struct refs {
    bool have, slot;          /* slot: a pointer is loaded from `from`, and `addr` is what the dynamic linker puts there */
    uint64_t addr, from;
    const struct lp_elf_symbol *symbol;
    struct lp_elf_symbol body; /* of a patch */
    const char *import;       /* slot: the symbol of another object */
    char string[STRING_MAX + 1];
    size_t string_len;
};

static bool readable(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((p[i] < 0x20 && p[i] != '\n' && p[i] != '\t') || p[i] >= 0x7f) return false;
    return true;
}

/* The C string at an address, its length without the NUL; 0 if there is none that a person would read. */
static size_t string_at(const lp_elf *elf, uint64_t addr, char *buf)
{
    uint64_t end;
    size_t n = STRING_MAX;
    if (!elf || lp_elf_code_run(elf, 0, addr, &end)) return 0;
    while (n && lp_elf_read(elf, addr, buf, n, NULL) != LP_OK) n /= 2; /* near the end of a segment */
    n = strnlen(buf, n);
    return n < 2 || !readable((const unsigned char *)buf, n) ? 0 : n;
}

/* The same in new data. */
static size_t string_in(const struct lpdis_body *b, uint64_t addr, char *buf)
{
    size_t n = b->end - addr < STRING_MAX ? (size_t)(b->end - addr) : STRING_MAX;
    memcpy(buf, b->bytes + (addr - b->at), n);
    n = strnlen(buf, n);
    return n < 2 || !readable((const unsigned char *)buf, n) ? 0 : n;
}

static void resolve(const struct lpdis_view *v, uint64_t addr, bool with_string, struct refs *r)
{
    r->have = true;
    r->addr = addr;
    r->string_len = 0;
    r->symbol = v->elf ? lp_elf_symbol_at(v->elf, addr) : NULL;
    if (with_string) r->string_len = string_at(v->elf, addr, r->string);
    const struct lpdis_body *b = r->symbol ? NULL : lpdis_body_at(v->changes, v->patch, addr);
    if (b) r->body = (struct lp_elf_symbol){.name = b->name, .value = b->at}, r->symbol = &r->body;
    if (b && b->bytes && with_string) r->string_len = string_in(b, addr, r->string);
}

size_t lpdis_first_reloc(const struct lp_elf_reloc *v, size_t n, size_t section, uint64_t at)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (v[mid].section < section || (v[mid].section == section && v[mid].at < at)) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

/* LDR (immediate) of an X register from a slot that the dynamic linker fills: GOT entries, pointers in .data.rel.ro. */
static void look_into_slot(const struct lpdis_view *v, uint32_t word, uint64_t at, struct refs *r)
{
    size_t i = (word & 0xffc00000) == 0xf9400000 ? lpdis_first_reloc(v->reloc, v->n_relocs, 0, at) : v->n_relocs;
    if (i >= v->n_relocs || v->reloc[i].at != at || !v->reloc[i].name) return;
    const struct lp_elf_reloc *slot = &v->reloc[i];
    bool relative = strcmp(slot->name, "relative") == 0;
    if (relative) resolve(v, (uint64_t)slot->addend, true, r);
    else if (!slot->symbol) return;
    r->slot = true;
    r->from = at;
    if (!relative) r->import = slot->symbol, r->symbol = NULL, r->string_len = 0, r->addr = at;
}

/* ---- output ---- */

void lpdis_name(const struct lpdis *d, const char *name)
{
    char *plain = d->demangle ? lp_elf_demangle(name) : NULL;
    out_text(plain ? plain : name);
    free(plain);
}

void lpdis_value(const struct lpdis *d, const char *key, const char *name, const char *behind)
{
    char *plain = d->demangle && name ? lp_elf_demangle(name) : NULL;
    if (name) out_pair(key, plain ? plain : name, behind);
    else out_null(key);
    free(plain);
}

void lpdis_reloc(const struct lpdis *d, const struct lp_elf_reloc *r)
{
    char name[64] = "R_AARCH64_", number[24] = "+0x";
    for (size_t i = 0; r->name && r->name[i] && i < 50; i++) name[10 + i] = (char)toupper((unsigned char)r->name[i]), name[11 + i] = 0;
    if (!r->name) snprintf(name, sizeof name, "%u", r->type);
    if (cli.format != OUT_TEXT) {
        out_record("reloc");
        out_hex("address", r->at);
        out_str("type_name", name);
        lpdis_value(d, "symbol", r->symbol, "");
        out_hex("addend", (uint64_t)r->addend);
        out_end();
        return;
    }
    out_puts("\t\t\t");
    out_put(number + 3, out_digits(number + 3, r->at, 1));
    out_puts(": ");
    out_puts(name);
    out_puts("\t");
    if (r->symbol) lpdis_name(d, r->symbol);
    bool minus = r->symbol && r->addend < 0;
    uint64_t by = minus ? 0 - (uint64_t)r->addend : (uint64_t)r->addend;
    out_digits(number + 3, by, 1);
    number[0] = minus ? '-' : '+';
    if (by || !r->symbol) out_puts(r->symbol ? number : number + 1);
    out_puts("\n");
}

static void put_hex(uint64_t value)
{
    char t[24] = "0x";
    out_put(t, 2 + out_digits(t + 2, value, 1));
}

static void put_symbol(const struct lpdis *d, const struct refs *r)
{
    out_puts(" <");
    lpdis_name(d, r->symbol->name);
    if (r->addr != r->symbol->value) out_puts("+"), put_hex(r->addr - r->symbol->value);
    out_puts(">");
}

static void put_refs(const struct lpdis *d, const struct lp_dis_insn *insn, const struct refs *r)
{
    if (!r->have) return;
    if (!insn->has_target) out_puts("\t; "), put_hex(r->slot ? r->from : r->addr);
    if (r->import) out_puts(" -> "), lpdis_name(d, r->import);
    else if (r->slot) out_puts(" -> "), put_hex(r->addr);
    if (r->symbol) put_symbol(d, r);
    if (!r->string_len) return;
    out_puts(insn->has_target ? "\t; \"" : " \"");
    out_text_n(r->string, r->string_len);
    out_puts(r->string_len == STRING_MAX ? "\"..." : "\"");
}

static char *append(char *to, const char *text)
{
    size_t n = strlen(text);
    memcpy(to, text, n);
    return to + n;
}

/* "-   4005d0:	52800020 	"; the digits are those of the data's bytes. */
static char *put_head(char *p, const struct lpdis_line *l)
{
    char digits[24];
    unsigned n = out_digits(digits, l->addr, 1);
    *p++ = l->mark;
    for (unsigned i = n; i < 7; i++) *p++ = ' ';
    p = append(append(p, digits), ":\t");
    p += out_digits(p, l->word, 2u * l->size);
    return append(p, " \t");
}

static void print_text(const struct lpdis *d, const struct lpdis_line *l, const struct lp_dis_insn *insn, const struct refs *r)
{
    static const char *const units[] = {"", ".byte\t0x", ".short\t0x", "", ".word\t0x"};
    char line[sizeof *insn + 64], *p = line;
    const char *colour = !d->colour ? NULL : l->mark == '-' ? "\033[31m" : l->mark == '+' ? "\033[32m" : NULL;
    if (colour) p = append(p, colour);
    p = put_head(p, l);
    if (l->data) {
        p = append(p, units[l->size]);
        p += out_digits(p, l->word, 2u * l->size);
    } else {
        p = append(p, insn->mnemonic);
        if (insn->operands[0]) *p++ = '\t', p = append(p, insn->operands);
    }
    bool plain = !colour && !r->have;
    if (plain) *p++ = '\n';
    out_put(line, (size_t)(p - line));
    if (plain) return;
    if (!l->data) put_refs(d, insn, r);
    out_puts(colour ? "\033[0m\n" : "\n");
}

static void print_record(const struct lpdis *d, const struct lpdis_line *l, const struct lp_dis_insn *insn, const struct refs *r)
{
    static const char *const units[] = {"", ".byte", ".short", "", ".word"};
    char mark[2] = {l->mark, 0}, offset[24] = "+0x";
    out_record("insn");
    out_hex("address", l->addr);
    out_word("word", l->word);
    out_str("status", l->data ? "data" : !insn->defined ? "undefined" : insn->executable ? "executable" : "known");
    out_str("mnemonic", l->data ? units[l->size] : insn->mnemonic);
    out_str("operands", l->data ? "" : insn->operands);
    out_str("row", l->data ? "" : insn->row);
    lpdis_value(d, "function", l->in, "");
    if (r->have) out_hex("target", r->addr);
    else out_null("target");
    if (r->symbol && r->addr != r->symbol->value) out_digits(offset + 3, r->addr - r->symbol->value, 1);
    else offset[0] = 0;
    if (r->import) lpdis_value(d, "symbol", r->import, "");
    else if (r->symbol) lpdis_value(d, "symbol", r->symbol->name, offset);
    else out_null("symbol");
    if (r->string_len) out_bytes("string", r->string, r->string_len);
    else out_null("string");
    out_str("change", l->mark == ' ' ? NULL : mark);
    out_str("file", l->source ? l->source->file : NULL);
    if (l->source) out_uint("line", l->source->line);
    else out_null("line");
    if (r->slot) out_hex("slot", r->from);
    else out_null("slot");
    out_end();
}

void lpdis_line(struct lpdis_view *v, const struct lpdis_line *l)
{
    struct lp_dis_insn insn;
    struct refs refs;
    uint64_t at = 0;
    bool access = false;
    refs.have = refs.slot = false;
    refs.symbol = NULL;
    refs.import = NULL;
    refs.string_len = 0;
    if (!l->data) {
        lp_dis_word(v->dis, l->word, l->addr, &insn);
        v->undefined += !insn.defined && l->mark != '-';
        bool formed = l->mark != '-' && follow(&v->regs, l->word, insn.target, &at, &access);
        if (insn.has_target) resolve(v, insn.target, (l->word & 0x9f000000) == 0x10000000, &refs);
        else if (formed && !v->unlinked) {
            resolve(v, at, !access, &refs);
            if (access) look_into_slot(v, l->word, at, &refs);
        }
        if (l->import && !is_adr(l->word)) refs.import = l->import, refs.symbol = NULL, refs.string_len = 0;
    }
    if (cli.format == OUT_TEXT) print_text(v->d, l, &insn, &refs);
    else print_record(v->d, l, &insn, &refs);
}
