/* a64/regs.h - the registers that an instruction reads and writes, by the tables. Pure and thread-safe. */
#ifndef LP_A64_REGS_H
#define LP_A64_REGS_H
#include <stdbool.h>
#include <stdint.h>

/* Bit n: Xn (or Wn); bit 31: SP. XZR is in neither. */
struct lp_a64_regs { uint32_t read, write; };
/* Of a word of this row (lp_a64_find): all that it may read, and all that it may write; a register that is written but not read is written whole. What an
 * exception adds (SVC: Linux's answer) is the caller's to know. Rows that are listed only name every register that they might.
 * tests/a64/operands.c holds the tables to it. */
struct lp_a64_regs lp_a64_regs(unsigned row, uint32_t word);
/* Where words of this row name general registers: the lowest bits of their numbers. How many; -1: that is not known, or it names more by one number. */
enum { LP_A64_NAMED = 12 };
int lp_a64_named(unsigned row, uint8_t at[LP_A64_NAMED]);
/* Bit n: Vn, likewise; rows that are listed only name none. */
struct lp_a64_regs lp_a64_vectors(unsigned row, uint32_t word);
/* May words of this row change NZCV? Rows that are listed only may. Held to what is executed as the others are. */
bool lp_a64_sets_flags(unsigned row);
#endif
