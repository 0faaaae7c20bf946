/* patch/frame.h - an .eh_frame section of one new function. */
#ifndef LP_PATCH_FRAME_H
#define LP_PATCH_FRAME_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LP_FRAME_FDE = 36 }; /* where its FDE is, in bytes */

/* What an unwinder wants to know of the function [start, start + size). key_b: it signs return addresses with that. lsda: of its exception table, 0 = none;
 * then personality is the address of the routine that reads it, or (indirect) of a word that holds that. */
struct lp_unwound { uint64_t start, size; const uint8_t *cfi; size_t cfi_len; bool key_b; uint64_t lsda, personality; bool indirect; };

/* So many bytes; as they are at address `at`, which is near the function. */
uint64_t lp_frame_size(size_t cfi_len, bool has_lsda);
void lp_frame_make(uint8_t *p, uint64_t at, const struct lp_unwound *u);
#endif
