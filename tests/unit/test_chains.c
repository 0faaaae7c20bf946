/* Every chain of exec/fuse.def against the same instructions one by one: random operands and registers, memory that is there and memory that is not;
 * registers, flags, memory, PC and fault must be the same. */
#include <config.h>
#include "cpu_rig.h"
#include "exec/fuse.h"
#include "../splitmix.h"

enum { TRIES = 40, WORD_TRIES = 4000, CHAIN_TRIES = 2000, GUARDED_ABOVE = 39, GUARDED_BELOW = 44 };

struct box {
    struct lp_cpu cpu;
    struct lp_mem *mem;
    struct lp_fault fault;
    uint8_t data[DATA_SIZE];
};

static uint64_t seed = 1;
static unsigned far;
static uint64_t rnd(void) { return splitmix(&seed); }

/* A word of this code: few registers, so that they are often the same (or `one` for all, if it is not negative: chains that hand a value on), and no branch that stays near, or
 * leaves the address space (opmap.c). */
static bool word_of(unsigned code, uint64_t pc, int one, uint32_t *out)
{
    const struct lp_row_info *row = &lp_a64_rows[lp_code_row(code)];
    for (int i = 0; i < WORD_TRIES; i++) {
        uint32_t w = (uint32_t)rnd();
        if (one >= 0 && i < WORD_TRIES / 2)
            w = (w & ~UINT32_C(0x1f03ff)) | UINT32_C(0x10021) * (unsigned)one;
        else if (rnd() & 7)
            w &= ~UINT32_C(0x1c039c);
        w = (w & ~row->mask) | row->value;
        struct lp_op op;
        uint64_t target = 0;
        lp_a64_decode(w, pc, LP_A64_ALL, &op);
        bool near = (row->flags & LP_ROW_BRANCH) && lp_a64_target(w, pc, &target) && (target - CODE + 0x1000 < 0x3000 || target >> 38 != 0);
        if (op.code == code && !near) {
            *out = w;
            return true;
        }
    }
    return false;
}

static uint64_t value(void)
{
    switch (rnd() & 3) {
    case 0: return (rnd() & UINT64_C(0x0fffffff)) | (rnd() & 1) << 62;
    case 1: return rnd() & 0xff;
    default: return DATA + (rnd() & (DATA_SIZE / 2 - 1));
    }
}

static int run_box(struct box *b, const struct lp_cpu *start, const uint32_t *words, bool checked)
{
    memset(&b->fault, 0, sizeof b->fault);
    put_code(b->mem, CODE, words, 5);
    for (unsigned i = 0; i < DATA_SIZE; i++)
        b->data[i] = filled(i);
    assert_int_equal(lp_mem_write(b->mem, DATA, b->data, DATA_SIZE), 0);
    lp_cpu_init(&b->cpu, b->mem, NULL, &upcalls, &b->fault);
    lp_cpu_copy(&b->cpu, start);
    b->cpu.pc = CODE;
    b->cpu.checked = checked;
    int stop = lp_cpu_run(&b->cpu);
    b->cpu.x[LP_SLOT_SINK] = 0;
    assert_int_equal(lp_mem_read(b->mem, b->data, DATA, DATA_SIZE), 0);
    return stop;
}

/* Fast mode finds an address that is in the guest's space or in its guards (mem/space.c), or no address of the host's at all; it might hit the
 * host's own memory in between. */
static bool is_far(uint64_t addr)
{
    const int64_t at = (int64_t)(addr << 8) >> 8;
    return at >= INT64_C(1) << GUARDED_ABOVE ? at < INT64_C(1) << 47 : at < -(INT64_C(1) << GUARDED_BELOW) && at >= -(INT64_C(1) << 47);
}

