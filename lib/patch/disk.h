/* patch/disk.h - between the files that patch ELF files. */
#ifndef LP_PATCH_DISK_H
#define LP_PATCH_DISK_H
#include "patch/plan.h"
#include "elf/write.h"

/* own: it is one that the file has already; NULL = a new one, the caller's. */
struct lp_disk_item { const lp_patch *patch; lp_patch *own; bool leaves; struct lp_plan plan; };
struct lp_disk {
    const lp_elf *elf;              /* as it was without any patch */
    lp_elf *opened;                 /* if that is another one */
    uint8_t *view;                  /* its bytes as they are in memory, with the patches so far */
    struct lp_disk_kind kind;
    struct lp_file_space file;
    uint64_t next;                  /* where the next new segment goes */
    struct lp_disk_item *item;
    size_t nitem, item_cap;
    struct lp_disk_result *result;
    lp_report_fn report;
    void *ctx;
    struct lp_error *err;
    /* what goes to lp_elf_extend() */
    struct lp_elf_edit *edit;
    struct lp_elf_part *part;
    struct lp_elf_named *named;
    struct lp_elf_frame *frame;
    struct lp_dynrel *rel;
    struct lp_elf_span *gone;
    size_t nedit, edit_cap, npart, part_cap, nnamed, named_cap, nframe, frame_cap, nrel, rel_cap, ngone, gone_cap;
    struct lp_patch pool;           /* memory */
};
/* disk_build.c: what the plan of one patch changes and brings. */
lp_status lp_disk_collect(struct lp_disk *d, struct lp_disk_item *it);
/* Would it go into the file, with those that are there, but for what it requires and conflicts with? If so, `idle` gets the changes that change nothing. */
lp_status lp_disk_try(const lp_elf *elf, const lp_patch *p, lp_report_fn report, void (*idle)(void *ctx, uint32_t line), void *ctx);
/* The file. */
lp_status lp_disk_write(struct lp_disk *d);
void lp_disk_more_free(struct lp_disk *d);
#endif
