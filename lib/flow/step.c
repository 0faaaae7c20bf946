/* flow/step.c - what one word does to registers and stack slots, and, in the last pass, what it stands for. */
#include <config.h>
#include "base/buf.h"
#include "flow/inner.h"

enum { LINK = 30, MOST_ENTRIES = 1 << 16, BYTE_MAX = 0xff };

static const struct lp_fvalue *value(const struct lp_frun *r, lp_fv v) { return lp_fv_at(&r->pool, v); }
static lp_fv make(struct lp_frun *r, enum lp_fv_kind kind, uint64_t v) { return lp_fv_make(&r->pool, kind, v, 0); }
static lp_fv small(struct lp_frun *r, uint64_t most) { return r->bounds ? make(r, FV_SMALL, most) : ID_NONE; }

/* ---- names: values that are no addresses, but compared with a bound and used as an index later ---- */

static void forget_name(const struct lp_frun *r, struct lp_fstate *s, lp_fv name)
{
    for (unsigned i = 0; i < REGS; i++)
        if (s->reg[i] == name)
            s->reg[i] = ID_NONE;
    for (unsigned i = 0; i < r->nslot; i++)
        if (s->slot[i] == name)
            s->slot[i] = ID_NONE;
    for (unsigned i = 0; i < FACTS; i++)
        if (s->fact[i].name == name)
            s->fact[i].name = 0;
}

static void add_fact(struct lp_fstate *s, lp_fv name, uint32_t max, bool soft)
{
    unsigned i = 0;
    while (i < FACTS - 1 && s->fact[i].name != name && s->fact[i].name != 0)
        i++;
    s->fact[i] = (struct lp_ffact){name, max, soft};
}

/* The value with a name: one that has none yet gets that of word i. */
static lp_fv name_value(struct lp_frun *r, struct lp_fstate *s, size_t i, lp_fv v)
{
    const unsigned kind = value(r, v)->kind;
    if (!r->bounds || (kind != FV_NONE && kind != FV_SMALL))
        return v;
    uint32_t max;
    bool soft;
    lp_frun_bounded(r, s, v, &max, &soft);
    const lp_fv name = make(r, FV_NAMED, i);
    forget_name(r, s, name);
    if (kind == FV_SMALL)
        add_fact(s, name, max, soft);
    return name;
}

void lp_frun_learn(struct lp_fstate *s, const struct lp_fcmp *cmp, unsigned cond, bool taken)
{
    enum { EQ = 0, NE = 1, HS = 2, LO = 3, HI = 8, LS = 9 };
    if (cmp->name == 0)
        return;
    if ((cond == HI && !taken) || (cond == LS && taken) || (cond == EQ && taken) || (cond == NE && !taken))
        add_fact(s, cmp->name, cmp->imm, false);
    if (((cond == HS && !taken) || (cond == LO && taken)) && cmp->imm != 0)
        add_fact(s, cmp->name, cmp->imm - 1, false);
}

bool lp_frun_bounded(const struct lp_frun *r, const struct lp_fstate *s, lp_fv v, uint32_t *max, bool *soft)
{
    const struct lp_fvalue *x = value(r, v);
    *max = x->kind == FV_SMALL && x->m[0].v < UINT32_MAX ? (uint32_t)x->m[0].v : UINT32_MAX;
    *soft = x->kind != FV_SMALL || x->m[0].root == 0;
    for (unsigned i = 0; i < FACTS && x->kind == FV_NAMED; i++)
        if (s->fact[i].name == v) {
            *max = s->fact[i].max;
            *soft = s->fact[i].soft;
        }
    return *max != UINT32_MAX;
}

/* ---- stack slots ---- */

static unsigned granule_of(uint64_t frame, int64_t off) { return (unsigned)((uint64_t)(off >> 3) * 7 + frame * 61) % GRANULES; }

