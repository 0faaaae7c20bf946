/* chunkgen.h - generation of chunks: the builder and its common pieces (chunkgen.c), the kinds of units (chunkunit.c), memory set-up (chunkmem.c). */
#ifndef TESTS_A64_CHUNKGEN_H
#define TESTS_A64_CHUNKGEN_H
#include "chunk.h"
#include "difftest.h"

enum { CHUNK_WORDS = 1024, CHUNK_UNIT_WORDS = 64, CHUNK_OPEN = 32, CHUNK_LITERALS = 16, CHAIN_CODES = LP_CODE_COUNT - LP_CODE_CHAINS };

/* A word whose PC-relative offset is not known yet. */
struct open_word { unsigned at, unit; };

/* A chunk grows unit by unit: an instruction or a chain of them, with what it needs before it. Branches go to the beginning of a unit. */
struct builder {
    struct rng *rng;
    struct chunk c;
    uint32_t code[CHUNK_WORDS];
    unsigned n;
    unsigned unit;                       /* number of the unit that begins at code[n] or has begun before */
    struct open_word open[CHUNK_OPEN];   /* branches and ADRs that wait for the beginning of a unit */
    unsigned nopen;
    unsigned literal[CHUNK_WORDS / 8];   /* literal loads, which find their data behind the epilogue */
    unsigned nliteral;
    unsigned skippable;                  /* open branches that may jump over what comes now */
};
/* How often a row and a chain were generated where nothing can jump over them, and all such words. */
struct chunk_counts { uint64_t rows[A64_ROW_COUNT], chains[CHAIN_CODES], words; };
extern struct chunk_counts chunk_counts;

/* A chunk of some of the rows that next() names. */
void make_chunk(struct builder *b, struct rng *rng, unsigned (*next)(void));
void make_pool(struct rng *r, uint64_t pool[POOL_SIZE / 8]);
void make_templates(struct rng *r, uint64_t *templates);

/* ---- pieces ---- */
static inline void emit(struct builder *b, uint32_t w) { b->code[b->n++] = w; }
static inline bool certain(const struct builder *b) { return b->skippable == 0; }
/* A general register that is not the pin. */
unsigned any_x(struct builder *b);
/* A new value from the pool into Xr (not SP), or into Vr: a kind that suits the row. */
void reseed_x(struct builder *b, unsigned r);
void reseed_v(struct builder *b, unsigned r, const struct lp_row_info *row, uint32_t w);
void load_fpcr(struct builder *b, unsigned r); /* a value for FPCR into Xr */
/* A random word of a row that may stand in a chunk: legal, predictable, keeps off the pin, offsets that stay in the window. */
bool chunk_word(struct builder *b, unsigned row, uint32_t *out);
/* The branch or ADR about to be emitted goes to the beginning of a unit that comes `ahead` units later. */
void open_here(struct builder *b, unsigned ahead);

/* ---- memory ---- */
/* Set up the base register (and others) that a memory word needs; may change the word. False if it cannot be. */
bool chunk_memory(struct builder *b, const struct lp_row_info *row, uint32_t *w);
enum { TAGS = 1, FAULTS = 2 }; /* what the base may have now and then */
void set_base(struct builder *b, unsigned reg, bool aligned, unsigned strange);
void set_index(struct builder *b, uint32_t w);

/* ---- units ---- */
void add_row(struct builder *b, unsigned row);
bool add_chain(struct builder *b);
#endif
