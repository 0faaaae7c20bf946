/* elf/reloc.h - the relocations of AArch64 code and data, one row each (reloc.def), and how a value enters its field. */
#ifndef LP_ELF_RELOC_H
#define LP_ELF_RELOC_H
#include <arm64lp/error.h>
#include <stdbool.h>

/* What is computed (AAELF64 5.7.3): S+A, S+A-P, Page(S+A)-Page(P), or the same of a GOT slot or of a TLS offset. */
enum lp_reloc_op {
    LP_REL_NONE, LP_REL_ABS, LP_REL_PREL, LP_REL_PAGE, LP_REL_PLT,
    LP_REL_GOT_PAGE, LP_REL_GOT_ABS, LP_REL_GOT_PREL, LP_REL_GOT_OFF, LP_REL_GOT_PAGEOFF, LP_REL_GOTREL,
    LP_REL_TLS,     /* general, local, initial dynamic and descriptors: a GOT slot of the TLS kind */
    LP_REL_TPREL, LP_REL_DTPREL, LP_REL_MARK, LP_REL_DYNAMIC,
};
/* Where it goes. */
enum lp_reloc_field { LP_FIELD_NONE, LP_FIELD_16, LP_FIELD_32, LP_FIELD_64, LP_FIELD_MOVW, LP_FIELD_MOVNZ, LP_FIELD_ADR, LP_FIELD_IMM12,
                      LP_FIELD_IMM14, LP_FIELD_IMM19, LP_FIELD_IMM26 };
/* Overflow check: none, signed, unsigned, or either of the two. */
enum lp_reloc_check { LP_CHECK_N, LP_CHECK_S, LP_CHECK_U, LP_CHECK_E };

struct lp_reloc {
    uint16_t number;
    const char *name;                /* lower case, without r_aarch64_ */
    uint8_t op, field, check;
    uint8_t check_bits;              /* the checked value fits in so many bits */
    uint8_t lo, width;               /* bits [lo, lo + width) of the value go to the field */
    uint8_t align;                   /* log2: the value must be a multiple */
};
const struct lp_reloc *lp_reloc_named(const char *name, size_t len); /* NULL = unknown */
const struct lp_reloc *lp_reloc_numbered(unsigned number);
/* Bytes of the place: 2, 4 or 8; 0 for a marker. */
unsigned lp_reloc_bytes(const struct lp_reloc *r);
bool lp_reloc_is_code(const struct lp_reloc *r);
/* Only S, A and P are needed: no GOT, no TLS. */
bool lp_reloc_is_simple(const struct lp_reloc *r);
/* value = S + A; place = P; old content *at goes in and comes out. LP_E_RANGE if it does not fit (never truncated). */
lp_status lp_reloc_apply(const struct lp_reloc *r, uint64_t value, uint64_t place, uint64_t *at, struct lp_error *err);
/* The field's bits of a code word. */
uint32_t lp_reloc_mask(const struct lp_reloc *r);
#endif
