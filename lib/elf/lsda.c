/* elf/lsda.c - what an exception table has: call sites, actions, types. */
#include <config.h>
#include "elf/lsda.h"
#include "elf/image.h"

bool lp_lsda_read(struct lp_cfi_reader r, uint64_t start, struct lp_lsda *out)
{
    uint64_t enc;
    *out = (struct lp_lsda){.landing = start};
    if ((enc = lp_cfi_bytes(&r, 1)) != LP_PE_OMIT) out->landing = lp_cfi_pointer(&r, (uint8_t)enc, 0);
    out->type_enc = (uint8_t)lp_cfi_bytes(&r, 1);
    if ((out->has_types = out->type_enc != LP_PE_OMIT)) {
        uint64_t off = lp_cfi_uleb(&r);
        out->types = r;
        lp_cfi_skip(&out->types, off);
        r.bad |= out->types.bad;
    }
    out->site_enc = (uint8_t)lp_cfi_bytes(&r, 1);
    uint64_t len = lp_cfi_uleb(&r);
    out->sites = out->actions = r;
    lp_cfi_skip(&out->actions, len);
    out->sites.end = out->actions.p;
    return !out->actions.bad && (!out->has_types || out->types.p >= out->actions.p);
}

bool lp_elf_lsda(const lp_elf *elf, const struct lp_fde *f, struct lp_lsda *out)
{
    uint64_t avail;
    const uint8_t *p = f->lsda ? lp_elf_at(elf, f->lsda, &avail) : NULL;
    const bool good = p && lp_lsda_read((struct lp_cfi_reader){p, p + avail, f->lsda, false}, f->start + f->lead, out);
    if (good) out->lead = f->lead;
    return good;
}

bool lp_lsda_site(struct lp_lsda *l, struct lp_lsda_site *out)
{
    struct lp_cfi_reader *r = &l->sites;
    if (r->p >= r->end) return false;
    out->start = lp_cfi_pointer(r, l->site_enc, 0), out->len = lp_cfi_pointer(r, l->site_enc, 0);
    out->pad = lp_cfi_pointer(r, l->site_enc, 0);
    out->start += l->lead;
    if (out->pad) out->pad += l->landing;
    out->action = lp_cfi_uleb(r);
    return !r->bad;
}

bool lp_lsda_site_within(const struct lp_lsda_site *s, uint64_t start, uint64_t size)
{
    return s->start <= size && s->len <= size - s->start && (!s->pad || s->pad - start < size);
}

bool lp_lsda_action(const struct lp_lsda *l, uint64_t action, struct lp_lsda_action *out)
{
    struct lp_cfi_reader r = l->actions;
    lp_cfi_skip(&r, action - 1);
    out->filter = lp_cfi_sleb(&r);
    uint64_t here = (uint64_t)(r.p - l->actions.p) + 1; /* a step is from where it is written */
    int64_t step = lp_cfi_sleb(&r);
    out->next = step ? here + (uint64_t)step : 0;
    return !r.bad;
}

unsigned lp_lsda_type_size(const struct lp_lsda *l)
{
    static const uint8_t size[16] = {[0] = 8, [2] = 2, [3] = 4, [4] = 8, [10] = 2, [11] = 4, [12] = 8};
    return size[l->type_enc & 15];
}

/* The types are in front of where `types` is, the first one next to it. */
bool lp_lsda_type(const struct lp_lsda *l, uint64_t number, struct lp_lsda_type *out)
{
    const uint64_t each = lp_lsda_type_size(l);
    if (!l->has_types || !each || number > (uint64_t)(l->types.p - l->actions.p) / each) return false;
    struct lp_cfi_reader r = {l->types.p - number * each, l->types.p, l->types.vaddr - number * each, false}, raw = r;
    bool any = lp_cfi_pointer(&raw, l->type_enc & 15, 0) == 0;
    *out = (struct lp_lsda_type){any ? 0 : lp_cfi_pointer(&r, l->type_enc & (uint8_t)~LP_PE_INDIRECT, 0), l->type_enc & LP_PE_INDIRECT};
    return !raw.bad && !r.bad;
}

bool lp_lsda_list(const struct lp_lsda *l, int64_t filter, struct lp_cfi_reader *out)
{
    *out = l->types;
    lp_cfi_skip(out, ~(uint64_t)filter);
    return l->has_types && !out->bad;
}

/* acted: where the actions end, behind which the types begin. */
struct extent { const struct lp_lsda *l; uint64_t end, types, acted; unsigned steps; };

static bool add_type(struct extent *x, uint64_t number)
{
    struct lp_lsda_type t;
    if (number > x->types) x->types = number;
    return lp_lsda_type(x->l, number, &t);
}

static bool add_list(struct extent *x, int64_t filter)
{
    struct lp_cfi_reader r;
    uint64_t number = 1;
    if (!lp_lsda_list(x->l, filter, &r)) return false;
    while (number && x->steps++ < LP_LSDA_STEPS && (number = lp_cfi_uleb(&r)) && !r.bad && add_type(x, number)) continue;
    if (r.vaddr > x->end) x->end = r.vaddr;
    return !number && !r.bad;
}

static bool add_action(struct extent *x, uint64_t *action)
{
    struct lp_lsda_action a;
    struct lp_cfi_reader r = x->l->actions;
    if (x->steps++ >= LP_LSDA_STEPS || !lp_lsda_action(x->l, *action, &a)) return false;
    lp_cfi_skip(&r, *action - 1), lp_cfi_sleb(&r), lp_cfi_sleb(&r);
    if (r.vaddr > x->end) x->end = r.vaddr;
    if (r.vaddr > x->acted) x->acted = r.vaddr;
    *action = a.next;
    return a.filter > 0 ? add_type(x, (uint64_t)a.filter) : a.filter == 0 || add_list(x, a.filter);
}

bool lp_lsda_extent(struct lp_lsda l, uint64_t *end, uint64_t *types)
{
    const struct lp_lsda whole = l;
    struct extent x = {&whole, l.has_types ? l.types.vaddr : l.actions.vaddr, 0, l.actions.vaddr, 0};
    struct lp_lsda_site s;
    bool good = true;
    while (good && lp_lsda_site(&l, &s))
        for (uint64_t action = s.action; action && good;) good = add_action(&x, &action);
    *end = x.end, *types = x.types;
    return good && !l.sites.bad && (!x.types || x.acted <= l.types.vaddr - x.types * lp_lsda_type_size(&l));
}

/* ---- who reads it ---- */

static bool has_reader(const struct lp_fde *f) { return f->cie.personality && f->cie.lsda != LP_PE_OMIT; }

struct first { struct lp_fde *fde; bool found; };

static bool first_with_reader(void *ctx, const struct lp_fde *f)
{
    struct first *x = ctx;
    if ((x->found = has_reader(f))) *x->fde = *f;
    return !x->found;
}

bool lp_elf_lsda_reader(const lp_elf *elf, uint64_t start, uint64_t end, struct lp_fde *out)
{
    struct first x = {.fde = out};
    if (lp_elf_fde_of(elf, start, end, out) && has_reader(out)) return true;
    lp_elf_fdes(elf, first_with_reader, &x);
    return x.found;
}