static struct lp_fslot *find_slot(struct lp_frun *r, uint64_t frame, int64_t off, unsigned width)
{
    for (unsigned k = r->granule[granule_of(frame, off)]; k != 0; k = r->slot[k - 1].next) {
        struct lp_fslot *x = &r->slot[k - 1];
        if (x->off == off && x->frame == frame && x->width == width)
            return x;
    }
    return NULL;
}

/* NULL: there are too many. */
static struct lp_fslot *make_slot(struct lp_frun *r, struct lp_fstate *s, uint64_t frame, int64_t off, unsigned width, unsigned most)
{
    struct lp_fslot *x = find_slot(r, frame, off, width);
    if (x != NULL || r->nslot >= most)
        return x;
    s->slot[s->nslot++] = ID_NONE;
    x = &r->slot[r->nslot++];
    uint8_t *head = &r->granule[granule_of(frame, off)];
    *x = (struct lp_fslot){.off = off, .frame = frame, .width = (uint8_t)width, .next = *head};
    *head = (uint8_t)r->nslot;
    return x;
}

/* Bytes of a frame are written: slots there hold something else now. */
static void clobber(struct lp_frun *r, struct lp_fstate *s, uint64_t frame, int64_t off, unsigned bytes)
{
    for (int64_t at = off - 7; at < off + (int64_t)bytes + 7; at += 8)
        for (unsigned k = r->granule[granule_of(frame, at)]; k != 0; k = r->slot[k - 1].next) {
            const struct lp_fslot *x = &r->slot[k - 1];
            if (x->frame == frame && x->off < off + (int64_t)bytes && off < x->off + x->width)
                s->slot[k - 1] = ID_NONE;
        }
}

/* What a load of a slot gives. */
static lp_fv load_slot(struct lp_frun *r, struct lp_fstate *s, size_t i, uint64_t frame, int64_t off, unsigned width, bool only)
{
    if (width != 8 && width != 4)
        return ID_NONE;
    const struct lp_fslot *x = only && r->bounds ? make_slot(r, s, frame, off, width, NAMED_SLOTS) : find_slot(r, frame, off, width);
    if (x == NULL)
        return ID_NONE;
    lp_fv *v = &s->slot[x - r->slot];
    if (only)
        *v = name_value(r, s, i, *v);
    return *v;
}

static bool is_address(const struct lp_frun *r, lp_fv v) { return lp_fv_is_address(&r->pool, v); }

static void add_escape(struct lp_frun *r, lp_fv v)
{
    struct lp_fescape *e = lp_grow(r->escape, &r->cap_escape, r->nescape, sizeof *e);
    if (e == NULL) {
        r->failed = true;
        return;
    }
    r->escape = e;
    e[r->nescape++] = (struct lp_fescape){v, r->escapes};
    r->escapes = (uint32_t)r->nescape;
}

/* A page is used by itself. */
static void page_escapes(struct lp_frun *r, lp_fv v)
{
    const struct lp_fvalue *x = value(r, v);
    if (x->kind != FV_ADDR || x->maybe)
        return;
    for (unsigned k = 0; k < x->n; k++)
        if (x->m[k].space == IN_PAGE) {
            add_escape(r, v);
            return;
        }
}

/* A store to the frame. `only`: of one register, which may be a variable that is compared later. */
static void store_slot(struct lp_frun *r, struct lp_fstate *s, size_t i, uint64_t frame, int64_t off, unsigned width, uint8_t reg, bool only)
{
    lp_fv *from = &s->reg[reg];
    if (width == 4 && is_address(r, *from)) {
        page_escapes(r, *from);
        return;
    }
    if (only && reg != REG_ZR && r->nslot < NAMED_SLOTS)
        *from = name_value(r, s, i, *from);
    if (*from == ID_NONE)
        return;
    struct lp_fslot *x = make_slot(r, s, frame, off, width, is_address(r, *from) ? SLOTS : NAMED_SLOTS);
    if (x != NULL)
        s->slot[x - r->slot] = *from;
    else if (is_address(r, *from))
        r->failed = true; /* it is lost */
}

