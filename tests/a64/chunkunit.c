/* chunkunit.c - the units of a chunk: an instruction of a row, or a chain of exec/fuse.def. */
#include <config.h>
#include <string.h>
#include "chunkgen.h"
#include "exec/fuse.h"

enum { ADR = 0x10000000, MRS_FPSR = 0xd53b4420, MSR_FPSR = 0xd51b4420, MSR_FPCR = 0xd51b4400, ADD_imm = 0x91000000, MOVZ = 0xd2800000, TRIES = 60 };

/* Fresh values for some of the registers that the word names. */
static void reseed(struct builder *b, const struct lp_row_info *row, uint32_t w)
{
    static const uint8_t fields[] = {5, 16, 10, 0};
    for (unsigned i = 0; i < sizeof fields; i++) {
        if (below(b->rng, 3) != 0)
            continue;
        const unsigned r = w >> fields[i] & 31;
        if (is(row, VECTOR | VECTOR_MEMORY))
            reseed_v(b, r, row, w);
        if (!is(row, VECTOR) || below(b->rng, 4) == 0)
            reseed_x(b, r);
    }
}

/* Cumulative bits would soon be all set: keep them in a register and clear them, and choose another mode now and then. */
static void change_fp(struct builder *b)
{
    const unsigned choice = below(b->rng, 8), r = any_x(b);
    if (choice < 2) {
        emit(b, MRS_FPSR | r);
        emit(b, MSR_FPSR | 31);
    } else if (choice == 2) {
        load_fpcr(b, r);
        emit(b, MSR_FPCR | r);
    }
}

/* ---- branches ---- */
static bool conditional(uint32_t w) { return (w & 0x7c000000) != 0x14000000; }

/* Behind a branch that is always taken: words that are decoded and not executed. */
static void add_dead_words(struct builder *b)
{
    for (unsigned i = below(b->rng, 4); i-- > 0;)
        emit(b, (uint32_t)rng_next(b->rng));
}

static void add_branch(struct builder *b, uint32_t w)
{
    open_here(b, conditional(w) ? 2 + below(b->rng, 3) : 1);
    emit(b, w);
    if (!conditional(w))
        add_dead_words(b);
}

/* Emits ADR of the beginning of the next unit; its offset counts from here. */
static void set_target(struct builder *b, unsigned reg)
{
    open_here(b, 1);
    emit(b, ADR | reg);
}

static void add_jump(struct builder *b, uint32_t w)
{
    set_target(b, reg_n(w));
    emit(b, w);
    add_dead_words(b);
}

/* ---- a row ---- */
static void count_row(const struct builder *b, unsigned row) { chunk_counts.rows[row] += certain(b); }

/* Memory copy and set: prologue, main, epilogue together, as each continues what its predecessor left. CPYF may copy forwards only: no overlap. */
static void add_mops(struct builder *b, unsigned row)
{
    const bool set = row == A64_SETP || row == A64_SETM || row == A64_SETE;
    const uint32_t shift = set ? 14 : 22, step = UINT32_C(3) << shift;
    uint32_t w;
    unsigned tries = 0;
    do
        if (++tries == TRIES)
            return;
    while (!chunk_word(b, row, &w) || reg_t(w) == reg_n(w) || reg_t(w) == reg_m(w) || reg_n(w) == reg_m(w));
    reseed(b, &lp_a64_rows[row], w);
    const bool apart = !set && (w >> 26 & 1) == 0;
    emit(b, ADD_imm | (apart ? 256 + below(b->rng, 256) : below(b->rng, 512)) << 10 | b->c.pin << 5 | reg_t(w));
    if (!set)
        emit(b, ADD_imm | below(b->rng, apart ? 1 : 512) << 10 | b->c.pin << 5 | reg_m(w));
    emit(b, MOVZ | below(b->rng, below(b->rng, 2) ? 256 : 20) << 5 | reg_n(w));
    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t word = (w & ~step) | i << shift;
        count_row(b, lp_a64_row(word, LP_A64_ALL, false));
        emit(b, word);
    }
}

