/* patch/old.c - new data made of what the object has: a table of its file, of which entries are other numbers now. As of kept words, a digest tells that they
 * are the right ones, and they are the file's, whatever patches have changed since. */
#include <config.h>
#include "base/bits.h"
#include "base/error.h"
#include "base/hash.h"
#include "elf/dynamic.h"
#include "elf/put.h"
#include "patch/block.h"
#include "patch/plan.h"

#include <stdlib.h>
#include <string.h>

/* ---- as text ---- */

/* The numbers that an entry can have. */
static int64_t least(const struct lp_old *o) { return o->is_unsigned ? 0 : -(INT64_C(1) << (8 * o->width - 1)); }
static int64_t most(const struct lp_old *o) { return least(o) + (INT64_C(1) << 8 * o->width) - 1; }

static bool signed_num(struct lp_parse *ps, const char *what, bool sign, int64_t *out)
{
    uint64_t n;
    const char *at = ps->lex.p;
    const bool minus = lp_lex_char(&ps->lex, '-');
    if (sign && !minus && !lp_lex_char(&ps->lex, '+')) return lp_lex_fail(ps, at, LP_E_SYNTAX, "%s is expected", what);
    if (!lp_lex_num(ps, what, &n)) return false;
    *out = minus ? -(int64_t)n : (int64_t)n;
    return true;
}

static bool entry_num(struct lp_parse *ps, const struct lp_old *o, int64_t *out)
{
    const char *at = ps->lex.p;
    if (!signed_num(ps, "a number", false, out)) return false;
    if (*out >= least(o) && *out <= most(o)) return true;
    return lp_lex_fail(ps, at, LP_E_SYNTAX, "the number must be %lld to %lld", (long long)least(o), (long long)most(o));
}

static bool width(struct lp_parse *ps, struct lp_old *o)
{
    static const struct { const char *word; uint8_t bytes; } name[] = {{"b1", 1}, {"b2", 2}, {"b4", 4}};
    unsigned i = 0;
    if (!lp_lex_need_ws(ps)) return false;
    while (i < 3 && !lp_lex_word(&ps->lex, name[i].word)) i++;
    if (i == 3) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "`b1`, `b2` or `b4` is expected");
    o->width = name[i].bytes;
    lp_buf_printf(&ps->canon, " %s", name[i].word);
    return true;
}

static bool digest(struct lp_parse *ps, struct lp_old *o)
{
    size_t n;
    char hex[65];
    o->is_unsigned = lp_lex_word(&ps->lex, "unsigned");
    if (o->is_unsigned && !lp_lex_need_ws(ps)) return false;
    if (!lp_lex_word(&ps->lex, "sha256")) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "`sha256`%s is expected", o->is_unsigned ? "" : " or `unsigned`");
    if (!lp_lex_need_ws(ps) || !lp_lex_sha256(ps, o->sha256, &n)) return false;
    o->sha_len = (uint8_t)n;
    lp_hex(hex, o->sha256, n);
    lp_buf_printf(&ps->canon, "%s sha256 %s", o->is_unsigned ? " unsigned" : "", hex);
    return lp_lex_need_end(ps);
}

bool lp_block_old(struct lp_parse *ps, struct lp_chunk *c)
{
    struct lp_old o = {0};
    c->kind = LP_CHUNK_OLD;
    if (!lp_lex_need_ws(ps) || !lp_lex_place(ps, &o.place)) return false;
    lp_buf_puts(&ps->canon, "old ");
    lp_print_place(&ps->canon, &o.place);
    if (!width(ps, &o) || !lp_lex_need_ws(ps)) return false;
    const char *at = ps->lex.p;
    if (!lp_lex_num(ps, "a number of entries", &o.count)) return false;
    if (!o.count || o.count > LP_PATCH_BLOCK / o.width)
        return lp_lex_fail(ps, at, LP_E_SYNTAX, "the number of entries must be 1 to %u", LP_PATCH_BLOCK / o.width);
    lp_buf_printf(&ps->canon, " %llu", (unsigned long long)o.count);
    c->len = o.count * o.width;
    return lp_lex_need_ws(ps) && digest(ps, &o) && (c->old = lp_block_keep(ps, &o, sizeof o));
}

