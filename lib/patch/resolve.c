/* patch/resolve.c - what a symbol stands for in the running program: the patch's own, the object's, or what the dynamic linker would find. */
#include <config.h>
#include "base/bits.h"
#include "patch/plan.h"
#include "base/buf.h"
#include "base/error.h"
#include "elf/dynamic.h"
#include "elf/spec.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

bool lp_plan_word(struct lp_plan *pl, uint64_t at, uint64_t *value)
{
    bool there = pl->space->read(pl->space->ctx, at, value, 8) == 0;
    if (there) *value = lp_le64(value);
    return there;
}

static bool open_target(struct lp_plan *pl, struct lp_target *t) { return !t->gone && pl->space->open(pl->space->ctx, t); }
bool lp_plan_usable(struct lp_plan *pl, struct lp_target *t) { return open_target(pl, t) && pl->space->ready(pl->space->ctx, t); }
static bool is_ready(struct lp_plan *pl, struct lp_target *t) { return !pl->space->file && pl->space->ready(pl->space->ctx, t); }

void lp_plan_later(struct lp_plan *pl, const struct lp_target *t, uint32_t line, const char *what)
{
    if (!pl->how.wait) {
        lp_plan_fail(pl, line, LP_E_UNSUPPORTED, "%s: %s is not known before the dynamic linker has worked on %s", t->name, what, t->name);
        return;
    }
    for (size_t o = 0; o < pl->patch->nobject; o++)
        if (pl->bound[o] == t) pl->waits[o] = true;
    pl->again = true;
}

/* ---- the order in which the dynamic linker looks ---- */

/* struct r_debug: version, r_map; struct link_map: l_addr, l_name, l_ld, l_next (System V ABI, "Dynamic Linking"; link.h). */
static size_t by_link_map(struct lp_plan *pl, struct lp_target **out)
{
    const struct lp_space *s = pl->space;
    enum { ENTRIES_MAX = 65536 };
    struct lp_target *main = NULL;
    uint64_t debug, map, ld;
    size_t n = 0;
    for (size_t i = 0; i < s->ntarget && !main; i++)
        if (s->target[i]->main) main = s->target[i];
    if (!main || !main->elf || !lp_elf_dynamic_part(main->elf)->debug_at || s->file) return 0;
    if (!lp_plan_word(pl, lp_elf_dynamic_part(main->elf)->debug_at + main->bias, &debug) || !debug || !lp_plan_word(pl, debug + 8, &map)) return 0;
    for (int k = 0; map && k < ENTRIES_MAX && lp_plan_word(pl, map + 16, &ld); k++) {
        for (size_t i = 0; i < s->ntarget && n < s->ntarget; i++)
            if (!s->target[i]->gone && s->target[i]->dynamic == ld) out[n++] = s->target[i];
        if (!lp_plan_word(pl, map + 24, &map)) break;
    }
    return n;
}

static bool listed(struct lp_target *const *v, size_t n, const struct lp_target *t)
{
    for (size_t i = 0; i < n; i++)
        if (v[i] == t) return true;
    return false;
}

/* All targets: as the dynamic linker lists them, then the others as they were found. */
static bool make_scope(struct lp_plan *pl)
{
    const struct lp_space *s = pl->space;
    if (pl->scope) return true;
    if (!(pl->scope = calloc(s->ntarget + 1, sizeof(struct lp_target *)))) return lp_plan_fail(pl, 0, LP_E_NOMEM, "out of memory"), false;
    size_t n = by_link_map(pl, pl->scope);
    for (size_t i = 0; i < s->ntarget; i++)
        if (!listed(pl->scope, n, s->target[i])) pl->scope[n++] = s->target[i];
    return true;
}

/* Those that `t` needs, directly or not, are marked. */
static void mark_needed(struct lp_plan *pl, struct lp_target *t, bool *mark)
{
    for (size_t i = 0; i < pl->space->ntarget; i++)
        if (pl->scope[i] == t) {
            if (mark[i]) return;
            mark[i] = true;
        }
    const struct lp_dynamic *d = open_target(pl, t) ? lp_elf_dynamic_part(t->elf) : NULL;
    for (size_t k = 0; d && k < d->nneeded; k++)
        for (size_t i = 0; i < pl->space->ntarget; i++)
            if (!mark[i] && lp_target_named(pl->space, pl->scope[i], d->needed[k])) {
                mark_needed(pl, pl->scope[i], mark);
                break;
            }
}