void add_row(struct builder *b, unsigned row)
{
    const struct lp_row_info *info = &lp_a64_rows[row];
    uint32_t w;
    unsigned tries = 0;
    if (is(info, IN_STEPS)) {
        add_mops(b, row);
        return;
    }
    while (!chunk_word(b, row, &w))
        if (++tries == TRIES)
            return;
    if (b->nopen + 2 > CHUNK_OPEN || ((info->flags & LP_ROW_JUMP) && reg_n(w) == 31))
        return;
    if (is(info, VECTOR))
        change_fp(b);
    reseed(b, info, w);
    if ((info->flags & LP_ROW_MEM) && !chunk_memory(b, info, &w))
        return;
    count_row(b, row);
    if (info->flags & LP_ROW_BRANCH) {
        add_branch(b, w);
    } else if (info->flags & LP_ROW_JUMP) {
        add_jump(b, w);
    } else {
        if (row == A64_MSR_FPCR && reg_t(w) != 31)
            load_fpcr(b, reg_t(w));
        else if (info->feature_no == LP_FEATURE_WFxT) /* a time that is over */
            emit(b, MOVZ | below(b->rng, 64) << 5 | reg_t(w));
        emit(b, w);
    }
}

/* ---- a chain ---- */
struct chain { unsigned n, row[LP_CHAIN_MAX]; uint32_t w[LP_CHAIN_MAX]; };
static const struct lp_row_info *info_of(const struct chain *c, unsigned i) { return &lp_a64_rows[c->row[i]]; }

/* Pre- and post-indexed ones move their base little, as several may follow each other: imm7 within 8, imm9 within 64. */
static uint32_t tame_writeback(const struct lp_row_info *row, uint32_t w)
{
    if (!(row->flags & LP_ROW_BACK))
        return w;
    const uint32_t sign = is(row, LOADS_PAIR | STORES_PAIR) ? UINT32_C(1) << 21 : UINT32_C(1) << 20, fill = (sign << 1) - (UINT32_C(1) << 18);
    return w & sign ? w | fill : w & ~fill;
}

/* A word that decodes to this code. */
static bool word_of(struct builder *b, unsigned code, uint32_t *w)
{
    const unsigned row = lp_code_row(code);
    const struct lp_row_info *info = &lp_a64_rows[row];
    struct lp_op op;
    for (unsigned tries = 0; tries < 4000; tries++) {
        if (!chunk_word(b, row, w))
            continue;
        *w = tame_writeback(info, *w);
        if (lp_a64_decode(*w, CHUNK_CODE, LP_A64_ALL, &op) == row && op.code == code && !unpredictable(info, *w))
            return true;
    }
    return false;
}

static bool fuses(const struct chain *c)
{
    struct lp_op ops[LP_CHAIN_MAX];
    uint8_t cost[LP_CHAIN_MAX + 1] = {0};
    uint16_t codes[LP_CHAIN_MAX];
    for (unsigned i = 0; i < c->n; i++) {
        lp_a64_decode(c->w[i], CHUNK_CODE, LP_A64_ALL, &ops[i]);
        cost[i] = (uint8_t)(c->n - i);
    }
    const unsigned chain = lp_op_fuse(ops, c->n, cost);
    return chain != 0 && lp_op_chain(chain, codes) == c->n;
}

/* Link some elements to the one before: by the register that it writes. */
static bool link_some(struct builder *b, struct chain *c)
{
    static const uint8_t fields[] = {5, 16, 0, 5};
    for (unsigned i = 1; i < c->n; i++) {
        const unsigned at = fields[below(b->rng, 4)];
        if (below(b->rng, 2) && ((31u << at) & info_of(c, i)->mask) == 0)
            c->w[i] = (c->w[i] & ~(31u << at)) | reg_t(c->w[i - 1]) << at;
        if (lp_a64_row(c->w[i], LP_A64_ALL, false) != c->row[i] || unpredictable(info_of(c, i), c->w[i]))
            return false;
    }
    return true;
}

/* Some chains ask for links; the others get them as often as they come. */
static bool link_chain(struct builder *b, struct chain *c)
{
    for (unsigned tries = 0; tries < 64; tries++) {
        struct chain linked = *c;
        if (link_some(b, &linked) && fuses(&linked)) {
            *c = linked;
            return true;
        }
    }
    return false;
}

/* What has to be in which general register before the chain (bits by register number). */
struct needs { uint32_t base, index, target; uint32_t index_word[32]; };

/* Going backwards over an element that writes Rd: can what is needed in Rd come from its own sources? */
static bool derive_base(struct chain *c, unsigned i, struct needs *need, unsigned rd)
{
    const unsigned row = c->row[i];
    const bool x = c->w[i] >> 31;
    unsigned from;
    if ((row == A64_ADD_imm || row == A64_SUB_imm) && x && !(c->w[i] >> 22 & 1)) {
        c->w[i] &= ~(UINT32_C(0xfc0) << 10);
        from = reg_n(c->w[i]);
    } else if (row == A64_MOV_reg && x && reg_m(c->w[i]) != 31) {
        from = reg_m(c->w[i]);
    } else {
        return false;
    }
    need->base = (need->base & ~(1u << rd)) | 1u << from;
    return true;
}