/* ---- refs ---- */

/* A page, or the thread pointer: no program has such values of its own. So where one meets something else, one of the two ways is never gone when the
 * register is used: what is added is the rest of the address. */
static bool is_part(const struct lp_fv_member *m) { return m->space == IN_PAGE || (m->space == IN_TLS && m->v == 0); }

/* Word i is about the address in v. `touch`: it is the base of an access, so that a page is used whole, or not at all. */
static void tell(struct lp_frun *r, size_t i, lp_fv id, int64_t off, unsigned width, unsigned flags)
{
    const struct lp_fvalue *v = value(r, id);
    const bool unknown = v->kind == FV_OPAQUE || v->kind == FV_FOREIGN;
    if (v->kind != FV_ADDR && !unknown && !lp_frun_has_ref(r, i))
        return;
    struct lp_flow_ref *ref = lp_frun_ref(r, i);
    *ref = (struct lp_flow_ref){.n = 1, .width = (uint8_t)width, .flags = (uint8_t)flags, .kind = unknown ? LP_FLOW_OPAQUE : LP_FLOW_NONE};
    if (v->kind != FV_ADDR)
        return;
    ref->told = id;
    ref->kind = v->m[0].space == IN_TLS ? LP_FLOW_TLS : LP_FLOW_ADDR;
    ref->addr = v->n == 1 ? v->m[0].v + (uint64_t)off : (uint64_t)off; /* flow.c lists several */
    ref->n = v->n;
    ref->flags |= v->n > 1 ? LP_FLOW_SEVERAL : 0;
    for (unsigned k = 0; k < v->n; k++) {
        const struct lp_fv_member *m = &v->m[k];
        if (m->space == IN_PAGE)
            ref->flags |= LP_FLOW_OF_PAGE;
        if (m->indexed)
            ref->flags |= m->indexed & BY_STEPS ? LP_FLOW_INDEXED | LP_FLOW_STEPS : LP_FLOW_INDEXED;
        if (v->maybe && !is_part(m))
            ref->flags |= LP_FLOW_MAYBE;
        if ((m->space == IN_TLS) != (ref->kind == LP_FLOW_TLS))
            ref->kind = LP_FLOW_OPAQUE;
        if (v->maybe && m->space == IN_PAGE && off == 0 && width != 0)
            ref->kind = LP_FLOW_OPAQUE; /* nothing is added: the register may be anything else, and the page a rest of what it was before */
    }
}

/* ---- words ---- */

/* A word that makes the same value each time, by the same number. */
static lp_fv own_value(struct lp_frun *r, struct lp_fop *o, size_t i)
{
    if (o->back == 0)
        o->back = (int32_t)(o->kind == OP_CONST ? make(r, FV_CONST, (uint64_t)o->imm) : o->kind == OP_THREAD ? lp_fv_address(&r->pool, IN_TLS, 0, 0, 0) :
                            o->kind == OP_ADR ? lp_fv_address(&r->pool, IN_ADDR, (uint64_t)o->imm, (uint64_t)o->imm, lp_ftwin_place(r, (uint64_t)o->imm)) :
                            lp_fv_address(&r->pool, IN_PAGE, (uint64_t)o->imm, r->out->of[i], lp_ftwin_page(r, i)));
    return (lp_fv)o->back;
}

static void write_reg(struct lp_fstate *s, unsigned reg, lp_fv v)
{
    if (reg < REG_ZR)
        s->reg[reg] = v;
}

static void forget_written(struct lp_fstate *s, uint32_t set)
{
    for (; set != 0; set &= set - 1)
        s->reg[__builtin_ctz(set)] = ID_NONE;
}

/* Pages that a word reads other than as what it adds an offset to. */
static void pages_read(struct lp_frun *r, const struct lp_fstate *s, uint32_t set)
{
    for (; set != 0; set &= set - 1)
        page_escapes(r, s->reg[__builtin_ctz(set)]);
}

