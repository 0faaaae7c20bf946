/* elf/cfi_insn.c - the instructions of call frame information, one by one: from .eh_frame, and as a patch has them. */
#include <config.h>
#include "base/buf.h"
#include "elf/cfi.h"

enum { ADVANCE_LOC = 0x40, SAVED = 0x80, RESTORE = 0xc0, LOW = 0x3f }; /* with an operand in the low six bits */

/* What follows an opcode (DWARF 5, 7.24, and the numbers of GNU and AArch64). r, f: a register; u: a distance; o, s: the same in the CIE's unit, without
 * and with a sign; b: a block; 1 2 4: so many bytes in the CIE's unit; a: an address; x: a number that says nothing here. */
static const struct { uint8_t what, kind; char operands[3]; } ops[] = {
    [0x00] = {LP_CFI_NOTHING, 0, ""}, [0x01] = {LP_CFI_PLACE, 0, "a"},
    [0x02] = {LP_CFI_ADVANCE, 0, "1"}, [0x03] = {LP_CFI_ADVANCE, 0, "2"}, [0x04] = {LP_CFI_ADVANCE, 0, "4"},
    [0x05] = {LP_CFI_RULE, LP_CFI_OFFSET, "ro"}, [0x06] = {LP_CFI_RESTORE, 0, "r"},
    [0x07] = {LP_CFI_RULE, LP_CFI_UNDEFINED, "r"}, [0x08] = {LP_CFI_RULE, LP_CFI_SAME, "r"}, [0x09] = {LP_CFI_RULE, LP_CFI_REGISTER, "rf"},
    [0x0a] = {LP_CFI_REMEMBER, 0, ""}, [0x0b] = {LP_CFI_RECALL, 0, ""},
    [0x0c] = {LP_CFI_CFA, LP_CFI_REGISTER, "ru"}, [0x0d] = {LP_CFI_CFA_REG, 0, "r"}, [0x0e] = {LP_CFI_CFA_OFF, 0, "u"},
    [0x0f] = {LP_CFI_CFA, LP_CFI_EXPRESSION, "b"}, [0x10] = {LP_CFI_RULE, LP_CFI_EXPRESSION, "rb"},
    [0x11] = {LP_CFI_RULE, LP_CFI_OFFSET, "rs"}, [0x12] = {LP_CFI_CFA, LP_CFI_REGISTER, "rs"}, [0x13] = {LP_CFI_CFA_OFF, 0, "s"},
    [0x14] = {LP_CFI_RULE, LP_CFI_VALUE, "ro"}, [0x15] = {LP_CFI_RULE, LP_CFI_VALUE, "rs"}, [0x16] = {LP_CFI_RULE, LP_CFI_VAL_EXPRESSION, "rb"},
    [0x2c] = {LP_CFI_SIGN_WITH_PC, 0, ""}, [0x2d] = {LP_CFI_SIGN, 0, ""}, [0x2e] = {LP_CFI_NOTHING, 0, "x"},
};

/* ---- reading ---- */

static int64_t scaled(const struct lp_cie *c, uint64_t v) { return (int64_t)(v * (uint64_t)c->data_align); }

static void block(struct lp_cfi_reader *r, struct lp_cfi_insn *i)
{
    i->len = lp_cfi_uleb(r);
    i->block = r->p;
    lp_cfi_skip(r, i->len);
}

static void operand(const struct lp_cie *c, struct lp_cfi_reader *r, char which, struct lp_cfi_insn *i)
{
    switch (which) {
    case 'r': i->reg = lp_cfi_uleb(r); break;
    case 'f': i->from = lp_cfi_uleb(r); break;
    case 'u': i->off = (int64_t)lp_cfi_uleb(r); break;
    case 'o': i->off = scaled(c, lp_cfi_uleb(r)); break;
    case 's': i->off = scaled(c, (uint64_t)lp_cfi_sleb(r)); break;
    case 'b': block(r, i); break;
    case '1': case '2': case '4': i->off = (int64_t)(lp_cfi_bytes(r, (unsigned)(which - '0')) * c->code_align); break;
    case 'a': i->off = (int64_t)lp_cfi_pointer(r, c->pointers, 0); break;
    default: lp_cfi_uleb(r);
    }
}

static void extended(const struct lp_cie *c, struct lp_cfi_reader *r, uint64_t op, struct lp_cfi_insn *i)
{
    if (op >= sizeof ops / sizeof ops[0] || ops[op].what == LP_CFI_NONE) {
        r->bad = true;
        return;
    }
    i->what = ops[op].what, i->kind = ops[op].kind;
    for (const char *p = ops[op].operands; *p && !r->bad; p++) operand(c, r, *p, i);
}

bool lp_cfi_next(const struct lp_cie *c, struct lp_cfi_reader *r, struct lp_cfi_insn *i)
{
    if (r->bad || r->p >= r->end) return false;
    const uint64_t op = *r->p++;
    r->vaddr++;
    *i = (struct lp_cfi_insn){.what = LP_CFI_RESTORE, .reg = op & LOW};
    switch (op & ~(uint64_t)LOW) {
    case ADVANCE_LOC: i->what = LP_CFI_ADVANCE, i->off = (int64_t)((op & LOW) * c->code_align); break;
    case SAVED: i->what = LP_CFI_RULE, i->kind = LP_CFI_OFFSET, i->off = scaled(c, lp_cfi_uleb(r)); break;
    case RESTORE: break;
    default: extended(c, r, op, i);
    }
    return !r->bad;
}

