/* diff/cfi.c - EMIT, unwinding: the instructions of an FDE, whatever its CIE, as those of a patch: code alignment 4, data alignment -8 (lpatch(5)). */
#include <config.h>
#include "diff/emit.h"

#include <string.h>

enum { CFI_LINE = 48 };

struct out { uint8_t b[4096]; size_t n; bool bad; };

static void put(struct out *o, uint64_t v)
{
    if (o->n < sizeof o->b) o->b[o->n++] = (uint8_t)v;
    else o->bad = true;
}

static void put_uleb(struct out *o, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) put(o, (v & 0x7f) | 0x80);
    put(o, v);
}

static void put_sleb(struct out *o, int64_t v)
{
    for (; v < -64 || v > 63; v >>= 7) put(o, ((uint64_t)v & 0x7f) | 0x80);
    put(o, (uint64_t)v & 0x7f);
}

static void advance(struct out *o, uint64_t bytes)
{
    uint64_t n = bytes / 4;
    if (bytes & 3) o->bad = true;
    if (n < 0x40) put(o, 0x40 | n);
    else if (n < 0x100) put(o, 2), put(o, n);
    else if (n < 0x10000) put(o, 3), put(o, n), put(o, n >> 8);
    else put(o, 4), put(o, n), put(o, n >> 8), put(o, n >> 16), put(o, n >> 24);
}

/* Saved at CFA + off. */
static void saved(struct out *o, uint64_t reg, int64_t off)
{
    if (off % 8) o->bad = true;
    int64_t n = off / -8;
    if (n >= 0 && reg < 0x40) put(o, 0x80 | reg), put_uleb(o, (uint64_t)n);
    else if (n >= 0) put(o, 5), put_uleb(o, reg), put_uleb(o, (uint64_t)n);
    else put(o, 0x11), put_uleb(o, reg), put_sleb(o, n);
}

static void block(struct lp_cfi_reader *r, struct out *o)
{
    uint64_t n = lp_cfi_uleb(r);
    put_uleb(o, n);
    for (; n && !r->bad; n--) put(o, lp_cfi_bytes(r, 1));
}

/* DWARF 5, 6.4.2, and the numbers of GNU and AArch64. */
static void instruction(const struct lp_cie *c, struct lp_cfi_reader *r, struct out *o)
{
    uint64_t op = lp_cfi_bytes(r, 1), reg;
    switch (op >> 6 ? op & 0xc0 : op) {
    case 0x40: advance(o, (op & 0x3f) * c->code_align); break;
    case 0x80: saved(o, op & 0x3f, (int64_t)lp_cfi_uleb(r) * c->data_align); break;
    case 0xc0: put(o, op); break;                                            /* restore */
    case 0x00: break;                                                       /* nop */
    case 0x02: advance(o, lp_cfi_bytes(r, 1) * c->code_align); break;
    case 0x03: advance(o, lp_cfi_bytes(r, 2) * c->code_align); break;
    case 0x04: advance(o, lp_cfi_bytes(r, 4) * c->code_align); break;
    case 0x05: reg = lp_cfi_uleb(r); saved(o, reg, (int64_t)lp_cfi_uleb(r) * c->data_align); break; /* offset_extended */
    case 0x11: reg = lp_cfi_uleb(r); saved(o, reg, lp_cfi_sleb(r) * c->data_align); break;          /* offset_extended_sf */
    case 0x06: case 0x07: case 0x08: case 0x0d: case 0x0e: put(o, op); put_uleb(o, lp_cfi_uleb(r)); break; /* one number */
    case 0x09: case 0x0c: put(o, op), put_uleb(o, lp_cfi_uleb(r)); put_uleb(o, lp_cfi_uleb(r)); break;     /* register, def_cfa */
    case 0x0a: case 0x0b: case 0x2d: put(o, op); break;                     /* remember, restore, negate_ra_state */
    case 0x0f: put(o, op); block(r, o); break;                              /* def_cfa_expression */
    case 0x10: case 0x16: put(o, op), put_uleb(o, lp_cfi_uleb(r)); block(r, o); break; /* expression, val_expression */
    case 0x12: put(o, 0x0c), put_uleb(o, lp_cfi_uleb(r)); put_uleb(o, (uint64_t)(lp_cfi_sleb(r) * c->data_align)); break; /* def_cfa_sf */
    case 0x13: put(o, 0x0e); put_uleb(o, (uint64_t)(lp_cfi_sleb(r) * c->data_align)); break; /* def_cfa_offset_sf */
    case 0x2e: lp_cfi_uleb(r); break;                                        /* GNU_args_size */
    default: o->bad = true;
    }
}

bool lp_emit_cfi(const struct lp_side *s, uint64_t addr, struct lp_buf *out)
{
    struct lp_fde f;
    struct out o = {.n = 0};
    if (!lp_elf_fde(s->elf, addr, &f) || f.start != addr || f.cie.ra != LP_CFI_LR) return false;
    struct lp_cfi_reader r = f.insns;
    while (r.p < r.end && !r.bad && !o.bad) instruction(&f.cie, &r, &o);
    if (r.bad || o.bad || !o.n) return false;
    for (size_t i = 0; i < o.n; i++) lp_buf_printf(out, "%s %02x", i % CFI_LINE ? "" : i ? "\ncfi" : "cfi", o.b[i]);
    lp_buf_puts(out, "\n");
    return true;
}

/* The quick answer; false: look closer. */
static bool same_bytes(const lp_diff *d, uint64_t a, uint64_t b)
{
    struct lp_fde f, g;
    const bool have = lp_elf_fde(OLD(d)->elf, a, &f) && f.start == a, other = lp_elf_fde(NEW(d)->elf, b, &g) && g.start == b;
    if (!have || !other) return have == other;
    const size_t n = (size_t)(f.insns.end - f.insns.p);
    return f.cie.code_align == g.cie.code_align && f.cie.data_align == g.cie.data_align && f.cie.ra == g.cie.ra &&
           n == (size_t)(g.insns.end - g.insns.p) && memcmp(f.insns.p, g.insns.p, n) == 0;
}

bool lp_same_unwinding(lp_diff *d, uint32_t old_atom)
{
    const struct lp_atom *a = &OLD(d)->atom[old_atom];
    if (same_bytes(d, a->start, NEW(d)->atom[a->pair].start)) return true;
    struct lp_buf x = {0}, y = {0};
    bool p = lp_emit_cfi(OLD(d), a->start, &x), q = lp_emit_cfi(NEW(d), NEW(d)->atom[a->pair].start, &y);
    bool same = p == q && x.len == y.len && (!x.len || memcmp(x.data, y.data, x.len) == 0);
    lp_buf_free(&x), lp_buf_free(&y);
    return same;
}
