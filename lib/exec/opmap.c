/* exec/opmap.c - decoding on demand into the op map, forgetting, and ops that are counted or watched.
 *
 * Other threads run while a slot changes. Forgetting stores the code alone: a thread that has just read the old one still finds its
 * operands, as a CPU that has fetched an instruction. So a slot gets other operands only when every thread has passed a safepoint since
 * (settle). What is forgotten while it is being decoded is found out by looking at the words again. */
#include <config.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "a64/a64.h"
#include "a64/fields.gen.h"
#include "base/bits.h"
#include "exec/fuse.h"
#include "exec/gate.h"
#include "exec/model.h"
#include "exec/run.h"
#include "mem/fault.h"
#include "mem/mem.h"

/* Ops are published by one thread at a time; whoever sees a code (acquire) sees its operands. */
static pthread_mutex_t publish = PTHREAD_MUTEX_INITIALIZER;

void lp_ops_before_fork(void)
{
    pthread_mutex_lock(&publish);
    lp_count_before_fork();
}

void lp_ops_after_fork(void)
{
    lp_count_after_fork();
    pthread_mutex_unlock(&publish);
}

static unsigned load_code(const struct lp_op *op) { return __atomic_load_n(&op->code, __ATOMIC_ACQUIRE); }
static void store_code(struct lp_op *op, unsigned code) { __atomic_store_n(&op->code, (uint16_t)code, __ATOMIC_RELEASE); }

/* Between a store and a load that must not change places: of two threads, the second sees what the first stored before. */
static void order(void)
{
    static _Atomic int turn;
    atomic_fetch_add_explicit(&turn, 1, memory_order_acq_rel);
}

/* Has no other thread ever run code of this address space? */
static bool alone(const struct lp_cpu *cpu) { return !atomic_load_explicit(&cpu->shared, memory_order_relaxed) || cpu->gate == NULL; }

static bool any_decoded(const struct lp_op *op, const struct lp_op *end)
{
    for (; op < end; op++)
        if (load_code(op) != LP_CODE_DECODE)
            return true;
    return false;
}

static void zero_ops(struct lp_op *op, const struct lp_op *end)
{
    for (; op < end; op++)
        if (load_code(op) != LP_CODE_DECODE)
            store_code(op, LP_CODE_DECODE);
}

/* ---- counted and watched ops: an open hash by (address space, pc), written only while nothing runs that could read it ---- */

struct counter { struct lp_mem *as; uint64_t pc; unsigned id, code, watches; }; /* as NULL: free; id and watches 0: deleted; code: what runs */
static struct counter *counters;
static size_t ncounters, used; /* slots (power of two), slots that were ever used */

