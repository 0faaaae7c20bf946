/* exec/cpu.h - the state of one guest thread, and what runs it.
 *
 * The op map: every guest instruction address has one decoded op at a fixed place,
 *     op = cpu->ops + (pc >> 2)          pc = (op - cpu->ops) << 2
 * in one sparse reservation four times the size of the guest's address space (zero pages read as "not decoded"). There is
 * no block cache to look up, no link to chain or to break: falling through is op + 1, a direct branch is op + distance, an indirect
 * one is the formula, and invalidation is a store of code 0 into the slot (or returning whole pages to the host).
 */
#ifndef LP_EXEC_CPU_H
#define LP_EXEC_CPU_H
#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "a64/op.h"
#include "exec/pauth.h"

struct lp_mem;
struct lp_gate;
struct lp_cpu;
struct lp_cpu_model;

typedef uint64_t lp_u64x2 __attribute__((vector_size(16)));
/* Of gcc and clang on every host with 64 bits. */
__extension__ typedef unsigned __int128 lp_u128;
__extension__ typedef __int128 lp_i128;
union lp_vreg {
    uint64_t d[2];
    int64_t sd[2];
    uint32_t s[4];
    int32_t ss[4];
    uint16_t h[8];
    int16_t sh[8];
    uint8_t b[16];
    int8_t sb[16];
    double f64[2];
    float f32[4];
    lp_u128 q;
    lp_u64x2 x2; /* all of it in one load or store */
} __attribute__((aligned(16)));

typedef _Atomic uint64_t lp_granule; /* of memory, for the exclusive monitors (monitor.h) */

/* Why guest code could not go on at cpu->pc. */
struct lp_fault {
    int signo;     /* Linux signal number: SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE */
    int code;      /* si_code, e.g. SEGV_MAPERR */
    uint64_t addr; /* si_addr */
    uint32_t esr;  /* ESR_EL1 for the esr_context record (write bit, fault status); 0 = none */
};

/* What the higher rooms do for guest code; exec only calls. All run on the guest thread with cpu->pc valid, outside
 * any handler: execution goes on at cpu->pc afterwards unless cpu->stop is set. */
struct lp_upcalls {
    void (*svc)(struct lp_cpu *cpu, uint32_t imm16);                    /* cpu->pc is already behind the SVC */
    void (*fault)(struct lp_cpu *cpu, const struct lp_fault *fault);    /* cpu->pc is at the instruction */
    void (*safepoint)(struct lp_cpu *cpu);                              /* cpu->poll had LP_POLL_SIGNAL or LP_POLL_USER */
    /* An instruction of lp_ops_watch() is about to be executed, and is if cpu->pc is left there; registers may be changed, and the gate left and
     * entered. May be NULL. */
    void (*watched)(struct lp_cpu *cpu);
};
enum {
    LP_POLL_GATE = 1,   /* somebody holds the gate: park (exec does it itself) */
    LP_POLL_SIGNAL = 2, /* a guest signal is pending */
    LP_POLL_USER = 4,
};

#define LP_PSTATE_DIT (UINT32_C(1) << 24)
#define LP_PSTATE_SSBS (UINT32_C(1) << 12)
#define LP_PSTATE_BTYPE (UINT32_C(3) << 10) /* how the instruction at pc was reached; 0 but between an indirect branch and its target */
#define LP_BTYPE_C (UINT32_C(2) << 10)      /* by BLR, or as the handler of a signal */

