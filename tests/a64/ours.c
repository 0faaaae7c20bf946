/* ours.c - our side of the differential test: a case's words through lp_a64_decode and the out-of-line functions, or through lp_cpu_run. */
#include <config.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "difftest.h"
#include "exec/cpu.h"
#include "exec/fp.h"
#include "exec/gate.h"
#include "exec/op.h"
#include "mem/mem.h"

/* ---- the function of every row ---- */
typedef void plain_fn(struct lp_cpu *cpu, const struct lp_op *op);
typedef uint64_t next_fn(struct lp_cpu *cpu, const struct lp_op *op);
#define LP_GEN_ROWS
#define ROW_DECLARE_plain(row) plain_fn lp_op_##row;
#define ROW_DECLARE_next(row) next_fn lp_op_##row;
#define LP_ROW_FN(row, kind, mem) ROW_DECLARE_##kind(row)
#include "a64/dispatch.gen.h"
#undef LP_ROW_FN
#define ROW_ENTRY_plain(row) [A64_##row] = lp_op_##row,
#define ROW_ENTRY_next(row)
#define LP_ROW_FN(row, kind, mem) ROW_ENTRY_##kind(row)
static plain_fn *const functions[A64_ROW_COUNT] = {
#include "a64/dispatch.gen.h"
};
#undef LP_ROW_FN

static struct lp_cpu cpu;
static struct lp_mem *space[ENGINES];
static struct lp_gate gate;
static uint64_t signal_seen;

/* ---- upcalls: the stub ends with SVC ---- */
static void on_svc(struct lp_cpu *c, uint32_t imm)
{
    (void)imm;
    c->stop = 1;
}
static void on_fault(struct lp_cpu *c, const struct lp_fault *f)
{
    signal_seen = (uint64_t)f->signo | (f->signo == SIGSEGV ? f->addr << 8 : 0);
    c->stop = 1;
}
static void on_safepoint(struct lp_cpu *c) { (void)c; }
static const struct lp_upcalls upcalls = {on_svc, on_fault, on_safepoint};

static bool fail(const char *what, const struct lp_error *err)
{
    printf("# our side: %s: %s\n", what, err->text);
    return false;
}

/* Each engine has an address space of its own, with the stubs and the scratch area in it. */
bool ours_init(enum engine engine)
{
    struct lp_error err = {0};
    struct lp_mem *m;
    if (lp_mem_new(34, &m, &err) != LP_OK)
        return fail("address space", &err);
    space[engine] = m;
    const int prot = PROT_READ | PROT_WRITE | (engine == CALLS ? 0 : PROT_EXEC), flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    if (lp_mem_mmap(m, STUBS, MAX_CASES * STUB_SIZE, prot, flags, -1, 0) < 0 ||
        lp_mem_mmap(m, SCRATCH, SCRATCH_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0) < 0) {
        printf("# our side: no memory for the stubs\n");
        return false;
    }
    for (uint64_t i = 0; i < SCRATCH_SIZE / 8; i++)
        ours_scratch(engine)[i] = scratch_word(i);
    lp_gate_init(&gate);
    return true;
}

uint64_t *ours_scratch(enum engine engine) { return (uint64_t *)(void *)(lp_mem_base(space[engine]) + SCRATCH); }

static void load_state(const struct state *s)
{
    memcpy(cpu.x, s->x, sizeof s->x);
    cpu.x[LP_SLOT_SP] = s->sp;
    cpu.x[LP_SLOT_ZR] = 0;
    lp_set_nzcv(&cpu, (uint32_t)s->nzcv);
    memcpy(cpu.v, s->v, sizeof s->v);
    lp_fp_set_fpcr(&cpu, (uint32_t)s->fpcr);
    lp_fp_set_fpsr(&cpu, (uint32_t)s->fpsr);
    signal_seen = 0;
}

static void store_state(struct state *s)
{
    memcpy(s->x, cpu.x, sizeof s->x);
    s->sp = cpu.x[LP_SLOT_SP];
    s->nzcv = lp_nzcv(&cpu);
    s->fpcr = cpu.fpcr;
    s->fpsr = lp_fp_get_fpsr(&cpu);
    memcpy(s->v, cpu.v, sizeof s->v);
    s->signo = signal_seen;
}

/* One word as the dispatch would run it, but always through the out-of-line function. */
static void call_word(uint32_t word, uint64_t pc)
{
    struct lp_op op;
    sigjmp_buf env;
    const unsigned row = lp_a64_decode(word, pc, &op);
    cpu.ops = (struct lp_op *)((uintptr_t)&op - (uintptr_t)(pc >> 2) * sizeof op);
    cpu.recover = &env;
    if (row == A64_UNDEFINED || functions[row] == NULL)
        signal_seen = SIGILL;
    else if (sigsetjmp(env, 0) == 0)
        functions[row](&cpu, &op);
    else
        signal_seen = (uint64_t)cpu.pending.signo;
    cpu.ops = NULL;
}

static void run_calls(const struct test_case *c, uint64_t pc)
{
    load_state(&c->in);
    lp_fp_enter(&cpu);
    call_word(c->pre, pc - 4);
    if (signal_seen == 0)
        call_word(c->word, pc);
    lp_fp_leave(&cpu);
}

static void run_dispatch(struct lp_mem *m, const struct test_case *c, uint64_t pc)
{
    const uint32_t code[3] = {c->pre, c->word, 0xd4000001 /* SVC #0 */};
    memcpy(lp_mem_base(m) + pc - 4, code, sizeof code);
    lp_ops_invalidate(m, pc - 4, pc + 8);
    load_state(&c->in);
    cpu.pc = pc - 4;
    lp_cpu_run(&cpu);
}

void ours_run(enum engine engine, const struct test_case *c, unsigned slot, struct state *out)
{
    const uint64_t pc = STUBS + (uint64_t)slot * STUB_SIZE + STUB_WORD;
    lp_cpu_init(&cpu, space[engine], &gate, &upcalls, NULL);
    if (engine == CALLS) {
        run_calls(c, pc);
    } else {
        lp_gate_add(&gate, &cpu);
        cpu.checked = engine == CHECKED;
        run_dispatch(space[engine], c, pc);
        lp_gate_remove(&gate, &cpu);
    }
    store_state(out);
}
