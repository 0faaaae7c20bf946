/* Watched instructions: the upcall comes before each execution, in every engine, and may change registers, PC and code. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "exec/cpu.h"
#include "exec/gate.h"
#include "mem/fault.h"
#include "mem/mem.h"

enum { BASE = 0x10000, SVC = 0xd4000001, NOP = 0xd503201f, WORDS = 1024 };
enum engine { FAST, CHECKED, FLAT, ENGINES };
static uint32_t code[WORDS];

static struct {
    struct lp_cpu cpu;
    struct lp_mem *mem;
    struct lp_fault fault;
    unsigned calls, faults;
    uint64_t at;                         /* PC of the last call */
    void (*then)(struct lp_cpu *cpu);    /* what the upcall does */
} b;

static void on_svc(struct lp_cpu *cpu, uint32_t imm) { cpu->stop = 1000 + (int)imm; }
static void on_fault(struct lp_cpu *cpu, const struct lp_fault *fault)
{
    b.fault = *fault;
    b.faults++;
    cpu->stop = -1;
}
static void on_safepoint(struct lp_cpu *cpu) { cpu->stop = 7; }
static void on_watched(struct lp_cpu *cpu)
{
    b.calls++;
    b.at = cpu->pc;
    if (b.then) b.then(cpu);
}
static const struct lp_upcalls upcalls = {on_svc, on_fault, on_safepoint, on_watched};

static void setup(enum engine e, const uint32_t *words, size_t n)
{
    struct lp_error err;
    memset(&b, 0, sizeof b);
    assert_int_equal(lp_fault_install(&err), LP_OK);
    memset(code, 0, sizeof code);
    memcpy(code, words, n * 4);
    if (e == FLAT) {
        assert_int_equal(lp_mem_new_flat(code, sizeof code, BASE, &b.mem, &err), LP_OK);
    } else {
        assert_int_equal(lp_mem_new(34, &b.mem, &err), LP_OK);
        assert_int_equal(lp_mem_mmap(b.mem, BASE, sizeof code, 3, 0x32, -1, 0), BASE);
        assert_int_equal(lp_mem_write(b.mem, BASE, code, sizeof code), 0);
        assert_int_equal(lp_mem_mprotect(b.mem, BASE, sizeof code, 7), 0);
    }
    lp_cpu_init(&b.cpu, b.mem, NULL, &upcalls, NULL);
    b.cpu.checked |= e == CHECKED;
    b.cpu.x[LP_SLOT_SP] = BASE + 0x800;
    b.cpu.pc = BASE;
}
static void teardown(void)
{
    lp_ops_drop(b.mem);
    lp_mem_free(b.mem);
}
#define SETUP(e, ...) setup(e, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)
#define EACH_ENGINE(e) for (enum engine e = FAST; e < ENGINES; e++)

/* From the beginning; how often was the upcall called? */
static unsigned again(int stop)
{
    b.calls = 0;
    b.cpu.pc = BASE;
    assert_int_equal(lp_cpu_run(&b.cpu), stop);
    return b.calls;
}

static void test_loop(void **state)
{
    EACH_ENGINE(e) {
        SETUP(e, 0xd2800140, 0xf1000400, 0x54ffffe1, SVC); /* MOVZ x0,#10; SUBS x0,x0,#1; B.NE .-4; SVC: a chain in the middle */
        assert_int_equal(again(1000), 0);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(lp_ops_watch(b.mem, BASE + 4 * i, true), 0);
            assert_int_equal(again(1000), i == 0 ? 1 : 10);
            assert_int_equal(b.at, BASE + 4 * i);
            assert_int_equal(b.cpu.x[0], 0);
            lp_ops_invalidate(b.mem, BASE, BASE + 16);
            assert_int_equal(again(1000), i == 0 ? 1 : 10);
            assert_int_equal(lp_ops_watch(b.mem, BASE + 4 * i, false), 0);
            assert_int_equal(again(1000), 0);
        }
        assert_int_equal(lp_ops_watch(b.mem, BASE, false), 0); /* off more often than on: nothing */
        assert_int_equal(again(1000), 0);
        teardown();
    }
}

