/* elf/write.c - an ELF file with more in it: segments, sections, symbols, headers.
 *
 * What is new comes behind the end of the file and behind all segments. The program headers stay where they are if what follows them can make room: notes,
 * the dynamic linker's name and tables, which nobody but the kernel and the dynamic linker looks for. Then GNU strip, which writes them behind the ELF header
 * whatever is there, does no harm. Else a program for a fixed address gets pages in front of its first segment, and of the file, for an ELF header and
 * program headers: all offsets in the file grow, and no address. Where neither is possible they move into the last segment, whose address less its offset
 * is the first segment's: Linux before 5.18 and qemu-aarch64 compute AT_PHDR from that. (GNU strip does not leave offsets as they are where zeros have none:
 * .bss.) Until the last step all offsets are those of the file as it was. */
#include <config.h>
#include "elf/writer.h"
#include "elf/put.h"
#include "base/bits.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 65536, ROOM_MAX = 1 << 28, TABLE_HEAD = 64, PHDR = sizeof(Elf64_Phdr), SHDR = sizeof(Elf64_Shdr), SYM = sizeof(Elf64_Sym) };

static const uint8_t *image(const struct lp_elf_writer *w) { return w->e->image; }

static void pad(struct lp_buf *b, uint64_t to)
{
    static const char zeros[4096];
    while (b->len < to && !b->failed) lp_buf_add(b, zeros, to - b->len < sizeof zeros ? to - b->len : sizeof zeros);
}

bool lp_write_change(struct lp_elf_writer *w, uint64_t off, const void *bytes, size_t len)
{
    bool header = off < sizeof(Elf64_Ehdr) && w->nundo; /* the first change is the ELF header's */
    if (header || !lp_within(off, len, w->e->size)) return w->outside = true, false;
    struct lp_elf_span *v = lp_grow(w->undo, &w->undo_cap, w->nundo, sizeof *v);
    if (!v) return w->failed = true, false;
    w->undo = v;
    v[w->nundo++] = (struct lp_elf_span){off, off + len};
    if (!w->out.failed) memcpy(w->out.data + off, bytes, len);
    return true;
}

uint64_t lp_write_table(struct lp_elf_writer *w, uint64_t align)
{
    pad(&w->table, lp_align_up(w->table.len, align));
    return w->table_at + w->table.len;
}

Elf64_Shdr *lp_write_section(struct lp_elf_writer *w, const char *name, const Elf64_Shdr *like)
{
    Elf64_Shdr *s = &w->sh[w->nsh++];
    *s = *like;
    s->sh_name = (uint32_t)w->names.len;
    lp_buf_add(&w->names, name, strlen(name) + 1);
    return s;
}

Elf64_Shdr *lp_write_section_at(struct lp_elf_writer *w, uint64_t addr)
{
    for (size_t i = 1; i < w->nsh; i++)
        if (w->sh[i].sh_flags & SHF_ALLOC && w->sh[i].sh_addr == addr && w->sh[i].sh_size) return &w->sh[i];
    return NULL;
}

/* ---- the headers, in and out ---- */

static void get_phdr(Elf64_Phdr *h, const uint8_t *p)
{
    *h = (Elf64_Phdr){lp_le32(p), lp_le32(p + 4), lp_le64(p + 8), lp_le64(p + 16), lp_le64(p + 24), lp_le64(p + 32), lp_le64(p + 40), lp_le64(p + 48)};
}

static void put_phdr(uint8_t *p, const Elf64_Phdr *h)
{
    lp_put32(p, h->p_type), lp_put32(p + 4, h->p_flags), lp_put64(p + 8, h->p_offset), lp_put64(p + 16, h->p_vaddr);
    lp_put64(p + 24, h->p_paddr), lp_put64(p + 32, h->p_filesz), lp_put64(p + 40, h->p_memsz), lp_put64(p + 48, h->p_align);
}

