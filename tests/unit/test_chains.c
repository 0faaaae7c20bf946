/* Every chain of exec/fuse.def against the same instructions one by one: random operands and registers, memory that is there and memory that is not;
 * registers, flags, memory, PC and fault must be the same. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "a64/a64.h"
#include "exec/cpu.h"
#include "exec/run.h"
#include "mem/fault.h"
#include "mem/mem.h"
#include "../splitmix.h"

enum { BASE = 0x10000, DATA = 0x40000, SIZE = 0x2000, SVC = 0xd4000001, TRIES = 40, WORD_TRIES = 4000 };

struct box {
    struct lp_cpu cpu;
    struct lp_mem *mem;
    struct lp_fault fault;
    uint8_t data[SIZE];
};

static void on_svc(struct lp_cpu *cpu, uint32_t imm) { cpu->stop = 1; }
static void on_fault(struct lp_cpu *cpu, const struct lp_fault *fault)
{
    ((struct box *)cpu->owner)->fault = *fault;
    cpu->stop = 2;
}
static void on_safepoint(struct lp_cpu *cpu) { cpu->stop = 3; }
static const struct lp_upcalls upcalls = {.svc = on_svc, .fault = on_fault, .safepoint = on_safepoint};

static uint64_t seed = 1;
static uint64_t rnd(void) { return splitmix(&seed); }

static void new_box(struct box *b)
{
    struct lp_error err;
    assert_int_equal(lp_mem_new(0, &b->mem, &err), LP_OK);
    assert_int_equal(lp_mem_mmap(b->mem, BASE, 0x1000, 7, 0x32, -1, 0), BASE);
    assert_int_equal(lp_mem_mmap(b->mem, DATA, SIZE, 3, 0x32, -1, 0), DATA);
}

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
        bool near = (row->flags & LP_ROW_BRANCH) && lp_a64_target(w, pc, &target) && target - BASE + 0x1000 < 0x3000;
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
    default: return DATA + (rnd() & (SIZE / 2 - 1));
    }
}

static int run(struct box *b, const struct lp_cpu *start, const uint32_t *words, bool checked)
{
    memset(&b->fault, 0, sizeof b->fault);
    assert_int_equal(lp_mem_write(b->mem, BASE, words, 5 * 4), 0);
    lp_ops_invalidate(b->mem, BASE, BASE + 5 * 4);
    for (unsigned i = 0; i < SIZE; i++)
        b->data[i] = (uint8_t)(i * 7 + (i >> 8));
    assert_int_equal(lp_mem_write(b->mem, DATA, b->data, SIZE), 0);
    lp_cpu_init(&b->cpu, b->mem, NULL, &upcalls, b);
    lp_cpu_copy(&b->cpu, start);
    b->cpu.pc = BASE;
    b->cpu.checked = checked;
    int stop = lp_cpu_run(&b->cpu);
    b->cpu.x[LP_SLOT_SINK] = 0;
    assert_int_equal(lp_mem_read(b->mem, b->data, DATA, SIZE), 0);
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
    int y = run(b, &start, words, true);
    /* Fast mode does not promise to find an address this far from the guest's (and may hit the host's own memory). */
    if (b->fault.signo != 0 && b->fault.addr + (UINT64_C(1) << 30) > UINT64_C(1) << 39)
        return;
    int x = run(a, &start, words, false);
    if (x != y || memcmp(a->cpu.x, b->cpu.x, sizeof a->cpu.x) != 0 || memcmp(&a->cpu.f, &b->cpu.f, sizeof a->cpu.f) != 0 ||
        memcmp(a->cpu.v, b->cpu.v, sizeof a->cpu.v) != 0 || a->cpu.pc != b->cpu.pc || a->fault.signo != b->fault.signo ||
        a->fault.addr != b->fault.addr || memcmp(a->data, b->data, SIZE) != 0)
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
            assert_true(word_of(codes[i], BASE + 4 * i, &words[i]));
        compare(a, b, words, code);
        taken |= lp_op_code(&a->cpu, lp_op_at(&a->cpu, BASE)) == code;
    }
    return taken;
}

static void test_chains(void **state)
{
    static struct box a, b;
    struct lp_error err;
    unsigned taken = 0;
    assert_int_equal(lp_fault_install(&err), LP_OK);
    new_box(&a);
    new_box(&b);
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
