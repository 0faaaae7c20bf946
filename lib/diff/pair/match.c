/* diff/pair/match.c - MATCH: which function and object of the new file is which of the old one. The first rule that gives a unique pair wins. A pair is a
 * supposition: only COMPARE calls anything equal. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "base/bits.h"
#include "base/search.h"
#include "elf/suffix.h"

#include <stdlib.h>
#include <string.h>

/* Data without a name that has more room in the new file: over what it may grow there. (Ever: what is supposed may be taken back.) */
static void has_grown(lp_diff *d, uint64_t from, uint64_t to)
{
    struct lp_range *v = lp_grow(d->grown, &d->grown_cap, d->ngrown, sizeof *v);
    if (!v) {
        d->nomem = true;
        return;
    }
    d->grown = v;
    size_t i = lp_count_upto(v, d->ngrown, sizeof *v, from);
    if (i && v[i - 1].to >= from) from = v[--i].from;
    size_t end = i; /* of those that it meets */
    while (end < d->ngrown && v[end].from <= to) end++;
    if (end > i && v[end - 1].to > to) to = v[end - 1].to;
    memmove(&v[i + 1], &v[end], (d->ngrown - end) * sizeof *v);
    d->ngrown += i + 1, d->ngrown -= end;
    v[i] = (struct lp_range){from, to};
}

void lp_pair(lp_diff *d, uint32_t a, uint32_t b, enum lp_rule rule)
{
    struct lp_atom *x = &OLD(d)->atom[a], *y = &NEW(d)->atom[b];
    const uint64_t n = x->end - x->start, m = y->end - y->start;
    x->pair = b, y->pair = a;
    x->rule = y->rule = (uint8_t)rule;
    x->roomy = y->roomy = false;
    if (x->kind == LP_ATOM_PIECE && m > n) has_grown(d, x->end, x->start + m);
}

static bool same_sort(const struct lp_atom *a, const struct lp_atom *b) { return a->kind == b->kind || (lp_is_function(a) && lp_is_function(b)); }

/* ---- --map ---- */

/* A function or data by its address, without a name. */
static uint32_t at_address(const struct lp_side *s, const char *text)
{
    char *end;
    const uint64_t addr = strncmp(text, "0x", 2) == 0 ? strtoull(text, &end, 16) : 0;
    return addr && !*end ? lp_side_start(s, addr) : LP_NONE;
}

static uint32_t mapped(lp_diff *d, struct lp_side *s, const char *spec, size_t n)
{
    const struct lp_elf_symbol *y;
    char *text = strndup(spec, n);
    uint32_t i = text && lp_elf_find(s->names, text, &y, NULL) == LP_OK ? lp_side_atom(s, y->value) : text ? at_address(s, text) : LP_NONE;
    if (i == LP_NONE) lp_diff_refuse_name(d, s, text ? text : spec, "it is no function and no data (--map)");
    free(text);
    return i;
}

static void match_map(lp_diff *d)
{
    for (size_t i = 0; d->opt.map && d->opt.map[i]; i++) {
        const char *eq = strchr(d->opt.map[i], '=');
        if (!eq) continue;
        uint32_t a = mapped(d, OLD(d), d->opt.map[i], (size_t)(eq - d->opt.map[i])), b = mapped(d, NEW(d), eq + 1, strlen(eq + 1));
        const bool both = a != LP_NONE && b != LP_NONE, alike = both && lp_is_code_atom(&OLD(d)->atom[a]) == lp_is_code_atom(&NEW(d)->atom[b]);
        if (alike) lp_pair(d, a, b, LP_RULE_MAP);
        else if (both) lp_diff_refuse_name(d, OLD(d), d->opt.map[i], "one is a function, and the other one is data (--map)");
    }
}

/* ---- names: both lists in their order, group by group ---- */

struct key { const char *name; size_t len; const char *file; uint32_t atom; };
struct keys { struct key *v; size_t n; };