static void get_shdr(Elf64_Shdr *h, const uint8_t *p)
{
    *h = (Elf64_Shdr){lp_le32(p), lp_le32(p + 4), lp_le64(p + 8), lp_le64(p + 16), lp_le64(p + 24), lp_le64(p + 32), lp_le32(p + 40), lp_le32(p + 44),
                      lp_le64(p + 48), lp_le64(p + 56)};
}

static void put_shdr(uint8_t *p, const Elf64_Shdr *h)
{
    lp_put32(p, h->sh_name), lp_put32(p + 4, h->sh_type), lp_put64(p + 8, h->sh_flags), lp_put64(p + 16, h->sh_addr), lp_put64(p + 24, h->sh_offset);
    lp_put64(p + 32, h->sh_size), lp_put32(p + 40, h->sh_link), lp_put32(p + 44, h->sh_info);
    lp_put64(p + 48, h->sh_addralign), lp_put64(p + 56, h->sh_entsize);
}

lp_status lp_write_refuse(const struct lp_elf_writer *w, const char *why)
{
    lp_fail(w->err, LP_E_UNSUPPORTED, "%s", why);
    return lp_at(w->err, w->e->name, 0, 0), LP_E_UNSUPPORTED;
}

/* The file's section headers, or a first one for a file that has none. */
static lp_status read_sections(struct lp_elf_writer *w)
{
    size_t n;
    lp_elf_sections(w->e, &n);
    const uint8_t *eh = image(w), *p = n ? image(w) + lp_le64(eh + 40) : NULL;
    w->shcap = n + 2 * w->m->npart + 17;
    if (!(w->sh = calloc(w->shcap, sizeof *w->sh))) return lp_fail(w->err, LP_E_NOMEM, "out of memory");
    if (w->shcap >= SHN_LORESERVE || (n && lp_le16(eh + 60) != n)) return lp_write_refuse(w, "it has too many sections");
    for (size_t i = 0; i < n; i++) get_shdr(&w->sh[i], p + i * SHDR);
    w->nsh = n ? n : 1;
    w->shstrndx = n ? lp_le16(eh + 62) : 0;
    if (w->shstrndx) {
        const Elf64_Shdr *s = &w->sh[w->shstrndx];
        if (w->shstrndx >= n || !lp_within(s->sh_offset, s->sh_size, w->e->size))
            return lp_write_refuse(w, "the names of its sections are not inside the file");
        lp_buf_add(&w->names, image(w) + s->sh_offset, s->sh_size);
        lp_buf_add(&w->names, "", 1);
    } else if (n > 1) {
        return lp_write_refuse(w, "its sections have no names");
    } else {
        lp_buf_add(&w->names, "", 1);
        w->shstrndx = w->nsh;
        lp_write_section(w, ".shstrtab", &(Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_addralign = 1});
    }
    return LP_OK;
}

static lp_status read_headers(struct lp_elf_writer *w)
{
    const struct lp_elf *e = w->e;
    if (e->size < sizeof(Elf64_Ehdr) || (e->info.type != ET_EXEC && e->info.type != ET_DYN) || !e->nload)
        return lp_write_refuse(w, "neither a program nor a shared library");
    w->nph = e->nseg;
    bool frames = w->m->nframe > 0;
    for (size_t i = 0; i < e->nseg && frames; i++) frames = e->seg[i].type != PT_GNU_EH_FRAME;
    w->phcap = e->nseg + w->m->npart + 1 + frames;
    if (w->phcap >= PN_XNUM) return lp_write_refuse(w, "it has too many program headers");
    if (!(w->ph = calloc(w->phcap, sizeof *w->ph))) return lp_fail(w->err, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < w->nph; i++) get_phdr(&w->ph[i], image(w) + e->info.phoff + i * PHDR);
    return read_sections(w);
}

/* ---- segments ---- */

