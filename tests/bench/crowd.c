/* crowd RUNNING BLOCKED - what the latency of patches is measured on: threads that call functions all the time, and threads in a system call. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PART __attribute__((noinline, used, noipa))
PART long one(long v) { __asm__ volatile("add %0, %0, #1" : "+r"(v)); return v; }
PART long many(long v) { __asm__ volatile(".rept 100\n\tadd %0, %0, #1\n\t.endr" : "+r"(v)); return v; }
PART long outer(long v) { return many(one(v)); }

static int ends[2];
static void *run(void *p)
{
    for (volatile long v = 0;; v = outer(v)) {}
    return p;
}
static void *block(void *p)
{
    char c;
    while (read(ends[0], &c, 1) < 0) {}
    return p;
}

int main(int argc, char **argv)
{
    int running = argc > 1 ? atoi(argv[1]) : 1, blocked = argc > 2 ? atoi(argv[2]) : 0;
    pthread_attr_t small;
    pthread_t t;
    if (pipe(ends) != 0) return 1;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 1 << 16);
    for (int i = 0; i < blocked; i++)
        if (pthread_create(&t, &small, block, NULL)) return 1;
    for (int i = 0; i < running; i++)
        if (pthread_create(&t, &small, run, NULL)) return 1;
    block(&t);
    return 0;
}