static int compare_names(const struct key *x, const struct key *y)
{
    size_t n = x->len < y->len ? x->len : y->len;
    int c = x->name == y->name ? 0 : memcmp(x->name, y->name, n);
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

static int by_name(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int c = compare_names(x, y);
    return c ? c : (x->atom > y->atom) - (x->atom < y->atom);
}

/* The name without what compilers add, but for .cold: .isra.0 .part.1 .constprop.0 .llvm.123 .lto_priv.0, and numbers of variables. */
static size_t stem(const char *name)
{
    const char *made = lp_suffix_find(name, LP_SUFFIX_COPY | LP_SUFFIX_NAME | LP_SUFFIX_ALIAS);
    const size_t n = made ? (size_t)(made - name) : strlen(name);
    for (size_t i = 1; i < n; i++)
        if (name[i] == '.' && name[i + 1] >= '0' && name[i + 1] <= '9') return i;
    return n;
}

static struct keys keys_of(const struct lp_side *s, bool stems)
{
    struct keys k = {malloc((s->nnamed + 1) * sizeof *k.v), 0};
    for (size_t i = 0; k.v && i < s->nnamed; i++) {
        const struct lp_atom *a = &s->atom[s->by_name[i]];
        if (a->pair != LP_NONE || a->numbered || a->counted) continue;
        k.v[k.n++] = (struct key){a->sym->name, stems ? stem(a->sym->name) : strlen(a->sym->name), a->sym->file, s->by_name[i]};
    }
    if (k.v && stems) qsort(k.v, k.n, sizeof *k.v, by_name);
    return k;
}

static bool same_file(const struct key *a, const struct key *b)
{
    return a->file && b->file ? strcmp(a->file, b->file) == 0 : a->file == b->file;
}

/* Of n atoms of one name and m of the other file: those that one file has once on either side, then, if as many are left, in their order. */
static void match_group(lp_diff *d, struct key *a, size_t n, struct key *b, size_t m, enum lp_rule rule)
{
    struct lp_side *o = OLD(d), *s = NEW(d);
    enum { GROUP_MAX = 512 };
    if (n == 1 && m == 1) {
        if (same_sort(&o->atom[a->atom], &s->atom[b->atom])) lp_pair(d, a->atom, b->atom, rule);
        return;
    }
    for (size_t i = 0; i < n && n <= GROUP_MAX && m <= GROUP_MAX; i++) {
        size_t here = 0, hits = 0, hit = 0;
        for (size_t k = 0; k < n; k++) here += same_file(&a[i], &a[k]) && same_sort(&o->atom[a[i].atom], &o->atom[a[k].atom]);
        for (size_t k = 0; k < m; k++)
            if (same_file(&a[i], &b[k]) && same_sort(&o->atom[a[i].atom], &s->atom[b[k].atom])) hits++, hit = k;
        if (here == 1 && hits == 1) lp_pair(d, a[i].atom, b[hit].atom, LP_RULE_FILE);
    }
    if (n != m) return;
    for (size_t i = 0, k = 0; i < n; i++) {
        if (o->atom[a[i].atom].pair != LP_NONE) continue;
        while (k < m && s->atom[b[k].atom].pair != LP_NONE) k++;
        if (k < m && same_sort(&o->atom[a[i].atom], &s->atom[b[k].atom])) lp_pair(d, a[i].atom, b[k].atom, LP_RULE_ORDER);
        k++;
    }
}

static void match_names(lp_diff *d, bool stems)
{
    struct keys a = keys_of(OLD(d), stems), b = keys_of(NEW(d), stems);
    if (!a.v || !b.v) d->nomem = true;
    for (size_t i = 0, k = 0, n, m; !d->nomem && i < a.n && k < b.n; i += n, k += m) {
        int c = compare_names(&a.v[i], &b.v[k]);
        n = c <= 0, m = c >= 0;
        if (c) continue;
        while (i + n < a.n && compare_names(&a.v[i], &a.v[i + n]) == 0) n++;
        while (k + m < b.n && compare_names(&b.v[k], &b.v[k + m]) == 0) m++;
        match_group(d, a.v + i, n, b.v + k, m, stems ? LP_RULE_STEM : LP_RULE_NAME);
    }
    free(a.v), free(b.v);
}

/* ---- bodies ---- */

struct body { uint64_t hash; uint32_t atom; };

static uint64_t mix(uint64_t h, uint64_t v) { return (h ^ v) * UINT64_C(0x9e3779b97f4a7c15) ^ (h >> 29); }

static uint64_t mix_bytes(uint64_t h, const void *p, size_t n)
{
    const uint8_t *b = p;
    for (size_t i = 0; i < n; i++) h = mix(h, b[i]);
    return h;
}

/* What does not depend on the layout, nor on names that pairs have not fixed yet. */
static uint64_t hash_target(const struct lp_side *s, uint64_t h, uint32_t self, uint64_t addr, uint8_t width)
{
    const struct lp_atom *me = &s->atom[self];
    uint64_t avail, n;
    if (addr >= me->start && addr < me->end) return mix(h, addr - me->start);
    const struct lp_word_at *w = lp_side_word(s, addr);
    if (w && w->sym) return mix_bytes(h, w->sym->name, strlen(w->sym->name));
    uint32_t i = lp_side_atom(s, lp_side_through(s, addr));
    if (i == LP_NONE) return mix(h, 1);
    const struct lp_atom *a = &s->atom[i];
    if (a->pair != LP_NONE) return mix(mix(h, s->is_new ? a->pair : i), addr - a->start);
    if (a->kind != LP_ATOM_PIECE || s->span[a->span].flags & LP_SPAN_WRITE) return mix(h, a->kind == LP_ATOM_LOOSE ? LP_ATOM_FUNC : a->kind);
    const uint8_t *p = lp_side_bytes(s, addr, &avail);
    n = width ? width : lp_side_text(s, addr);
    return p && n <= avail ? mix_bytes(h, p, n) : mix(h, 2);
}

uint64_t lp_body_hash(const struct lp_side *s, uint32_t self)
{
    const struct lp_atom *a = &s->atom[self];
    uint64_t h = a->end - a->start, t;
    const struct lp_ref_at *r = s->ref + a->ref, *end = r + a->nref;
    const struct lp_words code = lp_words_of(s, self);
    for (uint64_t at = a->start; at < a->end; at += 4) {
        uint32_t w = lp_words_at(&code, at), m;
        bool listed = r < end && r->at == at;
        if (listed) {
            h = mix(h, w & (r->kind == LP_FLOW_PAGE ? 0x1000001f : 0xf000001f)); /* a linker may make ADR of ADRP */
            for (; r < end && r->at == at; r++)
                if (r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET) h = hash_target(s, h, self, r->addr, r->width);
        } else if (lp_word_target(w, at, &t, &m)) {
            h = hash_target(s, mix(h, w & ~m), self, t, 0);
        } else {
            h = mix(h, w);
        }
    }
    return h;
}

static int by_hash(const void *a, const void *b)
{
    const struct body *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->atom > y->atom) - (x->atom < y->atom);
}

