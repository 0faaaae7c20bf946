/* tools/lpdis_line.c - one word as a line or record, with what it refers to. */
#include <config.h>
#include "lpdis.h"
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
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

/* Follow one word; true if it forms or accesses the address *at. Anything else that may write a register forgets it. */
static bool follow(struct lpdis_regs *r, uint32_t w, const struct lp_dis_insn *insn, uint64_t *at)
{
    unsigned rd = bits(w, 0, 5), rn = bits(w, 5, 5);
    if ((w & 0x1f000000) == 0x10000000) { /* ADR, ADRP: the target is printed already */
        set(r, rd, insn->target);
        return false;
    }
    if ((w & 0xff800000) == 0x91000000) { /* ADD (immediate), 64-bit */
        bool known = get(r, rn, at);
        *at += (uint64_t)bits(w, 10, 12) << (bits(w, 22, 1) ? 12 : 0);
        r->known &= ~(1u << rd);
        if (known) set(r, rd, *at);
        return known;
    }
    bool load_store = (w & 0x3b000000) == 0x39000000; /* unsigned offset */
    bool known = load_store && get(r, rn, at);
    unsigned scale = bits(w, 26, 1) && bits(w, 23, 1) && bits(w, 30, 2) == 0 ? 4 : bits(w, 30, 2);
    if (known) *at += (uint64_t)bits(w, 10, 12) << scale;
    r->known &= ~(1u << rd);
    if ((w & 0x3a000000) == 0x28000000) r->known &= ~(1u << bits(w, 10, 5)) & ~(1u << rn); /* pairs, write-back */
    if ((w & 0x3b200400) == 0x38000400) r->known &= ~(1u << rn);                            /* pre- and post-index */
    if ((w & 0xfc000000) == 0x94000000 || (w & 0xfffffc1f) == 0xd63f0000) r->known &= 0x3ff80000; /* BL, BLR keep x19-x29 */
    if ((w & 0xfc000000) == 0x14000000 || (w & 0xff9ffc1f) == 0xd61f0000) r->known = 0;           /* B, BR, RET */
    return known;
}

/* ---- what an address is ---- */

/* "<main+0x8>" into buf, or "". */
static void symbol_text(const lp_elf *elf, uint64_t addr, char *buf, size_t size)
{
    const struct lp_elf_symbol *s = elf ? lp_elf_symbol_at(elf, addr) : NULL;
    buf[0] = 0;
    if (!s) return;
    if (addr == s->value) snprintf(buf, size, "<%s>", s->name);
    else snprintf(buf, size, "<%s+0x%" PRIx64 ">", s->name, addr - s->value);
}

/* The C string at an address, its length without the NUL; 0 if there is none that a person would read. */
static size_t string_at(const lp_elf *elf, uint64_t addr, char *buf)
{
    if (!elf || lp_elf_is_code(elf, addr)) return 0;
    size_t n = 0;
    for (; n < STRING_MAX; n++) {
        unsigned char c;
        if (lp_elf_read(elf, addr + n, &c, 1, NULL) != LP_OK) return 0;
        if (c == 0) break;
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) return 0;
        buf[n] = (char)c;
    }
    return n < 2 ? 0 : n;
}

/* ---- output ---- */

struct refs { bool have; uint64_t addr; char symbol[512]; char string[STRING_MAX]; size_t string_len; };

static void resolve(const lp_elf *elf, uint64_t addr, bool with_string, struct refs *r)
{
    r->have = true;
    r->addr = addr;
    symbol_text(elf, addr, r->symbol, sizeof r->symbol);
    if (with_string) r->string_len = string_at(elf, addr, r->string);
}

static void print_refs(const struct lp_dis_insn *insn, const struct refs *r)
{
    FILE *f = out_file();
    if (!r->have) return;
    if (!insn->has_target && (r->symbol[0] || r->string_len)) fprintf(f, "\t; 0x%" PRIx64, r->addr);
    if (r->symbol[0]) putc_unlocked(' ', f), out_text(r->symbol);
    if (r->string_len) {
        fputs(insn->has_target ? "\t; \"" : " \"", f);
        out_text_n(r->string, r->string_len);
        fputs(r->string_len == STRING_MAX ? "\"..." : "\"", f);
    }
}

static void print_text(const struct lpdis *d, const struct lpdis_line *l, const struct lp_dis_insn *insn, const struct refs *r)
{
    FILE *f = out_file();
    const char *colour = !d->colour ? NULL : l->mark == '-' ? "\033[31m" : l->mark == '+' ? "\033[32m" : NULL;
    if (colour) fputs(colour, f);
    fprintf(f, "%c%7" PRIx64 ":\t%08" PRIx32 " \t", l->mark, l->addr, l->word);
    if (l->data) fprintf(f, ".word\t0x%08" PRIx32, l->word);
    else {
        fputs(insn->mnemonic, f);
        if (insn->operands[0]) putc_unlocked('\t', f), fputs(insn->operands, f);
        print_refs(insn, r);
    }
    fputs(colour ? "\033[0m\n" : "\n", f);
}

static void print_record(const struct lpdis_line *l, const struct lp_dis_insn *insn, const struct refs *r)
{
    char mark[2] = {l->mark, 0};
    out_record("insn");
    out_hex("address", l->addr);
    out_word("word", l->word);
    out_str("status", l->data ? "data" : !insn->defined ? "undefined" : insn->executable ? "executable" : "known");
    out_str("mnemonic", l->data ? ".word" : insn->mnemonic);
    out_str("operands", l->data ? "" : insn->operands);
    out_str("row", l->data ? "" : insn->row);
    out_str("function", l->in);
    if (r->have) out_hex("target", r->addr);
    else out_null("target");
    size_t n = strlen(r->symbol);
    if (n) out_bytes("symbol", r->symbol + 1, n - 2); /* without <> */
    else out_null("symbol");
    if (r->string_len) out_bytes("string", r->string, r->string_len);
    else out_null("string");
    out_str("change", l->mark == ' ' ? NULL : mark);
    out_end();
}

void lpdis_line(struct lpdis *d, const lp_elf *elf, struct lpdis_regs *regs, const struct lpdis_line *l)
{
    struct lp_dis_insn insn;
    struct refs refs;
    uint64_t at = 0;
    refs.have = false;
    refs.symbol[0] = 0;
    refs.string_len = 0;
    if (!l->data) {
        lp_dis_word(d->dis, l->word, l->addr, &insn);
        d->undefined += !insn.defined && l->mark != '-';
        bool formed = regs && follow(regs, l->word, &insn, &at);
        if (insn.has_target) resolve(elf, insn.target, (l->word & 0x9f000000) == 0x10000000, &refs);
        else if (formed) resolve(elf, at, true, &refs);
    }
    if (cli.format == OUT_TEXT) print_text(d, l, &insn, &refs);
    else print_record(l, &insn, &refs);
}
