/* exec/pauth_key.c - the keys of pointer authentication, and the hash. */
#include <config.h>
#include <pthread.h>
#include <string.h>
#include "base/os.h"
#include "exec/pauth.h"

static struct lp_pauth first;
static pthread_once_t drawn = PTHREAD_ONCE_INIT;

/* Without a generator addresses must do: authentication is a defence, not a secret that anything here relies on. */
void lp_pauth_draw(struct lp_pauth *p, unsigned mask)
{
    struct lp_pauth fresh;
    if (!lp_os_random(fresh.key, sizeof fresh.key))
        for (unsigned i = 0; i < LP_PAUTH_KEYS; i++)
            fresh.key[i][0] = p->key[i][0] * 5 + (uintptr_t)&first + i, fresh.key[i][1] = (uintptr_t)&fresh ^ p->key[i][1];
    for (unsigned i = 0; i < LP_PAUTH_KEYS; i++)
        if (mask >> i & 1)
            memcpy(p->key[i], fresh.key[i], sizeof p->key[i]);
}

static void draw_first(void) { lp_pauth_draw(&first, ~0u); }
void lp_pauth_init(struct lp_pauth *p)
{
    pthread_once(&drawn, draw_first);
    *p = first;
}

/* Two multiplications with folding (the finaliser of splitmix64): every bit of the inputs reaches the bits that are used. */
uint64_t lp_pauth_code(const struct lp_pauth *p, uint64_t pointer, uint64_t modifier, unsigned key)
{
    uint64_t h = pointer ^ p->key[key][0];
    h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    h ^= modifier + p->key[key][1];
    h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
    return h ^ h >> 31;
}
