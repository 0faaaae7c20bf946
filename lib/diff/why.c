/* diff/why.c - the functions of a row side by side, in symbols. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include <arm64lp/dis.h>

#include <stdio.h>
#include <string.h>

struct text { struct lp_buf buf; lp_dis *dis; };

/* A word as people read it: an address by what it is. */
static void say(const struct lp_side *s, const struct lp_atom *a, uint64_t off, struct text *t)
{
    struct lp_dis_insn i;
    uint64_t at = a->start + off;
    lp_dis_word(t->dis, lp_code_word(s, at), at, &i);
    t->buf.len = 0;
    lp_buf_printf(&t->buf, "+0x%03llx %-6s ", (unsigned long long)off, i.mnemonic);
    char *hex = i.has_target ? strstr(i.operands, "0x") : NULL;
    if (hex && i.target >= a->start && i.target < a->end) snprintf(hex, 32, "+0x%llx", (unsigned long long)(i.target - a->start));
    lp_buf_puts(&t->buf, hex && !(i.target >= a->start && i.target < a->end) ? (*hex = 0, i.operands) : i.operands);
    if (hex && !*hex) lp_describe(s, &(struct lp_use){i.target, LP_NONE, LP_NONE, 0, 0}, &t->buf);
    unsigned n, k = 0;
    const struct lp_ref_at *r = lp_refs_at(s, a, at, &n);
    while (k < n && r[k].kind != LP_FLOW_ADDR && r[k].kind != LP_REF_NUMBER) k++;
    if (k == n) return;
    lp_buf_puts(&t->buf, "  ; ");
    lp_describe(s, &(struct lp_use){r[k].addr, r[k].base, LP_NONE, r[k].width, 0}, &t->buf);
}

static bool equal_words(lp_diff *d, uint32_t a, uint64_t x, uint32_t b, uint64_t y)
{
    const struct lp_atom *p = &OLD(d)->atom[a], *q = &NEW(d)->atom[b];
    uint32_t v = lp_code_word(OLD(d), p->start + x), w = lp_code_word(NEW(d), q->start + y), m, n;
    uint64_t t, u;
    if (lp_word_target(v, 0, &t, &m) && lp_word_target(w, 0, &u, &n)) return m == n && ((v ^ w) & ~m) == 0;
    return v == w || ((v ^ w) & 0x9f00001f) == 0;
}

enum { LINES_MAX = 4000, LOOK_AHEAD = 24 };

/* The nearest place where both go on alike. */
static void resync(lp_diff *d, uint32_t a, uint64_t x, uint64_t n, uint32_t b, uint64_t y, uint64_t m, uint64_t *dx, uint64_t *dy)
{
    for (uint64_t sum = 1; sum <= 2 * LOOK_AHEAD; sum++)
        for (uint64_t i = 0; i <= sum; i++) {
            uint64_t p = x + 4 * i, q = y + 4 * (sum - i);
            if (p + 8 <= n && q + 8 <= m && equal_words(d, a, p, b, q) && equal_words(d, a, p + 4, b, q + 4)) {
                *dx = 4 * i, *dy = 4 * (sum - i);
                return;
            }
        }
    *dx = n - x, *dy = m - y;
}

struct sides { lp_diff *d; uint32_t a, b; struct text t[2]; int (*fn)(void *, const struct lp_diff_line *); void *ctx; };

static int give(struct sides *s, bool left, uint64_t x, bool right, uint64_t y, bool differs)
{
    struct lp_diff_line l = {.old_off = x, .new_off = y, .differs = differs};
    if (left) say(OLD(s->d), &OLD(s->d)->atom[s->a], x, &s->t[0]), l.old_text = s->t[0].buf.data;
    if (right) say(NEW(s->d), &NEW(s->d)->atom[s->b], y, &s->t[1]), l.new_text = s->t[1].buf.data;
    return s->fn(s->ctx, &l);
}

static int give_gap(struct sides *s, uint64_t *x, uint64_t dx, uint64_t *y, uint64_t dy)
{
    int stop = 0;
    while (!stop && (dx || dy)) {
        stop = give(s, dx != 0, *x, dy != 0, *y, true);
        if (dx) *x += 4, dx -= 4;
        if (dy) *y += 4, dy -= 4;
    }
    return stop;
}

static void walk(struct sides *s)
{
    uint64_t n = OLD(s->d)->atom[s->a].end - OLD(s->d)->atom[s->a].start, m = NEW(s->d)->atom[s->b].end - NEW(s->d)->atom[s->b].start;
    uint64_t x = 0, y = 0, dx, dy;
    for (int lines = 0; (x < n || y < m) && lines < LINES_MAX; lines++) {
        if (x < n && y < m && equal_words(s->d, s->a, x, s->b, y)) {
            if (give(s, true, x, true, y, !lp_same_word(s->d, s->a, x, s->b, y))) return;
            x += 4, y += 4;
            continue;
        }
        resync(s->d, s->a, x, n, s->b, y, m, &dx, &dy);
        if (give_gap(s, &x, dx, &y, dy)) return;
    }
}

lp_status lp_diff_lines(const lp_diff *d, const struct lp_diff_function *f, int (*fn)(void *ctx, const struct lp_diff_line *l), void *ctx,
                        struct lp_error *err)
{
    struct sides s = {.d = (lp_diff *)(uintptr_t)d, .a = lp_side_atom(OLD(d), f->old_addr), .b = lp_side_atom(NEW(d), f->new_addr), .fn = fn, .ctx = ctx};
    if (s.a == LP_NONE || s.b == LP_NONE) return LP_OK;
    lp_status status = lp_dis_new(&s.t[0].dis, err);
    if (status != LP_OK) return status;
    s.t[1].dis = s.t[0].dis;
    walk(&s);
    lp_dis_free(s.t[0].dis);
    lp_buf_free(&s.t[0].buf), lp_buf_free(&s.t[1].buf);
    return LP_OK;
}
