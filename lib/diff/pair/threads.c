/* diff/pair/threads.c - COMPARE, thread-local variables without names: the block has the same layout and content (E160, E161), but what is where? Where the
 * functions that use a place of the old block all leave it alone in the new one, and others use it, another variable is there: one went and another one came,
 * or equal ones have changed their places. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/code.h"
#include "base/bits.h"
#include "base/search.h"
#include "base/sort.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>

/* off: in the block; func: in the new file; slot: a function finds it, and what is added to that is not known. */
struct use { uint64_t off; uint32_t func; bool slot; };
struct uses { struct use *v; size_t n, cap; };

static int by_place(const void *a, const void *b)
{
    const struct use *x = a, *y = b;
    if (x->off != y->off) return x->off < y->off ? -1 : 1;
    return (x->func > y->func) - (x->func < y->func);
}

static const struct lp_elf_segment *block_of(const struct lp_side *s)
{
    size_t n;
    const struct lp_elf_segment *x = lp_elf_segments(s->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (x[i].type == PT_TLS) return &x[i];
    return NULL;
}

/* Thread-local variables that have a name, by address; upto: the end of those so far. */
struct named { uint64_t start, upto; };
struct names { struct named *v; size_t n; };

static bool find_names(const struct lp_side *s, struct names *out)
{
    size_t n, many = 0;
    const struct lp_elf_symbol *y = lp_elf_symbols(s->names, &n);
    for (size_t i = 0; i < n; i++) many += y[i].type == STT_TLS;
    out->v = malloc((many + 1) * sizeof *out->v);
    if (!out->v) return false;
    for (size_t i = 0; i < n; i++)
        if (y[i].type == STT_TLS && !lp_is_named_here(s, &y[i])) out->v[out->n++] = (struct named){y[i].value, y[i].value + y[i].size};
    lp_sort_by_number(out->v, out->n, sizeof *out->v);
    for (size_t i = 1; i < out->n; i++)
        if (out->v[i].upto < out->v[i - 1].upto) out->v[i].upto = out->v[i - 1].upto;
    return true;
}

static bool is_named(const struct names *x, uint64_t off)
{
    const size_t n = lp_count_upto(x->v, x->n, sizeof *x->v, off);
    return n && off < x->v[n - 1].upto;
}

/* Where in the block is what a word has the distance of from the thread pointer, or a slot leads to? False: it is nothing of this block. */
static bool place_of(const struct lp_side *s, const struct lp_elf_segment *x, const struct lp_ref_at *r, uint64_t *off)
{
    uint64_t avail = 0;
    if (r->kind == LP_FLOW_TLS) {
        *off = r->addr - lp_align_up(16, x->align ? x->align : 1); /* ELF for the Arm 64-bit Architecture, "Thread Local Storage" */
        return *off < x->memsz;
    }
    const struct lp_word_at *w = r->kind == LP_FLOW_ADDR ? lp_side_word(s, r->addr) : NULL;
    if (!w || w->kind != LP_WORD_TLS || w->sym) return false;
    const uint8_t *p = w->type == R_AARCH64_TLS_DTPMOD ? lp_side_bytes(s, w->at + 8, &avail) : NULL;
    *off = avail >= 8 ? lp_le64(p) : w->value;
    return *off < x->memsz;
}

/* To what addresses a function's words add something, and to what nothing: in their order. */
struct bases { uint64_t *moved, *kept; size_t nmoved, nkept; };

static bool find_bases(const struct lp_side *s, const struct lp_atom *f, struct bases *x)
{
    *x = (struct bases){malloc((f->nref + 1) * sizeof *x->moved), malloc((f->nref + 1) * sizeof *x->kept), 0, 0};
    for (uint32_t k = 0; x->moved && x->kept && k < f->nref; k++) {
        const struct lp_ref_at *q = &s->ref[f->ref + k];
        int64_t off;
        if (q->kind != LP_FLOW_TLS || !lp_word_offset(lp_code_word(s, q->at), &off)) continue;
        if (off) x->moved[x->nmoved++] = q->addr - (uint64_t)off;
        else x->kept[x->nkept++] = q->addr;
    }
    if (x->moved && x->kept) lp_sort_numbers(x->moved, x->nmoved), lp_sort_numbers(x->kept, x->nkept);
    return x->moved && x->kept;
}

static size_t many(const uint64_t *v, size_t n, uint64_t addr) { return lp_count_upto(v, n, sizeof *v, addr) - lp_count_below(v, n, sizeof *v, addr); }

/* Is it only made for what is behind it: a section anchor? */
static bool is_base(const struct lp_side *s, const struct bases *x, const struct lp_ref_at *r)
{
    int64_t off;
    if (r->kind != LP_FLOW_TLS || r->width) return false;
    const size_t own = lp_word_offset(lp_code_word(s, r->at), &off) && !off;
    return many(x->kept, x->nkept, r->addr) == own && many(x->moved, x->nmoved, r->addr);
}

static bool add_uses(const struct lp_side *s, const struct lp_elf_segment *x, uint32_t i, const struct names *names, struct uses *u)
{
    const struct lp_atom *f = &s->atom[i];
    struct bases bases = {0};
    bool good = true;
    for (uint32_t k = 0; good && k < f->nref; k++) {
        const struct lp_ref_at *r = &s->ref[f->ref + k];
        uint64_t off;
        if (!place_of(s, x, r, &off) || is_named(names, off)) continue;
        if (!bases.moved && !find_bases(s, f, &bases)) good = false;
        if (!good || is_base(s, &bases, r)) continue;
        struct use *v = lp_grow(u->v, &u->cap, u->n, sizeof *v);
        good = v != NULL;
        if (!good) continue;
        u->v = v;
        v[u->n++] = (struct use){off, s->is_new ? i : f->pair, r->kind == LP_FLOW_ADDR};
    }
    free(bases.moved), free(bases.kept);
    return good;
}

static bool find_uses(const struct lp_side *s, const struct lp_elf_segment *x, struct uses *u)
{
    struct names names = {0};
    bool good = find_names(s, &names);
    for (uint32_t i = 0; good && i < s->natom; i++)
        if (lp_is_code_atom(&s->atom[i]) && s->atom[i].pair != LP_NONE) good = add_uses(s, x, i, &names, u);
    free(names.v);
    if (good) lp_sort(u->v, u->n, sizeof *u->v, by_place);
    return good;
}

static size_t next_place(const struct uses *u, size_t i)
{
    const uint64_t off = u->v[i].off;
    while (i < u->n && u->v[i].off == off) i++;
    return i;
}

/* Has it users that went and others that came, and none that stayed? Behind what a slot leads to there may be others, and who stayed may use one of those. */
static bool is_other(const struct uses *u, size_t i, const struct uses *v, size_t k)
{
    const size_t n = next_place(u, i), m = next_place(v, k);
    bool went = false, came = false, stayed = false, slot = false;
    while (i < n || k < m) {
        const bool old = k == m || (i < n && u->v[i].func <= v->v[k].func), new = i == n || (k < m && v->v[k].func <= u->v[i].func);
        const uint32_t f = old ? u->v[i].func : v->v[k].func;
        went |= !new, came |= !old, stayed |= old && new;
        for (; i < n && u->v[i].func == f; i++) slot |= u->v[i].slot;
        for (; k < m && v->v[k].func == f; k++) slot |= v->v[k].slot;
    }
    return went && came && (slot || !stayed);
}

void lp_diff_threads(lp_diff *d)
{
    struct uses u = {0}, v = {0};
    const struct lp_elf_segment *x = block_of(OLD(d)), *y = block_of(NEW(d));
    char buf[32];
    if (!x || !y) return;
    if (!find_uses(OLD(d), x, &u) || !find_uses(NEW(d), y, &v)) d->nomem = true;
    for (size_t i = 0, k = 0; !d->nomem && i < u.n && k < v.n;) {
        const bool both = u.v[i].off == v.v[k].off, first = u.v[i].off <= v.v[k].off;
        if (both && is_other(&u, i, &v, k)) {
            snprintf(buf, sizeof buf, "0x%llx", (unsigned long long)v.v[k].off);
            lp_diff_refuse(d, NEW(d), LP_E160, buf);
        }
        if (both || !first) k = next_place(&v, k);
        if (first) i = next_place(&u, i);
    }
    free(u.v), free(v.v);
}
