/* test_flow_wild.c - the dataflow of lib/flow/flow.h on words that nobody wrote; what words lead to. */
#include <config.h>
#include "flow_rig.h"
#include "../splitmix.h"
#include "diff/side/code.h"

enum { MAX_WORDS = 400, FUNCTIONS = 1000 };

/* A switch whose words come in order: alone, they never meet. */
static void wild_switch(uint64_t *seed, uint32_t *code, unsigned i, unsigned n)
{
    const uint32_t words[] = {cmp_w(0, splitmix(seed) & 31), b_cond(8, 7), adrp(2, i + 2, TABLE & ~0xfff), add(2, 2, TABLE & 0xfff), ldrb_w(2, 2, 0), adr(1, 1),
                              add_sxtb2(2, 1, 2), br(2)};
    for (unsigned k = 0; k < sizeof words / 4 && i + k < n; k++)
        code[i + k] = words[k];
}

static uint32_t wild_word(uint64_t *seed, unsigned i, unsigned n)
{
    const uint64_t x = splitmix(seed);
    const unsigned d = x >> 8 & 31, k = x >> 13 & 31;
    const int to = (int)((x >> 32) % n) - (int)i;
    switch (x % 24) {
    case 0: return adrp(d, i, PAGE_A + ((x >> 20 & 3) << 12));
    case 1: case 2: return add(d, k, x >> 20 & 0xfff);
    case 3: return ldr(d, k, x >> 20 & 0x7ff8);
    case 4: return str(d, k, x >> 20 & 0x7ff8);
    case 5: return stp(d, k, SP, x >> 20 & 0xf8);
    case 6: return ldp(d, k, SP, x >> 20 & 0xf8);
    case 7: return mov(d, k);
    case 8: return csel(d, k, x >> 20 & 31);
    case 9: return add_reg(d, k, x >> 20 & 31);
    case 10: return cmp_w(k, x >> 20 & 0x3f);
    case 11: case 12: return b_cond(d & 15, to);
    case 13: return cbz(k, to);
    case 14: return b(to);
    case 15: return bl(to);
    case 16: return ldrb_w(d, k, x >> 20 & 31);
    case 17: return add_sxtb2(d, k, x >> 20 & 31);
    case 18: return adr(d, to);
    case 19: return br(k);
    case 20: return sub(SP, SP, x >> 20 & 0xff0);
    case 21: return x & 1 ? RET : 0xf8408400 | k << 5 | d; /* ldr xd, [xk], #8 */
    default: return (uint32_t)(x >> 32);
    }
}

static void check_whole(const struct lp_flow *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct lp_flow_ref *r = lp_flow_ref_of(f, i);
        assert_true(r->kind <= LP_FLOW_DATA);
        assert_true(r->n >= 1);
        if (r->flags & LP_FLOW_SEVERAL)
            assert_true(r->n >= 2 && r->addr + r->n <= f->naddr);
    }
    for (size_t i = 0; i < f->ntable; i++)
        assert_true(f->table[i].n <= sizeof table && f->table[i].br_at - AT < 4 * f->n);
}

static void assert_same(const struct lp_flow *a, const struct lp_flow *b)
{
    for (size_t k = 0; k < a->n; k++) {
        const struct lp_flow_ref *x = lp_flow_ref_of(a, k), *y = lp_flow_ref_of(b, k);
        assert_true(x->addr == y->addr && x->kind == y->kind && x->flags == y->flags && x->n == y->n && x->width == y->width);
    }
    assert_true(a->naddr == b->naddr && (a->naddr == 0 || memcmp(a->addr, b->addr, a->naddr * sizeof *a->addr) == 0));
    assert_int_equal(a->ntable, b->ntable);
}

/* Nothing but the words counts: not what was there before in memory that is used for one function after the other. */
static void run_again(const struct lp_flow_survey *kept, const uint32_t *code, size_t n)
{
    struct lp_flow_survey fresh;
    struct lp_flow a, b;
    struct lp_error err;
    assert_int_equal(lp_flow_survey(NULL, 0, NULL, NULL, &fresh, &err), LP_OK);
    run_with(kept, code, n, &a);
    run_with(&fresh, code, n, &b);
    assert_same(&a, &b);
    lp_flow_free(&a), lp_flow_free(&b);
    lp_flow_survey_free(&fresh);
}

static void test_wild(void **state)
{
    uint64_t seed = 20261126;
    struct lp_flow_survey kept;
    struct lp_error err;
    assert_int_equal(lp_flow_survey(NULL, 0, NULL, NULL, &kept, &err), LP_OK);
    static uint32_t code[MAX_WORDS];
    size_t refs = 0, tables = 0;
    table_bytes = sizeof table;
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        const unsigned n = 1 + (unsigned)(splitmix(&seed) % MAX_WORDS);
        for (unsigned k = 0; k < n; k++)
            code[k] = wild_word(&seed, k, n);
        for (unsigned k = 0; k < n; k += 20 + (unsigned)(splitmix(&seed) % 100))
            wild_switch(&seed, code, k, n);
        for (unsigned k = 0; k < sizeof table; k++)
            table[k] = (uint8_t)splitmix(&seed);
        lp_flow_free(&flow);
        run_at(code, n, &flow);
        run_again(&kept, code, n);
        check_whole(&flow);
        for (unsigned k = 0; k < n; k++)
            refs += said(k)->kind == LP_FLOW_ADDR;
        tables += flow.ntable;
    }
    lp_flow_survey_free(&kept);
    assert_true(refs > 3000);
    assert_true(tables > 10);
}

