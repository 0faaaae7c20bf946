/* difftest.h - the differential tests: what proves a row (proofs.c), register contents (values.c), words (words.c); single cases: generation (cases.c),
 * our side (ours.c), comparison (difftest.c). Chunks: chunkgen.h. */
#ifndef TESTS_A64_DIFFTEST_H
#define TESTS_A64_DIFFTEST_H
#include <stdbool.h>
#include "a64/a64.h"
#include "case.h"
#include "marks.h"

struct rng { uint64_t state; };
uint64_t rng_next(struct rng *r);
unsigned below(struct rng *r, unsigned n);
/* An integer of so many bits; a number of a binary format (bits of exponent and fraction); two words of lanes of some kind. */
uint64_t integer(struct rng *r, unsigned bits);
uint64_t number(struct rng *r, unsigned exp, unsigned frac);
uint64_t lanes(struct rng *r);
void fill_state(struct rng *r, struct state *s);
/* AHP, DN, FZ, RMode, FZ16, and the trap enables, which do nothing here. */
#define FPCR_BITS UINT32_C(0x07c89f00)
#define FPSR_BITS UINT32_C(0x0800009f)

/* The fields that hold registers in nearly all words. */
unsigned reg_n(uint32_t w);
unsigned reg_m(uint32_t w);
unsigned reg_t(uint32_t w);
unsigned reg_t2(uint32_t w);
/* What the generators know about a row (attributes.def). */
enum attribute {
    ALIGNED = 1,          /* faults on unaligned addresses */
    LITERAL = 2,          /* of a place near the PC */
    INDEXED = 4,          /* by a register */
    WRITES_BASE = 8,      /* a base register that may be another operand too */
    LOADS_PAIR = 16,
    STORES_PAIR = 32,
    STORE_EXCLUSIVE = 64,
    MAINTENANCE = 128,    /* of a cache; Rt is the address */
    NEAR = 256,           /* a branch of +-32 KiB */
    FAR = 512,            /* one of +-128 MiB */
    VECTOR = 1024,        /* computes with V registers */
    VECTOR_MEMORY = 2048, /* loads or stores some */
    FLOAT = 4096,         /* operands are floating-point numbers */
    HALVES = 8192,        /* of 16 bits, whatever its type field says */
    TO_GENERAL = 1 << 14, /* a VECTOR that writes a general register */
    STORES = 1 << 15,     /* a general register */
    SCALED = 1 << 16,     /* an offset of 12 bits, in units of the access */
    IN_STEPS = 1 << 17,   /* a prologue, main step or epilogue, which belong together */
};
bool is(const struct lp_row_info *row, unsigned any);
bool unpredictable(const struct lp_row_info *row, uint32_t w);
/* With the should-be bits that the oracle insists on. */
uint32_t usual_word(const struct lp_row_info *row, uint32_t w);

extern uint64_t oracle_version; /* in hundreds: 7.2 is 702 */
/* Why a row is not compared as single cases, or NULL. */
const char *row_excluded(unsigned row);
/* Is it compared with addresses without tags only? */
bool row_untagged(unsigned row);
/* Is a row generated in chunks? */
bool chunk_row(unsigned row);
/* 1, and a line, if the pattern fits no row that is executed. */
unsigned stale_pattern(const char *file, const char *pattern);
/* How many of attributes.def, of oracle.def, of attributes.def, excluded.def and proof.def fit none. */
unsigned stale_attributes(void);
unsigned stale_mistakes(void);
unsigned stale_patterns(void);
/* "ROW COUNT VERSION" lines: so many comparisons with this oracle. Written at the end of a file. */
void write_counts(const char *path, const unsigned *compared);
void read_counts(const char *path);
/* Is the row's proof, by all counts that were read, what proof.def says? A vector is looked for below srcdir, a property in `proved` (property.sh).
 * out: what it is, or should be. */
bool row_proved(unsigned row, const char *srcdir, const char *proved, char *out, size_t size);
/* One case of a row for stub number `slot`; false if this attempt gave no legal word. */
bool make_case(struct rng *r, unsigned row, unsigned slot, struct test_case *out);

/* What a person needs to see of a difference (report.c). */
bool report_init(void);
void show_word(const char *label, uint32_t word, uint64_t pc);
void show_u64(const char *name, uint64_t in, uint64_t want, uint64_t got); /* nothing if they are the same */
void show_inputs(const struct state *in, uint32_t word);                   /* the registers that the word names, and flags */
void show_state(const struct state *in, const struct state *want, const struct state *got);

/* Known mistakes of the oracle. */
void correct_oracle(const struct test_case *c, struct state *answer);

/* The out-of-line functions; lp_cpu_run with its inlined handlers; lp_cpu_run in checked mode. */
enum engine { CALLS, DISPATCH, CHECKED, ENGINES };
bool ours_init(enum engine engine);
/* Set c->pokes doublewords, run the case. The scratch area afterwards is at ours_scratch(); the caller restores it. */
void ours_run(enum engine engine, const struct test_case *c, const struct change *pokes, struct state *out);
uint64_t *ours_scratch(enum engine engine);
#endif