/* Two watchers and a counter at one place, which come and go. */
static void test_shared_place(void **state)
{
    EACH_ENGINE(e) {
        unsigned id = lp_counter_new();
        SETUP(e, 0xd2800140, 0xf1000400, 0x54ffffe1, SVC);
        assert_int_equal(lp_ops_watch(b.mem, BASE + 4, true), 0);
        assert_int_equal(lp_ops_count(b.mem, BASE + 4, id), 0);
        assert_int_equal(lp_ops_watch(b.mem, BASE + 4, true), 0);
        assert_int_equal(again(1000), 10);
        assert_int_equal(lp_counter_read(id).hits, 10);
        assert_int_equal(lp_ops_watch(b.mem, BASE + 4, false), 0);
        assert_int_equal(again(1000), 10);
        assert_int_equal(lp_ops_count(b.mem, BASE + 4, 0), 0);
        assert_int_equal(again(1000), 10);
        assert_int_equal(lp_counter_read(id).hits, 20);
        for (unsigned i = 8; i < 500; i++) /* the table grows */
            assert_int_equal(lp_ops_watch(b.mem, BASE + 4 * i, true), 0);
        assert_int_equal(again(1000), 10);
        assert_int_equal(lp_ops_count(b.mem, BASE + 4, id), 0);
        assert_int_equal(lp_ops_watch(b.mem, BASE + 4, false), 0);
        assert_int_equal(again(1000), 0);
        assert_int_equal(lp_counter_read(id).hits, 30);
        teardown();
        lp_counter_free(id);
    }
}

static void stop_at_fifth(struct lp_cpu *cpu)
{
    if (b.calls == 5) cpu->stop = 9;
}

static void test_jump_to_itself(void **state)
{
    EACH_ENGINE(e) {
        SETUP(e, 0x14000000); /* B . */
        b.then = stop_at_fifth;
        assert_int_equal(lp_ops_watch(b.mem, BASE, true), 0);
        assert_int_equal(again(9), 5);
        assert_int_equal(b.cpu.pc, BASE);
        teardown();
    }
}

static void go_past(struct lp_cpu *cpu) { cpu->pc += 4, cpu->x[1] += 100; }
static void change(struct lp_cpu *cpu) { cpu->x[1] += 100; }

static void test_elsewhere(void **state)
{
    EACH_ENGINE(e) {
        unsigned id = lp_counter_new();
        SETUP(e, NOP, 0x91000421, 0x91000421, NOP, SVC); /* ADD x1,x1,#1, twice */
        assert_int_equal(lp_ops_count(b.mem, BASE + 4, id), 0);
        assert_int_equal(lp_ops_watch(b.mem, BASE + 4, true), 0);
        b.then = change;
        assert_int_equal(again(1000), 1);
        assert_int_equal(b.cpu.x[1], 102);
        assert_int_equal(lp_counter_read(id).hits, 1);
        b.then = go_past;
        assert_int_equal(again(1000), 1);
        assert_int_equal(b.cpu.x[1], 203);
        assert_int_equal(lp_ops_watch(b.mem, BASE + 8, true), 0); /* from one watched place to the next */
        assert_int_equal(again(1000), 2);
        assert_int_equal(b.at, BASE + 8);
        assert_int_equal(b.cpu.x[1], 403);
        assert_int_equal(lp_counter_read(id).hits, 1); /* what was skipped was not executed */
        teardown();
        lp_counter_free(id);
    }
}

/* Called through the table, a system call and a return among them. */
static void test_called_ops(void **state)
{
    EACH_ENGINE(e) {
        SETUP(e, 0xaa1e03e9, 0x94000002, SVC, 0x9ac20c20, 0xd65f03c0); /* MOV x9,x30; BL .+8; SVC; SDIV x0,x1,x2; RET */
        b.cpu.x[1] = 42, b.cpu.x[2] = 6;
        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(lp_ops_watch(b.mem, BASE + 4 * i, true), 0);
        assert_int_equal(again(1000), 5);
        assert_int_equal(b.cpu.x[0], 7);
        assert_int_equal(b.at, BASE + 8);
        teardown();
    }
}

