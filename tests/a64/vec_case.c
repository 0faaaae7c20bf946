/* vec_case.c - a vector as a test case, and an answer held against it. */
#include <config.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <arm64lp/dis.h>
#include "vec.h"

/* ---- making ---- */
static uint64_t junk(unsigned variant, unsigned i) { return scratch_word(UINT64_C(0x100000) + i) ^ (variant ? UINT64_MAX : 0); }

static void fill_junk(struct state *s, unsigned variant)
{
    memset(s, 0, sizeof *s);
    for (unsigned i = 0; i < 31; i++)
        s->x[i] = junk(variant, i);
    s->sp = VEC_M + 0x4000 + 0x2000 * (uint64_t)variant;
    s->nzcv = UINT64_C(0x5) << (variant ? 29 : 28);
    for (unsigned i = 0; i < 64; i++)
        s->v[i / 2][i % 2] = junk(variant, 32 + i);
}

static void apply_registers(const struct vec_side *side, uint64_t pc, struct state *s)
{
    uint64_t *const special[] = {&s->sp, &s->nzcv, &s->fpcr, &s->fpsr};
    for (unsigned i = 0; i < VEC_REGS; i++) {
        if (!side->has_reg[i] || side->any[i])
            continue;
        const uint64_t v = vec_resolve(&side->reg[i], pc);
        *(i < VEC_SP ? &s->x[i] : special[i - VEC_SP]) = i == VEC_NZCV ? v << 28 : v;
    }
    for (unsigned i = 0; i < 32; i++)
        if (side->has_v[i])
            memcpy(s->v[i], side->v[i], 16);
}

/* The entry of the doubleword at this offset, made if there is none. What is beyond the scratch area is zero. */
static struct change *doubleword(struct change *list, unsigned *n, uint64_t offset)
{
    for (unsigned i = 0; i < *n; i++)
        if (list[i].offset == offset)
            return &list[i];
    list[*n] = (struct change){offset, offset < SCRATCH_SIZE ? scratch_word(offset / 8) : 0};
    return &list[(*n)++];
}
static void apply_memory(const struct vec_side *side, uint64_t pc, struct change *list, unsigned *n)
{
    for (unsigned k = 0; k < side->nmem; k++) {
        for (unsigned i = 0; i < side->mem[k].n; i++) {
            const uint64_t offset = vec_resolve(&side->mem[k].at, pc) - SCRATCH + i;
            struct change *d = doubleword(list, n, offset & ~UINT64_C(7));
            const unsigned shift = (unsigned)(offset & 7) * 8;
            d->value = (d->value & ~(UINT64_C(255) << shift)) | (uint64_t)side->mem[k].bytes[i] << shift;
        }
    }
}
_Static_assert(VEC_CHANGES >= VEC_MEM * (VEC_BYTES / 8 + 1), "every piece of memory fits");

void vec_case(const struct vec *v, unsigned i, unsigned variant, struct vec_case *out)
{
    memset(out, 0, sizeof *out);
    out->c = (struct test_case){.pre = {v->pre[0], v->pre[1]}, .word = v->word, .post = v->post, .row = v->row, .mem = NORMAL};
    out->c.slot = (i * VEC_VARIANTS + variant) * VEC_STRIDE + VEC_SLOT;
    const uint64_t pc = case_pc(&out->c);
    fill_junk(&out->c.in, variant);
    apply_registers(&v->in, pc, &out->c.in);
    apply_memory(&v->in, pc, out->pokes, &out->c.pokes);
    out->want = out->c.in;
    apply_registers(&v->out, pc, &out->want);
    apply_memory(&v->in, pc, out->memory, &out->changed);
    apply_memory(&v->out, pc, out->memory, &out->changed);
    out->want.pc = v->has_pc ? vec_resolve(&v->pc, pc) : v->signo != 0 ? pc : pc + 4;
    out->want.signo = v->signo | (uint64_t)v->code << 8;
    /* SIGILL and SIGTRAP name the instruction. */
    out->want.addr = v->has_addr ? vec_resolve(&v->addr, pc) : v->signo == 4 || v->signo == 5 ? out->want.pc : 0;
}

