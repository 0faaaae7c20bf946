/* everyword.c - which words are instructions: our tables against capstone, and every disagreement explained by everyword.def.
 *
 *     everyword [--leaves COUNT] [--step N] [--part I/N] [--threads T] [--seed S]
 *
 * --leaves: COUNT random words of every leaf of the decision tree, of every row and of every line of THEIRS.
 * --step: every N-th word of all 2^32; 1 for all of them.
 * Exit status 77: this capstone is not the one that everyword.def is about. */
#include <config.h>
#include <capstone/capstone.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "a64/a64.h"
#include "../splitmix.h"

enum { MAX_THREADS = 64, GROUPS = 8192, SHOWN = 4 };

/* ---- what is explained ---- */

static const struct { const char *pattern; bool feature; } ours[] = {
#define NEW(feature, reason) {feature, true},
#define OURS(row, reason) {row, false},
#define THEIRS(mask, value, reason)
#include "everyword.def"
#undef NEW
#undef OURS
#undef THEIRS
    {NULL, false},
};
static const struct { uint32_t mask, value; } theirs[] = {
#define NEW(feature, reason)
#define OURS(row, reason)
#define THEIRS(mask, value, reason) {mask, value},
#include "everyword.def"
#undef NEW
#undef OURS
#undef THEIRS
    {0, 1},
};
enum { N_OURS = sizeof ours / sizeof ours[0] - 1, N_THEIRS = sizeof theirs / sizeof theirs[0] - 1 };

/* Index + 1 of the line that explains a row which capstone does not know, or 0. */
static uint16_t row_line[A64_ROW_COUNT];

static void explain_rows(void)
{
    for (unsigned row = 1; row < A64_ROW_COUNT; row++)
        for (unsigned i = 0; i < N_OURS && row_line[row] == 0; i++)
            if (ours[i].feature ? strcmp(ours[i].pattern, lp_a64_rows[row].feature) == 0 : fnmatch(ours[i].pattern, lp_a64_rows[row].name, 0) == 0)
                row_line[row] = (uint16_t)(i + 1);
}

static unsigned their_line(uint32_t word)
{
    for (unsigned i = 0; i < N_THEIRS; i++)
        if ((word & theirs[i].mask) == theirs[i].value)
            return i + 1;
    return 0;
}

/* ---- one thread ---- */

/* A disagreement that is not explained: one row of ours, or one mnemonic of capstone's. */
struct group { uint64_t count; uint32_t word[SHOWN], common, ones; char name[40]; };
struct thread {
    pthread_t id;
    csh capstone;
    cs_insn *insn;
    uint64_t compared, agreed, ours_used[N_OURS + 1], theirs_used[N_THEIRS + 1];
    struct group *groups; /* 0 .. A64_ROW_COUNT - 1: rows; then capstone's instructions */
    unsigned index;
};
static struct {
    unsigned leaves, threads, part, parts;
    uint64_t step, seed;
} opt = {.threads = 2, .parts = 1, .seed = 1};
static struct { uint32_t mask, value; } *leaf;
static size_t n_leaves;

static bool capstone_knows(struct thread *t, uint32_t word)
{
    const uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16), (uint8_t)(word >> 24)}, *p = bytes;
    size_t n = sizeof bytes;
    uint64_t pc = 0;
    return cs_disasm_iter(t->capstone, &p, &n, &pc, t->insn);
}

static void unexplained(struct thread *t, unsigned key, const char *name, uint32_t word)
{
    struct group *g = &t->groups[key % GROUPS];
    if (g->count == 0) {
        snprintf(g->name, sizeof g->name, "%s", name);
        g->common = UINT32_MAX, g->ones = word;
    }
    g->common &= ~(word ^ g->ones);
    if (g->count < SHOWN)
        g->word[g->count] = word;
    g->count++;
}

static void compare(struct thread *t, uint32_t word)
{
    const unsigned row = lp_a64_row(word, LP_A64_ALL, true), line = row_line[row];
    const bool known = capstone_knows(t, word);
    t->compared++;
    if ((row != A64_UNDEFINED) == known) {
        t->agreed++;
    } else if (row != A64_UNDEFINED) {
        t->ours_used[line]++;
        if (line == 0)
            unexplained(t, row, lp_a64_rows[row].name, word);
    } else {
        const unsigned their = their_line(word);
        t->theirs_used[their]++;
        if (their == 0)
            unexplained(t, A64_ROW_COUNT + t->insn->id, t->insn->mnemonic, word);
    }
}

static void sweep_leaves(struct thread *t)
{
    for (size_t i = t->index; i < n_leaves; i += opt.threads)
        for (unsigned k = 0; k < opt.leaves; k++)
            compare(t, ((uint32_t)splitmix_of(opt.seed + i * SPLITMIX_STEP + k) & ~leaf[i].mask) | leaf[i].value);
}

static void sweep_words(struct thread *t)
{
    const uint64_t size = (UINT64_C(1) << 32) / opt.parts, first = size * opt.part;
    const uint64_t end = opt.part + 1 == opt.parts ? UINT64_C(1) << 32 : first + size, stride = opt.step * opt.threads;
    for (uint64_t word = first + opt.seed % opt.step + opt.step * t->index; word < end; word += stride)
        compare(t, (uint32_t)word);
}

