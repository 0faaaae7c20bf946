/* elf/cfi.h - call frame information: how the caller's registers are found from an address inside a function.
 * Source: DWARF 5, 6.4; the .eh_frame chapter of the LSB; AADWARF64 (register numbers, RA_SIGN_STATE). Every bound is checked. */
#ifndef LP_ELF_CFI_H
#define LP_ELF_CFI_H
#include <arm64lp/elf.h>

enum { LP_CFI_LR = 30, LP_CFI_SP = 31, LP_CFI_REGS = 32 }; /* X0-X30, SP */
enum lp_cfi_kind {
    LP_CFI_SAME,       /* as in this frame */
    LP_CFI_UNDEFINED,  /* of x30: there is no caller */
    LP_CFI_OFFSET,     /* saved at CFA + off */
    LP_CFI_VALUE,      /* is CFA + off */
    LP_CFI_REGISTER,   /* is in register reg; of the CFA: it is reg + off */
    LP_CFI_EXPRESSION, /* a DWARF expression, which is not evaluated */
    LP_CFI_VAL_EXPRESSION, /* of an instruction only */
};
struct lp_cfi_rule { uint8_t kind, reg; int64_t off; };
/* What holds at one address. */
struct lp_cfi { struct lp_cfi_rule cfa, reg[LP_CFI_REGS]; uint8_t ra; /* the register of the return address, mostly 30 */ };

/* The rules at a link-time address, from .eh_frame. False: nothing is said about it, or what is said is malformed. Thread-safe. */
bool lp_elf_cfi(const lp_elf *elf, uint64_t vaddr, struct lp_cfi *out);
/* The rules `at` bytes into a function whose FDE has these instructions, against a CIE with code alignment 4, data alignment -8, return address
 * in x30, and CFA = SP at its start. False: they are malformed. */
bool lp_cfi_run_plain(const uint8_t *insns, size_t n, uint64_t at, struct lp_cfi *out);
/* That CIE, from its version to the return address' register: so many bytes, no more than LP_CFI_PLAIN_MOST. lsda: of functions with exception tables; key_b:
 * that sign return addresses with that key. Behind it are the length and the data of the augmentation, in the order of the letters P, L, R, and the
 * instructions, which are LP_CFI_PLAIN_CFA. */
enum { LP_CFI_PLAIN_MOST = 10 };
size_t lp_cfi_plain_cie(uint8_t *out, bool lsda, bool key_b);
#define LP_CFI_PLAIN_CFA {12, LP_CFI_SP, 0} /* DW_CFA_def_cfa sp, 0 */
/* Of such instructions, the registers that the function saves anywhere: bit n Xn, bit 32 + n Vn. */
uint64_t lp_cfi_saves(const uint8_t *insns, size_t n);

/* ---- between cfi.c, cfi_insn.c, cfi_run.c and cfi_move.c ---- */
struct lp_cfi_reader { const uint8_t *p, *end; uint64_t vaddr; bool bad; }; /* vaddr: of p */
uint64_t lp_cfi_bytes(struct lp_cfi_reader *r, unsigned n); /* little-endian */
uint64_t lp_cfi_leb(struct lp_cfi_reader *r, bool is_signed);
static inline uint64_t lp_cfi_uleb(struct lp_cfi_reader *r)
{
    if (r->p >= r->end || *r->p & 0x80) return lp_cfi_leb(r, false);
    return r->vaddr++, *r->p++; /* most are of one byte */
}
static inline int64_t lp_cfi_sleb(struct lp_cfi_reader *r) { return (int64_t)lp_cfi_leb(r, true); }
void lp_cfi_skip(struct lp_cfi_reader *r, uint64_t n);
/* A pointer in encoding `enc` (DW_EH_PE_*); `data`: what datarel is relative to. */
uint64_t lp_cfi_pointer(struct lp_cfi_reader *r, uint8_t enc, uint64_t data);

struct lp_cie {
    struct lp_cfi_reader insns;
    uint64_t code_align;
    int64_t data_align;
    uint8_t pointers, ra, lsda; /* pointers, lsda: their encodings; lsda 0xff = none */
    bool augmented;
    const char *letters;       /* of the augmentation */
    uint64_t personality;      /* 0 = none */
    uint8_t personality_enc;
};
/* at: the FDE's own address, where its length is (which has 4 bytes, as what unwinds reads no other); lsda: of its exception table, 0 = none; lead: so many
 * bytes behind `start` is what the instructions and that table count from (0, as it is read). */
