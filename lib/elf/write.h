/* elf/write.h - an ELF file with more in it. Nothing that is there moves in memory but what only the dynamic linker and the kernel look at; a record
 * (section .note.lpatch) has every byte that was changed, so that the file as it was can be had back, and the patches that were put in. */
#ifndef LP_ELF_WRITE_H
#define LP_ELF_WRITE_H
#include "elf/cfi.h"
#include "elf/dynamic.h"
#include "elf/image.h"

struct lp_elf_edit { uint64_t off; size_t len; const uint8_t *bytes; };  /* of the file as it is */
struct lp_elf_part {                /* new: a PT_LOAD and its section; in ascending order, all behind what is there */
    const char *section;
    uint32_t flags;                 /* PF_* */
    uint64_t vaddr, len;            /* vaddr: a multiple of 64 KiB */
    const uint8_t *bytes;
    uint64_t bss, bss_len;          /* zeros behind it */
};
struct lp_elf_named { const char *name; uint64_t value, size; bool code; };  /* a new symbol */
struct lp_elf_frame {               /* how a new function is unwound */
    uint64_t start, size;
    const uint8_t *insns;           /* against the CIE of lp_cfi_run_plain(); NULL: those of `like` */
    size_t len;
    bool key_b;                     /* it signs return addresses with key B (of insns) */
    uint64_t like;                  /* the function whose FDE it takes, with its handlers, or, if it has an lsda, whose personality; 0 = none */
    uint64_t lsda;                  /* its own exception table, 0 = none */
};
struct lp_elf_kept { const char *file, *text; size_t len; };                 /* a patch, and what its file was called */

struct lp_elf_more {
    const struct lp_elf_edit *edit;
    size_t nedit;
    const struct lp_elf_part *part;
    size_t npart;
    const struct lp_elf_named *named;
    size_t nnamed;
    const struct lp_elf_frame *frame;
    size_t nframe;
    const struct lp_dynrel *rel;    /* new dynamic relocations */
    size_t nrel;
    const struct lp_elf_span *gone; /* by address: dynamic relocations there go */
    size_t ngone;
    const struct lp_elf_kept *kept;
    size_t nkept;
};
/* *out: free(). The same input gives the same bytes. LP_E_UNSUPPORTED: the file's tables do not allow it. */
lp_status lp_elf_extend(const lp_elf *elf, const struct lp_elf_more *m, uint8_t **out, size_t *size, struct lp_error *err);

/* ---- the record (record.c) ---- */
/* The first address behind all segments, a multiple of 64 KiB; 0 = there is none. */
uint64_t lp_elf_end(const lp_elf *elf);
/* The patches in the file, in the order in which they came; their strings are in the image. NULL: none (*n = 0), or no memory; else free(). */
struct lp_elf_kept *lp_elf_kept(const lp_elf *elf, size_t *n);
/* Has it a record? */
bool lp_elf_is_extended(const lp_elf *elf);
/* The file as it was. LP_E_BINDING: something else has changed it since. */
lp_status lp_elf_original(const lp_elf *elf, lp_elf **out, struct lp_error *err);
#endif