/* The functions of a side without a pair, by their hashes. */
struct bodies { const struct lp_side *s; struct body *v; size_t n; };

static void *find_bodies(void *ctx)
{
    struct bodies *x = ctx;
    const struct lp_side *s = x->s;
    x->v = malloc((s->natom + 1) * sizeof *x->v);
    for (uint32_t i = 0; x->v && i < s->natom; i++)
        if (lp_is_function(&s->atom[i]) && s->atom[i].pair == LP_NONE) x->v[x->n++] = (struct body){lp_body_hash(s, i), i};
    if (x->n) qsort(x->v, x->n, sizeof *x->v, by_hash);
    return NULL;
}

static bool alone(const struct body *v, size_t n, size_t i)
{
    return (!i || v[i - 1].hash != v[i].hash) && (i + 1 >= n || v[i + 1].hash != v[i].hash);
}

static size_t match_bodies(lp_diff *d)
{
    struct bodies x = {.s = OLD(d)}, y = {.s = NEW(d)};
    lp_in_two(find_bodies, &x, &y);
    struct body *a = x.v, *b = y.v;
    const size_t n = x.n, m = y.n;
    size_t hits = 0;
    if (!a || !b) d->nomem = true;
    for (size_t i = 0, k = 0; !d->nomem && i < n && k < m;) {
        if (a[i].hash == b[k].hash && alone(a, n, i) && alone(b, m, k)) lp_pair(d, a[i].atom, b[k].atom, LP_RULE_BODY), hits++;
        if (a[i].hash <= b[k].hash) i++;
        else k++;
    }
    free(a), free(b);
    return hits;
}

/* ---- neighbours ---- */

static bool is_open(const struct lp_atom *a) { return lp_is_function(a) && a->pair == LP_NONE; }

static bool may_pair(const lp_diff *d, uint32_t a, uint32_t b)
{
    if (a == LP_NONE || b == LP_NONE) return false;
    const struct lp_atom *x = &OLD(d)->atom[a], *y = &NEW(d)->atom[b];
    const bool loose = x->kind == LP_ATOM_LOOSE && y->kind == LP_ATOM_LOOSE;
    const bool named = x->sym && y->sym && !loose && !lp_same_counted(x, y); /* two names that differ are two functions */
    return x->pair == LP_NONE && y->pair == LP_NONE && lp_is_function(x) && lp_is_function(y) && !named;
}

