/* test_flow.c - the dataflow of lib/flow/flow.h on code that is written here; test_flow_wild.c: on words that nobody wrote. tests/diff/flow.sh has the
 * compilers' code. */
#include <config.h>
#include "flow_rig.h"

#define RUN(...) \
    do { \
        const uint32_t code_[] = {__VA_ARGS__}; \
        lp_flow_free(&flow); \
        run_at(code_, sizeof code_ / 4, &flow); \
    } while (0)

static void is(size_t i, unsigned kind, uint64_t addr, unsigned flags)
{
    assert_int_equal(said(i)->kind, kind);
    assert_int_equal(said(i)->flags & ~LP_FLOW_OF_PAGE, flags);
    if (kind != LP_FLOW_NONE && kind != LP_FLOW_OPAQUE && !(flags & LP_FLOW_SEVERAL))
        assert_int_equal(said(i)->addr, addr);
}
static void is_two(size_t i, uint64_t a, uint64_t c)
{
    is(i, LP_FLOW_ADDR, 0, LP_FLOW_SEVERAL);
    assert_int_equal(said(i)->n, 2);
    assert_int_equal(flow.addr[said(i)->addr], a);
    assert_int_equal(flow.addr[said(i)->addr + 1], c);
}

/* ---- one register ---- */

static void test_page_and_rest(void **state)
{
    RUN(adrp(0, 0, PAGE_A), add(1, 0, 0x18), ldr(2, 0, 0x20), ldr(3, 1, 8), str(2, 1, 16), ldr(4, 3, 8), RET);
    is(0, LP_FLOW_PAGE, PAGE_A, 0);
    is(1, LP_FLOW_ADDR, PAGE_A + 0x18, 0);
    is(2, LP_FLOW_ADDR, PAGE_A + 0x20, 0);
    is(3, LP_FLOW_ADDR, PAGE_A + 0x20, 0); /* one variable behind another's base */
    is(4, LP_FLOW_ADDR, PAGE_A + 0x28, 0);
    is(5, LP_FLOW_NONE, 0, 0);             /* what was loaded is no address that the code knows */
    assert_int_equal(said(2)->width, 8);
    assert_int_equal(said(1)->width, 0);
    assert_true(said(1)->flags & LP_FLOW_OF_PAGE && said(2)->flags & LP_FLOW_OF_PAGE && !(said(3)->flags & LP_FLOW_OF_PAGE));
}

static void test_page_alone(void **state)
{
    RUN(adrp(0, 0, PAGE_A), RET);
    is(0, LP_FLOW_PAGE, PAGE_A, LP_FLOW_ALONE);
    RUN(adrp(0, 0, PAGE_A), ldr(1, 0, 8), str(0, 1, 0), RET); /* the page itself is stored */
    is(0, LP_FLOW_PAGE, PAGE_A, LP_FLOW_ALONE);
    RUN(adrp(0, 0, PAGE_A), adrp(0, 1, PAGE_A), ldr(1, 0, 8), RET); /* the first of two is used by nobody */
    is(0, LP_FLOW_PAGE, PAGE_A, LP_FLOW_ALONE);
    is(1, LP_FLOW_PAGE, PAGE_A, 0);
}

static void test_moves(void **state)
{
    RUN(adrp(0, 0, PAGE_A), add(0, 0, 0x40), mov(5, 0), ldr(1, 5, 8), sub(6, 5, 0x10), ldr(1, 6, 0), 0x2a0503e7 /* mov w7, w5 */, ldr(1, 7, 8), RET);
    is(3, LP_FLOW_ADDR, PAGE_A + 0x48, 0);
    is(4, LP_FLOW_ADDR, PAGE_A + 0x30, 0);
    is(5, LP_FLOW_ADDR, PAGE_A + 0x30, 0);
    is(7, LP_FLOW_NONE, 0, 0);
    /* a SIMD register of the same number is another one; MOVZ and MOVK make an index that is known */
    RUN(adrp(3, 0, PAGE_A), 0x6f00e403 /* movi v3.2d, #0 */, ldr(1, 3, 8), 0xd2800044 /* movz x4, #2 */, 0xf2a00024 /* movk x4, #1, lsl #16 */, add(3, 3, 4),
        add_reg(5, 3, 4), ldr(1, 5, 0), RET);
    is(2, LP_FLOW_ADDR, PAGE_A + 8, 0);
    is(7, LP_FLOW_ADDR, PAGE_A + 4 + 0x10002, 0);
}

