/* mlockall: pages that cannot be brought in (a file that ends before its mapping does, PROT_NONE) are no error. */
/* oracle: host */
#define _GNU_SOURCE
#include "syscheck.h"
#include <stdlib.h>
#include <sys/mman.h>

#define P 4096

int main(void)
{
    FILE *f = tmpfile();
    if (mlockall(MCL_CURRENT | MCL_ONFAULT)) return 0; /* RLIMIT_MEMLOCK; the same under lprun */
    munlockall();
    ftruncate(fileno(f), P);
    OK(mmap(NULL, 2 * P, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0));
    OK(mmap(NULL, P, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    E(mlockall(MCL_CURRENT));
    E(munlockall());
    E(mlockall(MCL_CURRENT | MCL_FUTURE));
    OK(mmap(NULL, 2 * P, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0));
    OK(mmap(NULL, P, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    OK(sbrk(P));
    E(mlock(mmap(NULL, 2 * P, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0), 2 * P)); /* here it is */
    E(munlockall());
    E(mlockall(MCL_ONFAULT));
    E(mlockall(8 | MCL_CURRENT));
    return 0;
}
