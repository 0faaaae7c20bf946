/* make/owner.c - whose a numbered variable is: `count.0` of a function of the object, where the program has another `count.0`, of this function or of
 * another one. The number says nothing; the code says who uses it. In the object relocations tell it, in the program the addresses that a function makes.
 *
 * A function that one side lacks has become part of those that called it (inlined), so that they count as users, too; not one that others may call, as
 * an object of its own would have that still. */
#include <config.h>
#include "a64/a64.h"
#include "a64/access.h"
#include "a64/regs.h"
#include "base/bits.h"
#include "base/buf.h"
#include "make/replace.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the functions of a source file of the program use ---- */

struct use { uint32_t by; uint64_t at; };   /* by: number of a function */
struct user { const struct lp_elf_symbol *f; bool is; };
struct lp_uses {
    struct lp_uses *next;
    uint32_t unit;
    struct user *fn;
    size_t nfn, fn_cap;
    struct use *use, *call;                 /* call: at is where it leads */
    size_t nuse, use_cap, ncall, call_cap;
    bool failed;                            /* no memory */
};

/* False without memory. */
static bool add(struct use **v, size_t *n, size_t *cap, struct use u)
{
    if (*n && (*v)[*n - 1].by == u.by && (*v)[*n - 1].at == u.at) return true;
    struct use *p = lp_grow(*v, cap, *n, sizeof *p);
    if (!p) return false;
    *v = p, p[(*n)++] = u;
    return true;
}

/* Registers whose values are known. THREAD: the thread pointer, above all addresses. */
struct known { uint64_t value[32]; uint32_t set; };
struct reading {
    struct lp_uses *u;
    uint32_t by;
    uint64_t start, size;
    struct known now;
    struct known *at;        /* of words that have been branched to from in front; at[i].set bit 31: there is */
};
#define THREAD (UINT64_C(1) << 62)
#define HAS (UINT32_C(1) << 31)
#define SAVED UINT32_C(0x1ff80000) /* X19 - X28 */

static void made(struct reading *r, uint64_t addr) { r->u->failed |= !add(&r->u->use, &r->u->nuse, &r->u->use_cap, (struct use){r->by, addr}); }

static void branch(struct reading *r, uint64_t pc, uint64_t to)
{
    bool inside = to - r->start < r->size;
    if (!inside) r->u->failed |= !add(&r->u->call, &r->u->ncall, &r->u->call_cap, (struct use){r->by, to});
    struct known *k = inside && to > pc ? &r->at[(to - r->start) / 4] : NULL;
    if (k && !(k->set & HAS)) *k = r->now, k->set |= HAS;
}

static void access(struct reading *r, unsigned row, uint32_t word)
{
    struct lp_a64_access a;
    if (lp_a64_access(row, word, &a) && a.base < 31 && r->now.set >> a.base & 1) made(r, r->now.value[a.base] + (uint64_t)a.off);
}

static void step(struct reading *r, uint64_t pc, uint32_t word)
{
    unsigned row = lp_a64_find(word, LP_A64_ALL), rd = word & 31, rn = word >> 5 & 31, rm = word >> 16 & 31;
    uint64_t to, value = 0;
    bool target = lp_a64_target(word, pc, &to), adr = lp_a64_is_pcrel_address(word), known = adr;
    if (adr) value = to;
    else if (lp_a64_is_tpidr(word)) known = true, value = THREAD;
    else if (lp_a64_is_add_imm(word) && r->now.set >> rn & 1 && rn < 31)
        known = true, value = r->now.value[rn] + ((uint64_t)(word >> 10 & 0xfff) << (word >> 22 & 1 ? 12 : 0));
    else if (lp_a64_is_mov(word) && rm < 31) known = r->now.set >> rm & 1, value = r->now.value[rm];
    else access(r, row, word);
    if (known && !(row == A64_ADRP)) made(r, value);
    r->now.set &= ~(lp_a64_regs(row, word).write & ~HAS);
    if (known && rd < 31) r->now.value[rd] = value, r->now.set |= UINT32_C(1) << rd;
    if (target && !adr) branch(r, pc, to);
    if (row == A64_BL || row == A64_BLR) r->now.set &= SAVED;
    bool leaves = row == A64_B || row == A64_BR || row == A64_RET;
    if (!leaves) return;
    size_t next = (size_t)(pc + 4 - r->start) / 4;
    if (pc + 4 - r->start >= r->size) return;
    if (r->at[next].set & HAS) r->now = r->at[next], r->now.set &= ~HAS;
    else if (row != A64_BR) r->now.set &= SAVED;
}