/* As guess; but who calls a function, and the rest of its name, together tell which it is. */
static enum lp_rule rule_of(const lp_diff *d, uint32_t a, uint32_t b, enum lp_rule guess)
{
    return lp_same_counted(&OLD(d)->atom[a], &NEW(d)->atom[b]) ? LP_RULE_STEM : guess;
}

/* Two words that are about these addresses: what begins there is the same, if it is code that nobody knows yet. */
static size_t match_places(lp_diff *d, uint64_t t, uint64_t u)
{
    const uint32_t x = lp_side_start(OLD(d), t), y = x != LP_NONE && is_open(&OLD(d)->atom[x]) ? lp_side_start(NEW(d), u) : LP_NONE;
    return may_pair(d, x, y) ? lp_pair(d, x, y, rule_of(d, x, y, LP_RULE_CALL)), 1 : 0;
}

/* The address that a word makes, or loads from a slot; 0 = none. */
static uint64_t made_by(const struct lp_side *s, const struct lp_ref_at *r)
{
    const struct lp_word_at *w = r->width == 8 ? lp_side_word(s, r->addr) : NULL;
    return w ? w->kind == LP_WORD_ADDR ? w->value : 0 : r->width ? 0 : r->addr;
}

/* Addresses of functions that the same word of both makes: main() is known by the one that _start hands over. */
static size_t match_addresses_of(lp_diff *d, const struct lp_atom *a, const struct lp_atom *b)
{
    const struct lp_ref_at *p = OLD(d)->ref + a->ref, *q = NEW(d)->ref + b->ref, *pe = p + a->nref, *qe = q + b->nref;
    size_t hits = 0;
    while (p < pe && q < qe) {
        const uint64_t x = p->at - a->start, y = q->at - b->start;
        if (x == y && p->kind == q->kind && p->width == q->width && (p->kind == LP_FLOW_ADDR || p->kind == LP_FLOW_TARGET))
            hits += match_places(d, made_by(OLD(d), p), made_by(NEW(d), q));
        p += x <= y, q += y <= x;
    }
    return hits;
}

/* Functions of as many words: what the same word of both calls. */
static size_t match_calls_of(lp_diff *d, uint32_t i)
{
    const struct lp_atom *a = &OLD(d)->atom[i], *b = &NEW(d)->atom[a->pair];
    const struct lp_words x_code = lp_words_of(OLD(d), i), y_code = lp_words_of(NEW(d), a->pair);
    size_t hits = match_addresses_of(d, a, b);
    for (uint64_t off = 0; off < a->end - a->start; off += 4) {
        uint32_t v = lp_words_at(&x_code, a->start + off), w = lp_words_at(&y_code, b->start + off), m;
        uint64_t t, u;
        if (v >> 26 != w >> 26 || !lp_a64_is_b_bl(v)) continue;
        lp_word_target(v, a->start + off, &t, &m), lp_word_target(w, b->start + off, &u, &m);
        hits += match_places(d, t, u);
    }
    return hits;
}

static bool any_open(const struct lp_side *s)
{
    uint32_t i = 0;
    while (i < s->natom && !is_open(&s->atom[i])) i++;
    return i < s->natom;
}

/* Once is enough for each pair: what is paired stays so. */
static size_t match_calls(lp_diff *d)
{
    size_t hits = 0;
    if (!any_open(OLD(d)) || !any_open(NEW(d))) return 0;
    for (uint32_t i = 0; i < OLD(d)->natom; i++) {
        struct lp_atom *a = &OLD(d)->atom[i];
        if (!lp_is_function(a) || a->pair == LP_NONE || a->followed) continue;
        const struct lp_atom *b = &NEW(d)->atom[a->pair];
        a->followed = true;
        if (a->end - a->start == b->end - b->start) hits += match_calls_of(d, i);
    }
    return hits;
}

static uint32_t next_code(const struct lp_side *s, uint32_t i)
{
    while (i < s->natom && !lp_is_function(&s->atom[i])) i++;
    return i;
}

/* Between two pairs that follow one another: as many functions here as there are one another, in their order. */
static void match_between(lp_diff *d, uint32_t a, uint32_t b)
{
    uint32_t i = a, k = b;
    for (;;) {
        i = next_code(OLD(d), i), k = next_code(NEW(d), k);
        bool more = i < OLD(d)->natom && OLD(d)->atom[i].pair == LP_NONE, other = k < NEW(d)->natom && NEW(d)->atom[k].pair == LP_NONE;
        if (more != other) return;
        if (!more) break;
        i++, k++;
    }
    bool closed = i >= OLD(d)->natom ? k >= NEW(d)->natom : k < NEW(d)->natom && OLD(d)->atom[i].pair == k;
    for (i = a, k = b; closed; i++, k++) {
        i = next_code(OLD(d), i), k = next_code(NEW(d), k);
        if (i >= OLD(d)->natom || k >= NEW(d)->natom || OLD(d)->atom[i].pair != LP_NONE) return;
        if (may_pair(d, i, k)) lp_pair(d, i, k, rule_of(d, i, k, LP_RULE_ORDER));
    }
}

