/* diff/side/readers.c - does a call read at an address that it gets? Then that is where something begins, and no end. */
#include <config.h>
#include "diff/side/scan.h"
#include "diff/side/seen.h"
#include "diff/side/walk.h"

#include <elf.h>
#include <string.h>

/* What the C library reads: at least a byte of each of these arguments (bit n: Xn). */
struct reader { const char *name; uint8_t regs; };

/* Names that are the library's alone. */
static const struct reader reserved[] = {
    {"strlen", 1}, {"strnlen", 1}, {"strcmp", 3}, {"strncmp", 3}, {"strcasecmp", 3}, {"strncasecmp", 3}, {"strcoll", 3}, {"memcmp", 3},
    {"strcpy", 2}, {"strncpy", 2}, {"strcat", 3}, {"strncat", 3}, {"memcpy", 2}, {"mempcpy", 2}, {"memmove", 2}, {"memchr", 1},
    {"strchr", 1}, {"strrchr", 1}, {"strchrnul", 1}, {"strstr", 3}, {"strcasestr", 3}, {"strspn", 3}, {"strcspn", 3}, {"strpbrk", 3}, {"strtok", 2},
    {"strdup", 1}, {"strndup", 1}, {"strtol", 1}, {"strtoul", 1}, {"strtod", 1}, {"atoi", 1}, {"atol", 1}, {"atof", 1}, {"getenv", 1}, {"perror", 1},
    {"puts", 1}, {"fputs", 1}, {"fwrite", 1}, {"printf", 1}, {"fprintf", 2}, {"sprintf", 2}, {"snprintf", 4},
    {"vprintf", 1}, {"vfprintf", 2}, {"vsprintf", 2}, {"vsnprintf", 4}, {"scanf", 1}, {"fscanf", 2}, {"sscanf", 3}, {"fopen", 3},
    {"__printf_chk", 2}, {"__fprintf_chk", 4}, {"__sprintf_chk", 8}, {"__snprintf_chk", 16}, {"__asprintf_chk", 4}, {"__vfprintf_chk", 4},
    {"__vsnprintf_chk", 16}, {"__memcpy_chk", 2}, {"__strcpy_chk", 2}, {"__strcat_chk", 3}, {"__isoc99_sscanf", 3}, {"__isoc99_fscanf", 2},
    {"__syslog_chk", 4}, {"__assert_fail", 1 | 2 | 8},
};

/* Names that a program may have for functions of its own, but imports from the library. */
static const struct reader imported[] = {
    {"bcmp", 3}, {"stpcpy", 2}, {"dprintf", 2}, {"asprintf", 2}, {"open", 1}, {"gettext", 1}, {"dgettext", 2}, {"dcgettext", 2}, {"syslog", 2},
};

static uint32_t reads(const struct reader *v, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].name, name) == 0) return v[i].regs;
    return 0;
}

/* Of a program that has the library in itself, in which functions have other names, too. */
static bool is_reader(const struct lp_side *s, const struct lp_atom *a, uint32_t regs)
{
    static const char *const prefix[] = {"", "_IO_", "__"};
    const struct lp_dynsym *y = a->kind == LP_ATOM_PLT ? lp_plt_import(s, a) : NULL;
    const bool global = a->kind == LP_ATOM_FUNC && a->sym && a->sym->bind != STB_LOCAL;
    const char *name = y ? y->name : global ? a->sym->name : NULL;
    if (!name) return false;
    if (y && reads(imported, sizeof imported / sizeof *imported, name) & regs) return true;
    for (size_t k = 0; k < (y ? 1 : sizeof prefix / sizeof *prefix); k++) {
        const size_t n = strlen(prefix[k]);
        if (strncmp(name, prefix[k], n) == 0 && reads(reserved, sizeof reserved / sizeof *reserved, name + n) & regs) return true;
    }
    return false;
}

static bool asks_calls(const struct lp_side *s, uint32_t atom, uint64_t at)
{
    struct lp_handed h;
    lp_handed(s, atom, at, &h); /* (lost: there may be others, too) */
    for (size_t i = 0; i < h.n; i++) {
        const uint32_t to = h.v[i].to == LP_HANDED_BACK || h.v[i].to == h.v[i].at ? LP_NONE : lp_side_atom(s, h.v[i].to);
        const struct lp_atom *a = to == LP_NONE ? NULL : &s->atom[to];
        if (!a || a->start != h.v[i].to) continue;
        if (is_reader(s, a, h.v[i].regs) || (a->kind == LP_ATOM_FUNC && lp_reads_argument(s, to, h.v[i].regs))) return true;
    }
    return false;
}

/* Once for each word: the ends of texts are asked for again and again. */
bool lp_is_read_by_call(const struct lp_side *s, uint32_t atom, uint64_t at)
{
    const enum lp_seen_answer before = lp_seen_of(s, at, LP_SEEN_GIVEN);
    if (before != LP_SEEN_UNKNOWN) return before == LP_SEEN_YES;
    const bool is = asks_calls(s, atom, at);
    lp_seen_tell(s, at, LP_SEEN_GIVEN, is ? LP_SEEN_YES : LP_SEEN_NO);
    return is;
}
