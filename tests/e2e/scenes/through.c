/* A function that is left by whatever the function that it calls does. */
#include "twice.h"
int inner(int way);
PART int through(int way)
{
    int r = inner(way);
    __asm__ volatile("" ::: "memory");
    return r + GIVES;
}