static void test_indexed(void **state)
{
    RUN(adrp(0, 0, PAGE_A), add(0, 0, 0x40), add_reg(2, 0, 1), ldr(3, 2, 16), 0xf8617803 /* ldr x3, [x0, x1, lsl #3] */, RET);
    is(3, LP_FLOW_ADDR, PAGE_A + 0x50, LP_FLOW_INDEXED);
    is(4, LP_FLOW_ADDR, PAGE_A + 0x40, LP_FLOW_INDEXED);
    /* a loop that goes through an array */
    RUN(adrp(0, 0, PAGE_A), add(0, 0, 0x40), 0xf8408402 /* ldr x2, [x0], #8 */, ldr(3, 0, 8), cbz(2, -2), RET);
    is(2, LP_FLOW_ADDR, PAGE_A + 0x40, LP_FLOW_INDEXED | LP_FLOW_STEPS);
    is(3, LP_FLOW_ADDR, PAGE_A + 0x50, LP_FLOW_INDEXED | LP_FLOW_STEPS);
}

static void test_thread_pointer(void **state)
{
    RUN(0xd53bd040 /* mrs x0, tpidr_el0 */, 0x91400000 /* add x0, x0, #0, lsl #12 */, add(1, 0, 0x10), ldr(2, 1, 8), add_reg(3, 0, 2), ldr(4, 3, 8), RET);
    is(2, LP_FLOW_TLS, 0x10, 0);
    is(3, LP_FLOW_TLS, 0x18, 0);
    is(5, LP_FLOW_NONE, 0, 0); /* an offset that was loaded: from the GOT */
}

/* ---- the stack ---- */

static void test_spills(void **state)
{
    RUN(0xa9bd7bfd /* stp x29, x30, [sp, #-48]! */, add(29, SP, 0), adrp(0, 2, PAGE_A), add(1, 0, 8), stp(0, 1, SP, 16), bl(100), ldp(2, 3, 29, 16), ldr(4, 2, 16),
        ldr(5, 3, 8), str(4, SP, 16), ldr(6, 29, 16), ldr(6, 6, 8), ldr(7, SP, 24), ldr(7, 7, 8), RET);
    is(2, LP_FLOW_PAGE, PAGE_A, 0);
    is(7, LP_FLOW_ADDR, PAGE_A + 16, 0);
    is(8, LP_FLOW_ADDR, PAGE_A + 16, 0);
    is(11, LP_FLOW_NONE, 0, 0); /* overwritten */
    is(13, LP_FLOW_ADDR, PAGE_A + 16, 0);
    /* bytes in the middle of a slot */
    RUN(sub(SP, SP, 32), adrp(0, 1, PAGE_A), str(0, SP, 8), 0x39003fe2 /* strb w2, [sp, #15] */, ldr(1, SP, 8), ldr(1, 1, 8), RET);
    is(5, LP_FLOW_NONE, 0, 0);
}

