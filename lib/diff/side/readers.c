/* diff/side/readers.c - does a call read at an address that it gets? Then that is where something begins, and no end. */
#include <config.h>
#include "diff/side/scan.h"

#include <string.h>

/* What the C library reads, as its names are the library's alone: at least a byte of each of these arguments (bit n: Xn). */
static const struct { const char *name; uint8_t regs; } readers[] = {
    {"strlen", 1}, {"strnlen", 1}, {"strcmp", 3}, {"strncmp", 3}, {"strcasecmp", 3}, {"strncasecmp", 3}, {"strcoll", 3}, {"memcmp", 3}, {"bcmp", 3},
    {"strcpy", 2}, {"strncpy", 2}, {"stpcpy", 2}, {"strcat", 3}, {"strncat", 3}, {"memcpy", 2}, {"mempcpy", 2}, {"memmove", 2}, {"memchr", 1},
    {"strchr", 1}, {"strrchr", 1}, {"strchrnul", 1}, {"strstr", 3}, {"strcasestr", 3}, {"strspn", 3}, {"strcspn", 3}, {"strpbrk", 3}, {"strtok", 2},
    {"strdup", 1}, {"strndup", 1}, {"strtol", 1}, {"strtoul", 1}, {"strtod", 1}, {"atoi", 1}, {"atol", 1}, {"atof", 1}, {"getenv", 1}, {"perror", 1},
    {"puts", 1}, {"fputs", 1}, {"fwrite", 1}, {"printf", 1}, {"fprintf", 2}, {"sprintf", 2}, {"snprintf", 4}, {"dprintf", 2}, {"asprintf", 2},
    {"vprintf", 1}, {"vfprintf", 2}, {"vsprintf", 2}, {"vsnprintf", 4}, {"scanf", 1}, {"fscanf", 2}, {"sscanf", 3}, {"fopen", 3}, {"open", 1},
    {"__printf_chk", 2}, {"__fprintf_chk", 4}, {"__sprintf_chk", 8}, {"__snprintf_chk", 16}, {"__asprintf_chk", 4}, {"__vfprintf_chk", 4},
    {"__vsnprintf_chk", 16}, {"__memcpy_chk", 2}, {"__strcpy_chk", 2}, {"__strcat_chk", 3}, {"__isoc99_sscanf", 3}, {"__isoc99_fscanf", 2},
    {"gettext", 1}, {"dgettext", 2}, {"dcgettext", 2}, {"syslog", 2}, {"__syslog_chk", 4},
};

static bool is_reader(const struct lp_side *s, const struct lp_atom *a, uint32_t regs)
{
    const struct lp_dynsym *y = lp_plt_import(s, a);
    for (size_t i = 0; y && y->name && i < sizeof readers / sizeof *readers; i++)
        if (strcmp(readers[i].name, y->name) == 0) return readers[i].regs & regs;
    return false;
}

bool lp_is_read_by_call(const struct lp_side *s, uint32_t atom, uint64_t at)
{
    struct lp_handed h;
    lp_handed(s, atom, at, &h); /* (lost: there may be others, too) */
    for (size_t i = 0; i < h.n; i++) {
        const uint32_t to = h.v[i].to == LP_HANDED_BACK || h.v[i].to == h.v[i].at ? LP_NONE : lp_side_atom(s, h.v[i].to);
        const struct lp_atom *a = to == LP_NONE ? NULL : &s->atom[to];
        if (!a || a->start != h.v[i].to) continue;
        if (a->kind == LP_ATOM_PLT ? is_reader(s, a, h.v[i].regs) : a->kind == LP_ATOM_FUNC && lp_reads_argument(s, to, h.v[i].regs)) return true;
    }
    return false;
}
