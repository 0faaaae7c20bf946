/* load/image.c - PT_LOAD segments of a program and of its interpreter into guest memory. */
#include <config.h>
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "base/bits.h"
#include "base/error.h"
#include "load/load.h"

#ifndef PT_GNU_PROPERTY
#define PT_GNU_PROPERTY 0x6474e553
#endif
#ifndef GNU_PROPERTY_AARCH64_FEATURE_1_BTI
#define GNU_PROPERTY_AARCH64_FEATURE_1_BTI 1
#endif

#define NO_PLACE UINT64_MAX

static uint64_t page_down(uint64_t v) { return lp_align_down(v, LP_PAGE); }
static uint64_t page_up(uint64_t v) { return lp_align_up(v, LP_PAGE); }

/* Linux guards the code of the file where the process starts, a static program or an interpreter, if it says that it is made for it
 * (arch_elf_adjust_prot()), and looks at PT_GNU_PROPERTY only; all else is the interpreter's to guard. */
static bool is_guarded(const struct lp_image *im, bool starts)
{
    size_t n;
    if (!starts)
        return false;
    const struct lp_elf_segment *seg = lp_elf_segments(im->elf, &n);
    while (n > 0 && seg[n - 1].type != PT_GNU_PROPERTY)
        n--;
    return n > 0 && lp_elf_info(im->elf)->gnu_property & GNU_PROPERTY_AARCH64_FEATURE_1_BTI;
}

static int prot_of(const struct lp_image *im, uint32_t flags)
{
    return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0) |
           (flags & PF_X && im->guarded ? LP_PROT_BTI : 0);
}

static lp_status bad(struct lp_error *err, const struct lp_image *im, const char *what, size_t n)
{
    lp_fail(err, LP_E_ELF, "program header %zu: %s", n, what);
    return lp_at(err, lp_elf_info(im->elf)->name, 0, 0);
}

/* One segment by itself: everything that later arithmetic relies on. */
static const char *segment_fault(const struct lp_elf_segment *s, uint64_t file_size, uint64_t limit)
{
    if (s->filesz > s->memsz)
        return "more bytes in the file than in memory";
    if (s->filesz && !lp_within(s->offset, s->filesz, file_size))
        return "segment reaches past the end of the file";
    if (!lp_within(s->vaddr, s->memsz, limit - LP_PAGE))
        return "segment outside the guest's address space";
    if ((s->vaddr ^ s->offset) & (LP_PAGE - 1))
        return "file offset and address differ within the page (p_offset and p_vaddr must be equal modulo 4096)";
    return NULL;
}

/* Check all of PT_LOAD; [start, end) becomes their link-time extent. Segments ascend (ELF gABI) and do not overlap; two may share a page only
 * if the file shows the same bytes there and the first has no zeroed tail in it. */
static lp_status check_segments(struct lp_image *im, uint64_t limit, struct lp_error *err)
{
    const struct lp_elf_info *info = lp_elf_info(im->elf);
    const struct lp_elf_segment *prev = NULL;
    size_t n;
    const struct lp_elf_segment *seg = lp_elf_segments(im->elf, &n);
    bool entry_ok = false;

    for (size_t i = 0; i < n; i++) {
        const struct lp_elf_segment *s = &seg[i];
        if (s->type != PT_LOAD || s->memsz == 0)
            continue;
        const char *fault = segment_fault(s, info->image_size, limit);
        if (fault)
            return bad(err, im, fault, i);
        if (prev && s->vaddr < prev->vaddr + prev->memsz)
            return bad(err, im, "segment overlaps the one before it, or is out of order", i);
        if (prev && page_down(s->vaddr) < page_up(prev->vaddr + prev->memsz) &&
            (prev->memsz > prev->filesz || s->vaddr - s->offset != prev->vaddr - prev->offset))
            return bad(err, im, "segment shares a page with the one before it", i);
        if (!prev)
            im->start = page_down(s->vaddr);
        im->end = page_up(s->vaddr + s->memsz);
        if (s->flags & PF_X && info->entry >= s->vaddr && info->entry - s->vaddr < s->memsz)
            entry_ok = true;
        prev = s;
    }
    if (!prev) {
        lp_fail(err, LP_E_ELF, "there is no segment to load");
        return lp_at(err, info->name, 0, 0);
    }
    if (!entry_ok || info->entry & 3) {
        lp_fail(err, LP_E_ELF, "the entry point 0x%llx is not in an executable segment, or not a multiple of 4",
                (unsigned long long)info->entry);
        return lp_at(err, info->name, 0, 0);
    }
    return LP_OK;
}

