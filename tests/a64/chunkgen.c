/* chunkgen.c - a chunk: prologue, units, epilogue, literals; the pool of values; words that may stand in a chunk. */
#include <config.h>
#include <stddef.h>
#include <string.h>
#include "chunkgen.h"

struct chunk_counts chunk_counts;

/* ---- the pool: kinds of values, KIND_SLOTS vectors of each ---- */
enum kind { K_H, K_S, K_D, K_INT8, K_INT16, K_INT32, K_INT64, K_ANY, K_LANES, K_LIMIT, K_TIE, K_FPCR, KINDS };
enum { KIND_SLOTS = POOL_SIZE / 16 / KINDS };

static uint64_t repeat(uint64_t (*lane)(struct rng *), struct rng *r, unsigned bits)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 64; i += bits)
        v |= lane(r) << i;
    return v;
}
static uint64_t int8(struct rng *r) { return integer(r, 8); }
static uint64_t int16(struct rng *r) { return integer(r, 16); }
static uint64_t int32(struct rng *r) { return integer(r, 32); }
static uint64_t half(struct rng *r) { return number(r, 5, 10); }
static uint64_t single(struct rng *r) { return number(r, 8, 23); }

/* A number next to 2^k, for the k at which conversions to 8 ... 64 bits saturate and fractions end. */
static uint64_t limit(struct rng *r, unsigned exp, unsigned frac)
{
    static const uint8_t at[] = {7, 8, 10, 11, 15, 16, 22, 23, 24, 31, 32, 52, 53, 63, 64};
    const uint64_t bias = (UINT64_C(1) << (exp - 1)) - 1, k = at[below(r, sizeof at)] % (bias + 1);
    return ((bias + k) << frac) - 2 + below(r, 5) + ((uint64_t)below(r, 2) << (exp + frac));
}
static uint64_t half_limit(struct rng *r) { return limit(r, 5, 10); }
static uint64_t single_limit(struct rng *r) { return limit(r, 8, 23); }

/* A number with few bits: sums and products of two of those are often half way between two results. */
static uint64_t tie(struct rng *r, unsigned exp, unsigned frac)
{
    const uint64_t bias = (UINT64_C(1) << (exp - 1)) - 1, e = bias - frac - 2 + below(r, 2 * frac + 4);
    const uint64_t bits = UINT64_C(1) << below(r, frac) | (below(r, 2) ? 1 : 0) | (below(r, 2) ? UINT64_C(1) << (frac - 1) : 0);
    return ((uint64_t)below(r, 2) << (exp + frac)) | ((e & (2 * bias + 1)) << frac) | bits;
}
static uint64_t half_tie(struct rng *r) { return tie(r, 5, 10); }
static uint64_t single_tie(struct rng *r) { return tie(r, 8, 23); }

static uint64_t pool_value(struct rng *r, unsigned kind, unsigned i)
{
    switch (kind) {
    case K_H: return repeat(half, r, 16);
    case K_S: return repeat(single, r, 32);
    case K_D: return number(r, 11, 52);
    case K_INT8: return repeat(int8, r, 8);
    case K_INT16: return repeat(int16, r, 16);
    case K_INT32: return repeat(int32, r, 32);
    case K_INT64: return integer(r, 64);
    case K_ANY: return rng_next(r);
    case K_LIMIT: return i % 3 == 0 ? repeat(half_limit, r, 16) : i % 3 == 1 ? repeat(single_limit, r, 32) : limit(r, 11, 52);
    case K_TIE: return i % 3 == 0 ? repeat(half_tie, r, 16) : i % 3 == 1 ? repeat(single_tie, r, 32) : tie(r, 11, 52);
    case K_FPCR: return rng_next(r) & FPCR_BITS;
    default: return lanes(r);
    }
}

void make_pool(struct rng *r, uint64_t pool[POOL_SIZE / 8])
{
    for (unsigned i = 0; i < POOL_SIZE / 8; i++)
        pool[i] = pool_value(r, i / (2 * KIND_SLOTS) % KINDS, i / 2);
}

void make_templates(struct rng *r, uint64_t *templates)
{
    for (unsigned i = 0; i < TEMPLATES_SIZE / 8; i++)
        templates[i] = pool_value(r, below(r, K_FPCR), i);
}

/* LDR Xt or Qt from pool slot i of a kind. */
static uint32_t from_pool(const struct builder *b, unsigned t, bool vector, unsigned kind, unsigned i)
{
    const unsigned at = (unsigned)(POOL - PIN) + (kind * KIND_SLOTS + i) * 16;
    return (vector ? 0x3dc00000 | (at / 16) << 10 : 0xf9400000 | (at / 8) << 10) | b->c.pin << 5 | t;
}

unsigned any_x(struct builder *b)
{
    unsigned r;
    do
        r = below(b->rng, 31);
    while (r == b->c.pin);
    return r;
}

void reseed_x(struct builder *b, unsigned r)
{
    static const uint8_t kinds[] = {K_INT64, K_INT64, K_INT32, K_INT32, K_INT16, K_INT8, K_ANY, K_D, K_S, K_LANES};
    if (r < 31 && r != b->c.pin)
        emit(b, from_pool(b, r, false, kinds[below(b->rng, sizeof kinds)], below(b->rng, KIND_SLOTS)));
}

