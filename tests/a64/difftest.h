/* difftest.h - the differential test: generation (cases.c), our side (ours.c), comparison (difftest.c). */
#ifndef TESTS_A64_DIFFTEST_H
#define TESTS_A64_DIFFTEST_H
#include <stdbool.h>
#include "a64/a64.h"
#include "case.h"

/* splitmix64 */
struct rng { uint64_t state; };
uint64_t rng_next(struct rng *r);

/* Why a row is not compared here, or NULL. */
const char *row_excluded(const struct lp_row_info *row);
/* Patterns of the exclusion list that fit no row; prints them. Returns how many. */
unsigned stale_exclusions(void);
/* One case of a row for stub number `slot`; false if this attempt gave no legal word. */
bool make_case(struct rng *r, unsigned row, unsigned slot, struct test_case *out);

/* Known mistakes of the oracle. */
void correct_oracle(const struct test_case *c, struct state *answer);

/* The out-of-line functions; lp_cpu_run with its inlined handlers; lp_cpu_run in checked mode. */
enum engine { CALLS, DISPATCH, CHECKED, ENGINES };
bool ours_init(enum engine engine);
/* Set c->pokes doublewords, run the case. The scratch area afterwards is at ours_scratch(); the caller restores it. */
void ours_run(enum engine engine, const struct test_case *c, const struct change *pokes, struct state *out);
uint64_t *ours_scratch(enum engine engine);
#endif
