/* words.c - what the generators of single cases and of chunks know about instruction words. */
#include <config.h>
#include <fnmatch.h>
#include <string.h>
#include "difftest.h"

bool has(const char *name, const char *part) { return strstr(name, part) != NULL; }
unsigned reg_n(uint32_t w) { return w >> 5 & 31; }
unsigned reg_m(uint32_t w) { return w >> 16 & 31; }
unsigned reg_t(uint32_t w) { return w & 31; }
unsigned reg_t2(uint32_t w) { return w >> 10 & 31; }

bool is_store_exclusive(const char *name)
{
    return fnmatch("STXR*", name, 0) == 0 || fnmatch("STLXR*", name, 0) == 0 || fnmatch("STXP*", name, 0) == 0 ||
           fnmatch("STLXP*", name, 0) == 0;
}

/* CONSTRAINED UNPREDICTABLE choices of registers (Arm ARM K1.2): engines may differ. */
bool unpredictable(const struct lp_row_info *row, uint32_t w)
{
    const char *n = row->name;
    const bool simd = has(n, "_fp") || has(n, "_q") || strcmp(row->class_, "ldst_struct") == 0;
    const bool pair = strncmp(n, "LDP", 3) == 0 || strncmp(n, "STP", 3) == 0 || strncmp(n, "LDNP", 4) == 0;
    if ((has(n, "_pre") || has(n, "_post")) && !simd && reg_n(w) != 31 && (reg_t(w) == reg_n(w) || (pair && reg_t2(w) == reg_n(w))))
        return true;
    if ((n[0] == 'L' && pair) || has(n, "LDXP") || has(n, "LDAXP"))
        return reg_t(w) == reg_t2(w);
    if (is_store_exclusive(n))
        return reg_m(w) == reg_t(w) || (has(n, "XP") && reg_m(w) == reg_t2(w)) || (reg_m(w) == reg_n(w) && reg_n(w) != 31);
    return false;
}

uint32_t usual_word(const struct lp_row_info *row, uint32_t w)
{
    if (strcmp(row->name, "LDAPR") == 0)
        return w | 31u << 16;
    if (strcmp(row->name, "SB") == 0 || strcmp(row->name, "CFINV") == 0 || strcmp(row->feature, "FlagM2") == 0)
        return w & ~(15u << 8);
    if (oracle_version < 1000)
        return w;
    if (strcmp(row->class_, "exclusive") == 0)
        w |= (has(row->name, "XP") ? 0 : 31u << 10) | (is_store_exclusive(row->name) ? 0 : 31u << 16);
    return fnmatch("[SU]MULH", row->name, 0) == 0 ? w | 31u << 10 : w;
}
