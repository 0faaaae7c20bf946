/* base/library.h - shared libraries that are loaded when they are first needed, and that may be missing. */
#ifndef LP_BASE_LIBRARY_H
#define LP_BASE_LIBRARY_H
#include <stdbool.h>
#include <stddef.h>

struct lp_library_call { const char *name; void *at; }; /* at: of the pointer to the function */
/* All of its functions or none. It stays loaded. False: it is not there, or one of them is not; dlerror() may say more. */
bool lp_library_load(const char *soname, const struct lp_library_call *call, size_t n);
#endif