/* The base of word i. What completes a page completes nothing else: no compiler has one instruction for the end of an address and for an offset, so other
 * bases come from ways that are never gone (an address that is completed again in a loop). */
static lp_fv base_of(struct lp_frun *r, const struct lp_fstate *s, size_t i)
{
    const struct lp_fop *o = lp_frun_op(r, i);
    const lp_fv v = s->reg[o->rn];
    return o->flags & F_LOW ? lp_fv_pages(&r->pool, v) : v;
}

/* Is it the address of a place in the function? */
static void hand_out(struct lp_frun *r, const struct lp_fv_member *m)
{
    if (m->space != IN_ADDR)
        return;
    r->labels |= lp_frun_word(r, m->v) != SIZE_MAX;
    lp_ftwin_same_place(r, m->v, m->w);
}

/* What is on the stack, or a number, is known by the offset: in the twin, it is another one. */
static void split_numbers(struct lp_frun *r, lp_fv from, int64_t imm, int64_t twin)
{
    const unsigned kind = value(r, from)->kind;
    if (imm != twin && (kind == FV_CONST || kind == FV_STACK))
        r->twin = NULL;
}

static void step_add_imm(struct lp_frun *r, struct lp_fstate *s, size_t i, struct lp_fcmp *cmp)
{
    const struct lp_fop *o = lp_frun_op(r, i);
    if (o->flags & F_SETS) {
        const bool compares = o->imm <= 0 && -o->imm < UINT32_MAX;
        if (compares)
            s->reg[o->rn] = name_value(r, s, i, s->reg[o->rn]);
        *cmp = (struct lp_fcmp){compares && value(r, s->reg[o->rn])->kind == FV_NAMED ? s->reg[o->rn] : 0, (uint32_t)-o->imm};
    }
    const lp_fv from = base_of(r, s, i);
    const int64_t twin = lp_ftwin_imm(r, i, o->imm);
    split_numbers(r, from, o->imm, twin);
    if (o->rd == REG_SINK) {
        page_escapes(r, from);
        return;
    }
    if (!(o->flags & F_WIDE)) {
        page_escapes(r, from);
        const struct lp_fvalue *v = value(r, from);
        write_reg(s, o->rd, v->kind == FV_CONST ? make(r, FV_CONST, (uint32_t)(v->m[0].v + (uint64_t)o->imm)) : ID_NONE);
        return;
    }
    const lp_fv to = lp_fv_add(&r->pool, from, o->imm, twin, o->flags & F_HIGH);
    if (is_address(r, to) || value(r, from)->kind == FV_FOREIGN) {
        tell(r, i, from, o->imm, 0, 0);
        const struct lp_fvalue *v = value(r, to);
        if (v->kind == FV_ADDR && v->m[0].space == IN_PAGE)
            lp_frun_ref(r, i)->kind = LP_FLOW_PAGE;
        for (unsigned k = 0; v->kind == FV_ADDR && k < v->n; k++)
            hand_out(r, &v->m[k]);
    } else if (lp_frun_has_ref(r, i)) {
        *lp_frun_ref(r, i) = (struct lp_flow_ref){.n = 1};
    }
    write_reg(s, o->rd, to);
}

/* An entry of a jump table that is extended or shifted on its way to the sum. 0: it is lost. */
static lp_fv entry_as(struct lp_frun *r, lp_fv id, unsigned bits, bool sign, unsigned shift)
{
    struct lp_fvalue v = lp_fv_copy(&r->pool, id);
    if (v.kind != FV_ENTRY || (bits < 64 && bits < 8u * v.bytes + v.shift) || shift > 4)
        return ID_NONE;
    if (bits == 8u * v.bytes && v.shift == 0)
        v.is_signed = sign;
    v.shift = (uint8_t)(v.shift + shift);
    return lp_fv_intern(&r->pool, &v);
}

static unsigned extend_bits(unsigned extend) { return 8u << (extend & 3); }

