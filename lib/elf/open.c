/* elf/open.c - opening an ELF file: headers and segments are checked here, everything else is looked at on first use. */
#include <config.h>
#include "elf/cfi.h"
#include "elf/image.h"
#include "elf/line.h"
#include "base/bits.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_MAX (16u << 20)             /* up to here a file is read: a snapshot that no later write changes; longer ones are mapped */
#define FILE_MAX (UINT64_C(8) << 30)

static pthread_once_t elf_once = PTHREAD_ONCE_INIT;
static void elf_init(void) { elf_version(EV_CURRENT); }

static lp_status bad(const struct lp_elf *e, struct lp_error *err, lp_status s, const char *text)
{
    lp_fail(err, s, "%s", text);
    lp_at(err, e->name, 0, 0);
    return s;
}

/* e_ident, e_machine, e_type (gABI 4.1 "ELF Header"). */
static lp_status check_header(struct lp_elf *e, Elf64_Ehdr *eh, struct lp_error *err)
{
    if (!e->size) return bad(e, err, LP_E_ELF, "it is empty: an ELF file is expected");
    if (e->size >= 7 && memcmp(e->image, "lpatch ", 7) == 0) {
        bad(e, err, LP_E_ELF, "it is a patch, not an ELF file");
        return lp_hint(err, "where a command takes both, the ELF file comes first and the patches follow"), LP_E_ELF;
    }
    if (e->size < EI_NIDENT || memcmp(e->image, ELFMAG, SELFMAG) != 0) return bad(e, err, LP_E_ELF, "not an ELF file (no \\177ELF at its start)");
    if (e->image[EI_CLASS] != ELFCLASS64 || e->image[EI_DATA] != ELFDATA2LSB) {
        lp_fail(err, LP_E_ELF_MACHINE, "not an AArch64 ELF64 little-endian file: class %u, data encoding %u (expected 2 and 1)",
                e->image[EI_CLASS], e->image[EI_DATA]);
        return lp_at(err, e->name, 0, 0), LP_E_ELF_MACHINE;
    }
    Elf64_Ehdr *h = e->size < sizeof *h ? NULL : elf64_getehdr(e->elf);
    if (!h) return bad(e, err, LP_E_ELF, "the ELF header is cut off or invalid");
    *eh = *h;
    if (eh->e_machine != EM_AARCH64) {
        lp_fail(err, LP_E_ELF_MACHINE, "not an AArch64 ELF64 little-endian file: machine %u (expected %u)", eh->e_machine, EM_AARCH64);
        return lp_at(err, e->name, 0, 0), LP_E_ELF_MACHINE;
    }
    if (eh->e_type != ET_EXEC && eh->e_type != ET_DYN && eh->e_type != ET_REL)
        return bad(e, err, LP_E_ELF, "neither an executable, a shared object nor an object file");
    return LP_OK;
}

static lp_status bad_segment(struct lp_elf *e, size_t i, const char *text, struct lp_error *err)
{
    lp_fail(err, LP_E_ELF, "program header %zu: %s", i, text);
    lp_at(err, e->name, 0, 0);
    return LP_E_ELF;
}

/* A separate debug file has the program headers of its program, and code sections without content (Elf64_Shdr: type at 4, flags at 8). */
static bool is_debug_file(const struct lp_elf *e)
{
    const Elf64_Ehdr *h = (const Elf64_Ehdr *)(const void *)e->image;
    uint64_t off = h->e_shoff, n = h->e_shnum;
    if (!off || h->e_shentsize != sizeof(Elf64_Shdr) || !lp_within(off, n * sizeof(Elf64_Shdr), e->size)) return false;
    for (uint64_t i = 0; i < n; i++) {
        const uint8_t *p = e->image + off + i * sizeof(Elf64_Shdr);
        if (lp_le32(p + 4) == SHT_NOBITS && lp_le64(p + 8) & SHF_EXECINSTR) return true;
    }
    return false;
}

