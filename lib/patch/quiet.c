/* patch/quiet.c - functions that nobody may be in while the patch comes or goes: where they begin and end. */
#include <config.h>
#include "base/buf.h"
#include "elf/cfi.h"
#include "patch/plan.h"

#include <elf.h>

/* By a symbol of that address, else by call frame information of a function that begins there; 0 = neither knows. */
uint64_t lp_function_size(const lp_elf *elf, uint64_t at)
{
    struct lp_fde f;
    const struct lp_elf_symbol *sym = lp_elf_symbol_at(elf, at);
    if (sym && sym->value == at && sym->size) return sym->size;
    return lp_elf_fde(elf, at, &f) && f.start == at ? f.end - f.start : 0;
}

static bool is_code(const lp_elf *elf, uint64_t at, uint64_t size)
{
    size_t n;
    const struct lp_elf_segment *s = lp_elf_segments(elf, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].type == PT_LOAD && s[i].flags & PF_X && at - s[i].vaddr < s[i].memsz && size <= s[i].memsz - (at - s[i].vaddr)) return true;
    return false;
}

static void add_range(struct lp_plan *pl, const struct lp_quiet *q)
{
    const struct lp_item it = {.kind = LP_ITEM_FUNC, .line = q->line, .object = q->object, .place = q->place};
    const struct lp_target *t = pl->bound[q->object];
    uint64_t addr;
    if (!lp_plan_place(pl, &it, NULL, &addr)) return;
    const uint64_t at = addr - t->bias, size = q->size ? q->size : lp_function_size(t->elf, at);
    if (!size) {
        lp_plan_fail(pl, q->line, LP_E_SYMBOL, "nothing in %s says where the function at 0x%llx ends: write `size BYTES`", t->name, (unsigned long long)at);
        return;
    }
    if (!is_code(t->elf, at, size)) {
        lp_plan_fail(pl, q->line, LP_E_ADDRESS, "%llu bytes from 0x%llx on are not all code of %s", (unsigned long long)size, (unsigned long long)at, t->name);
        return;
    }
    struct lp_quiet_range *v = lp_grow(pl->quiet, &pl->quiet_cap, pl->nquiet, sizeof *v);
    if (!v) {
        lp_plan_fail(pl, 0, LP_E_NOMEM, "out of memory");
        return;
    }
    pl->quiet = v;
    v[pl->nquiet++] = (struct lp_quiet_range){addr, addr + size, q};
}

void lp_plan_quiet(struct lp_plan *pl)
{
    for (size_t i = 0; i < pl->patch->nquiet && pl->status != LP_E_NOMEM; i++)
        if (pl->bound[pl->patch->quiet[i].object]) add_range(pl, &pl->patch->quiet[i]);
}
