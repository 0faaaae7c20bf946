/* patch/import.c - what a file that is patched is to import besides. */
#include <config.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "elf/dynamic.h"
#include "elf/spec.h"
#include "patch/plan.h"

#include <elf.h>
#include <string.h>

static bool refuse(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_wanted *w, const char *why, const char *hint)
{
    struct lp_error e;
    lp_fail(&e, LP_E_SYMBOL, "%s", why);
    if (hint) lp_hint(&e, "%s", hint);
    lp_plan_fail_as(pl, line, &e, "%s: symbol `%s%s%s` is neither here nor imported, and %s%s%s", t->name, w->name, w->version ? "@" : "",
                    w->version ? w->version : "", why, w->library ? ": " : "", w->library ? w->library : "");
    return false;
}

/* Whose version that is, of the libraries whose versions the file wants already; NULL = nobody's. */
static const char *library_with(const struct lp_dynamic *d, const char *version)
{
    for (size_t i = 0; i < d->nsym; i++)
        if (d->sym[i].library && lp_same_text(d->sym[i].version, version)) return d->sym[i].library;
    return NULL;
}

/* Who looks for the symbol when the file is loaded? A dynamic linker relocates itself before it knows of others, and a static PIE has none. */
bool lp_plan_alone(const lp_elf *e)
{
    const struct lp_elf_info *info = lp_elf_info(e);
    return !lp_elf_dynamic_part(e)->nneeded && !info->interp && info->entry;
}

/* Can a file have it? */
static bool allowed(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_wanted *w)
{
    static const char which[] = "write NAME@VERSION!LIBRARY, or NAME@* for a library without versions, or a weak symbol that none has; "
                                "`readelf -W --dyn-syms LIBRARY` shows them";
    static const char others[] = "`patchelf --add-needed LIBRARY FILE` makes it need the library; or apply the patch to a running program that has loaded it";
    const struct lp_wanted bare = {w->name, w->version, NULL, false};
    if (lp_plan_alone(t->elf)) return refuse(pl, t, line, &bare, "no dynamic linker would look for it: the file needs no library", NULL);
    if (w->library && !lp_dynamic_needs(lp_elf_dynamic_part(t->elf), w->library))
        return refuse(pl, t, line, w, "the file does not need the library that has it, and gets none", others);
    if (w->version && !w->library) return refuse(pl, t, line, w, "it is not said whose version that is", which);
    return w->version || w->plain || refuse(pl, t, line, w, "a patched file must say which version it imports", which);
}

const struct lp_dynsym *lp_plan_import(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_wanted *w, bool weak)
{
    struct lp_wanted x = *w;
    if (!x.library && x.version) x.library = library_with(lp_elf_dynamic_part(t->elf), x.version);
    if (pl->space->disk && !allowed(pl, t, line, &x)) return NULL;
    for (size_t i = 0; i < pl->nimport; i++) {
        struct lp_dynsym *s = pl->import[i];
        if (!lp_same_text(s->name, x.name) || !lp_same_text(s->version, x.version) || !lp_same_text(s->library, x.library)) continue;
        if (!weak) s->bind = STB_GLOBAL; /* as for a linker: who cannot do without decides */
        return s;
    }
    struct lp_dynsym **v = lp_grow(pl->import, &pl->import_cap, pl->nimport, sizeof *v);
    if (v) pl->import = v;
    struct lp_dynsym *s = v ? lp_patch_alloc(&pl->pool, sizeof *s) : NULL;
    if (!s) return lp_plan_fail(pl, line, LP_E_NOMEM, "out of memory"), NULL;
    *s = (struct lp_dynsym){.name = x.name, .version = x.version, .library = x.library, .bind = weak ? STB_WEAK : STB_GLOBAL, .shndx = SHN_UNDEF};
    return v[pl->nimport++] = s;
}

bool lp_plan_import_tls(struct lp_plan *pl, const struct lp_dynsym *s)
{
    for (size_t i = 0; i < pl->nimport; i++)
        if (pl->import[i] == s) return pl->import[i]->type = STT_TLS, true;
    return false;
}

const char *lp_plan_imported(const struct lp_plan *pl, const struct lp_fixup *f)
{
    const char *name = f ? f->expr.symbol : NULL;
    const size_t n = name ? strcspn(name, "@") : 0;
    for (size_t i = 0; i < pl->nimport && n; i++)
        if (strlen(pl->import[i]->name) == n && memcmp(pl->import[i]->name, name, n) == 0) return name;
    return NULL;
}
