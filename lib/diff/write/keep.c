/* diff/write/keep.c - EMIT, a new body: which of its words are the old one's, so that the patch only names them. The body is the same either way: a word is
 * kept where what the engine makes of it (patch/keep.h) is what its relocation would make. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include "a64/a64.h"
#include "patch/keep.h"

#include <stdlib.h>
#include <string.h>

/* What is shorter than a run is cheaper in words, unless it is in step with the last one. */
enum { WINDOW = 3, RUN_MIN = 2, STEP_MIN = 1, TRIES = 32, ROUNDS = 32 };

/* A word without the field that depends on where it is, and what that leads to: nothing, a place in its body, an address of the old file. */
struct cell { uint32_t word; uint8_t kind; bool datum, led; uint64_t to; }; /* datum: only a kept one will do; led: so it is for kept branches to it */
enum { PLAIN, INSIDE, OUTSIDE, OTHER };

struct keeping {
    struct cell *old, *new;
    size_t nold, n, heads;
    uint32_t *next, *head; /* windows of old words, by what is in them */
    uint32_t *from;        /* of each new word: the old one, or LP_NONE */
    struct lp_keep_walk walk;
};

/* ---- words ---- */

static struct cell cell_at(uint32_t w, uint64_t pc, uint64_t start, uint64_t end)
{
    const struct lp_reloc *r = lp_word_reloc(w);
    struct cell c = {.word = w, .kind = r ? OTHER : PLAIN};
    if (!r || (r->op != LP_REL_PAGE && !lp_word_is_branch(w))) return c;
    lp_a64_target(w, pc, &c.to);
    c.word &= ~lp_reloc_mask(r);
    c.kind = r->op != LP_REL_PAGE && c.to - start < end - start ? INSIDE : OUTSIDE;
    if (c.kind == INSIDE) c.to -= start;
    return c;
}

/* As the old file has it if the relocation's target is there. */
static struct cell cell_of(const lp_diff *d, const struct lp_new_word *w, uint64_t pc, uint64_t start, uint64_t end)
{
    struct cell c = {.word = w->word, .kind = OTHER, .to = w->addr};
    const char *name = lp_reloc_of(d, w);
    uint64_t word = w->word;
    if (!w->has_reloc) c = cell_at(w->word, pc, start, end), c.kind = c.kind == OUTSIDE ? OTHER : c.kind; /* data, which looks like it */
    if (w->datum) c = (struct cell){.word = w->word, .kind = PLAIN, .datum = true};
    if (!w->in_old || w->datum) return c;
    const struct lp_reloc *r = lp_word_reloc(w->word);
    if (!r && lp_reloc_apply(lp_reloc_named(name, strcspn(name, " ")), w->addr, 0, &word, NULL) == LP_OK) c.word = (uint32_t)word, c.kind = PLAIN, c.to = 0;
    if (r && r->op == LP_REL_PAGE) c.kind = OUTSIDE, c.to &= ~UINT64_C(4095);
    if (r && lp_word_is_branch(w->word)) c.kind = OUTSIDE;
    return c;
}

/* Places within the body are looked at when it is known which ones are kept. */
static bool may_keep(const struct keeping *k, size_t old, size_t new)
{
    const struct cell *a = &k->old[old], *b = &k->new[new];
    return a->word == b->word && a->kind == b->kind && a->kind != OTHER && (a->kind == INSIDE || a->to == b->to);
}

static size_t bucket(const struct keeping *k, const struct cell *c)
{
    uint64_t h = 0;
    for (int i = 0; i < WINDOW; i++) h = (h ^ c[i].word ^ (c[i].kind == OUTSIDE ? c[i].to << 8 : 0)) * UINT64_C(0x9e3779b97f4a7c15);
    return (h >> 32) % k->heads;
}

static bool make_cells(struct keeping *k, const lp_diff *d, const struct lp_atom *a, const struct lp_new_word *word, uint64_t start)
{
    const struct lp_side *s = OLD(d);
    k->nold = (a->end - a->start) / 4;
    k->heads = k->nold + 1;
    k->old = malloc((k->nold + 1) * sizeof *k->old), k->new = malloc((k->n + 1) * sizeof *k->new);
    k->next = malloc((k->nold + 1) * sizeof *k->next), k->head = malloc(k->heads * sizeof *k->head), k->from = malloc((k->n + 1) * sizeof *k->from);
    if (!lp_keep_walk_new(&k->walk, a->start, k->nold) || !k->old || !k->new || !k->next || !k->head || !k->from) return false;
    for (size_t i = 0; i < k->nold; i++) {
        const uint64_t at = a->start + 4 * i;
        const uint32_t w = k->walk.word[i] = lp_file_word(s, at);
        k->old[i] = lp_elf_is_code(s->elf, at) ? cell_at(w, at, a->start, a->end) : (struct cell){.word = w, .kind = PLAIN};
    }
    for (size_t i = 0; i < k->n; i++) k->new[i] = cell_of(d, &word[i], start + 4 * i, start, start + 4 * k->n);
    for (size_t i = 0; i < k->heads; i++) k->head[i] = LP_NONE;
    for (size_t i = k->nold; i-- > 0;) {
        if (i + WINDOW > k->nold) continue;
        size_t b = bucket(k, &k->old[i]);
        k->next[i] = k->head[b], k->head[b] = (uint32_t)i;
    }
    return true;
}

/* ---- runs ---- */

static size_t length(const struct keeping *k, size_t old, size_t new)
{
    size_t n = 0;
    while (old + n < k->nold && new + n < k->n && may_keep(k, old + n, new + n)) n++;
    return n;
}

