/* exec/gate.h - stopping every guest thread of one machine between two instructions.
 *
 * A thread is RUNNING guest code, OUTSIDE (in a host system call, or not in guest code at all) or PARKED. It may go from OUTSIDE to
 * RUNNING only through lp_gate_enter(), which waits while the gate is closed: so a thread that blocks in a system call counts as
 * stopped, is never interrupted for it, and meets the gate on return.
 */
#ifndef LP_EXEC_GATE_H
#define LP_EXEC_GATE_H
#include <pthread.h>
#include <stdbool.h>
#include "exec/cpu.h"

enum lp_where { LP_OUTSIDE = 0, LP_RUNNING = 1, LP_PARKED = 2 };

struct lp_gate {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a cpu parked, left, or the gate opened */
    struct lp_cpu *cpus;
    bool closed;            /* one stopper at a time */
    bool shared;            /* lp_gate_share() was called */
    _Atomic uint64_t untracked; /* a thread need not go back to a place that it noted with a lower tag (track.c) */
};

void lp_gate_init(struct lp_gate *g);
void lp_gate_destroy(struct lp_gate *g);
void lp_gate_add(struct lp_gate *g, struct lp_cpu *cpu);    /* the cpu is OUTSIDE */
void lp_gate_remove(struct lp_gate *g, struct lp_cpu *cpu); /* waits while the gate is closed: never on a thread that is RUNNING */
void lp_gate_share(struct lp_gate *g); /* other processes see memory of these cpus, and of those that come: cpu->shared */

/* Guest thread: into and out of guest code. Leaving is one store and a check; entering is one compare and swap when the gate is open. */
void lp_gate_enter(struct lp_cpu *cpu);
void lp_gate_leave(struct lp_cpu *cpu);
/* Guest thread, at a safepoint with LP_POLL_GATE set: wait until the gate opens. cpu->pc is valid. */
void lp_gate_park(struct lp_cpu *cpu);

/* Any other thread: close the gate, wait until no cpu is RUNNING; registers of every cpu may then be read and code may
 * be changed. A cpu that is `self` (may be NULL) is not waited for. */
void lp_gate_stop(struct lp_gate *g, struct lp_cpu *self);
void lp_gate_resume(struct lp_gate *g);
/* Around fork: no other thread may be half-way through the gate or through the publishing of ops. In the child (child: its thread's cpu, else NULL) only
 * that one is left, and the gate is open. */
void lp_gate_before_fork(struct lp_gate *g);
void lp_ops_before_fork(void); /* parts of it: opmap.c, count.c */
void lp_count_before_fork(void);
void lp_count_in_child(void);
void lp_gate_after_fork(struct lp_gate *g, struct lp_cpu *child);
#endif