/* Behind the line of the table, or another one of these. */
static const struct lp_old *table_of(const struct lp_parse *ps, enum lp_chunk_kind last)
{
    for (size_t i = ps->nchunk; i--;) {
        const struct lp_chunk *c = &ps->chunk[i];
        if (c->kind == LP_CHUNK_OLD) return c->old;
        if (c->kind != LP_CHUNK_FROM && c->kind != last) return NULL;
    }
    return NULL;
}

static bool ascends(struct lp_parse *ps, const char *at, const struct lp_chunk *c)
{
    const struct lp_chunk *last = &ps->chunk[ps->nchunk - 1];
    return last->kind != c->kind || last->at < c->at || lp_lex_fail(ps, at, LP_E_SYNTAX, "more than in the line before is expected");
}

bool lp_block_from(struct lp_parse *ps, struct lp_chunk *c)
{
    const struct lp_old *o = table_of(ps, LP_CHUNK_FROM);
    c->kind = LP_CHUNK_FROM;
    if (!o) return ps->broken || lp_lex_fail(ps, NULL, LP_E_SYNTAX, "`from` comes behind `old`, and in front of `entry`");
    if (!lp_lex_need_ws(ps)) return false;
    const char *at = ps->lex.p;
    if (!entry_num(ps, o, &c->at) || !lp_lex_need_ws(ps) || !signed_num(ps, "what is added (+N or -N)", true, &c->value)) return false;
    lp_buf_printf(&ps->canon, "from %lld %+lld", (long long)c->at, (long long)c->value);
    return lp_lex_need_end(ps) && ascends(ps, at, c);
}

bool lp_block_entry(struct lp_parse *ps, struct lp_chunk *c)
{
    const struct lp_old *o = table_of(ps, LP_CHUNK_ENTRY);
    uint64_t i;
    c->kind = LP_CHUNK_ENTRY;
    if (!o) return ps->broken || lp_lex_fail(ps, NULL, LP_E_SYNTAX, "`entry` comes behind `old`");
    if (!lp_lex_need_ws(ps)) return false;
    const char *at = ps->lex.p;
    if (!lp_lex_num(ps, "which entry, from 0,", &i)) return false;
    if (i >= o->count) return lp_lex_fail(ps, at, LP_E_SYNTAX, "there are but %llu entries, from 0", (unsigned long long)o->count);
    c->at = (int64_t)i;
    if (!lp_lex_need_ws(ps) || !entry_num(ps, o, &c->value)) return false;
    lp_buf_printf(&ps->canon, "entry %lld %lld", (long long)c->at, (long long)c->value);
    return lp_lex_need_end(ps) && ascends(ps, at, c);
}

/* ---- as bytes ---- */

static void put(const struct lp_old *o, uint8_t *p, int64_t v)
{
    for (unsigned i = 0; i < o->width; i++) p[i] = (uint8_t)((uint64_t)v >> 8 * i);
}

/* By another patch that is there, and stays: what is made of the file's does without that. */
static bool is_changed(struct lp_plan *pl, const struct lp_chunk *c, uint64_t addr, const uint8_t *file)
{
    const struct lp_space *s = pl->space;
    const lp_patch *by = NULL;
    struct lp_error why;
    uint8_t *now = s->owner ? malloc(c->len) : NULL;
    if (s->owner && !now) return lp_plan_fail(pl, c->line, LP_E_NOMEM, "out of memory"), true;
    const bool same = !now || s->read(s->ctx, addr, now, c->len) != 0 || memcmp(now, file, c->len) == 0;
    for (uint64_t i = 0; !same && !by && i < c->len; i++) by = now[i] != file[i] ? s->owner(s->ctx, pl, addr + i) : NULL;
    free(now);
    if (!by) return false;
    lp_fail(&why, LP_E_OLD_WORD, "the patch `%s` has changed the old data that this one is made of", lp_patch_name(by));
    lp_hint(&why, "revert it first, or let this one replace it (`replaces` in lpatch(5))");
    return lp_plan_fail_as(pl, c->line, &why, "%s", why.text), true;
}

