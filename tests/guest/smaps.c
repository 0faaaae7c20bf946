/* /proc/self/smaps where one mapping is several to the kernel underneath (an advice, a lock in the middle): it ends, and shows every page once. */
/* oracle: host */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define P 4096ul
#define PAGES 64ul

static char *area;

/* Pages of the area that a file of maps shows, and whether in order. */
static void look(const char *name)
{
    char line[512], path[64];
    unsigned long from, to, n = 0, last = 0, dirty = 0;
    int ordered = 1, mine = 0;
    snprintf(path, sizeof path, "/proc/self/%s", name);
    FILE *f = fopen(path, "r");
    while (fgets(line, sizeof line, f)) {
        unsigned long kb;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2 && strchr(line, '-') < strchr(line, ' ')) {
            ordered &= from >= last && to > from;
            last = to;
            unsigned long a = from > (unsigned long)area ? from : (unsigned long)area, b = to < (unsigned long)area + PAGES * P ? to : (unsigned long)area + PAGES * P;
            mine = a < b;
            if (mine) n += (b - a) / P;
        } else if (mine && sscanf(line, "Referenced: %lu kB", &kb) == 1) {
            dirty += kb;
        }
    }
    fclose(f);
    printf("%s: %lu pages, %s, %s\n", name, n, ordered ? "in order" : "in no order", dirty >= PAGES * 4 || !strcmp(name, "maps") ? "all in memory" : "not in memory");
}

int main(void)
{
    area = mmap(NULL, PAGES * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(area, 1, PAGES * P);
    for (unsigned long i = 4; i < PAGES; i += 8) {
        madvise(area + i * P, P, MADV_DONTDUMP);
        mlock(area + (i + 2) * P, P);
        madvise(area + (i + 3) * P, P, MADV_SEQUENTIAL);
    }
    look("maps");
    look("smaps");
    mprotect(area + 10 * P, P, PROT_READ);
    mprotect(area + 12 * P, 20 * P, PROT_READ | PROT_EXEC);
    look("smaps");
    char *many = mmap(NULL, 12000 * P, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0); /* megabytes of text, in no time */
    for (unsigned long i = 0; i < 12000; i += 2) mprotect(many + i * P, P, PROT_NONE);
    look("smaps");
    FILE *f = fopen("/proc/self/smaps_rollup", "r");
    char line[512];
    puts(fgets(line, sizeof line, f) && strstr(line, "[rollup]") ? "rolled up" : "not rolled up");
    return 0;
}
