/* Functions and data in awkward places, under many names, in hundreds. Compiled twice: with NEW the new bodies, which give 100 where the old ones give 1. */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twice.h"
HERE int calls;
HERE char spread[3 * 4096];

/* f0 ... f399 */
#define F(n) PART int f##n(int v) { __asm__ volatile("" : "+r"(v)); return v * GIVES + n; }
#define TEN(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7) F(n##8) F(n##9)
#define HUNDRED(n) TEN(n##0) TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)
HUNDRED(1) HUNDRED(2) HUNDRED(3) HUNDRED(4)

/* Longer than a page, as the other one. */
PART int vast(int v)
{
    __asm__ volatile(".rept 1500\n\tadd %w0, %w0, %1\n\t.endr" : "+r"(v) : "I"(GIVES));
    return v;
}
/* The variant of strlen() that the C library has chosen for this CPU. */
PART size_t new_strlen(const char *s)
{
    size_t n = 0;
    calls++;
    while (s[n]) n++;
    return n;
}
PART void *new_malloc(size_t n) { return memalign(64, n); }
#ifdef NEW
char more[10000];
PART char *span(int v) { more[v] = 'n'; return more + v; }
#else
PART char *span(int v) { return spread + v; }

/* Two words of each lie on either side of the end of a page. */
__asm__(".pushsection .text.edges, \"ax\"\n.balign 4096\n.space 4084\n.globl cross\n.type cross, %function\ncross:\n\tadd w0, w0, #1\n\tadd w0, w0, #1\n"
        "\tadd w0, w0, #1\n\tadd w0, w0, #1\n\tret\n.size cross, .-cross\n.balign 4096\n.space 4092\n.globl edge\n.type edge, %function\nedge:\n"
        "\tadd w0, w0, #1\n\tadd w0, w0, #1\n\tret\n.size edge, .-edge\n.popsection");
int cross(int), edge(int);
_Alignas(4096) char wide[2 * 4096] = {1};

#define G(n) + f##n(1)
#define SUM10(n) G(n##0) G(n##1) G(n##2) G(n##3) G(n##4) G(n##5) G(n##6) G(n##7) G(n##8) G(n##9)
#define SUM100(n) SUM10(n##0) SUM10(n##1) SUM10(n##2) SUM10(n##3) SUM10(n##4) SUM10(n##5) SUM10(n##6) SUM10(n##7) SUM10(n##8) SUM10(n##9)
PART int sum(void) { return 0 SUM100(1) SUM100(2) SUM100(3) SUM100(4); }

/* One function with three names, two functions with one name, and one that is not to be seen. */
PART int original(int v) { __asm__ volatile("" : "+r"(v)); return v + 1; }
int alias(int) __attribute__((alias("original")));
int weakling(int) __attribute__((weak, alias("original")));
__attribute__((noinline, used, visibility("hidden"))) int hidden(int v) { __asm__ volatile("" : "+r"(v)); return v + 2; }
static PART int local(int v) { __asm__ volatile("" : "+r"(v)); return v + 3; }
int elsewhere(int);

static volatile int alloc_on;
static void *allocates(void *p)
{
    long bad = 0;
    while (alloc_on) {
        char *v[50];
        for (int i = 0; i < 50; i++) v[i] = malloc(24 + i), memset(v[i], i, 24 + i);
        for (int i = 0; i < 50; i++) bad += v[i][23] != i, free(v[i]);
    }
    return (void *)bad;
}
static int aligned(void)
{
    int n = 0;
    void *v[64];
    for (int i = 0; i < 64; i++) v[i] = malloc(24), n += ((uintptr_t)v[i] & 63) == 0;
    for (int i = 0; i < 64; i++) free(v[i]);
    return n;
}
size_t (*volatile length)(const char *) = strlen;

int main(void)
{
    char line[100];
    pthread_t t[4];
    void *bad;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ready %p\n", (void *)length);
    while (fgets(line, sizeof line, stdin)) {
        if (!strncmp(line, "sum", 3)) printf("sum %d\n", sum());
        if (!strncmp(line, "edges", 5)) {
            uint64_t word;
            memcpy(&word, wide + 4092, 8);
            printf("edges %d %d %llx %d\n", cross(0), edge(0), (unsigned long long)word, wide[0]);
        }
        if (!strncmp(line, "vast", 4)) printf("vast %d\n", vast(0));
        if (!strncmp(line, "span", 4)) printf("span %d\n", span(9999) == spread + 9999 ? 1 : *span(9999));
        if (!strncmp(line, "names", 5)) printf("names %d %d %d %d %d %d\n", original(1), alias(1), weakling(1), hidden(1), local(1), elsewhere(1));
        if (!strncmp(line, "length", 6)) { int was = calls; size_t n = length("abcdefg"); printf("length %zu %d\n", n, calls - was > 0); }
        if (!strncmp(line, "aligned", 7)) printf("aligned %d\n", aligned());
        if (!strncmp(line, "heap", 4)) { alloc_on = 1; for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, allocates, NULL); printf("heap\n"); }
        if (!strncmp(line, "still", 5)) {
            long sum = 0;
            alloc_on = 0;
            for (int i = 0; i < 4; i++) pthread_join(t[i], &bad), sum += (long)bad;
            printf("still %ld\n", sum);
        }
        if (!strncmp(line, "bye", 3)) break;
    }
    return 0;
}
#endif
