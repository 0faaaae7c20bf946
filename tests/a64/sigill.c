/* sigill.c - which words raise SIGILL: our tables against what lprun and the oracle do with them (sigill_run.c runs there).
 *
 *     sigill emit [--legal N] [--near N] [--leaf N] [--seed S] WORDS      N words of every row; N with up to 3 of its fixed bits turned over;
 *                                                                        N of every leaf of the decision tree; one of every line of sigill.def
 *     sigill judge [--oracle VERSION] WORDS ANSWERS    an oracle's (7.2 is 702): differences that sigill.def explains are fine
 *     sigill stale --oracle VERSION FILE               fails if a line of it has explained nothing in all runs with --uses FILE
 */
#include <config.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "difftest.h"
#include "../splitmix.h"

enum { MAX_WORDS = 131072, SIGILL_ = 4 /* the guest's */, DIED = 255 };

enum kind { FATAL, REFUSED, ORACLE };
enum { NOW = 999999 };
static const struct { enum kind kind; const char *row; uint32_t mask, value; unsigned first, last; } rules[] = {
#define FATAL(row, mask, value, reason) {FATAL, row, mask, value, 0, NOW},
#define REFUSED(row, mask, value, reason) {REFUSED, row, mask, value, 0, NOW},
#define ORACLE(row, mask, value, first, last, reason) {ORACLE, row, mask, value, first, last},
#include "sigill.def"
};
enum { RULES = sizeof rules / sizeof rules[0] };
static unsigned used[RULES];

static struct {
    unsigned legal, near, leaf;
    uint64_t seed;
    unsigned oracle;
    const char *uses;
} opt = {.legal = 8, .near = 8, .leaf = 2, .seed = 1};

static bool has_rule(enum kind kind, const char *row, uint32_t word)
{
    bool found = false;
    for (size_t i = 0; i < RULES; i++) {
        const bool now = kind != ORACLE || (opt.oracle >= rules[i].first && opt.oracle <= rules[i].last);
        if (rules[i].kind == kind && now && (word & rules[i].mask) == rules[i].value && fnmatch(rules[i].row, row, 0) == 0)
            used[i]++, found = true;
    }
    return found;
}

/* ---- emit ---- */

static FILE *out;
static unsigned written;
static uint64_t rng;

static uint64_t next(void) { return splitmix(&rng); }
static uint32_t fill(uint32_t mask, uint32_t value) { return ((uint32_t)next() & ~mask) | value; }

/* A direct branch goes to the next instruction but one, which leads back. */
static uint32_t short_branch(uint32_t word)
{
    const struct lp_row_info *r = lp_a64_relative(word);
    if (r == NULL || !(r->flags & LP_ROW_BRANCH))
        return word;
    return (word & ~(((UINT32_C(1) << r->off_bits) - 1) << r->off_lo)) | 2u << r->off_lo;
}

static void put(uint32_t word)
{
    word = short_branch(word);
    if (written == MAX_WORDS || has_rule(FATAL, lp_a64_rows[lp_a64_row(word, LP_A64_ALL, true)].name, word))
        return;
    const uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16), (uint8_t)(word >> 24)};
    fwrite(bytes, 1, 4, out);
    written++;
}

/* A word of the row itself, not of a more specific one. */
static bool legal(unsigned row, uint32_t *word)
{
    for (unsigned tries = 0; tries < 10000; tries++) {
        *word = fill(lp_a64_rows[row].mask, lp_a64_rows[row].value);
        if (lp_a64_row(*word, LP_A64_ALL, true) == row)
            return true;
    }
    return false;
}

static bool put_row(unsigned row)
{
    const struct lp_row_info *r = &lp_a64_rows[row];
    uint32_t word;
    if (!legal(row, &word)) {
        printf("%s: no legal word found\n", r->name);
        return false;
    }
    for (unsigned i = 0; i < opt.legal && legal(row, &word); i++)
        put(word);
    for (unsigned i = 0; i < opt.near; i++) {
        word = fill(r->mask, r->value);
        for (unsigned k = 1 + (unsigned)(next() % 3); k > 0;) {
            const uint32_t bit = UINT32_C(1) << next() % 32;
            if (r->mask & bit)
                word ^= bit, k--;
        }
        put(word);
    }
    return true;
}

