/* diff/side/atoms.c - ATOMS: every span of code and data cut into functions, PLT entries, objects, and code that belongs to none. */
#include <config.h>
#include "diff/side/code.h"
#include "a64/a64.h"
#include "base/bits.h"
#include "base/search.h"
#include "base/sort.h"
#include "elf/spec.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lp_side_add_atom(struct lp_side *s, const struct lp_atom *a)
{
    struct lp_atom *v = s->natom < LP_NONE - 1 ? lp_grow(s->atom, &s->atom_cap, s->natom, sizeof *v) : NULL;
    if (!v) {
        s->nomem = true;
        return;
    }
    s->atom = v;
    v[s->natom++] = *a;
}

static struct lp_atom atom(enum lp_atom_kind kind, uint64_t start, uint64_t end, const struct lp_span *x, const struct lp_side *s)
{
    return (struct lp_atom){.start = start, .end = end, .kind = (uint8_t)kind, .pair = LP_NONE, .span = (uint32_t)(x - s->span),
                            .parent = LP_NONE, .part = LP_NONE};
}

enum { GRANULE_BITS = 7 };

uint32_t lp_side_atom(const struct lp_side *s, uint64_t addr)
{
    size_t from = 0, to = s->nfirst ? s->nfirst : s->natom;
    const struct lp_nearby *x = &s->nearby;
    const uint64_t g = (addr - x->at) >> GRANULE_BITS;
    if (x->natom == to && x->n) {
        if (addr < x->at) to = 0;
        else if (g + 1 < x->n) from = x->v[g], to = x->v[g + 1];
        else from = x->v[x->n - 1];
    }
    size_t n = from + lp_count_upto(s->atom + from, to - from, sizeof *s->atom, addr);
    if (n && addr < s->atom[n - 1].end) return (uint32_t)(n - 1);
    n = s->nfirst ? lp_count_upto(s->atom + s->nfirst, s->natom - s->nfirst, sizeof *s->atom, addr) : 0;
    return n && addr < s->atom[s->nfirst + n - 1].end ? (uint32_t)(s->nfirst + n - 1) : LP_NONE;
}

void lp_side_index(struct lp_side *s)
{
    struct lp_nearby x = {.natom = s->natom};
    free(s->nearby.v);
    s->nearby = (struct lp_nearby){0};
    if (!s->natom) return;
    x.at = s->atom[0].start & ~((UINT64_C(1) << GRANULE_BITS) - 1);
    uint64_t n = ((s->atom[s->natom - 1].start - x.at) >> GRANULE_BITS) + 2;
    const uint64_t most = lp_elf_info(s->elf)->image_size >> (GRANULE_BITS - 1);
    if (n > most) n = most; /* those behind it, far apart, are searched for */
    x.v = n ? malloc(n * sizeof *x.v) : NULL;
    if (!x.v) return;
    for (size_t i = 0; x.n < n; x.n++) {
        while (i < s->natom && s->atom[i].start < x.at + ((uint64_t)x.n << GRANULE_BITS)) i++;
        x.v[x.n] = (uint32_t)i;
    }
    s->nearby = x;
}

const char *lp_atom_name(const struct lp_atom *a) { return a->sym ? a->sym->name : NULL; }

const char *lp_atom_text(const struct lp_atom *a, char buf[32])
{
    if (a->sym) return a->sym->name;
    snprintf(buf, 32, "0x%llx", (unsigned long long)a->start);
    return buf;
}

static int by_start(const void *a, const void *b)
{
    const struct lp_atom *x = a, *y = b;
    return x->start != y->start ? (x->start < y->start ? -1 : 1) : (x->end < y->end) - (x->end > y->end);
}

void lp_sort_atoms(struct lp_atom *a, size_t n)
{
    lp_sort(a, n, sizeof *a, by_start);
}

/* Each goes to its place, from[i] being where the i-th one is: in circles, so that there is no second list of them. */
static void arrange(struct lp_atom *a, uint32_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct lp_atom first = a[i];
        size_t to = i;
        for (size_t k; (k = from[to]) != i; to = k) a[to] = a[k], from[to] = (uint32_t)to;
        a[to] = first, from[to] = (uint32_t)to;
    }
}

