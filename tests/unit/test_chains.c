/* Every chain of exec/fuse.def against the same instructions one by one: random operands and registers, memory that is there and memory that is not;
 * registers, flags, memory, PC and fault must be the same. */
#include <config.h>
#include "cpu_rig.h"
#include "../splitmix.h"

enum { TRIES = 40, WORD_TRIES = 4000 };

struct box {
    struct lp_cpu cpu;
    struct lp_mem *mem;
    struct lp_fault fault;
    uint8_t data[DATA_SIZE];
};

static uint64_t seed = 1;
static uint64_t rnd(void) { return splitmix(&seed); }

/* A word of this code: few registers, so that they are often the same, and no branch that stays near. */
static bool word_of(unsigned code, uint64_t pc, uint32_t *out)
{
    const struct lp_row_info *row = &lp_a64_rows[lp_code_row(code)];
    for (int i = 0; i < WORD_TRIES; i++) {
        uint32_t w = (uint32_t)rnd();
        if (rnd() & 7)
            w &= ~UINT32_C(0x1c039c);
        w = (w & ~row->mask) | row->value;
        struct lp_op op;
        uint64_t target = 0;
        lp_a64_decode(w, pc, LP_A64_ALL, &op);
        bool near = (row->flags & LP_ROW_BRANCH) && lp_a64_target(w, pc, &target) && target - CODE + 0x1000 < 0x3000;
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

static void compare(struct box *a, struct box *b, const uint32_t *words, unsigned code)
{
    static struct lp_cpu start;
    for (unsigned i = 0; i < 32; i++)
        start.x[i] = value(), start.v[i].d[0] = rnd(), start.v[i].d[1] = rnd();
    lp_set_nzcv(&start, (uint32_t)rnd());
    if (rnd() & 7)
        start.x[LP_SLOT_SP] &= ~UINT64_C(15); /* else no chain is run */
    int y = run_box(b, &start, words, true);
    /* Fast mode does not promise to find an address this far from the guest's (and may hit the host's own memory). */
    if (b->fault.signo != 0 && b->fault.addr + (UINT64_C(1) << 30) > UINT64_C(1) << 39)
        return;
    int x = run_box(a, &start, words, false);
    if (x != y || memcmp(a->cpu.x, b->cpu.x, sizeof a->cpu.x) != 0 || memcmp(&a->cpu.f, &b->cpu.f, sizeof a->cpu.f) != 0 ||
        memcmp(a->cpu.v, b->cpu.v, sizeof a->cpu.v) != 0 || a->cpu.pc != b->cpu.pc || a->fault.signo != b->fault.signo ||
        a->fault.addr != b->fault.addr || memcmp(a->data, b->data, DATA_SIZE) != 0)
        fail_msg("chain %u: %08x %08x %08x %08x: stop %d and %d, pc %#llx and %#llx, fault at %#llx and %#llx", code - LP_CODE_CHAINS, words[0],
                 words[1], words[2], words[3], x, y, (unsigned long long)a->cpu.pc, (unsigned long long)b->cpu.pc,
                 (unsigned long long)a->fault.addr, (unsigned long long)b->fault.addr);
}

/* Tries with this chain; was it taken at least once? */
static bool try_chain(struct box *a, struct box *b, unsigned code)
{
    uint16_t codes[LP_CHAIN_MAX];
    unsigned n = lp_a64_chain(code, codes);
    bool taken = false;
    assert_in_range(n, 2, LP_CHAIN_MAX);
    for (int t = 0; t < TRIES; t++) {
        uint32_t words[5] = {SVC, SVC, SVC, SVC, SVC};
        for (unsigned i = 0; i < n; i++)
            assert_true(word_of(codes[i], CODE + 4 * i, &words[i]));
        compare(a, b, words, code);
        taken |= lp_op_code(&a->cpu, lp_op_at(&a->cpu, CODE)) == code;
    }
    return taken;
}

static void test_chains(void **state)
{
    static struct box a, b;
    unsigned taken = 0;
    assert_int_equal(lp_fault_install(NULL), LP_OK);
    a.mem = new_space();
    b.mem = new_space();
    for (unsigned code = LP_CODE_CHAINS; code < LP_CODE_COUNT; code++)
        taken += try_chain(&a, &b, code);
    print_message("%u of %d chains taken\n", taken, LP_CODE_COUNT - LP_CODE_CHAINS);
    assert_true(taken > (LP_CODE_COUNT - LP_CODE_CHAINS) * 3 / 4);
    lp_mem_free(a.mem);
    lp_mem_free(b.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chains)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
