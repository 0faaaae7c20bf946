/* live/unwind.c - see unwind.h. Sources: AADWARF64, AAPCS64 6.4.6 (frame records), arm64 Linux's struct rt_sigframe. */
#include <config.h>
#include "a64/word.h"
#include "base/bits.h"
#include "base/search.h"
#include "live/journal.h"

#include <stdlib.h>
#include <string.h>

#define ADDRESS_BITS ((UINT64_C(1) << 48) - 1) /* below tags and pointer authentication codes */
#define FPSIMD_HEAD UINT64_C(0x0000021046508001) /* the first record of a signal frame: its magic and size */
enum { FRAMES_MAX = 65536, SIGNALS_MAX = 16 };
#define SCAN_MAX (UINT64_C(16) << 20) /* bytes of a stack that are looked at for words: the program stands still meanwhile */
/* struct rt_sigframe: what is where. */
enum { SIGFRAME_REGS = 312, SIGFRAME_SP = 560, SIGFRAME_PC = 568, SIGFRAME_RECORDS = 592, SIGFRAME_SIZE = 4688 };

#define SIGRETURN_NR 0xd2801168 /* mov x8, #139 */
#define SVC 0xd4000001

struct walk {
    struct lp_live *live;
    bool (*fn)(void *ctx, const struct lp_frame *f);
    void *ctx;
    uint64_t x[LP_CFI_REGS];
    uint32_t known;   /* which registers are the frame's: bit n */
    uint64_t pc;
    bool exact;       /* pc is where the frame is, not where it returns to */
    uint64_t low;     /* the stack from here on has not been looked at */
    unsigned *signals; /* how often another stack was gone to */
};
enum outcome { ON, END, HIT, BROKEN };

static uint64_t plain(uint64_t addr) { return addr & ADDRESS_BITS; }
static bool read(const struct walk *w, uint64_t addr, void *buf, size_t len) { return lp_mem_read(w->live->mem, buf, addr, len) == 0; }

static bool tell(const struct walk *w, enum lp_frame_kind kind, uint64_t addr)
{
    struct lp_frame f = {addr, kind, w->low};
    return w->fn(w->ctx, &f);
}

static enum outcome next(struct walk *w, uint64_t pc)
{
    w->pc = plain(pc);
    w->exact = false;
    if (!w->pc) return END;
    return tell(w, LP_FRAME_CALLER, w->pc) ? HIT : ON;
}

/* Is there a call before this address, or the way back from a handler at it? */
static bool is_return(const struct walk *w, uint64_t addr)
{
    uint32_t word[2];
    addr = plain(addr);
    if (addr & 3 || addr < 4 || !(lp_mem_flags(w->live->mem, addr - 4) & LP_X) || !read(w, addr - 4, word, sizeof *word)) return false;
    if (lp_a64_is_bl(word[0]) || (word[0] & 0xfee00000) == 0xd6200000) return true; /* BL; BLR, BLRAA ... */
    return read(w, addr, word, sizeof word) && word[0] == SIGRETURN_NR && word[1] == SVC;
}

/* ---- by the frame of a signal ---- */

static bool is_sigframe(const struct walk *w, uint64_t frame)
{
    uint64_t head;
    return !(frame & 15) && read(w, frame + SIGFRAME_RECORDS, &head, sizeof head) && head == FPSIMD_HEAD;
}

/* The innermost frame of a stack. */
static enum outcome innermost(struct walk *w)
{
    w->exact = true;
    w->known = UINT32_MAX;
    w->low = w->x[LP_CFI_SP];
    return tell(w, LP_FRAME_PC, w->pc) || tell(w, LP_FRAME_LINK, plain(w->x[LP_CFI_LR])) ? HIT : ON;
}

static enum outcome interrupted(struct walk *w, uint64_t frame)
{
    uint64_t pc;
    ++*w->signals;
    if (!read(w, frame + SIGFRAME_REGS, w->x, 31 * sizeof *w->x) || !read(w, frame + SIGFRAME_SP, &w->x[LP_CFI_SP], 8) || !read(w, frame + SIGFRAME_PC, &pc, 8))
        return BROKEN;
    w->pc = pc;
    return innermost(w);
}

/* A handler returns to `mov x8, #139; svc #0`, with SP at the frame, which is below the frame record that the kernel made. */
static bool at_sigreturn(const struct walk *w, uint64_t *frame)
{
    uint32_t words[2];
    if (!read(w, w->pc, words, sizeof words) || words[0] != SIGRETURN_NR || words[1] != SVC) return false;
    *frame = w->known >> LP_CFI_SP & 1 ? w->x[LP_CFI_SP] : w->x[29] - SIGFRAME_SIZE;
    return is_sigframe(w, *frame);
}

/* ---- by CFI ---- */

