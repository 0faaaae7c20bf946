/* exec/pauth.h - pointer authentication: a thread's keys, and the codes. */
#ifndef LP_EXEC_PAUTH_H
#define LP_EXEC_PAUTH_H
#include <stdint.h>

enum { LP_PAUTH_IA, LP_PAUTH_IB, LP_PAUTH_DA, LP_PAUTH_DB, LP_PAUTH_GA, LP_PAUTH_KEYS };
/* APxxKey_EL1, and which of SCTLR_EL1.EnIA EnIB EnDA EnDB are 0 (bit n: key n; there is none for GA). */
struct lp_pauth {
    uint64_t key[LP_PAUTH_KEYS][2];
    uint32_t disabled;
};
/* All keys enabled, and those of this host process: drawn once. */
void lp_pauth_init(struct lp_pauth *p);
/* New keys for those in the mask. */
void lp_pauth_draw(struct lp_pauth *p, unsigned mask);
/* The code of a pointer with a modifier: a hash of 64 bits. */
uint64_t lp_pauth_code(const struct lp_pauth *p, uint64_t pointer, uint64_t modifier, unsigned key);
#endif
