/* patch/frame.h - an .eh_frame section of one new function. */
#ifndef LP_PATCH_FRAME_H
#define LP_PATCH_FRAME_H
#include <stddef.h>
#include <stdint.h>

enum { LP_FRAME_FDE = 20 }; /* where its FDE is, in bytes */

/* What an unwinder wants to know of the function [start, start + size), as it is at address `at`, which is near it: that many bytes. */
uint64_t lp_frame_size(size_t cfi_len);
void lp_frame_make(uint8_t *p, uint64_t at, uint64_t start, uint64_t size, const uint8_t *cfi, size_t cfi_len);
#endif
