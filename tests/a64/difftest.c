/* difftest.c - differential test of every instruction row against an oracle that runs AArch64 programs.
 *
 *     difftest emit [options] CASES              write test cases for tests/a64/runner.c
 *     difftest check [options] CASES RESULTS     run them here and compare with what the runner answered
 *     difftest list                              every row: compared, or what proves it instead
 *     difftest proof SRCDIR ROWS COUNTS...       fail unless the proof of every row is what lib/a64/proof.def says: 200 comparisons (counts of difftest
 *                                                and chunktest), or another (ROWS: what property.sh has proved)
 * --oracle-version N (7.2 is 702; all but proof need it)
 * --counts FILE (check): add how many cases of each row have been compared
 * --row NAME (a pattern), --count N cases per row, --seed S, --part I/N (every N-th row), --engine calls|dispatch|checked|all
 */
#include <config.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "difftest.h"

static struct {
    const char *row, *engine, *counts;
    unsigned count, part, parts;
    uint64_t seed;
} opt = {.row = "*", .engine = "all", .count = 8, .parts = 1, .seed = 1};

static const char *const engine_names[ENGINES] = {"calls", "dispatch", "checked"};

_Noreturn static void die(const char *what, const char *which)
{
    fprintf(stderr, "difftest: %s: %s\n", what, which);
    exit(2);
}

static bool selected(unsigned row) { return fnmatch(opt.row, lp_a64_rows[row].name, 0) == 0 && row % opt.parts == opt.part; }

/* ---- emit ---- */

/* Returns how many cases a row got; a row's cases depend on the seed and its name only, not on other rows. */
static unsigned emit_row(FILE *f, unsigned row, unsigned slot)
{
    struct rng rng = {opt.seed};
    struct test_case c;
    unsigned made = 0;
    for (const char *s = lp_a64_rows[row].name; *s; s++)
        rng.state = rng_next(&rng) + (unsigned char)*s;
    for (unsigned tries = 0; made < opt.count && tries < 1000 * opt.count && slot + made < MAX_CASES; tries++) {
        if (make_case(&rng, row, slot + made, &c)) {
            fwrite(&c, sizeof c, 1, f);
            made++;
        }
    }
    return made;
}

static int emit(const char *path)
{
    FILE *f = fopen(path, "wb");
    unsigned n = 0, missing = stale_patterns() + stale_mistakes();
    if (f == NULL)
        die("cannot write", path);
    for (unsigned row = 1; row < A64_ROW_COUNT; row++) {
        if (!selected(row) || row_excluded(row) != NULL)
            continue;
        unsigned made = emit_row(f, row, n);
        n += made;
        if (n == MAX_CASES)
            die("too many cases for one run: a lower --count, or --part I/N", path);
        if (made == 0)
            printf("# %s: no legal word found\n", lp_a64_rows[row].name), missing++;
    }
    if (ferror(f) || fclose(f) != 0)
        die("cannot write", path);
    printf("# %u cases, seed %" PRIu64 "\n", n, opt.seed);
    return missing != 0;
}

/* ---- check ---- */

/* Compare what changed in the scratch area with the oracle's list, and put the area back. */
static bool same_memory(uint64_t *scratch, const struct change *changes, uint64_t n, bool show)
{
    bool same = true;
    uint64_t k = 0;
    for (uint64_t i = 0; i < SCRATCH_SIZE / 8; i++) {
        const uint64_t initial = scratch_word(i);
        uint64_t want = initial;
        if (k < n && changes[k].offset == i * 8)
            want = changes[k++].value;
        if (scratch[i] != want) {
            same = false;
            if (show)
                printf("#   memory %#" PRIx64 ": before %016" PRIx64 ", oracle %016" PRIx64 ", ours %016" PRIx64 "\n", SCRATCH + i * 8, initial, want,
                       scratch[i]);
        }
        scratch[i] = initial;
    }
    return same;
}

struct answer {
    struct result r;
    struct change *changes;
};

static void read_answer(FILE *f, struct answer *a, const char *path)
{
    if (fread(&a->r, sizeof a->r, 1, f) != 1 || a->r.changed > SCRATCH_SIZE / 8 ||
        fread(a->changes, sizeof *a->changes, a->r.changed, f) != a->r.changed)
        die("the oracle's answer ends early (did it crash?)", path);
}

/* Returns whether the engine agrees with the oracle about this case. */
static bool check_case(enum engine e, const struct test_case *c, unsigned slot, const struct answer *a, bool show)
{
    struct state got;
    ours_run(e, c, NULL, &got);
    const bool same = memcmp(&got, &a->r.out, sizeof got) == 0;
    if (!same && show) {
        printf("# %s (%s), case %u\n", lp_a64_rows[c->row].name, engine_names[e], slot);
        if (c->pre[1] != LP_A64_NOP)
            show_word("after", c->pre[1], case_pc(c) - 4);
        show_word("word ", c->word, case_pc(c));
        show_inputs(&c->in, c->word);
        show_state(&c->in, &a->r.out, &got);
    }
    return !c->mem ? same : (same_memory(ours_scratch(e), a->changes, a->r.changed, show) && same);
}

