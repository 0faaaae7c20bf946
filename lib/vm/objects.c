/* vm/objects.c - the live engine hears of what the program maps, of the end of its dynamic linker's work, and of deaths. */
#include <config.h>
#include "base/error.h"
#include "elf/image.h"
#include "kernel/process.h"
#include "vm/machine.h"

#include <elf.h>

static void say(void *ctx, int level, const char *text) { lp_log(&((struct lp_vm *)ctx)->log, level, "%s", text); }

/* A patch of the command line does not fit: the program ends before its own code starts. */
static void give_up(struct lp_vm *vm, struct lp_thread *t, const struct lp_error *err)
{
    enum { NOT_STARTED = 125 };
    char text[1200];
    lp_error_format(err, text, sizeof text);
    lp_log(&vm->log, 0, "%s", text);
    if (err->hint[0])
        lp_log(&vm->log, 0, "hint: %s", err->hint);
    lp_kernel_exit(t, NOT_STARTED, 0);
}

/* As a thread that blocks: a patch in progress, which this one waits for, does not wait for it. */
static void settle(struct lp_vm *vm, struct lp_thread *t, uint64_t start, uint64_t end)
{
    struct lp_error err = {0};
    lp_gate_leave(&t->cpu);
    lp_status s = lp_live_settle(vm->live, &t->cpu, start, end, &err);
    if (s == LP_OK)
        s = lp_vm_stored_objects(vm, &err);
    lp_gate_enter(&t->cpu);
    if (s != LP_OK)
        give_up(vm, t, &err);
}

static void file_mapped(void *ctx, struct lp_thread *t, bool code)
{
    struct lp_vm *vm = ctx;
    if (lp_live_mapped(vm->live, code))
        settle(vm, t, 0, 0);
}

static void pages_protected(void *ctx, struct lp_thread *t, uint64_t start, uint64_t end)
{
    struct lp_vm *vm = ctx;
    if (lp_live_expects(vm->live))
        settle(vm, t, start, end);
}

static void pages_unmapped(void *ctx, struct lp_thread *t, uint64_t start, uint64_t end, bool gone)
{
    struct lp_vm *vm = ctx;
    lp_gate_leave(&t->cpu);
    lp_live_unmapped(vm->live, start, end, gone);
    lp_gate_enter(&t->cpu);
    if (gone && lp_live_expects(vm->live)) /* what came to the same place meanwhile has not been looked at */
        settle(vm, t, 0, 0);
}

/* Between the two the thread is as one that blocks: nobody who waits for threads waits for it while it has the engine's lock. */
static bool pages_move(void *ctx, struct lp_thread *t, uint64_t from, uint64_t len)
{
    struct lp_vm *vm = ctx;
    if (!lp_live_may_move(vm->live, from, len)) /* and no patch can come before the thread stops or has moved it */
        return false;
    lp_gate_leave(&t->cpu);
    bool follows = lp_live_before_move(vm->live, &t->cpu, from, len);
    if (!follows)
        lp_gate_enter(&t->cpu);
    return follows;
}

static void pages_moved(void *ctx, struct lp_thread *t, uint64_t from, uint64_t to, uint64_t len)
{
    struct lp_vm *vm = ctx;
    lp_live_after_move(vm->live, from, to, len);
    lp_gate_enter(&t->cpu);
}

static void program_starts(struct lp_vm *vm, struct lp_thread *t)
{
    struct lp_error err = {0};
    const uint64_t entry = vm->awaited;
    vm->awaited = 0;
    if (entry != vm->kernel->image.entry) settle(vm, t, 0, UINT64_MAX); /* what relocates itself says nothing of it, and need not protect anything */
    lp_gate_leave(&t->cpu);
    lp_status s = lp_live_started(vm->live, &t->cpu, entry, &err);
    lp_gate_enter(&t->cpu);
    if (s != LP_OK)
        give_up(vm, t, &err);
}

/* Where a program's own code starts, relocated: a static one of any address does that itself, and calls what DT_INIT says then. 0: it is so from the start. */
static uint64_t own_start(const struct lp_image *im)
{
    uint64_t init;
    if (im->interp_elf) return im->entry;
    return im->bias && lp_elf_dynamic(im->elf, DT_INIT, &init) ? init + im->bias : 0;
}

/* Its first instruction is watched, and not replaced: a patch may be for it. */
lp_status lp_vm_watch_entry(struct lp_vm *vm, struct lp_error *err)
{
    const uint64_t start = lp_live_waits(vm->live) || vm->stores ? own_start(&vm->kernel->image) : 0;
    if (!start)
        return LP_OK;
    if (lp_ops_watch(vm->mem, start, true) != 0)
        return lp_fail(err, LP_E_NOMEM, "no memory to wait for the start of the program");
    vm->awaited = start;
    return LP_OK;
}

static void watched(void *ctx, struct lp_cpu *cpu, bool vforked)
{
    struct lp_vm *vm = ctx;
    if (vm->awaited && cpu->pc == vm->awaited && !vforked)
        program_starts(vm, lp_thread_of(cpu));
    lp_live_watched(vm->live, cpu, vforked);
}

static bool thread_dies(void *ctx, struct lp_thread *t, int signo, bool fault)
{
    struct lp_vm *vm = ctx;
    lp_gate_leave(&t->cpu);
    bool again = lp_live_dies(vm->live, &t->cpu, signo, fault);
    lp_gate_enter(&t->cpu);
    if (again)
        lp_cpu_go_back(&t->cpu);
    return again;
}

static void who(void *ctx, const struct lp_cpu *cpu, char *buf, size_t size)
{
    (void)ctx;
    lp_thread_say(cpu->owner, buf, size);
}

void lp_vm_watch_objects(struct lp_vm *vm)
{
    vm->kernel->patch_hook = (struct lp_patch_hook){watched, thread_dies, vm};
    vm->kernel->load_hook = (struct lp_load_hook){file_mapped, pages_protected, pages_unmapped, pages_move, pages_moved, vm};
    lp_live_on_event(vm->live, &(struct lp_live_events){say, who, vm});
}
