/* make/names.c - the symbols of the target, those of its debug file, and what has none: functions that only call frame information knows, and names
 * that a recipe gives to places. */
#include <config.h>
#include "base/error.h"
#include "elf/cfi.h"
#include "elf/line.h"
#include "elf/spec.h"
#include "base/text.h"
#include "make/maker.h"

#include <elf.h>
#include <string.h>

static bool is_of(const lp_elf *elf, const struct lp_elf_symbol *sym)
{
    size_t n;
    const struct lp_elf_symbol *v = lp_elf_symbols(elf, &n);
    return (uintptr_t)sym - (uintptr_t)v < n * sizeof *v;
}

bool lp_maker_owns(const struct lp_maker *m, const struct lp_elf_symbol *sym) { return is_of(m->elf, sym); }
bool lp_maker_names(const struct lp_maker *m, const struct lp_elf_symbol *sym) { return is_of(m->elf, sym) || is_of(m->names, sym); }

/* A label says where something begins, and call frame information where a function ends. */
const struct lp_elf_symbol *lp_maker_symbol_at(const struct lp_maker *m, uint64_t addr)
{
    const struct lp_elf_symbol *sym = lp_elf_symbol_at(m->elf, addr), *unnamed;
    if (!sym && m->names != m->elf) sym = lp_elf_symbol_at(m->names, addr);
    if (sym && (sym->size || sym->value == addr)) return sym;
    return (unnamed = lp_elf_unnamed_at(m->elf, addr)) != NULL ? unnamed : sym;
}

/* A function that is nowhere but in others. */
static void hint_inlined(const struct lp_maker *m, const char *name, struct lp_error *err)
{
    const struct lp_elf_inlined *v;
    size_t n;
    if (!err || lp_elf_inlined(m->elf, &v, &n, NULL) != LP_OK) return;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(v[i].name, name) != 0) continue;
        struct lp_buf b = {0};
        lp_edit_say(m, v[i].entry, &b);
        if (b.data) lp_hint(err, "it is inlined wherever it is called, for one at %.100s (%.60s:%u): name a line of it, FILE:LINE", b.data,
                    v[i].call_file ? lp_base_name(v[i].call_file) : "?", v[i].call_line);
        lp_buf_free(&b);
        return;
    }
}

const struct lp_elf_symbol *lp_maker_given(const struct lp_maker *m, const char *name)
{
    for (size_t i = 0; i < m->ngiven; i++)
        if (strcmp(m->given[i]->name, name) == 0) return m->given[i];
    return NULL;
}

lp_status lp_maker_find(const struct lp_maker *m, const char *spec, const struct lp_elf_symbol **out, struct lp_error *err)
{
    if ((*out = lp_maker_given(m, spec)) != NULL) return LP_OK;
    lp_status s = lp_elf_find(m->elf, spec, out, err);
    if (s == LP_E_SYMBOL && m->names != m->elf) s = lp_elf_find(m->names, spec, out, err);
    if (s == LP_E_SYMBOL) hint_inlined(m, spec, err);
    return s;
}

/* Is it one of several of this name? */
static bool is_one_of(const struct lp_maker *m, const char *name, uint64_t addr)
{
    size_t n;
    const struct lp_elf_symbol *v = lp_elf_symbols(m->names, &n);
    for (size_t i = 0; i < n; i++)
        if (v[i].value == addr && strcmp(v[i].name, name) == 0) return true;
    return false;
}

/* A name is what the rest of the recipe, and its objects, call the place; in the patch it is an address. */
lp_status lp_maker_name(struct lp_maker *m, const char *name, uint64_t addr, struct lp_error *err)
{
    const struct lp_elf_symbol *has, *covers = lp_maker_symbol_at(m, addr);
    uint8_t byte;
    if (!lp_is_ident(name, strlen(name)) || lp_maker_given(m, name)) {
        lp_fail(err, LP_E_SYNTAX, lp_maker_given(m, name) ? "`%.100s` has an address already" : "`%.100s` is no name of C", name);
        return lp_hint(err, "see lps(5)"), LP_E_SYNTAX;
    }
    lp_status there = lp_maker_find(m, name, &has, NULL);
    if (there == LP_E_AMBIGUOUS && !is_one_of(m, name, addr))
        return lp_fail(err, LP_E_SYMBOL, "the target has several `%.100s`, and none of them is at 0x%llx", name, (unsigned long long)addr);
    if (there == LP_OK) return lp_fail(err, LP_E_SYMBOL, "the target has a `%.100s`", name), lp_hint(err, "leave the line out"), LP_E_SYMBOL;
    if (lp_elf_read(m->elf, addr, &byte, 1, NULL) != LP_OK) return lp_fail(err, LP_E_ADDRESS, "the target has nothing at 0x%llx", (unsigned long long)addr);
    bool code = lp_elf_is_text(m->elf, addr);
    if (code && addr & 3) return lp_fail(err, LP_E_ADDRESS, "there is code, and 0x%llx is no multiple of 4", (unsigned long long)addr);
    struct lp_elf_symbol *s = lp_patch_alloc(&m->pool, sizeof *s), **v = s ? lp_grow(m->given, &m->given_cap, m->ngiven, sizeof *v) : NULL;
    char *kept = v ? lp_maker_keep(m, name, strlen(name)) : NULL;
    m->given = v ? v : m->given;
    if (!kept) return lp_fail(err, LP_E_NOMEM, "out of memory");
    *s = (struct lp_elf_symbol){.name = kept, .value = addr, .type = code ? STT_FUNC : STT_OBJECT, .bind = STB_GLOBAL};
    if (code && covers && covers->value == addr) s->size = covers->size;
    return m->given[m->ngiven++] = s, LP_OK;
}