static lp_status check_type(const struct lp_image *im, struct lp_error *err)
{
    const struct lp_elf_info *info = lp_elf_info(im->elf);
    if (info->type != ET_EXEC && info->type != ET_DYN) {
        lp_fail(err, LP_E_ELF, "not a program (e_type is %u): an object file or core cannot be run", info->type);
        return lp_at(err, info->name, 0, 0);
    }
    return LP_OK;
}

/* ET_EXEC stays where it was linked; ET_DYN goes to two thirds of the address space, where Linux puts it without ASLR. */
static uint64_t program_bias(struct lp_mem *mem, const struct lp_image *im)
{
    if (lp_elf_info(im->elf)->type == ET_EXEC)
        return 0;
    return lp_align_down(lp_mem_limit(mem) / 3 * 2, LP_LOAD_ALIGN) - lp_align_down(im->start, LP_LOAD_ALIGN);
}

/* An interpreter goes where mmap puts things. The room is given back at once: nothing else maps while a program is loaded. */
static uint64_t interp_bias(struct lp_mem *mem, const struct lp_image *im)
{
    uint64_t from = lp_align_down(im->start, LP_LOAD_ALIGN), len = im->end - from + LP_LOAD_ALIGN - LP_PAGE;
    if (lp_elf_info(im->elf)->type == ET_EXEC)
        return lp_mem_check(mem, im->start, LP_PAGE, LP_MAPPED, NULL) ? NO_PLACE : 0;
    int64_t at = lp_mem_mmap(mem, 0, len, PROT_NONE, MAP_PRIVATE | LP_MAP_ANONYMOUS | LP_MAP_NORESERVE, -1, 0);
    if (at < 0 || lp_mem_munmap(mem, (uint64_t)at, len))
        return NO_PLACE;
    return lp_align_up((uint64_t)at, LP_LOAD_ALIGN) - from;
}

static int map_at(struct lp_mem *mem, uint64_t at, uint64_t len, int prot, int fd, uint64_t off)
{
    int flags = MAP_PRIVATE | MAP_FIXED | (fd < 0 ? LP_MAP_ANONYMOUS : 0);
    int64_t r = lp_mem_mmap(mem, at, len, prot, flags, fd, (int64_t)off);
    return r < 0 ? (int)r : 0;
}

/* Bytes between the end of the file's part and the end of its page belong to the zeroed tail. */
static int zero_tail(struct lp_mem *mem, uint64_t from, uint64_t to, int prot)
{
    static const char zeros[LP_PAGE];
    int r = 0;
    if (!(prot & PROT_WRITE))
        r = lp_mem_mprotect(mem, page_down(from), LP_PAGE, PROT_READ | PROT_WRITE);
    if (!r)
        r = lp_mem_write(mem, from, zeros, to - from);
    if (!r && !(prot & PROT_WRITE))
        r = lp_mem_mprotect(mem, page_down(from), LP_PAGE, prot);
    return r;
}

static int map_segment(struct lp_mem *mem, int fd, const struct lp_image *im, const struct lp_elf_segment *s)
{
    uint64_t start = page_down(s->vaddr) + im->bias, end = page_up(s->vaddr + s->memsz) + im->bias;
    uint64_t file_end = s->vaddr + s->filesz + im->bias, mapped = s->filesz ? page_up(file_end) : start;
    int prot = prot_of(im, s->flags), r = 0;

    if (s->filesz) {
        r = map_at(mem, start, mapped - start, prot, fd, page_down(s->offset));
        if (!r)
            lp_mem_name(mem, start, mapped - start, lp_elf_info(im->elf)->name, page_down(s->offset));
    }
    if (!r && s->memsz > s->filesz && file_end < mapped)
        r = zero_tail(mem, file_end, mapped, prot);
    if (!r && end > mapped)
        r = map_at(mem, mapped, end - mapped, prot, -1, 0);
    return r;
}

