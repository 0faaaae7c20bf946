/* fuzz/fuzz.h - a small mutation driver: every prefix of each file, then seeded random mutations, fed to lp_fuzz_one(). */
#ifndef LP_FUZZ_H
#define LP_FUZZ_H
#include <stddef.h>
#include <stdint.h>

/* The program's own part. */
extern const char *const lp_fuzz_name;
void lp_fuzz_one(const uint8_t *data, size_t len);
/* Inputs when no file is given; NULL at the end. */
const uint8_t *lp_fuzz_builtin(size_t i, size_t *len);
/* Largest number of prefixes to try per input; the rest is sampled. */
extern const size_t lp_fuzz_prefixes;
/* Three of four changed bytes are in the first lp_fuzz_head ones; 0 = anywhere. */
extern const size_t lp_fuzz_head;
/* Words to put into text, NULL-terminated; none = not a text. */
extern const char *const lp_fuzz_words[];
#endif
