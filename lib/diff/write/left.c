/* diff/write/left.c - CLOSE, --symbol: functions that changed and are not asked for. A compiler may have changed what one function expects of another one: its
 * parameters (.isra, .constprop), which registers it leaves alone. So those are named that call a function of the patch, or are called by one. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"

static bool is_left(const struct lp_atom *b) { return b->state == LP_DIFF_LEFT; }

/* The first function that it calls, of those that are in the patch (or: that are left); LP_NONE = none. */
static uint32_t calls(const struct lp_side *s, uint32_t f, bool left)
{
    const struct lp_words c = lp_words_of(s, f);
    for (uint64_t pc = c.at; pc + 4 <= c.at + c.len; pc += 4) {
        const uint32_t w = lp_words_at(&c, pc);
        uint64_t to;
        uint32_t mask;
        if (!lp_word_is_branch(w) || !lp_word_target(w, pc, &to, &mask)) continue;
        const uint32_t k = lp_side_atom(s, lp_side_through(s, to));
        if (k != LP_NONE && k != f && lp_is_code_atom(&s->atom[k]) && (left ? is_left(&s->atom[k]) : s->atom[k].included)) return k;
    }
    return LP_NONE;
}

void lp_remark_left(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    unsigned n = 0;
    uint32_t caller = LP_NONE, callee = LP_NONE;
    char buf[32], name[32];
    for (uint32_t f = 0; f < s->natom && d->opt.symbol && d->opt.symbol[0]; f++) {
        const struct lp_atom *b = &s->atom[f];
        if (!lp_is_code_atom(b) || !(is_left(b) || b->included)) continue;
        const uint32_t k = calls(s, f, !is_left(b));
        if (k != LP_NONE && !n++) caller = f, callee = k;
    }
    if (d->data_left)
        lp_diff_remark(d, "data that changed is left out (--symbol), since no function of the patch uses it (%zu, the first: %s)", d->data_left,
                       lp_atom_text(&OLD(d)->atom[d->first_left], buf));
    if (!n) return;
    lp_diff_remark(d, "functions that changed are left out (--symbol) though they call, or are called by, some that are in the patch (%u, the first: %s calls "
                   "%s); what one of the two expects of the other may have changed", n, lp_atom_text(&s->atom[caller], buf),
                   lp_atom_text(&s->atom[callee], name));
}