static lp_status check_segment(struct lp_elf *e, size_t i, struct lp_error *err)
{
    struct lp_elf_segment *s = &e->seg[i];
    if (s->type == PT_LOAD && !lp_within(s->offset, s->filesz, e->size) && is_debug_file(e)) s->filesz = s->offset = 0;
    if (s->type != PT_LOAD) return LP_OK;
    if (s->filesz > s->memsz) return bad_segment(e, i, "p_filesz is larger than p_memsz", err);
    if (s->filesz && !lp_within(s->offset, s->filesz, e->size)) return bad_segment(e, i, "the segment is not inside the file", err);
    if (s->memsz > UINT64_MAX - s->vaddr) return bad_segment(e, i, "the segment wraps around the address space", err);
    return LP_OK;
}

struct load_key { uint64_t vaddr; uint32_t index; };
static int by_vaddr(const void *a, const void *b)
{
    const struct load_key *x = a, *y = b;
    return x->vaddr != y->vaddr ? (x->vaddr < y->vaddr ? -1 : 1) : (x->index > y->index) - (x->index < y->index);
}

static bool sort_loads(struct lp_elf *e)
{
    struct load_key *k = malloc((e->nload + 1) * sizeof *k);
    if (!k) return false;
    for (size_t i = 0; i < e->nload; i++) k[i] = (struct load_key){e->seg[e->load[i]].vaddr, e->load[i]};
    qsort(k, e->nload, sizeof *k, by_vaddr);
    for (size_t i = 0; i < e->nload; i++) e->load[i] = k[i].index;
    free(k);
    return true;
}

/* PT_LOADs by address, for binary search. */
static lp_status index_loads(struct lp_elf *e, struct lp_error *err)
{
    e->load = malloc((e->nseg + 1) * sizeof *e->load);
    if (!e->load) return lp_fail(err, LP_E_NOMEM, "out of memory");
    bool sorted = true;
    for (size_t i = 0; i < e->nseg; i++) {
        if (e->seg[i].type != PT_LOAD || !e->seg[i].memsz) continue;
        if (e->nload && e->seg[i].vaddr < e->seg[e->load[e->nload - 1]].vaddr) sorted = false;
        e->load[e->nload++] = (uint32_t)i;
    }
    if (!sorted && !sort_loads(e)) return lp_fail(err, LP_E_NOMEM, "out of memory");
    for (size_t i = 1; i < e->nload; i++) {
        const struct lp_elf_segment *a = &e->seg[e->load[i - 1]], *b = &e->seg[e->load[i]];
        if (b->vaddr - a->vaddr < a->memsz) return bad_segment(e, e->load[i], "the segment overlaps another", err);
    }
    return LP_OK;
}

static lp_status load_segments(struct lp_elf *e, const Elf64_Ehdr *eh, struct lp_error *err)
{
    size_t n = 0;
    if (eh->e_phoff == 0) return LP_OK;
    if (eh->e_phnum && eh->e_phentsize != sizeof(Elf64_Phdr)) return bad(e, err, LP_E_ELF, "e_phentsize is wrong");
    if (elf_getphdrnum(e->elf, &n) != 0 || n > e->size / sizeof(Elf64_Phdr) || !lp_within(eh->e_phoff, n * sizeof(Elf64_Phdr), e->size) ||
        (eh->e_phnum == PN_XNUM ? n == 0 : n != eh->e_phnum)) /* libelf says fewer when the table is cut */
        return bad(e, err, LP_E_ELF, "the program headers are not inside the file");
    e->seg = calloc(n + 1, sizeof *e->seg);
    if (!e->seg) return lp_fail(err, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        GElf_Phdr p;
        if (!gelf_getphdr(e->elf, (int)i, &p)) return bad(e, err, LP_E_ELF, "a program header cannot be read");
        e->seg[i] = (struct lp_elf_segment){p.p_type, p.p_flags, p.p_offset, p.p_vaddr, p.p_filesz, p.p_memsz, p.p_align};
        e->nseg = i + 1;
        lp_status s = check_segment(e, i, err);
        if (s != LP_OK) return s;
    }
    e->info.phoff = eh->e_phoff;
    e->info.phnum = (uint16_t)(n > UINT16_MAX ? UINT16_MAX : n);
    return index_loads(e, err);
}