static size_t slot_of(struct lp_mem *as, uint64_t pc)
{
    size_t i = (size_t)((pc >> 2) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (ncounters - 1);
    while (counters[i].as != NULL && (counters[i].as != as || counters[i].pc != pc))
        i = (i + 1) & (ncounters - 1);
    return i;
}

static bool in_use(const struct counter *c) { return c->id != 0 || c->watches != 0; }

static struct counter *counter_at(struct lp_mem *as, uint64_t pc)
{
    struct counter *c = ncounters ? &counters[slot_of(as, pc)] : NULL;
    return c != NULL && in_use(c) ? c : NULL;
}

static int grow_counters(void)
{
    struct counter *old = counters;
    size_t n = ncounters, want = n ? 2 * n : 64;
    struct counter *fresh = calloc(want, sizeof *fresh);
    if (fresh == NULL)
        return -ENOMEM;
    counters = fresh;
    ncounters = want;
    used = 0;
    for (size_t i = 0; i < n; i++) {
        if (old[i].as != NULL && in_use(&old[i])) {
            counters[slot_of(old[i].as, old[i].pc)] = old[i];
            used++;
        }
    }
    free(old);
    return 0;
}

/* The entry of pc, made if there is none; NULL = no memory. */
static struct counter *reserve(struct lp_mem *as, uint64_t pc)
{
    if (2 * (used + 1) > ncounters && grow_counters() != 0)
        return NULL;
    struct counter *c = &counters[slot_of(as, pc)];
    used += c->as == NULL;
    c->as = as;
    c->pc = pc;
    return c;
}

int lp_ops_count(struct lp_mem *as, uint64_t pc, unsigned counter)
{
    struct counter *c = reserve(as, pc);
    if (c == NULL)
        return -ENOMEM;
    c->id = counter;
    lp_ops_invalidate(as, pc, pc + 4);
    return 0;
}

int lp_ops_watch(struct lp_mem *as, uint64_t pc, bool on)
{
    struct counter *c = on ? reserve(as, pc) : counter_at(as, pc);
    if (c == NULL)
        return on ? -ENOMEM : 0;
    if (on)
        c->watches++;
    else if (c->watches != 0)
        c->watches--;
    lp_ops_invalidate(as, pc, pc + 4);
    return 0;
}

void lp_ops_drop(struct lp_mem *as)
{
    for (size_t i = 0; i < ncounters; i++)
        if (counters[i].as == as)
            counters[i].id = counters[i].watches = 0;
}

/* ---- decoding ---- */

enum { BATCH = 32 };

/* Can an op be there? A flat machine's addresses are no power of two. */
bool lp_pc_valid(const struct lp_cpu *cpu, uint64_t pc)
{
    return (pc & 3) == 0 && pc < cpu->limit && (!lp_mem_is_flat(cpu->as) || lp_mem_flags(cpu->as, pc) != 0);
}

/* ESR_EL1 of an instruction abort from EL0, level 3, or as Linux shows it outside the 48 bits of a program; EC 0x22 is a misaligned PC. */
static uint32_t fetch_abort(bool mapped, uint64_t pc) { return 0x82000000 | (mapped ? 0x0f : pc >> 48 ? 0x04 : 0x07); }

static _Noreturn void fetch_fault(struct lp_cpu *cpu, uint64_t pc)
{
    bool mapped = (lp_mem_flags(cpu->as, pc) & LP_MAPPED) != 0;
    lp_cpu_raise_at(cpu, pc, LP_SIGSEGV, mapped ? LP_SEGV_ACCERR : LP_SEGV_MAPERR, pc, fetch_abort(mapped, pc));
}

struct lp_op *lp_op_enter(struct lp_cpu *cpu, uint64_t pc)
{
    pc = lp_branch_addr(pc);
    if (pc & 3)
        lp_cpu_raise_at(cpu, pc, LP_SIGBUS, LP_BUS_ADRALN, pc, 0x8a000000);
    if (!lp_pc_valid(cpu, pc))
        fetch_fault(cpu, pc);
    struct lp_op *op = lp_op_at(cpu, pc);
    if (__builtin_expect((cpu->pstate & LP_PSTATE_BTYPE) != 0, 0))
        lp_bti_land(cpu, op, pc);
    return op;
}

/* Copy the words from pc on that are decoded in one go: up to the end of the page. 0 if they cannot be read. */
static unsigned fetch(struct lp_cpu *cpu, uint64_t pc, uint32_t words[BATCH])
{
    uint64_t len = LP_PAGE - (pc & (LP_PAGE - 1));
    if (len > BATCH * 4)
        len = BATCH * 4;
    if (lp_mem_is_flat(cpu->as) && len > lp_mem_limit(cpu->as) - pc)
        len = lp_mem_limit(cpu->as) - pc;
    struct lp_recover r;
    volatile unsigned n = 0;
    if (lp_recover_begin(&r) == 0) {
        const uint32_t *from = (const uint32_t *)((uintptr_t)cpu->mem + (uintptr_t)pc);
        for (unsigned i = 0; i < len / 4; i++)
            words[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED); /* a patch may be stored at this moment */
        n = (unsigned)(len / 4);
    }
    lp_recover_end(&r);
    return n;
}

/* A direct branch that leaves the op map takes the way of the indirect ones, which looks where it goes. */
static void check_target(struct lp_cpu *cpu, struct lp_op *op, unsigned row, uint32_t word, uint64_t pc)
{
    uint64_t target;
    if ((lp_a64_rows[row].flags & LP_ROW_BRANCH) && (!lp_a64_target(word, pc, &target) || !lp_pc_valid(cpu, target)))
        op->code = (uint16_t)LP_CODE_OF_ROW(row);
}

/* Does nothing follow in a straight line? Then there is no point in decoding on. */
static bool ends(uint32_t word, unsigned row)
{
    return row == A64_UNDEFINED || (lp_a64_rows[row].flags & LP_ROW_JUMP) || (word & 0xfc000000) == 0x14000000;
}

static bool same_operands(const struct lp_op *a, const struct lp_op *b)
{
    return memcmp((const char *)a + sizeof a->code, (const char *)b + sizeof b->code, sizeof *a - sizeof a->code) == 0;
}

/* With the lock held: publish decoded op `in`, followed by n - 1 more (published already) that may run with it, unless somebody has been faster.
 * Returns how many ops an op before this one may run with. */
static unsigned put(struct lp_cpu *cpu, struct lp_op *op, const struct lp_op *in, unsigned n, uint8_t *cost)
{
    unsigned code = in->code, chain = lp_op_fuse(in, n, cost), there = load_code(op);
    /* A slot that is in use may hold an older word of code that the guest wrote without telling. */
    if (there != LP_CODE_DECODE)
        return !lp_code_counts(there) && same_operands(op, in) ? n : 0;
    struct counter *c = counter_at(cpu->as, lp_op_pc(cpu, op));
    if (c != NULL)
        c->code = code, code = LP_CODE_COUNTER, n = 0;
    else if (chain != 0)
        code = chain;
    memcpy((char *)op + sizeof op->code, (const char *)in + sizeof op->code, sizeof *op - sizeof op->code);
    store_code(op, code);
    return n;
}

/* With the lock held: a counted B has its counter's place in the op, and its distance in bytes, which is quicker than looking for them. */
static void number_branches(struct lp_cpu *cpu, const struct lp_op *op, struct lp_op *in, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const struct counter *c = in[i].code == LP_CODE_B_ ? counter_at(cpu->as, lp_op_pc(cpu, op + i)) : NULL;
        if (c != NULL)
            in[i].w[0] = c->id * (unsigned)sizeof(struct lp_own_count), in[i].s[1] = a64_unpack_B(&in[i]).off * (int)sizeof(struct lp_op);
    }
}

