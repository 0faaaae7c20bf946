/* diff/pair/behind.c - COMPARE, functions that go on in what is behind them (side/fall.c): of those that belongs to what is compared. */
#include <config.h>
#include "diff/pair/pair.h"

/* Whether a call comes back is nobody's to see. */
bool lp_fall_alike(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b)
{
    struct lp_use u = {0, LP_NONE, a, 0, 0}, v = {0, LP_NONE, b, 0, 0};
    const bool one = lp_falls(o, a, &u.addr) == LP_FALL_SURELY, other = lp_falls(NEW(d), b, &v.addr) == LP_FALL_SURELY;
    return one == other && (!one || lp_same_target(d, o, &u, &v));
}

bool lp_same_code(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b, uint8_t *why, uint32_t *at)
{
    if (!lp_same_words(d, o, a, b, why, at)) return false;
    if (lp_fall_alike(d, o, a, b)) return true;
    *why = LP_WHY_REFS, *at = (uint32_t)(o->atom[a].end - o->atom[a].start) - 4;
    return false;
}