/* An access that faults is no second arrival, one that is run again in checked mode neither. */
static void test_faults(void **state)
{
    EACH_ENGINE(e) {
        SETUP(e, NOP, 0xf9400020, SVC); /* LDR x0,[x1] */
        assert_int_equal(lp_ops_watch(b.mem, BASE + 4, true), 0);
        b.cpu.x[1] = UINT64_C(0xab00000000000000) | BASE;
        assert_int_equal(again(1000), 1);
        b.cpu.x[1] = 0x5000;
        assert_int_equal(again(-1), 1);
        assert_int_equal(b.faults, 1);
        assert_int_equal(b.fault.addr, 0x5000);
        assert_int_equal(b.cpu.pc, BASE + 4);
        teardown();
    }
}

static void tilt(struct lp_cpu *cpu) { cpu->x[LP_SLOT_SP] |= 8; }

/* SP is no multiple of 16 any more: the very instruction faults, or the next one that uses it. */
static void test_tilt(void **state)
{
    EACH_ENGINE(e) {
        for (unsigned i = 0; i < 2; i++) {
            SETUP(e, NOP, 0xf94003e0, SVC); /* LDR x0,[sp] */
            b.then = tilt;
            assert_int_equal(lp_ops_watch(b.mem, BASE + 4 * i, true), 0);
            assert_int_equal(again(-1), 1);
            assert_int_equal(b.fault.signo, 7);
            assert_int_equal(b.cpu.pc, BASE + 4);
            teardown();
        }
    }
}

/* ---- at the gate ---- */

enum { THREADS = 3, ROUNDS = 20 };
static struct lp_gate gate;
static struct lp_cpu cpus[THREADS];
static _Atomic int waiting, go;

static void wait_outside(struct lp_cpu *cpu)
{
    int round = atomic_load(&go);
    lp_gate_leave(cpu);
    atomic_fetch_add(&waiting, 1);
    while (atomic_load(&go) == round) usleep(50);
    lp_gate_enter(cpu);
}

static void *run(void *cpu)
{
    lp_cpu_run(cpu);
    return NULL;
}

/* Threads are held at a place, the code there changes, and all of them run what is there now, once. */
static void test_gate(void **state)
{
    pthread_t threads[THREADS];
    SETUP(FAST, NOP, 0x91000421, 0x17fffffe); /* ADD x1,x1,#1; B .-8 */
    lp_gate_init(&gate);
    b.then = wait_outside;
    assert_int_equal(lp_ops_watch(b.mem, BASE + 4, true), 0);
    for (int i = 0; i < THREADS; i++) {
        lp_cpu_init(&cpus[i], b.mem, &gate, &upcalls, NULL);
        cpus[i].pc = BASE;
        lp_gate_add(&gate, &cpus[i]);
        assert_int_equal(pthread_create(&threads[i], NULL, run, &cpus[i]), 0);
    }
    for (unsigned round = 1; round <= ROUNDS; round++) {
        while (atomic_load(&waiting) != THREADS) usleep(50);
        lp_gate_stop(&gate, NULL);
        uint32_t word = round == ROUNDS ? SVC : 0x91000021 | round << 10; /* ADD x1,x1,#round */
        assert_int_equal(lp_mem_poke(b.mem, BASE + 4, &word, 4), 0);
        lp_ops_invalidate(b.mem, BASE + 4, BASE + 8);
        if (round == ROUNDS) assert_int_equal(lp_ops_watch(b.mem, BASE + 4, false), 0);
        atomic_store(&waiting, 0);
        atomic_fetch_add(&go, 1);
        lp_gate_resume(&gate);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(cpus[i].x[1], ROUNDS * (ROUNDS - 1) / 2);
        assert_int_equal(cpus[i].pc, BASE + 8);
        lp_gate_remove(&gate, &cpus[i]);
    }
    lp_gate_destroy(&gate);
    teardown();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_loop), cmocka_unit_test(test_shared_place), cmocka_unit_test(test_jump_to_itself),
                                       cmocka_unit_test(test_elsewhere), cmocka_unit_test(test_called_ops), cmocka_unit_test(test_faults),
                                       cmocka_unit_test(test_tilt), cmocka_unit_test(test_gate)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
