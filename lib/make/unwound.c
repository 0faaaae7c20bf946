/* make/unwound.c - callers that an exception cannot pass: their compiler has seen that the old body lets none out (g++ does at every -O), and has made no
 * entry for the call in their exception tables, which is std::terminate then. */
#include <config.h>
#include "base/buf.h"
#include "elf/lsda.h"
#include "make/relied.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 6, MOST_STEPS = 1 << 16, MOST_JOBS = 64, MOST_KNOWN = 1024 };

/* NO_TABLE: exceptions pass. */
enum entry { NO_TABLE, NO_ENTRY, HAS_ENTRY };
static enum entry entry_of(const struct lp_relied *l, uint64_t call)
{
    struct lp_fde fde;
    struct lp_lsda lsda;
    struct lp_lsda_site site;
    if (!lp_elf_fde(l->m->elf, call, &fde) || !fde.lsda || !lp_elf_lsda(l->m->elf, &fde, &lsda)) return NO_TABLE;
    while (lp_lsda_site(&lsda, &site))
        if (call - fde.start >= site.start && call - fde.start - site.start < site.len) return HAS_ENTRY;
    return lsda.sites.bad ? HAS_ENTRY : NO_ENTRY;
}

/* What throws, by the first letters of its name; `never`: what does not, though it begins so. Behind these a mangled name of which there is no
 * code. What resumes an exception has got it from another call. */
static const struct { const char *name; bool never; } known[] = {
    {"_Unwind_Resume", true}, {"__cxa_throw", false}, {"__cxa_rethrow", false}, {"__cxa_bad_cast", false}, {"__cxa_bad_typeid", false},
    {"_Unwind_RaiseException", false},
    {"_ZSt9terminatev", true}, {"_ZSt10unexpectedv", true}, {"__cxa_call_", true}, {"__clang_call_terminate", true}, {"_ZdlPv", true},
    {"_ZdaPv", true},
    {"_Znwm", false}, {"_Znam", false}, {"_ZSt16__throw_", false}, {"_ZSt17__throw_", false}, {"_ZSt18__throw_", false}, {"_ZSt19__throw_", false},
    {"_ZSt20__throw_", false}, {"_ZSt21__throw_", false}, {"_ZSt24__throw_", false}, {"_ZSt25__throw_", false},
};
enum throws { UNKNOWN, NEVER, THROWS };
static enum throws by_name(const char *name)
{
    for (size_t i = 0; name && i < sizeof known / sizeof *known; i++)
        if (strncmp(name, known[i].name, strlen(known[i].name)) == 0) return known[i].never ? NEVER : THROWS;
    return UNKNOWN;
}

static bool is_destructor(const char *name)
{
    const char *at = strchr(name, '@');
    const size_t n = at ? (size_t)(at - name) : strlen(name);
    return n > 4 && name[n - 4] == 'D' && name[n - 2] == 'E' && name[n - 1] == 'v';
}

/* seen: functions that were looked at, and let nothing out or are open. what: what may throw. */
struct look { struct lp_relied *l; uint64_t seen[MOST_KNOWN]; size_t nseen; const char *what; };

static bool may_throw(struct look *x, const struct lp_words *b, unsigned depth);

static bool callee_throws(struct look *x, const struct lp_words *b, size_t i, unsigned depth)
{
    struct lp_relied *l = x->l;
    const struct lp_func *item;
    const char *name;
    uint64_t to;
    struct lp_words other = {0};
    if (!lp_relied_leaves(l, b, i, &to, &item, &name) || (b->base && entry_of(l, b->base + 4 * i) == NO_ENTRY)) return false;
    const enum throws t = by_name(name);
    if (t != UNKNOWN) return x->what = name, t == THROWS;
    const struct lp_elf_symbol *f = item || !to ? NULL : lp_relied_function(l, to);
    if (!f && !item) return x->what = name, name && strncmp(name, "_Z", 2) == 0 && !is_destructor(name);
    const uint64_t id = item ? (uint64_t)(uintptr_t)item : f->value;
    for (size_t k = 0; k < x->nseen; k++)
        if (x->seen[k] == id) return false;
    if (depth >= MOST_DEPTH || x->nseen == MOST_KNOWN) return false;
    x->seen[x->nseen++] = id;
    const bool out = (item ? lp_relied_new(l, item, 1, &other) : lp_relied_old(l, to, &other)) && may_throw(x, &other, depth + 1);
    lp_relied_free(&other);
    if (out && name) x->what = name;
    return out;
}

/* Indirect calls count in the function itself only: those of what it calls are mostly not for exceptions (stdio's). */
static bool may_throw(struct look *x, const struct lp_words *b, unsigned depth)
{
    for (size_t i = 0; i < b->n; i++) {
        const enum lp_leads leads = lp_leads_of(b->word[i]);
        if (++x->l->steps > MOST_STEPS) return false;
        if (leads == LP_LEADS_CALL_REG && !depth) return x->what = "through a pointer", true;
        if ((leads == LP_LEADS_CALL || leads == LP_LEADS_JUMP) && callee_throws(x, b, i, depth)) return true;
    }
    return false;
}

/* Up to callers that have a table: one without an entry stops what comes; where there is one, the compiler has counted with it. */
static void note_callers(struct lp_relied *l, uint64_t entry)
{
    uint64_t job[MOST_JOBS] = {entry};
    size_t njob = 1;
    for (size_t i = 0; i < njob; i++)
        for (size_t k = lp_relied_first(l, job[i]); k < l->nbranch && l->branch[k].to == job[i]; k++) {
            const uint64_t at = l->branch[k].from;
            const struct lp_elf_symbol *by = lp_relied_function(l, at);
            size_t n = 0;
            if (!by || by->value == entry || lp_relied_replaced(l, by) || !lp_elf_is_code(l->m->elf, at)) continue;
            const enum entry e = entry_of(l, at);
            if (e == NO_ENTRY) lp_relied_note(l, at);
            while (n < njob && job[n] != by->value) n++;
            if (e == NO_TABLE && n == njob && njob < MOST_JOBS) job[njob++] = by->value;
        }
}

void lp_relied_throws(struct lp_relied *l, const struct lp_made *made, const struct lp_words *old, const struct lp_words *now)
{
    struct look was = {.l = l, .seen = {made->addr}, .nseen = 1}, is = was;
    const char *more;
    l->steps = 0;
    if (may_throw(&was, old, 0) || l->steps > MOST_STEPS) return;
    l->steps = 0;
    if (!may_throw(&is, now, 0)) return;
    note_callers(l, made->addr);
    const char *list = lp_relied_list(l, &more);
    if (l->ntold)
        lp_edit_warn(l->m, &made->from, "the new body may let an exception out (by what it calls: %.100s), which the old one does not: callers have no "
                     "entry for the call in their exception tables, which is std::terminate: %s%s: replace these functions, "
                     "too", is.what ? is.what : "?", list, more);
}