static void test_calls(void **state)
{
    RUN(adrp(0, 0, PAGE_A), adrp(19, 1, PAGE_B), bl(100), ldr(1, 0, 8), ldr(1, 19, 8), 0xd4000001 /* svc */, ldr(1, 19, 16), RET);
    is(3, LP_FLOW_NONE, 0, 0);
    is(4, LP_FLOW_ADDR, PAGE_B + 8, 0);
    is(6, LP_FLOW_ADDR, PAGE_B + 16, 0);
    is(2, LP_FLOW_TARGET, AT + 8 + 400, 0);
    /* a call that finds a thread-local variable leaves registers alone */
    RUN(adrp(3, 0, PAGE_A), adrp(0, 1, PAGE_B), ldr(1, 0, 8), add(0, 0, 8), 0xd63f0020 /* blr x1 */, ldr(1, 3, 16), ldr(2, 0, 8), RET);
    is(5, LP_FLOW_ADDR, PAGE_A + 16, 0);
    is(6, LP_FLOW_NONE, 0, 0);
    RUN(ldr(1, 20, 8), ldr(1, 0, 8), RET); /* nobody hands over X20 */
    is(0, LP_FLOW_OPAQUE, 0, 0);
    is(1, LP_FLOW_NONE, 0, 0);
}

/* ---- joins ---- */

static void test_joins(void **state)
{
    RUN(adrp(0, 0, PAGE_A), cbz(1, 2), adrp(0, 2, PAGE_A), ldr(2, 0, 8), RET);
    is(0, LP_FLOW_PAGE, PAGE_A, 0);
    is(2, LP_FLOW_PAGE, PAGE_A, 0);
    is(3, LP_FLOW_ADDR, PAGE_A + 8, 0);
    RUN(adrp(0, 0, PAGE_A), add(0, 0, 0x40), cbz(1, 3), adrp(0, 3, PAGE_B), add(0, 0, 0x80), ldr(2, 0, 8), RET);
    is_two(5, PAGE_A + 0x48, PAGE_B + 0x88);
    RUN(adrp(0, 0, PAGE_A), add(0, 0, 0x40), adrp(2, 2, PAGE_B), add(2, 2, 0x80), csel(0, 0, 2), ldr(2, 0, 8), RET);
    is_two(5, PAGE_A + 0x48, PAGE_B + 0x88);
    RUN(cbz(1, 3), adrp(0, 1, PAGE_A), add(0, 0, 0x40), ldr(2, 0, 8), RET); /* or what the caller gave */
    is(3, LP_FLOW_ADDR, PAGE_A + 0x48, LP_FLOW_MAYBE);
}

/* Pages of too many ways: never a claim. */
static void test_too_many(void **state)
{
    RUN(adrp(0, 0, PAGE_A), cbz(1, 2), adrp(0, 2, PAGE_B), cbz(1, 2), adrp(0, 4, PAGE_A + 0x5000), cbz(1, 2), adrp(0, 6, PAGE_A + 0x6000), cbz(1, 2),
        adrp(0, 8, PAGE_A + 0x9000), ldr(2, 0, 8), RET);
    is(9, LP_FLOW_OPAQUE, 0, 0);
}

/* What completes a page is for the page, of however many other addresses one may be there; where nothing is added, it may be any of them. */
#define FOUR(last) \
    add(0, 0, 0x10), cbz(1, 9), adrp(0, AT4, PAGE_B), add(0, 0, 0x20), cbz(1, 6), adrp(0, AT4 + 3, PAGE_B), add(0, 0, 0x30), cbz(1, 3), \
        adrp(0, AT4 + 6, PAGE_B), add(0, 0, 0x40), last, RET
static void test_page_or_many(void **state)
{
    enum { AT4 = 5 };
    RUN(adrp(0, 0, PAGE_A), cbz(1, 12), adrp(0, 2, PAGE_B), FOUR(ldr(2, 0, 8)));
    is(13, LP_FLOW_ADDR, PAGE_A + 8, 0);
    RUN(adrp(0, 0, PAGE_A), cbz(1, 12), adrp(0, 2, PAGE_B), FOUR(ldr(2, 0, 0)));
    is(13, LP_FLOW_OPAQUE, 0, 0);
}

