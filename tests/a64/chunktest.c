/* chunktest.c - sequences of random instructions under two engines.
 *
 *     chunktest emit [options] FILE                          pack chunks for tests/a64/chunk_runner.c
 *         --count N    until every row has been generated so often (where nothing can jump over it)
 *         --words N    until so many words have been generated
 *         --seed S     --counts FILE: add "ROW COUNT" lines   --row PATTERN: only these rows
 *         --oracle-version N (7.2 is 702)   --unknown-to N: only rows that this version does not know (lib/a64/proof.def)
 *     chunktest compare [options] FILE DIGESTS DIGESTS       compare what the runner wrote under the oracle and under lprun; on a difference, find the
 *         instruction by running ever smaller parts of the chunk on both sides
 *         --runner PROGRAM  --oracle COMMAND  --ours COMMAND  --show N (so many differences are looked into)
 */
#include <config.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "chunkcheck.h"
#include "chunkgen.h"

enum { MAX_CHUNKS = 1 << 16, MAX_CODE = 1 << 23 };

static struct {
    const char *row, *counts;
    uint64_t count, words, seed, unknown_to;
    struct chunk_sides sides;
} opt = {.row = "*", .seed = 1, .sides = {.show = 5}};

_Noreturn static void die(const char *what, const char *which)
{
    fprintf(stderr, "chunktest: %s: %s\n", what, which);
    exit(2);
}

/* ---- which row next: all in turn, those that have enough left out ---- */
static unsigned order[A64_ROW_COUNT], rows, at;
static uint64_t limit = UINT64_MAX;

static void choose_rows(struct rng *r)
{
    for (unsigned row = 1; row < A64_ROW_COUNT; row++)
        if (chunk_row(row) && (!opt.unknown_to || mark_unknown(row, (unsigned)opt.unknown_to)) && fnmatch(opt.row, lp_a64_rows[row].name, 0) == 0)
            order[rows++] = row;
    for (unsigned i = rows; i > 1; i--) {
        const unsigned k = below(r, i), t = order[k];
        order[k] = order[i - 1];
        order[i - 1] = t;
    }
    if (rows == 0)
        die("no such row", opt.row);
}

static unsigned next_row(void)
{
    for (unsigned i = 0; i < rows; i++) {
        at = (at + 1) % rows;
        if (chunk_counts.rows[order[at]] < limit)
            break;
    }
    return order[at];
}

static uint64_t fewest(void)
{
    uint64_t n = UINT64_MAX;
    for (unsigned i = 0; i < rows; i++)
        if (chunk_counts.rows[order[i]] < n)
            n = chunk_counts.rows[order[i]];
    return n;
}

/* ---- emit ---- */
static void pad(FILE *f, uint64_t to)
{
    while ((uint64_t)ftell(f) < to)
        putc(0, f);
}

static void write_file(const char *path, const struct chunk_file *head, const struct chunk *chunks, const uint32_t *code, struct rng *r)
{
    static uint64_t pool[POOL_SIZE / 8], templates[TEMPLATES_SIZE / 8];
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        die("cannot write", path);
    make_pool(r, pool);
    make_templates(r, templates);
    fwrite(head, sizeof *head, 1, f);
    pad(f, head->pool_at);
    fwrite(pool, sizeof pool, 1, f);
    fwrite(templates, sizeof templates, 1, f);
    fwrite(chunks, sizeof *chunks, head->count, f);
    pad(f, head->code_at);
    fwrite(code, 4, head->code_words, f);
    if (ferror(f) || fclose(f) != 0)
        die("cannot write", path);
}

/* Of the rows that were asked for: the others are there by chance. */
static void count_rows(void)
{
    static unsigned n[A64_ROW_COUNT];
    for (unsigned i = 0; i < rows; i++)
        n[order[i]] = (unsigned)chunk_counts.rows[order[i]];
    write_counts(opt.counts, n);
}

