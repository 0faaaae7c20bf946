/* vm/control.c - the process machine and its control socket. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/hash.h"
#include "base/text.h"
#include "kernel/signal.h"
#include "vm/machine.h"

static int hide_fd(void *ctx, int fd)
{
    struct lp_vm *vm = ctx;
    int n = lp_fd_hide(vm->kernel, fd);
    if (n < 0)
        errno = -n;
    return n < 0 ? -1 : n;
}

void lp_vm_close_fd(struct lp_vm *vm, int fd)
{
    if (lp_fd_hidden(vm->kernel, fd))
        lp_fd_unhide(vm->kernel, fd);
    else
        close(fd);
}

static void close_fd(void *ctx, int fd) { lp_vm_close_fd(ctx, fd); }

static int accept_fd(void *ctx, int listener)
{
    struct lp_vm *vm = ctx;
    int n = lp_fd_accept(vm->kernel, listener);
    if (n >= 0)
        return n;
    errno = -n;
    return -1;
}

static lp_status control_apply(void *ctx, const lp_patch *const *patches, size_t n, const struct lp_live_options *o,
                               struct lp_live_result *result, lp_report_fn report, void *rctx, struct lp_error *err)
{
    return lp_vm_apply(ctx, patches, n, o, result, report, rctx, err);
}

static lp_status control_revert(void *ctx, const char *const *names, size_t n, const struct lp_live_options *o,
                                struct lp_live_result *result, lp_report_fn report, void *rctx, struct lp_error *err)
{
    return lp_vm_revert(ctx, names, n, o, result, report, rctx, err);
}

static lp_status control_list(void *ctx, int (*fn)(void *fctx, const struct lp_live_row *row), void *fctx, struct lp_error *err)
{
    return lp_vm_list(ctx, fn, fctx, err);
}

static lp_status control_places(void *ctx, int (*fn)(void *fctx, const struct lp_live_place *row), void *fctx, struct lp_error *err)
{
    return lp_vm_places(ctx, fn, fctx, err);
}

static lp_status control_functions(void *ctx, bool changed_only, int (*fn)(void *fctx, const struct lp_live_function *row), void *fctx,
                                   struct lp_error *err)
{
    return lp_vm_functions(ctx, changed_only, fn, fctx, err);
}

static lp_status control_journal(void *ctx, int (*fn)(void *fctx, const struct lp_live_event *row), void *fctx, struct lp_error *err)
{
    return lp_vm_journal(ctx, fn, fctx, err);
}

static lp_status control_stats(void *ctx, struct lp_live_stats *out, struct lp_error *err) { return lp_vm_stats(ctx, out, err); }

static lp_status control_read(void *ctx, uint64_t addr, void *buf, size_t len, struct lp_error *err) { return lp_vm_read(ctx, addr, buf, len, err); }

static bool control_tick(void *ctx)
{
    bool trials = lp_live_tick(((struct lp_vm *)ctx)->live);
    return lp_counter_tick() || trials;
}

static const struct lp_control_ops control_ops = {.places = control_places, .functions = control_functions, .journal = control_journal,
                                                  .stats = control_stats, .read = control_read, .tick = control_tick,
                                                  .apply = control_apply, .revert = control_revert, .list = control_list, .hide_fd = hide_fd,
                                                  .close_fd = close_fd, .accept_fd = accept_fd};

/* What lpapply --exe compares: the file that the program was loaded from, wherever it is. */
static void tell_program(struct lp_vm *vm, struct lp_control_config *c)
{
    const struct lp_elf_info *info = lp_elf_info(vm->kernel->image.elf);
    c->started_ms = lp_wall_ms();
    free(vm->told.exe);
    c->exe = vm->told.exe = vm->kernel->exe ? strdup(vm->kernel->exe) : NULL;
    if (info->build_id)
        lp_hex(vm->told.build_id, info->build_id, info->build_id_len);
    c->build_id = vm->told.build_id;
    c->dev = vm->program_dev;
    c->ino = vm->program_ino;
    c->bias = vm->kernel->image.bias;
}

lp_status lp_vm_start_control(struct lp_vm *vm, struct lp_error *err)
{
    struct lp_control_config c = {.path = vm->config.control_path, .pid = getpid(), .ops = &control_ops, .ctx = vm,
                                  .read_only = vm->config.control_read_only};
    struct lp_error local;
    if (vm->config.no_control)
        return LP_OK;
    tell_program(vm, &c);
    lp_status s = lp_control_server_start(&c, &vm->control, &local);
    if (s == LP_OK) {
        lp_sighost_reclaim(vm->kernel); /* a thread of ours has been made */
        lp_log(&vm->log, 2, "control socket: %s", lp_control_server_path(vm->control));
        return LP_OK;
    }
    vm->control = NULL;
    if (c.path) {
        if (err)
            *err = local;
        return s;
    }
    lp_log(&vm->log, s == LP_E_DENIED ? 1 : 2, "no control socket: %s%s%s", local.where, *local.where ? ": " : "", local.text);
    return LP_OK;
}

