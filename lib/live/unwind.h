/* live/unwind.h - the activations of a stopped thread: by call frame information (the object's, a patch's), else by frame records, and where both
 * break by whatever on the stack looks like a return address. */
#ifndef LP_LIVE_UNWIND_H
#define LP_LIVE_UNWIND_H
#include "elf/cfi.h"
#include "exec/cpu.h"

struct lp_live;

enum lp_frame_kind {
    LP_FRAME_PC,       /* where the thread is, or where a signal interrupted it */
    LP_FRAME_LINK,     /* x30 there: the return address, unless the function has called others: then it is in the function itself */
    LP_FRAME_CALLER,   /* a return address */
    LP_FRAME_POSSIBLE, /* a word on the stack, which may be a return address */
    LP_FRAME_NONE,     /* of a stack that cannot be read: addr is where */
};
struct lp_frame { uint64_t addr; enum lp_frame_kind kind; uint64_t sp; }; /* sp: at addr; of records a lower bound */

/* A new body: what unwinds it comes with it. */
struct lp_body { uint64_t start, end; uint8_t *cfi; size_t cfi_len; uint64_t frame; }; /* frame: where the same is for the program (frames.c); 0 = none */

/* The one at pc; NULL = none. In the gate's RUNNING state, under the gate, or with the lock held. */
const struct lp_body *lp_body_at(const struct lp_live *live, uint64_t pc);

/* Rules by address, good as long as no object comes or goes. */
enum { LP_CFI_CACHE = 256 };
struct lp_cfi_slot { uint64_t pc; bool good; struct lp_cfi cfi; };

/* Call fn for each, from the innermost one on, until it returns true; then true. Under the gate, or on the thread itself between two instructions.
 * A code of pointer authentication is taken off. */
bool lp_unwind(struct lp_live *live, const struct lp_cpu *cpu, bool (*fn)(void *ctx, const struct lp_frame *f), void *ctx);
/* Before the gate is closed, with the engine's lock held: what lp_unwind needs of objects is made ready. */
void lp_unwind_prepare(struct lp_live *live);
#endif
