/* vm.max_map_count: when there are as many mappings as a process may have, they can still be taken away, and then there are new ones. */
/* oracle: host */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGES 140000ul
#define P 4096ul

int main(void)
{
    char *p = mmap(NULL, PAGES * P, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *edge = mmap(NULL, 64 * P, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long n = 0;
    for (unsigned long i = 1; i < PAGES && n == 0; i += 2)
        if (mprotect(p + i * P, P, PROT_READ)) n = -1;
    printf("mprotect: %s\n", n ? strerror(errno) : "done");
    /* To the very last one: a page from the edge of a mapping is one more, and neighbours differ, so none is joined to another. */
    for (n = 0; n < 64 && mmap(edge + n * P, P, n & 1 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED; n++) {}
    printf("mmap: %s\n", strerror(errno));
    errno = 0;
    printf("munmap: %d\n", munmap(p, PAGES * P));
    printf("mmap: %s\n", mmap(NULL, P, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? "done" : strerror(errno));
    printf("mprotect: %d\n", mprotect(mmap(NULL, 3 * P, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + P, P, PROT_NONE));
    return 0;
}