/* Behind the PT_LOADs that there are: they are in ascending order. */
static Elf64_Phdr *add_load(struct lp_elf_writer *w, const Elf64_Phdr *h)
{
    size_t at = 0;
    for (size_t i = 0; i < w->nph; i++)
        if (w->ph[i].p_type == PT_LOAD) at = i + 1;
    memmove(w->ph + at + 1, w->ph + at, (w->nph - at) * sizeof *w->ph);
    w->ph[at] = *h;
    w->nph++;
    return &w->ph[at];
}

/* GNU strip puts a segment that holds the program headers over the zeros in front of it, where the file has no bytes for them: a program for a fixed
 * address, whose headers may have to move, has them. A segment of zeros alone has them too: eu-elflint looks for a section of its own in the file. */
static bool is_solid(const struct lp_elf_writer *w, const struct lp_elf_part *p, uint64_t len)
{
    enum { MOST = 1 << 20 };
    return (w->e->info.type == ET_EXEC || !p->len) && len <= MOST;
}

static void add_parts(struct lp_elf_writer *w)
{
    for (size_t i = 0; i < w->m->npart; i++) {
        const struct lp_elf_part *p = &w->m->part[i];
        const uint64_t end = p->bss_len ? p->bss + p->bss_len : p->vaddr + p->len, len = is_solid(w, p, end - p->vaddr) ? end - p->vaddr : p->len;
        const uint64_t off = len ? lp_align_up(w->out.len, PAGE) : w->out.len;
        if (len) pad(&w->out, off), lp_buf_add(&w->out, p->bytes, p->len), pad(&w->out, off + len);
        add_load(w, &(Elf64_Phdr){PT_LOAD, p->flags, off - (len ? 0 : off % PAGE), p->vaddr, p->vaddr, len, end - p->vaddr, PAGE});
        uint64_t flags = SHF_ALLOC | (p->flags & PF_X ? SHF_EXECINSTR : 0) | (p->flags & PF_W ? SHF_WRITE : 0);
        if (p->len) lp_write_section(w, p->section, &(Elf64_Shdr){0, SHT_PROGBITS, flags, p->vaddr, off, p->len, 0, 0, 16, 0});
        if (p->bss_len)
            lp_write_section(w, ".bss.lpatch", len > p->len ? &(Elf64_Shdr){0, SHT_PROGBITS, flags, p->bss, off + (p->bss - p->vaddr), p->bss_len, 0, 0, 16, 0}
                                                            : &(Elf64_Shdr){0, SHT_NOBITS, flags, p->bss, off + p->len, p->bss_len, 0, 0, 16, 0});
    }
}

/* Where the tables go; with program headers, by the first segment, whose file offset the kernel takes for the ELF header's. */
static lp_status place_table(struct lp_elf_writer *w)
{
    const struct lp_elf_segment *first = &w->e->seg[w->e->load[0]];
    uint64_t base = first->vaddr - first->offset, at = lp_elf_end(w->e);
    for (size_t i = 0; i < w->m->npart; i++) {
        const struct lp_elf_part *p = &w->m->part[i];
        uint64_t end = p->bss_len ? p->bss + p->bss_len : p->vaddr + p->len;
        if (end > at) at = lp_align_up(end, PAGE);
    }
    if (!at || base % 4096) return lp_write_refuse(w, "its segments are not as a linker makes them");
    w->table_at = at, w->table_off = lp_align_up(w->out.len, PAGE);
    pad(&w->table, TABLE_HEAD); /* llvm-strip takes the first of two segments with one offset for the one that holds the other */
    if (w->in_place || w->shift) return LP_OK;
    if (at - base < w->out.len || at - base > UINT64_MAX / 2) at = lp_align_up(base + lp_align_up(w->out.len, PAGE), PAGE);
    if (at < lp_elf_end(w->e) || at - base < w->out.len) return lp_write_refuse(w, "its segments are not as a linker makes them");
    w->table_at = at, w->table_off = at - base;
    return w->table_off - w->out.len < ROOM_MAX ? LP_OK : lp_write_refuse(w, "its segments take too much room");
}

