/* fuzz/driver.c - FUZZ [-n MUTATIONS] [-s SEED] [FILE]...: speaks TAP. A failure is a crash or a hang (alarm).
 * FUZZ -w PREFIX ...: writes the mutations as PREFIX1, PREFIX2, ... for tests of the commands. */
#include <config.h>
#include "fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t state;
static uint64_t rnd(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

/* One input must never take seconds. */
static void feed(const uint8_t *data, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1); /* its own block: reading past the end is seen by ASan */
    memcpy(exact, data, len);
    alarm(20);
    lp_fuzz_one(exact, len);
    alarm(0);
    free(exact);
}

static const uint8_t interesting[] = {0, 1, 0x7f, 0x80, 0xff, ' ', '\n', '"', '@', '|', '=', '0', '-', '+'};

/* Put len bytes at `at` in the place of `out` bytes. */
static size_t splice(uint8_t *p, size_t len, size_t cap, size_t at, size_t out, const void *in, size_t n)
{
    if (len - out + n > cap) return len;
    memmove(p + at + n, p + at + out, len - at - out);
    memcpy(p + at, in, n);
    return len - out + n;
}

/* Text that still parses: a word becomes another of the file's own or of the list, a line is written twice or left out. */
static size_t mutate_text(uint8_t *p, size_t len, size_t cap)
{
    size_t at = rnd() % len, end, n, words = 0;
    bool line = rnd() % 4 == 0;
    const char *stops = line ? "\n" : " \n";
    while (at && !strchr(stops, p[at - 1])) at--;
    for (end = at; end < len && !strchr(stops, p[end]);) end++;
    if (line) {
        if (end < len) end++;
        if (rnd() & 1) return splice(p, len, cap, at, end - at, "", 0);
        uint8_t copy[256];
        n = end - at < sizeof copy ? end - at : sizeof copy;
        memcpy(copy, p + at, n);
        for (at = rnd() % len; at && p[at - 1] != '\n';) at--;
        return splice(p, len, cap, at, 0, copy, n);
    }
    while (lp_fuzz_words[words]) words++;
    const char *word = lp_fuzz_words[rnd() % words];
    return splice(p, len, cap, at, end - at, word, strlen(word));
}

static size_t mutate(uint8_t *p, size_t len, size_t cap)
{
    for (unsigned n = 1 + rnd() % 6; n && len; n--) {
        if (lp_fuzz_words[0] && rnd() % 4) {
            len = mutate_text(p, len, cap);
            continue;
        }
        size_t at = rnd() % (lp_fuzz_head && lp_fuzz_head < len && rnd() % 4 ? lp_fuzz_head : len), from = rnd() % len, run = 1 + rnd() % 24;
        switch (rnd() % 7) {
        case 0: p[at] ^= (uint8_t)(1 << rnd() % 8); break;
        case 1: p[at] = interesting[rnd() % sizeof interesting]; break;
        case 2: p[at] = (uint8_t)rnd(); break;
        case 3: /* copy a run elsewhere */
            if (run > len - at) run = len - at;
            if (run > len - from) run = len - from;
            memmove(p + at, p + from, run);
            break;
        case 4: /* delete */
            if (run > len - at) run = len - at;
            memmove(p + at, p + at + run, len - at - run);
            len -= run;
            break;
        case 5: /* insert a copy */
            if (run > len - from) run = len - from;
            if (len + run > cap) break;
            memmove(p + at + run, p + at, len - at);
            memmove(p + at, p + from, run);
            len += run;
            break;
        default: /* a wide field */
            if (len - at >= 8) memset(p + at, rnd() & 1 ? 0xff : 0, 1u << rnd() % 4);
        }
    }
    return len;
}

/* For other programs than this one. */
static void write_out(const char *prefix, const uint8_t *data, size_t len)
{
    static unsigned long number;
    char path[4096];
    snprintf(path, sizeof path, "%s%lu", prefix, ++number);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0) {
        perror(path);
        exit(99);
    }
}

static const char *out_prefix;

static void fuzz(const uint8_t *data, size_t len, unsigned long mutations)
{
    size_t cap = len + 4096, step = len / lp_fuzz_prefixes + 1;
    uint8_t *work = malloc(cap);
    for (size_t n = 0; n <= len && !out_prefix; n += step) feed(data, n);
    for (unsigned long i = 0; i < mutations; i++) {
        memcpy(work, data, len);
        size_t n = mutate(work, len, cap);
        if (out_prefix) write_out(out_prefix, work, n);
        else feed(work, n);
    }
    free(work);
}

static uint8_t *slurp(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    uint8_t *p = malloc(1 << 24);
    *len = p ? fread(p, 1, 1 << 24, f) : 0;
    fclose(f);
    return p;
}

int main(int argc, char **argv)
{
    unsigned long mutations = 3000, inputs = 0;
    state = 0x5eed;
    for (int c; (c = getopt(argc, argv, "n:s:w:")) != -1;) {
        if (c == 'n') mutations = strtoul(optarg, NULL, 10);
        else if (c == 's') state = strtoul(optarg, NULL, 10) * 2 + 1;
        else if (c == 'w') out_prefix = optarg;
        else return 99;
    }
    printf("1..1\n");
    fflush(stdout);
    for (int i = optind; i < argc; i++, inputs++) {
        size_t len;
        uint8_t *p = slurp(argv[i], &len);
        if (!p) return fprintf(stderr, "%s: cannot read %s\n", lp_fuzz_name, argv[i]), 99;
        fuzz(p, len, mutations);
        free(p);
    }
    for (size_t i = 0, len; inputs == i && lp_fuzz_builtin(i, &len); i++, inputs++) fuzz(lp_fuzz_builtin(i, &len), len, mutations);
    printf("ok 1 - %s: %lu inputs, each prefix and %lu mutations\n", lp_fuzz_name, inputs, mutations);
    return 0;
}