static void *run_thread(void *arg)
{
    struct thread *t = arg;
    t->groups = calloc(GROUPS, sizeof *t->groups);
    if (t->groups == NULL || cs_open(CS_ARCH_ARM64, CS_MODE_ARM, &t->capstone) != CS_ERR_OK || (t->insn = cs_malloc(t->capstone)) == NULL)
        abort();
    if (opt.leaves)
        sweep_leaves(t);
    if (opt.step)
        sweep_words(t);
    cs_free(t->insn, 1);
    cs_close(&t->capstone);
    return NULL;
}

/* ---- all ---- */

static void add_leaf(void *ctx, uint32_t mask, uint32_t value)
{
    (void)ctx;
    if ((n_leaves & (n_leaves + 1)) == 0 && (leaf = realloc(leaf, (n_leaves + 1) * 2 * sizeof *leaf)) == NULL)
        abort();
    leaf[n_leaves].mask = mask;
    leaf[n_leaves++].value = value;
}

static void merge_group(struct group *to, const struct group *from)
{
    if (from->count == 0)
        return;
    if (to->count == 0) {
        *to = *from;
        return;
    }
    to->count += from->count;
    to->common &= from->common & ~(to->ones ^ from->ones);
}

static void merge(struct thread *to, const struct thread *from)
{
    to->compared += from->compared, to->agreed += from->agreed;
    for (unsigned i = 0; i <= N_OURS; i++)
        to->ours_used[i] += from->ours_used[i];
    for (unsigned i = 0; i <= N_THEIRS; i++)
        to->theirs_used[i] += from->theirs_used[i];
    for (unsigned i = 0; i < GROUPS; i++)
        merge_group(&to->groups[i], &from->groups[i]);
}

static void show_groups(const struct thread *t)
{
    for (unsigned i = 0; i < GROUPS; i++) {
        const struct group *g = &t->groups[i];
        if (g->count == 0)
            continue;
        printf("%s %-24s %10" PRIu64 "  all have %08" PRIx32 "/%08" PRIx32 ", e.g.", i < A64_ROW_COUNT ? "ours alone:   " : "theirs alone: ",
               g->name, g->count, g->ones & g->common, g->common);
        for (unsigned k = 0; k < SHOWN && k < g->count; k++)
            printf(" %08" PRIx32, g->word[k]);
        printf("\n");
    }
}

/* A line that explains nothing among so many words is wrong or out of date. */
static unsigned stale_lines(const struct thread *t)
{
    unsigned stale = 0;
    for (unsigned i = 0; i < N_OURS; i++)
        if (t->ours_used[i + 1] == 0)
            printf("everyword.def: '%s' explains nothing\n", ours[i].pattern), stale++;
    for (unsigned i = 0; i < N_THEIRS; i++)
        if (t->theirs_used[i + 1] == 0)
            printf("everyword.def: %08" PRIx32 "/%08" PRIx32 " explains nothing\n", theirs[i].value, theirs[i].mask), stale++;
    return stale;
}

static void parse_options(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *o = argv[i], *v = argv[i + 1];
        if (strcmp(o, "--leaves") == 0)
            opt.leaves = (unsigned)strtoul(v, NULL, 0);
        else if (strcmp(o, "--step") == 0)
            opt.step = strtoull(v, NULL, 0);
        else if (strcmp(o, "--seed") == 0)
            opt.seed = strtoull(v, NULL, 0);
        else if (strcmp(o, "--threads") == 0)
            opt.threads = (unsigned)strtoul(v, NULL, 0);
        else if (strcmp(o, "--part") != 0 || sscanf(v, "%u/%u", &opt.part, &opt.parts) != 2)
            opt.parts = 0;
    }
    if (argc % 2 == 0 || opt.parts == 0 || opt.part >= opt.parts || opt.threads == 0 || opt.threads > MAX_THREADS || (!opt.leaves && !opt.step)) {
        fprintf(stderr, "usage: everyword [--leaves COUNT] [--step N] [--part I/N] [--threads T] [--seed S]\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static struct thread threads[MAX_THREADS];
    int major, minor;
    parse_options(argc, argv);
    cs_version(&major, &minor);
    if (major != 4) {
        printf("everyword.def is about capstone 4; this is %d.%d\n", major, minor);
        return 77;
    }
    explain_rows();
    lp_a64_leaves(add_leaf, NULL);
    for (unsigned row = 1; row < A64_ROW_COUNT; row++)
        add_leaf(NULL, lp_a64_rows[row].mask, lp_a64_rows[row].value);
    for (unsigned i = 0; theirs[i].value <= theirs[i].mask; i++)
        add_leaf(NULL, theirs[i].mask, theirs[i].value);
    for (unsigned i = 0; i < opt.threads; i++) {
        threads[i].index = i;
        if (pthread_create(&threads[i].id, NULL, run_thread, &threads[i]) != 0)
            abort();
    }
    for (unsigned i = 0; i < opt.threads; i++) {
        pthread_join(threads[i].id, NULL);
        if (i != 0)
            merge(&threads[0], &threads[i]);
    }
    const struct thread *t = &threads[0];
    show_groups(t);
    const unsigned stale = opt.leaves || opt.step == 1 ? stale_lines(t) : 0;
    printf("%" PRIu64 " words of %zu leaves and rows: %" PRIu64 " agree, %" PRIu64 " explained, %" PRIu64 " not; seed %" PRIu64 "\n", t->compared, n_leaves, t->agreed,
           t->compared - t->agreed - t->ours_used[0] - t->theirs_used[0], t->ours_used[0] + t->theirs_used[0], opt.seed);
    return t->ours_used[0] + t->theirs_used[0] + stale != 0;
}
