/* compare.h - one word of a disassembly. */
#ifndef TESTS_DIS_COMPARE_H
#define TESTS_DIS_COMPARE_H
#include <stdbool.h>
#include <stdint.h>

struct word { uint64_t addr; uint32_t word; const char *text; };
/* "mnemonic operand,operand": one spelling for what the three disassemblers write each in its own way. */
void spell(const struct word *w, char out[256]);
#endif
