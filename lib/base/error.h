/* base/error.h - filling in a struct lp_error. */
#ifndef LP_BASE_ERROR_H
#define LP_BASE_ERROR_H
#include <arm64lp/error.h>
#include <stdarg.h>

/* Fill *err (if not NULL) with status, text and the row's hint; returns status, so that a caller may
 * write `return lp_fail(err, LP_E_ELF, "...")`. `where` is cleared; lp_at() sets it. Thread-safe. */
lp_status lp_fail(struct lp_error *err, lp_status s, const char *fmt, ...) LP_PRINTF(3, 4);
lp_status lp_vfail(struct lp_error *err, lp_status s, const char *fmt, va_list ap) LP_PRINTF(3, 0);
/* The same, with the text of the errno value `sys` appended (": No such file or directory"). */
lp_status lp_fail_sys(struct lp_error *err, lp_status s, int sys, const char *fmt, ...) LP_PRINTF(4, 5);
/* Say where: file or place, with line and column (0 = none). Returns err->status (LP_E_INTERNAL for NULL). */
lp_status lp_at(struct lp_error *err, const char *where, unsigned line, unsigned col);
/* Replace the row's hint. */
void lp_hint(struct lp_error *err, const char *fmt, ...) LP_PRINTF(2, 3);
#endif
