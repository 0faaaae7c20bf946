/* live/objects.c - the objects of the running program: found by the ELF headers at the start of mapped files, opened when they are needed. */
#include <config.h>
#include "base/bits.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "elf/dynamic.h"
#include "elf/image.h"
#include "live/objects.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PHDRS_MAX = 128 };
#define COPY_MAX (UINT64_C(256) << 20)

static struct lp_target *add(struct lp_objects *o, const struct lp_target *like, const char *path)
{
    struct lp_target **v = lp_grow(o->v, &o->cap, o->n, sizeof(struct lp_target *)), *t = malloc(sizeof *t);
    char *copy = strdup(path);
    if (v) o->v = v;
    if (!v || !t || !copy) return free(t), free(copy), NULL;
    *t = *like;
    t->path = copy;
    t->name = lp_base_name(copy);
    t->serial = ++o->serial;
    return v[o->n++] = t;
}

static void set_extent(struct lp_target *t, const struct lp_elf_segment *s, size_t n)
{
    t->start = UINT64_MAX;
    for (size_t i = 0; i < n; i++) {
        if (s[i].type == PT_GNU_RELRO) t->relro = s[i].vaddr + t->bias, t->relro_end = lp_align_down(t->relro + s[i].memsz, LP_PAGE);
        if (s[i].type == PT_DYNAMIC) t->dynamic = s[i].vaddr + t->bias;
        if (s[i].type != PT_LOAD) continue;
        uint64_t start = lp_align_down(s[i].vaddr + t->bias, LP_PAGE), end = s[i].vaddr + t->bias + s[i].memsz;
        if (start < t->start) t->start = start;
        if (end > t->end) t->end = end;
    }
    if (t->start > t->end) t->start = t->end;
    if (lp_align_down(t->relro, LP_PAGE) >= t->relro_end) t->relro = t->relro_end = 0; /* less than a page: nothing is protected */
}

bool lp_objects_add(struct lp_objects *o, const lp_elf *elf, uint64_t bias)
{
    size_t n;
    const struct lp_elf_segment *s = lp_elf_segments(elf, &n);
    struct lp_target like = {.elf = elf, .bias = bias, .main = o->n == 0, .fixed = true, .mapped = true};
    set_extent(&like, s, n);
    return add(o, &like, lp_elf_info(elf)->name) != NULL;
}

/* ---- the mappings ---- */

struct header { Elf64_Ehdr eh; struct lp_elf_segment seg[PHDRS_MAX]; size_t n; };

/* The headers at the start of a mapping: is it the first page of an AArch64 program or library? */
static bool read_header(struct lp_mem *mem, const struct lp_mapping *m, struct header *h)
{
    Elf64_Phdr p;
    const Elf64_Ehdr *e = &h->eh;
    if (lp_mem_read(mem, &h->eh, m->start, sizeof h->eh) != 0 || memcmp(e->e_ident, ELFMAG, SELFMAG) != 0) return false;
    if (e->e_ident[EI_CLASS] != ELFCLASS64 || e->e_ident[EI_DATA] != ELFDATA2LSB || e->e_machine != EM_AARCH64) return false;
    if ((e->e_type != ET_DYN && e->e_type != ET_EXEC) || e->e_phentsize != sizeof p || e->e_phnum > PHDRS_MAX) return false;
    if (!lp_within(e->e_phoff, e->e_phnum * sizeof p, m->end - m->start)) return false;
    h->n = e->e_phnum;
    for (size_t i = 0; i < h->n; i++) {
        if (lp_mem_read(mem, &p, m->start + e->e_phoff + i * sizeof p, sizeof p) != 0) return false;
        h->seg[i] = (struct lp_elf_segment){p.p_type, p.p_flags, p.p_offset, p.p_vaddr, p.p_filesz, p.p_memsz, p.p_align};
    }
    return true;
}

static bool find_bias(const struct lp_mapping *m, const struct header *h, uint64_t *bias)
{
    for (size_t i = 0; i < h->n; i++) {
        if (h->seg[i].type != PT_LOAD || lp_align_down(h->seg[i].offset, LP_PAGE) != 0) continue;
        *bias = m->start - lp_align_down(h->seg[i].vaddr, LP_PAGE);
        return h->eh.e_type == ET_DYN || *bias == 0;
    }
    return false;
}

