/* make/undefined.c - what an object leaves undefined and the target does not have: can a library have it, and does the new code reach it there? */
#include <config.h>
#include "base/error.h"
#include "elf/debug.h"
#include "elf/dynamic.h"
#include "elf/reloc.h"
#include "make/replace.h"

#include <elf.h>
#include <string.h>

lp_status lp_carry_missing(const struct lp_carrying *x, const struct lp_objsym *s, const char *why, struct lp_error *err)
{
    lp_carry_fail(x, err, LP_E_SYMBOL, "it needs `%.100s`, which %s", s->name, why);
    if (lp_edit_helper(s->name)) lp_hint(err, "%s", lp_edit_helper(s->name));
    else if (!lp_elf_has_symtab(x->m->names)) lp_hint(err, "it is stripped: if it has it, `symbol NAME 0xADDRESS` in a recipe says where");
    else lp_hint(err, "if another object of the patch defines it, name that one in front; or make one object of them, `aarch64-linux-gnu-ld -r -o ALL.o ...`");
    return LP_E_SYMBOL;
}

static bool is_linkers(const char *name) { return strcmp(name, "_GLOBAL_OFFSET_TABLE_") == 0 || strcmp(name, "_TLS_MODULE_BASE_") == 0; }

/* A program at a fixed address is below 4 GiB, and libraries are near the end of the address space. It reaches of them what it has a place for: a PLT entry
 * that is the function's address for all (one that is for calls alone would be a second address), or a copy, which is its own; and what is asked for by a word
 * of 64 bits. A weak one may be nobody's. */
static bool is_far(const struct lp_carrying *x, const struct lp_objsym *s)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(x->m->elf);
    const struct lp_reloc *r = lp_reloc_numbered(x->rel->type);
    const struct lp_dynsym *wanted = lp_dynsym_wanted(d, s->name, NULL);
    if (!r || !d->at || s->bind == STB_WEAK || lp_elf_info(x->m->elf)->type != ET_EXEC || (wanted && wanted->value)) return false;
    return r->op == LP_REL_PAGE || (r->op == LP_REL_PREL && (r->field == LP_FIELD_ADR || r->field == LP_FIELD_IMM19 || r->field == LP_FIELD_32));
}

/* A new import that is thread-local in the library, and something else for the object, or the reverse. */
static bool is_other_kind(const struct lp_carrying *x, const struct lp_objsym *s, bool *tls)
{
    const struct lp_reloc *r = lp_reloc_numbered(x->rel->type);
    if (!r || r->op == LP_REL_MARK || lp_dynsym_wanted(lp_elf_dynamic_part(x->m->elf), s->name, NULL) || !lp_maker_import_tls(x->m, s->name, tls)) return false;
    return *tls != (r->op == LP_REL_TLS || r->op == LP_REL_TPREL || r->op == LP_REL_DTPREL);
}

lp_status lp_carry_reaches(const struct lp_carrying *x, const struct lp_objsym *s, struct lp_error *err)
{
    const struct lp_elf_symbol *t;
    if (is_linkers(s->name) || lp_maker_find(x->m, s->name, &t, NULL) != LP_E_SYMBOL) return LP_OK;
    const bool nobody = s->bind == STB_WEAK && !lp_elf_dynamic_part(x->m->elf)->at; /* and 0 then */
    /* What is hidden is of the same program or library, whatever others export by that name (gABI, "Symbol Visibility"). */
    if (s->visibility != STV_DEFAULT && !nobody)
        return lp_carry_missing(x, s, "is hidden, so that no library can have it, and the program has none of this name", err);
    bool tls;
    if (is_other_kind(x, s, &tls))
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%.100s` is %sthread-local in the library that has it: declare it so", s->name, tls ? "" : "not ");
    if (!is_far(x, s)) return LP_OK;
    lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%.100s` is a library's, which is too far from this program for code that takes its address without a GOT",
                  s->name);
    return lp_hint(err, "compile the new code with -fPIC"), LP_E_UNSUPPORTED;
}