static void put_leaf(void *ctx, uint32_t mask, uint32_t value)
{
    (void)ctx;
    for (unsigned i = 0; i < opt.leaf; i++)
        put(fill(mask, value));
}

/* What the lines with words of their own are about. An oracle need not be wrong at each: enough that a line which is right explains one. */
enum { PER_RULE = 64 };
static void put_rules(void)
{
    for (unsigned i = 0; i < PER_RULE * RULES; i++)
        if (rules[i / PER_RULE].mask != 0)
            put(fill(rules[i / PER_RULE].mask, rules[i / PER_RULE].value));
}

/* Lines for rows that are not there. */
static unsigned stale_rules(void)
{
    unsigned n = 0;
    for (size_t i = 0; i < RULES; i++) {
        unsigned row = 0;
        while (row < A64_ROW_COUNT && fnmatch(rules[i].row, lp_a64_rows[row].name, 0) != 0)
            row++;
        if (row == A64_ROW_COUNT)
            printf("sigill.def: '%s' fits no row\n", rules[i].row), n++;
    }
    return n;
}

static int emit(const char *path)
{
    unsigned missing = stale_rules();
    out = fopen(path, "wb");
    if (out == NULL) {
        perror(path);
        return 2;
    }
    rng = opt.seed;
    for (unsigned row = 1; row < A64_ROW_COUNT; row++)
        missing += !put_row(row);
    lp_a64_leaves(put_leaf, NULL);
    put_rules();
    printf("%u words, seed %" PRIu64 "\n", written, opt.seed);
    if (fclose(out) != 0 || written == MAX_WORDS)
        return 2;
    return missing != 0;
}

/* ---- judge ---- */

enum { SHOWN = 4 };
enum outcome { EXECUTES, RAISES, DIES, OUTCOMES };
static const char *const outcomes[OUTCOMES] = {"execute, which should not", "raise SIGILL, which should not", "end the program"};
static struct { unsigned count[OUTCOMES]; uint32_t word[OUTCOMES][SHOWN]; } groups[A64_ROW_COUNT];

static unsigned show(void)
{
    unsigned wrong = 0;
    for (unsigned row = 0; row < A64_ROW_COUNT; row++) {
        for (unsigned k = 0; k < OUTCOMES; k++) {
            const unsigned n = groups[row].count[k];
            if (n == 0)
                continue;
            wrong += n;
            printf("%-24s %5u words %s, e.g.", lp_a64_rows[row].name, n, outcomes[k]);
            for (unsigned i = 0; i < n && i < SHOWN; i++)
                printf(" %08" PRIx32, groups[row].word[k][i]);
            printf("\n");
        }
    }
    return wrong;
}

/* Is a word to raise SIGILL, here, or in the oracle? */
static bool refused(unsigned row, uint32_t word)
{
    return lp_a64_row(word, LP_A64_ALL, false) == A64_UNDEFINED || has_rule(REFUSED, lp_a64_rows[row].name, word) ||
           (opt.oracle && mark_unknown(row, opt.oracle));
}

/* Is the oracle's answer known to be its own? */
static bool explains(unsigned row, uint32_t word)
{
    return has_rule(ORACLE, lp_a64_rows[row].name, word) || (row != A64_UNDEFINED && usual_word(&lp_a64_rows[row], word) != word);
}

