/* patch/rename.c - words of the old body that are kept with other registers: `~ [+0xOFF] N x8>x9 ...`. */
#include <config.h>
#include "a64/a64.h"
#include "a64/regs.h"
#include "patch/block.h"
#include "patch/keep.h"

#include <string.h>

bool lp_rename_word(const uint8_t *to, uint32_t *word)
{
    uint8_t at[LP_A64_NAMED];
    const unsigned row = lp_a64_find(*word, LP_A64_ALL);
    const int n = lp_a64_named(row, at);
    uint32_t w = *word;
    for (int i = 0; i < n; i++) {
        const unsigned reg = *word >> at[i] & 31;
        if (reg != 31) w = (w & ~(UINT32_C(31) << at[i])) | (uint32_t)to[reg] << at[i];
    }
    if (n < 0 || lp_a64_find(w, LP_A64_ALL) != row) return false;
    return *word = w, true;
}

/* "x8" */
static bool reg(struct lp_parse *ps, unsigned *out)
{
    struct lp_lex *l = &ps->lex;
    const char *at = l->p;
    unsigned v = 0, n = 0;
    if (lp_lex_char(l, 'x'))
        for (; l->p < l->end && *l->p >= '0' && *l->p <= '9' && n < 2; n++) v = v * 10 + (unsigned)(*l->p++ - '0');
    if (n && v < LP_RENAMED && !(n == 2 && v < 10)) return *out = v, true;
    return lp_lex_fail(ps, at, LP_E_SYNTAX, "a register and its new name (x8>x9) are expected, of x0 to x30");
}

static bool pair(struct lp_parse *ps, uint8_t *to, int *last)
{
    unsigned a, b;
    const char *at = ps->lex.p;
    if (!reg(ps, &a)) return false;
    if (!lp_lex_char(&ps->lex, '>')) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "`>` and the new register are expected");
    if (!reg(ps, &b)) return false;
    if (a == b) return lp_lex_fail(ps, at, LP_E_SYNTAX, "x%u is renamed to itself", a);
    if ((int)a <= *last) return lp_lex_fail(ps, at, LP_E_SYNTAX, "x%u comes too late: registers are in ascending order", a);
    to[a] = (uint8_t)b;
    *last = (int)a;
    lp_buf_printf(&ps->canon, " x%u>x%u", a, b);
    return true;
}

/* Is there another one in the line? */
static bool next_is_reg(struct lp_parse *ps)
{
    struct lp_lex l = ps->lex;
    return lp_lex_ws(&l) && l.p < l.end && *l.p == 'x' && lp_lex_ws(&ps->lex);
}

bool lp_block_rename(struct lp_parse *ps)
{
    uint8_t to[LP_RENAMED];
    int last = -1;
    for (unsigned i = 0; i < LP_RENAMED; i++) to[i] = (uint8_t)i;
    while (next_is_reg(ps))
        if (!pair(ps, to, &last)) return false;
    if (last < 0) return ps->rename || lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "a register and its new name (x8>x9) are expected");
    return (ps->rename = lp_block_keep(ps, to, sizeof to)) != NULL;
}