/* What is global for t: the program with what it needs and what was loaded before that (LD_PRELOAD), and what t needs. */
static bool *globals(struct lp_plan *pl, struct lp_target *t)
{
    bool *mark = make_scope(pl) ? calloc(pl->space->ntarget + 1, sizeof *mark) : NULL;
    if (!mark) return NULL;
    for (size_t i = 0; i < pl->space->ntarget; i++)
        if (pl->scope[i]->main) mark_needed(pl, pl->scope[i], mark);
    for (size_t i = 1; i < pl->space->ntarget && !mark[i] && pl->scope[i]->dynamic && !pl->scope[i]->fixed; i++) mark[i] = true;
    mark_needed(pl, t, mark);
    return mark;
}

/* ---- imports ---- */

/* A definition, or in a position-dependent program the PLT entry that is the function's address for all. */
static bool defines(struct lp_plan *pl, struct lp_target *u, const struct lp_wanted *w, struct lp_ref *r)
{
    if (!open_target(pl, u)) return false;
    const struct lp_dynamic *d = lp_elf_dynamic_part(u->elf);
    const struct lp_dynsym *s = w->plain ? lp_dynsym_plain(d, w->name) : lp_dynsym_defined(d, w->name, w->version);
    if (!s && (s = lp_dynsym_wanted(d, w->name, w->version)) != NULL && !s->value) s = NULL;
    if (!s) return false;
    r->in = u;
    r->kind = s->type == STT_TLS ? LP_REF_TLS : s->type == STT_GNU_IFUNC && s->shndx != SHN_UNDEF ? LP_REF_IFUNC : LP_REF_ADDR;
    r->addr = s->value + (r->kind == LP_REF_TLS ? 0 : u->bias);
    return true;
}

static bool search(struct lp_plan *pl, struct lp_target *t, const struct lp_wanted *w, struct lp_ref *r)
{
    bool *mark = globals(pl, t), hit = false;
    for (int rest = 0; mark && rest < 2 && !hit; rest++)
        for (size_t i = 0; i < pl->space->ntarget && !hit; i++) hit = mark[i] == !rest && defines(pl, pl->scope[i], w, r);
    free(mark);
    return hit;
}

/* What the dynamic linker has put into a slot of t for this symbol. */
static bool linked(struct lp_plan *pl, struct lp_target *t, const struct lp_wanted *w, uint64_t *value)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(t->elf);
    for (size_t i = 0; i < d->nrel && is_ready(pl, t); i++) {
        const struct lp_dynrel *q = &d->rel[i];
        if (q->type == R_AARCH64_GLOB_DAT && q->sym && strcmp(q->sym->name, w->name) == 0 &&
            (!w->version || !q->sym->version || strcmp(q->sym->version, w->version) == 0))
            return lp_plan_word(pl, q->at + t->bias, value) && *value;
    }
    return false;
}

/* What a linker does with a weak symbol that nobody has. Libraries that are not known (of a file, or before the dynamic linker has worked) may have it; and
 * what is said to be an import (NAME@*), whoever loads a library that needs none. */
static bool is_none(struct lp_plan *pl, struct lp_target *t, bool weak, bool said, struct lp_ref *r)
{
    const bool others = lp_elf_dynamic_part(t->elf)->nneeded || (said && !lp_plan_alone(t->elf));
    if (!weak || (others && !is_ready(pl, t))) return false;
    return r->kind = LP_REF_NONE, r->in = t, true;
}

/* Of a file: what its dynamic linker is to find. */
static bool file_import(struct lp_target *t, const struct lp_dynsym *s, struct lp_ref *r)
{
    if (!s) return false;
    r->kind = s->type == STT_TLS ? LP_REF_TLS : LP_REF_IMPORT;
    r->in = t, r->sym = s, r->addr = 0;
    return true;
}

/* What a library exports may be another object's for itself, too, as an import is: what a slot of a running program holds then. false: it is not known yet. */
bool lp_plan_preempt(struct lp_plan *pl, struct lp_target *t, uint32_t line, struct lp_ref *r)
{
    const struct lp_dynsym *own = NULL;
    if (r->kind == LP_REF_ADDR && r->in == t && r->name && !pl->space->file && !t->main)
        own = lp_dynsym_preempted(lp_elf_dynamic_part(t->elf), r->name, r->version, r->addr - t->bias);
    if (!own) return true;
    if (pl->how.wait && !is_ready(pl, t)) return lp_plan_later(pl, t, line, r->name), false;
    struct lp_ref found = *r;
    const struct lp_wanted w = {.name = own->name, .version = own->version};
    if (search(pl, t, &w, &found) && found.kind == LP_REF_ADDR) r->addr = found.addr, r->in = found.in;
    return true;
}

