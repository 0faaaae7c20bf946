/* vm/stored.c - patches that a program gets because a store has some for its build-id. */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arm64lp/store.h>
#include "base/error.h"
#include "base/hash.h"
#include "base/os.h"
#include "vm/machine.h"

lp_status lp_store_user_dir(char *buf, size_t size, struct lp_error *err)
{
    const char *config = lp_os_getenv("XDG_CONFIG_HOME"), *home = lp_os_getenv("HOME");
    int n = -1;
    if (config && config[0] == '/')
        n = snprintf(buf, size, "%s/arm64lp/patches", config);
    else if (home && home[0] == '/')
        n = snprintf(buf, size, "%s/.config/arm64lp/patches", home);
    if (n > 0 && (size_t)n < size)
        return LP_OK;
    lp_fail(err, LP_E_NOT_FOUND, "neither XDG_CONFIG_HOME nor HOME says where patches are stored");
    return lp_hint(err, "name a folder with --patch-dir"), LP_E_NOT_FOUND;
}

const char *lp_store_system_dir(void) { return LP_SYSCONFDIR "/arm64lp/patches"; }

static void ignored(void *ctx, const struct lp_error *err)
{
    struct lp_vm *vm = ctx;
    char text[1100];
    lp_error_format(err, text, sizeof text);
    lp_log(&vm->log, 1, "stored patches are ignored: %s", text);
}

/* An object with this build-id is in the program, or is about to be: what the stores have for it is applied. */
static lp_status apply_for(struct lp_vm *vm, const char *build_id, unsigned flags, lp_report_fn report, void *ctx, struct lp_error *err)
{
    lp_patch **patches;
    size_t n;
    struct lp_live_options o = {.flags = flags};
    struct lp_live_result r;
    if (!vm->config.patch_dirs || !*vm->config.patch_dirs)
        return LP_OK;
    lp_status s = lp_store_load(vm->config.patch_dirs, build_id, ignored, vm, &patches, &n, err);
    if (s == LP_OK && n)
        s = lp_vm_apply(vm, (const lp_patch *const *)patches, n, &o, &r, report, ctx, err);
    for (size_t i = 0; i < n; i++)
        lp_patch_free(patches[i]);
    free(patches);
    return s;
}

static bool any_store(const struct lp_vm *vm)
{
    for (const char *const *dir = vm->config.patch_dirs; dir && *dir; dir++)
        if (access(*dir, F_OK) == 0)
            return true;
    return false;
}

static lp_status apply_for_elf(struct lp_vm *vm, const lp_elf *elf, unsigned flags, lp_report_fn report, void *ctx, struct lp_error *err)
{
    char id[129];
    const struct lp_elf_info *info = elf ? lp_elf_info(elf) : NULL;
    if (!info || !info->build_id)
        return LP_OK;
    lp_hex(id, info->build_id, info->build_id_len);
    return apply_for(vm, id, flags, report, ctx, err);
}

lp_status lp_vm_apply_stored(lp_vm *vm, lp_report_fn report, void *ctx, struct lp_error *err)
{
    struct lp_error local;
    if (!any_store(vm))
        return LP_OK;
    vm->stores = true;
    lp_live_want_objects(vm->live);
    lp_status s = apply_for_elf(vm, vm->kernel->image.elf, LP_LIVE_WAIT, report, ctx, err ? err : &local);
    return s ? s : apply_for_elf(vm, vm->kernel->image.interp_elf, LP_LIVE_WAIT, report, ctx, err ? err : &local);
}

/* A patch that is for another program as well, which this is not, is no fault. */
lp_status lp_vm_stored_objects(struct lp_vm *vm, struct lp_error *err)
{
    char id[129], text[1100];
    while (vm->stores && lp_live_next_object(vm->live, id)) {
        lp_status s = apply_for(vm, id, LP_LIVE_FORCE | LP_LIVE_LOADS, NULL, NULL, err);
        if (s == LP_OK)
            continue;
        if (s != LP_E_BINDING && vm->awaited)
            return s;
        lp_error_format(err, text, sizeof text);
        lp_log(&vm->log, s == LP_E_BINDING ? 2 : 0, "an object goes on without its stored patch: %s", text);
    }
    return LP_OK;
}
