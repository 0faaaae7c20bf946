/* exec/pauth_key.c - the keys of pointer authentication, and the hash. */
#include <config.h>
#include <pthread.h>
#include <unistd.h>
#include "exec/pauth.h"

static uint64_t keys[LP_PAUTH_KEYS][2];
static pthread_once_t drawn = PTHREAD_ONCE_INIT;
/* Without a generator the address of the keys must do: authentication is a defence, not a secret that anything here relies on. */
static void draw(void)
{
    if (getentropy(keys, sizeof keys) != 0)
        for (unsigned i = 0; i < LP_PAUTH_KEYS; i++)
            keys[i][0] = (uintptr_t)keys + i, keys[i][1] = (uintptr_t)&drawn ^ i;
}

/* Two multiplications with folding (the finaliser of splitmix64): every bit of the inputs reaches the bits that are used. */
uint64_t lp_pauth_code(uint64_t pointer, uint64_t modifier, unsigned key)
{
    pthread_once(&drawn, draw);
    uint64_t h = pointer ^ keys[key][0];
    h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    h ^= modifier + keys[key][1];
    h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
    return h ^ h >> 31;
}
