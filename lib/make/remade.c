/* make/remade.c - functions whose parameters are the compiler's own: gcc passes a member of a structure instead of its address (f.isra.0), leaves out what is
 * the same in all calls (f.constprop.0), or makes a function of some of another one (f.part.0), by what the body and the calls are. In the object they may be
 * others, and callers that stay pass what the program's was made for. */
#include <config.h>
#include "base/buf.h"
#include "elf/suffix.h"
#include "make/replace.h"

#include <elf.h>
#include <string.h>

static const struct { const char *suffix, *prevents; } made_by[] = {
    {".isra", "-fno-ipa-sra"}, {".constprop", "-fno-ipa-cp"}, {".part", "-fno-partial-inlining"},
};

/* The options that would have kept this name from being one of these; false: it is none. */
static bool remade(const char *name, struct lp_buf *options)
{
    bool is = false;
    for (const char *p = name; (p = lp_suffix_find(p, LP_SUFFIX_COPY)) != NULL;)
        for (size_t i = 0; i < sizeof made_by / sizeof *made_by; i++) {
            if (strncmp(p, made_by[i].suffix, strlen(made_by[i].suffix)) != 0) continue;
            if (!options->data || !strstr(options->data, made_by[i].prevents)) lp_buf_printf(options, " %s", made_by[i].prevents);
            is = true;
        }
    return is;
}

enum { TOLD = 3 };
struct calls { const struct lp_elf_symbol *f; struct lp_buf who; size_t n; };

static bool goes_away(const struct lp_maker *m, const struct lp_elf_symbol *s)
{
    for (size_t i = 0; i < m->nmade; i++)
        if (m->made[i].kind != LP_MADE_SITE && m->made[i].addr == s->value) return true;
    return false;
}

static void note_call(void *ctx, const struct lp_maker *m, uint64_t from, uint64_t to)
{
    struct calls *c = ctx;
    const struct lp_elf_symbol *by = to == c->f->value ? lp_maker_symbol_at(m, from) : NULL;
    if (!by || by->value == c->f->value || goes_away(m, by) || c->n++ >= TOLD) return;
    lp_buf_puts(&c->who, c->n > 1 ? ", " : "");
    lp_edit_say(m, from, &c->who);
}

static const struct lp_replaced *replaced(const struct lp_maker *m, const struct lp_elf_symbol *f, const char **path)
{
    for (size_t i = 0; i < m->ncarrier; i++)
        for (size_t k = 0; k < m->carrier[i]->nreplaced; k++) {
            *path = m->carrier[i]->path;
            if (strcmp(m->carrier[i]->replaced[k].old, f->name) == 0) return &m->carrier[i]->replaced[k];
        }
    return NULL;
}

void lp_warn_remade(struct lp_maker *m)
{
    for (size_t i = 0; m->warn && i < m->nmade; i++) {
        const struct lp_elf_symbol *f = m->made[i].kind == LP_MADE_FUNC ? lp_maker_symbol_at(m, m->made[i].addr) : NULL;
        const char *path = NULL;
        const struct lp_replaced *r = f ? replaced(m, f, &path) : NULL;
        struct lp_buf options = {0};
        struct calls c = {.f = f};
        bool is = r && remade(f->name, &options);
        const char *name = is ? f->name : r ? r->sym->name : "";
        if (r && (is || remade(name, &options))) lp_maker_branches(m, note_call, &c);
        if (c.n)
            lp_edit_warn(m, &m->made[i].from, "%s: the parameters of `%.150s` are the compiler's own, and may not be what callers of the program pass: "
                         "replace these, too (%s%s), or build program and object with%s", path, name, c.who.data ? c.who.data : "",
                         c.n > TOLD ? " ..." : "", options.data ? options.data : "");
        lp_buf_free(&options), lp_buf_free(&c.who);
    }
}