/* ---- two functions at once (lp_flow_input.twin) ---- */

enum { TWIN_AT = 0x18100, TWIN_WORDS = 48 };

/* What a twin may not have is left out. */
static uint32_t tame(uint32_t w, unsigned i, unsigned n)
{
    uint64_t to;
    uint32_t mask;
    const bool leads = lp_word_target(w, AT + 4 * i, &to, &mask), inside = leads && to - AT < 4 * n;
    if (lp_a64_is_adr(w))
        return inside && (to & 4095) != 0 ? w : NOP;
    const bool rare = lp_a64_is_branch_reg(w) && w != RET && !lp_a64_is_blr(w) && !lp_a64_is_br(w);
    return lp_a64_is_load_literal(w) || lp_a64_is_bl(w) || rare ? NOP : w;
}

/* The same word elsewhere: pages are others by `by` (one of four is moved by one more), the rest of some addresses, too. */
static uint32_t twin_word(uint64_t *seed, uint32_t w, unsigned i, int by, unsigned crosses)
{
    const uint64_t x = splitmix(seed);
    if (lp_a64_is_adrp(w)) {
        const uint32_t field = (w >> 29 & 3) | (w >> 3 & 0x1ffffc), from = ((TWIN_AT + 4 * i) >> 12) - ((AT + 4 * i) >> 12);
        const uint32_t n = field + (uint32_t)by - from + ((field & 3) == crosses);
        return 0x90000000 | (n & 3) << 29 | (n >> 2 & 0x7ffff) << 5 | (w & 31);
    }
    const bool rest = lp_a64_is_add_imm_any(w) || lp_a64_is_ldst_pos(w);
    return rest && x % 8 == 0 && (w >> 5 & 31) != SP ? (w & ~0x003ffc00u) | (((w >> 10) + 2) & 0xfff) << 10 : w;
}

/* What is said of the twin is what is said of it alone, or nothing. */
static void test_twin(void **state)
{
    uint64_t seed = 20261127;
    static uint32_t code[TWIN_WORDS], other[TWIN_WORDS];
    struct lp_error err;
    unsigned twins = 0, others = 0, moved = 0;
    table_bytes = sizeof table;
    for (unsigned i = 0; i < 4 * FUNCTIONS; i++) {
        const unsigned n = 12 + (unsigned)(splitmix(&seed) % (TWIN_WORDS - 12)), crosses = (unsigned)(splitmix(&seed) % 16);
        const int by = (int)(splitmix(&seed) % 3);
        for (unsigned k = 0; k < n; k++)
            code[k] = wild_word(&seed, k, n);
        if (i % 4 == 0)
            wild_switch(&seed, code, (unsigned)(splitmix(&seed) % (n - 8)), n);
        for (unsigned k = 0; k < n; k++)
            code[k] = tame(code[k], k, n), other[k] = twin_word(&seed, code[k], k, by, crosses);
        for (unsigned k = 0; k < sizeof table; k++)
            table[k] = (uint8_t)(splitmix(&seed) % 8);
        const struct lp_flow_part part = {AT, code, n}, there = {TWIN_AT, other, n};
        const struct lp_flow_input alone = {.part = &there, .nparts = 1, .bytes = bytes, .caught = caught};
        const struct lp_flow_input both = {.part = &part, .nparts = 1, .bytes = bytes, .caught = caught, .twin = &alone};
        struct lp_flow a, b;
        lp_flow_free(&flow);
        run_at(code, n, &flow);
        assert_int_equal(lp_flow_function(&both, &a, &err), LP_OK);
        assert_int_equal(lp_flow_function(&alone, &b, &err), LP_OK);
        assert_same(&flow, &a);
        others += a.twin == NULL;
        if (a.twin != NULL) {
            const struct lp_flow t = {.of = a.of, .n = a.n, .ref = a.twin, .nref = a.nref, .addr = a.twin_addr, .naddr = a.naddr, .table = a.twin_table,
                                      .ntable = a.ntable};
            assert_same(&b, &t);
            for (size_t k = 0; k < a.ntable; k++)
                assert_true(b.table[k].br_at == t.table[k].br_at && b.table[k].at == t.table[k].at && b.table[k].base == t.table[k].base &&
                            b.table[k].n == t.table[k].n && b.table[k].guessed == t.table[k].guessed);
            for (size_t k = 0; k < n; k++)
                moved += lp_flow_ref_of(&b, k)->kind == LP_FLOW_ADDR;
            twins++;
        }
        lp_flow_free(&a), lp_flow_free(&b);
    }
    assert_true(twins > 500 && others > 100 && moved > 500);
}

/* What words lead to is the decode tables' to say. */
static void test_targets(void **state)
{
    uint64_t seed = 4, to, other;
    uint32_t mask;
    for (unsigned i = 0; i < 2000000; i++) {
        const uint32_t w = (uint32_t)splitmix(&seed);
        const bool leads = lp_word_target(w, AT, &to, &mask);
        assert_int_equal(leads, lp_a64_target(w, AT, &other) && (w & 0x9f000000) != 0x90000000); /* ADRP is another thing */
        assert_true(!leads || to == other);
        assert_true(!leads || (lp_word_target(w ^ mask, AT, &other, &mask) && to != other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wild), cmocka_unit_test(test_twin), cmocka_unit_test(test_targets)};
    return cmocka_run_group_tests_name("flow_wild", tests, NULL, teardown);
}
