/* operands.c - are the registers and the memory that the tables give a word (a64/regs.h, a64/access.h) what executing it shows? No oracle is asked.
 *
 *     operands [--row PATTERN] [--count N] [--seed S]        N cases of each row that is executed
 *
 * What changes is among what is written. What is outside of what is read may be anything: nothing else changes by it. What is among it does matter, in some
 * case of the row at least. An access is where lp_a64_access() says: stores and faults are inside, what is around it is not looked at, and the base moves so far. */
#include <config.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "a64/access.h"
#include "a64/regs.h"
#include "difftest.h"

enum { BYTES = SCRATCH_SIZE, WORDS = BYTES / 8, TRIES = 1000, AROUND = 4096, SAID = 3, ENOUGH = 16, PATIENCE = 50 };

static struct { const char *row; unsigned count; uint64_t seed; } opt = {"*", 40, 1};

/* Sets of registers: X with SP as bit 31, V. */
struct set { uint32_t x, v; };
static const struct set everything = {UINT32_MAX, UINT32_MAX};
static struct set without(struct set a, struct set b) { return (struct set){a.x & ~b.x, a.v & ~b.v}; }
static struct set one(unsigned i) { return i < 32 ? (struct set){UINT32_C(1) << i, 0} : (struct set){0, UINT32_C(1) << (i - 32)}; }
static bool in(struct set a, unsigned i) { return (i < 32 ? a.x >> i : a.v >> (i - 32)) & 1; }

static uint64_t *x_of(struct state *s, unsigned i) { return i < 31 ? &s->x[i] : &s->sp; }
static bool same_register(struct state *a, struct state *b, unsigned i)
{
    return i < 32 ? *x_of(a, i) == *x_of(b, i) : memcmp(a->v[i - 32], b->v[i - 32], 16) == 0;
}
static const char *register_name(unsigned i)
{
    static char name[8];
    snprintf(name, sizeof name, i == 31 ? "SP" : i < 32 ? "X%u" : "V%u", i < 32 ? i : i - 32);
    return name;
}

static uint64_t untagged(uint64_t addr) { return addr << 8 >> 8; }

/* ---- one execution ---- */

static uint64_t initial[WORDS];
struct run { struct state out; uint64_t memory[WORDS]; };

/* Out-of-line functions are quickest; the checked engine knows where a fault is. */
static void run(const struct test_case *c, struct run *r)
{
    ours_run(c->mem == FAULT ? CHECKED : CALLS, c, NULL, &r->out);
    if (c->mem == FAULT) {
        memcpy(r->memory, initial, BYTES);
    } else if (c->mem != NONE) {
        memcpy(r->memory, ours_scratch(CALLS), BYTES);
        memcpy(ours_scratch(CALLS), initial, BYTES);
    }
}

/* Apart from registers. */
static bool same_rest(const struct test_case *c, const struct run *a, const struct run *b)
{
    return a->out.nzcv == b->out.nzcv && a->out.fpcr == b->out.fpcr && a->out.fpsr == b->out.fpsr && a->out.signo == b->out.signo &&
           a->out.addr == b->out.addr && a->out.pc == b->out.pc && (c->mem == NONE || memcmp(a->memory, b->memory, BYTES) == 0);
}

/* ---- what the tables say, of the word and of what is executed before it ---- */

struct said { struct set read, write; };
static struct said said_of(uint32_t word)
{
    const unsigned row = lp_a64_find(word, LP_A64_ALL);
    const struct lp_a64_regs x = lp_a64_regs(row, word), v = lp_a64_vectors(row, word);
    return (struct said){{x.read, v.read}, {x.write, v.write}};
}
static struct said said_in_all(const struct test_case *c)
{
    struct said s = said_of(c->word), before = said_of(c->pre[1]);
    s.read.x |= before.read.x, s.read.v |= before.read.v;
    s.write.x |= before.write.x, s.write.v |= before.write.v;
    return s;
}

/* ---- complaints ---- */

static unsigned complaints[A64_ROW_COUNT];
static bool complain(const struct test_case *c, const char *what, const char *which)
{
    if (complaints[c->row]++ < SAID) {
        printf("# %s: %s %s\n", lp_a64_rows[c->row].name, what, which);
        show_word("word ", c->word, case_pc(c));
    }
    return false;
}

/* ---- registers ---- */

