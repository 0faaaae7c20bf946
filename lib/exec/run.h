/* exec/run.h - between the files that run ops: cpu.c (the loop), dispatch.c (fast), dispatch_checked.c, opmap.c (decode on demand). */
#ifndef LP_EXEC_RUN_H
#define LP_EXEC_RUN_H
#include "a64/a64.h"
#include "exec/cpu.h"

/* An instruction's semantics out of line: plain, or giving the next PC (branches and jumps). */
union lp_op_fn {
    void (*plain)(struct lp_cpu *cpu, const struct lp_op *op);
    uint64_t (*next)(struct lp_cpu *cpu, const struct lp_op *op);
};
extern const union lp_op_fn lp_op_table[];      /* by row, memory rows in fast mode */
extern const union lp_op_fn lp_checked_table[]; /* by row, memory rows checked */

/* Run from cpu->pc until cpu->poll or cpu->stop is set or, checked only, the budget is used up or the state is one for the fast one again; cpu->pc is
 * valid then. */
void lp_dispatch(struct lp_cpu *cpu);
void lp_dispatch_checked(struct lp_cpu *cpu);
/* Is the fast engine not for this state? */
static inline bool lp_is_slow(const struct lp_cpu *cpu) { return cpu->checked || lp_sp_is_tilted(cpu) || cpu->track != NULL; }
/* Run the one instruction at `op`, checked; returns the next PC. `code` is its code, counters seen through. */
uint64_t lp_run_checked(struct lp_cpu *cpu, const struct lp_op *op, unsigned code);

/* A tag is no part of the PC: bit 55 fills it (Arm ARM, AArch64.BranchAddr). */
static inline uint64_t lp_branch_addr(uint64_t target) { return (uint64_t)((int64_t)(target << 8) >> 8); }
/* A cache line of the data and the instruction cache, and what DC ZVA clears (CTR_EL0, DCZID_EL0). */
enum { LP_LINE_LOG2 = 6, LP_LINE = 1 << LP_LINE_LOG2 };
/* The op at a PC that a branch, a jump or the caller of lp_cpu_run gave; raises the fault if no instruction can be there. */
struct lp_op *lp_op_enter(struct lp_cpu *cpu, uint64_t pc);
/* Bits that no code address has. */
#define LP_WILD(cpu) (~((cpu)->limit - 1) | 3)
/* Is pc an address in the op map, aligned? */
bool lp_pc_valid(const struct lp_cpu *cpu, uint64_t pc);
/* Decode the instruction at op and some behind it, or raise the fault of fetching it. */
void lp_op_decode(struct lp_cpu *cpu, struct lp_op *op);
/* ---- bti.c ---- */
/* Look whether there are guarded pages now: then every thread's BR and BLR are to be looked at. */
void lp_bti_watch(struct lp_cpu *cpu);
/* PSTATE.BTYPE for the target of the branch at `op`, by register n (BR) or a call. */
enum { LP_BTI_CALL = 255 };
void lp_bti_branch(struct lp_cpu *cpu, const struct lp_op *op, unsigned n);
/* Is the decoded op at this address in the op map a landing pad for such a branch, wherever it comes from? False also where that takes a closer look. */
bool lp_bti_is_pad(const struct lp_cpu *cpu, uint64_t pc, unsigned n);
/* PSTATE.BTYPE is not 0 at this target: SIGILL if it is on a guarded page and no landing pad for it; else BTYPE is 0 again. */
void lp_bti_land(struct lp_cpu *cpu, struct lp_op *op, uint64_t pc);

/* ---- track.c ---- cpu->track is not NULL; it may be afterwards. */
/* About to be stored; the address has no tag. */
void lp_track_store(struct lp_cpu *cpu, uint64_t addr, unsigned size);
/* The op is done, and cpu->pc valid. */
void lp_track_step(struct lp_cpu *cpu, const struct lp_op *op);

/* ---- count.c ---- */
/* One thread's numbers, by counter; only the thread itself changes `hits`. `seen`: what hits were at the last look, at last_ms. */
struct lp_own_count { uint64_t hits, seen, first_ms, last_ms; };
struct lp_tally { struct lp_own_count *count; unsigned n, size; bool used; struct lp_tally *next; }; /* size: of count, in bytes */
void lp_count_enter(struct lp_cpu *cpu);                  /* cpu->tally is the calling thread's */
void lp_count_first(struct lp_cpu *cpu, unsigned id);     /* an execution, the thread's first perhaps, which takes its time */
void lp_count_after_fork(void);
/* `at`: where the counter is in `count`, in bytes. */
static inline void lp_count_at(struct lp_cpu *cpu, uint32_t at)
{
    const struct lp_tally *t = cpu->tally;
    if (__builtin_expect(at >= t->size, 0)) {
        lp_count_first(cpu, at / (unsigned)sizeof *t->count);
        return;
    }
    uint64_t *hits = &((struct lp_own_count *)(void *)((char *)t->count + at))->hits;
    __atomic_store_n(hits, *hits + 1, __ATOMIC_RELAXED); /* whoever reads finds whole numbers */
}
/* Codes of ops that are counted: any, and a B, which has room for the place of its counter (w[0]) and
 * for its distance in bytes of ops (s[1]), when it has been executed once. */
static inline bool lp_code_counts(unsigned code) { return code == LP_CODE_COUNTER || code == LP_CODE_COUNTED_B; }
/* Count this execution of a counted op, tell of it if it is watched; returns the code that is to run, or not (a long jump into lp_cpu_run). */
unsigned lp_op_counted(struct lp_cpu *cpu, const struct lp_op *op);
/* op->code with counters seen through, nothing counted; 0 if it was forgotten meanwhile. */
unsigned lp_op_code(const struct lp_cpu *cpu, const struct lp_op *op);
void lp_ops_after_fork(void); /* the end of lp_ops_before_fork() (gate.h) */

/* The upcall for a watched op; returns unless execution goes on elsewhere. True: it left a state that the fast engine cannot run. */
bool lp_cpu_watched(struct lp_cpu *cpu, uint64_t pc);
/* Run the op, of this code, and go on in the engine for the state. */
_Noreturn void lp_cpu_run_slowly(struct lp_cpu *cpu, const struct lp_op *op, unsigned code);
/* The SVC: leave guest state, call up, come back. */
void lp_cpu_svc(struct lp_cpu *cpu, uint32_t imm);
/* Raise at cpu->pc. */
_Noreturn void lp_cpu_raise_at(struct lp_cpu *cpu, uint64_t pc, int signo, int code, uint64_t addr, uint32_t esr);
/* IC IVAU: forget the decoded ops of a cache line. */
void lp_cpu_icache(struct lp_cpu *cpu, uint64_t addr);

/* AArch64 Linux signal numbers and si_codes. */
enum { LP_SIGILL = 4, LP_SIGTRAP = 5, LP_SIGBUS = 7, LP_SIGSEGV = 11 };
enum { LP_ILL_ILLOPC = 1, LP_TRAP_BRKPT = 1, LP_BUS_ADRALN = 1, LP_BUS_ADRERR = 2, LP_SEGV_MAPERR = 1, LP_SEGV_ACCERR = 2 };
#endif