static lp_status map_all(struct lp_mem *mem, int fd, struct lp_image *im, struct lp_error *err)
{
    size_t n;
    const struct lp_elf_segment *seg = lp_elf_segments(im->elf, &n);
    for (size_t i = 0; i < n; i++) {
        if (seg[i].type != PT_LOAD || seg[i].memsz == 0)
            continue;
        int r = map_segment(mem, fd, im, &seg[i]);
        if (r == -EPERM)
            return bad(err, im, "its address is below the lowest that Linux maps (vm.mmap_min_addr)", i);
        if (r) {
            lp_fail_sys(err, r == -ENOMEM ? LP_E_NOMEM : LP_E_SYSTEM, -r, "mapping segment %zu at 0x%llx (0x%llx bytes)", i,
                        (unsigned long long)(seg[i].vaddr + im->bias), (unsigned long long)seg[i].memsz);
            return lp_at(err, lp_elf_info(im->elf)->name, 0, 0);
        }
    }
    return LP_OK;
}

/* Check and map one file, at the bias that place() chooses. */
static lp_status load_file(struct lp_mem *mem, int fd, const char *name, struct lp_image *out, bool interp,
                           uint64_t (*place)(struct lp_mem *mem, const struct lp_image *im), struct lp_error *err)
{
    memset(out, 0, sizeof *out);
    lp_status s = lp_elf_open_fd(fd, name, &out->elf, err);
    if (s == LP_OK)
        s = check_type(out, err);
    if (s == LP_OK)
        s = check_segments(out, lp_mem_limit(mem), err);
    if (s == LP_OK) {
        out->guarded = is_guarded(out, interp || !lp_elf_info(out->elf)->interp);
        out->bias = place(mem, out);
        if (out->bias == NO_PLACE || out->end + out->bias > lp_mem_limit(mem)) {
            lp_fail(err, LP_E_NOMEM, "the program (0x%llx bytes) does not fit into the guest's address space",
                    (unsigned long long)(out->end - out->start));
            s = lp_at(err, name, 0, 0);
        }
    }
    if (s == LP_OK && (s = map_all(mem, fd, out, err)) != LP_OK)
        lp_mem_munmap(mem, page_down(out->start + out->bias), page_up(out->end + out->bias) - page_down(out->start + out->bias));
    if (s != LP_OK)
        lp_image_close(out);
    return s;
}

lp_status lp_load_image(struct lp_mem *mem, int fd, const char *name, struct lp_image *out, struct lp_error *err)
{
    lp_status s = load_file(mem, fd, name, out, false, program_bias, err);
    if (s != LP_OK)
        return s;
    const struct lp_elf_info *info = lp_elf_info(out->elf);
    out->start += out->bias;
    out->end += out->bias;
    out->entry = out->first_pc = info->entry + out->bias;
    out->phdr = info->phdr_vaddr ? info->phdr_vaddr + out->bias : 0;
    out->brk = out->end;
    return LP_OK;
}

lp_status lp_load_interp(struct lp_mem *mem, int fd, const char *name, struct lp_image *image, struct lp_error *err)
{
    struct lp_image im;
    lp_status s = load_file(mem, fd, name, &im, true, interp_bias, err);
    if (s != LP_OK)
        return s;
    image->first_pc = lp_elf_info(im.elf)->entry + im.bias;
    image->interp_bias = im.bias;
    image->interp_elf = im.elf;
    return LP_OK;
}

void lp_image_close(struct lp_image *image)
{
    lp_elf_close(image->elf);
    lp_elf_close(image->interp_elf);
    image->elf = image->interp_elf = NULL;
}