/* Blocks that no way leads to may be entered from any call (exceptions): X19 is what it was at one of them. */
static void test_unreached(void **state)
{
    RUN(adrp(19, 0, PAGE_A), bl(100), RET, ldr(0, 19, 8), RET);
    is(3, LP_FLOW_ADDR, PAGE_A + 8, 0);
}

/* ---- jump tables ---- */

#define SWITCH(first, bound) \
    first, b_cond(8, 12), adrp(2, 2, TABLE & ~0xfff), add(2, 2, TABLE & 0xfff), ldrb_w(2, 2, 0), adr(1, 2), add_sxtb2(2, 1, 2), br(2), NOP, RET, \
    add(9, 19, 1), RET, RET, bound

static void test_table(void **state)
{
    memcpy(table, (const uint8_t[]){1, 2, 4, 0xf9}, 4); /* words from word 7 on */
    table_bytes = 4;
    RUN(SWITCH(cmp_w(0, 3), RET));
    assert_int_equal(flow.ntable, 1);
    const struct lp_flow_table *t = &flow.table[0];
    assert_int_equal(t->at, TABLE);
    assert_int_equal(t->n, 4);
    assert_int_equal(t->base, AT + 7 * 4);
    assert_int_equal(t->br_at, AT + 7 * 4);
    assert_true(t->is_signed && !t->guessed);
    assert_int_equal(t->entry_bytes, 1);
    assert_int_equal(t->shift, 2);
    assert_int_equal(lp_flow_table_target(t, table, 2), AT + 11 * 4);
    assert_int_equal(lp_flow_table_target(t, table, 3), AT);
    is(4, LP_FLOW_ADDR, TABLE, LP_FLOW_INDEXED);
    RUN(SWITCH(cmp_w(0, 4), RET)); /* more entries than there are */
    assert_int_equal(flow.table[0].n, 0);
    RUN(SWITCH(NOP, RET)); /* no bound */
    assert_true(flow.table[0].guessed);
    assert_int_equal(flow.table[0].n, 4);
}

/* By chance the targets are counted from the beginning of a page, which ADR makes as a linker's ADRP would be. */
static void test_base_is_page(void **state)
{
    memcpy(table, (const uint8_t[]){8, 9}, 2);
    table_bytes = 2;
    RUN(cmp_w(0, 1), b_cond(8, 8), adrp(2, 2, TABLE & ~0xfff), add(2, 2, TABLE & 0xfff), ldrb_w(2, 2, 0), adr(1, -5), add_sxtb2(2, 1, 2), br(2), NOP, RET);
    assert_int_equal(flow.ntable, 1);
    assert_int_equal(flow.table[0].n, 2);
    assert_int_equal(flow.table[0].base, AT);
    is(5, LP_FLOW_TARGET, AT, 0); /* an ADR makes an address, never a page */
}

/* What a case does with registers comes from the BR. */
static void test_cases(void **state)
{
    memcpy(table, (const uint8_t[]){1, 3}, 2);
    table_bytes = 2;
    RUN(cmp_w(0, 1), b_cond(8, 12), adrp(3, 2, PAGE_A & ~0xfff), adrp(2, 3, TABLE & ~0xfff), add(2, 2, TABLE & 0xfff), ldrb_w(2, 2, 0), adr(1, 2), add_sxtb2(2, 1, 2),
        br(2), ldr(4, 3, 8), RET, ldr(4, 3, 16), b(-3), RET);
    assert_int_equal(flow.table[0].n, 2);
    is(9, LP_FLOW_ADDR, PAGE_A + 8, 0);
    is(11, LP_FLOW_ADDR, PAGE_A + 16, 0);
}