static void step_add_reg(struct lp_frun *r, struct lp_fstate *s, size_t i)
{
    const struct lp_fop *o = lp_frun_op(r, i);
    const lp_fv a = s->reg[o->rn], raw = s->reg[o->rm];
    const bool sub = o->flags & F_SUB;
    const struct lp_fvalue *y = value(r, raw), *x = value(r, a);
    lp_fv to = ID_NONE, b = raw;
    if (y->kind == FV_ENTRY && !sub)
        to = lp_fv_goal(&r->pool, a, entry_as(r, raw, extend_bits(o->extend), o->extend & 4, o->shift));
    else if (x->kind == FV_ENTRY && !sub && o->shift == 0)
        to = lp_fv_goal(&r->pool, raw, a);
    else if (o->flags & F_WIDE) {
        if (o->shift != 0 || o->extend != 3)
            b = y->kind == FV_CONST && o->shift < 64 ? make(r, FV_CONST, y->m[0].v << o->shift) : ID_NONE;
        to = lp_fv_sum(&r->pool, a, b, sub);
        if (b != raw || value(r, to)->kind != FV_ADDR)
            page_escapes(r, raw);
    }
    if (!is_address(r, to))
        page_escapes(r, a), page_escapes(r, raw);
    if (o->rm == REG_SINK)
        pages_read(r, s, o->read & ~(UINT64_C(1) << o->rn)); /* what makes a number that is not known */
    if (value(r, to)->kind == FV_GOAL || lp_frun_has_ref(r, i))
        lp_frun_ref(r, i)->told = to;
    if (o->rd == REG_SP && value(r, to)->kind != FV_STACK)
        to = lp_fv_make(&r->pool, FV_STACK, 0, i + 1); /* alloca */
    write_reg(s, o->rd, to);
}

static void step_move(struct lp_frun *r, struct lp_fstate *s, size_t i)
{
    const struct lp_fop *o = lp_frun_op(r, i);
    lp_fv v = s->reg[o->rn];
    const unsigned kind = value(r, v)->kind;
    if (!(o->flags & F_WIDE) && (is_address(r, v) || kind == FV_STACK || (kind == FV_CONST && value(r, v)->m[0].v >> 32) || kind == FV_GOAL)) {
        page_escapes(r, v);
        v = ID_NONE;
    }
    write_reg(s, o->rd, v);
}

static void step_extend(struct lp_frun *r, struct lp_fstate *s, const struct lp_fop *o)
{
    const lp_fv from = s->reg[o->rn];
    const struct lp_fvalue *v = value(r, from);
    page_escapes(r, from);
    if (v->kind == FV_ENTRY)
        write_reg(s, o->rd, entry_as(r, from, o->shift, o->flags & F_SIGNED, 0));
    else if (o->shift == 32 && (v->kind == FV_NAMED || v->kind == FV_SMALL))
        write_reg(s, o->rd, from);
    else
        write_reg(s, o->rd, o->shift <= 16 && !(o->flags & F_SIGNED) ? small(r, (1u << o->shift) - 1) : ID_NONE);
}

static void step_mask(struct lp_frun *r, struct lp_fstate *s, size_t i)
{
    const struct lp_fop *o = lp_frun_op(r, i);
    const uint64_t mask = (uint64_t)o->imm;
    page_escapes(r, s->reg[o->rn]);
    if (o->rd == REG_SP)
        s->reg[REG_SP] = lp_fv_make(&r->pool, FV_STACK, 0, i + 1); /* aligned: another frame */
    else
        write_reg(s, o->rd, mask < MOST_ENTRIES ? small(r, mask) : ID_NONE);
}

