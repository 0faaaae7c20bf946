/* compat/show.c - what the original API prints: list, statistics, demonstration. The text is made under the lock and printed after it, so
 * that a slow reader stops nobody. */
#include <config.h>
#include "compat/system.h"
#include <arm64lp/vm.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void print_and_free(FILE *f, char **text)
{
    if (f && fclose(f) == 0) fputs(*text, stdout);
    fflush(stdout);
    free(*text);
}

/* Control characters of a description could move the cursor. */
static void put_text(FILE *f, const char *s)
{
    for (; *s; s++) putc_unlocked((unsigned char)*s < 0x20 || *s == 0x7f ? ' ' : *s, f);
}

static void put_patch(FILE *f, const LivePatchSystem *s, uint32_t slot)
{
    const struct lp_store_patch *p = &s->store.patch[slot];
    char when[32] = "?";
    time_t t = (time_t)(s->store.start + p->when);
    struct tm tm;
    if (localtime_r(&t, &tm)) strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
    fprintf(f, "0x%" PRIx64 "  %08" PRIx32 " -> %08" PRIx32 "  %s  ", s->base_addr + p->offset, p->old_word, p->new_word, when);
    put_text(f, lp_store_text(&s->store, slot));
    putc_unlocked('\n', f);
}

void livepatch_list(LivePatchSystem *s)
{
    char *text = NULL;
    size_t len;
    lp_compat_begin();
    if (!s) {
        puts("livepatch: no system");
        return;
    }
    FILE *f = open_memstream(&text, &len);
    lp_compat_lock();
    if (f) fprintf(f, "Patches: %zu\n", s->store.count);
    for (uint32_t i = s->store.oldest; f && i != LP_STORE_NONE; i = s->store.patch[i].newer)
        put_patch(f, s, i);
    lp_compat_unlock();
    print_and_free(f, &text);
}

void livepatch_stats(LivePatchSystem *s)
{
    lp_compat_begin();
    if (!s) {
        puts("livepatch: no system");
        return;
    }
    size_t nops = 0, branches = 0;
    lp_compat_lock();
    for (uint32_t i = s->store.oldest; i != LP_STORE_NONE; i = s->store.patch[i].newer) {
        nops += is_nop_instruction(s->store.patch[i].new_word);
        branches += s->store.patch[i].new_word >> 26 == 5; /* B */
    }
    size_t active = s->store.count;
    uint64_t applied = s->applied, reverted = s->reverted;
    int enabled = s->enabled;
    lp_compat_unlock();
    printf("Active patches: %zu\n  NOP:          %zu\n  branch:       %zu\n  other:        %zu\n", active, nops, branches,
           active - nops - branches);
    printf("Applied so far:  %" PRIu64 "\nReverted so far: %" PRIu64 "\n", applied, reverted);
    printf("Memory:         0x%" PRIx64 "-0x%" PRIx64 "\nEnabled:        %s\n", s->base_addr, s->base_addr + s->mem_size,
           enabled ? "yes" : "no");
    fflush(stdout);
}

/* ---- demonstration ---- */

enum { DEMO_BASE = 0x10000 };

static void run_demo(lp_machine *m, const char *when)
{
    uint64_t detail;
    lp_machine_set(m, 32, DEMO_BASE);
    lp_machine_set(m, 0, 1);
    enum lp_machine_stop why = lp_machine_run(m, 100, &detail);
    printf("%-16s x0 = %" PRIu64 "%s\n", when, lp_machine_get(m, 0), why == LP_STOP_SVC ? "" : " (did not reach its svc)");
}

/* A program of three instructions that runs before, with and after a patch, in memory of its own. */
static void demonstrate(void)
{
    uint32_t code[4] = {0x9100a400 /* add x0, x0, #41 */, 0xd503201f, 0xd4000001 /* svc #0 */, 0xd503201f};
    lp_machine m;
    struct lp_error err;
    if (lp_machine_init(&m, code, sizeof code, DEMO_BASE, &err) != LP_OK) {
        printf("The demonstration cannot run: %s\n", err.text);
        return;
    }
    LivePatchSystem *s = livepatch_init(code, sizeof code, DEMO_BASE);
    if (s) {
        puts("A program computes x0 = 1 + 41:");
        run_demo(&m, "  unpatched:");
        livepatch_create_nop(s, DEMO_BASE, "leave out the addition");
        run_demo(&m, "  addition = nop:");
        livepatch_revert(s, DEMO_BASE);
        run_demo(&m, "  reverted:");
    }
    livepatch_cleanup(s);
    lp_machine_fini(&m);
}

void livepatch_demo(LivePatchSystem *s)
{
    puts("=== livepatch demonstration ===");
    livepatch_stats(s);
    livepatch_list(s);
    demonstrate();
    fflush(stdout);
}