void lp_merge_atoms(struct lp_atom *a, size_t m, size_t n)
{
    uint32_t *from = m && m < n ? malloc(n * sizeof *from) : NULL;
    if (!from) {
        lp_sort_atoms(a, n);
        return;
    }
    for (size_t i = 0, k = m, to = 0; to < n; to++) {
        const bool second = i == m || (k < n && by_start(&a[k], &a[i]) < 0);
        from[to] = (uint32_t)(second ? k++ : i++);
    }
    arrange(a, from, n);
    free(from);
}

/* ---- symbols ---- */

static bool is_func(const struct lp_elf_symbol *y) { return y->type == STT_FUNC || y->type == STT_GNU_IFUNC; }

/* Of two names of the same place, the one by which it is matched: global, with few underscores, first in the alphabet. */
static bool better(const struct lp_elf_symbol *a, const struct lp_elf_symbol *b)
{
    bool local_a = a->bind == STB_LOCAL, local_b = b->bind == STB_LOCAL;
    size_t x = strspn(a->name, "_"), y = strspn(b->name, "_");
    if (local_a != local_b) return local_b;
    if (x != y) return x < y;
    return strcmp(a->name, b->name) < 0;
}

/* A number that the compiler gives to a text or constant (.L.str.5), which ld.lld -q keeps: the next build has another one for it. */
static bool is_numbered(const struct lp_elf_symbol *y, const struct lp_span *x)
{
    return y->type == STT_OBJECT && y->bind == STB_LOCAL && strncmp(y->name, ".L", 2) == 0 && !(x->flags & (LP_SPAN_WRITE | LP_SPAN_BSS));
}

/* One symbol; false if it makes no atom. */
static bool atom_of(const struct lp_side *s, const struct lp_elf_symbol *y, bool plt, struct lp_atom *out)
{
    const struct lp_span *x = y->type == STT_TLS ? NULL : lp_side_span(s, y->value);
    if (!x || x->flags & (LP_SPAN_LINKER | LP_SPAN_GOT) || lp_is_plt_name(y->name) != plt || is_numbered(y, x) || lp_is_named_here(s, y)) return false;
    bool code = is_func(y) && x->flags & LP_SPAN_CODE && !(y->value & 3);
    if (!code && (y->type != STT_OBJECT || !y->size)) return false;
    if (code && x->flags & LP_SPAN_PLT && !plt) return false;
    uint64_t end = y->size > x->end - y->value ? x->end : y->value + y->size;
    *out = atom(plt ? LP_ATOM_PLT : code ? LP_ATOM_FUNC : LP_ATOM_OBJECT, y->value, code ? y->value + ((end - y->value) & ~UINT64_C(3)) : end, x, s);
    out->sym = y;
    return true;
}

/* Symbols come in the order of their addresses, the longest first. */
static void add_symbols(struct lp_side *s, const lp_elf *file, bool plt)
{
    size_t n, first = s->natom;
    const struct lp_elf_symbol *y = lp_elf_symbols(file, &n);
    for (size_t i = 0; i < n; i++) {
        struct lp_atom a, *last = s->natom > first ? &s->atom[s->natom - 1] : NULL;
        if (!atom_of(s, &y[i], plt, &a)) continue;
        if (!last || a.start >= last->end + (last->end == last->start && a.start == last->start)) {
            lp_side_add_atom(s, &a);
        } else if (a.start == last->start && a.kind == last->kind) {
            if ((a.end == last->end || a.end == a.start) && better(a.sym, last->sym)) last->sym = a.sym;
            else if (a.end != last->end && a.end != a.start) last->merged = true;
        } else if (a.kind != last->kind && a.kind == LP_ATOM_OBJECT) {
            continue; /* a table inside a function's range is its own */
        } else {
            last->merged = true;
            if (a.end > last->end) last->end = a.end;
        }
    }
}

/* Those that the dynamic linker knows are not of what a source file keeps to itself. */
bool lp_side_has_objects(const struct lp_side *s)
{
    bool any = false, own = !s->dynamic || !s->dynamic->nsym;
    for (size_t i = 0; i < s->natom; i++) {
        const struct lp_atom *a = &s->atom[i];
        any |= a->kind == LP_ATOM_OBJECT;
        own |= a->sym && a->sym->bind == STB_LOCAL && a->kind != LP_ATOM_PLT;
    }
    return any && own && !s->fewer && !s->stripped;
}

/* ---- code without symbols ---- */

uint32_t lp_code_elsewhere(const struct lp_side *s, uint64_t addr)
{
    uint64_t avail;
    const uint8_t *p = lp_side_code(s, addr, &avail);
    return p && avail >= 4 ? lp_le32(p) : 0;
}

