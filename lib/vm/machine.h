/* vm/machine.h - what the process machine is made of. */
#ifndef LP_VM_MACHINE_H
#define LP_VM_MACHINE_H
#include <arm64lp/vm.h>
#include "control/server.h"
#include "kernel/limits.h"
#include "kernel/process.h"
#include "patch/live.h"

struct lp_vm {
    struct lp_vm_config config;
    struct lp_log log;
    struct lp_mem *mem;
    struct lp_gate gate;
    struct lp_kernel *kernel;
    struct lp_live *live;
    lp_control_server *control;
    struct lp_fork_hook hook;
    struct rlimit limits[LP_LIMITS]; /* of the process, before it was this machine's */
    struct { char *exe, build_id[129]; } told; /* to lpapply */
    uint32_t entry_word; /* the program's first instruction, while an SVC is there */
    char *program; /* as the caller named it */
    uint64_t program_dev, program_ino; /* its file */
    bool running;  /* a thread of the program is in a host call that does not end: nothing that it may touch is freed */
};

/* ---- control.c ---- */
/* A socket that was asked for must be there; the per-user default is a convenience. */
lp_status lp_vm_start_control(struct lp_vm *vm, struct lp_error *err);
/* ---- objects.c ---- */
void lp_vm_watch_objects(struct lp_vm *vm);
/* Before it runs: patches that wait for the dynamic linker must be complete when it hands over. */
void lp_vm_watch_entry(struct lp_vm *vm);
#endif
