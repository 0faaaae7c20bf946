/* a64/index.c - the manual's index (index.def), with what becomes of each instruction. */
#include <config.h>
#include "a64/index.h"
#include "a64/a64.h"

#include <string.h>

static const struct { const char *name, *section, *alias, *feature, *rows; } lines[] = {
#define BASE(name, alias, feature, rows) {name, "C6.2", alias, feature, rows},
#define SIMD(name, alias, feature, rows) {name, "C7.2", alias, feature, rows},
#include "a64/index.def"
};
enum { LINES = sizeof lines / sizeof lines[0] };

static unsigned find_row(const char *name, size_t n)
{
    unsigned row = A64_ROW_COUNT - 1;
    while (row && (strncmp(lp_a64_rows[row].name, name, n) != 0 || lp_a64_rows[row].name[n])) row--;
    return row;
}

const char *lp_a64_index_row(const char *rows, unsigned *row)
{
    const size_t n = strcspn(rows, " ");
    if (n == 0) return NULL;
    *row = find_row(rows, n);
    return rows + n + (rows[n] == ' ');
}

bool lp_dis_entry(size_t i, struct lp_dis_entry *out)
{
    unsigned row;
    struct lp_dis_row r;
    if (i >= LINES) return false;
    *out = (struct lp_dis_entry){lines[i].name, lines[i].section, lines[i].alias, lines[i].feature, lines[i].rows, 0, 0};
    for (const char *p = out->rows; (p = lp_a64_index_row(p, &row)) != NULL;) {
        if (row == A64_UNDEFINED || !lp_dis_row(row - 1, &r)) continue;
        out->states |= 1u << r.state;
        out->proofs |= 1u << r.proof;
    }
    return true;
}
