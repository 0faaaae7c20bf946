/* Going back (exec/track.c): what may be taken back and what may not, and that the state is the one of the entry to the last bit. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "exec/cpu.h"
#include "mem/fault.h"
#include "mem/mem.h"

enum { BASE = 0x10000, F = BASE + 0x100, DATA = 0x40000, STACK = 0x80000, SIZE = 0x2000, SP = STACK + 0x1000, SVC = 0xd4000001, UDF = 0 };
enum { BL_F = 0x94000040, RET = 0xd65f03c0, NOP = 0xd503201f,
       PUSH = 0xa9be7bfd /* STP x29,x30,[sp,#-32]! */, POP = 0xa8c27bfd, SUB_SP = 0xd10083ff, ADD_SP = 0x910083ff, MOV_X29_SP = 0x910003fd };

static struct lp_mem *mem;
static struct lp_cpu cpu, entry;
static bool can, at_fault, watching;
static struct lp_place_back place;
static unsigned faults, calls;
static void (*then)(void);

static void on_svc(struct lp_cpu *c, uint32_t imm)
{
    if (imm == 0) c->stop = 1;
}
static void on_fault(struct lp_cpu *c, const struct lp_fault *fault)
{
    faults++;
    can = lp_cpu_tracked(c, &place);
    at_fault = true;
    c->stop = 2;
    if (then) then();
}
static void on_safepoint(struct lp_cpu *c) { c->stop = 3; }
static void on_watched(struct lp_cpu *c)
{
    calls++;
    if (!watching) return;
    lp_cpu_copy(&entry, c);
    lp_cpu_track(c, 4711);
}
static const struct lp_upcalls upcalls = {on_svc, on_fault, on_safepoint, on_watched};

static int setup(void **state)
{
    struct lp_error err;
    assert_int_equal(lp_mem_new(0, &mem, &err), LP_OK);
    assert_int_equal(lp_mem_mmap(mem, BASE, 0x1000, 7, 0x32, -1, 0), BASE);
    assert_int_equal(lp_mem_mmap(mem, DATA, SIZE, 3, 0x32, -1, 0), DATA);
    assert_int_equal(lp_mem_mmap(mem, STACK, SIZE, 3, 0x32, -1, 0), STACK);
    assert_int_equal(lp_ops_watch(mem, F, true), 0);
    return 0;
}

static int teardown(void **state)
{
    lp_ops_drop(mem);
    lp_mem_free(mem);
    return 0;
}

/* BL f; then `after`; f has these words, then UDF. */
static int run(const uint32_t *words, size_t n, uint32_t after, bool checked)
{
    struct lp_error err;
    const uint32_t main_[] = {BL_F, after, SVC};
    uint32_t body[24] = {0};
    assert_true(n <= 20);
    memcpy(body, words, n * 4);
    assert_int_equal(lp_fault_install(&err), LP_OK);
    lp_cpu_init(&cpu, mem, NULL, &upcalls, NULL);
    assert_int_equal(lp_mem_write(mem, BASE, main_, sizeof main_), 0);
    assert_int_equal(lp_mem_write(mem, F, body, sizeof body), 0);
    lp_ops_invalidate(mem, BASE, BASE + 0x1000);
    for (unsigned i = 0; i < 31; i++)
        cpu.x[i] = i;
    cpu.x[0] = 64;
    cpu.x[1] = DATA + 64;
    cpu.x[2] = SP - 32;
    cpu.x[9] = STACK + 0x800; /* lower than the stack in use */
    cpu.x[LP_SLOT_SP] = SP;
    cpu.pc = BASE;
    cpu.checked = checked;
    can = at_fault = false;
    faults = calls = 0;
    watching = true;
    int stop = lp_cpu_run(&cpu);
    lp_cpu_untrack(&cpu);
    return stop;
}

