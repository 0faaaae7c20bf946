/* exec/counter.h - the virtual counter at 1 GHz, so that it is the host's monotonic clock in nanoseconds. */
#ifndef LP_EXEC_COUNTER_H
#define LP_EXEC_COUNTER_H
#include <stdint.h>
#include <time.h>

#define LP_COUNTER_HZ UINT64_C(1000000000)
static inline uint64_t lp_counter(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * LP_COUNTER_HZ + (uint64_t)t.tv_nsec;
}
#endif