/* Is the segment mapped from this file? At its end, where RELRO does not reach: a loader may have mapped the whole extent with the first one's rights. */
static bool segment_there(struct lp_mem *mem, const struct lp_mapping *m, const struct lp_target *t, const struct lp_elf_segment *s)
{
    struct lp_mapping x;
    uint64_t last = s->vaddr + s->filesz - 1 + t->bias;
    if (!lp_mem_next(mem, last, &x) || x.start > last || x.dev != m->dev || x.ino != m->ino) return false;
    if (x.file_off + (lp_align_down(last, LP_PAGE) - x.start) != lp_align_down(s->offset + s->filesz - 1, LP_PAGE)) return false;
    if (s->flags & PF_X) return (x.flags & LP_X) != 0;
    return !(s->flags & PF_W) || x.flags & LP_W || (last < t->relro_end && !(x.flags & LP_X));
}

enum { NOTHING, SOME, ALL };
static int segments_there(struct lp_mem *mem, const struct lp_mapping *m, const struct lp_target *t, const struct header *h)
{
    bool code = false, all = true;
    for (size_t i = 0; i < h->n; i++) {
        if (h->seg[i].type != PT_LOAD || !h->seg[i].filesz) continue;
        bool there = segment_there(mem, m, t, &h->seg[i]);
        all &= there;
        code |= there && h->seg[i].flags & PF_X;
    }
    return all && code ? ALL : code ? SOME : NOTHING;
}

/* The object that is known there. Those that the caller added have no file of their own in the list. */
static struct lp_target *known(const struct lp_objects *o, const struct lp_mapping *m)
{
    for (size_t i = 0; i < o->n; i++) {
        struct lp_target *t = o->v[i];
        if (t->gone || m->start < t->start || m->start >= t->end) continue;
        if (t->fixed || (t->start == m->start && t->dev == m->dev && t->ino == m->ino)) return t;
    }
    return NULL;
}

static void look_at(struct lp_objects *o, struct lp_mem *mem, const struct lp_mapping *m)
{
    struct header h;
    struct lp_target like = {.dev = m->dev, .ino = m->ino}, *t = known(o, m);
    if (t && t->mapped) {
        t->seen = true;
        return;
    }
    if (!read_header(mem, m, &h) || !find_bias(m, &h, &like.bias)) return;
    set_extent(&like, h.seg, h.n);
    int there = segments_there(mem, m, &like, &h);
    if (there == SOME) o->unfinished = true;
    if (there == NOTHING || (!t && !(t = add(o, &like, m->name)))) return;
    t->mapped = there == ALL;
    t->seen = true;
}

static bool is_going(const struct lp_objects *o, uint64_t start)
{
    for (unsigned i = 0; i < o->ngoing; i++)
        if (o->going[i].start <= start && start < o->going[i].end) return true;
    return false;
}

void lp_objects_going(struct lp_objects *o, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < o->n; i++) {
        struct lp_target *t = o->v[i];
        if (!t->fixed && start <= t->start && end > t->start) t->gone = true;
    }
    if (o->ngoing < LP_MOST_GOING) o->going[o->ngoing++] = (struct lp_going){start, end};
}

void lp_objects_went(struct lp_objects *o, uint64_t start, uint64_t end)
{
    unsigned i = 0;
    while (i < o->ngoing && (o->going[i].start != start || o->going[i].end != end)) i++;
    if (i < o->ngoing) o->going[i] = o->going[--o->ngoing];
}

void lp_objects_scan(struct lp_objects *o, struct lp_mem *mem)
{
    struct lp_mapping m;
    for (size_t i = 0; i < o->n; i++) o->v[i]->seen = o->v[i]->fixed;
    o->unfinished = false;
    for (uint64_t at = 0; lp_mem_next(mem, at, &m); at = m.end)
        if (m.dev && m.ino && m.file_off == 0 && (m.flags & (LP_SHARED | LP_W)) != (LP_SHARED | LP_W) && !is_going(o, m.start)) look_at(o, mem, &m);
    for (size_t i = 0; i < o->n; i++) o->v[i]->gone = !o->v[i]->seen;
}

void lp_objects_protected(struct lp_objects *o, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < o->n; i++) {
        struct lp_target *t = o->v[i];
        if (t->relro && start <= t->relro && end >= t->relro_end && !t->gone) t->relocated = true;
    }
}