uint32_t lp_file_word(const struct lp_side *s, uint64_t addr)
{
    uint64_t avail;
    const uint8_t *p = lp_side_bytes(s, addr, &avail);
    return p && avail >= 4 ? lp_le32(p) : 0;
}

struct lp_words lp_words_of(const struct lp_side *s, uint32_t atom)
{
    const struct lp_atom *a = &s->atom[atom];
    uint64_t avail = 0, len = (a->end - a->start) & ~UINT64_C(3);
    const uint8_t *p = lp_side_code(s, a->start, &avail);
    return (struct lp_words){s, p, a->start, p && avail >= len ? len : 0};
}

/* Where the literals end that code has behind it, no further than `most`: zeros may be some, as behind GCC's template of trampolines (nested functions). */
static uint64_t literals_end(const struct lp_side *s, uint64_t start, uint64_t end, uint64_t most)
{
    enum { LITERAL = 8 };
    uint64_t to, all = end;
    uint32_t mask;
    for (uint64_t at = start; at < end && end < most; at += 4) {
        const uint32_t w = lp_code_word(s, at);
        if (lp_a64_is_load_literal(w) && lp_word_target(w, at, &to, &mask) && to >= end && to < most && to + LITERAL > all) all = to + LITERAL;
    }
    return all < most ? all : most;
}

/* Without what is padding at both ends; false: nothing else is there. */
static bool trim(const struct lp_side *s, uint64_t *start, uint64_t *end)
{
    const uint64_t most = *end &= ~UINT64_C(3);
    *start = lp_align_up(*start, 4);
    while (*start < *end && lp_a64_is_padding(lp_code_word(s, *start))) *start += 4;
    while (*start < *end && lp_a64_is_padding(lp_code_word(s, *end - 4))) *end -= 4;
    if (*start < *end) *end = literals_end(s, *start, *end, most);
    return *start < *end;
}

/* _init and _fini, whose landing pad may be a NOP. */
static bool runs_from_start(const struct lp_span *x, uint64_t at)
{
    return at == x->start && !(at & 3) && (strcmp(x->name, ".init") == 0 || strcmp(x->name, ".fini") == 0);
}

struct gaps { struct lp_side *s; size_t known; uint64_t *entry; size_t nentry; };

/* Where in front of `to`, which may begin with NOPs that are padding, something is known to begin: a function whose first instruction is a NOP. */
static uint64_t known_start(const struct gaps *g, uint64_t from, uint64_t to)
{
    const size_t i = lp_count_below(g->s->fde, g->s->nfde, sizeof *g->s->fde, from), k = lp_count_below(g->entry, g->nentry, sizeof *g->entry, from);
    if (i < g->s->nfde && g->s->fde[i].start < to && !(g->s->fde[i].start & 3)) to = g->s->fde[i].start;
    if (k < g->nentry && g->entry[k] < to && !(g->entry[k] & 3)) to = g->entry[k];
    return to;
}

/* fn for each stretch of code that the first `known` atoms leave, padding left out. */
static void each_gap(struct gaps *g, void (*fn)(struct gaps *g, const struct lp_span *x, uint64_t start, uint64_t end))
{
    struct lp_side *s = g->s;
    for (size_t i = 0, k = 0; i < s->nspan; i++) {
        uint32_t f = s->span[i].flags;
        if (!(f & LP_SPAN_CODE) || f & (LP_SPAN_PLT | LP_SPAN_LINKER) || !s->span[i].bytes) continue;
        uint64_t at = s->span[i].start, end = s->span[i].end;
        while (k < g->known && s->atom[k].end <= at) k++;
        for (; at < end; k++) {
            uint64_t from = at, to = k < g->known && s->atom[k].start < end ? s->atom[k].start : end;
            at = k < g->known && s->atom[k].start < end ? (s->atom[k].end > at ? s->atom[k].end : at) : end;
            const uint64_t whole = from;
            if (from < to && trim(s, &from, &to)) fn(g, &s->span[i], runs_from_start(&s->span[i], whole) ? whole : known_start(g, whole, from), to);
        }
        if (k) k--; /* it may reach into the next span of a hostile file */
    }
}

