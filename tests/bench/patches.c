/* The original API with many patches: nanoseconds per apply, list entry and revert, at neighbouring and at scattered addresses. */
#include <livepatch.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64 << 20, NOP = 0xd503201f, ROUNDS = 5 };
#define BASE UINT64_C(0x400000)

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A bijection on the words of the memory: scattered, each once. */
static uint64_t place(size_t i, int scattered)
{
    return BASE + 4 * (scattered ? i * UINT64_C(0x9e3779b1) % (SIZE / 4) : i);
}

static void shorter(double *best, double t) { *best = *best == 0 || t < *best ? t : *best; }

static int measure(void *memory, size_t n, int scattered)
{
    double apply = 0, list = 0, revert = 0, t;
    int out = dup(1);
    if (out < 0) return 1;
    for (int r = 0; r < ROUNDS; r++) {
        LivePatchSystem *s = livepatch_init(memory, SIZE, BASE);
        if (!s) return 1;
        t = now();
        for (size_t i = 0; i < n; i++)
            if (livepatch_apply(s, place(i, scattered), NOP, "bench") != 0) return fprintf(stderr, "%s\n", livepatch_last_error()), 1;
        shorter(&apply, (now() - t) / (double)n);
        if (!freopen("/dev/null", "w", stdout)) return 1;
        t = now();
        livepatch_list(s);
        shorter(&list, (now() - t) / (double)n);
        fflush(stdout);
        dup2(out, 1);
        t = now();
        if (livepatch_revert_all(s) != (int)n) return 1;
        shorter(&revert, (now() - t) / (double)n);
        livepatch_cleanup(s);
    }
    close(out);
    printf("%8zu  %-10s %8.0f %8.0f %8.0f\n", n, scattered ? "scattered" : "in a row", apply, list, revert);
    fflush(stdout);
    return 0;
}

int main(void)
{
    void *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    for (size_t i = 0; i < SIZE / 4; i++) ((uint32_t *)memory)[i] = 0x91000400; /* add x0, x0, #1 */
    printf("%8s  %-10s %8s %8s %8s   ns each, best of %d\n", "patches", "", "apply", "list", "revert", ROUNDS);
    for (size_t n = 1000; n <= 1000000; n *= 10)
        for (int scattered = 0; scattered <= 1; scattered++)
            if (measure(memory, n, scattered)) return 1;
    return 0;
}
