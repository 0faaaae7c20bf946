/* load/load.h - a program file becomes guest memory: segments, heap, stack with argv, envp and auxv, as Linux lays them out on arm64. */
#ifndef LP_LOAD_LOAD_H
#define LP_LOAD_LOAD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <arm64lp/elf.h>
#include "mem/mem.h"

#define LP_LOAD_ALIGN UINT64_C(0x10000)    /* of a load bias: the largest page size of AArch64 */
#define LP_AUXV_MAX 32                    /* pairs */
#define LP_STACK_MOST (UINT64_C(1) << 30) /* bytes: what mem/space.c leaves below the top */

/* What a loaded program is. Addresses are the guest's. */
struct lp_image {
    lp_elf *elf;              /* owned */
    bool guarded;             /* its code is mapped with PROT_BTI */
    uint64_t bias;            /* run-time minus link-time address */
    uint64_t start, end;      /* page-rounded extent of the segments */
    uint64_t entry, phdr;     /* run time; phdr 0 = not loaded */
    lp_elf *interp_elf;       /* owned; NULL = statically linked */
    uint64_t interp_bias;     /* AT_BASE: run-time minus link-time address of the interpreter */
    uint64_t first_pc;        /* where the process starts: the interpreter's entry, else the program's */
    uint64_t brk;             /* where the heap starts */
    uint64_t stack_lo, stack_hi;
    uint64_t sp;              /* at argc, 16-byte aligned */
    uint64_t arg_start, arg_end, env_end; /* the strings, for /proc/self/cmdline */
    uint64_t auxv[2 * LP_AUXV_MAX];
    size_t auxv_len;          /* words, AT_NULL included */
};

/* What the new stack shall hold. All borrowed. */
struct lp_stack_args {
    const char *const *argv;  /* NULL-terminated */
    const char *const *envp;
    const char *execfn;       /* AT_EXECFN */
    uint64_t size;            /* bytes; rounded up to pages */
    uint64_t hwcap, hwcap2;
    uint64_t vdso;            /* AT_SYSINFO_EHDR; 0 = none */
    uint32_t uid, euid, gid, egid;
    bool secure;              /* AT_SECURE although the IDs are the same: of a file with capabilities, say */
    uint8_t random[16];       /* AT_RANDOM */
};

/* Map the program that is open on fd (kept by the caller) into the empty address space. `name` is for messages.
 * LP_E_ELF, LP_E_ELF_MACHINE, LP_E_UNSUPPORTED, LP_E_NOMEM. On failure mappings may be left behind: free the address space. */
lp_status lp_load_image(struct lp_mem *mem, int fd, const char *name, struct lp_image *out, struct lp_error *err);
/* Map the interpreter that lp_elf_info(image->elf)->interp asks for, after lp_load_image and before lp_load_stack. The same errors. */
lp_status lp_load_interp(struct lp_mem *mem, int fd, const char *name, struct lp_image *image, struct lp_error *err);
/* The stack below the top of the address space, that grows down (mem/grow.h). LP_E_INVALID when the strings do not fit (E2BIG). */
lp_status lp_load_stack(struct lp_mem *mem, struct lp_image *image, const struct lp_stack_args *args, struct lp_error *err);
void lp_image_close(struct lp_image *image);
#endif
