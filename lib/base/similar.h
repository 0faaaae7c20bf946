/* base/similar.h - "did you mean ...?": the names that are most like one that nobody has. */
#ifndef LP_BASE_SIMILAR_H
#define LP_BASE_SIMILAR_H
#include <arm64lp/error.h>
#include <stdbool.h>

enum { LP_SIMILAR_SHOWN = 3 };
struct lp_similar {
    const char *name;       /* that was looked for */
    unsigned n;
    struct { const char *name; unsigned edits; } best[LP_SIMILAR_SHOWN]; /* the callers' strings, the most alike first */
};
/* Edits that make b of a: a character more, less or another one, or two neighbours swapped. More than `max`, or names of more than 64 bytes: max + 1. */
unsigned lp_edits(const char *a, const char *b, unsigned max);
/* A name that somebody has: kept if it is like the one that was looked for. */
void lp_similar_look(struct lp_similar *s, const char *name);
/* One that is meant for another reason. */
void lp_similar_add(struct lp_similar *s, const char *name, unsigned edits);
/* The hint; false: there is nothing like it, and *err is as before. */
bool lp_similar_hint(const struct lp_similar *s, struct lp_error *err);
#endif