/* Floating point by the type field of scalar words, else by the lowest bit of the size field. */
static unsigned kind_for(struct builder *b, const struct lp_row_info *row, uint32_t w)
{
    if (!is(row, FLOAT) || below(b->rng, 6) == 0)
        return below(b->rng, K_FPCR);
    switch (below(b->rng, 5)) {
    case 0: return K_LIMIT;
    case 1: return K_TIE;
    }
    if (is(row, HALVES) || (w >> 24 == 0x1e && (w >> 22 & 3) == 3))
        return K_H;
    return w >> 22 & 1 ? K_D : K_S;
}

void reseed_v(struct builder *b, unsigned r, const struct lp_row_info *row, uint32_t w)
{
    emit(b, from_pool(b, r, true, kind_for(b, row, w), below(b->rng, KIND_SLOTS)));
}

void load_fpcr(struct builder *b, unsigned r) { emit(b, from_pool(b, r, false, K_FPCR, below(b->rng, KIND_SLOTS))); }

/* ---- words ---- */
static bool names(uint32_t w, unsigned reg) { return reg_t(w) == reg || reg_n(w) == reg || reg_m(w) == reg || reg_t2(w) == reg; }

/* Offsets that stay in the window. */
static uint32_t tame(const struct lp_row_info *row, uint32_t w)
{
    if (is(row, SCALED))
        w &= ~(UINT32_C(0x3f) << 16);
    else if (row->feature_no == LP_FEATURE_LRCPC2)
        w &= ~(UINT32_C(15) << 12); /* imm9 a multiple of 16 */
    return w;
}

bool chunk_word(struct builder *b, unsigned row, uint32_t *out)
{
    const struct lp_row_info *info = &lp_a64_rows[row];
    uint32_t w = ((uint32_t)rng_next(b->rng) & ~info->mask) | info->value;
    if (below(b->rng, 8) == 0)
        w = (w & ~(31u | info->mask)) | (reg_n(w) & ~info->mask & 31) | info->value;
    w = tame(info, usual_word(info, w));
    /* CASP names the even one of two registers. */
    if (names(w, b->c.pin) || (row == A64_CASP && names(w, b->c.pin & ~1u)))
        return false;
    *out = w;
    return lp_a64_row(w, LP_A64_ALL, false) == row && !unpredictable(info, w);
}

/* ---- units and their ends ---- */
void open_here(struct builder *b, unsigned ahead) { b->open[b->nopen++] = (struct open_word){b->n, b->unit + ahead}; }

static uint32_t with_offset(uint32_t w, unsigned words)
{
    const struct lp_row_info *r = lp_a64_relative(w);
    const unsigned bits = r->off_shift == 2 ? r->off_bits : r->off_bits - 2; /* ADR: immhi counts words */
    return (w & ~(((UINT32_C(1) << bits) - 1) << r->off_lo)) | words << r->off_lo;
}

static void begin_unit(struct builder *b, bool last)
{
    b->unit++;
    for (unsigned i = 0; i < b->nopen;) {
        const struct open_word o = b->open[i];
        if (o.unit == b->unit || last) {
            b->code[o.at] = with_offset(b->code[o.at], b->n - o.at);
            b->open[i] = b->open[--b->nopen];
        } else {
            i++;
        }
    }
    b->skippable = b->nopen;
}

static void add_epilogue(struct builder *b)
{
    const uint32_t save = (uint32_t)(LIVE - PIN + offsetof(struct live, s.x[30])), back = (uint32_t)(LIVE - PIN + offsetof(struct live, back));
    begin_unit(b, true);
    b->c.words = b->n;
    emit(b, 0xf9000000 | save / 8 << 10 | b->c.pin << 5 | 30);
    emit(b, 0xf9400000 | back / 8 << 10 | b->c.pin << 5 | 30);
    emit(b, 0xd61f0000 | 30 << 5);
    const unsigned literals = b->n += b->n & 1;
    for (unsigned i = 0; i < CHUNK_LITERALS; i++)
        emit(b, (uint32_t)pool_value(b->rng, below(b->rng, K_FPCR), i));
    for (unsigned i = 0; i < b->nliteral; i++)
        b->code[b->literal[i]] |= (literals - b->literal[i] + below(b->rng, CHUNK_LITERALS - 3)) << 5;
}

void make_chunk(struct builder *b, struct rng *rng, unsigned (*next)(void))
{
    const unsigned units = 12 + below(rng, 37);
    memset(b, 0, offsetof(struct builder, code));
    b->rng = rng;
    b->n = b->unit = b->nopen = b->nliteral = b->skippable = 0;
    fill_state(rng, &b->c.in);
    b->c.pin = below(rng, 30);
    b->c.in.x[b->c.pin] = PIN;
    b->c.in.sp &= ~UINT64_C(15);
    b->c.tpidr = rng_next(rng);
    b->c.memory = 8 * below(rng, (TEMPLATES_SIZE - WINDOW_SIZE) / 8);
    emit(b, 0xf9400000 | (uint32_t)(LIVE - PIN + offsetof(struct live, s.x[30])) / 8 << 10 | b->c.pin << 5 | 30);
    while (b->unit < units && b->n < CHUNK_WORDS - 2 * CHUNK_UNIT_WORDS) {
        const unsigned start = b->n;
        const bool counts = (begin_unit(b, false), certain(b));
        if (below(rng, 4) != 0 || !add_chain(b))
            add_row(b, next()); /* if there is no such word this time, what was set up for it stays */
        chunk_counts.words += counts ? b->n - start : 0;
    }
    add_epilogue(b);
}