/* Up to `end`, where the next one begins: symbols may overlap. */
static void read_function(struct lp_maker *m, struct lp_uses *u, const struct lp_elf_symbol *f, uint64_t end)
{
    const struct lp_elf_info *info = lp_elf_info(m->elf);
    int64_t off = lp_elf_offset(m->elf, f->value);
    if (off < 0 || f->size < 4 || f->value & 3 || !lp_within((uint64_t)off, f->size, info->image_size)) return;
    const uint8_t *code = (const uint8_t *)info->image + off;
    struct reading r = {.u = u, .by = (uint32_t)u->nfn, .start = f->value, .size = f->size < end - f->value ? f->size : end - f->value};
    struct user *v = lp_grow(u->fn, &u->fn_cap, u->nfn, sizeof *v);
    u->fn = v ? v : u->fn;
    r.at = v ? calloc(r.size / 4 + 1, sizeof *r.at) : NULL;
    if (r.at) v[u->nfn++] = (struct user){f, false};
    else u->failed = true;
    for (uint64_t at = 0; r.at && at + 4 <= r.size; at += 4) step(&r, f->value + at, lp_le32(code + at));
    free(r.at);
}

/* Where the next function of another address begins. */
static uint64_t next_function(const struct lp_elf_symbol *v, size_t n, size_t i)
{
    const uint64_t at = v[i].value;
    while (++i < n && (v[i].value == at || v[i].type != STT_FUNC)) continue;
    return i < n ? v[i].value : UINT64_MAX;
}

static struct lp_uses *uses_of(struct lp_maker *m, uint32_t unit)
{
    size_t n;
    const struct lp_elf_symbol *v = lp_elf_symbols(m->names, &n);
    for (struct lp_uses *u = m->uses; u; u = u->next)
        if (u->unit == unit) return u;
    struct lp_uses *u = calloc(1, sizeof *u);
    if (!u) return m->nomem = true, NULL;
    u->unit = unit, u->next = m->uses, m->uses = u;
    for (size_t i = 0; i < n; i++)
        if (v[i].type == STT_FUNC && (!u->nfn || u->fn[u->nfn - 1].f->value != v[i].value) && lp_unit_of(m, &v[i]) == unit)
            read_function(m, u, &v[i], next_function(v, n, i));
    m->nomem |= u->failed;
    return u;
}

void lp_uses_free(struct lp_uses *u)
{
    for (struct lp_uses *next; u; u = next) next = u->next, free(u->fn), free(u->use), free(u->call), free(u);
}

/* ---- names ---- */

/* Without what the compiler adds to those of parts and clones. */
static size_t base_len(const char *name) { return *name ? strcspn(name + 1, ".") + 1 : 0; }
static bool same_function(const char *a, const char *b) { return base_len(a) == base_len(b) && memcmp(a, b, base_len(a)) == 0; }

/* The program's name of a function of the object: one that replaces it may be called otherwise. */
static const char *program_name(const struct lp_carrying *x, const struct lp_objsym *f)
{
    for (size_t i = 0; i < x->c->nreplaced; i++)
        if (x->c->replaced[i].sym == f) return x->c->replaced[i].old;
    return f->name;
}

static bool object_has(const struct lp_carrying *x, const char *name)
{
    for (size_t i = 1; i < x->c->o->nsym; i++) {
        const struct lp_objsym *s = &x->c->o->sym[i];
        if ((s->type == STT_FUNC || s->section == SHN_UNDEF) && same_function(program_name(x, s), name)) return true;
    }
    return false;
}

static bool program_has(const struct lp_uses *u, const char *name)
{
    for (size_t i = 0; i < u->nfn; i++)
        if (same_function(u->fn[i].f->name, name)) return true;
    return false;
}

/* ---- users of a variable ---- */

/* Where a program's own thread-local storage begins, from the thread pointer. */
static uint64_t tls_start(const lp_elf *elf)
{
    size_t n;
    const struct lp_elf_segment *s = lp_elf_segments(elf, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].type == PT_TLS && s[i].align > 16 && !(s[i].align & (s[i].align - 1))) return s[i].align;
    return 16;
}

/* In the program; how many. */
static size_t users(const struct lp_carrying *x, struct lp_uses *u, const struct lp_elf_symbol *t)
{
    uint64_t start = t->value, size = t->size ? t->size : 1, off;
    size_t found = 0;
    bool more = true;
    if (t->type == STT_TLS) start = THREAD + tls_start(x->m->elf) + t->value;
    for (size_t i = 0; i < u->nfn; i++) u->fn[i].is = false;
    for (size_t i = 0; i < u->nuse; i++)
        if ((off = u->use[i].at - start) < size) u->fn[u->use[i].by].is = true;
    while (more) {
        more = false;
        for (size_t k = 0; k < u->nfn; k++) {
            const struct lp_elf_symbol *f = u->fn[k].f;
            if (!u->fn[k].is || f->bind == STB_GLOBAL || object_has(x, f->name)) continue;
            for (size_t i = 0; i < u->ncall; i++)
                if (u->call[i].at == f->value && !u->fn[u->call[i].by].is) more = u->fn[u->call[i].by].is = true;
        }
    }
    for (size_t i = 0; i < u->nfn; i++) found += u->fn[i].is;
    return found;
}

