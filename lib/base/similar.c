/* base/similar.c - "did you mean ...?" */
#include <config.h>
#include "base/similar.h"
#include "base/buf.h"
#include "base/error.h"

#include <string.h>
#include <strings.h>

enum { LONGEST = 64 };

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Optimal string alignment: the Levenshtein distance, where a swap of neighbours is one edit and no part is edited twice. */
unsigned lp_edits(const char *a, const char *b, unsigned max)
{
    size_t n = strnlen(a, LONGEST + 1), m = strnlen(b, LONGEST + 1);
    unsigned rows[3][LONGEST + 1], *before = rows[0], *last = rows[1], *row = rows[2];
    if (n > LONGEST || m > LONGEST || (n > m ? n - m : m - n) > max) return max + 1;
    for (size_t j = 0; j <= m; j++) before[j] = 0, last[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned low = row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = least(row[j], before[j - 2] + 1);
            low = least(low, row[j]);
        }
        if (low > max) return max + 1; /* it never gets less */
        unsigned *spare = before;
        before = last, last = row, row = spare;
    }
    return least(last[m], max + 1);
}

/* Of how many edits a mistyped name may be: short names are all alike. */
static unsigned bound(size_t len) { return len > 4 ? 2 : len > 2 ? 1 : 0; }

void lp_similar_add(struct lp_similar *s, const char *name, unsigned edits)
{
    unsigned at = 0;
    for (unsigned i = 0; i < s->n; i++)
        if (strcmp(s->best[i].name, name) == 0) return;
    while (at < s->n && s->best[at].edits <= edits) at++;
    if (at == LP_SIMILAR_SHOWN) return;
    if (s->n < LP_SIMILAR_SHOWN) s->n++;
    memmove(&s->best[at + 1], &s->best[at], (s->n - 1 - at) * sizeof *s->best);
    s->best[at].name = name, s->best[at].edits = edits;
}

void lp_similar_look(struct lp_similar *s, const char *name)
{
    unsigned max = bound(strlen(s->name)), edits = strcasecmp(s->name, name) == 0 ? 0 : lp_edits(s->name, name, max);
    if (edits <= max) lp_similar_add(s, name, edits);
}

bool lp_similar_hint(const struct lp_similar *s, struct lp_error *err)
{
    struct lp_buf b = {0};
    for (unsigned i = 0; i < s->n; i++)
        if (b.len + strlen(s->best[i].name) + 20 < sizeof err->hint) lp_buf_printf(&b, "%s%s", b.len ? ", " : "", s->best[i].name);
    bool any = b.data && b.len && !b.failed;
    if (any) lp_hint(err, "did you mean %s?", b.data);
    lp_buf_free(&b);
    return any;
}
