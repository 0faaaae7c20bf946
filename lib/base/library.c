/* base/library.c - dlopen() and dlsym() for a table of functions. */
#include <config.h>
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

bool lp_library_load(const char *soname, const struct lp_library_call *call, size_t n)
{
    void *lib = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; lib && i < n; i++) {
        void *p = dlsym(lib, call[i].name); /* POSIX: the same size as a function pointer */
        memcpy(call[i].at, &p, sizeof p);
        if (p) continue;
        dlclose(lib);
        lib = NULL;
    }
    return lib != NULL;
}