/* Other contents of these registers. An address stays in the area, SP a multiple of 16. */
static struct test_case changed(const struct test_case *c, struct rng *r, struct set which)
{
    struct test_case t = *c;
    for (unsigned i = 0; i < 64; i++) {
        if (!in(which, i))
            continue;
        if (i == 31 || (i < 32 && c->mem != NONE))
            *x_of(&t.in, i) += 16 * (1 + (uint64_t)below(r, 15));
        else if (i < 32)
            t.in.x[i] = below(r, 2) ? t.in.x[i] ^ UINT64_C(1) << below(r, 64) : ~t.in.x[i] ^ rng_next(r) >> below(r, 64);
        else
            t.in.v[i - 32][0] ^= rng_next(r) | 1, t.in.v[i - 32][1] ^= rng_next(r) | 1;
    }
    return t;
}

/* Does `t`, which has other contents of the registers `which`, end as `c`, but for these registers that nothing wrote? */
static bool ends_alike(struct test_case *c, struct run *a, struct test_case *t, struct run *b, struct set which, struct set written, struct set unstable)
{
    run(t, b);
    if (!same_rest(c, a, b))
        return false;
    for (unsigned i = 0; i < 64; i++) {
        const bool kept = in(which, i) && (!in(written, i) || a->out.signo != 0);
        if (!in(unstable, i) && !same_register(&b->out, kept ? &t->in : &a->out, i))
            return false;
    }
    return true;
}

static bool flags_changed[A64_ROW_COUNT];
static bool writes_are_said(struct test_case *c, struct run *a, struct set written)
{
    for (unsigned i = 0; i < 64; i++)
        if (!in(written, i) && !same_register(&a->out, &c->in, i))
            return complain(c, "changes", register_name(i));
    const bool changes = a->out.nzcv != c->in.nzcv, before = lp_a64_sets_flags(lp_a64_find(c->pre[1], LP_A64_ALL));
    flags_changed[c->row] |= changes;
    return !changes || before || lp_a64_sets_flags(c->row) || complain(c, "changes", "NZCV");
}

static bool reads_are_said(struct test_case *c, struct rng *r, struct run *a, const struct said *s, struct set unstable)
{
    static struct run b;
    const struct set others = without(everything, s->read);
    struct test_case t = changed(c, r, others);
    if (ends_alike(c, a, &t, &b, others, s->write, unstable))
        return true;
    for (unsigned i = 0; i < 64; i++) {
        if (in(s->read, i))
            continue;
        t = changed(c, r, one(i));
        if (!ends_alike(c, a, &t, &b, one(i), s->write, unstable))
            return complain(c, "depends on", register_name(i));
    }
    return complain(c, "depends on", "registers that are not read");
}

/* ---- does what is read matter? By field; what no field names (X16, the second of a pair) is the last place ---- */

enum { PLACES = 5 };
static const unsigned place_lo[PLACES - 1] = {0, 5, 10, 16};
static struct { unsigned tried, mattered; } seen[A64_ROW_COUNT][PLACES];

static void count_read(const struct test_case *c, unsigned i, bool matters)
{
    bool named = false;
    for (unsigned p = 0; p < PLACES; p++) {
        const bool field = p < PLACES - 1 && (lp_a64_rows[c->row].mask >> place_lo[p] & 31) == 0;
        if (p < PLACES - 1 ? !field || (c->word >> place_lo[p] & 31) != i % 32 : named)
            continue;
        named = true;
        seen[c->row][p].tried++;
        seen[c->row][p].mattered += matters;
    }
}

static void reads_matter(struct test_case *c, struct rng *r, struct run *a, struct set unstable)
{
    static struct run b;
    const struct said s = said_of(c->word);
    for (unsigned i = 0; i < 64 && a->out.signo == 0; i++) {
        if (!in(s.read, i))
            continue;
        struct test_case t = changed(c, r, one(i));
        count_read(c, i, !ends_alike(c, a, &t, &b, one(i), s.write, unstable));
    }
}

/* ---- memory ---- */

static uint64_t address_of(struct test_case *c, const struct lp_a64_access *m)
{
    uint64_t index = m->index == LP_A64_NO_REG ? 0 : c->in.x[m->index];
    if (m->extend == 2) index = (uint32_t)index;
    if (m->extend == 6) index = (uint64_t)(int64_t)(int32_t)index;
    return untagged(*x_of(&c->in, m->base) + (uint64_t)m->off + (index << m->shift));
}

static bool stores_are_inside(struct test_case *c, struct run *a, uint64_t from, uint64_t size)
{
    const uint8_t *now = (const uint8_t *)a->memory, *before = (const uint8_t *)initial;
    for (uint64_t i = 0; i < BYTES; i++)
        if (now[i] != before[i] && SCRATCH + i - from >= size)
            return complain(c, "stores outside of", "its access");
    return true;
}