/* ---- writing, against the CIE of lp_cfi_run_plain() ---- */

enum { WORD = 4, UNIT = -8 };

static void put(struct lp_buf *b, uint64_t byte)
{
    const uint8_t v = (uint8_t)byte;
    lp_buf_add(b, &v, 1);
}

void lp_cfi_put_uleb(struct lp_buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) put(b, (v & 0x7f) | 0x80);
    put(b, v);
}

static void put_sleb(struct lp_buf *b, int64_t v)
{
    for (; v < -64 || v > 63; v >>= 7) put(b, ((uint64_t)v & 0x7f) | 0x80);
    put(b, (uint64_t)v & 0x7f);
}

static void put_advance(struct lp_buf *b, uint64_t bytes)
{
    const uint64_t words = bytes / WORD;
    const unsigned n = words < 0x100 ? 1 : words < 0x10000 ? 2 : 4;
    b->failed |= bytes % WORD != 0;
    if (words <= LOW) {
        put(b, ADVANCE_LOC | words);
        return;
    }
    put(b, n == 4 ? 4 : n + 1);
    for (unsigned i = 0; i < n; i++) put(b, words >> 8 * i);
}

/* The one that says it, whatever its operands are. */
static uint64_t opcode(const struct lp_cfi_insn *i)
{
    static const uint8_t rule[] = {[LP_CFI_OFFSET] = 0x05, [LP_CFI_SAME] = 0x08, [LP_CFI_UNDEFINED] = 0x07, [LP_CFI_VALUE] = 0x15,
                                   [LP_CFI_REGISTER] = 0x09, [LP_CFI_EXPRESSION] = 0x10, [LP_CFI_VAL_EXPRESSION] = 0x16};
    static const uint8_t other[] = {[LP_CFI_RESTORE] = 0x06, [LP_CFI_CFA] = 0x0c, [LP_CFI_CFA_REG] = 0x0d, [LP_CFI_CFA_OFF] = 0x0e,
                                    [LP_CFI_REMEMBER] = 0x0a, [LP_CFI_RECALL] = 0x0b, [LP_CFI_SIGN] = 0x2d};
    const uint64_t op = i->what == LP_CFI_RULE ? rule[i->kind] : other[i->what];
    if (op == 0x05 && i->off > 0) return 0x11;
    if (op == 0x0c && i->kind == LP_CFI_EXPRESSION) return 0x0f;
    return op == 0x0c && i->off < 0 ? 0x12 : op == 0x0e && i->off < 0 ? 0x13 : op;
}

static void put_operand(struct lp_buf *b, char which, const struct lp_cfi_insn *i)
{
    switch (which) {
    case 'r': lp_cfi_put_uleb(b, i->reg); break;
    case 'f': lp_cfi_put_uleb(b, i->from); break;
    case 'u': lp_cfi_put_uleb(b, (uint64_t)i->off); break;
    case 'o': lp_cfi_put_uleb(b, (uint64_t)(i->off / UNIT)), b->failed |= i->off % UNIT != 0; break;
    case 's': put_sleb(b, i->off / UNIT), b->failed |= i->off % UNIT != 0; break;
    default: lp_cfi_put_uleb(b, i->len), lp_buf_add(b, i->block, i->len);
    }
}

void lp_cfi_put(struct lp_buf *b, const struct lp_cfi_insn *i)
{
    const uint64_t op = opcode(i);
    const char *operands = ops[op].operands;
    if (i->what == LP_CFI_NOTHING) return;
    if (i->what == LP_CFI_ADVANCE) {
        put_advance(b, (uint64_t)i->off);
        return;
    }
    b->failed |= op == 0; /* where a body will be is not known */
    if (op == 0x05 && i->reg <= LOW) put(b, SAVED | i->reg), operands++;
    else if (op == 0x06 && i->reg <= LOW) put(b, RESTORE | i->reg), operands++;
    else put(b, op);
    for (; *operands; operands++) put_operand(b, *operands, i);
}

/* Does the CIE say nothing else than that of lp_cfi_run_plain()? */
static bool is_plain(const struct lp_cie *c)
{
    struct lp_cfi_reader r = c->insns;
    struct lp_cfi_insn i;
    bool good = c->ra == LP_CFI_LR;
    while (good && lp_cfi_next(c, &r, &i))
        good = i.what == LP_CFI_NOTHING || (i.what == LP_CFI_CFA && i.kind == LP_CFI_REGISTER && i.reg == LP_CFI_SP && i.off == 0);
    return good && !r.bad;
}

bool lp_cfi_plain(const struct lp_fde *f, struct lp_buf *out)
{
    struct lp_cfi_reader r = f->insns;
    struct lp_cfi_insn i;
    if (!is_plain(&f->cie)) return false;
    if (f->lead) lp_cfi_put(out, &(struct lp_cfi_insn){.what = LP_CFI_ADVANCE, .off = (int64_t)f->lead});
    while (!out->failed && lp_cfi_next(&f->cie, &r, &i)) lp_cfi_put(out, &i);
    return !r.bad && !out->failed && out->len;
}
