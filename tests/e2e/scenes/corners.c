/* Functions on pages of their own, which the program moves and cuts; and, with LIBRARY, two versions of one function. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef LIBRARY
__attribute__((noinline)) int first_f(int v) { __asm__ volatile("nop" : "+r"(v)); return v + 1; }
__attribute__((noinline)) int second_f(int v) { __asm__ volatile("nop" : "+r"(v)); return v + 2; }
__asm__(".symver first_f, f@V1\n.symver second_f, f@@V2");
#else
enum { PAGE = 4096 };
#define ALONE __attribute__((noinline, noclone, used, aligned(4096), section(".text.alone")))
ALONE int first(int v) { __asm__ volatile("nop" : "+r"(v)); return v + 1; }
ALONE int second(int v) { __asm__ volatile("nop" : "+r"(v)); return v + 2; }
ALONE int third(int v) { __asm__ volatile("nop" : "+r"(v)); return v + 3; }
ALONE int behind(int v) { return v; }

#ifdef VERSIONS
int old_f(int v), new_f(int v);
__asm__(".symver old_f, f@V1\n.symver new_f, f@V2");
#else
static int old_f(int v) { return v; }
static int new_f(int v) { return v; }
#endif

/* A function of a JIT, which writes it by one mapping and runs it by another. */
static unsigned *written, *run;
static void emit(int n)
{
    int fd = written ? -1 : memfd_create("jit", 0);
    if (!written && ftruncate(fd, PAGE) == 0) {
        run = mmap((void *)0x9000000, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, 0);
        written = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    written[0] = 0xd2800000 | (unsigned)n << 5; /* mov x0, #n */
    written[1] = 0xd65f03c0;
    __builtin___clear_cache((char *)run, (char *)(run + 2));
}

int main(void)
{
    char line[100];
    int (*at)(int) = third;
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ready");
    while (fgets(line, sizeof line, stdin) && strncmp(line, "bye", 3)) {
        if (!strncmp(line, "shrink", 6)) printf("shrunk %d\n", mremap((void *)first, 2 * PAGE, PAGE, 0) == (void *)first);
        if (!strncmp(line, "keep", 4)) {
            void *to = mremap((void *)at, PAGE, PAGE, MREMAP_MAYMOVE | 4 /* MREMAP_DONTUNMAP */, NULL);
            if (to != MAP_FAILED) at = (int (*)(int))to;
            printf("kept %d\n", to != MAP_FAILED ? 1 : -errno);
        }
        if (!strncmp(line, "emit", 4)) {
            emit(line[5] - '0');
            puts("emitted");
        }
        if (!strncmp(line, "jit", 3)) printf("%d\n", ((int (*)(void))run)());
        if (!strncmp(line, "first", 5)) printf("%d\n", first(100));
        if (!strncmp(line, "second", 6)) printf("%d\n", second(100));
        if (!strncmp(line, "third", 5)) printf("%d %d\n", third(100), at(100));
        if (!strncmp(line, "versions", 8)) printf("%d %d\n", old_f(100), new_f(100));
    }
    return 0;
}
#endif
