/* fuzz/driver.c - FUZZ [-n MUTATIONS] [-s SEED] [FILE]...: speaks TAP. A failure is a crash or a hang (alarm). */
#include <config.h>
#include "fuzz.h"

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

static size_t mutate(uint8_t *p, size_t len, size_t cap)
{
    for (unsigned n = 1 + rnd() % 6; n && len; n--) {
        size_t at = rnd() % len, from = rnd() % len, run = 1 + rnd() % 24;
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

static void fuzz(const uint8_t *data, size_t len, unsigned long mutations)
{
    size_t cap = len + 4096, step = len / lp_fuzz_prefixes + 1;
    uint8_t *work = malloc(cap);
    for (size_t n = 0; n <= len; n += step) feed(data, n);
    for (unsigned long i = 0; i < mutations; i++) {
        memcpy(work, data, len);
        feed(work, mutate(work, len, cap));
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
    for (int c; (c = getopt(argc, argv, "n:s:")) != -1;) {
        if (c == 'n') mutations = strtoul(optarg, NULL, 10);
        else if (c == 's') state = strtoul(optarg, NULL, 10) * 2 + 1;
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
