/* mkdecode_tree.c - which row is tried before which, and the decision tree over all of them. */
#include "mkdecode.h"
#include <stdlib.h>
#include <string.h>

/* ---- order ---- */

static bool overlap(const struct row *a, const struct row *b) { return ((a->value ^ b->value) & a->mask & b->mask) == 0; }

/* Does this condition hold for every word that has these fixed bits? */
static bool always(const struct row *r, const struct cond *c, uint32_t mask, uint32_t value)
{
    const struct field *f = &r->fields[c->field];
    uint32_t all = f->width == 32 ? UINT32_MAX : (UINT32_C(1) << f->width) - 1;
    uint32_t fixed = mask >> f->lo & all, min = value >> f->lo & fixed, max = min | (all & ~fixed);
    if (c->other >= 0)
        return false;
    switch (c->op[0]) {
    case '=': return min == c->value && max == c->value;
    case '!': return ((min ^ c->value) & fixed) != 0;
    case '>': return c->op[1] == '=' ? min >= c->value : min > c->value;
    case '<': return c->op[1] == '=' ? max <= c->value : max < c->value;
    default: return (min & c->value) != 0;
    }
}

/* Does an unless() of `r` exclude every word that has these fixed bits? */
static bool excluded(const struct row *r, uint32_t mask, uint32_t value)
{
    for (unsigned i = 0; i < r->nguards; i++) {
        bool all = true;
        for (unsigned j = 0; j < r->guards[i].n && all; j++)
            all = always(r, &r->guards[i].conds[j], mask, value);
        if (all)
            return true;
    }
    return false;
}

static bool is_after(const struct row *r, const struct row *other)
{
    for (unsigned i = 0; i < r->nafter; i++)
        if (strcmp(r->after[i], other->name) == 0)
            return true;
    return false;
}

/* -1: a before b; 1: b before a; 0: it does not matter. */
static int before(const struct row *a, const struct row *b)
{
    if (!overlap(a, b))
        return 0;
    if (is_after(b, a))
        return -1;
    if (is_after(a, b))
        return 1;
    if (a->mask != b->mask && (a->mask & b->mask) == b->mask)
        return -1;
    if (a->mask != b->mask && (a->mask & b->mask) == a->mask)
        return 1;
    uint32_t mask = a->mask | b->mask, value = a->value | b->value;
    if (excluded(a, mask, value) || excluded(b, mask, value))
        return 0;
    error_at(b->file, b->line, "%s overlaps %s (%s:%u), e.g. word 0x%08x: say which comes first with after(), or exclude it with unless()",
             b->name, a->name, a->file, a->line, (unsigned)value);
    return 0;
}

static void visit(unsigned i, const signed char *rel, char *state, unsigned *next)
{
    if (state[i] == 2)
        return;
    if (state[i] == 1) {
        error_at(rows[i].file, rows[i].line, "%s: the order of rows is circular", rows[i].name);
        return;
    }
    state[i] = 1;
    for (unsigned j = 1; j < nrows; j++)
        if (rel[(size_t)j * nrows + i] < 0)
            visit(j, rel, state, next);
    state[i] = 2;
    rows[i].order = (*next)++;
}

void order_rows(void)
{
    signed char *rel = calloc(nrows, nrows);
    char *state = calloc(nrows, 1);
    unsigned next = 0;
    for (unsigned i = 1; i < nrows; i++) {
        for (unsigned j = 0; j < rows[i].nafter; j++)
            if (find_row(rows[i].after[j]) == NULL)
                error_at(rows[i].file, rows[i].line, "%s: after(%s): no such row", rows[i].name, rows[i].after[j]);
        for (unsigned j = i + 1; j < nrows; j++) {
            rel[(size_t)i * nrows + j] = (signed char)before(&rows[i], &rows[j]);
            rel[(size_t)j * nrows + i] = (signed char)-rel[(size_t)i * nrows + j];
        }
    }
    for (unsigned i = 1; i < nrows; i++)
        visit(i, rel, state, &next);
    free(rel);
    free(state);
}

/* ---- tree ---- */

enum { LEAF = 3, MAX_WINDOW = 7 };

static bool may_be(const struct row *r, unsigned shift, unsigned width, unsigned v)
{
    uint32_t m = (UINT32_C(1) << width) - 1;
    return (((r->value >> shift) ^ v) & (r->mask >> shift) & m) == 0;
}

/* Rows left over after looking at a window, summed over its values and scaled: lower is better. */
static double window_cost(const uint16_t *set, unsigned n, unsigned shift, unsigned width)
{
    unsigned long sum = 0;
    for (unsigned v = 0; v < 1u << width; v++) {
        unsigned left = 0;
        for (unsigned i = 0; i < n; i++)
            left += may_be(&rows[set[i]], shift, width, v);
        sum += (unsigned long)left * left;
    }
    return (double)sum / (1u << width) + 0.15 * width * width;
}

static unsigned add_leaf(struct tree *t, const uint16_t *set, unsigned n)
{
    unsigned at = t->nleaf;
    for (unsigned i = 0; i <= n; i++) {
        t->leaf = grow(t->leaf, t->nleaf, sizeof *t->leaf);
        t->leaf[t->nleaf++] = i < n ? set[i] : 0;
    }
    return at;
}

static unsigned add_node(struct tree *t, const uint16_t *set, unsigned n, unsigned depth)
{
    unsigned self = t->nnodes, shift = 0, width = 0;
    double best = (double)n * n;
    t->nodes = grow(t->nodes, t->nnodes, sizeof *t->nodes);
    t->nodes[t->nnodes++] = (struct node){0, 0, 0};
    for (unsigned w = 1; n > LEAF && depth < 12 && w <= MAX_WINDOW; w++) {
        for (unsigned s = 0; s + w <= 32; s++) {
            double c = window_cost(set, n, s, w);
            if (c < best)
                best = c, shift = s, width = w;
        }
    }
    if (width == 0) {
        unsigned at = add_leaf(t, set, n);
        t->nodes[self].first = at;
        return self;
    }
    unsigned first = t->nkids;
    for (unsigned v = 0; v < 1u << width; v++) {
        t->kids = grow(t->kids, t->nkids, sizeof *t->kids);
        t->kids[t->nkids++] = 0;
    }
    uint16_t *sub = malloc(sizeof *sub * (n + 1));
    for (unsigned v = 0; v < 1u << width; v++) {
        unsigned k = 0;
        for (unsigned i = 0; i < n; i++)
            if (may_be(&rows[set[i]], shift, width, v))
                sub[k++] = set[i];
        unsigned kid = add_node(t, sub, k, depth + 1);
        t->kids[first + v] = (uint16_t)kid;
    }
    free(sub);
    t->nodes[self] = (struct node){shift, width, first};
    return self;
}

static int by_order(const void *a, const void *b)
{
    unsigned x = rows[*(const uint16_t *)a].order, y = rows[*(const uint16_t *)b].order;
    return x < y ? -1 : x > y;
}

void build_tree(struct tree *t)
{
    uint16_t *set = malloc(sizeof *set * nrows);
    memset(t, 0, sizeof *t);
    for (unsigned i = 1; i < nrows; i++)
        set[i - 1] = (uint16_t)i;
    qsort(set, nrows - 1, sizeof *set, by_order);
    add_node(t, set, nrows - 1, 0);
    free(set);
    if (t->nnodes > 0xffff || t->nkids > 0xffff || t->nleaf > 0xffff)
        error_at("mkdecode", 0, "the decision tree has %u nodes, %u links, %u leaf entries; at most 65535 of each", t->nnodes, t->nkids, t->nleaf);
}