/* General registers that an element may write, its base apart. */
static uint32_t writes(unsigned number, uint32_t w)
{
    const struct lp_row_info *row = &lp_a64_rows[number];
    if (row->flags & (LP_ROW_BRANCH | LP_ROW_JUMP))
        return number == A64_BL || number == A64_BLR ? 1u << 30 : 0;
    if (is(row, STORES | VECTOR_MEMORY) || (is(row, VECTOR) && !is(row, TO_GENERAL)))
        return 0;
    const uint32_t all = 1u << reg_t(w) | (is(row, LOADS_PAIR) ? 1u << reg_t2(w) : 0);
    return row->stack && !(row->flags & LP_ROW_MEM) ? all : all & ~(1u << 31); /* 31: SP or none */
}

static bool needs_of(struct chain *c, struct needs *need)
{
    memset(need, 0, sizeof *need);
    for (unsigned i = c->n; i-- > 0;) {
        const struct lp_row_info *row = info_of(c, i);
        const uint32_t w = c->w[i], written = writes(c->row[i], w) & (need->base | need->index | need->target);
        if (written & (need->index | need->target))
            return false;
        if (written != 0 && ((written & (written - 1)) != 0 || !derive_base(c, i, need, reg_t(w))))
            return false;
        if (row->flags & LP_ROW_JUMP) {
            if (reg_n(w) == 31)
                return false;
            need->target |= 1u << reg_n(w);
        }
        if (!(row->flags & LP_ROW_MEM))
            continue;
        need->base |= 1u << reg_n(w);
        if (is(row, INDEXED) && reg_m(w) != 31) {
            need->index |= 1u << reg_m(w);
            need->index_word[reg_m(w)] = w;
        }
        if (is(row, LITERAL))
            return false;
    }
    return (need->base & need->index) == 0 && (need->base & need->target) == 0 && (need->index & need->target) == 0;
}

/* Two words with the same index register must agree how they extend it; bases that move must not be an index. */
static bool safe(const struct chain *c, const struct needs *need)
{
    for (unsigned i = 0; i < c->n; i++) {
        const uint32_t w = c->w[i];
        if (!(info_of(c, i)->flags & LP_ROW_MEM))
            continue;
        if (is(info_of(c, i), INDEXED) && reg_m(w) != 31 && ((w ^ need->index_word[reg_m(w)]) & UINT32_C(0xe000)) != 0)
            return false;
        if ((need->index | need->target) & 1u << reg_n(w))
            return false;
    }
    return true;
}

static void set_needs(struct builder *b, const struct needs *need)
{
    for (unsigned r = 0; r < 32; r++) {
        if (need->base >> r & 1)
            set_base(b, r, true, TAGS | FAULTS);
        if (need->index >> r & 1)
            set_index(b, need->index_word[r]);
        if (need->target >> r & 1)
            set_target(b, r);
    }
}

static void emit_chain(struct builder *b, const struct chain *c, const struct needs *need)
{
    const struct lp_row_info *last = info_of(c, c->n - 1);
    for (unsigned i = 0; i < c->n; i++)
        reseed(b, info_of(c, i), c->w[i]);
    set_needs(b, need);
    for (unsigned i = 0; i < c->n; i++) {
        count_row(b, c->row[i]);
        if (last->flags & LP_ROW_BRANCH && i + 1 == c->n)
            add_branch(b, c->w[i]);
        else
            emit(b, c->w[i]);
    }
}

bool add_chain(struct builder *b)
{
    const unsigned code = LP_CODE_CHAINS + below(b->rng, CHAIN_CODES);
    uint16_t codes[LP_CHAIN_MAX];
    struct chain c = {.n = lp_op_chain(code, codes)};
    struct needs need;
    if (b->nopen + 4 > CHUNK_OPEN)
        return false;
    for (unsigned i = 0; i < c.n; i++) {
        c.row[i] = lp_code_row(codes[i]);
        if (!chunk_row(c.row[i]) || !word_of(b, codes[i], &c.w[i]))
            return false;
    }
    if (!link_chain(b, &c) || !needs_of(&c, &need) || !safe(&c, &need) || !fuses(&c))
        return false;
    for (unsigned i = 0; i < c.n; i++)
        if (reg_t(c.w[i]) == b->c.pin || reg_n(c.w[i]) == b->c.pin || reg_m(c.w[i]) == b->c.pin)
            return false;
    chunk_counts.chains[code - LP_CODE_CHAINS] += certain(b);
    emit_chain(b, &c, &need);
    return true;
}