static void step_movk(struct lp_frun *r, struct lp_fstate *s, const struct lp_fop *o)
{
    const struct lp_fvalue *v = value(r, s->reg[o->rd < REG_ZR ? o->rd : REG_ZR]);
    if (v->kind != FV_CONST) {
        pages_read(r, s, o->read);
        write_reg(s, o->rd, ID_NONE);
        return;
    }
    write_reg(s, o->rd, make(r, FV_CONST, (v->m[0].v & ~(UINT64_C(0xffff) << o->shift)) | (uint64_t)o->imm << o->shift));
}

/* ---- memory ---- */

/* Entry of a table: base + index, or index + base for bytes. */
static lp_fv load_entry(struct lp_frun *r, const struct lp_fstate *s, const struct lp_fop *o)
{
    lp_fv base = s->reg[o->rn], index = s->reg[o->rm];
    if (value(r, base)->kind != FV_ADDR && o->shift == 0) {
        base = index;
        index = s->reg[o->rn];
    }
    const struct lp_fvalue *b = value(r, base);
    if (b->kind != FV_ADDR || b->n != 1 || b->maybe || b->m[0].space != IN_ADDR || b->m[0].indexed || 1u << o->shift != (o->shift ? o->bytes : 1u))
        return ID_NONE;
    bool soft;
    uint32_t max;
    const uint32_t n = lp_frun_bounded(r, s, index, &max, &soft) && max < MOST_ENTRIES ? max + 1 : 0;
    struct lp_fvalue v = {.kind = FV_ENTRY, .n = 1, .bytes = o->bytes, .is_signed = o->flags & F_SIGNED ? 1 : 0,
                          .m[0] = {.v = b->m[0].v, .root = n, .indexed = soft, .w = b->m[0].w}};
    return lp_fv_intern(&r->pool, &v);
}

/* An address that a constant in code holds. (Twins go on by themselves then: other files have them elsewhere.) */
static lp_fv pooled(struct lp_frun *r, uint64_t at)
{
    uint64_t v;
    if (r->in->pool == NULL || !r->in->pool(r->in->ctx, at, &v))
        return ID_NONE;
    r->twin = NULL;
    r->labels |= lp_frun_word(r, v) != SIZE_MAX;
    return lp_fv_address(&r->pool, IN_ADDR, v, v, 0);
}

static lp_fv loaded(struct lp_frun *r, struct lp_fstate *s, size_t i, lp_fv base, int64_t off)
{
    const struct lp_fop *o = lp_frun_op(r, i);
    const struct lp_fvalue *v = value(r, base);
    if (v->kind == FV_STACK && o->rm == NO_REG && !(o->flags & F_SIGNED && o->each < 4))
        return load_slot(r, s, i, v->m[0].root, (int64_t)v->m[0].v + off, o->each, o->bytes == o->each && !(o->flags & F_SIGNED));
    if (o->rm != NO_REG && o->each >= 1 && o->each <= 4) {
        const lp_fv e = load_entry(r, s, o);
        if (e != ID_NONE)
            return e;
    }
    if (v->kind == FV_ADDR && v->n == 1 && !v->maybe && v->m[0].space == IN_ADDR && v->m[0].indexed && o->each == 4 && o->flags & F_SIGNED) {
        struct lp_fvalue e = {.kind = FV_ENTRY, .n = 1, .bytes = 4, .is_signed = 1, .m[0] = {.v = v->m[0].root, .w = v->m[0].twin_root}};
        return lp_fv_intern(&r->pool, &e);
    }
    const bool one = v->kind == FV_ADDR && v->n == 1 && !v->maybe && v->m[0].space != IN_TLS && !v->m[0].indexed;
    if (one && o->rm == NO_REG && o->each == 8 && !(o->flags & F_SIGNED))
        return pooled(r, v->m[0].v + (uint64_t)off);
    return o->each == 1 && !(o->flags & F_SIGNED) ? small(r, BYTE_MAX) : ID_NONE;
}