/* Code that only a jump to an unknown place leads to has the state of that; of calls, where exceptions are caught or labels are given away. */
static void test_elsewhere(void **state)
{
#define ELSEWHERE(word) sub(SP, SP, 16), adrp(0, 1, PAGE_A), str(0, SP, 8), bl(0x1000), adrp(0, 4, PAGE_B), str(0, SP, 8), word, br(5), ldr(0, SP, 8), ldr(1, 0, 8), RET
    RUN(ELSEWHERE(NOP));
    is_two(9, PAGE_A + 8, PAGE_B + 8);
    caught = false;
    RUN(ELSEWHERE(NOP));
    is(9, LP_FLOW_ADDR, PAGE_B + 8, 0);
    RUN(ELSEWHERE(adr(2, 2))); /* of the code behind BR: it may be given to longjmp */
    is_two(9, PAGE_A + 8, PAGE_B + 8);
    caught = true;
}

/* More words than are kept decoded, and thousands of ends of blocks, as in a table that is taken for code. */
static void test_large(void **state)
{
    enum { WORDS = 30000, EACH = 5 };
    uint32_t *code = malloc(WORDS * sizeof *code);
    assert_non_null(code);
    for (unsigned i = 0; i < WORDS; i += EACH) {
        code[i] = adrp(0, i, PAGE_A + 0x1000 * (i % 7));
        code[i + 1] = ldr(1, 0, 8 * (i % 100));
        code[i + 2] = cbz(1, i + 2 * EACH < WORDS ? 2 * EACH - 2 : -2); /* past the next end of a block */
        code[i + 3] = i % 3 ? NOP : add(0, 0, 16);
        code[i + 4] = i % 2 ? RET : 0 /* udf */;
    }
    lp_flow_free(&flow);
    run_at(code, WORDS, &flow);
    assert_false(flow.gave_up);
    for (unsigned i = 0; i < WORDS; i += EACH) {
        is(i, LP_FLOW_PAGE, PAGE_A + 0x1000 * (i % 7), 0);
        is(i + 1, LP_FLOW_ADDR, PAGE_A + 0x1000 * (i % 7) + 8 * (i % 100), 0);
        if (i % 3 == 0) is(i + 3, LP_FLOW_ADDR, PAGE_A + 0x1000 * (i % 7) + 16, 0);
    }
    free(code);
}

/* ---- parts, data, callees ---- */

static bool not_third(void *ctx, uint64_t addr, uint64_t *until)
{
    *until = addr < AT + 8 ? AT + 8 : addr < AT + 12 ? AT + 12 : UINT64_MAX;
    return addr < AT + 8 || addr >= AT + 12;
}

static void test_data_in_code(void **state)
{
    const uint32_t code[] = {0x58000040 /* ldr x0, +8 */, RET, 0x90000000, ldr(0, 0, 8)};
    const struct lp_flow_part part = {AT, code, 4};
    const struct lp_flow_input in = {.part = &part, .nparts = 1, .is_code = not_third, .caught = true};
    struct lp_error err;
    lp_flow_free(&flow);
    assert_int_equal(lp_flow_function(&in, &flow, &err), LP_OK);
    is(0, LP_FLOW_TARGET, AT + 8, 0);
    assert_int_equal(said(0)->width, 8);
    assert_int_equal(said(2)->kind, LP_FLOW_DATA);
}

static void test_cold_part(void **state)
{
    const uint32_t hot[] = {adrp(19, 0, PAGE_A), cbz(0, 0x400), RET}, cold[] = {ldr(0, 19, 8), b(-0x3ff)};
    const struct lp_flow_part part[] = {{AT, hot, 3}, {AT + 0x1004, cold, 2}};
    const struct lp_flow_input in = {.part = part, .nparts = 2, .caught = true};
    struct lp_error err;
    lp_flow_free(&flow);
    assert_int_equal(lp_flow_function(&in, &flow, &err), LP_OK);
    is(3, LP_FLOW_ADDR, PAGE_A + 8, 0);
}

