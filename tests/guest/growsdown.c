/* A mapping of MAP_GROWSDOWN grows to where it is touched, but neither beyond RLIMIT_STACK nor close to what is mapped below. */
/* oracle: host */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static sigjmp_buf back;
static void on(int n)
{
    siglongjmp(back, n);
}
static void touch(const char *what, volatile char *p)
{
    if (sigsetjmp(back, 1)) {
        printf("%s: SIGSEGV\n", what);
        return;
    }
    *p = 1;
    printf("%s: %d\n", what, *p);
}

#define PAGE 4096ul
#define MB (1ul << 20)
int main(void)
{
    struct sigaction sa = {.sa_handler = on};
    struct rlimit r = {8 * MB, 8 * MB};
    sigaction(SIGSEGV, &sa, NULL);
    setrlimit(RLIMIT_STACK, &r);
    char *room = mmap(NULL, 32 * MB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    munmap(room, 32 * MB);
    char *s = mmap(room + 30 * MB, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    printf("made: %d\n", s == room + 30 * MB);
    touch("inside", s);
    touch("the page below", s - 1);
    touch("100 pages below", s - 100 * PAGE);
    touch("in between", s - 50 * PAGE);
    touch("2 MB below", s - 2 * MB);
    touch("more than the limit below", s - 9 * MB);
    touch("behind the end", s + 4 * PAGE);
    char *low = mmap(room + 25 * MB, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    printf("made: %d\n", low == room + 25 * MB);
    touch("in the gap", low + 100 * PAGE);
    touch("above the gap", low + 300 * PAGE);
    unsigned long from, to = 0;
    char line[300];
    FILE *f = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, f) && (sscanf(line, "%lx-%lx", &from, &to) != 2 || to != (unsigned long)s + 4 * PAGE)) {}
    printf("it begins where it was touched: %d\n", (char *)from == low + 300 * PAGE);
    return 0;
}
