/* vm/flat.c - flat machines: an embedder's buffer as memory, no operating system. */
#include <config.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <arm64lp/vm.h>
#include "base/error.h"
#include "exec/cpu.h"
#include "exec/gate.h"
#include "mem/mem.h"

struct lp_machine_state {
    struct lp_mem *mem;
    struct lp_gate gate;
    struct lp_cpu cpu;
    uint64_t detail;
    const uint8_t *host; /* as at lp_machine_init */
    size_t size;
    uint64_t base;
    bool stopped;
    struct lp_machine_state *next;
};

/* All machines of the process, so that a change of code reaches those over the changed memory. */
static struct { pthread_mutex_t lock; struct lp_machine_state *first; } machines = {PTHREAD_MUTEX_INITIALIZER, NULL};

/* cpu.stop is the reason plus one. */
static void stop(struct lp_cpu *cpu, enum lp_machine_stop why, uint64_t detail)
{
    struct lp_machine_state *s = cpu->owner;
    s->detail = detail;
    cpu->stop = (int)why + 1;
}

static void on_svc(struct lp_cpu *cpu, uint32_t imm16) { stop(cpu, LP_STOP_SVC, imm16); }

static void on_fault(struct lp_cpu *cpu, const struct lp_fault *fault)
{
    uint32_t word = 0;
    if (fault->signo == SIGTRAP && lp_mem_read(cpu->as, &word, cpu->pc, sizeof word) == 0 && (word & 0xffe0001f) == 0xd4200000)
        stop(cpu, LP_STOP_BRK, word >> 5 & 0xffff);
    else
        stop(cpu, LP_STOP_FAULT, (uint64_t)fault->signo);
}

static void on_safepoint(struct lp_cpu *cpu) { (void)cpu; }

static const struct lp_upcalls upcalls = {.svc = on_svc, .fault = on_fault, .safepoint = on_safepoint};

static void add(struct lp_machine_state *s)
{
    pthread_mutex_lock(&machines.lock);
    s->next = machines.first;
    machines.first = s;
    pthread_mutex_unlock(&machines.lock);
}

static void drop(struct lp_machine_state *s)
{
    pthread_mutex_lock(&machines.lock);
    for (struct lp_machine_state **p = &machines.first; *p; p = &(*p)->next)
        if (*p == s) {
            *p = s->next;
            break;
        }
    pthread_mutex_unlock(&machines.lock);
}

lp_status lp_machine_init(lp_machine *m, void *memory, size_t mem_size, uint64_t base_addr, struct lp_error *err)
{
    *m = (lp_machine){memory, mem_size, base_addr, NULL};
    if (!memory || !mem_size || mem_size & 3 || base_addr & 3 || base_addr + mem_size < base_addr)
        return lp_fail(err, LP_E_INVALID, "a machine needs memory whose size and base address are multiples of 4 (0x%zx bytes at 0x%llx)",
                       mem_size, (unsigned long long)base_addr);
    struct lp_machine_state *s = aligned_alloc(64, (sizeof *s + 63) / 64 * 64);
    if (!s)
        return lp_fail(err, LP_E_NOMEM, "no memory for a machine");
    lp_status r = lp_mem_new_flat(memory, mem_size, base_addr, &s->mem, err);
    if (r != LP_OK) {
        free(s);
        return r;
    }
    lp_gate_init(&s->gate);
    lp_cpu_init(&s->cpu, s->mem, &s->gate, &upcalls, s);
    s->cpu.checked = true; /* no guard pages around a caller's buffer */
    s->cpu.pc = base_addr;
    lp_gate_add(&s->gate, &s->cpu);
    s->detail = 0;
    s->host = memory;
    s->size = mem_size;
    s->base = base_addr;
    s->stopped = false;
    m->state = s;
    add(s);
    return LP_OK;
}

void lp_machine_fini(lp_machine *m)
{
    struct lp_machine_state *s = m->state;
    if (!s)
        return;
    drop(s);
    lp_gate_remove(&s->gate, &s->cpu);
    lp_gate_destroy(&s->gate);
    lp_mem_free(s->mem);
    free(s);
    m->state = NULL;
}

uint64_t lp_machine_get(const lp_machine *m, unsigned n)
{
    const struct lp_cpu *c = &m->state->cpu;
    return n <= 31 ? c->x[n] : n == 32 ? c->pc : n == 33 ? lp_nzcv(c) : 0;
}

void lp_machine_set(lp_machine *m, unsigned n, uint64_t value)
{
    struct lp_cpu *c = &m->state->cpu;
    if (n <= 31)
        c->x[n] = value;
    else if (n == 32)
        c->pc = value;
    else if (n == 33)
        lp_set_nzcv(c, (uint32_t)value);
}

enum lp_machine_stop lp_machine_run(lp_machine *m, uint64_t max_insns, uint64_t *detail)
{
    struct lp_machine_state *s = m->state;
    s->cpu.insn_budget = max_insns;
    s->detail = 0;
    int why = max_insns ? lp_cpu_run(&s->cpu) : 0;
    if (detail)
        *detail = s->detail;
    return why ? (enum lp_machine_stop)(why - 1) : LP_STOP_BUDGET;
}

/* Of this thread: between lp_machines_stop() and lp_machines_resume(), with the lock. */
static _Thread_local bool stopping;

/* What of [from, to) the machine has. */
static bool overlap(const struct lp_machine_state *s, const uint8_t **from, const uint8_t **to)
{
    if (*from < s->host) *from = s->host;
    if (*to > s->host + s->size) *to = s->host + s->size;
    return *from < *to;
}

static void forget(struct lp_machine_state *s, const uint8_t *from, const uint8_t *to)
{
    if (!overlap(s, &from, &to)) return;
    if (!s->stopped) lp_gate_stop(&s->gate, NULL);
    lp_ops_invalidate(s->mem, s->base + (uint64_t)(from - s->host), s->base + (uint64_t)(to - s->host));
    if (!s->stopped) lp_gate_resume(&s->gate);
}

void lp_machine_code_changed(const void *host, size_t len)
{
    const uint8_t *from = host;
    if (!stopping) pthread_mutex_lock(&machines.lock);
    for (struct lp_machine_state *s = machines.first; s; s = s->next) forget(s, from, from + len);
    if (!stopping) pthread_mutex_unlock(&machines.lock);
}

void lp_machines_stop(const void *host, size_t len)
{
    pthread_mutex_lock(&machines.lock);
    stopping = true;
    for (struct lp_machine_state *s = machines.first; s; s = s->next) {
        const uint8_t *from = host, *to = from + len;
        s->stopped = overlap(s, &from, &to);
        if (s->stopped) lp_gate_stop(&s->gate, NULL);
    }
}

void lp_machines_resume(void)
{
    for (struct lp_machine_state *s = machines.first; s; s = s->next) {
        if (s->stopped) lp_gate_resume(&s->gate);
        s->stopped = false;
    }
    stopping = false;
    pthread_mutex_unlock(&machines.lock);
}