/* ---- comparing ---- */
struct report {
    const struct vec_file *f;
    const struct vec *v;
    uint64_t pc;
    bool differs;
};
static void start_report(struct report *r)
{
    static lp_dis *disassembler;
    struct lp_dis_insn insn = {.mnemonic = "?"};
    if (r->differs)
        return;
    r->differs = true;
    if (disassembler != NULL || lp_dis_new(&disassembler, NULL) == LP_OK)
        lp_dis_word(disassembler, r->v->word, r->pc, &insn);
    printf("%s:%u: %s %08x: %s %s\n", r->f->path, r->v->line, lp_a64_rows[r->v->row].name, r->v->word, insn.mnemonic, insn.operands);
}
/* A value near the scratch area or the instruction is told as the vectors have it. */
static const char *in_words(const struct report *r, uint64_t value, char out[static 48])
{
    const int64_t from_pc = (int64_t)(value - r->pc), from_m = (int64_t)(value - VEC_M);
    if (from_pc >= -256 && from_pc <= 256)
        snprintf(out, 48, "pc%c%" PRIx64, from_pc < 0 ? '-' : '+', (uint64_t)(from_pc < 0 ? -from_pc : from_pc));
    else if (value - SCRATCH < SCRATCH_SIZE + 256)
        snprintf(out, 48, "m%c%" PRIx64, from_m < 0 ? '-' : '+', (uint64_t)(from_m < 0 ? -from_m : from_m));
    else
        snprintf(out, 48, "%016" PRIx64, value);
    return out;
}
static void compare(struct report *r, const char *name, unsigned number, uint64_t want, uint64_t got)
{
    char a[48], b[48];
    if (want == got)
        return;
    start_report(r);
    printf("  %s", name);
    if (number < 32)
        printf("%u", number);
    printf(": expected %s, found %s\n", in_words(r, want, a), in_words(r, got, b));
}
static void compare_v(struct report *r, unsigned i, const uint64_t want[2], const uint64_t got[2])
{
    if (memcmp(want, got, 16) == 0)
        return;
    start_report(r);
    printf("  v%u: expected %016" PRIx64 "_%016" PRIx64 ", found %016" PRIx64 "_%016" PRIx64 "\n", i, want[1], want[0], got[1], got[0]);
}
static void compare_signal(struct report *r, const struct state *want, const struct state *got)
{
    const uint64_t mask = want->signo >> 8 ? UINT64_MAX : 255;
    compare(r, "signal (its code * 256)", 99, want->signo, got->signo & mask);
    if (r->v->has_addr || want->signo == 0 || (want->signo & 255) == 4 || (want->signo & 255) == 5)
        compare(r, "signal's address", 99, want->addr, got->addr);
    compare(r, "pc", 99, want->pc, got->pc);
}

static uint64_t lookup(const struct change *list, uint64_t n, uint64_t offset)
{
    for (uint64_t i = 0; i < n; i++)
        if (list[i].offset == offset)
            return list[i].value;
    return scratch_word(offset / 8);
}
static void show_bytes(uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        printf("%02x", (unsigned)(v >> 8 * i & 255));
}
static void compare_memory(struct report *r, uint64_t offset, uint64_t want, uint64_t got)
{
    char at[48];
    if (want == got)
        return;
    start_report(r);
    printf("  [%s]: expected ", in_words(r, SCRATCH + offset, at));
    show_bytes(want);
    printf(", found ");
    show_bytes(got);
    printf("\n");
}

bool vec_differs(const struct vec_file *f, const struct vec *v, const struct vec_case *c, const struct state *got, const struct change *changes,
                 uint64_t n)
{
    struct report r = {f, v, case_pc(&c->c), false};
    for (unsigned i = 0; i < 31; i++)
        compare(&r, "x", i, v->out.any[i] ? got->x[i] : c->want.x[i], got->x[i]);
    compare(&r, "sp", 99, c->want.sp, got->sp);
    compare(&r, "nzcv", 99, c->want.nzcv >> 28, got->nzcv >> 28);
    compare(&r, "fpcr", 99, c->want.fpcr, got->fpcr);
    compare(&r, "fpsr", 99, c->want.fpsr, got->fpsr);
    for (unsigned i = 0; i < 32; i++)
        compare_v(&r, i, c->want.v[i], got->v[i]);
    compare_signal(&r, &c->want, got);
    for (uint64_t i = 0; i < n; i++)
        compare_memory(&r, changes[i].offset, lookup(c->memory, c->changed, changes[i].offset), changes[i].value);
    /* What should have changed and did not is in no list of changes. */
    for (unsigned i = 0; i < c->changed; i++)
        if (c->memory[i].offset < SCRATCH_SIZE)
            compare_memory(&r, c->memory[i].offset, c->memory[i].value, lookup(changes, n, c->memory[i].offset));
    return r.differs;
}