/* NAME@plt of a library's own function, for which it has no PLT entry: as the dynamic linker finds it. */
static const struct lp_dynsym *exported(const struct lp_target *t, const struct lp_wanted *w)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(t->elf);
    const struct lp_dynsym *s = lp_dynsym_defined(d, w->name, w->version);
    return s && lp_dynsym_preempted(d, w->name, w->version, s->value) ? s : NULL;
}

static bool import(struct lp_plan *pl, struct lp_target *t, uint32_t line, struct lp_wanted w, bool weak, struct lp_ref *r)
{
    const struct lp_dynsym *s = lp_dynsym_wanted(lp_elf_dynamic_part(t->elf), w.name, w.version), *own = s ? NULL : exported(t, &w);
    if (s && !w.version) w.version = s->version;
    if (own && !w.version) w.version = own->version;
    r->name = w.name, r->version = w.version;
    if (own && pl->space->disk) return file_import(t, own, r);
    if (own && pl->space->import) return r->addr = pl->space->import(pl, w.name, w.version, &own), true;
    if ((!s || s->type != STT_TLS) && linked(pl, t, &w, &r->addr)) return true;
    if (search(pl, t, &w, r)) return true;
    if (is_none(pl, t, weak || (s && s->bind == STB_WEAK), w.version || w.plain, r)) return true;
    if (pl->space->disk) return file_import(t, s ? s : lp_plan_import(pl, t, line, &w, weak), r);
    if (pl->space->file && s && s->type == STT_TLS) return r->kind = LP_REF_TLS, r->in = t, true;
    if (pl->space->file) { /* so that a call of it can be shown; nothing is made of it */
        if (!lp_plan_plt(t, r, &r->addr) && pl->space->import) r->addr = pl->space->import(pl, w.name, w.version, &s);
        return r->sym = s || pl->space->import ? s : lp_plan_import(pl, t, line, &w, weak), true;
    }
    if (pl->how.wait && !is_ready(pl, t)) return lp_plan_later(pl, t, line, w.name), false;
    struct lp_error why;
    lp_fail(&why, LP_E_SYMBOL, "it is nowhere");
    lp_hint(&why, "the program has to load the library that has it; the code of a static one comes along by `gcc -r -nostdlib -o ALL.o FIX.o -lNAME`");
    lp_plan_fail_as(pl, line, &why, "%s: symbol `%s%s%s` is neither here nor in a library that is loaded", t->name, w.name, w.version ? "@" : "",
                    w.version ? w.version : "");
    return false;
}

/* ---- symbols ---- */

const struct lp_def *lp_plan_def(const struct lp_plan *pl, const char *name)
{
    size_t lo = 0, hi = pl->by_name ? pl->ndef : 0;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(pl->by_name[mid]->name, name);
        if (c == 0) return pl->by_name[mid];
        if (c < 0) lo = mid + 1;
        else hi = mid;
    }
    return NULL;
}

static bool own_name(const struct lp_plan *pl, const char *name, uint64_t *addr)
{
    const struct lp_def *d = NULL;
    for (; pl && !d; pl = pl->how.family) d = lp_plan_def(pl, name);
    if (d) *addr = d->addr;
    return d != NULL;
}

/* A position-dependent program has its own copy of a library's variable, and every object uses that (R_AARCH64_COPY). */
bool lp_plan_copied(struct lp_plan *pl, const struct lp_target *t, const struct lp_elf_symbol *sym, uint64_t *addr)
{
    if (t->main || sym->type != STT_OBJECT || sym->bind == STB_LOCAL) return false;
    const struct lp_dynsym *mine = lp_dynsym_defined(lp_elf_dynamic_part(t->elf), sym->name, sym->version);
    for (size_t k = 0; mine && k < pl->space->ntarget; k++) {
        struct lp_target *u = pl->space->target[k];
        const struct lp_dynamic *d = u->main && u->elf ? lp_elf_dynamic_part(u->elf) : NULL;
        for (size_t i = 0; d && i < d->nrel; i++)
            if (d->rel[i].type == R_AARCH64_COPY && d->rel[i].sym && strcmp(d->rel[i].sym->name, sym->name) == 0)
                return *addr = d->rel[i].at + u->bias, true;
    }
    return false;
}

