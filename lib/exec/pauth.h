/* exec/pauth.h - pointer authentication codes. */
#ifndef LP_EXEC_PAUTH_H
#define LP_EXEC_PAUTH_H
#include <stdint.h>

enum { LP_PAUTH_IA, LP_PAUTH_IB, LP_PAUTH_DA, LP_PAUTH_DB, LP_PAUTH_GA, LP_PAUTH_KEYS };
/* The code of a pointer with a modifier: a hash of 64 bits, the same for this process's life. */
uint64_t lp_pauth_code(uint64_t pointer, uint64_t modifier, unsigned key);
#endif