/* ---- room for the program headers ---- */

const struct lp_movable lp_write_movable[LP_MOVABLE] = {
    {SHT_GNU_HASH, DT_GNU_HASH}, {SHT_HASH, DT_HASH}, {SHT_DYNSYM, DT_SYMTAB}, {SHT_STRTAB, DT_STRTAB}, {SHT_GNU_versym, DT_VERSYM},
    {SHT_GNU_verneed, DT_VERNEED}, {SHT_GNU_verdef, DT_VERDEF}, {SHT_RELA, DT_RELA}, {SHT_RELA, DT_JMPREL}};

/* Only the kernel and the dynamic linker look for it, by a program header or a dynamic entry. */
static bool is_movable(const struct lp_elf_writer *w, const Elf64_Shdr *s)
{
    uint64_t v;
    const struct lp_elf *e = w->e;
    if (s->sh_type == SHT_NOTE) return true;
    if (s->sh_type == SHT_PROGBITS) return e->info.interp && s->sh_offset == (uint64_t)((const uint8_t *)e->info.interp - e->image);
    for (size_t i = 0; i < LP_MOVABLE; i++)
        if (lp_write_movable[i].section == s->sh_type && lp_elf_dynamic(e, lp_write_movable[i].tag, &v) && v == s->sh_addr) return true;
    return false;
}

static const Elf64_Shdr *first_behind(const struct lp_elf_writer *w, uint64_t off)
{
    const Elf64_Shdr *hit = NULL;
    for (const Elf64_Shdr *s = w->sh + 1; s < w->sh + w->nsh; s++)
        if (s->sh_flags & SHF_ALLOC && s->sh_size && s->sh_offset >= off && (!hit || s->sh_offset < hit->sh_offset)) hit = s;
    return hit;
}

/* Does a program header go on behind `to`? Its bytes stay together. */
static bool cuts(const struct lp_elf_writer *w, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < w->nph; i++) {
        const Elf64_Phdr *h = &w->ph[i];
        if (h->p_type != PT_LOAD && h->p_type != PT_PHDR && h->p_offset >= from && h->p_offset < to && h->p_offset + h->p_filesz > to) return true;
    }
    return false;
}

/* Do all program headers that lead between `end` and `to` lead to what is moved? */
static bool all_follow(const struct lp_elf_writer *w, uint64_t end, uint64_t from, uint64_t to)
{
    uint64_t base = w->e->seg[w->e->load[0]].vaddr;
    for (size_t i = 0; i < w->nph; i++) {
        const Elf64_Phdr *h = &w->ph[i];
        bool other = h->p_type == PT_LOAD || h->p_type == PT_PHDR || !h->p_filesz, behind = h->p_offset >= to;
        bool before = h->p_offset < end && h->p_filesz <= end - h->p_offset;
        if (other || behind || before) continue;
        if (h->p_offset < from || h->p_filesz > to - h->p_offset || h->p_vaddr - h->p_offset != base) return false;
    }
    return true;
}

/* How far what follows the program headers must go away so that `need` bytes more fit; false: it cannot. */
static bool find_room(struct lp_elf_writer *w, uint64_t need, uint64_t *from, uint64_t *to)
{
    const struct lp_elf *e = w->e;
    const struct lp_elf_segment *first = &e->seg[e->load[0]];
    uint64_t end = e->info.phoff + e->nseg * PHDR;
    const Elf64_Shdr *s = first_behind(w, end);
    if (e->info.phoff != sizeof(Elf64_Ehdr) || first->offset || !s) return false;
    for (*from = *to = s->sh_offset; s && (s->sh_offset - end < need || cuts(w, *from, *to)); s = first_behind(w, *to)) {
        if (!is_movable(w, s) || s->sh_addr - s->sh_offset != first->vaddr || !lp_within(s->sh_offset, s->sh_size, first->filesz)) return false;
        *to = s->sh_offset + s->sh_size;
    }
    return s && s->sh_offset < first->filesz && all_follow(w, end, *from, *to);
}

