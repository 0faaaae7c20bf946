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

bool lp_is_known_to_end(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = lp_entry_at(s, addr);
    const char *name = i != LP_NONE ? lp_atom_name(&s->atom[i]) : NULL;
    return name && never_returns(name, strcspn(name, "@"));
}

bool lp_side_returns(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = s->nending ? lp_entry_at(s, addr) : LP_NONE;
    const struct lp_dynsym *y = i != LP_NONE ? lp_plt_import(s, &s->atom[i]) : NULL;
    return !(y && y->name && lp_is_ending(s, y->name)) && !lp_is_known_to_end(s, addr);
}

bool lp_side_comes_back(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = lp_entry_at(s, addr);
    const struct lp_word_at *w = i != LP_NONE ? lp_stub_slot(s, s->atom[i].start) : NULL;
    const struct lp_dynsym *y = w && w->sym && w->sym->shndx != SHN_UNDEF && w->sym->shndx != SHN_ABS ? w->sym : NULL;
    const struct lp_flow_callee *f = y ? lp_flow_survey_callee(&s->survey, y->value) : NULL;
    return lp_side_returns(s, addr) && (!f || f->returns);
}
