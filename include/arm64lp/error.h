/* arm64lp/error.h - how every function of libarm64lp reports failure.
 *
 * A function that can fail returns an lp_status (LP_OK is 0) and takes a caller-owned struct lp_error *
 * as its last argument; NULL is allowed there.  On success the struct is left alone.  The library never
 * prints and never exits.
 */
#ifndef ARM64LP_ERROR_H
#define ARM64LP_ERROR_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define LP_API __attribute__((visibility("default")))
#define LP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define LP_API
#define LP_PRINTF(fmt, args)
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lp_status {
#define LP_ERROR(name, class, text, hint) LP_E_##name,
#include <arm64lp/error.def>
#undef LP_ERROR
    LP_E_COUNT
} lp_status;
#define LP_OK LP_E_OK

/* Which kind of failure: a tool derives its exit status from it. */
enum lp_error_class { LP_CLASS_none, LP_CLASS_usage, LP_CLASS_input, LP_CLASS_refused, LP_CLASS_busy, LP_CLASS_system };

struct lp_error {
    lp_status status;
    int sys;            /* errno of the failing call, or 0 */
    unsigned line, col; /* 1-based place in a text file; 0 = none */
    unsigned other;     /* the line of the same file that this one repeats or overlaps; 0 = none */
    char where[256];    /* file, or place such as "greet: parse+0x14"; "" = none */
    char text[640];     /* what was found and what was expected */
    char hint[256];     /* what to do; "" = none */
};

/* Receives each of several errors (a parser reports all it finds). Must not keep the pointer. */
typedef void (*lp_report_fn)(void *ctx, const struct lp_error *err);

/* The row of a status. Thread-safe; static storage. */
LP_API const char *lp_status_name(lp_status s); /* "OLD_WORD" */
LP_API const char *lp_status_text(lp_status s);
LP_API const char *lp_status_hint(lp_status s); /* or NULL */
LP_API enum lp_error_class lp_status_class(lp_status s);
/* What to do where a file or stream cannot be read or written for this errno, or NULL. LP_E_IO has it for its hint. */
LP_API const char *lp_errno_hint(int sys);

/* "where:line:col: text" into buf (always terminated); returns the length it needs, as snprintf.  Thread-safe. */
LP_API int lp_error_format(const struct lp_error *err, char *buf, size_t size);

/* Version of the library, "0.1.0". */
LP_API const char *lp_version(void);

#ifdef __cplusplus
}
#endif
#endif
