/* armfp_num.h - real numbers for armfp.c: signed fixed-point integers so wide that every sum, and every product of two numbers of a format, is
 * exact. Slow, and nothing about it is clever. */
#ifndef TESTS_ARMFP_NUM_H
#define TESTS_ARMFP_NUM_H
#include <stdbool.h>
#include <stdint.h>

enum { ARMFP_WORDS = 68, ARMFP_NO_BIT = -100000 };
struct armfp_num {
    bool neg;
    int lsb, words; /* weight of bit 0 is 2^lsb */
    uint64_t w[ARMFP_WORDS];
};
/* Roundings of the pseudocode: TIEEVEN, POSINF, NEGINF, ZERO, TIEAWAY, ODD; the first four as in FPCR.RMode. */
enum armfp_mode { ARMFP_N, ARMFP_P, ARMFP_M, ARMFP_Z, ARMFP_A, ARMFP_ODD };

/* +-m * 2^exp, with room for what is computed from numbers of N bits. */
void armfp_set(struct armfp_num *x, unsigned N, bool neg, unsigned __int128 m, int exp);
/* x += +-m * 2^exp */
void armfp_plus(struct armfp_num *x, bool neg, unsigned __int128 m, int exp);
/* The exponent of the highest bit set; ARMFP_NO_BIT if x is zero. */
int armfp_top(const struct armfp_num *x);
/* n <= 64 bits of the magnitude, the lowest of weight 2^exp. */
uint64_t armfp_bits(const struct armfp_num *x, int exp, unsigned n);
/* Round to a multiple of 2^exp; tells whether x was none. */
bool armfp_quantize(struct armfp_num *x, int exp, enum armfp_mode mode);
#endif