/* The longest run of old words that begins with the new word i; of two, the one that goes on in step with the last one. */
static size_t longest(const struct keeping *k, size_t i, size_t step, size_t *at)
{
    size_t best = step < k->nold ? length(k, step, i) : 0;
    *at = step;
    if (i + WINDOW > k->n || !k->nold) return best;
    uint32_t o = k->head[bucket(k, &k->new[i])];
    for (unsigned tries = 0; o != LP_NONE && tries < TRIES; o = k->next[o], tries++) {
        size_t len = length(k, o, i);
        if (len > best) best = len, *at = o;
    }
    return best;
}

/* The same of a datum: any will do. */
static size_t same_datum(const struct keeping *k, size_t i, size_t *at)
{
    for (size_t o = 0; o < k->nold && k->new[i].datum; o++)
        if (may_keep(k, o, i)) return *at = o, length(k, o, i);
    return 0;
}

/* So many words are worth a run. */
static size_t least(const struct keeping *k, size_t i, size_t run, bool in_step)
{
    for (size_t j = i; j < i + run; j++)
        if (k->new[j].datum || k->new[j].led) return 1;
    return in_step ? STEP_MIN : RUN_MIN;
}

/* A branch leads to the word of the new body that was led to only if that is kept, and once; so that is worth a run by itself. */
static void keep_places(struct keeping *k)
{
    bool *kept = k->walk.seen;
    memset(kept, 0, k->nold * sizeof *kept);
    for (size_t i = 0; i < k->n; i++)
        if (k->from[i] != LP_NONE) kept[k->from[i]] = true;
    for (size_t i = 0; i < k->n; i++) {
        const struct cell *b = &k->new[i], *a = k->from[i] == LP_NONE ? NULL : &k->old[k->from[i]];
        const size_t to = b->to / 4, old = a ? a->to / 4 : 0;
        if (!a || b->kind != INSIDE || b->to & 3 || to >= k->n || old >= k->nold || k->from[to] != LP_NONE || kept[old] || !may_keep(k, old, to)) continue;
        k->from[to] = (uint32_t)old;
        k->new[to].led = kept[old] = true;
    }
}

static void find_runs(struct keeping *k)
{
    size_t at = 0, step = 0;
    for (size_t i = 0; i < k->n;) {
        size_t run = longest(k, i, step, &at);
        if (!run) run = same_datum(k, i, &at);
        if (run < least(k, i, run, at == step) || !run) {
            k->from[i++] = LP_NONE;
            step++;
            continue;
        }
        for (step = at; run > 0; run--) k->from[i++] = (uint32_t)step++;
    }
}

/* ---- what the patch says ---- */

static size_t run_at(const struct keeping *k, size_t i)
{
    size_t n = 0;
    while (i + n < k->n && k->from[i + n] != LP_NONE && k->from[i + n] == k->from[i] + n) n++;
    return n;
}

static void make_changes(const struct keeping *k, const struct lp_new_word *word, struct lp_body_plan *out)
{
    size_t step = 0;
    out->n = 0;
    for (size_t i = 0; i < k->n;) {
        size_t run = run_at(k, i);
        struct lp_change c = {.new_word = word[i].word};
        const bool kept = run && run >= least(k, i, run, k->from[i] == step);
        if (kept) step = k->from[i], c = (struct lp_change){.keep_off = 4 * k->from[i], .keep_count = (uint32_t)run};
        i += kept ? run : 1, step += kept ? run : 1;
        out->change[out->n++] = c;
    }
}

/* May this old word stay, in the run `c` that is at word `run` of the new body: does it lead to the same place of that, and has no page of the old body? */
static bool stays(struct keeping *k, const struct lp_keep_map *map, const struct lp_change *c, uint32_t run, uint32_t old, const struct cell *new)
{
    const struct cell *a = &k->old[old];
    uint64_t place;
    if (a->kind == OUTSIDE) return !lp_a64_is_pcrel_address(a->word) || !lp_keep_page_is_body(map, &k->walk, old, &place);
    return a->kind != INSIDE || (lp_keep_target(map, a->word, c, run, a->to, &place) == LP_KEPT && place == new->to);
}

/* Words that may not; false: there are none. (all: none that depends on which others do.) */
static bool drop_wrong(struct keeping *k, const struct lp_keep_map *map, const struct lp_body_plan *out, bool all)
{
    bool any = false;
    uint32_t run = 0;
    for (size_t i = 0; i < out->n; i++) {
        const struct lp_change *c = &out->change[i];
        for (uint32_t j = 0; j < c->keep_count; j++) {
            const uint32_t old = c->keep_off / 4 + j;
            if (all ? k->old[old].kind != INSIDE : stays(k, map, c, run, old, &k->new[run + j])) continue;
            k->from[run + j] = LP_NONE;
            any = true;
        }
        run += c->keep_count ? c->keep_count : 1;
    }
    return any;
}

static bool settle(struct keeping *k, const struct lp_new_word *word, struct lp_body_plan *out)
{
    for (int round = 0;; round++) {
        struct lp_keep_map map;
        make_changes(k, word, out);
        if (!lp_keep_map(&map, out->change, out->n, 4 * k->nold)) return false;
        bool again = drop_wrong(k, &map, out, round == ROUNDS);
        lp_keep_map_free(&map);
        if (!again) return true;
    }
}

bool lp_keep_old(const lp_diff *d, const struct lp_atom *a, const struct lp_new_word *word, size_t n, uint64_t start, struct lp_body_plan *out)
{
    struct keeping k = {.n = n};
    out->change = calloc(n + 1, sizeof *out->change);
    bool good = out->change && make_cells(&k, d, a, word, start);
    if (good) find_runs(&k), keep_places(&k), good = settle(&k, word, out);
    free(k.old), free(k.new), free(k.next), free(k.head), free(k.from);
    lp_keep_walk_free(&k.walk);
    return good;
}
