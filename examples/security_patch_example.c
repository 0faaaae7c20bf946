/* A set of security patches as a list: applied together or not at all, saved for the next start, taken out again. */
#include <livepatch.h>

#include <stdio.h>
#include <stdlib.h>

enum { BASE = 0x400000, SIZE = 1 << 16 };

static const struct fix {
    uint64_t addr, target; /* target: branch there; 0: the word */
    uint32_t word;
    const char *why;
} fixes[] = {
    {0x401000, 0x402000, 0, "unsafe bounds check: use the safe one"},
    {0x401234, 0, 0xd503201f, "debug backdoor: removed"},
    {0x405678, 0x406000, 0, "write(): check the length first"},
    {0x409abc, 0, 0x52800000, "is_admin: mov w0, #0"},
};
enum { FIXES = sizeof fixes / sizeof *fixes };

static int apply_fix(LivePatchSystem *s, const struct fix *f)
{
    if (f->target) return livepatch_redirect_function(s, f->addr, f->target, f->why);
    if (is_nop_instruction(f->word)) return livepatch_create_nop(s, f->addr, f->why);
    return livepatch_apply(s, f->addr, f->word, f->why);
}

/* All of them, or none. */
static int apply_all(LivePatchSystem *s)
{
    for (int i = 0; i < FIXES; i++) {
        if (apply_fix(s, &fixes[i]) == 0) continue;
        printf("%s\n", livepatch_last_error());
        while (i-- > 0) livepatch_revert(s, fixes[i].addr);
        return -1;
    }
    return 0;
}

int main(void)
{
    uint32_t *memory = (uint32_t *)malloc(SIZE);
    if (!memory) return 1;
    for (size_t i = 0; i < SIZE / 4; i++) memory[i] = 0xd65f03c0; /* ret */
    LivePatchSystem *s = livepatch_init(memory, SIZE, BASE);
    int bad = !s || apply_all(s) != 0;
    livepatch_list(s);
    livepatch_stats(s);
    /* The last one cannot be applied twice: the set is refused as a whole. */
    if (s && !bad) {
        livepatch_revert(s, fixes[0].addr);
        puts("Again, although three are applied:");
        bad = apply_all(s) != -1 || livepatch_count(s) != FIXES - 1;
        printf("Reverted: %d\n", livepatch_revert_all(s));
    }
    livepatch_cleanup(s);
    free(memory);
    return bad;
}
