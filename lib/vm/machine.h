/* vm/machine.h - what the process machine is made of. */
#ifndef LP_VM_MACHINE_H
#define LP_VM_MACHINE_H
#include <arm64lp/vm.h>
#include "control/server.h"
#include "kernel/limits.h"
#include "kernel/process.h"
#include "live/live.h"

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
    uint64_t awaited; /* the program's first instruction, until it is executed; 0 = nothing waits for that */
    char *program; /* as the caller named it */
    uint64_t program_dev, program_ino; /* its file */
    bool stores;   /* one of config.patch_dirs is there */
    struct lp_watches *watches; /* patch files (watch.c); NULL = none */
    bool spoilt;   /* parts of a program that could not be loaded are there */
    bool running;  /* a thread of the program is in a host call that does not end: nothing that it may touch is freed */
};

/* ---- control.c ---- */
/* A socket that was asked for must be there; the per-user default is a convenience. */
lp_status lp_vm_start_control(struct lp_vm *vm, struct lp_error *err);
/* Close a descriptor of lp_vm_hide_fd. */
void lp_vm_close_fd(struct lp_vm *vm, int fd);
/* ---- stored.c ---- */
/* An object has come: what the stores have for it is applied. Not LP_OK: the program is not to start. */
lp_status lp_vm_stored_objects(struct lp_vm *vm, struct lp_error *err);
/* ---- watch.c ---- */
lp_status lp_vm_start_watches(struct lp_vm *vm, struct lp_error *err);
void lp_vm_watches_after_fork(struct lp_vm *vm);
void lp_vm_stop_watches(struct lp_vm *vm);
/* Without their threads for a while. */
void lp_vm_pause_watches(struct lp_vm *vm, bool begin);
/* ---- objects.c ---- */
void lp_vm_watch_objects(struct lp_vm *vm);
/* Before it runs: patches that wait for the dynamic linker must be complete when it hands over. */
lp_status lp_vm_watch_entry(struct lp_vm *vm, struct lp_error *err);
#endif