static char *keep_text(struct lp_plan *pl, const char *s)
{
    char *p = s ? lp_patch_alloc(&pl->pool, strlen(s) + 1) : NULL;
    return p ? strcpy(p, s) : NULL;
}

/* The parts of a spec, kept for as long as the plan; false if it names one symbol among equals, which no import is. */
static bool split_spec(struct lp_plan *pl, const char *text, struct lp_wanted *w)
{
    struct lp_spec spec;
    size_t n = strlen(text);
    bool good = lp_spec_scan(text, n, &spec) == n && spec.name && !spec.ordinal;
    const bool plain = good && spec.version && strcmp(spec.version, "*") == 0;
    char *name = good ? keep_text(pl, spec.name) : NULL;
    if (name && lp_is_plt_name(name)) name[strlen(name) - 4] = 0;
    if (name) *w = (struct lp_wanted){name, plain ? NULL : keep_text(pl, spec.version), keep_text(pl, spec.file), plain};
    const bool kept = name && (plain || !spec.version || w->version) && (!spec.file || w->library); /* else: no memory */
    lp_spec_free(&spec);
    return kept;
}

static bool own_symbol(struct lp_plan *pl, struct lp_target *t, const struct lp_elf_symbol *sym, struct lp_ref *r)
{
    r->in = t;
    r->name = sym->name, r->version = sym->version;
    r->kind = sym->type == STT_TLS ? LP_REF_TLS : sym->type == STT_GNU_IFUNC ? LP_REF_IFUNC : LP_REF_ADDR;
    r->addr = sym->value + (r->kind == LP_REF_TLS ? 0 : t->bias);
    if (r->kind == LP_REF_ADDR) lp_plan_copied(pl, t, sym, &r->addr);
    /* What a library exports may be another object's in the end. */
    const struct lp_dynamic *d = lp_elf_dynamic_part(t->elf);
    const struct lp_dynsym *own = NULL;
    if ((pl->space->disk || pl->space->import) && d->library && sym->bind != STB_LOCAL) own = lp_dynsym_defined(d, sym->name, sym->version);
    if (own && own->value == sym->value && (own->visibility == STV_DEFAULT || pl->space->import) && r->kind != LP_REF_IFUNC) r->sym = own;
    return true;
}

/* Both linkers have _GLOBAL_OFFSET_TABLE_ at the start of .got, as a symbol of no section. */
const struct lp_elf_section *lp_plan_got(const struct lp_target *t)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(t->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(s[i].name, ".got") == 0 && s[i].type != SHT_NOBITS && lp_within(s[i].offset, s[i].size, lp_elf_info(t->elf)->image_size)) return &s[i];
    return NULL;
}

bool lp_plan_refer(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_expr *e, struct lp_ref *r)
{
    const struct lp_elf_symbol *sym;
    struct lp_error why;
    struct lp_wanted w;
    *r = (struct lp_ref){0};
    if (!e->symbol) return r->addr = e->addr + t->bias, r->in = t, true;
    if (own_name(pl, e->symbol, &r->addr)) return true;
    lp_status s = lp_elf_find(t->elf, e->symbol, &sym, NULL); /* an import is searched for without looking for names like it */
    if (s == LP_OK) return own_symbol(pl, t, sym, r);
    if (strcmp(e->symbol, "_GLOBAL_OFFSET_TABLE_") == 0 && lp_plan_got(t)) return r->in = t, r->addr = lp_plan_got(t)->addr + t->bias, true;
    if (strcmp(e->symbol, "_TLS_MODULE_BASE_") == 0) return r->kind = LP_REF_TLS, r->in = t, r->name = e->symbol, true; /* where the block begins */
    if (s == LP_E_SYMBOL && lp_elf_dynamic_part(t->elf)->at && split_spec(pl, e->symbol, &w)) return import(pl, t, line, w, e->weak, r);
    if (s == LP_E_SYMBOL && !lp_elf_dynamic_part(t->elf)->at && e->weak) return r->kind = LP_REF_NONE, r->name = e->symbol, r->in = t, true;
    lp_elf_find(t->elf, e->symbol, &sym, &why);
    const bool none = !lp_elf_dynamic_part(t->elf)->at && split_spec(pl, e->symbol, &w) && (w.version || w.plain);
    lp_plan_fail_as(pl, line, &why, "%s: %s%s", t->name, why.text, none ? ", and a static program imports nothing" : "");
    return false;
}

