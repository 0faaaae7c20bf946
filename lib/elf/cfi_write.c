/* elf/cfi_write.c - call frame instructions as a patch has them, against the CIE of lp_cfi_run_plain(): how each is written, and an FDE's, whatever its CIE. */
#include <config.h>
#include "base/buf.h"
#include "elf/cfi.h"

void lp_cfi_put(struct lp_buf *b, uint64_t byte)
{
    const uint8_t v = (uint8_t)byte;
    lp_buf_add(b, &v, 1);
}

void lp_cfi_put_uleb(struct lp_buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) lp_cfi_put(b, (v & 0x7f) | 0x80);
    lp_cfi_put(b, v);
}

void lp_cfi_put_sleb(struct lp_buf *b, int64_t v)
{
    for (; v < -64 || v > 63; v >>= 7) lp_cfi_put(b, ((uint64_t)v & 0x7f) | 0x80);
    lp_cfi_put(b, (uint64_t)v & 0x7f);
}

void lp_cfi_put_advance(struct lp_buf *b, uint64_t words)
{
    const unsigned n = words < 0x100 ? 1 : words < 0x10000 ? 2 : 4;
    if (words < 0x40) {
        lp_cfi_put(b, 0x40 | words);
        return;
    }
    lp_cfi_put(b, n == 4 ? 4 : n + 1);
    for (unsigned i = 0; i < n; i++) lp_cfi_put(b, words >> 8 * i);
}

void lp_cfi_put_saved(struct lp_buf *b, uint64_t reg, int64_t off)
{
    const int64_t n = off / -8;
    if (off % 8) b->failed = true;
    else if (n >= 0 && reg < 0x40) lp_cfi_put(b, 0x80 | reg), lp_cfi_put_uleb(b, (uint64_t)n);
    else if (n >= 0) lp_cfi_put(b, 5), lp_cfi_put_uleb(b, reg), lp_cfi_put_uleb(b, (uint64_t)n);
    else lp_cfi_put(b, 0x11), lp_cfi_put_uleb(b, reg), lp_cfi_put_sleb(b, n);
}

static void advance(struct lp_buf *b, uint64_t bytes)
{
    if (bytes & 3) b->failed = true;
    lp_cfi_put_advance(b, bytes / 4);
}

static void block(struct lp_cfi_reader *r, struct lp_buf *b)
{
    uint64_t n = lp_cfi_uleb(r);
    lp_cfi_put_uleb(b, n);
    for (; n && !r->bad; n--) lp_cfi_put(b, lp_cfi_bytes(r, 1));
}

static int64_t scaled(const struct lp_cie *c, uint64_t v) { return (int64_t)(v * (uint64_t)c->data_align); }

/* DWARF 5, 6.4.2, and the numbers of GNU and AArch64. */
static void instruction(const struct lp_cie *c, struct lp_cfi_reader *r, struct lp_buf *b)
{
    uint64_t op = lp_cfi_bytes(r, 1), reg;
    switch (op >> 6 ? op & 0xc0 : op) {
    case 0x40: advance(b, (op & 0x3f) * c->code_align); break;
    case 0x80: lp_cfi_put_saved(b, op & 0x3f, scaled(c, lp_cfi_uleb(r))); break;
    case 0xc0: lp_cfi_put(b, op); break;                                     /* restore */
    case 0x00: break;                                                        /* nop */
    case 0x02: advance(b, lp_cfi_bytes(r, 1) * c->code_align); break;
    case 0x03: advance(b, lp_cfi_bytes(r, 2) * c->code_align); break;
    case 0x04: advance(b, lp_cfi_bytes(r, 4) * c->code_align); break;
    case 0x05: reg = lp_cfi_uleb(r); lp_cfi_put_saved(b, reg, scaled(c, lp_cfi_uleb(r))); break; /* offset_extended */
    case 0x11: reg = lp_cfi_uleb(r); lp_cfi_put_saved(b, reg, scaled(c, (uint64_t)lp_cfi_sleb(r))); break; /* offset_extended_sf */
    case 0x06: case 0x07: case 0x08: case 0x0d: case 0x0e: lp_cfi_put(b, op); lp_cfi_put_uleb(b, lp_cfi_uleb(r)); break; /* one number */
    case 0x09: case 0x0c: lp_cfi_put(b, op), lp_cfi_put_uleb(b, lp_cfi_uleb(r)); lp_cfi_put_uleb(b, lp_cfi_uleb(r)); break; /* register, def_cfa */
    case 0x0a: case 0x0b: case 0x2d: lp_cfi_put(b, op); break;               /* remember, restore, negate_ra_state */
    case 0x0f: lp_cfi_put(b, op); block(r, b); break;                        /* def_cfa_expression */
    case 0x10: case 0x16: lp_cfi_put(b, op), lp_cfi_put_uleb(b, lp_cfi_uleb(r)); block(r, b); break; /* expression, val_expression */
    case 0x12: /* def_cfa_sf */
        lp_cfi_put(b, 0x0c), lp_cfi_put_uleb(b, lp_cfi_uleb(r));
        lp_cfi_put_uleb(b, (uint64_t)scaled(c, (uint64_t)lp_cfi_sleb(r)));
        break;
    case 0x13: lp_cfi_put(b, 0x0e); lp_cfi_put_uleb(b, (uint64_t)scaled(c, (uint64_t)lp_cfi_sleb(r))); break; /* def_cfa_offset_sf */
    case 0x2e: lp_cfi_uleb(r); break;                                        /* GNU_args_size */
    default: b->failed = true;
    }
}

bool lp_cfi_plain(const struct lp_fde *f, struct lp_buf *out)
{
    struct lp_cfi_reader r = f->insns;
    if (f->cie.ra != LP_CFI_LR) return false;
    while (r.p < r.end && !r.bad && !out->failed) instruction(&f->cie, &r, out);
    return !r.bad && !out->failed && out->len;
}
