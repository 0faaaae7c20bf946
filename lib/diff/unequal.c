/* diff/unequal.c - two files of which one was stripped, perhaps of local symbols only, and the other one was not: data that only one of them names would be
 * something else than what it is in the other file. So it has no name in either of them. (Functions are found by what they do, too.) */
#include <config.h>
#include "diff/diff.h"
#include "elf/spec.h"

#include <elf.h>
#include <string.h>

/* What names a file has: those for the dynamic linker, those of what source files share as well, those of what each keeps to itself, too. */
enum names { DYNAMIC, GLOBAL, LOCAL };

static enum names names_of(const lp_elf *e, bool *data)
{
    size_t n, m;
    const struct lp_elf_symbol *y = lp_elf_symbols(e, &n);
    const struct lp_elf_section *x = lp_elf_sections(e, &m);
    enum names names = DYNAMIC;
    *data = false;
    for (size_t i = 0; i < m; i++)
        if (x[i].type == SHT_SYMTAB) names = GLOBAL;
    for (size_t i = 0; i < n; i++) {
        if (y[i].bind != STB_LOCAL || lp_is_plt_name(y[i].name)) continue;
        names = LOCAL;
        *data |= y[i].type == STT_OBJECT;
    }
    return names;
}

void lp_diff_unequal(lp_diff *d)
{
    enum names names[2];
    bool data[2];
    for (int k = 0; k < 2; k++) names[k] = names_of(d->side[k].names, &data[k]);
    for (int k = 0; k < 2; k++)
        if (names[k] > names[!k] && (data[k] || names[!k] == DYNAMIC)) d->side[k].fewer = d->side[!k].names, d->side[!k].stripped = true;
}