/* Is there a slot that a thread may still be running with other operands? */
static bool stale(const struct lp_op *op, const struct lp_op *in, unsigned n)
{
    static const struct lp_op none;
    for (unsigned i = 0; i < n; i++)
        if (load_code(op + i) == LP_CODE_DECODE && !same_operands(op + i, &none) && !same_operands(op + i, &in[i]))
            return true;
    return false;
}

/* Clear what is stale while no thread is between two safepoints. */
static void settle(struct lp_cpu *cpu, struct lp_op *op, unsigned n)
{
    cpu->pc = lp_op_pc(cpu, op);
    lp_gate_stop(cpu->gate, cpu);
    for (unsigned i = 0; i < n; i++)
        if (load_code(op + i) == LP_CODE_DECODE)
            memset((char *)(op + i) + sizeof op->code, 0, sizeof *op - sizeof op->code);
    lp_gate_resume(cpu->gate);
}

/* Are the words at pc still those, and executable? */
static bool unchanged(struct lp_cpu *cpu, uint64_t pc, const uint32_t *words, unsigned n)
{
    uint32_t now[BATCH];
    order();
    return lp_mem_flags(cpu->as, pc) & LP_X && fetch(cpu, pc, now) >= n && memcmp(now, words, n * sizeof *now) == 0;
}

/* With the lock held, for ops of one page. Backwards, so that a chain finds its other elements in place. A counted or watched op stays by itself. */
static void publish_ops(struct lp_cpu *cpu, struct lp_op *op, const struct lp_op *in, unsigned n)
{
    uint8_t cost[BATCH + 1], *decoded = lp_mem_decoded(cpu->as);
    unsigned run = 0;
    if (decoded != NULL)
        __atomic_store_n(&decoded[lp_op_pc(cpu, op) / LP_PAGE], 1, __ATOMIC_RELAXED);
    while (n-- > 0)
        run = put(cpu, op + n, &in[n], run + 1, &cost[n]);
}

/* May return without having decoded, when others change the code: the caller looks at the slot again. */
void lp_op_decode(struct lp_cpu *cpu, struct lp_op *op)
{
    const uint64_t pc = lp_op_pc(cpu, op), features = lp_cpu_in_effect(lp_cpu_model(cpu));
    uint32_t words[BATCH];
    struct lp_op in[BATCH];
    if (!lp_pc_valid(cpu, pc) || (lp_mem_flags(cpu->as, pc) & LP_X) == 0)
        fetch_fault(cpu, pc);
    unsigned n = fetch(cpu, pc, words), k = 0;
    if (n == 0)
        lp_cpu_raise_at(cpu, pc, LP_SIGBUS, LP_BUS_ADRERR, pc, fetch_abort(false, pc));
    for (bool end = false; k < n && !end; k++) {
        unsigned row = lp_a64_decode(words[k], pc + 4 * k, features, &in[k]);
        check_target(cpu, &in[k], row, words[k], pc + 4 * k);
        end = ends(words[k], row);
    }
    const bool others = !alone(cpu); /* they may run here, or change the words, at this moment */
    pthread_mutex_lock(&publish);
    number_branches(cpu, op, in, k);
    bool wait = others && stale(op, in, k);
    if (!wait)
        publish_ops(cpu, op, in, k);
    if (others && !wait && !unchanged(cpu, pc, words, k))
        zero_ops(op, op + k);
    pthread_mutex_unlock(&publish);
    if (wait)
        settle(cpu, op, k);
}