/* What is around it may be anything. */
static bool loads_are_inside(struct test_case *c, struct run *a, uint64_t from, uint64_t size)
{
    static struct run b;
    uint8_t *memory = (uint8_t *)ours_scratch(CALLS);
    for (uint64_t i = from - SCRATCH - AROUND; i < from - SCRATCH + size + AROUND; i++)
        if (i < BYTES && SCRATCH + i - from >= size)
            memory[i] ^= 0xff;
    run(c, &b);
    const bool same = memcmp(&a->out, &b.out, sizeof b.out) == 0;
    return same || complain(c, "loads what is outside of", "its access");
}

static bool base_moves(struct test_case *c, struct run *a, const struct lp_a64_access *m)
{
    const struct lp_a64_regs x = lp_a64_regs(c->row, c->word);
    const uint64_t base = *x_of(&c->in, m->base), by = m->back_by == LP_A64_NO_REG ? (uint64_t)m->back : c->in.x[m->back_by];
    if (a->out.signo != 0 || (m->load && m->rt == m->base) || (!m->writeback && (x.write >> m->base & 1 || c->pre[1] != LP_A64_NOP))) /* it is loaded, or signed (LDRA) */
        return true;
    return *x_of(&a->out, m->base) == base + (m->writeback ? by : 0) || complain(c, "moves", "the base elsewhere");
}

static bool accesses_are_said(struct test_case *c, struct run *a)
{
    struct lp_a64_access m;
    if (!lp_a64_access(c->row, c->word, &m))
        return true;
    const uint64_t from = address_of(c, &m), size = m.bytes;
    if (m.load != !!(lp_a64_rows[c->row].flags & LP_ROW_MEM) && !m.store)
        return complain(c, "neither loads nor stores, nor", "prefetches");
    if (c->mem == FAULT && c->row != A64_LDRA /* a pointer that is not signed leads elsewhere */ && (a->out.signo & 255) == 11 && untagged(a->out.addr) - from >= size)
        return complain(c, "faults outside of", "its access");
    if (c->mem == FAULT || c->mem == NONE)
        return true;
    const bool loads = m.load || is(&lp_a64_rows[c->row], STORE_EXCLUSIVE); /* there is a load-exclusive before it */
    return stores_are_inside(c, a, from, m.store ? size : 0) && loads_are_inside(c, a, from, loads ? size : 0) && base_moves(c, a, &m);
}

/* ---- rows ---- */

/* Copies and sets of a few bytes, in either direction; of a prologue, of any. */
static void place_steps(struct rng *r, struct test_case *c)
{
    const uint64_t size = below(r, 64), at = SCRATCH + 0x4000 + below(r, 4096);
    c->in.nzcv &= ~(UINT64_C(1) << 29);
    c->in.x[reg_t(c->word)] = at;
    if (c->mem == NONE || strncmp(lp_a64_rows[c->row].name, "SET", 3) != 0)
        c->in.x[reg_m(c->word) % 31] = at + 0x2000;
    c->in.x[reg_n(c->word)] = below(r, 2) ? size : 0 - size;
}

/* What a comparison takes for equal must occur: two vectors, a vector and zero, what a compare-and-swap expects. */
static void make_equal(struct rng *r, struct test_case *c)
{
    struct lp_a64_access m;
    const unsigned n = reg_n(c->word), s = reg_m(c->word);
    if (below(r, 4) == 0)
        memcpy(c->in.v[n], c->in.v[s], 16);
    else if (below(r, 4) == 0)
        memset(c->in.v[n], 0, 16), c->in.v[n][0] = below(r, 2);
    if (!lp_a64_access(c->row, c->word, &m) || !m.load || !m.store || s > 29 || s == n || s + 1 == n || c->mem == FAULT || below(r, 2))
        return;
    const uint8_t *at = (const uint8_t *)initial + (untagged(*x_of(&c->in, n)) - SCRATCH);
    memcpy(&c->in.x[s], at, m.each);
    memcpy(&c->in.x[s + 1], at + m.each, m.each);
}

/* A signed pointer for LDRA: PACDZA, PACDZB. */
static void sign(struct test_case *c)
{
    if (c->row == A64_LDRA && reg_n(c->word) != 31 && c->mem != FAULT)
        c->pre[1] = lp_a64_rows[A64_PAC_Z].value | (2 + (c->word >> 23 & 1)) << 10 | reg_n(c->word);
}

