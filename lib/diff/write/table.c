/* diff/write/table.c - EMIT, new data: a jump table is made of the old file's. Its entries are distances from a place in the function, so that most are the
 * same, and others as much more as the function grew in front of where they lead: what is added depends on the entry alone. */
#include <config.h>
#include "diff/write/write.h"
#include "base/bits.h"
#include "base/hash.h"

#include <stdlib.h>

/* An old entry, and what the new one is more. */
struct entry { int64_t old, by; uint32_t i; };
/* Sorted by the old ones; of each entry, whether it is another one than the rows say; and the patch's text of all that. */
struct rows { struct entry *v; size_t n; bool *other; struct lp_buf text; };

static int64_t number(const struct lp_flow_table *t, const uint8_t *p, uint64_t i)
{
    return (int64_t)lp_le_int(p + i * t->entry_bytes, t->entry_bytes, t->is_signed);
}

static int by_old(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->old != y->old) return x->old < y->old ? -1 : 1;
    return x->by != y->by ? (x->by < y->by ? -1 : 1) : (x->i > y->i) - (x->i < y->i);
}

/* Of the entries from i on that were the same: how many, and what most of them are more. */
static size_t same_old(const struct rows *r, size_t i, int64_t *by)
{
    size_t n = 0, best = 0;
    for (size_t k = i; k < r->n && r->v[k].old == r->v[i].old; k++, n++)
        if (k == i || r->v[k].by != r->v[k - 1].by) {
            size_t m = 0;
            while (k + m < r->n && r->v[k + m].old == r->v[i].old && r->v[k + m].by == r->v[k].by) m++;
            if (m > best) best = m, *by = r->v[k].by;
        }
    return n;
}

/* Is entry i, which is not as the ones in front of it, alone, so that those behind it are? Then it is no row. */
static bool is_alone(const struct rows *r, size_t i, int64_t now)
{
    int64_t next;
    if (i + 1 >= r->n || r->v[i + 1].old == r->v[i].old) return false;
    same_old(r, i + 1, &next);
    return next == now;
}

static void find_rows(struct rows *r)
{
    int64_t now = 0, by = 0;
    for (size_t i = 0, n; i < r->n; i += n) {
        n = same_old(r, i, &by);
        if (by != now && !is_alone(r, i, now)) {
            now = by;
            lp_buf_printf(&r->text, "from %lld %+lld\n", (long long)r->v[i].old, (long long)by);
        }
        for (size_t k = i; k < i + n; k++) r->other[r->v[k].i] = r->v[k].by != now;
    }
}

/* The first n entries of the old table u with rows that make the new ones of them; false: no memory. */
static bool make_rows(const lp_diff *d, const struct lp_flow_table *u, const struct lp_flow_table *t, const uint8_t *new, size_t n, struct rows *r)
{
    const uint8_t *old = lp_table_bytes(OLD(d), u);
    if (!old) return true;
    r->v = malloc((n + 1) * sizeof *r->v), r->other = calloc(n + 1, sizeof *r->other);
    if (!r->v || !r->other) return false;
    for (r->n = 0; r->n < n; r->n++) {
        const int64_t o = number(u, old, r->n);
        r->v[r->n] = (struct entry){o, number(t, new, r->n) - o, (uint32_t)r->n};
    }
    if (n) qsort(r->v, n, sizeof *r->v, by_old);
    uint8_t sha[32];
    char hex[65];
    lp_sha256(old, n * u->entry_bytes, sha);
    lp_hex(hex, sha, LP_DIFF_SHA);
    lp_buf_printf(&r->text, "old 0x%llx b%u %zu%s sha256 %s\n", (unsigned long long)u->at, u->entry_bytes, n, u->is_signed ? "" : " unsigned", hex);
    find_rows(r);
    for (size_t i = 0; i < n; i++)
        if (r->other[i]) lp_buf_printf(&r->text, "entry %zu %lld\n", i, (long long)number(t, new, i));
    return !r->text.failed;
}

static void free_rows(struct rows *r) { free(r->v), free(r->other), lp_buf_free(&r->text); }

/* The table by which the new file's function jumps there, and its number; the function's pair is *old. */
static const struct lp_flow_table *table_of(const lp_diff *d, uint32_t atom, const struct lp_atom **old, uint32_t *which)
{
    const struct lp_side *s = NEW(d);
    for (size_t i = 0; i < s->ntable; i++) {
        const uint32_t f = s->table[i].atom == atom ? lp_side_atom(s, s->table[i].t.br_at) : LP_NONE;
        if (f == LP_NONE || s->atom[f].pair == LP_NONE) continue;
        *old = &OLD(d)->atom[s->atom[f].pair];
        *which = (uint32_t)(&s->table[i] - lp_tables_of_atom(s, &s->atom[f]));
        return *which < s->atom[f].ntable ? &s->table[i].t : NULL;
    }
    return NULL;
}

bool lp_print_table(lp_diff *d, uint32_t atom, const uint8_t *p, uint64_t n)
{
    const struct lp_atom *a;
    uint32_t which;
    const struct lp_flow_table *t = table_of(d, atom, &a, &which), *u = t && which < a->ntable ? &lp_tables_of_atom(OLD(d), a)[which].t : NULL;
    if (!u || t->at != NEW(d)->atom[atom].start || u->entry_bytes != t->entry_bytes || u->entry_bytes > 4 || u->is_signed != t->is_signed) return false;
    const uint64_t have = n / t->entry_bytes, count = u->n < have ? u->n : have;
    struct rows r = {0};
    const bool good = make_rows(d, u, t, p, count, &r), worth = good && r.text.len && r.text.len <= 2 * count * t->entry_bytes;
    if (!good) d->nomem = true;
    if (worth) {
        lp_buf_add(&d->items, r.text.data, r.text.len);
        lp_print_bytes(&d->items, p + count * t->entry_bytes, n - count * t->entry_bytes);
    }
    free_rows(&r);
    return worth;
}
