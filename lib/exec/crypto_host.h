/* exec/crypto_host.h - AES and carry-less products by the host's own instructions, where it has them. The C of crypto.c and simd_diff.c is the
 * reference and what every other host runs; unit/test_crypto compares the two.
 *
 * AESENCLAST is ShiftRows, SubBytes and an exclusive or with the round key at the end; AESE has its exclusive or at the start, so the key
 * given here is zero. AESENC mixes the columns after the same steps: behind AESDECLAST, their inverse, the mixing alone remains. */
#ifndef LP_EXEC_CRYPTO_HOST_H
#define LP_EXEC_CRYPTO_HOST_H
#include <stdatomic.h>
#include "exec/op.h"

/* Tests set this to have the portable functions. */
extern atomic_bool lp_crypto_portable;

enum lp_host_crypto { LP_HOST_AESE, LP_HOST_AESD, LP_HOST_AESMC, LP_HOST_AESIMC };

#if defined __x86_64__ && defined __GNUC__
#include <immintrin.h>
static inline bool lp_host_has_aes(void) { return __builtin_cpu_supports("aes") && !atomic_load_explicit(&lp_crypto_portable, memory_order_relaxed); }
static inline bool lp_host_has_pmull(void) { return __builtin_cpu_supports("pclmul") && !atomic_load_explicit(&lp_crypto_portable, memory_order_relaxed); }

__attribute__((target("aes"))) static inline void lp_host_aes(enum lp_host_crypto what, union lp_vreg *to, const union lp_vreg *n)
{
    const __m128i zero = _mm_setzero_si128(), v = _mm_load_si128((const __m128i *)n);
    __m128i *const d = (__m128i *)to;
    switch (what) {
    case LP_HOST_AESE: *d = _mm_aesenclast_si128(_mm_xor_si128(*d, v), zero); break;
    case LP_HOST_AESD: *d = _mm_aesdeclast_si128(_mm_xor_si128(*d, v), zero); break;
    case LP_HOST_AESMC: *d = _mm_aesenc_si128(_mm_aesdeclast_si128(v, zero), zero); break;
    default: *d = _mm_aesimc_si128(v); break;
    }
}
__attribute__((target("pclmul"))) static inline void lp_host_pmull(union lp_vreg *to, uint64_t a, uint64_t b)
{
    *(__m128i *)to = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)a), _mm_cvtsi64_si128((long long)b), 0);
}
#else
static inline bool lp_host_has_aes(void) { return false; }
static inline bool lp_host_has_pmull(void) { return false; }
static inline void lp_host_aes(enum lp_host_crypto what, union lp_vreg *to, const union lp_vreg *n) { (void)what, (void)to, (void)n; }
static inline void lp_host_pmull(union lp_vreg *to, uint64_t a, uint64_t b) { (void)to, (void)a, (void)b; }
#endif
#endif