/* Move a run of sections into the table, with what points to them. */
static lp_status move_out(struct lp_elf_writer *w, uint64_t from, uint64_t to)
{
    uint64_t base = w->e->seg[w->e->load[0]].vaddr, at = lp_write_table(w, 16) + from % 16;
    pad(&w->table, at - w->table_at);
    lp_buf_add(&w->table, image(w) + from, to - from);
    w->moved = base + from, w->moved_end = base + to, w->moved_by = at - w->moved;
    for (size_t i = 1; i < w->nsh; i++)
        if (w->sh[i].sh_flags & SHF_ALLOC && w->sh[i].sh_addr - w->moved < to - from && w->sh[i].sh_type != SHT_NOBITS)
            w->sh[i].sh_addr += w->moved_by, w->sh[i].sh_offset = lp_write_off(w, w->sh[i].sh_addr);
    for (size_t i = 0; i < w->nph; i++) {
        Elf64_Phdr *h = &w->ph[i];
        if (h->p_type == PT_LOAD || h->p_type == PT_PHDR || h->p_vaddr - w->moved >= to - from || !h->p_filesz) continue;
        h->p_vaddr += w->moved_by, h->p_paddr += w->moved_by, h->p_offset = lp_write_off(w, h->p_vaddr);
    }
    return lp_write_moved(w);
}

/* Pages for them in front of a program for a fixed address, as many as its segments are aligned to; 0: there are none, or they are not for programs. */
static uint64_t room_below(const struct lp_elf_writer *w)
{
    enum { MOST = 1 << 22, LOWEST = PAGE }; /* Linux maps nothing below (vm.mmap_min_addr) */
    const struct lp_elf *e = w->e;
    const struct lp_elf_segment *first = &e->seg[e->load[0]];
    uint64_t n = PAGE;
    for (size_t i = 0; i < w->nph; i++)
        if (w->ph[i].p_type == PT_LOAD && w->ph[i].p_align > n) n = w->ph[i].p_align;
    bool good = e->info.type == ET_EXEC && !first->offset && first->filesz >= sizeof(Elf64_Ehdr) && n <= MOST && !(n & (n - 1));
    return good && first->vaddr >= n + LOWEST && TABLE_HEAD + w->phcap * PHDR <= n ? n : 0;
}

/* The old headers stay in memory where they were, see put_front(). What no section covers, GNU strip fills with zeros. */
static void keep_headers(struct lp_elf_writer *w)
{
    const struct lp_elf_segment *first = &w->e->seg[w->e->load[0]];
    const Elf64_Shdr *next = first_behind(w, 0);
    uint64_t len = w->e->info.phoff + w->e->nseg * PHDR;
    if (next && next->sh_offset < len) len = next->sh_offset;
    if (len) lp_write_section(w, ".phdr.lpatch", &(Elf64_Shdr){0, SHT_PROGBITS, SHF_ALLOC, first->vaddr, 0, len, 0, 0, 8, 0});
}

/* Each way there is room for all program headers that come. */
static lp_status make_room(struct lp_elf_writer *w)
{
    uint64_t from = 0, to = 0, more = (w->phcap - w->e->nseg) * PHDR;
    w->in_place = find_room(w, more, &from, &to);
    w->shift = w->in_place ? 0 : room_below(w);
    lp_status s = place_table(w);
    if (s != LP_OK) return s;
    if (w->shift) return keep_headers(w), LP_OK;
    if (w->in_place) return to > from ? move_out(w, from, to) : LP_OK;
    /* What no section covers, eu-strip fills with zeros. */
    uint64_t at = lp_write_table(w, 8), off = w->table_off + w->table.len;
    lp_write_section(w, ".phdr.lpatch", &(Elf64_Shdr){0, SHT_PROGBITS, SHF_ALLOC, at, off, w->phcap * PHDR, 0, 0, 8, 0});
    pad(&w->table, TABLE_HEAD + w->phcap * PHDR);
    return LP_OK;
}