/* The bytes of the file. */
static bool take(struct lp_plan *pl, const struct lp_item *it, const struct lp_chunk *c, uint8_t *p)
{
    const struct lp_target *t = pl->bound[it->object];
    const struct lp_item of = {.kind = LP_ITEM_DATA, .line = c->line, .object = it->object, .place = c->old->place};
    char where[256];
    uint8_t sha[32];
    uint64_t addr;
    if (!lp_plan_place(pl, &of, NULL, &addr)) return false;
    const uint64_t at = addr - t->bias;
    lp_plan_where(pl->space, addr, where, sizeof where);
    if (at + c->len < at || lp_elf_read(t->elf, at, p, c->len, NULL) != LP_OK)
        return lp_plan_fail(pl, c->line, LP_E_ADDRESS, "%s: the old data is not in the file, %llu bytes", where, (unsigned long long)c->len), false;
    lp_sha256(p, c->len, sha);
    if (memcmp(sha, c->old->sha256, c->old->sha_len) != 0) {
        char have[65], want[65];
        lp_hex(have, sha, c->old->sha_len), lp_hex(want, c->old->sha256, c->old->sha_len);
        return lp_plan_fail(pl, c->line, LP_E_OLD_WORD, "%s: the old data has sha256 %s, patch expects %s", where, have, want), false;
    }
    if (lp_elf_dynfix_covers(t->elf, at, c->len) || lp_elf_dynrel_covers(t->elf, at, c->len))
        return lp_plan_fail(pl, c->line, LP_E_UNSUPPORTED, "%s: the dynamic linker writes into the old data: say it by relocations (`rel`)", where), false;
    return !is_changed(pl, c, addr, p);
}

/* What says how much is added to an entry: the last row that does not begin behind it; NULL: nothing is. */
static const struct lp_chunk *row_of(const struct lp_chunk *row, size_t n, int64_t v)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (row[mid].at <= v) lo = mid + 1;
        else hi = mid;
    }
    return lo ? &row[lo - 1] : NULL;
}

size_t lp_plan_old(struct lp_plan *pl, const struct lp_item *it, const struct lp_chunk *c, size_t n, uint8_t *p)
{
    const struct lp_old *o = c->old;
    size_t rows = 1, all;
    while (rows < n && c[rows].kind == LP_CHUNK_FROM) rows++;
    for (all = rows; all < n && c[all].kind == LP_CHUNK_ENTRY;) all++;
    if (!take(pl, it, c, p)) return all;
    const struct lp_chunk *other = c + rows;
    for (uint64_t i = 0; i < o->count && all > 1; i++) {
        const int64_t old = (int64_t)lp_le_int(p + i * o->width, o->width, !o->is_unsigned);
        const bool is_other = other < c + all && (uint64_t)other->at == i;
        const struct lp_chunk *row = is_other ? NULL : row_of(c + 1, rows - 1, old);
        const int64_t v = is_other ? other++->value : old + (row ? row->value : 0);
        if (v < least(o) || v > most(o)) { /* by a row: others are as the file or the patch has them */
            lp_plan_fail(pl, row->line, LP_E_RANGE, "entry %llu would be %lld, and must be %lld to %lld", (unsigned long long)i, (long long)v,
                         (long long)least(o), (long long)most(o));
            return all;
        }
        put(o, p + i * o->width, v);
    }
    return all;
}
