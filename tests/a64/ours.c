/* ours.c - our side of the differential test: a case's words through lp_a64_decode and the out-of-line functions, or through lp_cpu_run. */
#include <config.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "difftest.h"
#include "exec/cpu.h"
#include "exec/fp.h"
#include "exec/gate.h"
#include "exec/op.h"
#include "exec/run.h"
#include "mem/fault.h"
#include "mem/mem.h"

enum { SVC = 0xd4000001 };

static struct lp_cpu cpu;
static struct lp_mem *space[ENGINES];
static struct lp_gate gate;
static const struct test_case *running;
static struct lp_fault seen; /* the case's signal */

static void see(const struct lp_fault *f, uint64_t pc)
{
    cpu.pc = pc;
    if (!case_landed(running, f->signo, f->addr, pc))
        seen = *f;
}

/* ---- upcalls: the stub ends with SVC, and SVC is all around it ---- */
static void on_svc(struct lp_cpu *c, uint32_t imm)
{
    (void)imm;
    c->pc -= 4;
    c->stop = 1;
}
static void on_fault(struct lp_cpu *c, const struct lp_fault *f)
{
    see(f, c->pc);
    c->stop = 1;
}
static void on_safepoint(struct lp_cpu *c) { (void)c; }
static const struct lp_upcalls upcalls = {.svc = on_svc, .fault = on_fault, .safepoint = on_safepoint};

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
    if (lp_fault_install(&err) != LP_OK || lp_mem_new(34, &m, &err) != LP_OK)
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
    uint32_t *stubs = (uint32_t *)(void *)(lp_mem_base(m) + STUBS);
    for (uint64_t i = 0; i < MAX_CASES * STUB_SIZE / 4; i++)
        stubs[i] = SVC;
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
    seen = (struct lp_fault){0};
}

static void store_state(struct state *s)
{
    memcpy(s->x, cpu.x, sizeof s->x);
    s->sp = cpu.x[LP_SLOT_SP];
    s->nzcv = lp_nzcv(&cpu);
    s->fpcr = cpu.fpcr;
    s->fpsr = lp_fp_get_fpsr(&cpu);
    memcpy(s->v, cpu.v, sizeof s->v);
    s->signo = (uint64_t)seen.signo | (uint64_t)(seen.code & 255) << 8;
    s->addr = seen.addr;
    s->pc = cpu.pc;
}

/* One word as the dispatch would run it, but always through the out-of-line function; false if the case ends with it. */
static bool call_word(uint32_t word, uint64_t pc)
{
    struct lp_op op;
    struct lp_recover env; /* a bad address is the host's fault: it has no guest address here */
    const unsigned row = lp_a64_decode(word, pc, LP_A64_ALL, &op);
    cpu.ops = (struct lp_op *)((uintptr_t)&op - (uintptr_t)(pc >> 2) * sizeof op);
    cpu.pc = pc + 4;
    cpu.recover = &env.env;
    if (lp_recover_begin(&env))
        see(cpu.pending.signo != 0 ? &cpu.pending : &(struct lp_fault){.signo = env.signo}, pc);
    else if (row == A64_UNDEFINED)
        lp_cpu_undefined(&cpu, &op);
    else if (lp_sp_is_tilted(&cpu))
        cpu.pc = lp_run_checked(&cpu, &op, op.code);
    else if (lp_a64_rows[row].flags & (LP_ROW_BRANCH | LP_ROW_JUMP))
        cpu.pc = lp_op_table[row].next(&cpu, &op);
    else
        lp_op_table[row].plain(&cpu, &op);
    lp_recover_end(&env);
    cpu.ops = NULL;
    return cpu.pc == pc + 4;
}

static void run_calls(const struct test_case *c, uint64_t pc)
{
    load_state(&c->in);
    lp_fp_enter(&cpu);
    if (call_word(c->pre[0], pc - 8) && call_word(c->pre[1], pc - 4) && call_word(c->word, pc) && c->post)
        call_word(c->post, pc + 4);
    lp_fp_leave(&cpu);
}

static void run_dispatch(struct lp_mem *m, const struct test_case *c, uint64_t pc)
{
    const uint32_t code[5] = {c->pre[0], c->pre[1], c->word, c->post ? c->post : SVC, SVC};
    memcpy(lp_mem_base(m) + pc - 8, code, c->post ? 20 : 16);
    lp_ops_invalidate(m, pc - 8, pc + 12);
    load_state(&c->in);
    cpu.pc = pc - 8;
    lp_cpu_run(&cpu);
}

void ours_run(enum engine engine, const struct test_case *c, const struct change *pokes, struct state *out)
{
    const uint64_t pc = case_pc(c);
    lp_cpu_init(&cpu, space[engine], &gate, &upcalls, NULL);
    cpu.checked = engine != DISPATCH; /* CALLS: an SP that gets out of alignment does not leave for another engine */
    running = c;
    for (unsigned i = 0; i < c->pokes; i++)
        memcpy(lp_mem_base(space[engine]) + SCRATCH + pokes[i].offset, &pokes[i].value, 8);
    if (engine == CALLS) {
        run_calls(c, pc);
    } else {
        lp_gate_add(&gate, &cpu);
        run_dispatch(space[engine], c, pc);
        lp_gate_remove(&gate, &cpu);
    }
    if (c->post && seen.signo == 0 && cpu.pc == pc + 8)
        cpu.pc = pc + 4;
    store_state(out);
}
