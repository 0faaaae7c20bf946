/* diff/write/keep.c - EMIT, a new body: which of its words are the old one's, so that the patch only names them. The body is the same either way: a word is
 * kept where what the engine makes of it (patch/keep.h) is what its relocation would make. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include "a64/a64.h"
#include "a64/regs.h"
#include "patch/keep.h"

#include <stdlib.h>
#include <string.h>

/* What is shorter than a run is cheaper in words, unless it is in step with the last one. */
enum { WINDOW = 3, RUN_MIN = 2, STEP_MIN = 1, TRIES = 32, ROUNDS = 32 };

/* A word without the field that depends on where it is, and what that leads to: nothing, a place in its body, an address of the old file. */
struct cell {
    uint32_t word, renamed, key; /* renamed: with other registers, of an old one; key: by which windows are found */
    uint8_t kind;
    bool datum, led;             /* only a kept one will do; so it is for kept branches to it */
    bool itself, lost;           /* data, which names no registers; so it cannot be kept with other ones, or for another reason */
    uint64_t to;
};
enum { PLAIN, INSIDE, OUTSIDE, OTHER };

struct keeping {
    struct cell *old, *new;
    size_t nold, n, heads;
    uint32_t *next, *head; /* windows of old words, by what is in them */
    uint32_t *from;        /* of each new word: the old one, or LP_NONE */
    bool loose;            /* whatever registers words name, they are the same */
    const uint8_t *rename; /* registers that are others; NULL: none */
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
static bool leads_alike(const struct cell *a, const struct cell *b) { return a->kind == b->kind && a->kind != OTHER && (a->kind == INSIDE || a->to == b->to); }

static bool may_keep(const struct keeping *k, size_t old, size_t new)
{
    const struct cell *a = &k->old[old], *b = &k->new[new];
    return leads_alike(a, b) && (k->loose ? a->key == b->key : a->word == b->word || a->renamed == b->word);
}

static size_t bucket(const struct keeping *k, const struct cell *c)
{
    uint64_t h = 0;
    for (int i = 0; i < WINDOW; i++) h = (h ^ c[i].key ^ (c[i].kind == OUTSIDE ? c[i].to << 8 : 0)) * UINT64_C(0x9e3779b97f4a7c15);
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
    bool code = false;
    uint64_t same = a->start; /* until there */
    for (size_t i = 0; i < k->nold; i++) {
        const uint64_t at = a->start + 4 * i;
        const uint32_t w = k->walk.word[i] = lp_file_word(s, at);
        if (at >= same) code = lp_elf_code_run(s->elf, 0, at, &same);
        k->old[i] = code ? cell_at(w, at, a->start, a->end) : (struct cell){.word = w, .kind = PLAIN, .itself = true};
    }
    for (size_t i = 0; i < k->n; i++) k->new[i] = cell_of(d, &word[i], start + 4 * i, start, start + 4 * k->n);
    for (size_t i = 0; i < k->nold; i++) k->old[i].key = k->old[i].renamed = k->old[i].word;
    for (size_t i = 0; i < k->n; i++) k->new[i].key = k->new[i].word;
    return true;
}

static void index_windows(struct keeping *k)
{
    for (size_t i = 0; i < k->heads; i++) k->head[i] = LP_NONE;
    for (size_t i = k->nold; i-- > 0;) {
        if (i + WINDOW > k->nold) continue;
        size_t b = bucket(k, &k->old[i]);
        k->next[i] = k->head[b], k->head[b] = (uint32_t)i;
    }
}

/* ---- runs ---- */

static bool goes_on(const struct keeping *k, size_t old, size_t new) { return old < k->nold && new < k->n && may_keep(k, old, new); }

static size_t length(const struct keeping *k, size_t old, size_t new)
{
    size_t n = 0;
    while (goes_on(k, old + n, new + n)) n++;
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
        if (!goes_on(k, o + best, i + best)) continue; /* no longer than that */
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
    for (size_t i = 0; i < k->n; i++) k->new[i].led = false;
    index_windows(k);
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
    keep_places(k);
}

/* ---- registers ---- */

/* What the registers of an old word are in the new one, if that is all that differs: one vote for each. */
static void vote(const struct cell *a, const struct cell *b, uint16_t votes[LP_RENAMED][LP_RENAMED])
{
    uint8_t at[LP_A64_NAMED];
    const unsigned row = lp_a64_find(a->word, LP_A64_ALL);
    const int n = lp_a64_named(row, at);
    uint32_t others = a->word ^ b->word;
    for (int i = 0; i < n; i++) {
        const unsigned x = a->word >> at[i] & 31, y = b->word >> at[i] & 31;
        if (x != y && (x == 31 || y == 31)) return;
        others &= ~(UINT32_C(31) << at[i]);
    }
    for (int i = 0; i < n && !others; i++) {
        const unsigned x = a->word >> at[i] & 31, y = b->word >> at[i] & 31;
        if (x != 31 && votes[x][y] < UINT16_MAX) votes[x][y]++;
    }
}

/* False: there is none that several say. */
static bool find_most(uint16_t votes[LP_RENAMED][LP_RENAMED], uint8_t to[LP_RENAMED])
{
    enum { SEVERAL = 2 };
    bool any = false;
    for (unsigned x = 0; x < LP_RENAMED; x++) {
        to[x] = (uint8_t)x;
        for (unsigned y = 0; y < LP_RENAMED; y++)
            if (votes[x][y] >= SEVERAL && votes[x][y] > votes[x][to[x]]) to[x] = (uint8_t)y, any = true;
    }
    return any;
}

/* Of words that are not kept, by the old ones that are in step with them; or of pairs that are the same but for registers. */
static bool find_renaming(const struct keeping *k, bool in_step, uint8_t to[LP_RENAMED])
{
    uint16_t votes[LP_RENAMED][LP_RENAMED] = {{0}};
    for (size_t i = 0, step = 0; i < k->n; i++, step++) {
        const bool kept = k->from[i] != LP_NONE;
        if (kept) step = k->from[i];
        const struct cell *a = step < k->nold ? &k->old[step] : NULL, *b = &k->new[i];
        if (!a || kept == in_step || a->word == b->word || b->datum || !leads_alike(a, b)) continue;
        vote(a, b, votes);
    }
    return find_most(votes, to);
}

/* Windows are found whatever registers are in them. */
static uint32_t without_registers(uint32_t word)
{
    uint8_t at[LP_A64_NAMED];
    const int n = lp_a64_named(lp_a64_find(word, LP_A64_ALL), at);
    for (int i = 0; i < n; i++) word &= ~(UINT32_C(31) << at[i]);
    return word;
}

static void find_loose_runs(struct keeping *k)
{
    for (size_t i = 0; i < k->nold; i++) k->old[i].key = without_registers(k->old[i].word);
    for (size_t i = 0; i < k->n; i++) k->new[i].key = without_registers(k->new[i].word);
    k->loose = true;
    find_runs(k);
    k->loose = false;
}

static void rename_cells(struct keeping *k)
{
    for (size_t i = 0; i < k->nold; i++) {
        struct cell *c = &k->old[i];
        c->renamed = c->word;
        c->lost = c->itself || !lp_rename_word(k->rename, &c->renamed);
    }
}

/* ---- what the patch says ---- */

static size_t run_at(const struct keeping *k, size_t i)
{
    size_t n = 0;
    while (i + n < k->n && k->from[i + n] != LP_NONE && k->from[i + n] == k->from[i] + n) n++;
    return n;
}

/* Is the word kept as it is (-1), or with other registers (1), or is that the same (0)? */
static int way(const struct keeping *k, size_t i)
{
    const struct cell *a = &k->old[k->from[i]];
    if (a->word != k->new[i].word) return 1;
    return !k->rename || a->lost || a->renamed != a->word ? -1 : 0;
}

/* The first of a run that are all kept in one way, *renamed. */
static size_t same_way(const struct keeping *k, size_t i, size_t run, bool *renamed)
{
    int first = 0, now;
    size_t n = 0;
    for (; n < run && (!(now = way(k, i + n)) || !first || now == first); n++) first = first ? first : now;
    *renamed = first > 0;
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
        bool renamed = false;
        if (kept) run = same_way(k, i, run, &renamed), step = k->from[i];
        if (kept) c = (struct lp_change){.keep_off = 4 * k->from[i], .keep_count = (uint32_t)run, .rename = renamed ? k->rename : NULL};
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

/* About how many letters the patch has of it. */
static size_t cost(const struct lp_body_plan *p)
{
    enum { WORD = 9, RUN = 4, OFFSET = 6, REGISTER = 8 };
    size_t n = 0, step = 0;
    const uint8_t *said = NULL;
    for (size_t i = 0; i < p->n; i++) {
        const struct lp_change *c = &p->change[i];
        n += !c->keep_count ? WORD : c->keep_off == 4 * step ? RUN : RUN + OFFSET;
        for (unsigned x = 0; c->rename && !said && x < LP_RENAMED; x++) n += c->rename[x] != x ? REGISTER : 0;
        if (c->rename) said = c->rename;
        step = c->keep_count ? c->keep_off / 4 + c->keep_count : step + 1;
    }
    return n;
}

static void take(struct lp_body_plan *out, struct lp_body_plan *from)
{
    struct lp_change *was = out->change;
    *out = *from;
    from->change = was;
    for (size_t i = 0; i < out->n; i++)
        if (out->change[i].rename) out->change[i].rename = out->rename;
}

/* The same with these registers, if that is shorter. False: no memory. */
static bool try_renaming(struct keeping *k, const struct lp_new_word *word, const uint8_t *to, struct lp_body_plan *out)
{
    struct lp_body_plan other = {.change = calloc(k->n + 1, sizeof *other.change)};
    memcpy(other.rename, to, sizeof other.rename);
    k->rename = other.rename;
    rename_cells(k);
    find_runs(k);
    const bool good = other.change && settle(k, word, &other);
    if (good && cost(&other) < cost(out)) take(out, &other);
    free(other.change);
    return k->rename = NULL, good;
}

static bool keep_renamed(struct keeping *k, const struct lp_new_word *word, struct lp_body_plan *out)
{
    uint8_t to[2][LP_RENAMED];
    const bool in_step = find_renaming(k, true, to[0]);
    find_loose_runs(k);
    const bool loose = find_renaming(k, false, to[1]) && !(in_step && memcmp(to[0], to[1], LP_RENAMED) == 0);
    return (!in_step || try_renaming(k, word, to[0], out)) && (!loose || try_renaming(k, word, to[1], out));
}

bool lp_keep_old(const lp_diff *d, const struct lp_atom *a, const struct lp_new_word *word, size_t n, uint64_t start, struct lp_body_plan *out)
{
    struct keeping k = {.n = n};
    out->change = calloc(n + 1, sizeof *out->change);
    bool good = out->change && make_cells(&k, d, a, word, start);
    if (good) find_runs(&k), good = settle(&k, word, out) && keep_renamed(&k, word, out);
    free(k.old), free(k.new), free(k.next), free(k.head), free(k.from);
    lp_keep_walk_free(&k.walk);
    return good;
}