static bool meant(const struct lp_objfile *o, const struct lp_objrel *r, const struct lp_objsym *s)
{
    const struct lp_objsym *y = &o->sym[r->sym];
    if (y == s) return true;
    if (y->section != s->section || (y->type != STT_SECTION && strncmp(y->name, ".L", 2) != 0 && y->type != STT_NOTYPE)) return false;
    uint64_t off = y->value + (uint64_t)r->addend - s->value;
    return off < (s->size ? s->size : 1) || s->type != STT_FUNC; /* from an anchor words go on to any variable of the section */
}

bool lp_owner_refers(const struct lp_objfile *o, const struct lp_objsym *f, const struct lp_objsym *s)
{
    const struct lp_objsec *sec = &o->sec[f->section];
    for (size_t i = lp_objfile_rel(sec, f->value); i < sec->nrel && sec->rel[i].at < f->value + f->size; i++)
        if (meant(o, &sec->rel[i], s)) return true;
    for (uint64_t at = f->value, to; s->type == STT_FUNC && s->section == f->section && sec->bytes && at + 4 <= f->value + f->size; at += 4)
        if (lp_a64_target(lp_le32(sec->bytes + at), at, &to) && to == s->value && s != f) return true;
    return false;
}

static bool is_function(const struct lp_objfile *o, size_t i)
{
    const struct lp_objsym *f = &o->sym[i];
    return f->type == STT_FUNC && f->section != SHN_UNDEF && f->section < LP_OBJ_RESERVED && o->sec[f->section].bytes;
}

/* In the object, by symbol. NULL without memory. */
static bool *find_users(const struct lp_carrying *x, const struct lp_uses *u, const struct lp_objsym *s)
{
    const struct lp_objfile *o = x->c->o;
    bool *is = calloc(o->nsym + 1, sizeof *is), more = is != NULL;
    for (size_t i = 1; i < o->nsym && is; i++) is[i] = is_function(o, i) && lp_owner_refers(o, &o->sym[i], s);
    while (more) {
        more = false;
        for (size_t k = 1; k < o->nsym; k++) {
            if (!is[k] || o->sym[k].bind == STB_GLOBAL || program_has(u, program_name(x, &o->sym[k]))) continue;
            for (size_t i = 1; i < o->nsym; i++)
                if (!is[i] && is_function(o, i) && lp_owner_refers(o, &o->sym[i], &o->sym[k])) is[i] = more = true;
        }
    }
    return is;
}

/* They are the same for whatever variable of the source file s may be, until another function is replaced. */
static const bool *object_users(const struct lp_carrying *x, const struct lp_uses *u, const struct lp_objsym *s)
{
    struct lp_users *k = x->c->users;
    while (k && !(k->s == s && k->unit == u->unit && k->nreplaced == x->c->nreplaced)) k = k->next;
    if (k) return k->is;
    bool *is = find_users(x, u, s);
    if (!is || !(k = malloc(sizeof *k))) return free(is), NULL;
    *k = (struct lp_users){x->c->users, s, u->unit, x->c->nreplaced, is};
    return x->c->users = k, is;
}

void lp_users_free(struct lp_users *k)
{
    for (struct lp_users *next; k; k = next) next = k->next, free(k->is), free(k);
}

static bool is_user(const struct lp_carrying *x, const bool *is, const char *name)
{
    for (size_t i = 1; i < x->c->o->nsym; i++)
        if (is[i] && same_function(program_name(x, &x->c->o->sym[i]), name)) return true;
    return false;
}

enum lp_owner lp_owner_common(const struct lp_carrying *x, uint32_t unit, const struct lp_objsym *s, const struct lp_elf_symbol *t, struct lp_buf *who)
{
    struct lp_uses *u = uses_of(x->m, unit);
    const bool *is = u ? object_users(x, u, s) : NULL;
    bool any = false, common = false, exact = true;
    size_t n = u ? users(x, u, t) : 0;
    x->m->nomem |= u && !is;
    for (size_t i = 1; is && i < x->c->o->nsym; i++) {
        bool has = false;
        for (size_t k = 0; k < u->nfn && is[i] && !has; k++) has = u->fn[k].is && same_function(u->fn[k].f->name, program_name(x, &x->c->o->sym[i]));
        any |= is[i], common |= has, exact &= has || !is[i];
    }
    for (size_t k = 0; u && is && k < u->nfn && exact; k++) exact = !u->fn[k].is || is_user(x, is, u->fn[k].f->name);
    for (size_t k = 0, told = 0; who && k < (u ? u->nfn : 0) && told < 3; k++)
        if (u->fn[k].is) lp_buf_printf(who, "%s`%.60s`", told++ ? ", " : "", u->fn[k].f->name);
    return common ? (exact ? LP_OWNER_EXACT : LP_OWNER_SAME) : any && n ? LP_OWNER_OTHER : LP_OWNER_UNKNOWN;
}
