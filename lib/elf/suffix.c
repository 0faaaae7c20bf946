/* elf/suffix.c - names of functions that compilers make of others: GCC's f.cold, f.part.0, f.isra.0, f.constprop.0, clang's f.cold.1, f.specialized.1, ... */
#include <config.h>
#include "elf/suffix.h"

#include <stddef.h>
#include <string.h>

static const struct { const char *suffix; unsigned kind; } table[] = {
    {".cold", LP_SUFFIX_COLD},
    {".part", LP_SUFFIX_COPY}, {".isra", LP_SUFFIX_COPY}, {".constprop", LP_SUFFIX_COPY}, {".specialized", LP_SUFFIX_COPY},
    {".lto_priv", LP_SUFFIX_NAME}, {".llvm", LP_SUFFIX_NAME}, {".localalias", LP_SUFFIX_ALIAS},
};

unsigned lp_suffix_kind(const char *s)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const size_t n = strlen(table[i].suffix);
        if (strncmp(s, table[i].suffix, n) == 0 && (s[n] == '.' || !s[n])) return table[i].kind;
    }
    return 0;
}

const char *lp_suffix_find(const char *name, unsigned kinds)
{
    for (const char *p = *name ? strchr(name + 1, '.') : NULL; p; p = strchr(p + 1, '.'))
        if (lp_suffix_kind(p) & kinds) return p;
    return NULL;
}
