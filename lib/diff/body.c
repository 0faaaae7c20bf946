/* diff/body.c - EMIT, a function: its words that differ, in their place; or the whole body, in which runs of old words are only named. */
#include <config.h>
#include "diff/emit.h"
#include "a64/a64.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { RUN_MIN = 3, LINE_WORDS = 8, WINDOW_TRIES = 32 };

/* ---- runs of old words ---- */

struct old_words { uint32_t *word; size_t n; uint32_t *next, *head; size_t heads; };

static size_t bucket(const struct old_words *o, const uint32_t *w)
{
    uint64_t h = w[0];
    for (int i = 1; i < RUN_MIN; i++) h = h * UINT64_C(0x9e3779b97f4a7c15) ^ w[i];
    return (h * UINT64_C(0x9e3779b97f4a7c15) >> 32) % o->heads;
}

/* Every window of RUN_MIN words, found by what is in it. */
static bool index_old(const struct lp_side *s, const struct lp_atom *a, struct old_words *o)
{
    o->n = (a->end - a->start) / 4;
    o->heads = o->n + 1;
    o->word = malloc((o->n + 1) * sizeof *o->word), o->next = malloc((o->n + 1) * sizeof *o->next), o->head = malloc(o->heads * sizeof *o->head);
    if (!o->word || !o->next || !o->head) return false;
    for (size_t i = 0; i < o->heads; i++) o->head[i] = LP_NONE;
    for (size_t i = 0; i < o->n; i++) o->word[i] = lp_file_word(s, a->start + 4 * i);
    for (size_t i = o->n; i-- > 0;) {
        if (i + RUN_MIN > o->n) continue;
        size_t b = bucket(o, &o->word[i]);
        o->next[i] = o->head[b], o->head[b] = (uint32_t)i;
    }
    return true;
}

static void free_old(struct old_words *o) { free(o->word), free(o->next), free(o->head); }

/* Words [i, i + n) of the new body that are plain words: the longest run of old ones that is the same; *at: where. */
static size_t longest(const struct old_words *o, const uint32_t *w, size_t n, size_t *at)
{
    size_t best = 0;
    if (n < RUN_MIN || !o->n) return 0;
    uint32_t k = o->head[bucket(o, w)];
    for (unsigned tries = 0; k != LP_NONE && tries < WINDOW_TRIES; k = o->next[k], tries++) {
        size_t len = 0;
        while (len < n && k + len < o->n && o->word[k + len] == w[len]) len++;
        if (len > best) best = len, *at = k;
    }
    return best;
}

/* ---- a body ---- */

struct body { lp_diff *d; struct lp_new_word *word; uint32_t *plain; size_t n; };

static bool make_words(struct body *b, uint32_t atom)
{
    const struct lp_atom *a = &NEW(b->d)->atom[atom];
    b->n = (a->end - a->start) / 4;
    b->word = calloc(b->n + 1, sizeof *b->word), b->plain = calloc(b->n + 1, sizeof *b->plain);
    if (!b->word || !b->plain) return b->d->nomem = true, false;
    bool good = true;
    for (size_t i = 0; i < b->n; i++) {
        if (!lp_new_word(b->d, atom, a->start + 4 * i, &b->word[i])) good = false;
        b->plain[i] = b->word[i].word;
    }
    return good;
}

static void free_words(struct body *b)
{
    for (size_t i = 0; b->word && i < b->n; i++) lp_buf_free(&b->word[i].reloc);
    free(b->word), free(b->plain);
}

/* How many words from i on have no relocation and mean the same elsewhere. */
static size_t plain_run(const struct body *b, size_t i, bool keepable)
{
    size_t n = 0;
    while (i + n < b->n && !b->word[i + n].has_reloc && (!keepable || lp_a64_position_independent(b->plain[i + n]))) n++;
    return n;
}

static void print_words(struct body *b, size_t i, size_t n)
{
    struct lp_buf *out = &b->d->items;
    for (size_t k = 0; k < n; k++) {
        if (k % LINE_WORDS == 0) lp_buf_puts(out, k ? "\n|" : "|");
        lp_buf_printf(out, " %08x", b->plain[i + k]);
    }
    lp_buf_puts(out, "\n");
}

static void print_body(struct body *b, const struct old_words *o)
{
    struct lp_buf *out = &b->d->items;
    for (size_t i = 0, pending = 0; i <= b->n;) { /* pending: plain words in front of i that are not printed yet */
        size_t at = 0, run = i < b->n && o ? longest(o, &b->plain[i], plain_run(b, i, true), &at) : 0;
        bool stop = i == b->n || b->word[i].has_reloc || run >= RUN_MIN;
        if (stop && pending) print_words(b, i - pending, pending), pending = 0;
        if (i == b->n) break;
        if (run >= RUN_MIN) lp_buf_printf(out, "= +0x%zx %zu\n", 4 * at, run), i += run;
        else if (b->word[i].has_reloc) lp_buf_printf(out, "| %08x %s\n", b->word[i].word, b->word[i].reloc.data), i++;
        else pending++, i++;
    }
}

