/* words.c - what the generators of single cases and of chunks know about instruction words. */
#include <config.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include "difftest.h"

unsigned reg_n(uint32_t w) { return w >> 5 & 31; }
unsigned reg_m(uint32_t w) { return w >> 16 & 31; }
unsigned reg_t(uint32_t w) { return w & 31; }
unsigned reg_t2(uint32_t w) { return w >> 10 & 31; }

static const struct { const char *class_, *feature, *name; unsigned attribute; } attributes[] = {
#define ATTRIBUTE(class_, feature, name, attribute) {class_, feature, name, attribute},
#define SHOULD_BE(name, version, ones, zeros, reason)
#include "attributes.def"
#undef ATTRIBUTE
#undef SHOULD_BE
};
static const struct { const char *name; unsigned version; uint32_t ones, zeros; } usual[] = {
#define ATTRIBUTE(class_, feature, name, attribute)
#define SHOULD_BE(name, version, ones, zeros, reason) {name, version, ones, zeros},
#include "attributes.def"
};

enum { ATTRIBUTES = sizeof attributes / sizeof attributes[0], USUAL = sizeof usual / sizeof usual[0] };

static bool fits(unsigned i, const struct lp_row_info *row)
{
    return fnmatch(attributes[i].class_, row->class_, 0) == 0 && fnmatch(attributes[i].feature, row->feature, 0) == 0 &&
           fnmatch(attributes[i].name, row->name, 0) == 0;
}
static unsigned find_attributes(const struct lp_row_info *row)
{
    unsigned found = 0;
    for (unsigned i = 0; i < ATTRIBUTES; i++)
        if (fits(i, row))
            found |= attributes[i].attribute;
    return found;
}

unsigned stale_attributes(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < ATTRIBUTES; i++) {
        unsigned row = 1;
        while (row < A64_ROW_COUNT && ((lp_a64_rows[row].flags & LP_ROW_TODO) || !fits(i, &lp_a64_rows[row])))
            row++;
        if (row == A64_ROW_COUNT)
            printf("# attributes.def: '%s' of '%s' fits no row\n", attributes[i].name, attributes[i].class_), n++;
    }
    for (unsigned i = 0; i < USUAL; i++)
        n += stale_pattern("attributes.def", usual[i].name);
    return n;
}

bool is(const struct lp_row_info *row, unsigned any)
{
    enum { KNOWN = 1 << 30 };
    static unsigned cache[A64_ROW_COUNT];
    unsigned *a = &cache[row - lp_a64_rows];
    if (*a == 0)
        *a = KNOWN | find_attributes(row);
    return (*a & any) != 0;
}

/* CONSTRAINED UNPREDICTABLE choices of registers (Arm ARM K1.2): engines may differ. */
bool unpredictable(const struct lp_row_info *row, uint32_t w)
{
    const bool pair = is(row, LOADS_PAIR | STORES_PAIR);
    if (is(row, WRITES_BASE) && reg_n(w) != 31 && (reg_t(w) == reg_n(w) || (pair && reg_t2(w) == reg_n(w))))
        return true;
    if (is(row, LOADS_PAIR))
        return reg_t(w) == reg_t2(w);
    if (is(row, STORE_EXCLUSIVE))
        return reg_m(w) == reg_t(w) || (pair && reg_m(w) == reg_t2(w)) || (reg_m(w) == reg_n(w) && reg_n(w) != 31);
    return false;
}

uint32_t usual_word(const struct lp_row_info *row, uint32_t w)
{
    for (unsigned i = 0; i < USUAL; i++)
        if (oracle_version >= usual[i].version && fnmatch(usual[i].name, row->name, 0) == 0)
            w = (w | usual[i].ones) & ~usual[i].zeros;
    return w;
}
