/* a64/regs.h - the registers that an instruction reads and writes, by the tables. Pure and thread-safe. */
#ifndef LP_A64_REGS_H
#define LP_A64_REGS_H
#include <stdint.h>

/* Bit n: Xn (or Wn); bit 31: SP. XZR is in neither. */
struct lp_a64_regs { uint32_t read, write; };
/* Of a word of this row (lp_a64_find). What a call, an exception or a read-modify-write of Rd (MOVK, BFM) adds is the caller's to know. Rows that are
 * listed only name every register that they might. */
struct lp_a64_regs lp_a64_regs(unsigned row, uint32_t word);
/* Bit n: Vn. Of instructions that change a part of Vd, the commonest ones read it, too; a table's further registers (TBL) are left out. */
struct lp_a64_regs lp_a64_vectors(unsigned row, uint32_t word);
#endif