static void fdes_in(struct gaps *g, const struct lp_span *x, uint64_t start, uint64_t end)
{
    struct lp_side *s = g->s;
    size_t i = lp_count_below(s->fde, s->nfde, sizeof *s->fde, start);
    for (uint64_t at = start; i < s->nfde && s->fde[i].start < end; i++) {
        uint64_t from = s->fde[i].start, to = s->fde[i].end < end ? s->fde[i].end : end;
        if (from < at || from & 3 || to <= from) continue;
        struct lp_atom a = atom(LP_ATOM_FUNC, from, to & ~UINT64_C(3), x, s);
        lp_side_add_atom(s, &a);
        at = to;
    }
}

static void entries_in(struct gaps *g, const struct lp_span *x, uint64_t start, uint64_t end)
{
    size_t i = lp_count_below(g->entry, g->nentry, sizeof *g->entry, start);
    for (uint64_t at = start, next; at < end; at = next) {
        while (i < g->nentry && g->entry[i] <= at) i++;
        bool called = i && g->entry[i - 1] == at;
        next = i < g->nentry && g->entry[i] < end ? g->entry[i] : end;
        uint64_t from = at, to = next;
        struct lp_atom a = atom(called ? LP_ATOM_FUNC : LP_ATOM_LOOSE, from, to, x, g->s);
        if (trim(g->s, &from, &to)) a.start = called || runs_from_start(x, at) ? at : from, a.end = to, lp_side_add_atom(g->s, &a);
    }
}

static void loose_in(struct gaps *g, const struct lp_span *x, uint64_t start, uint64_t end)
{
    struct lp_atom a = atom(LP_ATOM_LOOSE, start, end, x, g->s);
    lp_side_add_atom(g->s, &a);
}

/* Labels of assembly that are no functions: the code from one to the next is called by it. */
static void name_loose(struct lp_side *s)
{
    size_t n, k = 0;
    const struct lp_elf_symbol *y = lp_elf_symbols(s->names, &n);
    for (size_t i = 0; i < s->natom; i++) {
        struct lp_atom *a = &s->atom[i];
        if (a->kind != LP_ATOM_LOOSE) continue;
        while (k < n && y[k].value < a->start) k++;
        for (size_t j = k; j < n && y[j].value == a->start && !a->sym; j++)
            if (y[j].type == STT_NOTYPE) a->sym = &y[j];
    }
}

/* Functions of no size end where the next atom begins. */
static void end_unsized(struct lp_side *s)
{
    for (size_t i = 0; i < s->natom; i++) {
        struct lp_atom *a = &s->atom[i];
        if (a->end != a->start) continue;
        uint64_t from = a->start, to = s->span[a->span].end;
        if (i + 1 < s->natom && s->atom[i + 1].start < to) to = s->atom[i + 1].start;
        struct lp_fde f;
        if (lp_elf_fde_of(s->elf, from, to, &f) && f.end < to) to = f.end;
        a->end = to & ~UINT64_C(3);
        if (trim(s, &from, &to)) a->end = to;
    }
}

/* ---- names ---- */

struct named { const char *name; uint32_t atom; };

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int c = x->name == y->name ? 0 : strcmp(x->name, y->name);
    return c ? c : (x->atom > y->atom) - (x->atom < y->atom);
}

bool lp_is_bound_name(const char *name)
{
    return strncmp(name, "__stop_", 7) == 0 || strncmp(name, "__start_", 8) == 0 || strncmp(name, "__rela_iplt_", 12) == 0;
}

/* Symbols of no size that linkers make of the bounds of data. */
static bool is_bound(const struct lp_elf_symbol *y)
{
    return !y->size && (y->type == STT_OBJECT || (y->type == STT_NOTYPE && lp_is_bound_name(y->name)));
}

static void add_labels(struct lp_side *s)
{
    size_t n;
    const struct lp_elf_symbol *y = lp_elf_symbols(s->names, &n);
    for (size_t i = 0; i < n; i++) {
        struct lp_label *v = is_bound(&y[i]) && !lp_is_named_here(s, &y[i]) ? lp_grow(s->label, &s->label_cap, s->nlabel, sizeof *v) : NULL;
        if (!v) continue;
        s->label = v;
        v[s->nlabel++] = (struct lp_label){y[i].value, y[i].name};
    }
}