/* Where the program headers are. */
static uint64_t phdrs_off(const struct lp_elf_writer *w)
{
    return w->in_place ? w->e->info.phoff : w->shift ? sizeof(Elf64_Ehdr) : w->table_off + TABLE_HEAD;
}

static uint64_t phdrs_addr(const struct lp_elf_writer *w)
{
    const struct lp_elf_segment *first = &w->e->seg[w->e->load[0]];
    return w->in_place ? w->e->info.phdr_vaddr : w->shift ? first->vaddr - w->shift + sizeof(Elf64_Ehdr) : w->table_at + TABLE_HEAD;
}

/* As it will be with pages in front of the file: its first segment has them. */
static void shift_phdr(const struct lp_elf_writer *w, Elf64_Phdr *h)
{
    const bool lowest = h->p_vaddr == w->e->seg[w->e->load[0]].vaddr;
    if (h->p_type == PT_LOAD && lowest && h->p_filesz)
        h->p_vaddr -= w->shift, h->p_paddr -= w->shift, h->p_filesz += w->shift, h->p_memsz += w->shift;
    else if (h->p_type != PT_PHDR && (h->p_offset || h->p_filesz)) h->p_offset += w->shift;
}

static void put_phdrs(struct lp_elf_writer *w)
{
    uint8_t *p = malloc(w->nph * PHDR);
    if (!p) {
        w->failed = true;
        return;
    }
    uint64_t off = phdrs_off(w), addr = phdrs_addr(w);
    for (size_t i = 0; i < w->nph; i++) {
        Elf64_Phdr *h = &w->ph[i];
        if (h->p_type == PT_PHDR) h->p_offset = off, h->p_vaddr = h->p_paddr = addr, h->p_filesz = h->p_memsz = w->nph * PHDR;
        if (w->shift) shift_phdr(w, h);
        put_phdr(p + i * PHDR, h);
    }
    if (w->in_place) lp_write_change(w, off, p, w->nph * PHDR);
    else if (w->shift) lp_buf_add(&w->front, p, w->nph * PHDR);
    else if (!w->out.failed) memcpy(w->out.data + off, p, w->nph * PHDR);
    free(p);
}

/* ---- the last segment ---- */

static bool needs_table(const struct lp_elf_more *m) { return m->npart || m->nrel || m->ngone || m->nframe; }

static lp_status add_table(struct lp_elf_writer *w)
{
    lp_status s = make_room(w);
    if (s == LP_OK) s = lp_write_imports(w);
    if (s == LP_OK) s = lp_write_relocs(w);
    if (s == LP_OK) s = lp_write_frames(w);
    if (s != LP_OK) return s;
    if (w->table.len > TABLE_HEAD) { /* GNU strip makes a bad one of a segment without sections */
        uint64_t align = w->table_off % PAGE == w->table_at % PAGE ? PAGE : 4096;
        pad(&w->out, w->table_off);
        lp_buf_add(&w->out, w->table.data, w->table.len);
        add_load(w, &(Elf64_Phdr){PT_LOAD, PF_R, w->table_off, w->table_at, w->table_at, w->table.len, w->table.len, align});
    }
    put_phdrs(w);
    return w->table.failed || w->out.failed ? lp_fail(w->err, LP_E_NOMEM, "out of memory") : LP_OK;
}

/* ---- what is not loaded ---- */

/* Bytes at the end of the file; their offset. */
static uint64_t append(struct lp_elf_writer *w, const void *p, size_t n, uint64_t align)
{
    pad(&w->out, lp_align_up(w->out.len, align));
    uint64_t off = w->out.len;
    lp_buf_add(&w->out, p, n);
    return off;
}

