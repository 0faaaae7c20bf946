/* control/protocol.h - the language between lpapply and a running program, version 1; its manual is lpcontrol(5).
 *
 * A stream socket; lines of at most LP_CONTROL_LINE bytes that end with LF; fields separated by one space. A string
 * field has every byte that is not printable ASCII, the space and '%' written as %XX; an empty string is "-" and a string that is "-" is "%2D".
 *
 *   both sides first     arm64lp 1
 *   client               apply N FLAGS DEADLINE_MS [TRIAL_MS]     followed by N times:  patch LENGTH NAME, then LENGTH bytes of patch text
 *                        revert N FLAGS DEADLINE_MS    followed by N times:  name NAME                     (N = 0: all of them)
 *                        list | places | functions CHANGED_ONLY | journal | status | stats | read ADDR LENGTH
 *   server, any number   report STATUS SYS LINE COL WHERE TEXT HINT        one of several problems
 *                        row NAME VERSION PLACES HITS APPLIED_MS NOTE TRIAL_MS DEADLINE_MS      answer to list
 *                        place PATCH WHERE KIND ADDR SIZE HITS FIRST_MS LAST_MS THREADS
 *                        function NAME OBJECT ADDR SIZE PATCH PLACES HITS
 *                        event TIME_MS WHAT PATCH VERSION STATUS PID UID TEXT STOPPED_NS
 *                        status PID VERSION PATCHES ACCESS EXE DEV INO BUILD-ID STARTED_MS BIAS      (ACCESS: read-write or read-only)
 *                        stats STOPS LAST MEDIAN P99 MAX LAST MEDIAN P99 MAX                    nanoseconds; the second four: until all stood
 *                        bytes HEXADECIMAL                             answer to read; LENGTH is at most LP_CONTROL_BYTES
 *   server, last         ok APPLIED ALREADY REVERTED STOPPED_NS     or     error STATUS SYS LINE COL WHERE TEXT HINT
 *
 * N is at most LP_CONTROL_ITEMS, a text at most LP_CONTROL_TEXT bytes. FLAGS are enum lp_live_flags in decimal, STATUS is a
 * name of error.def. Fields may be added at the end of a greeting or an answer: who reads leaves out those that it does not know. A request with such a
 * field would be done by halves, so it is not understood. After a request that is not understood the server answers `error PROTOCOL ...` and closes.
 * Requests of one connection are answered in their order.
 */
#ifndef LP_CONTROL_PROTOCOL_H
#define LP_CONTROL_PROTOCOL_H
#include <arm64lp/error.h>
#include <stdbool.h>
#include "base/buf.h"

#define LP_CONTROL_GREETING "arm64lp 1"
enum {
    LP_CONTROL_LINE = 8192,
    LP_CONTROL_ITEMS = 4096,
    LP_CONTROL_TEXT = 64 << 20,
    LP_CONTROL_FIELDS = 16,
    LP_CONTROL_BYTES = 2048,   /* of memory that one request reads */
};

/* ---- fields (protocol.c) ---- */
bool lp_control_greets(const char *line);                      /* the greeting of this version, whatever fields follow */
void lp_control_put_string(struct lp_buf *b, const char *s);   /* " " and the escaped string; NULL = empty */
void lp_control_put_number(struct lp_buf *b, uint64_t v);      /* " " and decimal digits */
/* Split a line (without its LF) in place; returns the number of fields, -1 if there are more than LP_CONTROL_FIELDS. */
int lp_control_split(char *line, char *field[LP_CONTROL_FIELDS]);
bool lp_control_number(const char *field, uint64_t max, uint64_t *v);
/* Unescape in place; false if it is malformed or holds a NUL. */
bool lp_control_string(char *field);
/* A name of error.def; LP_E_PROTOCOL for one that is not known. */
lp_status lp_control_status(const char *name);
/* "KEYWORD STATUS SYS LINE COL WHERE TEXT HINT\n" and back (the 7 fields after the keyword). */
void lp_control_put_error(struct lp_buf *b, const char *keyword, const struct lp_error *err);
bool lp_control_get_error(char *const field[7], struct lp_error *err);

/* ---- where the sockets are (path.c) ---- */
/* The caller's private directory, made if `make`: $XDG_RUNTIME_DIR/arm64lp or /tmp/arm64lp-UID, or only $ARM64LP_RUNTIME_DIR/arm64lp; it must be a
 * real directory of this user with mode 0700. */
lp_status lp_control_dir(char *buf, size_t size, bool make, struct lp_error *err);
/* Candidate i of the places where process `pid` of user `uid` may listen; false at the end. */
bool lp_control_candidate(unsigned i, unsigned uid, int64_t pid, char *buf, size_t size);
/* The processes whose sockets are in any of those folders, in ascending order; free(). What a killed process left behind is removed. */
int64_t *lp_control_pids(size_t *n);
#endif