bool lp_plan_address(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_ref *r, const struct lp_reloc *reloc, uint64_t *value)
{
    if (r->kind == LP_REF_TLS) {
        if (reloc) lp_plan_fail(pl, line, LP_E_UNSUPPORTED, "`%s` is thread-local: relocation %s does not suit it", r->name, reloc->name);
        else lp_plan_fail(pl, line, LP_E_UNSUPPORTED, "`%s` is thread-local: each thread has it at another address", r->name);
        return false;
    }
    *value = r->addr;
    if (r->kind == LP_REF_IMPORT && !lp_plan_plt(t, r, value)) {
        lp_plan_fail(pl, line, LP_E_UNSUPPORTED, "`%s` is another object's, and %s has no PLT entry for it: use it through the GOT (-fPIC)", r->name, t->name);
        return false;
    }
    return r->kind != LP_REF_IFUNC || lp_plan_chosen(pl, t, line, r, value);
}

bool lp_plan_expr(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_expr *e, uint64_t *value)
{
    struct lp_ref r;
    if (!lp_plan_refer(pl, t, line, e, &r) || !lp_plan_preempt(pl, t, line, &r) || !lp_plan_address(pl, t, line, &r, NULL, value)) return false;
    *value += (uint64_t)e->addend;
    return true;
}

/* ---- IFUNC ---- */

/* A slot's word is the resolver's choice unless it still is what the file has (a PLT entry that has not been bound). */
static bool bound_slot(struct lp_plan *pl, struct lp_target *u, const struct lp_dynrel *q, uint64_t *value)
{
    uint64_t before = 0;
    if (!is_ready(pl, u) || !lp_plan_word(pl, q->at + u->bias, value) || !*value) return false;
    return lp_elf_read(u->elf, q->at, &before, 8, NULL) != LP_OK || *value != lp_le64(&before) + u->bias;
}

static bool chosen_in(struct lp_plan *pl, struct lp_target *u, const struct lp_ref *r, uint64_t *addr)
{
    const struct lp_dynamic *d = open_target(pl, u) ? lp_elf_dynamic_part(u->elf) : NULL;
    for (size_t i = 0; d && i < d->nrel; i++) {
        const struct lp_dynrel *q = &d->rel[i];
        bool by_name = (q->type == R_AARCH64_GLOB_DAT || q->type == R_AARCH64_JUMP_SLOT) && q->sym && r->name && strcmp(q->sym->name, r->name) == 0;
        bool by_resolver = q->type == LP_R_IRELATIVE && u == r->in && (uint64_t)q->addend + u->bias == r->addr;
        if (!by_name && !by_resolver) continue;
        if (bound_slot(pl, u, q, addr) && (by_resolver || (*addr >= r->in->start && *addr < r->in->end))) return true;
    }
    return false;
}

/* A PLT entry of the object itself is as good for calls. */
bool lp_plan_plt(struct lp_target *t, const struct lp_ref *r, uint64_t *addr)
{
    bool own = r->kind == LP_REF_IFUNC && r->in == t;
    uint64_t at = own ? lp_elf_plt_ifunc(t->elf, r->addr - t->bias) : r->name ? lp_elf_plt_import(t->elf, r->name, r->version) : 0;
    if (at) *addr = at + t->bias;
    return at != 0;
}

/* Without a dynamic linker the words of IRELATIVE relocations are found by the program's own symbols. */
bool lp_plan_holds_chosen(struct lp_plan *pl, struct lp_target *t, const struct lp_ref *r, uint64_t *addr)
{
    if (lp_plan_plt(t, r, addr)) return true;
    if (chosen_in(pl, r->in, r, addr)) return true;
    for (size_t i = 0; i < pl->space->ntarget; i++)
        if (chosen_in(pl, pl->space->target[i], r, addr)) return true;
    return false;
}

bool lp_plan_chosen(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_ref *r, uint64_t *addr)
{
    if (lp_plan_holds_chosen(pl, t, r, addr)) return true;
    if (pl->space->file && !pl->space->disk) return *addr = r->addr, true;
    if (pl->space->disk) {
        lp_plan_fail(pl, line, LP_E_UNSUPPORTED, "`%s` is an IFUNC, and %s has no PLT entry for it", r->name ? r->name : "the target", t->name);
        return false;
    }
    if (pl->how.wait && !is_ready(pl, t)) return lp_plan_later(pl, t, line, "an IFUNC"), false;
    lp_plan_fail(pl, line, LP_E_UNSUPPORTED, "`%s` is an IFUNC of %s, and no object holds the address that its resolver has chosen",
                 r->name ? r->name : "the target", r->in->name);
    return false;
}
