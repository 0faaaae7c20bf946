/* a64/disasm.h - between disasm.c, prefer.c and spell*.c, and the target of a word whose row is known. */
#ifndef LP_A64_DISASM_H
#define LP_A64_DISASM_H
#include <arm64lp/dis.h>
#include "a64/a64.h"

/* Make capstone's text of this word the manual's preferred form. */
void lp_dis_prefer(unsigned row, uint32_t word, struct lp_dis_insn *insn);
/* The text of a word that capstone does not know (spell.c); false: there is none but the row's name, and *out is spoiled. */
bool lp_dis_spell(unsigned row, uint32_t word, struct lp_dis_insn *out);
/* The text of a word whose row is in spell_base.def; false: there is none. The target of a branch is left out. */
bool lp_dis_spell_base(unsigned row, uint32_t word, struct lp_dis_insn *out);
/* The text of a system register or instruction of system.def; false: it is none. */
bool lp_dis_spell_system(unsigned row, uint32_t word, struct lp_dis_insn *out);
/* Text that is being written: as much of it as there is room for. */
struct lp_dis_text { char *p; size_t n, size; };
void lp_dis_put(struct lp_dis_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An X (wide) or W register; 31 is SP or the zero register. */
void lp_dis_put_general(struct lp_dis_text *t, bool wide, bool sp, unsigned reg);
/* The row's name up to `_`, in small letters. */
void lp_dis_mnemonic(unsigned row, struct lp_dis_insn *out);
/* Of a row with LP_ROW_PCREL. */
uint64_t lp_a64_row_target(const struct lp_row_info *r, uint32_t word, uint64_t pc);
#endif
