/* The livepatch API step by step: demo, create-patches, load-patches, memory-demo. */
#include <arm64lp.h>
#include <livepatch.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATCH_FILE "example_patches.txt"
enum { BASE = 0x400000, SIZE = 1 << 20 };

struct target {
    uint32_t *memory;
    LivePatchSystem *system;
};

/* 1 MiB of `mov w0, #0` to patch. */
static int open_target(struct target *t)
{
    t->memory = (uint32_t *)malloc(SIZE);
    if (!t->memory) return -1;
    for (size_t i = 0; i < SIZE / 4; i++) t->memory[i] = 0x52800000;
    t->system = livepatch_init(t->memory, SIZE, BASE);
    if (t->system) return 0;
    free(t->memory);
    return -1;
}

static void close_target(struct target *t)
{
    livepatch_cleanup(t->system);
    free(t->memory);
}

static int tell(const char *what, int result)
{
    if (result < 0) printf("%-34s refused: %s\n", what, livepatch_last_error());
    else printf("%-34s done\n", what);
    return result;
}

static int demo(void)
{
    struct target t;
    if (open_target(&t)) return 1;
    livepatch_set_system(t.system);
    int bad = 0;
    bad |= tell("nop at 0x401000", livepatch_create_nop(t.system, 0x401000, "switch a check off"));
    bad |= tell("branch 0x402000 to 0x403000", livepatch_create_branch(t.system, 0x402000, 0x403000, "jump to a handler"));
    bad |= tell("word 12345678 at 0x404000", livepatch_apply(t.system, 0x404000, 0x12345678, "an instruction of our own"));
    puts("\nWhat cannot be:");
    bad |= tell("nop at 0x4001000", livepatch_create_nop(t.system, 0x4001000, "outside")) != -1;
    bad |= tell("nop at 0x401002", livepatch_create_nop(t.system, 0x401002, "misaligned")) != -1;
    bad |= tell("word 00000000 at 0x405000", livepatch_apply(t.system, 0x405000, 0, "no instruction")) != -1;
    bad |= tell("nop at 0x401000 again", livepatch_create_nop(t.system, 0x401000, "twice")) != -1;
    puts("");
    livepatch_demo(livepatch_get_system());
    puts("");
    bad |= tell("revert 0x401000", livepatch_revert(t.system, 0x401000));
    printf("revert all: %d\n", livepatch_revert_all(t.system));
    close_target(&t);
    return bad != 0;
}

static int create_patches(void)
{
    struct target t;
    if (open_target(&t)) return 1;
    livepatch_create_nop(t.system, 0x401000, "NOP patch for debugging");
    livepatch_create_branch(t.system, 0x402000, 0x402004, "Jump to error handler");
    livepatch_apply(t.system, 0x403000, 0x12345678, "Custom instruction");
    int n = livepatch_save_to_file(t.system, PATCH_FILE);
    if (n < 0) printf("%s\n", livepatch_last_error());
    else printf("%d patches saved to %s\n", n, PATCH_FILE);
    close_target(&t);
    return n == 3 ? 0 : 1;
}

static int load_patches(const char *file)
{
    struct target t;
    if (open_target(&t)) return 1;
    int n = livepatch_load_from_file(t.system, file);
    if (n >= 0) printf("%d patches loaded from %s\n", n, file);
    if (*livepatch_last_error()) printf("%s\n", livepatch_last_error());
    livepatch_list(t.system);
    close_target(&t);
    return n < 0;
}

/* Run the machine to its svc and say what it computed. */
static uint64_t run(lp_machine *m, const char *when)
{
    uint64_t detail;
    lp_machine_set(m, 32, m->base_addr);
    enum lp_machine_stop why = lp_machine_run(m, 1000, &detail);
    printf("%-24s x0 = %" PRIu64 "%s\n", when, lp_machine_get(m, 0), why == LP_STOP_SVC ? "" : " (did not end)");
    return lp_machine_get(m, 0);
}

/* A program in a flat machine is patched between its runs. */
static int memory_demo(void)
{
    uint32_t code[] = {
        0xd2800540, /* mov  x0, #42 */
        0xd2800061, /* mov  x1, #3 */
        0x8b010000, /* add  x0, x0, x1 */
        0xd4000001, /* svc  #0 */
        0x9b017c00, /* mul  x0, x0, x1    the new version */
        0x17fffffe, /* b    back to the svc */
    };
    lp_machine m;
    struct lp_error err;
    if (lp_machine_init(&m, code, sizeof code, BASE, &err) != LP_OK) return puts(err.text), 1;
    LivePatchSystem *s = livepatch_init(m.memory, m.mem_size, m.base_addr);
    if (!s) return puts(livepatch_last_error()), 1;
    int bad = run(&m, "unpatched:") != 45;
    livepatch_create_nop(s, BASE + 8, "leave the addition out");
    bad |= run(&m, "addition is a nop:") != 42;
    livepatch_revert(s, BASE + 8);
    livepatch_create_branch(s, BASE + 8, BASE + 16, "multiply instead");
    bad |= run(&m, "branch to a new version:") != 126;
    livepatch_list(s);
    livepatch_revert_all(s);
    bad |= run(&m, "reverted:") != 45;
    livepatch_cleanup(s);
    lp_machine_fini(&m);
    return bad;
}

static int help(const char *name)
{
    printf("Usage: %s demo | create-patches | load-patches [file] | memory-demo | help\n\n"
           "demo            apply, refuse, list, revert\n"
           "create-patches  save three patches to " PATCH_FILE "\n"
           "load-patches    load them, or those of another file\n"
           "memory-demo     patch a program between its runs\n", name);
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "help";
    if (strcmp(mode, "demo") == 0) return demo();
    if (strcmp(mode, "create-patches") == 0) return create_patches();
    if (strcmp(mode, "load-patches") == 0) return load_patches(argc > 2 ? argv[2] : PATCH_FILE);
    if (strcmp(mode, "memory-demo") == 0) return memory_demo();
    help(argv[0]);
    return strcmp(mode, "help") != 0;
}
