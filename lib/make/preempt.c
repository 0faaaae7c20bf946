/* make/preempt.c - what a library exports may be another object's in the end, for itself, too: the program's, or that of a library in front of it. A compiler
 * leaves that open (-fPIC) and a linker has the dynamic linker decide, by a PLT entry or a slot; so does the patch, as far as the library shows that its linker
 * did (-Bsymbolic-functions leaves no other trace). */
#include <config.h>
#include "elf/dynamic.h"
#include "elf/spec.h"
#include "make/replace.h"

#include <elf.h>
#include <string.h>

/* Has the dynamic linker to find one of the library's own, of this kind? */
static bool leaves_open(const struct lp_dynamic *d, bool function)
{
    for (size_t i = 0; i < d->nrel; i++) {
        const struct lp_dynsym *s = d->rel[i].sym;
        if (s && s->shndx != SHN_UNDEF && s->visibility == STV_DEFAULT && (s->type == STT_FUNC) == function) return true;
    }
    return false;
}

/* Once for each object. */
static void tell(struct lp_carrying *x, const char *name, const char *why)
{
    if (x->c->direct) return;
    x->c->direct = true;
    lp_edit_warn(x->m, &x->e->from, "%s: `%.100s` is the library's own here, even if the program, or a library in front of it, has one of that name: %s",
                 x->c->path, name, why);
}

bool lp_carry_preempted(struct lp_carrying *x, const struct lp_elf_symbol *t, int64_t delta, struct lp_buf *out)
{
    const struct lp_objsym *s = x->rel ? &x->c->o->sym[x->rel->sym] : NULL;
    const struct lp_reloc *row = s ? lp_reloc_numbered(x->rel->type) : NULL;
    const struct lp_dynamic *d = lp_elf_dynamic_part(x->m->elf);
    if (!row || s->bind == STB_LOCAL || s->visibility != STV_DEFAULT) return false;
    const struct lp_dynsym *own = lp_dynsym_defined(d, s->name, NULL);
    if (!own || !lp_dynsym_preempted(d, s->name, NULL, t ? t->value : own->value)) return false;
    const bool branch = row->field == LP_FIELD_IMM26 && !delta, open = leaves_open(d, own->type == STT_FUNC);
    const bool slot = (row->op >= LP_REL_GOT_PAGE && row->op <= LP_REL_GOT_PAGEOFF) || (row->op == LP_REL_ABS && row->field == LP_FIELD_64);
    if (!branch && !slot) return tell(x, s->name, "compile it with -fPIC"), false;
    if (!open) {
        if (branch) tell(x, s->name, "nothing in the file shows that the dynamic linker is to look for it");
        return false;
    }
    if (branch) lp_spec_print(out, s->name, NULL, 0, NULL), lp_buf_puts(out, "@plt");
    return branch;
}