static int judge(const char *words_path, const char *answers_path)
{
    FILE *words = fopen(words_path, "rb"), *answers = fopen(answers_path, "rb");
    uint8_t w[4];
    unsigned n = 0, explained = 0, raised = 0;
    if (words == NULL || answers == NULL) {
        perror(words == NULL ? words_path : answers_path);
        return 2;
    }
    for (int a; fread(w, 1, 4, words) == 4 && (a = getc(answers)) != EOF; n++) {
        const uint32_t word = w[0] | (uint32_t)w[1] << 8 | (uint32_t)w[2] << 16 | (uint32_t)w[3] << 24;
        const unsigned row = lp_a64_row(word, LP_A64_ALL, true);
        const enum outcome k = a == DIED ? DIES : a == SIGILL_ ? RAISES : EXECUTES;
        raised += k == RAISES;
        if (k == (refused(row, word) ? RAISES : EXECUTES))
            continue;
        if (opt.oracle && explains(row, word)) {
            explained++;
            continue;
        }
        if (groups[row].count[k] < SHOWN)
            groups[row].word[k][groups[row].count[k]] = word;
        groups[row].count[k]++;
    }
    const bool whole = feof(words) && getc(answers) == EOF && n > 0;
    fclose(words);
    fclose(answers);
    const unsigned wrong = show();
    printf("%u words, %u of them SIGILL: %u explained, %u not%s\n", n, raised, explained, wrong, whole ? "" : "; an answer for each is missing");
    return wrong != 0 || !whole;
}

/* ---- uses: what has explained anything, in all runs ---- */

static int add_uses(void)
{
    FILE *f = opt.uses ? fopen(opt.uses, "a") : NULL;
    for (unsigned i = 0; f && i < RULES; i++)
        fprintf(f, "%u %u\n", i, used[i]);
    return opt.uses && (f == NULL || fclose(f) != 0) ? 2 : 0;
}

static int stale(const char *path)
{
    FILE *f = fopen(path, "r");
    unsigned rule, n, bad = 0;
    while (f && fscanf(f, "%u %u", &rule, &n) == 2 && rule < RULES)
        used[rule] += n;
    if (f == NULL || fclose(f) != 0)
        return 2;
    for (unsigned i = 0; i < RULES; i++)
        if (used[i] == 0 && opt.oracle >= rules[i].first && opt.oracle <= rules[i].last)
            printf("sigill.def: '%s' %08" PRIx32 "/%08" PRIx32 " explains nothing\n", rules[i].row, rules[i].value, rules[i].mask), bad++;
    return bad != 0;
}

int main(int argc, char **argv)
{
    const char *files[2] = {NULL, NULL};
    unsigned n = 0;
    for (int i = 2; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0 && n < 2)
            files[n++] = argv[i];
        else if (i + 1 < argc && strcmp(argv[i], "--legal") == 0)
            opt.legal = (unsigned)strtoul(argv[++i], NULL, 0);
        else if (i + 1 < argc && strcmp(argv[i], "--near") == 0)
            opt.near = (unsigned)strtoul(argv[++i], NULL, 0);
        else if (i + 1 < argc && strcmp(argv[i], "--leaf") == 0)
            opt.leaf = (unsigned)strtoul(argv[++i], NULL, 0);
        else if (i + 1 < argc && strcmp(argv[i], "--oracle") == 0)
            oracle_version = opt.oracle = (unsigned)strtoul(argv[++i], NULL, 0);
        else if (i + 1 < argc && strcmp(argv[i], "--uses") == 0)
            opt.uses = argv[++i];
        else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0)
            opt.seed = strtoull(argv[++i], NULL, 0);
        else
            n = 3;
    }
    if (argc > 1 && strcmp(argv[1], "emit") == 0 && n == 1)
        return emit(files[0]) | add_uses();
    if (argc > 1 && strcmp(argv[1], "judge") == 0 && n == 2)
        return judge(files[0], files[1]) | add_uses();
    if (argc > 1 && strcmp(argv[1], "stale") == 0 && n == 1)
        return stale(files[0]);
    fprintf(stderr, "usage: sigill emit [--legal N] [--near N] [--leaf N] [--seed S] [--uses FILE] WORDS | judge [--oracle VERSION] [--uses FILE] WORDS ANSWERS |\n"
                    "       stale --oracle VERSION FILE\n");
    return 2;
}
