/* run_and_patch PROGRAM SYMBOL VALUE [ARGUMENT...] - run an AArch64 program in which the function SYMBOL returns VALUE.
 * The patch is made here, from the program's file, and applied before its first instruction. */
#include <arm64lp.h>
#include <stdio.h>
#include <stdlib.h>

/* "SYMBOL=ret VALUE" as a patch for this file: what lpmake does. */
static lp_status make_patch(const char *file, const char *symbol, const char *value, lp_patch **patch, struct lp_error *err)
{
    char change[512];
    lp_elf *elf = NULL;
    lp_maker *maker = NULL;
    lp_status s = lp_elf_open(file, &elf, err);
    snprintf(change, sizeof change, "%s=ret %s", symbol, value);
    if (s == LP_OK)
        s = lp_maker_new(elf, &maker, err);
    if (s == LP_OK)
        s = lp_maker_change(maker, change, err);
    if (s == LP_OK)
        s = lp_maker_finish(maker, patch, err);
    lp_maker_free(maker);
    lp_elf_close(elf);
    return s;
}

int main(int argc, char **argv)
{
    static const char *const environment[] = {NULL};
    struct lp_vm_config config = {0};
    struct lp_live_options options = {0};
    struct lp_live_result result;
    struct lp_error err;
    struct lp_exit end;
    lp_patch *patch = NULL;
    lp_vm *vm = NULL;
    if (argc < 4) {
        fprintf(stderr, "usage: run_and_patch PROGRAM SYMBOL VALUE [ARGUMENT...]\n");
        return 2;
    }
    const char *const arguments[] = {argv[1], argc > 4 ? argv[4] : NULL, NULL};
    config.no_control = true;
    lp_status s = make_patch(argv[1], argv[2], argv[3], &patch, &err);
    if (s == LP_OK)
        s = lp_vm_new(&config, &vm, &err);
    if (s == LP_OK)
        s = lp_vm_load(vm, argv[1], arguments, environment, &err);
    const lp_patch *const patches[] = {patch};
    if (s == LP_OK)
        s = lp_vm_apply(vm, patches, 1, &options, &result, NULL, NULL, &err);
    if (s == LP_OK)
        s = lp_vm_run(vm, &end, &err);
    if (s == LP_OK)
        printf("status %d, signal %d, %zu patch applied\n", end.status, end.signo, result.applied);
    else
        fprintf(stderr, "%s\n", err.text);
    lp_vm_free(vm);
    lp_patch_free(patch);
    return s == LP_OK ? 0 : 1;
}
