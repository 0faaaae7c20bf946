/* A program that does what the lines on its standard input say, so that a test decides what happens between two patches.
 * Each command is answered by one line. A system call that is interrupted for no reason ends it. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PART __attribute__((noinline, used))
#define PAGE 4096

int answer = 5;
PART int twice(int v) { __asm__ volatile(""); return v * 2; }
PART int thrice(int v) { __asm__ volatile(""); return v * 3; }
int (*hook)(int) = twice;
PART int calc(int v)
{
    __asm__ volatile("");
    int r = twice(v);
    __asm__ volatile("nop");
    __asm__ volatile("nop");
    return r + 1;
}
PART int counted(int v) { __asm__ volatile(""); return v + 1; }
PART int site(int v) { __asm__ volatile(""); v += 3; __asm__ volatile("nop"); return v; }
/* A page with nothing else on it. */
__attribute__((noinline, used, aligned(4096), section(".text.victim"))) int victim(int v) { __asm__ volatile(""); return v + 7; }
__attribute__((used, aligned(4096), section(".text.victim"))) int behind(int v) { return v; }

static char line[256];
PART int get(void)
{
    size_t n = 0;
    for (;;) {
        ssize_t r = read(0, line + n, 1);
        if (r < 0) printf("read: %s\n", strerror(errno)), fflush(stdout), _exit(3);
        if (r == 0) _exit(0);
        if (line[n] == '\n') break;
        if (n < sizeof line - 1) n++;
    }
    line[n] = 0;
    return atoi(line);
}
/* Blocks in read() with a return address into itself. */
PART int inner(int v)
{
    int r = get();
    __asm__ volatile("add %w0, %w0, #1\n\tadd %w0, %w0, #2" : "+r"(r));
    return r + v;
}
static volatile int spinning;
PART void spin(void)
{
    while (spinning) __asm__ volatile("nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop");
}
static void *spinner(void *p) { spin(); return p; }
static volatile int busy_runs;
static void *busy(void *p)
{
    while (busy_runs) counted(1), site(1), calc(1), hook(1);
    return p;
}
static void *pages(void) { return (void *)((uintptr_t)victim & -(uintptr_t)PAGE); }

static int call_at(void *p) { return ((int (*)(int))p)(1); }

static void memory(const char *how)
{
    static void *moved;
    void *page = pages();
    uint32_t nop = 0xd503201f;
    if (!strcmp(how, "protect")) mprotect(page, PAGE, 7), mprotect(page, PAGE, 5), printf("protect %d\n", victim(1));
    else if (!strcmp(how, "dontneed")) printf("dontneed %d %d\n", madvise(page, PAGE, MADV_DONTNEED), victim(1));
    else if (!strcmp(how, "overwrite")) {
        mprotect(page, PAGE, 7);
        memcpy(page, &nop, 4);
        __builtin___clear_cache(page, (char *)page + 4);
        printf("overwrite\n");
    } else if (!strcmp(how, "remap") || !strcmp(how, "near")) {
        moved = mmap(how[0] == 'n' ? (char *)page + (64 << 20) : NULL, PAGE, 0, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        moved = mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved);
        printf("%s %d\n", how, call_at(moved));
    } else if (!strcmp(how, "moved")) printf("moved %d\n", call_at(moved));
    else if (!strcmp(how, "back")) {
        mremap(moved, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page);
        printf("back %d\n", victim(1));
    } else if (!strcmp(how, "drift")) {
        mprotect(moved, PAGE, 7);
        memcpy(moved, &nop, 4);
        __builtin___clear_cache(moved, (char *)moved + 4);
        printf("drift\n");
    } else if (!strcmp(how, "unmap")) printf("unmap %d\n", munmap(page, PAGE));
}

static void forks(int n)
{
    int good = 0, status;
    for (int i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0) _exit(counted(1));
        if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && (WEXITSTATUS(status) == 2 || WEXITSTATUS(status) == 77)) good++;
    }
    printf("forks %d\n", good);
}

int main(int argc, char **argv)
{
    pthread_t t;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 2 && !strcmp(argv[1], "exec")) execv(argv[2], argv + 2), perror("exec"), exit(4);
    if (argc > 1 && !strcmp(argv[1], "once")) return printf("%d %d %d\n", counted(1), site(1), calc(10)), 0;
    printf("ready %d\n", (int)getpid());
    for (int n;;) {
        n = get();
        char *rest = strchr(line, ' ') ? strchr(line, ' ') + 1 : "";
        if (!strncmp(line, "call", 4)) printf("call %d %d %d %d %d\n", counted(1), site(1), calc(10), hook(3), answer);
        else if (!strncmp(line, "many", 4)) { n = atoi(rest); for (int i = 0; i < n; i++) counted(i), site(i), calc(i); printf("many %d\n", n); }
        else if (!strncmp(line, "inner", 5)) printf("inner\n"), printf("inner %d\n", inner(100));
        else if (!strncmp(line, "spin", 4)) spinning = 1, pthread_create(&t, NULL, spinner, NULL), printf("spin\n");
        else if (!strncmp(line, "stop", 4)) spinning = 0, pthread_join(t, NULL), printf("stop\n");
        else if (!strncmp(line, "busy", 4)) busy_runs = 1, pthread_create(&t, NULL, busy, NULL), printf("busy\n");
        else if (!strncmp(line, "idle", 4)) busy_runs = 0, pthread_join(t, NULL), printf("idle\n");
        else if (!strncmp(line, "forks", 5)) forks(atoi(rest));
        else if (!strncmp(line, "fork", 4)) { pid_t pid = fork(); if (pid) printf("fork %d\n", (int)pid), waitpid(pid, NULL, 0), printf("joined\n"); else printf("child\n"); }
        else if (!strncmp(line, "victim", 6)) printf("victim %d\n", victim(1));
        else if (!strncmp(line, "memory", 6)) memory(rest);
        else if (!strncmp(line, "bye", 3)) return printf("bye\n"), 0;
        else printf("number %d\n", n);
    }
}