const struct lp_body *lp_body_at(const struct lp_live *live, uint64_t pc)
{
    size_t n = lp_count_upto(live->body, live->nbody, sizeof *live->body, pc);
    return n && pc < live->body[n - 1].end ? &live->body[n - 1] : NULL;
}

static bool look_up(const struct lp_live *live, uint64_t pc, struct lp_cfi *cfi)
{
    const struct lp_body *b = lp_body_at(live, pc);
    if (b) return b->cfi && lp_cfi_run_plain(b->cfi, b->cfi_len, pc - b->start, cfi);
    for (size_t i = 0; i < live->objects.n; i++) {
        const struct lp_target *t = live->objects.v[i];
        if (!t->gone && t->elf && pc >= t->start && pc < t->end) return lp_elf_cfi(t->elf, pc - t->bias, cfi);
    }
    return false;
}

/* The rules at pc, which most threads share: they wait in the same places. */
static const struct lp_cfi *rules(struct lp_live *live, uint64_t pc)
{
    struct lp_cfi_slot *s = live->cfi ? &live->cfi[(pc >> 2) * UINT64_C(0x9e3779b97f4a7c15) >> 56] : NULL;
    if (!s) return NULL;
    if (s->pc != pc) {
        s->pc = pc;
        s->good = look_up(live, pc, &s->cfi);
    }
    return s->good ? &s->cfi : NULL;
}

static bool restore(const struct walk *w, const struct lp_cfi_rule *r, uint64_t cfa, uint64_t *value)
{
    if (r->kind == LP_CFI_VALUE) return *value = cfa + (uint64_t)r->off, true;
    if (r->kind == LP_CFI_REGISTER) return *value = w->x[r->reg], (w->known >> r->reg & 1) != 0;
    return r->kind == LP_CFI_OFFSET && read(w, cfa + (uint64_t)r->off, value, 8);
}

/* Where SP is not known any more, x29 may tell: if both it and x30 are saved as a frame record, and that is one. */
static bool find_cfa(const struct walk *w, const struct lp_cfi *c, uint64_t *cfa)
{
    const struct lp_cfi_rule *fp = &c->reg[29], *lr = &c->reg[LP_CFI_LR];
    uint64_t to;
    if (c->cfa.kind != LP_CFI_REGISTER) return false;
    if (w->known >> c->cfa.reg & 1) return *cfa = w->x[c->cfa.reg] + (uint64_t)c->cfa.off, true;
    if (c->cfa.reg != LP_CFI_SP || !(w->known >> 29 & 1) || fp->kind != LP_CFI_OFFSET || lr->kind != LP_CFI_OFFSET || lr->off != fp->off + 8) return false;
    if (w->x[29] < w->low || !read(w, w->x[29] + 8, &to, 8) || !is_return(w, to)) return false;
    return *cfa = w->x[29] - (uint64_t)fp->off, true;
}

/* ON, END, HIT; BROKEN: there are no rules, or they do not lead up the stack. */
static enum outcome by_cfi(struct walk *w)
{
    const struct lp_cfi *c = rules(w->live, w->exact ? w->pc : w->pc - 4);
    uint64_t cfa;
    if (c && c->reg[c->ra].kind == LP_CFI_UNDEFINED) return END;
    if (!c || !find_cfa(w, c, &cfa)) return BROKEN;
    if (c->reg[c->ra].kind == LP_CFI_SAME && !w->exact) return BROKEN; /* only the innermost function has it in a register */
    if (cfa < w->low || (cfa == w->low && !w->exact)) return BROKEN;
    uint64_t x[LP_CFI_REGS];
    uint32_t known = w->known;
    memcpy(x, w->x, sizeof x);
    for (unsigned n = 0; n <= LP_CFI_LR; n++) {
        if (c->reg[n].kind == LP_CFI_SAME) continue;
        bool good = restore(w, &c->reg[n], cfa, &x[n]);
        known = good ? known | UINT32_C(1) << n : known & ~(UINT32_C(1) << n);
    }
    if (!(known >> c->ra & 1)) return BROKEN;
    memcpy(w->x, x, sizeof x);
    w->x[LP_CFI_SP] = w->low = cfa;
    w->known = known | UINT32_C(1) << LP_CFI_SP;
    return next(w, x[c->ra]);
}

/* ---- by frame records ---- */

/* The mapping that the stack is in. */
static bool stack_of(const struct walk *w, struct lp_mapping *m) { return w->low && lp_mem_next(w->live->mem, w->low - 1, m) && m->start < w->low; }

static enum outcome scan(struct walk *w, uint64_t end);

/* {the caller's record, the return address}. x29 may be an ordinary register: a record is above what is known of the stack, or on another one that the
 * program has come from without a signal, and has a return address. */
