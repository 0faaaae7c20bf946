/* diff/side/returns.c - REFS: calls that do not come back. */
#include <config.h>
#include "diff/side/code.h"

#include <elf.h>
#include <string.h>

/* Imports that do not come back, and which compilers know or learn from their declarations. */
static bool never_returns(const char *name, size_t n)
{
    static const char *const never[] = {"abort", "exit", "_exit", "_Exit", "quick_exit", "longjmp", "_longjmp", "siglongjmp", "__longjmp_chk", "__assert_fail",
                                        "__assert_perror_fail", "__assert", "__stack_chk_fail", "__chk_fail", "pthread_exit", "thrd_exit", "err", "errx",
                                        "verr", "verrx", "_Unwind_Resume", "__cxa_throw", "__cxa_rethrow", "__cxa_bad_cast", "__cxa_bad_typeid",
                                        "__cxa_throw_bad_array_new_length", "__cxa_call_unexpected", "_ZSt9terminatev"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (never[i][0] == name[0] && strncmp(never[i], name, n) == 0 && !never[i][n]) return true;
    const char *thrower = strncmp(name, "_ZSt", 4) == 0 ? strstr(name, "__throw_") : NULL; /* std::__throw_length_error() ... */
    return thrower && (size_t)(thrower - name) < n;
}

uint32_t lp_entry_at(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = lp_side_atom(s, lp_side_through(s, addr));
    return i != LP_NONE && s->atom[i].kind == LP_ATOM_PLT ? i : LP_NONE;
}

static bool is_known_to_end(const struct lp_atom *a)
{
    const char *name = lp_atom_name(a);
    return name && never_returns(name, strcspn(name, "@"));
}

bool lp_is_known_to_end(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = lp_entry_at(s, addr);
    return i != LP_NONE && is_known_to_end(&s->atom[i]);
}

void lp_note_ends(struct lp_side *s)
{
    for (size_t i = 0; i < s->natom; i++) {
        struct lp_atom *a = &s->atom[i];
        const struct lp_dynsym *y = s->nending && a->kind == LP_ATOM_PLT ? lp_plt_import(s, a) : NULL;
        a->ends = a->kind == LP_ATOM_PLT && ((y && y->name && lp_is_ending(s, y->name)) || is_known_to_end(a));
    }
}

/* Before the files agree on what does not come back, by the name. */
static bool entry_returns(const struct lp_side *s, const struct lp_atom *a) { return s->ending ? !a->ends : !is_known_to_end(a); }

bool lp_side_returns(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = lp_entry_at(s, addr);
    return i == LP_NONE || entry_returns(s, &s->atom[i]);
}

bool lp_side_comes_back(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = lp_entry_at(s, addr);
    if (i == LP_NONE) return true;
    if (!entry_returns(s, &s->atom[i])) return false;
    const struct lp_word_at *w = lp_stub_slot(s, s->atom[i].start);
    const struct lp_dynsym *y = w && w->sym && w->sym->shndx != SHN_UNDEF && w->sym->shndx != SHN_ABS ? w->sym : NULL;
    const struct lp_flow_callee *f = y ? lp_flow_survey_callee(&s->survey, y->value) : NULL;
    return !f || f->returns;
}
