/* make/fresh.c - variables of an object file that are new in the patch, where functions that the program has, too, and keeps use them there. A new variable of
 * the source needs these functions as well; and one that nobody has changed so far is not in the program at all, as its compiler has made a constant of
 * it: what the new code stores there these functions never read. */
#include <config.h>
#include "base/buf.h"
#include "make/replace.h"

#include <elf.h>
#include <string.h>

enum { TOLD = 3 };

static const struct lp_made *made_at(const struct lp_maker *m, uint64_t addr)
{
    for (size_t i = 0; i < m->nmade; i++)
        if (m->made[i].addr == addr && m->made[i].kind == LP_MADE_FUNC) return &m->made[i];
    return NULL;
}

/* The program's function that one of the object is, if it stays; of the source file of what is replaced. */
static const struct lp_elf_symbol *kept(struct lp_maker *m, const struct lp_carrier *c, const struct lp_objsym *f)
{
    size_t n;
    const struct lp_elf_symbol *v = lp_elf_symbols(m->names, &n);
    const uint32_t unit = lp_unit_of(m, c->of);
    for (size_t i = 0; i < n; i++)
        if (v[i].type == STT_FUNC && strcmp(v[i].name, f->name) == 0 && lp_unit_of(m, &v[i]) == unit) return made_at(m, v[i].value) ? NULL : &v[i];
    return NULL;
}

static bool is_function(const struct lp_objsym *s) { return s->type == STT_FUNC && s->section != SHN_UNDEF && s->section < LP_OBJ_RESERVED && *s->name; }

static void look(struct lp_maker *m, const struct lp_carrier *c, const struct lp_objsym *s, const struct lp_made *made)
{
    struct lp_buf b = {0};
    size_t told = 0;
    for (size_t i = 1; i < c->o->nsym; i++) {
        const struct lp_objsym *f = &c->o->sym[i];
        if (!is_function(f) || !lp_owner_refers(c->o, f, s) || !kept(m, c, f)) continue;
        if (told++ < TOLD) lp_buf_printf(&b, "%s`%.100s`", told > 1 ? ", " : "", f->name);
    }
    if (told)
        lp_edit_warn(m, &made->from, "%s: `%s` is new, as the program does not have it (perhaps because its compiler has made a constant of it), and "
                     "%s%s, which stay%s the program's, do%s not see it: replace %s, too", c->path, s->name, b.data ? b.data : "",
                     told > TOLD ? " ..." : "", told > 1 ? "" : "s", told > 1 ? "" : "es", told > 1 ? "them" : "it");
    lp_buf_free(&b);
}

/* The variable that a piece is. NULL: it is none, or a constant. */
static const struct lp_objsym *variable(const struct lp_objfile *o, const struct lp_piece *p)
{
    const uint64_t flags = o->sec[p->section].head->flags;
    if (p->function || !(flags & SHF_WRITE) || strncmp(o->sec[p->section].head->name, ".data.rel.ro", 12) == 0) return NULL;
    for (size_t i = 1; i < o->nsym; i++) {
        const struct lp_objsym *s = &o->sym[i];
        if ((s->type == STT_OBJECT || s->type == STT_TLS) && s->section == p->section && s->value == p->start && s->size == p->end - p->start) return s;
    }
    return NULL;
}

void lp_warn_fresh(struct lp_maker *m)
{
    for (size_t i = 0; m->warn && i < m->ncarrier; i++) {
        const struct lp_carrier *c = m->carrier[i];
        const struct lp_made *made = c->of ? made_at(m, c->of->value) : NULL;
        for (size_t k = 0; made && k < c->npiece; k++) {
            const struct lp_objsym *s = variable(c->o, &c->piece[k]);
            if (s) look(m, c, s, made);
        }
    }
}
