/* elf/reloc.c - the table of relocations, and putting a value into a field. */
#include <config.h>
#include "elf/reloc.h"
#include "base/bits.h"
#include "base/error.h"

#include <string.h>

static const struct lp_reloc rows[] = {
#define RELOC(number, name, op, field, check, bits, lo, width, align) \
    {number, #name, LP_REL_##op, LP_FIELD_##field, LP_CHECK_##check, bits, lo, width, align},
#include "elf/reloc.def"
#undef RELOC
};
enum row {
#define RELOC(number, name, ...) ROW_##name,
#include "elf/reloc.def"
#undef RELOC
    ROWS
};
static const uint8_t row_of[] = { /* by number, + 1 */
#define RELOC(number, name, ...) [number] = ROW_##name + 1,
#include "elf/reloc.def"
#undef RELOC
};
_Static_assert(ROWS < UINT8_MAX, "row_of");

const struct lp_reloc *lp_reloc_named(const char *name, size_t len)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0) return &rows[i];
    return NULL;
}

const struct lp_reloc *lp_reloc_numbered(unsigned number)
{
    return number < sizeof row_of && row_of[number] ? &rows[row_of[number] - 1] : NULL;
}

unsigned lp_reloc_bytes(const struct lp_reloc *r)
{
    switch (r->field) {
    case LP_FIELD_NONE: return 0;
    case LP_FIELD_16: return 2;
    case LP_FIELD_64: return 8;
    default: return 4;
    }
}

bool lp_reloc_is_code(const struct lp_reloc *r) { return r->field >= LP_FIELD_MOVW || r->op == LP_REL_MARK; }
bool lp_reloc_is_simple(const struct lp_reloc *r) { return r->op == LP_REL_ABS || r->op == LP_REL_PREL ||
        r->op == LP_REL_PAGE || r->op == LP_REL_PLT; }

uint32_t lp_reloc_mask(const struct lp_reloc *r)
{
    switch (r->field) {
    case LP_FIELD_MOVW: return 0x001fffe0;
    case LP_FIELD_MOVNZ: return 0x601fffe0; /* opc too: MOVN or MOVZ by the sign */
    case LP_FIELD_ADR: return 0x60ffffe0;
    case LP_FIELD_IMM12: return 0x003ffc00;
    case LP_FIELD_IMM14: return 0x0007ffe0;
    case LP_FIELD_IMM19: return 0x00ffffe0;
    case LP_FIELD_IMM26: return 0x03ffffff;
    default: return 0;
    }
}

static bool fits(const struct lp_reloc *r, int64_t x)
{
    if (r->check == LP_CHECK_N || r->check_bits >= 64) return true;
    bool is_signed = x >= -(INT64_C(1) << (r->check_bits - 1)) && x < INT64_C(1) << (r->check_bits - 1);
    bool is_unsigned = (uint64_t)x >> r->check_bits == 0;
    return r->check == LP_CHECK_S ? is_signed : r->check == LP_CHECK_U ? is_unsigned : is_signed || is_unsigned;
}

static uint64_t insert(const struct lp_reloc *r, uint64_t x, uint64_t old)
{
    uint64_t v = r->width >= 64 ? x : lp_bits(x, r->lo, r->width);
    uint64_t keep = old & ~(uint64_t)lp_reloc_mask(r);
    switch (r->field) {
    case LP_FIELD_16:
    case LP_FIELD_32:
    case LP_FIELD_64: return v;
    case LP_FIELD_MOVW: return keep | v << 5;
    case LP_FIELD_MOVNZ: return keep | ((int64_t)x < 0 ? (~v & 0xffff) << 5 : v << 5 | 0x40000000);
    case LP_FIELD_ADR: return keep | (v & 3) << 29 | v >> 2 << 5;
    case LP_FIELD_IMM12: return keep | v << 10;
    case LP_FIELD_IMM14:
    case LP_FIELD_IMM19: return keep | v << 5;
    case LP_FIELD_IMM26: return keep | v;
    default: return old;
    }
}

lp_status lp_reloc_apply(const struct lp_reloc *r, uint64_t value, uint64_t place, uint64_t *at, struct lp_error *err)
{
    uint64_t x = value;
    if (r->op == LP_REL_PREL || r->op == LP_REL_PLT || r->op == LP_REL_GOT_PREL) x = value - place;
    if (r->op == LP_REL_PAGE || r->op == LP_REL_GOT_PAGE) x = (value & ~UINT64_C(0xfff)) - (place & ~UINT64_C(0xfff));
    if (r->op == LP_REL_TLS && r->field == LP_FIELD_ADR && r->lo == 12) x = (value & ~UINT64_C(0xfff)) - (place & ~UINT64_C(0xfff));
    else if (r->op == LP_REL_TLS && (r->field == LP_FIELD_ADR || r->field == LP_FIELD_IMM19)) x = value - place;
    if (x & ((UINT64_C(1) << r->align) - 1))
        return lp_fail(err, LP_E_RANGE, "relocation %s to 0x%llx: the address must be a multiple of %u", r->name,
                (unsigned long long)value, 1u << r->align);
    if (!fits(r, (int64_t)x))
        return lp_fail(err, LP_E_RANGE, "relocation %s from 0x%llx to 0x%llx is out of range (%+lld does not fit in %u bits)", r->name,
                       (unsigned long long)place, (unsigned long long)value, (long long)x, r->check_bits);
    *at = insert(r, x, *at);
    return LP_OK;
}
