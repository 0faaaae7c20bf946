/* live/live.h - patches on a running program: PREPARE (running) -> STOP -> CHECK -> COMMIT all or nothing -> RESUME.
 * Thread-safe: one call at a time does its work, the others wait. Never call it on a guest thread. */
#ifndef LP_LIVE_LIVE_H
#define LP_LIVE_LIVE_H
#include <arm64lp/control.h>

struct lp_live;
struct lp_mem;
struct lp_gate;
struct lp_cpu;

/* mem and gate are borrowed; gate NULL = no thread runs this memory. */
lp_status lp_live_new(struct lp_mem *mem, struct lp_gate *gate, struct lp_live **out, struct lp_error *err);
void lp_live_free(struct lp_live *live);
/* A loaded object: run-time address = link-time address + bias. The first one is the main program. elf is borrowed. */
lp_status lp_live_add_object(struct lp_live *live, const lp_elf *elf, uint64_t bias, struct lp_error *err);

/* What happens to patches on a guest's thread: level as for a log. */
struct lp_live_events {
    void (*say)(void *ctx, int level, const char *text);
    /* Under the gate: "thread 4711 (worker), in read,". May be NULL. */
    void (*who)(void *ctx, const struct lp_cpu *cpu, char *buf, size_t size);
    void *ctx;
};
void lp_live_on_event(struct lp_live *live, const struct lp_live_events *e);
/* On a guest's thread in a system call: a file was mapped (`code`: executable). True: lp_live_settle is to be called. */
bool lp_live_mapped(struct lp_live *live, bool code);
/* May a change of the mappings be what a patch waits for? */
bool lp_live_expects(struct lp_live *live);
/* The same, outside the gate's RUNNING state: patches that wait for an object are applied if the dynamic linker has relocated it, which it shows by
 * taking the right to write from pages; [start, end) are such pages, end 0 = none. Not LP_OK: a patch that must be there does not fit, and the
 * program is not to go on. */
lp_status lp_live_settle(struct lp_live *live, const struct lp_cpu *cpu, uint64_t start, uint64_t end, struct lp_error *err);
/* Objects that no patch waits for are of interest too: lp_live_expects() says so, and each that has arrived is told of once, by its build-id in
 * hexadecimal. */
void lp_live_want_objects(struct lp_live *live);
bool lp_live_next_object(struct lp_live *live, char id[129]);
/* The same: [start, end) is about to go, and, in any case, has gone or could not. */
void lp_live_unmapped(struct lp_live *live, uint64_t start, uint64_t end, bool gone);
/* Around mremap, in the RUNNING state: are there patches in [from, from + len)? */
bool lp_live_may_move(const struct lp_live *live, uint64_t from, uint64_t len);
/* Outside it: there still are. Then no call changes anything until lp_live_after_move() has said where they are; to == from: there. */
bool lp_live_before_move(struct lp_live *live, const struct lp_cpu *cpu, uint64_t from, uint64_t len);
void lp_live_after_move(struct lp_live *live, uint64_t from, uint64_t to, uint64_t len);
/* Is a patch of LP_LIVE_WAIT incomplete? */
bool lp_live_waits(struct lp_live *live);
/* The same: the program's own code starts at `entry`, which was watched and is no longer; every such patch must be complete. The thread is outside the
 * gate. */
lp_status lp_live_started(struct lp_live *live, const struct lp_cpu *cpu, uint64_t entry, struct lp_error *err);

enum { LP_LIVE_LOADS = 1 << 16 }; /* a flag of options: on a guest's thread that has loaded an object, as lp_live_settle */
/* As lp_vm_apply, lp_vm_revert and lp_vm_list (arm64lp/vm.h). */
lp_status lp_live_apply(struct lp_live *live, const lp_patch *const *patches, size_t n, const struct lp_live_options *o,
                        struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err);
lp_status lp_live_revert(struct lp_live *live, const char *const *names, size_t n, const struct lp_live_options *o,
                         struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err);
lp_status lp_live_list(struct lp_live *live, int (*fn)(void *ctx, const struct lp_live_row *row), void *ctx, struct lp_error *err);

/* As lp_control_places, lp_control_functions, lp_control_journal and lp_control_stats (arm64lp/control.h). */
lp_status lp_live_places(struct lp_live *live, int (*fn)(void *ctx, const struct lp_live_place *row), void *ctx, struct lp_error *err);
lp_status lp_live_functions(struct lp_live *live, bool changed_only, int (*fn)(void *ctx, const struct lp_live_function *row), void *ctx,
                            struct lp_error *err);
lp_status lp_live_journal(struct lp_live *live, int (*fn)(void *ctx, const struct lp_live_event *row), void *ctx, struct lp_error *err);
lp_status lp_live_stats(struct lp_live *live, struct lp_live_stats *out, struct lp_error *err);

/* Around fork, on the guest's thread, outside the gate's RUNNING state or with no gate: the child has what is applied, and no call in progress. */
void lp_live_before_fork(struct lp_live *live);
void lp_live_after_fork(struct lp_live *live, bool child);

/* An lp_mem_changed_fn with the live engine as its context: forgets decoded code. Called on any thread. */
void lp_live_mem_changed(void *live, uint64_t start, uint64_t end);

/* For lp_upcalls.watched, in the gate's RUNNING state: the thread may have to wait here (wait.c), or to note that it has been here (trial.c). */
void lp_live_watched(struct lp_live *live, struct lp_cpu *cpu, bool vforked);
/* ---- patches on trial (trial.c), on the guest's thread ---- */
/* The thread is about to end the process by a signal (fault: which its instruction caused). Patches that are on trial and to blame are reverted. True:
 * it is to go on with lp_cpu_go_back(). Outside the RUNNING state. */
bool lp_live_dies(struct lp_live *live, struct lp_cpu *cpu, int signo, bool fault);
/* Trials that are over end; called now and then, on any thread but a guest's in guest code, while it returns true. */
bool lp_live_tick(struct lp_live *live);

/* For tests: step number `step` (1, 2, ...) of the next call that can fail does fail; 0 = none. Returns how many steps the last call had. */
int lp_live_set_fault(struct lp_live *live, int step);
#endif
