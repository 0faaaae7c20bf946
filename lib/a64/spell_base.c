/* a64/spell_base.c - words of spell_base.def as text. */
#include <config.h>
#include "a64/disasm.h"
#include "base/bits.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const texts[A64_ROW_COUNT] = {
#define TEXT(row, text) [A64_##row] = text,
#include "a64/spell_base.def"
};

static const char *const conditions[] = {"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};

static unsigned bits(uint32_t w, unsigned low, unsigned n) { return w >> low & ((1u << n) - 1); }

/* ---- mnemonics ---- */

/* CPY: of the reads and writes, which are unprivileged and which non-temporal (Arm ARM C6.2, CPYP). */
static const char *const copy_options[] = {"", "wt", "rt", "t", "wn", "wtwn", "rtwn", "twn", "rn", "wtrn", "rtrn", "trn", "n", "wtn", "rtn", "tn"};

static const char *variant(char code, uint32_t w)
{
    static const char *const sizes[] = {"b", "h", "", ""}, *const keys[] = {"ia", "ib", "da", "db"}, *const zero_keys[] = {"iza", "izb", "dza", "dzb"},
                      *const set_options[] = {"", "t", "n", "tn"};
    switch (code) {
    case 'Z': return sizes[w >> 30];
    case 'A': return bits(w, 22, 1) ? "a" : "";
    case 'L': return bits(w, 15, 1) ? "l" : "";
    case 'V': return bits(w, 23, 1) ? "s" : "a";
    case 'U': return bits(w, 14, 1) ? "s" : "a";
    case 'Q': return bits(w, 30, 1) ? "2" : "";
    case 'T': return bits(w, 30, 1) ? "t" : "b";
    case 'E': return bits(w, 4, 1) ? "e" : "";
    case 'O': return copy_options[bits(w, 12, 4)];
    case 'N': return set_options[bits(w, 12, 2)];
    case 'K': return bits(w, 10, 1) ? "b" : "a";
    case 'M': return bits(w, 23, 1) ? "b" : "a";
    case 'G': return keys[bits(w, 10, 2)];
    case 'C': return zero_keys[bits(w, 10, 2)];
    case 'X': return bits(w, 10, 1) ? "d" : "i";
    case 'B': return conditions[bits(w, 0, 4)];
    default: return "";
    }
}

/* Returns what follows the mnemonic. */
static const char *put_mnemonic(struct lp_dis_text *t, const char *text, uint32_t w)
{
    for (; *text && *text != ' '; text++) {
        if (isupper((unsigned char)*text)) lp_dis_put(t, "%s", variant(*text, w));
        else lp_dis_put(t, "%c", *text);
    }
    return *text ? text + 1 : text;
}

/* ---- operands ---- */

static unsigned field(char name, uint32_t w)
{
    switch (name) {
    case 'n': return bits(w, 5, 5);
    case 'm': return bits(w, 16, 5);
    case 'l': return bits(w, 16, 4);
    case 'a': return bits(w, 10, 5);
    case 'e': return bits(w, 0, 5) + 1;
    case 'k': return bits(w, 16, 5) + 1;
    default: return bits(w, 0, 5);
    }
}

static void put_register(struct lp_dis_text *t, char kind, unsigned reg, uint32_t w)
{
    switch (kind) {
    case 'W': lp_dis_put_general(t, false, false, reg); break;
    case 'X': lp_dis_put_general(t, true, false, reg); break;
    case 'P': lp_dis_put_general(t, true, true, reg); break;
    case 'R': lp_dis_put_general(t, w >> 31, false, reg); break;
    case 'Y': lp_dis_put_general(t, w >> 30 == 3, false, reg); break;
    case 'I': lp_dis_put_general(t, bits(w, 30, 1), false, reg); break;
    case 'U': lp_dis_put_general(t, !bits(w, 22, 1), false, reg); break;
    case 'E': lp_dis_put(t, "%c%u", "bhsd"[bits(w, 22, 2)], reg); break;
    case 'F': lp_dis_put(t, "%c%u", "sd"[bits(w, 22, 1)], reg); break;
    default: lp_dis_put(t, "%c%u", tolower((unsigned char)kind), reg); break;
    }
}

static const char *arrangement(char code, uint32_t w)
{
    static const char *const by_size[4][2] = {{"8b", "16b"}, {"4h", "8h"}, {"2s", "4s"}, {"1d", "2d"}}, *const halves[] = {"2h", "4h"};
    const unsigned q = bits(w, 30, 1);
    switch (code) {
    case 'B': return by_size[0][q];
    case 'H': return by_size[1][q];
    case 'S': return by_size[2][q];
    case 'T': return by_size[bits(w, 22, 2)][q];
    case 'N': return by_size[2 + bits(w, 22, 1)][q];
    default: return halves[q];
    }
}

/* VFPExpandImm(): a sign, three bits of exponent, four of fraction. */
static double expanded(unsigned imm8)
{
    double v = 16 + (imm8 & 15);
    const int exponent = (int)((imm8 >> 4 & 7) ^ 4) - 7;
    for (int i = exponent; i < 0; i++) v /= 2;
    return imm8 >> 7 ? -v : v;
}

static void put_element(struct lp_dis_text *t, uint32_t w)
{
    const unsigned high = bits(w, 11, 1), low = bits(w, 21, 1), m = bits(w, 20, 1);
    if (bits(w, 22, 2) == 1) lp_dis_put(t, "v%u.h[%u]", bits(w, 16, 4), high << 2 | low << 1 | m);
    else lp_dis_put(t, "v%u.s[%u]", bits(w, 16, 5), high << 1 | low);
}

static void put_offset(struct lp_dis_text *t, int offset, bool always)
{
    if (offset || always) lp_dis_put(t, always ? "#%d" : ", #%d", offset);
}

/* LDRAA: S:imm9 in units of 8 bytes, and writeback. */
static void put_authenticated(struct lp_dis_text *t, uint32_t w)
{
    put_offset(t, 8 * (int)lp_sext(bits(w, 22, 1) << 9 | bits(w, 12, 9), 10), false);
    lp_dis_put(t, bits(w, 11, 1) ? "]!" : "]");
}

static void put_index(struct lp_dis_text *t, char code, uint32_t w)
{
    const unsigned high = bits(w, 11, 1), low = bits(w, 21, 1), m = bits(w, 20, 1), size = (unsigned)__builtin_ctz(bits(w, 16, 5) | 32);
    const unsigned value = code == 'i'   ? high << 1 | low
                           : code == 'h' ? high << 2 | low << 1 | m
                           : code == 'j' ? high
                           : code == 'v' ? bits(w, 16, 5) >> (size + 1)
                           : code == 'w' ? bits(w, 11, 4) >> size
                                         : bits(w, 12, 2);
    lp_dis_put(t, "%u", value);
}

static void put_number(struct lp_dis_text *t, char code, uint32_t w)
{
    int v = 0;
    switch (code) {
    case 'r': v = 90 * (int)bits(w, 11, 2); break;
    case 'R': v = 90 * (int)bits(w, 13, 2); break;
    case 'q': v = bits(w, 12, 1) ? 270 : 90; break;
    case 'b': v = 64 - (int)bits(w, 10, 6); break;
    case 'x': v = 32 - (int)bits(w, 16, 7); break;
    case 'z': v = (int)bits(w, 0, 4); break;
    case 'm': v = (int)bits(w, 8, 4); break;
    case 'o': v = (int)bits(w, 8, 1); break;
    case 'u': v = (int)bits(w, 15, 6); break;
    case '6': v = (int)bits(w, 10, 6); break;
    case '7': v = (int)bits(w, 10, 8); break;
    case 's': v = (int)bits(w, 0, 16); break;
    case '8': v = (int)lp_sext(bits(w, 10, 8), 8); break;
    default: v = (int)bits(w, 5, 16); break;
    }
    lp_dis_put(t, "#%d", v);
}

static void put_special(struct lp_dis_text *t, char code, uint32_t w)
{
    static const char *const barriers[] = {"oshnxs", "nshnxs", "ishnxs", "synxs"};
    const int imm9 = (int)lp_sext(bits(w, 12, 9), 9), imm7 = 16 * (int)lp_sext(bits(w, 15, 7), 7);
    switch (code) {
    case 'i': case 'h': case 'j': case 'v': case 'w': case '2': put_index(t, code, w); break;
    case 'e': put_element(t, w); break;
    case 'f': lp_dis_put(t, "#%.8f", expanded(bits(w, 16, 3) << 5 | bits(w, 5, 5))); break;
    case 'F': lp_dis_put(t, "#%.8f", expanded(bits(w, 13, 8))); break;
    case '0': bits(w, 3, 1) ? lp_dis_put(t, "#0.0") : lp_dis_put(t, "h%u", bits(w, 16, 5)); break;
    case 'c': lp_dis_put(t, "%s", conditions[bits(w, 12, 4)]); break;
    case '9': put_offset(t, imm9, false); break;
    case 'g': put_offset(t, 16 * imm9, false); break;
    case 'G': put_offset(t, 16 * imm9, true); break;
    case 'p': put_offset(t, imm7, false); break;
    case 'P': put_offset(t, imm7, true); break;
    case 'l': put_authenticated(t, w); break;
    case 'A': lp_dis_put(t, "#%u, #%u", 16 * bits(w, 16, 6), bits(w, 10, 4)); break;
    case 'y': if (bits(w, 16, 5) != 31) lp_dis_put(t, ", x%u", bits(w, 16, 5)); break;
    case 'n': lp_dis_put(t, "%s", barriers[bits(w, 10, 2)]); break;
    case 'a': lp_dis_put(t, bits(w, 5, 1) ? "inj" : "iall"); break;
    default: put_number(t, code, w); break;
    }
}

static void put_operands(struct lp_dis_text *t, const char *text, uint32_t w)
{
    for (; *text; text++) {
        if (*text == '$') put_special(t, *++text, w);
        else if (*text == '.' && isupper((unsigned char)text[1])) lp_dis_put(t, ".%s", arrangement(*++text, w));
        else if (isupper((unsigned char)*text)) put_register(t, *text, field(text[1], w), w), text++;
        else lp_dis_put(t, "%c", *text);
    }
}

/* SUBPS into nothing is CMPP. BRB has no register. */
static const char *text_of(unsigned row, uint32_t w)
{
    if (row == A64_SUBPS && bits(w, 0, 5) == 31) return "cmpp Pn, Pm";
    if (row == A64_BRB && bits(w, 0, 5) != 31) return NULL;
    return texts[row];
}

bool lp_dis_spell_base(unsigned row, uint32_t word, struct lp_dis_insn *out)
{
    struct lp_dis_text mnemonic = {out->mnemonic, 0, sizeof out->mnemonic}, operands = {out->operands, 0, sizeof out->operands};
    const char *text = text_of(row, word);
    if (!text) return false;
    out->mnemonic[0] = out->operands[0] = 0;
    if (!*text || *text == ' ') lp_dis_mnemonic(row, out), text += *text == ' ';
    else text = put_mnemonic(&mnemonic, text, word);
    put_operands(&operands, text, word);
    return true;
}