static void index_names(struct lp_side *s)
{
    struct named *v = malloc((s->natom + 1) * sizeof *v);
    s->by_name = malloc((s->natom + 1) * sizeof *s->by_name);
    if (!v || !s->by_name) s->nomem = true;
    for (size_t i = 0; v && s->by_name && i < s->natom; i++)
        if (s->atom[i].sym) v[s->nnamed++] = (struct named){s->atom[i].sym->name, (uint32_t)i};
    if (s->nnamed) qsort(v, s->nnamed, sizeof *v, by_name);
    for (size_t i = 0; i < s->nnamed; i++) s->by_name[i] = v[i].atom;
    free(v);
}

static size_t bound(const struct lp_side *s, const char *name, bool upper)
{
    size_t lo = 0, hi = s->nnamed;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(s->atom[s->by_name[mid]].sym->name, name);
        if (c < 0 || (upper && c == 0)) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

/* Atoms of one name: the first in by_name, and how many. */
static size_t named(const struct lp_side *s, const char *name, size_t *count)
{
    size_t first = bound(s, name, false);
    *count = bound(s, name, true) - first;
    return first;
}

/* parse.cold belongs to parse: it goes on with its registers. Of several the one of the same file. */
static void find_parent(struct lp_side *s, uint32_t part)
{
    const struct lp_elf_symbol *y = s->atom[part].sym;
    const char *dot = y ? strstr(y->name, ".cold") : NULL;
    char *stem = dot && s->atom[part].kind == LP_ATOM_FUNC ? strndup(y->name, (size_t)(dot - y->name)) : NULL;
    uint32_t hit = LP_NONE;
    size_t n = 0, hits = 0, first = stem ? named(s, stem, &n) : 0;
    for (size_t i = first; i < first + n; i++) {
        const struct lp_atom *a = &s->atom[s->by_name[i]];
        bool same_file = n == 1 || (a->sym->file && y->file && strcmp(a->sym->file, y->file) == 0);
        if (a->kind == LP_ATOM_FUNC && !a->merged && same_file) hit = s->by_name[i], hits++;
    }
    free(stem);
    if (hits != 1 || s->atom[part].merged) return;
    s->atom[part].parent = hit;
    s->atom[part].part = s->atom[hit].part;
    s->atom[hit].part = part;
}

/* Where exceptions are caught, its FDE names a list of landing pads. */
static void find_landings(struct lp_side *s)
{
    for (size_t i = 0, k = 0; i < s->natom; i++) {
        struct lp_atom *a = &s->atom[i];
        while (k < s->nfde && s->fde[k].end <= a->start) k++;
        a->lands = !s->nfde;
        for (size_t j = k; j < s->nfde && s->fde[j].start < a->end; j++) a->lands |= s->fde[j].lsda;
    }
}

void lp_diff_atoms(struct lp_side *s)
{
    struct gaps g = {.s = s};
    add_symbols(s, s->names, false);
    add_symbols(s, s->elf, true);
    lp_sort_atoms(s->atom, s->natom);
    end_unsized(s);
    g.known = s->natom;
    each_gap(&g, fdes_in);
    lp_sort_atoms(s->atom, s->natom);
    g.known = s->natom;
    lp_side_index(s);
    g.entry = lp_find_starts(s, &g.nentry);
    lp_begin_earlier(s, g.entry, g.nentry);
    each_gap(&g, g.nentry ? entries_in : loose_in);
    s->atom = lp_trim(s->atom, &s->atom_cap, s->natom, sizeof *s->atom);
    lp_sort_atoms(s->atom, s->natom);
    name_loose(s);
    find_landings(s);
    free(g.entry);
    lp_side_index(s);
    index_names(s);
    add_labels(s);
    for (uint32_t i = 0; i < s->natom; i++) find_parent(s, i);
}

/* An entry for a function of the file itself, which a resolver chooses: it has that one's name. */
static bool is_own_stub(const struct lp_side *s, const struct lp_elf_symbol *y)
{
    const struct lp_word_at *w = lp_is_plt_name(y->name) ? lp_stub_slot(s, y->value) : NULL;
    return w && !w->sym;
}

bool lp_is_named_here(const struct lp_side *s, const struct lp_elf_symbol *y)
{
    const struct lp_elf_symbol *hit;
    if ((s->fewer || s->stripped) && is_own_stub(s, y)) return true; /* which may be another one of its names */
    if (!s->fewer) return false;
    if (y->type == STT_FUNC || y->type == STT_GNU_IFUNC) return false;
    return y->bind == STB_LOCAL || lp_elf_find(s->fewer, y->name, &hit, NULL) == LP_E_SYMBOL;
}