/* ---- counted and watched ops ---- */

unsigned lp_op_code(const struct lp_cpu *cpu, const struct lp_op *op)
{
    unsigned code = load_code(op);
    return lp_code_counts(code) ? counters[slot_of(cpu->as, lp_op_pc(cpu, op))].code : code;
}

static unsigned count(struct lp_cpu *cpu, const struct counter *c)
{
    if (c->id != 0)
        lp_count_first(cpu, c->id);
    return c->code;
}

/* The upcall may have let others change the code: what is here now runs, and nobody is asked a second time. */
static __attribute__((noinline, cold)) unsigned watched(struct lp_cpu *cpu, const struct lp_op *op)
{
    const uint64_t pc = lp_op_pc(cpu, op);
    const bool leave = lp_cpu_watched(cpu, pc);
    unsigned code;
    while ((code = load_code(op)) == LP_CODE_DECODE)
        lp_op_decode(cpu, lp_op_at(cpu, pc));
    if (lp_code_counts(code))
        code = count(cpu, &counters[slot_of(cpu->as, pc)]);
    if (leave)
        lp_cpu_run_slowly(cpu, op, code);
    return code;
}

unsigned lp_op_counted(struct lp_cpu *cpu, const struct lp_op *op)
{
    const struct counter *c = &counters[slot_of(cpu->as, lp_op_pc(cpu, op))];
    uint16_t counter = LP_CODE_COUNTER;
    if (__builtin_expect(c->watches != 0, 0))
        return watched(cpu, op);
    unsigned code = count(cpu, c);
    /* The first time is noted: from now on only the number matters. */
    if (code == LP_CODE_B_)
        __atomic_compare_exchange_n(&lp_op_at(cpu, lp_op_pc(cpu, op))->code, &counter, LP_CODE_COUNTED_B, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
    return code;
}

/* ---- forgetting ---- */

static struct lp_op *op_of(struct lp_mem *as, uint64_t pc) { return (struct lp_op *)((uintptr_t)lp_mem_ops(as) + (uintptr_t)pc * 4); }

/* Forget what is decoded in [start, end), of the pages where something ever was: looking at others would give them memory. Operands stay,
 * and with them the memory of the map: a thread may run there. */
static void forget(struct lp_mem *as, uint64_t start, uint64_t end)
{
    const uint8_t *decoded = lp_mem_decoded(as);
    const uint64_t limit = lp_mem_limit(as), before = 4 * (LP_CHAIN_MAX - 1); /* chains there may reach into the range */
    if (start >= limit || start >= end)
        return;
    end = end < limit ? (end + 3) & ~UINT64_C(3) : limit;
    start &= ~UINT64_C(3);
    if (decoded == NULL) {
        zero_ops(op_of(as, start) - (LP_CHAIN_MAX - 1), op_of(as, end)); /* there are spare ops in front */
        return;
    }
    start -= start < before ? start : before;
    for (uint64_t next; start < end; start = next) {
        next = (start | (LP_PAGE - 1)) + 1;
        if (__atomic_load_n(&decoded[start / LP_PAGE], __ATOMIC_RELAXED))
            zero_ops(op_of(as, start), op_of(as, next < end ? next : end));
    }
}

void lp_ops_invalidate(struct lp_mem *as, uint64_t start, uint64_t end)
{
    order();
    forget(as, start, end);
}

void lp_ops_reset(struct lp_mem *as, uint64_t start, uint64_t end)
{
    lp_ops_invalidate(as, start, end);
    for (struct lp_op *op = op_of(as, start & ~UINT64_C(3)), *stop = op_of(as, (end + 3) & ~UINT64_C(3)); op < stop; op++)
        memset(op, 0, sizeof *op);
}

static void forget_line(void *as, uint64_t addr, uint64_t len)
{
    if (any_decoded(op_of(as, addr), op_of(as, addr + len)))
        forget(as, addr, addr + len);
}

/* An instruction cache is found by physical address: what is shared may run elsewhere than where the program wrote it, or tells of it. */
void lp_cpu_icache(struct lp_cpu *cpu, uint64_t addr)
{
    addr = lp_branch_addr(addr) & ~(uint64_t)(LP_LINE - 1);
    if (addr >= cpu->limit)
        return;
    order();
    if (lp_mem_flags(cpu->as, addr) & LP_SHARED)
        lp_mem_views(cpu->as, addr, LP_LINE, forget_line, cpu->as);
    else
        forget_line(cpu->as, addr, LP_LINE);
}