struct body { const char *what; bool can; uint32_t word[8]; uint32_t n; };
#define B(what, can, ...) {what, can, {__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / 4}
static const struct body bodies[] = {
    B("nothing", true, NOP),
    B("a push", true, PUSH),
    B("a frame", true, PUSH, MOV_X29_SP, 0xf90007e0 /* STR x0,[sp,#8] */, 0xad000040 /* STP q0,q0,[x2] */, SUB_SP, ADD_SP),
    B("a frame that is left, and another", true, PUSH, POP, PUSH),
    B("pushes of one register", true, 0xf81f0ffe /* STR x30,[sp,#-16]! */, 0xf81f0ffe),
    B("stack of variable size", true, 0xcb2063ff /* SUB sp,sp,x0 */, 0xf90003ff),
    B("a load from anywhere", true, 0xf9400020),
    B("the last bytes of the frame", true, SUB_SP, 0xf9000fe0 /* STR x0,[sp,#24] */),
    B("an atomic in the frame", true, SUB_SP, 0xf82003e2 /* LDADD x0,x2,[sp] */),
    B("an exclusive in the frame", true, SUB_SP, 0xc85f7fe2, 0xc8037fe2 /* LDXR, STXR x3,x2,[sp] */),
    B("a barrier and flags", true, 0xd5033bbf, 0xd51b4200),
    B("a store to data", false, 0xf9000020),
    B("a byte", false, 0x39000020),
    B("a vector", false, 0x3d800020),
    B("a pair of vectors", false, 0xad000420),
    B("four vectors", false, 0x4c002020),
    B("a store-release", false, 0xc89ffc20),
    B("an unprivileged store", false, 0xf8000820),
    B("an atomic", false, 0xf8200022),
    B("a swap", false, 0xf8208022),
    B("a compare and swap", false, 0xc8a07c22),
    B("an exclusive", false, 0xc85f7c22, 0xc8037c22),
    B("a cleared block", false, 0xd50b7421),
    B("the caller's stack", false, 0xf90003e0 /* STR x0,[sp] */),
    B("half of it", false, SUB_SP, 0xf801c3e0 /* STUR x0,[sp,#28] */),
    B("below the stack", false, 0xf81f83e0 /* STUR x0,[sp,#-8] */),
    B("a system call", false, 0xd4000021 /* SVC #1 */),
    B("another stack", false, 0x9100013f /* MOV sp,x9 */),
    B("another stack above", false, 0x91400bff /* ADD sp,sp,#2,lsl #12 */),
    B("the caller's frame given back", false, ADD_SP),
};

static void test_bodies(void **state)
{
    for (int checked = 0; checked < 2; checked++)
        for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
            const struct body *b = &bodies[i];
            assert_int_equal(run(b->word, b->n, NOP, checked), 2);
            if (calls != 1 || faults != 1 || can != b->can)
                fail_msg("%s: %u calls, %u faults, can go back: %d", b->what, calls, faults, can);
            if (!can) continue;
            assert_int_equal(place.pc, F);
            assert_int_equal(place.sp, SP);
            assert_int_equal(place.to, BASE + 4);
            assert_int_equal(place.tag, 4711);
        }
}

/* A store that faults has stored nothing. */
static void test_faulting_store(void **state)
{
    const uint32_t words[] = {0xd2800001 /* MOV x1,#0 */, 0xf9000020};
    assert_int_equal(run(words, 2, NOP, false), 2);
    assert_true(can);
    assert_int_equal(cpu.pc, F + 4);
}

/* Left: with SP as it was, or by a return. */
static void test_left(void **state)
{
    const uint32_t leaf[] = {RET}, frame[] = {PUSH, POP, RET}, jump[] = {0x910103ff /* ADD sp,sp,#64 */, RET};
    assert_int_equal(run(leaf, 1, UDF, false), 2);
    assert_false(can);
    assert_int_equal(cpu.pc, BASE + 4);
    assert_int_equal(run(frame, 3, UDF, false), 2);
    assert_false(can);
    assert_int_equal(run(jump, 2, UDF, false), 2);
    assert_false(can);
    assert_int_equal(run(leaf, 1, NOP, false), 1); /* and goes on to its end */
}

static void turn_back(void)
{
    if (faults > 1) return;
    assert_true(can);
    watching = false;
    lp_cpu_go_back(&cpu);
    assert_memory_equal(cpu.x, entry.x, sizeof cpu.x);
    assert_memory_equal(cpu.v, entry.v, sizeof cpu.v);
    assert_int_equal(lp_nzcv(&cpu), lp_nzcv(&entry));
    assert_true(cpu.fpcr == entry.fpcr && cpu.fpsr == entry.fpsr && cpu.pc == entry.pc && cpu.tpidr_el0 == entry.tpidr_el0);
    const uint32_t fixed[] = {0xd2800540 /* MOV x0,#42 */, RET};
    assert_int_equal(lp_mem_write(mem, F, fixed, sizeof fixed), 0);
    lp_ops_invalidate(mem, F, F + 8);
    cpu.stop = 0;
}

/* Everything is clobbered before the fault; the other form runs to the end, in the fast engine, with FPSR as at the entry. */
static void test_back(void **state)
{
    /* MSR TPIDR_EL0,x0; MSR FPCR,x0; MSR NZCV,x0; FDIV d0,d1,d2 (raises flags); MOVI v3,#1; MOV x19,#7 */
    const uint32_t words[] = {PUSH, 0xd51bd040, 0xd51b4400, 0xd51b4200, 0x1e621820, 0x4f00e423, 0xd28000f3, 0xaa1f03e2, 0xaa1f03fd};
    then = turn_back;
    assert_int_equal(run(words, sizeof words / 4, NOP, false), 1);
    then = NULL;
    assert_int_equal(faults, 1);
    assert_int_equal(calls, 2); /* the place is still watched */
    assert_int_equal(cpu.x[0], 42);
    assert_int_equal(cpu.x[19], 19);
    assert_int_equal(cpu.pc, BASE + 12);
    assert_int_equal(cpu.fpsr, 0);
    assert_null(cpu.track);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bodies), cmocka_unit_test(test_faulting_store), cmocka_unit_test(test_left),
                                       cmocka_unit_test(test_back)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