static int emit_file(const char *path)
{
    static struct builder b;
    struct rng r = {opt.seed};
    struct chunk *chunks = calloc(MAX_CHUNKS, sizeof *chunks);
    uint32_t *code = calloc(MAX_CODE + CHUNK_WORDS, 4);
    struct chunk_file head = {.pool_at = CHUNK_PAGE, .templates_at = CHUNK_PAGE + POOL_SIZE, .chunks_at = CHUNK_PAGE + POOL_SIZE + TEMPLATES_SIZE};
    if (chunks == NULL || code == NULL)
        die("out of memory", path);
    choose_rows(&r);
    limit = opt.count ? opt.count : UINT64_MAX;
    while ((opt.count ? fewest() < opt.count : chunk_counts.words < opt.words) && head.count < MAX_CHUNKS && head.code_words < MAX_CODE) {
        make_chunk(&b, &r, next_row);
        b.c.code = (uint32_t)head.code_words;
        memcpy(code + head.code_words, b.code, b.n * sizeof b.code[0]);
        chunks[head.count++] = b.c;
        head.code_words += (b.n + 1) & ~1u;
    }
    head.code_at = (head.chunks_at + head.count * sizeof *chunks + CHUNK_PAGE - 1) & ~(CHUNK_PAGE - 1);
    write_file(path, &head, chunks, code, &r);
    if (opt.counts != NULL)
        count_rows();
    unsigned chains = 0;
    for (unsigned i = 0; i < CHAIN_CODES; i++)
        chains += chunk_counts.chains[i] != 0;
    printf("# %" PRIu64 " chunks, %" PRIu64 " instructions, each of %u rows at least %" PRIu64 " times, %u of %u chains, seed %" PRIu64 "\n", head.count,
           chunk_counts.words, rows, fewest(), chains, CHAIN_CODES, opt.seed);
    return opt.count != 0 && fewest() < opt.count;
}

static bool text_option(const char *name, const char *value)
{
    const struct { const char *name, **to; } texts[] = {{"row", &opt.row}, {"counts", &opt.counts}, {"runner", &opt.sides.runner},
                                                        {"oracle", &opt.sides.oracle}, {"ours", &opt.sides.ours}};
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(name, texts[i].name) == 0)
            return *texts[i].to = value, true;
    return false;
}

static bool number_option(const char *name, const char *value)
{
    char *end;
    const uint64_t n = strtoull(value, &end, 0);
    const struct { const char *name; uint64_t *to; } numbers[] = {{"count", &opt.count}, {"words", &opt.words}, {"seed", &opt.seed}, {"show", &opt.sides.show},
                                                                   {"unknown-to", &opt.unknown_to}, {"oracle-version", &oracle_version}};
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0] && *value != '\0' && *end == '\0'; i++)
        if (strcmp(name, numbers[i].name) == 0)
            return *numbers[i].to = n, true;
    return false;
}

int main(int argc, char **argv)
{
    int i = 2;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2)
        if (!text_option(argv[i] + 2, argv[i + 1]) && !number_option(argv[i] + 2, argv[i + 1]))
            die("unknown option or bad value", argv[i]);
    if (argc > 1 && strcmp(argv[1], "emit") == 0 && argc - i == 1 && oracle_version && (opt.count || opt.words))
        return emit_file(argv[i]);
    if (argc > 1 && strcmp(argv[1], "compare") == 0 && argc - i == 3 && opt.sides.runner && opt.sides.oracle && opt.sides.ours)
        return chunk_compare(&opt.sides, argv[i], argv[i + 1], argv[i + 2]);
    fprintf(stderr, "usage: chunktest emit --oracle-version N --count N|--words N [--unknown-to N] [--seed S] [--row PATTERN] [--counts FILE] FILE\n"
                    "       chunktest compare --runner PROGRAM --oracle COMMAND --ours COMMAND [--show N] FILE DIGESTS DIGESTS\n");
    return 2;
}