/* Is SP such that chains run at all? */
static bool compare(struct box *a, struct box *b, const uint32_t *words, unsigned code)
{
    static struct lp_cpu start;
    for (unsigned i = 0; i < 32; i++)
        start.x[i] = value(), start.v[i].d[0] = rnd(), start.v[i].d[1] = rnd();
    lp_set_nzcv(&start, (uint32_t)rnd());
    if (rnd() & 7)
        start.x[LP_SLOT_SP] &= ~UINT64_C(15); /* else no chain is run */
    const bool aligned = start.x[LP_SLOT_SP] % 16 == 0;
    int y = run_box(b, &start, words, true);
    if (b->fault.signo != 0 && is_far(b->fault.addr)) {
        far++;
        return false;
    }
    int x = run_box(a, &start, words, false);
    if (x != y || memcmp(a->cpu.x, b->cpu.x, sizeof a->cpu.x) != 0 || memcmp(&a->cpu.f, &b->cpu.f, sizeof a->cpu.f) != 0 ||
        memcmp(a->cpu.v, b->cpu.v, sizeof a->cpu.v) != 0 || a->cpu.pc != b->cpu.pc || a->fault.signo != b->fault.signo ||
        a->fault.addr != b->fault.addr || memcmp(a->data, b->data, DATA_SIZE) != 0)
        fail_msg("chain %u: %08x %08x %08x %08x: stop %d and %d, pc %#llx and %#llx, fault at %#llx and %#llx", code - LP_CODE_CHAINS, words[0],
                 words[1], words[2], words[3], x, y, (unsigned long long)a->cpu.pc, (unsigned long long)b->cpu.pc,
                 (unsigned long long)a->fault.addr, (unsigned long long)b->fault.addr);
    return aligned;
}

/* The code that the decoder gives the first of n words (opmap.c). */
static unsigned fused(const uint32_t *words, unsigned n)
{
    struct lp_op op[LP_CHAIN_MAX];
    uint8_t cost[LP_CHAIN_MAX + 1] = {0};
    unsigned code = 0;
    for (unsigned i = n; i-- > 0;) {
        lp_a64_decode(words[i], CODE + 4 * i, LP_A64_ALL, &op[i]);
        code = lp_op_fuse(&op[i], n - i, &cost[i]);
    }
    return code;
}

/* Words that run as this chain. One that none are found for is dead: another one always leaves as few ops. */
static bool words_of(unsigned code, uint32_t *words)
{
    uint16_t codes[LP_CHAIN_MAX];
    unsigned n = lp_op_chain(code, codes);
    assert_in_range(n, 2, LP_CHAIN_MAX);
    for (unsigned t = 0; t < CHAIN_TRIES; t++) {
        const int one = t % 2 ? (int)(rnd() & 7) : -1;
        for (unsigned i = 0; i < n; i++)
            assert_true(word_of(codes[i], CODE + 4 * i, one, &words[i]));
        if (fused(words, n) == code)
            return true;
    }
    print_message("chain %u is never made:", code - LP_CODE_CHAINS);
    for (unsigned i = 0; i < n; i++)
        print_message(" %s", lp_a64_rows[lp_code_row(codes[i])].name);
    print_message("\n");
    return false;
}

static bool try_chain(struct box *a, struct box *b, unsigned code)
{
    for (int t = 0; t < TRIES; t++) {
        uint32_t words[5] = {SVC, SVC, SVC, SVC, SVC};
        if (!words_of(code, words))
            return false;
        if (!compare(a, b, words, code))
            continue;
        const unsigned runs = lp_op_code(&a->cpu, lp_op_at(&a->cpu, CODE));
        if (runs != code)
            fail_msg("chain %u: %08x %08x %08x %08x run as %u", code - LP_CODE_CHAINS, words[0], words[1], words[2], words[3], runs);
    }
    return true;
}

static void test_chains(void **state)
{
    static struct box a, b;
    unsigned dead = 0;
    assert_int_equal(lp_fault_install(NULL), LP_OK);
    a.mem = new_space();
    b.mem = new_space();
    for (unsigned code = LP_CODE_CHAINS; code < LP_CODE_COUNT; code++)
        dead += !try_chain(&a, &b, code);
    print_message("%u runs left out: an address far from the guest's\n", far);
    assert_int_equal(dead, 0);
    lp_mem_free(a.mem);
    lp_mem_free(b.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chains)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
