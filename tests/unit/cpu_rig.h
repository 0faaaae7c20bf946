/* cpu_rig.h - a guest thread that runs a few words: in fast mode, in a process's memory, or in checked mode, in a flat machine's.
 * A test may define CODE_SIZE and DATA_SIZE first. */
#ifndef TESTS_UNIT_CPU_RIG_H
#define TESTS_UNIT_CPU_RIG_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "a64/a64.h"
#include "exec/cpu.h"
#include "exec/gate.h"
#include "exec/model.h"
#include "exec/run.h"
#include "mem/fault.h"
#include "mem/mem.h"

#ifndef CODE_SIZE
#define CODE_SIZE LP_PAGE
#endif
#ifndef DATA_SIZE
#define DATA_SIZE (2 * LP_PAGE)
#endif
/* Code, then data, then nothing. */
#define CODE UINT64_C(0x100000)
#define DATA (CODE + CODE_SIZE)
#define END (DATA + DATA_SIZE)
#define TAG (UINT64_C(0x5a) << 56)
enum { SVC = 0xd4000001, NOP = 0xd503201f };

static struct lp_mem *m;
static struct lp_gate gate;
static struct lp_cpu cpu;
static struct lp_fault fault; /* signo 0: none */
static bool flat;
static uint8_t *data; /* host address of DATA */

/* ---- upcalls: whatever comes stops the thread. Its owner is where a fault is kept. ---- */
enum { FAULTED = -1, POLLED = -2, DONE = 1 /* by SVC #0; by SVC #n: DONE + n */ };
static inline void on_svc(struct lp_cpu *c, uint32_t imm) { c->stop = DONE + (int)imm; }
static inline void on_fault(struct lp_cpu *c, const struct lp_fault *f)
{
    *(struct lp_fault *)c->owner = *f;
    c->stop = FAULTED;
}
static inline void on_safepoint(struct lp_cpu *c) { atomic_fetch_and(&c->poll, ~(uint32_t)LP_POLL_SIGNAL), c->stop = POLLED; }
static const struct lp_upcalls upcalls = {.svc = on_svc, .fault = on_fault, .safepoint = on_safepoint};

/* ---- memory ---- */
static inline struct lp_mem *new_space(void)
{
    const int map = 0x32; /* MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED */
    struct lp_mem *space;
    assert_int_equal(lp_mem_new(0, &space, NULL), LP_OK);
    assert_int_equal(lp_mem_mmap(space, CODE, CODE_SIZE, LP_R | LP_W | LP_X, map, -1, 0), CODE);
    assert_int_equal(lp_mem_mmap(space, DATA, DATA_SIZE, LP_R | LP_W, map, -1, 0), DATA);
    return space;
}
static inline void begin(bool is_flat)
{
    static _Alignas(4096) uint8_t buffer[CODE_SIZE + DATA_SIZE];
    assert_int_equal(lp_fault_install(NULL), LP_OK); /* cmocka takes SIGSEGV before each test */
    memset(buffer, 0, sizeof buffer);
    flat = is_flat;
    if (flat)
        assert_int_equal(lp_mem_new_flat(buffer, sizeof buffer, CODE, &m, NULL), LP_OK);
    else
        m = new_space();
    data = flat ? buffer + CODE_SIZE : lp_mem_host(m, DATA, DATA_SIZE);
    lp_gate_init(&gate);
    lp_cpu_init(&cpu, m, &gate, &upcalls, &fault);
}
static inline void end(void)
{
    lp_gate_destroy(&gate);
    lp_ops_drop(m);
    lp_mem_free(m);
}

static inline uint8_t filled(unsigned i) { return (uint8_t)(i * 7 + i / 256 + 0x81); }
static inline void fill(void)
{
    for (unsigned i = 0; i < DATA_SIZE; i++)
        data[i] = filled(i);
}

/* ---- code ---- */
static inline void put_code(struct lp_mem *space, uint64_t at, const uint32_t *words, size_t n)
{
    assert_int_equal(lp_mem_poke(space, at, words, 4 * n), 0);
    lp_ops_invalidate(space, at, at + 4 * n);
}
/* Runs from here to an SVC, a fault or a safepoint: which of them. */
static inline int go(uint64_t pc)
{
    memset(&fault, 0, sizeof fault);
    cpu.pc = pc;
    lp_gate_add(&gate, &cpu);
    const int stop = lp_cpu_run(&cpu);
    lp_gate_remove(&gate, &cpu);
    return stop;
}
/* Words, with an SVC behind them. */
static inline int run(const uint32_t *words, size_t n)
{
    put_code(m, CODE, words, n);
    put_code(m, CODE + 4 * n, &(uint32_t){SVC}, 1);
    return go(CODE);
}
#define WORDS(...) (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4
#define RUN(...) run(WORDS(__VA_ARGS__))
#define OK(...) assert_int_equal(RUN(__VA_ARGS__), DONE)
/* One instruction by its function of the table of fast mode, without memory. */
static inline void execute(uint32_t word)
{
    struct lp_op op;
    const unsigned row = lp_a64_decode(word, 0, LP_A64_ALL, &op);
    assert_int_not_equal(row, A64_UNDEFINED);
    lp_op_table[row].plain(&cpu, &op);
}

/* A test that is run in both modes. */
#define BOTH(name)                                                              \
    static void name##_fast(void **state) { begin(false), name(state), end(); } \
    static void name##_flat(void **state) { begin(true), name(state), end(); }
#define T(name) cmocka_unit_test(name##_fast), cmocka_unit_test(name##_flat)
#endif