/* A callee that is seen leaves alone what it does not write. */
static void test_survey(void **state)
{
    const uint32_t code[] = {adrp(1, 0, PAGE_A), adrp(2, 1, PAGE_B), bl(5), ldr(0, 1, 8), ldr(0, 2, 8), RET, NOP, add(2, 0, 1), RET, 0xd4000001 /* svc */, RET};
    const struct lp_flow_part part[] = {{AT, code, 7}, {AT + 28, code + 7, 2}, {AT + 36, code + 9, 2}};
    struct lp_flow_survey survey;
    struct lp_error err;
    assert_int_equal(lp_flow_survey(part, 3, NULL, NULL, &survey, &err), LP_OK);
    assert_int_equal(lp_flow_survey_callee(&survey, AT + 36)->clobbers, 1); /* Linux answers in X0 */
    assert_int_equal(lp_flow_survey_callee(&survey, AT + 28)->clobbers, 4);
    assert_int_equal(lp_flow_survey_callee(&survey, AT + 28)->pages_in, 6);
    assert_null(lp_flow_survey_callee(&survey, AT + 32));
    const struct lp_flow_input in = {.part = part, .nparts = 1, .survey = &survey, .caught = true};
    lp_flow_free(&flow);
    assert_int_equal(lp_flow_function(&in, &flow, &err), LP_OK);
    is(3, LP_FLOW_ADDR, PAGE_A + 8, 0);
    is(4, LP_FLOW_NONE, 0, 0);
    lp_flow_survey_free(&survey);
}

/* One function is another one, and one came along: as if all were looked at. */
static void test_survey_of_changes(void **state)
{
    uint32_t code[] = {adrp(1, 0, PAGE_A), bl(3), RET, NOP, add(2, 0, 1), RET, bl(-5), add(3, 3, 1), RET};
    const struct lp_flow_part part[] = {{AT, code, 4}, {AT + 16, code + 4, 2}, {AT + 24, code + 6, 3}};
    const uint32_t same[] = {add(2, 0, 7), RET}, other[] = {add(5, 0, 1), RET};
    const struct lp_flow_part after[] = {{AT + 16, same, 2}}, differs[] = {{AT + 16, other, 2}};
    struct lp_flow_survey old, all, changed;
    struct lp_error err;
    assert_int_equal(lp_flow_survey(part, 2, NULL, NULL, &old, &err), LP_OK);
    struct lp_flow_changes c = {&part[1], after, 1, &part[2], 1};
    assert_true(lp_flow_survey_changed(&old, &c, NULL, NULL, &changed));
    assert_int_equal(lp_flow_survey(part, 3, NULL, NULL, &all, &err), LP_OK);
    assert_int_equal(changed.nfn, all.nfn);
    for (size_t i = 0; i < all.nfn; i++) {
        const struct lp_flow_callee *f = &changed.fn[i], *g = &all.fn[i];
        assert_true(f->at == g->at && f->clobbers == g->clobbers && f->pages_in == g->pages_in && f->pages_out == g->pages_out);
        assert_true(f->unsure == g->unsure && f->returns == g->returns);
    }
    lp_flow_survey_free(&changed);
    c.after = differs;
    assert_false(lp_flow_survey_changed(&old, &c, NULL, NULL, &changed));
    lp_flow_survey_free(&old), lp_flow_survey_free(&all);
}

/* (That a page is there at a call may be kept by a ring of calls alone, in which it was before.) */
static void is_same_survey(const struct lp_flow_survey *a, const struct lp_flow_survey *b)
{
    assert_int_equal(a->nfn, b->nfn);
    for (size_t i = 0; i < a->nfn; i++) {
        const struct lp_flow_callee *f = &a->fn[i], *g = &b->fn[i];
        assert_true(f->at == g->at && f->clobbers == g->clobbers && (g->pages_in & ~f->pages_in) == 0);
        assert_true(f->unsure == g->unsure && f->returns == g->returns && f->saves == g->saves);
    }
    assert_int_equal(a->nmark, b->nmark);
    assert_true(a->nmark == 0 || memcmp(a->mark, b->mark, a->nmark * sizeof *a->mark) == 0);
}

