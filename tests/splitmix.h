/* splitmix.h - random numbers of the tests: splitmix64, the same on every machine. */
#ifndef TESTS_SPLITMIX_H
#define TESTS_SPLITMIX_H
#include <stdint.h>

#define SPLITMIX_STEP UINT64_C(0x9e3779b97f4a7c15)
static inline uint64_t splitmix_of(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
static inline uint64_t splitmix(uint64_t *state) { return splitmix_of(*state += SPLITMIX_STEP); }
#endif
