/* elf/spec.h - how a symbol is written: name[@version][#ordinal][!file], name or file quoted as a C string where need be. */
#ifndef LP_ELF_SPEC_H
#define LP_ELF_SPEC_H
#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"

struct lp_spec {
    char *name;       /* with "@plt" if it is a PLT entry */
    char *version, *file; /* version: "*" = what a reference without one finds; file: of an import, the library that has the version */
    unsigned long ordinal; /* 0 = none */
};
/* Length of the longest symbol spec that s[0..n) begins with (0 = none); fills *out if not NULL (lp_spec_free). */
size_t lp_spec_scan(const char *s, size_t n, struct lp_spec *out);
void lp_spec_free(struct lp_spec *spec);

/* C string literal at s[0..n): appends its bytes to out (may be NULL); its length with quotes, or 0 if it is none. */
size_t lp_unquote(const char *s, size_t n, struct lp_buf *out);
/* The same backwards: canonical spelling, all of it printable ASCII. */
void lp_quote(struct lp_buf *out, const char *s, size_t n);
bool lp_is_ident(const char *s, size_t n);
bool lp_is_plt_name(const char *name); /* "puts@plt" */
/* Name, version, file and ordinal (NULL, 0 = absent) as a spec. */
void lp_spec_print(struct lp_buf *out, const char *name, const char *version, unsigned long ordinal, const char *file);
#endif