struct lp_fde { struct lp_cie cie; uint64_t cie_at; bool cie_good; struct lp_cfi_reader insns; uint64_t start, end, at, lsda, lead; };
/* Encodings of pointers: DW_EH_PE_x in the LSB. */
enum {
    LP_PE_ABSPTR = 0, LP_PE_UDATA4 = 3, LP_PE_PCREL = 0x10, LP_PE_PCREL_SDATA4 = 0x1b, LP_PE_DATAREL_SDATA4 = 0x3b, LP_PE_INDIRECT = 0x80, LP_PE_OMIT = 0xff,
};
/* One instruction, whichever way it is written. */
enum lp_cfi_what {
    LP_CFI_NONE, LP_CFI_NOTHING,
    LP_CFI_ADVANCE, LP_CFI_PLACE,                /* by off bytes; to address off */
    LP_CFI_RULE, LP_CFI_RESTORE,                 /* of reg, by kind (enum lp_cfi_kind): of what is off, from, block; the CIE's */
    LP_CFI_CFA, LP_CFI_CFA_REG, LP_CFI_CFA_OFF,  /* kind REGISTER: reg + off; only one of the two changes */
    LP_CFI_REMEMBER, LP_CFI_RECALL,
    LP_CFI_SIGN_WITH_PC, LP_CFI_SIGN,            /* the return address is signed from here on, or no longer */
};
struct lp_cfi_insn { uint8_t what, kind; uint64_t reg, from; int64_t off; const uint8_t *block; uint64_t len; };
/* False: there are no more, or r is bad. */
bool lp_cfi_next(const struct lp_cie *c, struct lp_cfi_reader *r, struct lp_cfi_insn *i);
struct lp_cfi_table;
void lp_cfi_table_free(struct lp_cfi_table *t); /* part of an lp_elf */
bool lp_cfi_run(const struct lp_fde *f, uint64_t vaddr, struct lp_cfi *out);
/* The address of the first instruction, of the CIE or the FDE, that is malformed, or makes no sense there; 0 = they are good. */
uint64_t lp_cfi_fault(const struct lp_fde *f);
/* Every FDE of .eh_frame, until fn says false. The FDE of an address (of `at`, if the search is to be spared). Thread-safe. */
void lp_elf_fdes(const lp_elf *elf, bool (*fn)(void *ctx, const struct lp_fde *f), void *ctx);
bool lp_elf_fde(const lp_elf *elf, uint64_t vaddr, struct lp_fde *out);
/* The FDE of the function [start, end), with that start: GCC's -fpatchable-function-entry has NOPs between it and the start of what the FDE covers, which
 * are its `lead`. */
bool lp_elf_fde_of(const lp_elf *elf, uint64_t start, uint64_t end, struct lp_fde *out);
/* The function without a symbol that covers an address: lp_elf_unnamed(). NULL = none. */
const struct lp_elf_symbol *lp_elf_unnamed_at(const lp_elf *elf, uint64_t vaddr);
/* Where .eh_frame is; 0 = there is none. */
uint64_t lp_elf_frames(const lp_elf *elf);

/* ---- instructions for lp_cfi_run_plain(), into a buffer, which has failed if they cannot be said so ---- */
struct lp_buf;
void lp_cfi_put(struct lp_buf *b, const struct lp_cfi_insn *i);
void lp_cfi_put_uleb(struct lp_buf *b, uint64_t v); /* in as few bytes as it takes */
/* Those of an FDE. False: there are none, or they cannot be said so (of another CIE's rules than that of lp_cfi_run_plain(), too). */
bool lp_cfi_plain(const struct lp_fde *f, struct lp_buf *out);
/* Those for a body of n words: word i is word from[i] of the FDE's function, or LP_CFI_NEW. The same rules give the same bytes. */
#define LP_CFI_NEW UINT32_MAX
bool lp_cfi_move(const struct lp_fde *f, const uint32_t *from, size_t n, struct lp_buf *out);
#endif
