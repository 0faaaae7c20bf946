/* Does what the lines on its standard input say; one line of answer for each. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern int shared_count;
int work(int), use(int);
static void *handle, *first;
static int (*plug)(int), (*begun)(void);
__attribute__((noinline, used)) int own(int v) { __asm__ volatile(""); return v + shared_count; }

__attribute__((noinline, used)) int other(int v) { return v + 40; }
int (*hook)(int) = own; /* a position-independent program has it from the dynamic linker */

static void *open_plug(void)
{
    void *h = dlopen("./libplug.so", RTLD_NOW);
    if (!h) return fprintf(stderr, "%s\n", dlerror()), exit(3), NULL;
    plug = (int (*)(int))dlsym(h, "plug");
    begun = (int (*)(void))dlsym(h, "begun");
    return h;
}

static void command(const char *line)
{
    if (!strcmp(line, "work")) printf("work %d %d %d %d\n", work(5), use(1), shared_count, own(1));
    if (!strcmp(line, "hook")) printf("hook %d\n", hook(2));
    if (!strcmp(line, "fork")) { /* the child opens it; its answer is the exit status */
        int status;
        if (fork() == 0) _exit((open_plug(), plug(1) & 127));
        wait(&status);
        printf("fork %d\n", WEXITSTATUS(status));
    }
    if (!strcmp(line, "open")) handle = open_plug(), printf("open %d %d\n", plug(1), begun());
    if (!strcmp(line, "plug")) printf("plug %d\n", plug(1));
    if (!strcmp(line, "close")) printf("close %d\n", dlclose(handle));
    if (!strcmp(line, "cycle")) {
        int sum = 0, places = 0;
        for (int i = 0; i < 100; i++) { /* every other time something lies where the library was */
            void *h = open_plug(), *was = (void *)plug;
            sum += plug(1) + begun();
            dlclose(h);
            if (i % 2) first = mmap((void *)((unsigned long)was & -4096ul), 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            else if (first) munmap(first, 4096);
        }
        printf("cycle %d\n", sum);
    }
    if (!strcmp(line, "twice")) {
        void *h = dlmopen(LM_ID_NEWLM, "./libplug.so", RTLD_NOW);
        printf("twice %d\n", h ? ((int (*)(int))dlsym(h, "plug"))(1) : -1);
    }
    if (!strcmp(line, "env")) {
        int n = 0;
        for (int i = 0; i < 1000; i++) n += getenv("SECRET") != NULL;
        printf("env %d\n", n);
    }
    if (!strcmp(line, "drop")) { /* the pages of the patched function: advice and rights */
        void *page = (void *)((unsigned long)plug & -4096ul);
        int r = madvise(page, 4096, MADV_DONTNEED) | mprotect(page, 4096, PROT_READ | PROT_WRITE) | mprotect(page, 4096, PROT_READ | PROT_EXEC);
        printf("drop %d %d\n", r, plug(1));
    }
    fflush(stdout);
}

int main(void)
{
    char line[100];
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) line[strcspn(line, "\n")] = 0, command(line);
    return 0;
}