static size_t section_of(const struct lp_elf_writer *w, uint64_t addr)
{
    for (size_t i = w->nsh; i-- > 1;)
        if (w->sh[i].sh_flags & SHF_ALLOC && addr - w->sh[i].sh_addr < w->sh[i].sh_size) return i;
    return SHN_ABS;
}

/* Those of sections that were moved, or that are there anew. */
static void move_symbols(const struct lp_elf_writer *w, struct lp_buf *b)
{
    size_t n;
    const struct lp_elf_section *old = lp_elf_sections(w->e, &n);
    for (size_t i = 0; i + SYM <= b->len && !b->failed; i += SYM) {
        uint8_t *p = (uint8_t *)b->data + i;
        uint16_t shndx = lp_le16(p + 6);
        if (shndx != SHN_UNDEF && shndx < n) lp_put64(p + 8, lp_le64(p + 8) + w->sh[shndx].sh_addr - old[shndx].addr);
    }
}

static void add_symbol(const struct lp_elf_writer *w, const struct lp_elf_named *n, struct lp_buf *syms, struct lp_buf *names)
{
    uint8_t p[SYM] = {0};
    lp_put32(p, (uint32_t)names->len);
    p[4] = ELF64_ST_INFO(STB_GLOBAL, n->code ? STT_FUNC : STT_OBJECT);
    p[5] = STV_HIDDEN; /* no table's indices change, which they would with a local symbol */
    lp_put16(p + 6, (uint16_t)section_of(w, n->value));
    lp_put64(p + 8, n->value), lp_put64(p + 16, n->size);
    lp_buf_add(syms, p, sizeof p);
    lp_buf_add(names, n->name, strlen(n->name) + 1);
}

/* .symtab and its strings, with the new symbols; a stripped file gets none, and one that has nothing new stays. */
static void add_symbols(struct lp_elf_writer *w)
{
    Elf64_Shdr *s = NULL;
    for (size_t i = 1; i < w->nsh && !s; i++)
        if (w->sh[i].sh_type == SHT_SYMTAB) s = &w->sh[i];
    if (!s || !needs_table(w->m) || !s->sh_link || s->sh_link >= w->nsh || s->sh_entsize != SYM) return;
    Elf64_Shdr *str = &w->sh[s->sh_link];
    if (!lp_within(s->sh_offset, s->sh_size, w->e->size) || !lp_within(str->sh_offset, str->sh_size, w->e->size)) return;
    struct lp_buf syms = {0}, own = {0}, *names = s->sh_link == w->shstrndx ? &w->names : &own; /* some linkers have one table for both */
    lp_buf_add(&syms, image(w) + s->sh_offset, s->sh_size - s->sh_size % SYM);
    if (names == &own) lp_buf_add(&own, image(w) + str->sh_offset, str->sh_size), lp_buf_add(&own, "", 1);
    move_symbols(w, &syms);
    for (size_t i = 0; i < w->m->nnamed; i++) add_symbol(w, &w->m->named[i], &syms, names);
    s->sh_offset = append(w, syms.data, syms.len, 8), s->sh_size = syms.len;
    if (names == &own) str->sh_offset = append(w, own.data, own.len, 1), str->sh_size = own.len;
    w->failed |= syms.failed || own.failed;
    lp_buf_free(&syms), lp_buf_free(&own);
}

static void add_record(struct lp_elf_writer *w)
{
    struct lp_buf b = {0};
    Elf64_Shdr *s = lp_write_section(w, LP_ELF_RECORD, &(Elf64_Shdr){.sh_type = SHT_NOTE, .sh_addralign = 4});
    lp_write_record(w, &b);
    s->sh_offset = append(w, b.data, b.len, 4), s->sh_size = b.len;
    w->failed |= b.failed;
    lp_buf_free(&b);
}