/* Where the headers are once loaded: PT_PHDR says it, else the segment that holds them. */
static void find_phdr_vaddr(struct lp_elf *e)
{
    for (size_t i = 0; i < e->nseg; i++)
        if (e->seg[i].type == PT_PHDR) e->info.phdr_vaddr = e->seg[i].vaddr;
    for (size_t i = 0; i < e->nload && !e->info.phdr_vaddr; i++) {
        const struct lp_elf_segment *s = &e->seg[e->load[i]];
        if (e->info.phoff >= s->offset && lp_within(e->info.phoff - s->offset, e->nseg * sizeof(Elf64_Phdr), s->filesz))
            e->info.phdr_vaddr = s->vaddr + (e->info.phoff - s->offset);
    }
}

static lp_status load_info(struct lp_elf *e, struct lp_error *err)
{
    e->info.stack_flags = ~UINT64_C(0);
    for (size_t i = 0; i < e->nseg; i++) {
        const struct lp_elf_segment *s = &e->seg[i];
        bool inside = lp_within(s->offset, s->filesz, e->size);
        if (s->type == PT_GNU_STACK) e->info.stack_flags = s->flags;
        if (s->type == PT_DYNAMIC && inside && !e->dyn_size) e->dyn_off = s->offset, e->dyn_size = s->filesz;
        if (s->type != PT_INTERP || e->info.interp || is_debug_file(e)) continue;
        if (!inside || s->filesz < 2 || s->filesz > 4096 || e->image[s->offset + s->filesz - 1] != 0)
            return bad_segment(e, i, "the interpreter's name (PT_INTERP) is not a string inside the file", err);
        e->info.interp = (const char *)e->image + s->offset;
    }
    find_phdr_vaddr(e);
    uint64_t strtab, size, soname, avail;
    if (lp_elf_dynamic(e, DT_SONAME, &soname) && lp_elf_dynamic(e, DT_STRTAB, &strtab) && lp_elf_dynamic(e, DT_STRSZ, &size)) {
        const uint8_t *p = lp_elf_at(e, strtab, &avail);
        if (p) e->info.soname = lp_elf_str(lp_elf_strtab(e, (uint64_t)(p - e->image), size < avail ? size : avail), soname);
    }
    lp_elf_load_notes(e);
    return LP_OK;
}

static lp_status load(struct lp_elf *e, struct lp_error *err)
{
    pthread_once(&elf_once, elf_init);
    e->elf = elf_memory((char *)e->image, e->size);
    if (!e->elf) return bad(e, err, LP_E_ELF, "not an ELF file");
    Elf64_Ehdr eh = {0};
    lp_status s = check_header(e, &eh, err);
    if (s == LP_OK) s = load_segments(e, &eh, err);
    if (s != LP_OK) return s;
    e->info.name = e->name;
    e->info.type = eh.e_type;
    e->info.entry = eh.e_entry;
    e->info.image = e->image;
    e->info.image_size = e->size;
    return load_info(e, err);
}

static lp_status finish(struct lp_elf *e, const char *name, lp_elf **out, struct lp_error *err)
{
    pthread_mutex_init(&e->lock, NULL);
    pthread_mutex_init(&e->debug_lock, NULL);
    e->name = strdup(name ? name : "");
    lp_status s = e->name ? load(e, err) : lp_fail(err, LP_E_NOMEM, "out of memory");
    if (s == LP_OK) *out = e;
    else lp_elf_close(e);
    return s;
}

static struct lp_elf *fresh(uint8_t *image, size_t size, bool mapped, struct lp_error *err)
{
    struct lp_elf *e = calloc(1, sizeof *e);
    if (e) {
        e->image = image, e->size = size, e->mapped = mapped;
        return e;
    }
    if (mapped) munmap(image, size);
    else free(image);
    lp_fail(err, LP_E_NOMEM, "out of memory");
    return NULL;
}

lp_status lp_elf_open_memory(const void *image, size_t size, const char *name, lp_elf **out, struct lp_error *err)
{
    uint8_t *copy = malloc(size + 1);
    if (!copy) return lp_fail(err, LP_E_NOMEM, "out of memory");
    if (size) memcpy(copy, image, size);
    struct lp_elf *e = fresh(copy, size, false, err);
    return e ? finish(e, name, out, err) : LP_E_NOMEM;
}