static unsigned chance(uint32_t *seed, unsigned n)
{
    *seed = *seed * 1103515245 + 12345;
    return (*seed >> 16) % n;
}

/* A word of function f of so many: it calls one of them, makes an address, jumps, or neither. */
enum { FUNCTIONS = 8, WORDS = 5 };
static uint32_t any_word(uint32_t *seed, unsigned at)
{
    const int to = (int)(WORDS * chance(seed, FUNCTIONS)) - (int)at;
    switch (chance(seed, 9)) {
    case 0: case 1: case 2: return bl(to);
    case 3: return adrp(1, 0, PAGE_A);
    case 4: return add(1, 1, 8 * chance(seed, 4));
    case 5: return add(chance(seed, 3), 3, 1);
    case 6: return chance(seed, 3) ? NOP : 0xd61f0060; /* br x3 */
    default: return NOP;
    }
}

/* Calls in rings, too, of which some come and go: where it is said that nothing shows of that, it does not. */
static void test_survey_of_any(void **state)
{
    unsigned taken = 0, made = 0;
    for (uint32_t round = 1; round <= 20000; round++) {
        uint32_t seed = round, code[2][FUNCTIONS * WORDS];
        struct lp_flow_part part[2][FUNCTIONS], before[2], after[2];
        for (unsigned i = 0; i < FUNCTIONS * WORDS; i++) code[0][i] = code[1][i] = i % WORDS + 1 == WORDS ? RET : any_word(&seed, i);
        for (unsigned k = 0; k < 2; k++)
            for (unsigned i = 0; i < FUNCTIONS; i++) part[k][i] = (struct lp_flow_part){AT + 4 * WORDS * i, &code[k][WORDS * i], WORDS};
        const unsigned first = chance(&seed, FUNCTIONS - 1), n = 1 + chance(&seed, 2);
        for (unsigned i = 0; i < n; i++) {
            const unsigned at = WORDS * (first + i) + chance(&seed, WORDS - 1), other = WORDS * (first + i) + chance(&seed, WORDS - 1);
            code[1][at] = any_word(&seed, at), code[1][other] = any_word(&seed, other);
            before[i] = part[0][first + i], after[i] = part[1][first + i];
        }
        struct lp_flow_survey old, all, changed;
        struct lp_error err;
        const struct lp_flow_changes c = {before, after, n, NULL, 0};
        assert_int_equal(lp_flow_survey(part[0], FUNCTIONS, NULL, NULL, &old, &err), LP_OK);
        if (lp_flow_survey_changed(&old, &c, NULL, NULL, &changed)) {
            assert_int_equal(lp_flow_survey(part[1], FUNCTIONS, NULL, NULL, &all, &err), LP_OK);
            is_same_survey(&changed, &all);
            taken++, made += memcmp(code[0], code[1], sizeof code[0]) != 0;
            lp_flow_survey_free(&changed), lp_flow_survey_free(&all);
        }
        lp_flow_survey_free(&old);
    }
    assert_true(taken > 1000 && made > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_and_rest), cmocka_unit_test(test_page_alone), cmocka_unit_test(test_moves), cmocka_unit_test(test_indexed),
        cmocka_unit_test(test_thread_pointer), cmocka_unit_test(test_spills), cmocka_unit_test(test_calls), cmocka_unit_test(test_joins),
        cmocka_unit_test(test_too_many), cmocka_unit_test(test_page_or_many), cmocka_unit_test(test_unreached), cmocka_unit_test(test_table),
        cmocka_unit_test(test_base_is_page), cmocka_unit_test(test_cases), cmocka_unit_test(test_elsewhere), cmocka_unit_test(test_large),
        cmocka_unit_test(test_data_in_code), cmocka_unit_test(test_cold_part), cmocka_unit_test(test_survey), cmocka_unit_test(test_survey_of_changes),
        cmocka_unit_test(test_survey_of_any)};
    return cmocka_run_group_tests_name("flow", tests, NULL, teardown);
}