static void free_target(struct lp_target *t)
{
    if (!t->fixed) lp_elf_close((lp_elf *)(uintptr_t)t->elf);
    free(t->path), free(t->why), free(t->soname), free(t->refused), free(t);
}

void lp_objects_sweep(struct lp_objects *o, bool (*used)(void *ctx, const struct lp_target *t), void *ctx)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n; i++) {
        if (o->v[i]->gone && !used(ctx, o->v[i])) free_target(o->v[i]);
        else o->v[n++] = o->v[i];
    }
    o->n = n;
}

void lp_objects_free(struct lp_objects *o)
{
    for (size_t i = 0; i < o->n; i++) free_target(o->v[i]);
    free(o->v);
    *o = (struct lp_objects){0};
}

/* ---- the file ---- */

static bool same_file(int fd, const struct lp_target *t)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_dev == t->dev && st.st_ino == t->ino;
}

/* Pointers in the dynamic section that a dynamic linker has made addresses. */
static void unrelocate(const struct lp_target *t, uint8_t *image, uint64_t size, const Elf64_Phdr *dynamic)
{
    static const uint64_t tags = 1u << DT_PLTGOT | 1u << DT_HASH | 1u << DT_STRTAB | 1u << DT_SYMTAB | 1u << DT_RELA | 1u << DT_INIT | 1u << DT_FINI |
                                 1u << DT_JMPREL | 1u << DT_INIT_ARRAY | 1u << DT_FINI_ARRAY;
    Elf64_Dyn d;
    if (!lp_within(dynamic->p_offset, dynamic->p_filesz, size)) return;
    for (uint64_t off = 0; off + sizeof d <= dynamic->p_filesz; off += sizeof d) {
        memcpy(&d, image + dynamic->p_offset + off, sizeof d);
        bool pointer = (d.d_tag > 0 && d.d_tag < 32 && tags >> d.d_tag & 1) || d.d_tag == DT_GNU_HASH || d.d_tag == DT_VERSYM ||
                       d.d_tag == DT_VERDEF || d.d_tag == DT_VERNEED || d.d_tag == 36; /* DT_RELR */
        if (pointer && t->bias && d.d_un.d_ptr >= t->start && d.d_un.d_ptr < t->end) d.d_un.d_ptr -= t->bias;
        memcpy(image + dynamic->p_offset + off, &d, sizeof d);
    }
}

/* The file is another one by now, or has no name: what is mapped of it, without sections, and so without local symbols. */
static lp_status open_mapped(struct lp_target *t, struct lp_mem *mem, struct lp_error *err)
{
    Elf64_Ehdr eh;
    Elf64_Phdr p[PHDRS_MAX];
    uint64_t size = 0;
    if (lp_mem_read(mem, &eh, t->start, sizeof eh) != 0 || eh.e_phnum > PHDRS_MAX ||
        lp_mem_read(mem, p, t->start + eh.e_phoff, eh.e_phnum * sizeof *p) != 0)
        return lp_fail(err, LP_E_IO, "its headers cannot be read in memory");
    for (size_t i = 0; i < eh.e_phnum; i++)
        if (p[i].p_type == PT_LOAD && p[i].p_offset + p[i].p_filesz > size) size = p[i].p_offset + p[i].p_filesz;
    uint8_t *image = size >= sizeof eh && size <= COPY_MAX ? calloc(1, size + sizeof eh) : NULL;
    if (!image) return lp_fail(err, LP_E_NOMEM, "out of memory");
    lp_status s = LP_OK;
    for (size_t i = 0; i < eh.e_phnum && s == LP_OK; i++)
        if (p[i].p_type == PT_LOAD && p[i].p_filesz && (!lp_within(p[i].p_offset, p[i].p_filesz, size) ||
            lp_mem_read(mem, image + p[i].p_offset, p[i].p_vaddr + t->bias, p[i].p_filesz) != 0))
            s = lp_fail(err, LP_E_IO, "its segment %zu cannot be read in memory", i);
    for (size_t i = 0; i < eh.e_phnum && s == LP_OK; i++)
        if (p[i].p_type == PT_DYNAMIC) unrelocate(t, image, size, &p[i]);
    eh.e_shoff = 0, eh.e_shnum = 0, eh.e_shstrndx = 0;
    memcpy(image, &eh, sizeof eh);
    lp_elf *elf = NULL;
    if (s == LP_OK) s = lp_elf_open_memory(image, size, t->path, &elf, err);
    free(image);
    if (s == LP_OK) t->elf = elf, t->from_memory = true;
    return s;
}