static void match_order(lp_diff *d)
{
    match_between(d, 0, 0);
    for (uint32_t i = 0; i < OLD(d)->natom; i++)
        if (lp_is_function(&OLD(d)->atom[i]) && OLD(d)->atom[i].pair != LP_NONE) match_between(d, i + 1, OLD(d)->atom[i].pair + 1);
}

/* ---- entry points ---- */

static void match_entry(lp_diff *d, uint64_t a, uint64_t b)
{
    const uint32_t i = lp_side_start(OLD(d), a), k = lp_side_start(NEW(d), b);
    if (may_pair(d, i, k)) lp_pair(d, i, k, LP_RULE_ENTRY);
}

static const struct lp_span *listed(const struct lp_side *s, const char *name)
{
    for (size_t i = 0; i < s->nspan; i++)
        if (s->span[i].flags & LP_SPAN_LISTED && strcmp(s->span[i].name, name) == 0) return &s->span[i];
    return NULL;
}

static uint64_t listed_at(const struct lp_side *s, uint64_t at)
{
    uint64_t avail;
    const struct lp_word_at *w = lp_side_word(s, at);
    const uint8_t *p = lp_side_bytes(s, at, &avail);
    return w ? w->value : p && avail >= 8 ? lp_le64(p) : 0;
}

static void match_entries(lp_diff *d)
{
    match_entry(d, lp_elf_info(OLD(d)->elf)->entry, lp_elf_info(NEW(d)->elf)->entry);
    for (size_t i = 0; i < OLD(d)->nspan; i++) {
        const struct lp_span *x = &OLD(d)->span[i], *y = x->flags & LP_SPAN_LISTED ? listed(NEW(d), x->name) : NULL;
        if (!y || x->end - x->start != y->end - y->start) continue;
        for (uint64_t off = 0; off + 8 <= x->end - x->start; off += 8) match_entry(d, listed_at(OLD(d), x->start + off), listed_at(NEW(d), y->start + off));
    }
}

/* Parts follow their functions. */
static void match_parts(lp_diff *d)
{
    for (uint32_t i = 0; i < OLD(d)->natom; i++) {
        const struct lp_atom *a = &OLD(d)->atom[i];
        if (!lp_is_function(a) || a->pair == LP_NONE || a->part == LP_NONE) continue;
        uint32_t p = a->part, q = NEW(d)->atom[a->pair].part;
        if (q == LP_NONE || OLD(d)->atom[p].part != LP_NONE || NEW(d)->atom[q].part != LP_NONE) continue;
        if (OLD(d)->atom[p].pair == LP_NONE && NEW(d)->atom[q].pair == LP_NONE) lp_pair(d, p, q, LP_RULE_STEM);
    }
}

/* Each pair may lead to others. */
static void match_by_use(lp_diff *d)
{
    enum { ROUNDS = 12 };
    for (int i = 0; i < ROUNDS && !d->nomem; i++) {
        size_t bodies = match_bodies(d);
        if (!(bodies + match_calls(d))) break;
    }
}

/* Imports of one name and two versions are two imports, which the names of PLT entries do not say. */
static void part_versions(lp_diff *d)
{
    for (size_t i = 0; i < OLD(d)->natom; i++) {
        struct lp_atom *a = &OLD(d)->atom[i];
        if (a->kind != LP_ATOM_PLT || a->pair == LP_NONE) continue;
        struct lp_atom *b = &NEW(d)->atom[a->pair];
        const struct lp_word_at *x = lp_stub_slot(OLD(d), a->start), *y = lp_stub_slot(NEW(d), b->start);
        if (x && y && x->sym && y->sym && !lp_same_version(x->sym, y->sym)) a->pair = b->pair = LP_NONE;
    }
}

void lp_diff_match(lp_diff *d)
{
    match_map(d);
    lp_match_numbered(d);
    lp_find_counted(d);
    match_names(d, false);
    match_names(d, true);
    part_versions(d);
    match_parts(d);
    match_entries(d);
    match_by_use(d);
    match_order(d);
    match_by_use(d);
    lp_match_counted_rest(d);
}
