/* load/stack.c - the first stack: strings, auxv, envp, argv, argc, in the order in which Linux (fs/binfmt_elf.c) leaves them. */
#include <config.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/bits.h"
#include "base/error.h"
#include "load/load.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
/* Kernel's arm64 signal frame with FP/SIMD: struct rt_sigframe (128 + 4560) rounded up plus the frame record. */
#define MIN_SIGNAL_STACK 4720

/* The stack is written downwards from image->stack_hi; the first failure sticks. */
struct writer {
    struct lp_mem *mem;
    uint64_t sp, low; /* low: strings and vectors may not reach below it */
    int error;        /* errno value */
};

static void push(struct writer *w, const void *p, size_t n)
{
    if (w->error)
        return;
    if (w->sp - w->low < n) {
        w->error = E2BIG;
        return;
    }
    w->sp -= n;
    w->error = -lp_mem_write(w->mem, w->sp, p, n);
}

static size_t count(const char *const *v)
{
    size_t n = 0;
    while (v && v[n])
        n++;
    return n;
}

/* Strings of a vector, last one first, so that they lie in ascending order; their addresses go to ptr[]. */
static void push_strings(struct writer *w, const char *const *v, size_t n, uint64_t *ptr)
{
    for (size_t i = n; i-- > 0;) {
        push(w, v[i], strlen(v[i]) + 1);
        ptr[i] = w->sp;
    }
    ptr[n] = 0;
}

static void aux(struct lp_image *im, uint64_t type, uint64_t value)
{
    im->auxv[im->auxv_len++] = type;
    im->auxv[im->auxv_len++] = value;
}

static void make_auxv(struct lp_image *im, const struct lp_stack_args *a, uint64_t random, uint64_t execfn, uint64_t platform)
{
    im->auxv_len = 0;
    if (a->vdso)
        aux(im, AT_SYSINFO_EHDR, a->vdso);
    aux(im, AT_MINSIGSTKSZ, MIN_SIGNAL_STACK);
    aux(im, AT_HWCAP, a->hwcap);
    aux(im, AT_PAGESZ, LP_PAGE);
    aux(im, AT_CLKTCK, 100); /* USER_HZ of every Linux port but alpha and ia64 */
    aux(im, AT_PHDR, im->phdr);
    aux(im, AT_PHENT, sizeof(Elf64_Phdr));
    aux(im, AT_PHNUM, lp_elf_info(im->elf)->phnum);
    aux(im, AT_BASE, im->interp_bias);
    aux(im, AT_FLAGS, 0);
    aux(im, AT_ENTRY, im->entry);
    aux(im, AT_UID, a->uid);
    aux(im, AT_EUID, a->euid);
    aux(im, AT_GID, a->gid);
    aux(im, AT_EGID, a->egid);
    aux(im, AT_SECURE, a->secure || a->uid != a->euid || a->gid != a->egid);
    aux(im, AT_RANDOM, random);
    aux(im, AT_HWCAP2, a->hwcap2);
    aux(im, AT_EXECFN, execfn);
    aux(im, AT_PLATFORM, platform);
    aux(im, AT_NULL, 0);
}

/* argc, argv[], NULL, envp[], NULL, auxv: one block, SP at its start. */
static void push_vectors(struct writer *w, struct lp_image *im, const uint64_t *ptr, size_t argc, size_t envc)
{
    uint64_t argc64 = argc;
    size_t words = 1 + (argc + 1) + (envc + 1) + im->auxv_len;
    if (!w->error && w->sp - w->low < words * 8 + 16) {
        w->error = E2BIG;
        return;
    }
    w->sp = lp_align_down(w->sp - words * 8, 16) + words * 8; /* AAPCS64: SP is a multiple of 16 */
    push(w, im->auxv, im->auxv_len * 8);
    push(w, ptr + argc + 1, (envc + 1) * 8);
    push(w, ptr, (argc + 1) * 8);
    push(w, &argc64, 8);
}

static void fill(struct writer *w, struct lp_image *im, const struct lp_stack_args *a, uint64_t *ptr, size_t argc, size_t envc)
{
    static const char end[8];
    push(w, end, sizeof end);
    push(w, a->execfn, strlen(a->execfn) + 1);
    uint64_t execfn = w->sp;
    im->env_end = w->sp;
    push_strings(w, a->envp, envc, ptr + argc + 1);
    im->arg_end = w->sp;
    push_strings(w, a->argv, argc, ptr);
    im->arg_start = w->sp;
    push(w, "aarch64", 8);
    uint64_t platform = w->sp;
    w->sp = lp_align_down(w->sp, 16);
    push(w, a->random, sizeof a->random);
    make_auxv(im, a, w->sp, execfn, platform);
    push_vectors(w, im, ptr, argc, envc);
    im->sp = w->sp;
}

static int map_stack(struct lp_mem *mem, struct lp_image *im, uint64_t size)
{
    int flags = MAP_PRIVATE | LP_MAP_ANONYMOUS | MAP_FIXED | LP_MAP_NORESERVE | LP_MAP_GROWSDOWN;
    uint64_t limit = lp_mem_limit(mem), hi = limit - LP_LOAD_ALIGN; /* nothing at the very top */
    if (size > limit / 4)
        return -ENOMEM;
    im->stack_hi = hi;
    im->stack_lo = hi - size;
    size_t n;
    const struct lp_elf_segment *seg = lp_elf_segments(im->elf, &n);
    int prot = PROT_READ | PROT_WRITE;
    for (size_t i = 0; i < n; i++)
        if (seg[i].type == PT_GNU_STACK && seg[i].flags & PF_X)
            prot |= PROT_EXEC;
    int64_t r = lp_mem_mmap(mem, im->stack_lo, size, prot, flags, -1, 0);
    if (r < 0)
        return (int)r;
    lp_mem_name(mem, im->stack_lo, size, "[stack]", 0);
    return 0;
}

lp_status lp_load_stack(struct lp_mem *mem, struct lp_image *im, const struct lp_stack_args *a, struct lp_error *err)
{
    size_t argc = count(a->argv), envc = count(a->envp);
    uint64_t size = lp_align_up(a->size, LP_PAGE);
    if (size < 4 * LP_PAGE)
        return lp_fail(err, LP_E_INVALID, "a stack of 0x%llx bytes is too small (at least 16384)", (unsigned long long)a->size);
    uint64_t *ptr = calloc(argc + envc + 2, sizeof *ptr);
    if (!ptr)
        return lp_fail(err, LP_E_NOMEM, "no memory for the arguments");
    int r = map_stack(mem, im, size);
    if (r) {
        free(ptr);
        return lp_fail_sys(err, LP_E_NOMEM, -r, "mapping a stack of 0x%llx bytes", (unsigned long long)size);
    }
    /* As Linux: strings and pointers may take a quarter of the stack... but a small -s must still hold a usual environment. */
    struct writer w = {mem, im->stack_hi, size > 0x100000 ? im->stack_hi - size / 4 : im->stack_lo + 2 * LP_PAGE, 0};
    fill(&w, im, a, ptr, argc, envc);
    free(ptr);
    if (w.error) {
        lp_fail_sys(err, w.error == E2BIG ? LP_E_INVALID : LP_E_SYSTEM, w.error, "arguments and environment");
        lp_hint(err, "fewer arguments, or a larger stack");
        return err ? err->status : LP_E_INVALID;
    }
    return LP_OK;
}
