/* live/frames.c - the program's own unwinder finds its way through new bodies, for exceptions, pthread_cancel, pthread_exit and backtrace().
 *
 * libgcc knows what the dynamic linker has loaded and what was registered with it, and a new body is neither. It asks one function what an address
 * belongs to; that is watched, and answered for addresses in new bodies with the FDE that was placed beside the body. Nothing of the program's is
 * called, and none of its data is changed. Sources: DWARF 5, 6.4.1; the .eh_frame chapter of the LSB; libgcc's interface, the same since GCC 3. */
#include <config.h>
#include "base/buf.h"
#include "live/frames.h"
#include "live/journal.h"
#include "patch/frame.h"

#include <elf.h>

/* ---- who asks: const fde *_Unwind_Find_FDE(void *pc, struct dwarf_eh_bases *bases) ---- */

struct lp_asker { uint64_t pc; _Atomic bool gone; }; /* changes under the gate; gone: without it, with the lock */

static bool is_asker(const struct lp_live *live, uint64_t pc)
{
    for (size_t i = 0; i < live->nasker; i++)
        if (live->asker[i].pc == pc) return !atomic_load_explicit(&live->asker[i].gone, memory_order_relaxed);
    return false;
}

void lp_frame_watched(struct lp_live *live, struct lp_cpu *cpu)
{
    if (!is_asker(live, cpu->pc)) return;
    const struct lp_body *b = lp_body_at(live, cpu->x[0]);
    const uint64_t bases[3] = {0, 0, b ? b->start : 0}; /* of text and data, for encodings that are not used here; of the function */
    if (!b || !b->frame || lp_mem_write(live->mem, cpu->x[1], bases, sizeof bases) != 0) return;
    lp_cpu_untrack(cpu); /* what was stored is no store of the program's */
    cpu->x[0] = b->frame + LP_FRAME_FDE;
    cpu->pc = cpu->x[30];
    cpu->pstate &= ~LP_PSTATE_BTYPE;
}

/* ---- where it is: in libgcc_s.so.1, and in each object that libgcc was linked into ---- */

static void seek(struct lp_live *live, struct lp_target *t)
{
    const struct lp_elf_symbol *sym;
    t->sought = true;
    if (!lp_target_open(t, live->mem) || lp_elf_find(t->elf, "_Unwind_Find_FDE", &sym, NULL) != LP_OK || sym->type != STT_FUNC) return;
    t->asker = sym->value + t->bias;
    live->askers_changed = true;
}

bool lp_frames_seek(struct lp_live *live)
{
    for (size_t i = 0; i < live->objects.n; i++) {
        struct lp_target *t = live->objects.v[i];
        if (!t->gone && t->mapped && !t->sought) seek(live, t);
    }
    return live->askers_changed;
}

static void add_asker(struct lp_live *live, uint64_t pc)
{
    struct lp_asker *v = lp_grow(live->asker, &live->asker_cap, live->nasker, sizeof *v);
    if (!v) return;
    live->asker = v;
    if (lp_ops_watch(live->mem, pc, true) == 0) v[live->nasker++] = (struct lp_asker){pc, false};
}

void lp_frames_watch(struct lp_live *live)
{
    for (size_t i = 0; i < live->nasker; i++) lp_ops_watch(live->mem, live->asker[i].pc, false);
    live->nasker = 0;
    live->askers_changed = false;
    for (size_t i = 0; i < live->objects.n; i++)
        if (live->objects.v[i]->asker && !live->objects.v[i]->gone) add_asker(live, live->objects.v[i]->asker);
}

void lp_frames_arrive(struct lp_live *live)
{
    if (!atomic_load(&live->nframe) || !lp_frames_seek(live)) return;
    lp_live_stop(live);
    lp_frames_watch(live);
    lp_live_resume(live);
}

void lp_frames_unmapped(struct lp_live *live, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < live->nasker; i++)
        if (live->asker[i].pc >= start && live->asker[i].pc < end) atomic_store(&live->asker[i].gone, true), live->askers_changed = true;
}