static void add_section_headers(struct lp_elf_writer *w)
{
    Elf64_Shdr *names = &w->sh[w->shstrndx];
    names->sh_offset = append(w, w->names.data, w->names.len, 1), names->sh_size = w->names.len;
    uint8_t *eh, p[SHDR];
    pad(&w->out, lp_align_up(w->out.len, 8));
    uint64_t off = w->out.len + w->shift;
    for (size_t i = 0; i < w->nsh; i++) {
        if (i) w->sh[i].sh_offset += w->shift;
        put_shdr(p, &w->sh[i]), lp_buf_add(&w->out, p, SHDR);
    }
    if (w->out.failed) return;
    eh = (uint8_t *)w->out.data;
    lp_put64(eh + 40, off), lp_put16(eh + 58, SHDR), lp_put16(eh + 60, (uint16_t)w->nsh), lp_put16(eh + 62, (uint16_t)w->shstrndx);
    lp_put16(eh + 56, (uint16_t)w->nph);
    if (needs_table(w->m)) lp_put64(eh + 32, phdrs_off(w));
}

/* The last step. Static programs find their program headers by the old ELF header (glibc: __ehdr_start + e_phoff), so it leads to the new ones, which are
 * in front of it: a sum that goes around. */
static void put_front(struct lp_elf_writer *w)
{
    struct lp_buf b = {0};
    if (!w->shift || w->out.failed) return;
    lp_buf_add(&b, w->out.data, sizeof(Elf64_Ehdr));
    lp_buf_add(&b, w->front.data, w->front.len);
    pad(&b, w->shift);
    lp_put64((uint8_t *)w->out.data + 32, sizeof(Elf64_Ehdr) - w->shift);
    lp_buf_add(&b, w->out.data, w->out.len);
    w->failed |= w->front.failed;
    lp_buf_free(&w->out);
    w->out = b;
}

/* What somebody has put behind the ELF file (an archive, say) stays where it is, for who knows its offset, and is behind the new end, too: most look for it
 * there, or behind the section headers. */
static void repeat_tail(struct lp_elf_writer *w)
{
    const uint64_t end = lp_elf_file_end(w->e);
    if (end < w->e->size) lp_buf_add(&w->out, image(w) + end, w->e->size - end);
}

/* ---- all of it ---- */

static void change_all(struct lp_elf_writer *w)
{
    const struct lp_elf_more *m = w->m;
    lp_write_change(w, 0, image(w), sizeof(Elf64_Ehdr)); /* its fields come last */
    for (size_t i = 0; i < m->nedit; i++)
        lp_write_change(w, m->edit[i].off, m->edit[i].bytes, m->edit[i].len);
}

static lp_status extend(struct lp_elf_writer *w)
{
    lp_status s = read_headers(w);
    if (s != LP_OK) return s;
    lp_buf_add(&w->out, image(w), w->e->size);
    if (w->out.failed) return lp_fail(w->err, LP_E_NOMEM, "out of memory");
    change_all(w);
    add_parts(w);
    if (needs_table(w->m) && (s = add_table(w)) != LP_OK) return s;
    if (w->outside) return lp_write_refuse(w, "what is to be changed is not inside the file, or is its header");
    add_symbols(w);
    add_record(w);
    add_section_headers(w);
    put_front(w);
    repeat_tail(w);
    return w->failed || w->out.failed || w->names.failed ? lp_fail(w->err, LP_E_NOMEM, "out of memory") : LP_OK;
}

lp_status lp_elf_extend(const lp_elf *elf, const struct lp_elf_more *m, uint8_t **out, size_t *size, struct lp_error *err)
{
    struct lp_elf_writer w = {.e = elf, .m = m, .err = err};
    lp_status s = extend(&w);
    if (s == LP_OK) *out = (uint8_t *)lp_buf_take(&w.out, size);
    free(w.ph), free(w.sh), free(w.undo), free(w.import);
    lp_buf_free(&w.out), lp_buf_free(&w.names), lp_buf_free(&w.table), lp_buf_free(&w.front);
    return s;
}