static void print_old(lp_diff *d, uint32_t old_atom)
{
    const struct lp_atom *a = &OLD(d)->atom[old_atom];
    uint64_t avail;
    uint8_t sha[32];
    char hex[65];
    const uint8_t *p = lp_side_bytes(OLD(d), a->start, &avail);
    if (!p || avail < a->end - a->start) return;
    lp_sha256(p, a->end - a->start, sha);
    lp_hex(hex, sha, 32);
    lp_buf_printf(&d->items, "old size %llu sha256 %s\n", (unsigned long long)(a->end - a->start), hex);
}

static void open_func(lp_diff *d, uint32_t old_atom, uint64_t size)
{
    lp_buf_puts(&d->items, "\nfunc ");
    lp_old_name(d, old_atom, &d->items);
    lp_buf_printf(&d->items, " size %llu\n", (unsigned long long)size);
    print_old(d, old_atom);
}

static void close_func(lp_diff *d, uint32_t new_atom)
{
    if (new_atom != LP_NONE) lp_emit_cfi(NEW(d), NEW(d)->atom[new_atom].start, &d->items);
    lp_buf_puts(&d->items, "end\n");
}

bool lp_emit_function(lp_diff *d, uint32_t old_atom)
{
    struct old_words o = {0};
    uint32_t new_atom = OLD(d)->atom[old_atom].pair;
    struct body b = {.d = d};
    bool good = make_words(&b, new_atom) && index_old(OLD(d), &OLD(d)->atom[old_atom], &o);
    if (good) {
        open_func(d, old_atom, 4 * b.n);
        print_body(&b, &o);
        close_func(d, new_atom);
    }
    free_words(&b), free_old(&o);
    return good;
}

/* A body with a name of its own; if it replaces an old one, that becomes a branch to it. */
bool lp_emit_new_function(lp_diff *d, uint32_t new_atom)
{
    const struct lp_atom *n = &NEW(d)->atom[new_atom];
    struct body b = {.d = d};
    bool good = make_words(&b, new_atom);
    if (good) {
        lp_buf_puts(&d->items, "\nfunc ");
        lp_own_name(d, new_atom, &d->items);
        lp_buf_printf(&d->items, " size %zu new\n", 4 * b.n);
        print_body(&b, NULL);
        close_func(d, new_atom);
    }
    if (good && n->pair != LP_NONE && !n->moved_part) {
        open_func(d, n->pair, 4);
        lp_buf_puts(&d->items, "| 14000000 jump26 ");
        lp_own_name(d, new_atom, &d->items);
        lp_buf_puts(&d->items, "\n");
        close_func(d, LP_NONE);
    }
    free_words(&b);
    return good;
}

/* ---- words in their place ---- */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

enum { PLACE_MAX = 24 };

/* The words that differ, and those that make the pages for them. */
static size_t words_to_change(lp_diff *d, uint32_t old_atom, uint32_t *off)
{
    const struct lp_side *s = NEW(d);
    const struct lp_atom *b = &s->atom[OLD(d)->atom[old_atom].pair];
    size_t n = lp_differing_words(d, old_atom, off, PLACE_MAX / 2), first = n;
    for (size_t i = 0; i < first; i++) {
        uint64_t at = b->start + off[i];
        int64_t imm;
        for (uint32_t k = 0; k < b->nref; k++) {
            const struct lp_ref_at *r = &s->ref[b->ref + k];
            if (r->at != at || r->kind != LP_FLOW_ADDR || !lp_word_offset(lp_code_word(s, at), &imm)) continue;
            for (uint32_t j = 0; j < b->nref && n < PLACE_MAX; j++) {
                const struct lp_ref_at *p = &s->ref[b->ref + j];
                if (p->kind == LP_FLOW_PAGE && p->addr == r->addr - (uint64_t)imm) off[n++] = (uint32_t)(p->at - b->start);
            }
        }
    }
    qsort(off, n, sizeof *off, by_value);
    first = n, n = 0;
    for (size_t i = 0; i < first; i++)
        if (!n || off[n - 1] != off[i]) off[n++] = off[i];
    return n;
}

static void print_site_word(lp_diff *d, uint32_t old, const struct lp_new_word *w)
{
    lp_buf_printf(&d->items, "- %08x\n+ %08x", old, w->word);
    if (w->has_reloc) lp_buf_printf(&d->items, " %s", w->reloc.data);
    lp_buf_puts(&d->items, "\n");
}

bool lp_emit_in_place(lp_diff *d, uint32_t old_atom)
{
    const struct lp_atom *a = &OLD(d)->atom[old_atom], *b = &NEW(d)->atom[a->pair];
    uint32_t off[PLACE_MAX];
    size_t n = words_to_change(d, old_atom, off);
    struct lp_new_word w = {0};
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        if (!i || off[i] != off[i - 1] + 4) {
            lp_buf_puts(&d->items, i ? "end\n\n@ " : "\n@ ");
            struct lp_there t = {true, false, a->start + off[i], old_atom, off[i]};
            lp_there_print(d, &t, &d->items);
            lp_buf_puts(&d->items, "\n");
        }
        if (!lp_new_word(d, a->pair, b->start + off[i], &w)) good = false;
        print_site_word(d, lp_file_word(OLD(d), a->start + off[i]), &w);
    }
    if (n) lp_buf_puts(&d->items, "end\n");
    lp_buf_free(&w.reloc);
    return good;
}