struct lp_cpu {
    uint64_t x[LP_SLOTS];        /* X0-X30, SP, ZR, sink */
    uint64_t pc;                 /* valid outside handlers */
    struct { uint8_t n, z, c, v; } f; /* PSTATE.NZCV, each 0 or 1 */
    _Atomic uint32_t poll;       /* non-zero: leave the fast path at the next safepoint */
    uint8_t *mem;                /* host address of guest address 0 (fast mode) */
    struct lp_op *ops;           /* op of guest address 0 */
    uint64_t limit;              /* code addresses are below this power of two */
    const struct lp_op *op;      /* the op in progress, stored before every access that can fault */
    union lp_vreg v[32];         /* V0-V31 */
    uint32_t fpcr, fpsr;         /* fpsr: flags collected so far; the host's sticky flags are merged on read (fp.h) */
    uint64_t tpidr_el0, tpidrro_el0;
    uint32_t pstate;             /* PSTATE.DIT, PSTATE.SSBS and PSTATE.BTYPE, where SPSR has them */
    struct {                     /* local exclusive monitor */
        uint64_t addr;           /* UINT64_MAX = open */
        uint64_t lo, hi;         /* value loaded */
        uint32_t size;           /* bytes: 1 2 4 8 16 */
        uint64_t version;        /* of the granule, before the load */
        lp_granule *held;        /* locked, or about to be, by the access in progress; NULL = none */
        uint64_t was;            /* what it was before */
    } ex;
    _Atomic int stop;            /* non-zero: lp_cpu_run returns it; any thread may set it */
    struct lp_mem *as;           /* the address space */
    const struct lp_cpu_model *model; /* which CPU this is (model.h); all that share an address space share decoded ops, so have the same */
    struct lp_gate *gate;
    const struct lp_upcalls *up;
    void *owner;                 /* of the upcalls' implementer: a kernel's thread, an embedder's machine */
    struct lp_fault pending;     /* set by a handler that raises a fault itself (lp_cpu_raise) */
    uint64_t insn_budget;        /* instructions left in a limited run; UINT64_MAX = unlimited (flat machines) */
    struct lp_pauth pauth;       /* the keys */
    /* exec's own */
    _Atomic bool shared;         /* others, threads or processes, see this memory: pairs must be one access (ldst.c) */
    _Atomic uint64_t landing;    /* bits of a BR's or BLR's target that make it look closer (bti.c) */
    struct lp_tally *tally;      /* what this thread has counted (count.c) */
    bool checked;                /* this machine runs in checked mode (flat memory, --isolate) */
    struct lp_cpu *next;         /* in the gate's list */
    _Atomic int where;           /* enum lp_where, for the gate */
    sigjmp_buf *recover; /* of the run in progress: first member of its struct lp_recover */
    bool rerun;          /* an op that faulted is being run again, checked */
    unsigned need;       /* rights that the last checked access needed */
    struct lp_track *track; /* where it can go back to; NULL = nowhere (track.c) */
    struct { uint32_t saved; bool in; } host_fp; /* the host's own FP control word while guest code runs (fp.c) */
};
/* A JIT addresses these fields by displacement: moving one is a decision, not an accident. */
_Static_assert(offsetof(struct lp_cpu, x) == 0, "x first");
_Static_assert(offsetof(struct lp_cpu, pc) == 272, "pc");
_Static_assert(offsetof(struct lp_cpu, f) == 280, "flags");
_Static_assert(offsetof(struct lp_cpu, poll) == 284, "poll");
_Static_assert(offsetof(struct lp_cpu, mem) == 288, "mem");
_Static_assert(offsetof(struct lp_cpu, ops) == 296, "ops");
_Static_assert(offsetof(struct lp_cpu, v) == 320, "v");

/* The formula, both ways; as integers, because a flat machine's `ops` lies far outside its map. */
static inline uint64_t lp_op_pc(const struct lp_cpu *cpu, const struct lp_op *op) { return ((uintptr_t)op - (uintptr_t)cpu->ops) >> 2; }
static inline struct lp_op *lp_op_at(const struct lp_cpu *cpu, uint64_t pc) { return (struct lp_op *)((uintptr_t)cpu->ops + (uintptr_t)pc * 4); }

/* Is SP such that an access based on it faults? */
static inline bool lp_sp_is_tilted(const struct lp_cpu *cpu) { return (cpu->x[LP_SLOT_SP] & 15) != 0; }