static enum outcome by_record(struct walk *w)
{
    struct lp_mapping m;
    uint64_t record[2], fp = w->x[29];
    if (!(w->known >> 29 & 1) || fp & 7 || !stack_of(w, &m) || !read(w, fp, record, sizeof record)) return BROKEN;
    const bool other = fp < m.start || fp >= m.end;
    const bool last = !record[0] && !record[1] && !(w->known >> LP_CFI_SP & 1); /* of a chain that is one */
    if ((!other && fp < w->low) || (!last && !is_return(w, record[1]))) return BROKEN;
    if (other && ++*w->signals > SIGNALS_MAX) return tell(w, LP_FRAME_NONE, fp) ? HIT : END;
    /* A function without a record, below the one that has this: its return address is between, or was in x30. */
    if (scan(w, other ? m.end : fp) == HIT) return HIT;
    w->x[29] = record[0];
    w->low = fp + 16;
    w->known = UINT32_C(1) << 29;
    return next(w, record[1]);
}

/* ---- by what looks like a return address ---- */

static enum outcome walk(struct walk *w);

/* Code without rules may keep its return address in a register: where the thread stands in any, in a caller in one that calls preserve (AAPCS64 6.1.1). */
static bool in_registers(const struct walk *w)
{
    for (unsigned n = w->exact ? 0 : 19; n < LP_CFI_LR; n++)
        if (w->known >> n & 1 && is_return(w, w->x[n]) && tell(w, LP_FRAME_POSSIBLE, plain(w->x[n]))) return true;
    return false;
}

/* A word that begins the records of a signal's frame: what was interrupted may have another stack. */
static bool follow_signal(const struct walk *w, uint64_t records)
{
    struct walk deeper = *w;
    if (*w->signals >= SIGNALS_MAX) return tell(w, LP_FRAME_NONE, records);
    enum outcome o = interrupted(&deeper, records - SIGFRAME_RECORDS);
    return o == HIT || (o == ON && walk(&deeper) == HIT);
}

static enum outcome scan(struct walk *w, uint64_t end)
{
    uint64_t word[512];
    if (end - w->low > SCAN_MAX) return tell(w, LP_FRAME_NONE, w->low) ? HIT : END;
    for (uint64_t at = lp_align_up(w->low, 8); at < end;) {
        uint64_t len = end - at < sizeof word ? (end - at) & ~UINT64_C(7) : sizeof word;
        if (!len) break;
        if (!read(w, at, word, len)) return tell(w, LP_FRAME_NONE, at) ? HIT : END;
        for (size_t i = 0; i < len / 8; i++) {
            if (tell(w, LP_FRAME_POSSIBLE, plain(word[i]))) return HIT;
            if (word[i] == FPSIMD_HEAD && follow_signal(w, at + 8 * i)) return HIT;
        }
        at += len;
    }
    return END;
}

static enum outcome scan_all(struct walk *w)
{
    if (!w->low) return END; /* a thread that has no stack yet */
    struct lp_mapping m;
    if (!stack_of(w, &m)) return tell(w, LP_FRAME_NONE, w->low) ? HIT : END;
    return scan(w, m.end);
}

static enum outcome walk(struct walk *w)
{
    for (unsigned n = 0; n < FRAMES_MAX; n++) {
        uint64_t frame;
        enum outcome o = BROKEN;
        if (*w->signals < SIGNALS_MAX && at_sigreturn(w, &frame)) o = interrupted(w, frame);
        if (o == BROKEN) o = by_cfi(w);
        if (o == BROKEN && in_registers(w)) return HIT;
        if (o == BROKEN && !(w->known >> LP_CFI_SP & 1) && !w->x[29]) return END; /* the last record */
        if (o == BROKEN) o = by_record(w);
        if (o == BROKEN) o = scan_all(w);
        if (o != ON) return o;
    }
    return scan_all(w);
}

bool lp_unwind(struct lp_live *live, const struct lp_cpu *cpu, bool (*fn)(void *ctx, const struct lp_frame *f), void *ctx)
{
    unsigned signals = 0;
    struct walk w = {.live = live, .fn = fn, .ctx = ctx, .pc = cpu->pc, .signals = &signals};
    memcpy(w.x, cpu->x, sizeof w.x);
    return innermost(&w) == HIT || walk(&w) == HIT;
}

void lp_unwind_prepare(struct lp_live *live)
{
    if (!live->cfi) live->cfi = malloc(LP_CFI_CACHE * sizeof *live->cfi);
    for (size_t i = 0; i < LP_CFI_CACHE && live->cfi; i++) live->cfi[i].pc = UINT64_MAX, live->cfi[i].good = false;
    for (size_t i = 0; i < live->objects.n; i++) {
        struct lp_target *t = live->objects.v[i];
        struct lp_cfi first;
        if (t->gone || !t->mapped || t->unwinds || !lp_target_open(t, live->mem)) continue;
        (void)lp_elf_cfi(t->elf, 0, &first); /* which opens its tables */
        t->unwinds = true;
    }
}