bool lp_target_open(struct lp_target *t, struct lp_mem *mem)
{
    struct lp_error err = {0};
    lp_elf *elf = NULL;
    if (t->elf || t->why) return t->elf != NULL;
    int fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    bool same = fd >= 0 && same_file(fd, t);
    lp_status s = same ? lp_elf_open_fd(fd, t->path, &elf, &err) : open_mapped(t, mem, &err);
    if (fd >= 0) close(fd);
    if (elf) t->elf = elf;
    if (s != LP_OK && !(t->why = strdup(err.text))) t->gone = true;
    return t->elf != NULL;
}

/* DT_STRTAB is a link-time address, or the dynamic linker has made a run-time address of it. */
static bool read_soname(const struct lp_target *t, struct lp_mem *mem, char *name, size_t size)
{
    enum { ENTRIES_MAX = 4096 };
    Elf64_Dyn d = {0};
    uint64_t strings = 0, off = 0;
    for (unsigned i = 0; i < ENTRIES_MAX && lp_mem_read(mem, &d, t->dynamic + i * sizeof d, sizeof d) == 0 && d.d_tag != DT_NULL; i++) {
        if (d.d_tag == DT_STRTAB) strings = d.d_un.d_ptr;
        if (d.d_tag == DT_SONAME) off = d.d_un.d_val;
    }
    if (strings < t->start) strings += t->bias;
    return off && lp_mem_read_str(mem, name, strings + off, size) > 0;
}

const char *lp_target_soname(struct lp_target *t, struct lp_mem *mem)
{
    char name[256];
    if (t->elf) return lp_elf_info(t->elf)->soname;
    if (!t->soname && t->mapped) t->soname = strdup(t->dynamic && read_soname(t, mem, name, sizeof name) ? name : "");
    return t->soname && *t->soname ? t->soname : NULL;
}

/* ---- has it been relocated? ---- */

static bool holds(struct lp_mem *mem, uint64_t at, uint64_t *value) { return lp_mem_read(mem, value, at, 8) == 0; }

/* A word that holds what it has in the file, and not its address yet. */
static bool is_unfilled(const struct lp_target *t, struct lp_mem *mem, const struct lp_dynfix *f, bool *filled)
{
    uint64_t now, avail;
    const uint8_t *p = lp_elf_at(t->elf, f->at, &avail);
    if (!holds(mem, f->at + t->bias, &now)) return false;
    *filled = now == f->value + t->bias;
    return !*filled && (now == f->value || now == (p && avail >= 8 ? lp_le64(p) : 0));
}

/* Are there addresses among the last ones? (The program itself may have put 0 where one was.) */
static bool fixes_filled(const struct lp_target *t, struct lp_mem *mem)
{
    enum { LAST = 64 };
    const struct lp_dynfixes f = lp_elf_dynfixes(t->elf);
    bool filled = false, unfilled = f.n && t->bias && is_unfilled(t, mem, &f.v[f.n - 1], &filled);
    for (size_t i = f.n; unfilled && !filled && i-- > 0 && f.n - i <= LAST;) (void)is_unfilled(t, mem, &f.v[i], &filled);
    return !unfilled || filled;
}

/* The last relocations of both kinds: a dynamic linker goes through them in order. */
static bool slots_filled(const struct lp_target *t, struct lp_mem *mem)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(t->elf);
    uint64_t now;
    if (!fixes_filled(t, mem)) return false;
    for (size_t i = d->nrel; i-- > 0;) {
        const struct lp_dynrel *r = &d->rel[i];
        if (r->type != R_AARCH64_GLOB_DAT || !r->sym || r->sym->bind == STB_WEAK) continue;
        return !holds(mem, r->at + t->bias, &now) || now != 0;
    }
    return true;
}

bool lp_target_relocated(struct lp_target *t, struct lp_mem *mem)
{
    struct lp_mapping m;
    if (t->relocated || !t->mapped) return t->relocated;
    if (!lp_target_open(t, mem)) return false;
    if (!lp_elf_dynamic_part(t->elf)->at) return t->relocated = true;
    if (t->relro && lp_mem_next(mem, t->relro, &m) && m.start <= t->relro && m.flags & LP_W) return false;
    return t->relocated = slots_filled(t, mem);
}
