/* live/objects.h - the ELF files that the running program has mapped, found by its mappings: the executable, its dynamic loader, libraries. */
#ifndef LP_LIVE_OBJECTS_H
#define LP_LIVE_OBJECTS_H
#include "patch/plan.h"
#include "mem/mem.h"

enum { LP_MOST_GOING = 16 };
struct lp_going { uint64_t start, end; };
struct lp_objects {
    struct lp_target **v;
    size_t n, cap;
    uint64_t serial;
    bool unfinished;                           /* an object is being mapped */
    struct lp_going going[LP_MOST_GOING];      /* of threads that are about to unmap something */
    unsigned ngoing;
};

/* A file that is loaded already, opened by the caller; the first is the main program. False without memory. */
bool lp_objects_add(struct lp_objects *o, const lp_elf *elf, uint64_t bias);
/* Look at the mappings: what is new is added, what is no more there is marked gone. */
void lp_objects_scan(struct lp_objects *o, struct lp_mem *mem);
/* [start, end) is about to go: nothing that starts there is looked at until it has gone. */
void lp_objects_going(struct lp_objects *o, uint64_t start, uint64_t end);
void lp_objects_went(struct lp_objects *o, uint64_t start, uint64_t end);
/* Free what is gone and not in use. */
void lp_objects_sweep(struct lp_objects *o, bool (*used)(void *ctx, const struct lp_target *t), void *ctx);
void lp_objects_free(struct lp_objects *o);
/* [start, end) has lost the right to be written: so does the dynamic linker when an object is relocated (PT_GNU_RELRO). */
void lp_objects_protected(struct lp_objects *o, uint64_t start, uint64_t end);

/* t->elf, by its file or, if that is another one now, by what is mapped. False: t->why says why not. */
bool lp_target_open(struct lp_target *t, struct lp_mem *mem);
/* Its DT_SONAME, from what is mapped; NULL = none, or not there yet. Most objects are no patch's business, so their files stay closed. */
const char *lp_target_soname(struct lp_target *t, struct lp_mem *mem);
/* Has the dynamic linker done its work in it, by what it holds? */
bool lp_target_relocated(struct lp_target *t, struct lp_mem *mem);
#endif
