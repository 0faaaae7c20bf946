/* patch/landing.h - what an indirect branch needs at a guarded entry (BTI; Arm ARM D8.4.5). */
#ifndef LP_PATCH_LANDING_H
#define LP_PATCH_LANDING_H
#include <stdint.h>

/* The pad that stands for this word where its function is entered: itself, BTI C for PACIxSP, which would sign x30 besides; 0: it is none. */
static inline uint32_t lp_landing_pad(uint32_t word)
{
    const uint32_t bti_c = 0xd503245f, bti_j = 0xd503249f, bti_jc = 0xd50324df, paciasp = 0xd503233f, pacibsp = 0xd503237f;
    if (word == bti_c || word == bti_j || word == bti_jc) return word;
    return word == paciasp || word == pacibsp ? bti_c : 0;
}
#endif