static void step_store(struct lp_frun *r, struct lp_fstate *s, size_t i, lp_fv base)
{
    const struct lp_fop *o = lp_frun_op(r, i);
    const struct lp_fvalue *v = value(r, base);
    const uint64_t frame = v->m[0].root;
    const int64_t off = (int64_t)v->m[0].v + o->imm;
    const bool slot = v->kind == FV_STACK && o->rm == NO_REG, tracked = slot && (o->flags & F_SIMPLE) && o->each >= 4 && o->each <= 8;
    if (slot)
        clobber(r, s, frame, off, o->bytes);
    if (!tracked) { /* SWP, LDADD and the like store another register than they load */
        const uint64_t based = UINT64_C(1) << o->rn, stored = UINT64_C(1) << o->rd | UINT64_C(1) << o->rt2;
        pages_read(r, s, (uint32_t)((o->read & ~based) | (stored & 0x7fffffff)));
        return;
    }
    if (o->rd != REG_ZR)
        store_slot(r, s, i, frame, off, o->each, o->rd, o->bytes == o->each);
    if (o->rt2 != REG_ZR && o->bytes > o->each)
        store_slot(r, s, i, frame, off + o->each, o->each, o->rt2, false);
}

static void tell_access(struct lp_frun *r, struct lp_fstate *s, size_t i, lp_fv base)
{
    const struct lp_fop *o = lp_frun_op(r, i);
    if (o->rm == NO_REG) {
        tell(r, i, base, o->imm, o->bytes, 0);
        return;
    }
    page_escapes(r, base), page_escapes(r, s->reg[o->rm]);
    const struct lp_fvalue *x = value(r, s->reg[o->rm]);
    const bool known = x->kind == FV_CONST && (o->extend & 3) == 3;
    tell(r, i, base, known ? (int64_t)(x->m[0].v << o->shift) : 0, o->bytes, known ? 0 : LP_FLOW_INDEXED);
    if (value(r, base)->kind == FV_ADDR && value(r, base)->m[0].space == IN_PAGE && !known)
        lp_frun_ref(r, i)->kind = LP_FLOW_OPAQUE;
}

static void step_memory(struct lp_frun *r, struct lp_fstate *s, size_t i)
{
    const struct lp_fop *o = lp_frun_op(r, i);
    if (o->flags & F_LITERAL) {
        forget_written(s, o->write);
        if (o->flags & F_WIDE)
            write_reg(s, o->rd, pooled(r, (uint64_t)o->imm));
        return;
    }
    const lp_fv base = base_of(r, s, i);
    split_numbers(r, base, o->imm, lp_ftwin_imm(r, i, o->imm));
    tell_access(r, s, i, base);
    if (o->flags & F_STORE)
        step_store(r, s, i, base);
    const bool simple = (o->flags & F_LOAD) && (o->flags & F_SIMPLE);
    const lp_fv first = simple && o->rd != REG_ZR ? loaded(r, s, i, base, o->imm) : ID_NONE;
    const lp_fv second = simple && o->rt2 != REG_ZR ? loaded(r, s, i, base, o->imm + o->each) : ID_NONE;
    forget_written(s, o->write);
    if (o->flags & F_BACK)
        write_reg(s, o->rn, lp_fv_add(&r->pool, base, o->back, o->back, false));
    if (simple && o->rd != REG_ZR)
        write_reg(s, o->rd, first);
    if (simple && o->rt2 != REG_ZR)
        write_reg(s, o->rt2, second);
}

/* What a call leaves. Of a function that is seen it is known; of others, results are in X0 and X1, and nobody reads the rest of what they may change. */
static void forget_called(struct lp_frun *r, struct lp_fstate *s, const struct lp_flow_callee *fn)
{
    if (fn != NULL)
        lp_frun_doubt(r, s, fn);
    if (fn != NULL && !fn->unsure) {
        forget_written(s, fn->clobbers & CALL_CLOBBERED);
        for (uint32_t set = fn->pages_out; set != 0; set &= set - 1)
            s->reg[__builtin_ctz(set)] = ID_FOREIGN;
        lp_frun_borrow(r, s, fn->at, true);
        return;
    }
    s->reg[0] = s->reg[1] = s->reg[LINK] = ID_NONE;
    for (unsigned i = 2; i <= LAST_CALL_CLOBBERED; i++)
        if (s->reg[i] != ID_NONE)
            s->reg[i] = fn == NULL && r->in->survey != NULL ? ID_NONE : lp_fv_doubt(&r->pool, s->reg[i]);
}

