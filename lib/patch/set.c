/* patch/set.c - parsing of `set`: a datum that changes. */
#include <config.h>
#include "patch/block.h"

bool lp_block_open_set(struct lp_parse *ps)
{
    static const struct { const char *word; uint32_t len; } width[] = {{"b1", 1}, {"b2", 2}, {"b4", 4}, {"b8", 8}, {"bytes", 0}};
    uint64_t n = 0;
    lp_block_begin(ps, LP_ITEM_SET, LP_ST_SET_OLD);
    ps->set = (struct lp_set){0};
    if (!lp_lex_need_ws(ps) || !lp_lex_place(ps, &ps->work.place) || !lp_lex_need_ws(ps)) return false;
    unsigned i = 0;
    while (i < 5 && !lp_lex_word(&ps->lex, width[i].word)) i++;
    if (i == 5) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "`b1`, `b2`, `b4`, `b8` or `bytes` is expected");
    lp_buf_puts(&ps->canon, "set ");
    lp_print_place(&ps->canon, &ps->work.place);
    lp_buf_printf(&ps->canon, " %s", width[i].word);
    ps->set.len = width[i].len;
    ps->set.is_bytes = i == 4;
    if (i < 4) return lp_lex_need_end(ps);
    if (!lp_lex_need_ws(ps)) return false;
    const char *at = ps->lex.p;
    if (!lp_lex_num(ps, "a number of bytes", &n)) return false;
    if (n == 0 || n > LP_PATCH_LINE / 2) return lp_lex_fail(ps, at, LP_E_SYNTAX, "the number of bytes must be 1 to %d", LP_PATCH_LINE / 2);
    ps->set.len = (uint32_t)n;
    lp_buf_printf(&ps->canon, " %llu", (unsigned long long)n);
    return lp_lex_need_end(ps);
}

static bool value_bytes(struct lp_parse *ps, struct lp_value *v)
{
    struct lp_buf b = {0};
    const char *at = ps->lex.p;
    bool good = lp_block_pairs(ps, &b, "");
    if (good && b.len != ps->set.len) good = lp_lex_fail(ps, at, LP_E_SYNTAX, "%zu bytes found, %u expected", b.len, ps->set.len);
    if (good) good = (v->bytes = lp_block_keep(ps, b.data, b.len)) != NULL;
    lp_buf_free(&b);
    return good;
}

static bool value_number(struct lp_parse *ps, struct lp_value *v)
{
    uint64_t n;
    uint8_t le[8];
    const char *at = ps->lex.p;
    if (!lp_lex_hex(ps, "a value (0x...)", &n)) return false;
    if (ps->set.len < 8 && n >> (8 * ps->set.len)) return lp_lex_fail(ps, at, LP_E_SYNTAX, "the value does not fit in %u bytes", ps->set.len);
    lp_buf_printf(&ps->canon, "0x%llx", (unsigned long long)n);
    for (unsigned i = 0; i < 8; i++) le[i] = (uint8_t)(n >> (8 * i));
    return (v->bytes = lp_block_keep(ps, le, ps->set.len)) != NULL;
}

static bool value(struct lp_parse *ps, struct lp_value *v, bool is_old)
{
    const char *at = ps->lex.p;
    if (is_old && lp_lex_word(&ps->lex, "*")) return v->any = true, lp_buf_puts(&ps->canon, "*"), true;
    if (ps->set.is_bytes) return value_bytes(ps, v);
    if (!lp_lex_char(&ps->lex, '&')) return value_number(ps, v);
    if (ps->set.len != 8) return lp_lex_fail(ps, at, LP_E_SYNTAX, "an address (&) needs b8");
    struct lp_expr *e = lp_patch_alloc(ps->patch, sizeof *e);
    const char *start = ps->lex.p;
    if (!e) return lp_lex_nomem(ps);
    if (!lp_lex_expr(ps, e)) return false;
    lp_buf_puts(&ps->canon, "&");
    lp_buf_add(&ps->canon, start, (size_t)(ps->lex.p - start));
    v->expr = e;
    return true;
}

bool lp_block_set_line(struct lp_parse *ps, bool is_old)
{
    struct lp_lex *l = &ps->lex;
    if (l->end - l->p < 2 || l->p[0] != (is_old ? '-' : '+') || l->p[1] != ' ')
        return lp_lex_fail(ps, l->p, LP_E_SYNTAX, is_old ? "`- VALUE` (the old value or *) is expected after `set`" : "`+ VALUE` (the new value) is expected");
    l->p += 2;
    lp_buf_puts(&ps->canon, is_old ? "- " : "+ ");
    if (!value(ps, is_old ? &ps->set.old_value : &ps->set.new_value, is_old) || !lp_lex_need_end(ps)) return false;
    if (is_old || ps->broken) return true;
    ps->work.set = lp_block_keep(ps, &ps->set, sizeof ps->set);
    return ps->work.set && lp_block_add_item(ps, &ps->work);
}
