/* chunkcheck.c - compare digests; find the first instruction after which the states differ, and show it. */
#define _GNU_SOURCE /* popen */
#include <config.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "chunkcheck.h"
#include "chunkgen.h"

enum { CONTEXT = 4 };

static const struct chunk_sides *sides;
static const char *path;
static struct chunk_file head;
static struct chunk *chunks;
static uint32_t *code;

static void *read_at(FILE *f, uint64_t at, uint64_t size)
{
    void *p = malloc(size ? size : 1);
    if (p != NULL && fseek(f, (long)at, SEEK_SET) == 0 && fread(p, 1, size, f) == size)
        return p;
    free(p);
    return NULL;
}

static bool read_chunks(void)
{
    FILE *f = fopen(path, "rb");
    bool good = f != NULL && fread(&head, sizeof head, 1, f) == 1 && (chunks = read_at(f, head.chunks_at, head.count * sizeof *chunks)) != NULL &&
                (code = read_at(f, head.code_at, head.code_words * 4)) != NULL;
    if (f != NULL)
        fclose(f);
    return good;
}

static uint64_t *read_digests(const char *from)
{
    FILE *f = fopen(from, "rb");
    uint64_t *d = f != NULL ? read_at(f, 0, head.count * 8) : NULL;
    if (f != NULL)
        fclose(f);
    if (d == NULL)
        printf("# %s: fewer digests than chunks: the run ended early\n", from);
    return d;
}

static bool run_part(const char *command, uint64_t chunk, unsigned words, struct dump *out)
{
    char line[1024];
    snprintf(line, sizeof line, "%s %s %" PRIu64 " %u <%s", command, sides->runner, chunk, words, path);
    FILE *f = popen(line, "r");
    const bool good = f != NULL && fread(out, sizeof *out, 1, f) == 1;
    return (f == NULL || pclose(f) == 0) && good;
}

/* Do the two sides agree after the first `words` words? */
static bool agree(uint64_t chunk, unsigned words, struct dump *oracle, struct dump *ours)
{
    if (!run_part(sides->oracle, chunk, words, oracle) || !run_part(sides->ours, chunk, words, ours)) {
        printf("# chunk %" PRIu64 ", first %u words: one side does not run to the end\n", chunk, words);
        return false;
    }
    return memcmp(oracle, ours, sizeof *oracle) == 0;
}

static void show_signals(const struct dump *d, const char *label)
{
    for (unsigned i = 0; i < d->signals && i < MAX_SEEN; i++)
        printf("#   %s: signal %u, code %u, address %#" PRIx64 " at %#" PRIx64 "\n", label, (unsigned)(d->seen[i].signal & 0xff),
               (unsigned)(d->seen[i].signal >> 8), d->seen[i].addr, d->seen[i].pc);
}

static void show_difference(uint64_t chunk, unsigned words, const struct dump *before, const struct dump *oracle, const struct dump *ours)
{
    const struct chunk *c = &chunks[chunk];
    const uint32_t w = code[c->code + words - 1];
    printf("# %s: chunk %" PRIu64 ", word %u of %u\n", lp_a64_rows[lp_a64_row(w, LP_A64_ALL, false)].name, chunk, words, c->words);
    for (unsigned i = words > CONTEXT ? words - CONTEXT : 1; i <= words; i++)
        show_word(i == words ? "word " : "after", code[c->code + i - 1], CHUNK_CODE + 4 * (c->code + (uint64_t)i - 1));
    show_inputs(&before->out, w);
    show_state(&before->out, &oracle->out, &ours->out);
    show_u64("tpidr_el0", before->tpidr, oracle->tpidr, ours->tpidr);
    for (unsigned i = 0; i < WINDOW_SIZE / 8; i++) {
        char name[32];
        snprintf(name, sizeof name, "memory %#" PRIx64, WINDOW + 8 * i);
        show_u64(name, before->window[i], oracle->window[i], ours->window[i]);
    }
    if (oracle->signals != ours->signals || memcmp(oracle->seen, ours->seen, sizeof oracle->seen) != 0)
        show_signals(oracle, "oracle"), show_signals(ours, "ours");
}

static void find_difference(uint64_t chunk)
{
    static struct dump oracle, ours, before;
    unsigned good = 0, bad = chunks[chunk].words;
    if (agree(chunk, bad, &oracle, &ours)) {
        printf("# chunk %" PRIu64 " differs only when it does not run alone\n", chunk);
        return;
    }
    while (bad - good > 1) {
        const unsigned middle = (good + bad) / 2;
        if (agree(chunk, middle, &oracle, &ours))
            good = middle;
        else
            bad = middle;
    }
    agree(chunk, good, &before, &ours);
    agree(chunk, bad, &oracle, &ours);
    show_difference(chunk, bad, &before, &oracle, &ours);
}

int chunk_compare(const struct chunk_sides *s, const char *file, const char *oracle, const char *ours)
{
    uint64_t differ = 0;
    sides = s;
    path = file;
    if (!read_chunks() || !report_init()) {
        printf("# %s: no file of chunks\n", file);
        return 2;
    }
    const uint64_t *a = read_digests(oracle), *b = read_digests(ours);
    if (a == NULL || b == NULL)
        return 2;
    for (uint64_t i = 0; i < head.count; i++)
        if (a[i] != b[i] && ++differ <= s->show)
            find_difference(i);
    printf("# %" PRIu64 " of %" PRIu64 " chunks differ\n", differ, head.count);
    return differ != 0;
}