/* Architectural reset state: zero registers, monitor open; the model is max. `as`, `gate`, `up`, `owner` are borrowed. */
void lp_cpu_init(struct lp_cpu *cpu, struct lp_mem *as, struct lp_gate *gate, const struct lp_upcalls *up, void *owner);
/* Run from cpu->pc until cpu->stop != 0 (returned, and cleared) or the budget is used up (returns 0). Call on the guest's thread. */
int lp_cpu_run(struct lp_cpu *cpu);
/* Has this CPU branch target identification? Without, cpu->pstate never has LP_PSTATE_BTYPE, and guarded pages are like others. */
bool lp_cpu_has_bti(const struct lp_cpu *cpu);
/* In the upcall for a watched op: the thread can go back to this instruction until it has left the function that begins here, or what it does cannot be
 * taken back (track.c). An earlier such place stays; without memory there is none. */
void lp_cpu_track(struct lp_cpu *cpu, uint64_t tag);
void lp_cpu_untrack(struct lp_cpu *cpu); /* something is done for the thread that cannot be taken back; also at its end */
/* Can it go back? Where: PC, SP and the return address there, and the tag. */
struct lp_place_back { uint64_t pc, sp, to, tag; };
bool lp_cpu_tracked(const struct lp_cpu *cpu, struct lp_place_back *out);
void lp_cpu_go_back(struct lp_cpu *cpu); /* outside handlers; only if it can */
/* The guest-visible state of `from`: registers, flags, PC, thread pointers, and the model (a new thread or process starts so). */
void lp_cpu_copy(struct lp_cpu *to, const struct lp_cpu *from);

/* NZCV as the architecture packs it, bits 31:28. */
static inline uint32_t lp_nzcv(const struct lp_cpu *c)
{
    return (uint32_t)c->f.n << 31 | (uint32_t)c->f.z << 30 | (uint32_t)c->f.c << 29 | (uint32_t)c->f.v << 28;
}
static inline void lp_set_nzcv(struct lp_cpu *c, uint32_t w)
{
    c->f.n = w >> 31 & 1, c->f.z = w >> 30 & 1, c->f.c = w >> 29 & 1, c->f.v = w >> 28 & 1;
}

/* ---- invalidation (exec/opmap.c) ---- */
/* Forget decoded ops for guest bytes [start, end), which have changed already, and the few before (chains that reach into them). Threads that run
 * there meanwhile run the old instruction or the new one; who needs all of a change or nothing holds the gate. Any thread. */
void lp_ops_invalidate(struct lp_mem *as, uint64_t start, uint64_t end);
/* The same for a few words, while every thread is between two instructions: it will not have to be made sure again when they are decoded. */
void lp_ops_reset(struct lp_mem *as, uint64_t start, uint64_t end);
/* Counters of executions (exec/count.c). Times are of CLOCK_REALTIME. Any thread. */
struct lp_count { uint64_t hits, first_ms, last_ms; };
unsigned lp_counter_new(void); /* a number; 0 = no memory */
void lp_counter_free(unsigned id); /* nothing is counted with it any more; 0 is allowed */
struct lp_count lp_counter_read(unsigned id);
/* See what has been executed by now; called now and then while it returns true. last_ms is as exact as that. */
bool lp_counter_tick(void);
/* What is counted or watched changes while the caller holds the gate or nothing runs. Forget it for an address space that goes away. */
void lp_ops_drop(struct lp_mem *as);
/* Count executions of the instruction at pc; counter 0 stops it. Survives invalidation. Returns 0 or -ENOMEM. */
int lp_ops_count(struct lp_mem *as, uint64_t pc, unsigned counter);
/* Call up->watched before each execution of the instruction at pc. Off as often as on ends it: a place may have several watchers, and a counter.
 * Survives invalidation. Returns 0 or -ENOMEM (on only). */
int lp_ops_watch(struct lp_mem *as, uint64_t pc, bool on);
#endif