static unsigned summary(const unsigned *failed, const unsigned *cases)
{
    unsigned rows = 0, bad = 0, total = 0;
    for (unsigned row = 1; row < A64_ROW_COUNT; row++) {
        rows += cases[row] != 0;
        total += cases[row];
        if (failed[row] != 0)
            printf("# %s (%s): %u of %u differ\n", lp_a64_rows[row].name, lp_a64_rows[row].class_, failed[row], cases[row]), bad++;
    }
    printf("# %u runs of %u rows compared, %u rows differ\n", total, rows, bad);
    return bad;
}

static int check(const char *cases_path, const char *results_path)
{
    static unsigned failed[A64_ROW_COUNT], cases[A64_ROW_COUNT], compared[A64_ROW_COUNT];
    FILE *in = fopen(cases_path, "rb"), *out = fopen(results_path, "rb");
    struct answer a = {.changes = calloc(SCRATCH_SIZE / 8, sizeof(struct change))};
    struct test_case c;
    bool use[ENGINES];
    if (in == NULL || out == NULL)
        die("cannot read", in == NULL ? cases_path : results_path);
    if (a.changes == NULL || !report_init())
        die("out of memory", "check");
    for (unsigned e = 0; e < ENGINES; e++) {
        use[e] = strcmp(opt.engine, "all") == 0 || strcmp(opt.engine, engine_names[e]) == 0;
        if (use[e] && !ours_init((enum engine)e))
            return 2;
    }
    for (unsigned slot = 0; fread(&c, sizeof c, 1, in) == 1; slot++) {
        read_answer(out, &a, results_path);
        correct_oracle(&c, &a.r.out);
        compared[c.row]++;
        for (unsigned e = 0; e < ENGINES; e++) {
            if (!use[e] || (e == CALLS && c.mem > NORMAL)) /* tags and faults need the machinery around a call */
                continue;
            cases[c.row]++;
            if (!check_case((enum engine)e, &c, slot, &a, failed[c.row] < 3))
                failed[c.row]++;
        }
    }
    if (opt.counts != NULL)
        write_counts(opt.counts, compared);
    return summary(failed, cases) != 0;
}

/* ---- list, proof ---- */

static int list(void)
{
    for (unsigned row = 1; row < A64_ROW_COUNT; row++) {
        const char *why = row_excluded(row);
        if (selected(row))
            printf("%s\t%s\t%s%s\n", lp_a64_rows[row].class_, lp_a64_rows[row].name, why ? "left out: " : "covered", why ? why : "");
    }
    return stale_patterns() + stale_mistakes() != 0;
}

static int proof(const char *srcdir, const char *proved, char **paths, int n)
{
    unsigned missing = 0;
    for (int i = 0; i < n; i++)
        read_counts(paths[i]);
    for (unsigned row = 1; row < A64_ROW_COUNT; row++) {
        const struct lp_row_info *info = &lp_a64_rows[row];
        char what[160];
        if (info->flags & LP_ROW_TODO)
            continue;
        const bool proved_so = row_proved(row, srcdir, proved, what, sizeof what);
        printf("%s\t%s\t%s%s\n", info->class_, info->name, proved_so ? "" : "NOT SO: ", what);
        missing += !proved_so;
    }
    printf("# %u rows without the proof that proof.def says\n", missing);
    return missing != 0;
}

static int options(int argc, char **argv)
{
    int i = 2;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        const char *name = argv[i] + 2, *value = argv[i + 1];
        if (strcmp(name, "row") == 0)
            opt.row = value;
        else if (strcmp(name, "count") == 0)
            opt.count = (unsigned)strtoul(value, NULL, 0);
        else if (strcmp(name, "seed") == 0)
            opt.seed = strtoull(value, NULL, 0);
        else if (strcmp(name, "engine") == 0)
            opt.engine = value;
        else if (strcmp(name, "counts") == 0)
            opt.counts = value;
        else if (strcmp(name, "oracle-version") == 0)
            oracle_version = strtoull(value, NULL, 0);
        else if (strcmp(name, "part") != 0 || sscanf(value, "%u/%u", &opt.part, &opt.parts) != 2 || opt.part >= opt.parts)
            die("unknown option or bad value", argv[i]);
    }
    return i;
}

int main(int argc, char **argv)
{
    const int first = argc > 1 ? options(argc, argv) : 0, left = argc - first;
    if (argc > 1 && strcmp(argv[1], "proof") != 0 && oracle_version == 0)
        die("missing", "--oracle-version");
    if (argc > 1 && strcmp(argv[1], "emit") == 0 && left == 1)
        return emit(argv[first]);
    if (argc > 1 && strcmp(argv[1], "check") == 0 && left == 2)
        return check(argv[first], argv[first + 1]);
    if (argc > 1 && strcmp(argv[1], "list") == 0 && left == 0)
        return list();
    if (argc > 1 && strcmp(argv[1], "proof") == 0 && left >= 3)
        return proof(argv[first], argv[first + 1], argv + first + 2, left - 2);
    fprintf(stderr, "usage: difftest emit|check|list|proof --oracle-version N [--row PATTERN] [--count N] [--seed S] [--part I/N]\n"
                    "                                [--engine calls|dispatch|checked|all] [CASES [RESULTS]]\n");
    return 2;
}
