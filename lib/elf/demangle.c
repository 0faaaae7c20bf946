/* elf/demangle.c - C++ names as they were written, by the C++ library of this machine (the Itanium C++ ABI, 3.4 __cxa_demangle), loaded when it is
 * needed. It knows what each compiler has thought of, is there wherever something is written in C++, and costs who does not ask nothing. */
#include <config.h>
#include <arm64lp/elf.h>
#include "base/library.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static char *(*cxa_demangle)(const char *name, char *buf, size_t *size, int *status);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
    static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1"};
    const struct lp_library_call call = {"__cxa_demangle", &cxa_demangle};
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries && !cxa_demangle; i++)
        if (!lp_library_load(libraries[i], &call, 1)) cxa_demangle = NULL;
}

bool lp_elf_can_demangle(void)
{
    pthread_once(&once, load);
    return cxa_demangle != NULL;
}

/* f@plt, f@VERSION: what is behind the name is no part of it. */
char *lp_elf_demangle(const char *symbol)
{
    if (strncmp(symbol, "_Z", 2) != 0 || !lp_elf_can_demangle()) return NULL;
    const char *rest = symbol + strcspn(symbol, "@");
    char *name = strndup(symbol, (size_t)(rest - symbol)), *plain = name ? cxa_demangle(name, NULL, NULL, NULL) : NULL;
    free(name);
    if (!plain || !*rest) return plain;
    char *all = realloc(plain, strlen(plain) + strlen(rest) + 1);
    if (!all) return free(plain), NULL;
    return strcat(all, rest);
}