static bool make(struct rng *r, unsigned row, struct test_case *c)
{
    for (unsigned i = 0; i < TRIES; i++) {
        if (make_case(r, row, 0, c)) {
            if (is(&lp_a64_rows[row], IN_STEPS))
                place_steps(r, c);
            make_equal(r, c);
            sign(c);
            return true;
        }
        if (c->mem == NONE && lp_a64_row(c->word, LP_A64_ALL, false) == row && i > TRIES / 2)
            return true; /* RETA: no field names the register */
    }
    printf("# %s: no legal word found\n", lp_a64_rows[row].name);
    return false;
}

/* Rows whose operands show in nothing that is compared here. */
static const struct { const char *pattern, *reason; } silent[] = {
    {"PRF*", "a hint"}, {"WF?T", "may end at any time"}, {"IC_*", "is about decoded ops"}, {"DC_C*", "memory is all that there is"},
    {"SETP", "stores nothing here"},
    {"MSR_DIT", "only MRS reads it"}, {"MSR_TPIDR", "only MRS reads it"}, {"MSR_SSBS", "only MRS reads it"}, {"AUT*", "what was never signed is wrong with each modifier"}};
static bool is_silent(unsigned row)
{
    for (unsigned i = 0; i < sizeof silent / sizeof *silent; i++)
        if (fnmatch(silent[i].pattern, lp_a64_rows[row].name, 0) == 0)
            return true;
    return false;
}

static bool is_idle(unsigned row, unsigned p) { return seen[row][p].tried >= ENOUGH && seen[row][p].mattered == 0 && !is_silent(row); }
static unsigned idle_places(unsigned row, bool say)
{
    unsigned n = 0;
    for (unsigned p = 0; p < PLACES; p++) {
        if (is_idle(row, p) && say)
            printf("# %s: the register at bit %d, which it reads, never mattered\n", lp_a64_rows[row].name, p < PLACES - 1 ? (int)place_lo[p] : -1);
        n += is_idle(row, p);
    }
    return n;
}

static bool idle_flags(unsigned row)
{
    const bool idle = lp_a64_sets_flags(row) && !flags_changed[row] && opt.count >= ENOUGH;
    if (idle)
        printf("# %s: never changed NZCV\n", lp_a64_rows[row].name);
    return idle;
}

static bool check(struct rng *r, struct test_case *c)
{
    static struct run a, again;
    const struct said s = said_in_all(c);
    struct set unstable = {0, 0}; /* time, random numbers */
    run(c, &a);
    run(c, &again);
    for (unsigned i = 0; i < 32; i++)
        unstable.x |= (uint32_t)!same_register(&a.out, &again.out, i) << i;
    if (!writes_are_said(c, &a, s.write) || !reads_are_said(c, r, &a, &s, unstable) || !accesses_are_said(c, &a))
        return false;
    reads_matter(c, r, &a, unstable);
    return true;
}

static bool check_row(unsigned row)
{
    struct rng r = {opt.seed};
    struct test_case c;
    bool good = true;
    for (const char *s = lp_a64_rows[row].name; *s; s++)
        r.state = rng_next(&r) + (unsigned char)*s;
    /* What has not mattered yet has more chances: CMTST gives the same in nearly all cases. */
    for (unsigned i = 0; i < opt.count || (good && i < PATIENCE * opt.count && idle_places(row, false) != 0); i++)
        good &= make(&r, row, &c) && check(&r, &c);
    return good;
}

int main(int argc, char **argv)
{
    unsigned rows = 0, bad = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--row") == 0) opt.row = argv[i + 1];
        if (strcmp(argv[i], "--count") == 0) opt.count = (unsigned)strtoul(argv[i + 1], NULL, 0);
        if (strcmp(argv[i], "--seed") == 0) opt.seed = strtoull(argv[i + 1], NULL, 0);
    }
    if (!ours_init(CALLS) || !ours_init(CHECKED) || !report_init())
        return 2;
    memcpy(initial, ours_scratch(CALLS), BYTES);
    for (unsigned row = 1; row < A64_ROW_COUNT; row++) {
        if ((lp_a64_rows[row].flags & LP_ROW_TODO) || fnmatch(opt.row, lp_a64_rows[row].name, 0) != 0)
            continue;
        rows++;
        bad += !check_row(row) || idle_places(row, true) != 0 || idle_flags(row);
    }
    printf("# %u rows, %u cases of each, seed %" PRIu64 ": %u wrong\n", rows, opt.count, opt.seed, bad);
    return bad != 0 || rows == 0;
}