/* All of a regular file from its start, wherever the descriptor's offset is: a loader shares the descriptor. */
static lp_status read_regular(int fd, size_t size, const char *name, uint8_t **out, size_t *len, struct lp_error *err)
{
    uint8_t *p = malloc(size + 1);
    if (!p) return lp_fail(err, LP_E_NOMEM, "out of memory");
    size_t got = 0;
    while (got < size) {
        ssize_t n = pread(fd, p + got, size - got, (off_t)got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            int sys = errno;
            free(p);
            lp_fail_sys(err, LP_E_IO, sys, "cannot read");
            return lp_at(err, name, 0, 0), LP_E_IO;
        }
        if (n == 0) break;
        got += (size_t)n;
    }
    *out = p, *len = got;
    return LP_OK;
}

lp_status lp_elf_open_fd(int fd, const char *name, lp_elf **out, struct lp_error *err)
{
    struct stat st;
    uint8_t *image;
    size_t size;
    lp_status s;
    bool mapped = false;
    if (fstat(fd, &st) != 0) {
        lp_fail_sys(err, LP_E_IO, errno, "cannot stat");
        return lp_at(err, name, 0, 0), LP_E_IO;
    }
    if (!S_ISREG(st.st_mode)) {
        s = lp_fd_read(fd, name, FILE_MAX, (char **)&image, &size, err);
    } else if (st.st_size <= READ_MAX) {
        s = read_regular(fd, (size_t)st.st_size, name, &image, &size, err);
    } else {
        size = (size_t)st.st_size;
        image = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        mapped = true;
        s = image != MAP_FAILED ? LP_OK : (lp_fail_sys(err, LP_E_IO, errno, "cannot map"), lp_at(err, name, 0, 0), LP_E_IO);
    }
    if (s != LP_OK) return s;
    struct lp_elf *e = fresh(image, size, mapped, err);
    return e ? finish(e, name, out, err) : LP_E_NOMEM;
}

lp_status lp_elf_open(const char *path, lp_elf **out, struct lp_error *err)
{
    if (strcmp(path, "-") == 0) return lp_elf_open_fd(STDIN_FILENO, "standard input", out, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        lp_status s = errno == ENOENT ? LP_E_NOT_FOUND : LP_E_IO;
        lp_fail_sys(err, s, errno, "cannot open");
        return lp_at(err, path, 0, 0), s;
    }
    lp_status s = lp_elf_open_fd(fd, path, out, err);
    close(fd);
    return s;
}

void lp_elf_close(lp_elf *e)
{
    if (!e) return;
    for (struct lp_elf_chunk *c = e->arena.chunk, *next; c; c = next) next = c->next, free(c);
    free(e->sym), free(e->unnamed), free(e->by_name), free(e->funcs.v), free(e->datas.v), free(e->labels.v);
    lp_elf_free_dynamic(e);
    lp_lines_free(e->lines);
    lp_elf_close(e->debug);
    lp_cfi_table_free(e->cfi_table);
    free(e->mark), free(e->stub), free(e->reloc), free(e->exec), free(e->sec), free(e->seg), free(e->load);
    if (e->elf) elf_end(e->elf);
    if (e->mapped) munmap(e->image, e->size);
    else free(e->image);
    pthread_mutex_destroy(&e->lock);
    pthread_mutex_destroy(&e->debug_lock);
    free(e->name);
    free(e);
}

const struct lp_elf_info *lp_elf_info(const lp_elf *e) { return &e->info; }
void lp_elf_sha256(const lp_elf *e, uint8_t out[32]) { lp_sha256(e->image, e->size, out); }

bool lp_elf_code_extent(const lp_elf *e, uint64_t *start, uint64_t *end)
{
    *start = UINT64_MAX, *end = 0;
    for (size_t i = 0; i < e->nseg; i++) {
        const struct lp_elf_segment *s = &e->seg[i];
        if (s->type != PT_LOAD || !(s->flags & PF_X)) continue;
        if (s->vaddr < *start) *start = s->vaddr;
        if (s->vaddr + s->memsz > *end) *end = s->vaddr + s->memsz;
    }
    return *end > *start;
}

const struct lp_elf_segment *lp_elf_segments(const lp_elf *e, size_t *count)
{
    if (count) *count = e->nseg;
    return e->seg;
}
