/* tools/out.h - what a command prints: text, or records as JSON lines or TSV; to standard output or, whole or not at all, to a file. */
#ifndef LP_TOOLS_OUT_H
#define LP_TOOLS_OUT_H
#include <arm64lp/error.h>
#include <stdbool.h>
#include <stddef.h>

enum out_format { OUT_TEXT, OUT_JSON, OUT_TSV };

/* Where data goes. path NULL or "-" = standard output; a regular file is written under a temporary name in the same directory
 * and renamed by out_close(). A failure is reported; returns false. */
bool out_open(const char *path);
/* What the name stands for, all symbolic links followed, or NULL; to be freed. */
char *out_real_name(const char *path);
/* errno of the first write that failed; 0 = none did. */
int out_error(void);
/* Text of a fixed length, a string, and a formatted one. These and all below go to this thread's buffer instead, while it has one (NULL: no more). */
void out_put(const char *p, size_t n);
void out_puts(const char *s);
void out_printf(const char *fmt, ...) LP_PRINTF(1, 2);
/* At least `width` (up to 16) hexadecimal digits and a 0; returns how many. */
unsigned out_digits(char *to, uint64_t value, unsigned width);
struct out_buf { char *p; size_t n, cap; bool failed; };
void out_divert(struct out_buf *to);
/* Commit; false if anything could not be written (reported), then the file is as it was. */
bool out_close(void);
/* Give up: nothing is left. Harmless if nothing is open. */
void out_discard(void);

/* One record: out_record, its fields in their fixed order, out_end. A new field is added at the end only. `type` is the first column of
 * TSV and the member "type" of JSON. The format is cli.format. */
void out_record(const char *type);
void out_str(const char *key, const char *value);     /* NULL: null in JSON, empty in TSV */
void out_pair(const char *key, const char *a, const char *b); /* the two as one string */
void out_bytes(const char *key, const char *p, size_t n);
void out_hex(const char *key, uint64_t value);        /* "0x1f" in both: 64 bits do not fit a JSON number */
void out_word(const char *key, uint32_t value);       /* "0xd503201f" */
void out_uint(const char *key, uint64_t value);       /* a number; for counts */
void out_bool(const char *key, bool value);
void out_null(const char *key);
void out_end(void);

/* Text in which control characters are shown as \n, \t, \x1b: names come from files that somebody else wrote. */
void out_text(const char *s);
void out_text_n(const char *p, size_t n);
#endif