static const struct lp_flow_callee *callee(const struct lp_frun *r, const struct lp_fop *o)
{
    return (o->kind == OP_CALL || o->kind == OP_BRANCH) && o->back != 0 ? &r->in->survey->fn[o->back - 1] : NULL;
}

static void step_call(struct lp_frun *r, struct lp_fstate *s, size_t i, struct lp_fcmp *cmp)
{
    const struct lp_flow_callee *fn = callee(r, lp_frun_op(r, i));
    const lp_fv entry = fn == NULL ? ID_NONE : lp_frun_give(r, s, i, fn);
    *cmp = (struct lp_fcmp){0};
    lp_frun_hold(r, s, i);
    forget_called(r, s, fn);
    if (entry != ID_NONE)
        write_reg(s, fn->piece.entry, entry);
    if (fn == NULL || !fn->piece.compares)
        return;
    lp_fv *compared = &s->reg[fn->piece.compared];
    *compared = name_value(r, s, i, *compared);
    if (value(r, *compared)->kind == FV_NAMED)
        *cmp = (struct lp_fcmp){*compared, fn->piece.with};
}

/* Who calls last goes on there. */
static void step_branch(struct lp_frun *r, const struct lp_fstate *s, size_t i)
{
    const struct lp_flow_callee *fn = callee(r, lp_frun_op(r, i));
    if (fn != NULL)
        lp_frun_give(r, s, i, fn);
    lp_frun_hold(r, s, i);
    pages_read(r, s, lp_frun_op(r, i)->read);
}

void lp_frun_step(struct lp_frun *r, struct lp_fstate *s, size_t i, struct lp_fcmp *cmp)
{
    const struct lp_fop *o = lp_frun_op(r, i);
    if ((o->flags & F_SETS) && o->kind != OP_ADD_IMM)
        cmp->name = 0;
    switch (o->kind) {
    case OP_ADRP: case OP_ADR: case OP_CONST: case OP_THREAD: write_reg(s, o->rd, own_value(r, lp_frun_op(r, i), i)); break;
    case OP_MOVK: step_movk(r, s, o); break;
    case OP_ADD_IMM: step_add_imm(r, s, i, cmp); break;
    case OP_ADD_REG: step_add_reg(r, s, i); break;
    case OP_MOV: step_move(r, s, i); break;
    case OP_EXTEND: step_extend(r, s, o); break;
    case OP_SHIFT: page_escapes(r, s->reg[o->rn]); write_reg(s, o->rd, entry_as(r, s->reg[o->rn], 64, false, o->shift)); break;
    case OP_MASK: step_mask(r, s, i); break;
    case OP_SELECT:
        if (o->flags & F_WIDE) {
            const lp_fv v = lp_fv_join(&r->pool, s->reg[o->rn], s->reg[o->rm]);
            write_reg(s, o->rd, o->flags & F_MORE ? lp_fv_sum(&r->pool, v, ID_NONE, false) : v);
            break;
        }
        pages_read(r, s, o->read);
        write_reg(s, o->rd, ID_NONE);
        break;
    case OP_MEM: step_memory(r, s, i); break;
    case OP_BRANCH: case OP_BRANCH_IF: step_branch(r, s, i); break;
    case OP_CALL: case OP_CALL_REG: step_call(r, s, i, cmp); break;
    case OP_RETURN: lp_frun_hold(r, s, i); break;
    case OP_PAD: case OP_STOP: case OP_DATA: case OP_JUMP_REG: break;
    default: pages_read(r, s, o->read); forget_written(s, o->write);
    }
}
