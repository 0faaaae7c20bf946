/* elf/record.c - what an extended file tells of itself, in notes of the section .note.lpatch, and the file as it was.
 *
 * Note 1 of owner "arm64lp": size (8 bytes) and SHA-256 of the old file, then for each change its offset (8 bytes), its length (4) and what was
 * there before.
 * Note 2, one for each patch: the name of its file and a 0 byte, then the text.
 * Note 3, if the old file does not begin where the new one does: where it begins (8 bytes).
 *
 * All are inside of one note without a descriptor (NT_VERSION), behind its owner's name: checkers (eu-elflint) do not know other types of each vendor, and
 * tools that strip files keep notes alone of what is not loaded. In files of earlier versions they are in the section one after the other. */
#include <config.h>
#include "elf/writer.h"
#include "elf/put.h"
#include "base/bits.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

static const char owner[8] = "arm64lp";
enum { NOTE_OLD = 1, NOTE_PATCH = 2, NOTE_SHIFT = 3, HEAD = 12 + sizeof owner, OLD_HEAD = 8 + LP_SHA256_SIZE, CHANGE_HEAD = 12 };

uint64_t lp_elf_end(const lp_elf *e)
{
    uint64_t end = 0;
    for (size_t i = 0; i < e->nload; i++) {
        const struct lp_elf_segment *s = &e->seg[e->load[i]];
        if (s->vaddr + s->memsz > end) end = s->vaddr + s->memsz;
    }
    return end < UINT64_MAX / 2 ? lp_align_up(end, 65536) : 0;
}

static uint64_t further(const struct lp_elf *e, uint64_t end, uint64_t off, uint64_t len)
{
    return lp_within(off, len, e->size) && off + len > end ? off + len : end;
}

uint64_t lp_elf_file_end(const struct lp_elf *e)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(e, &n);
    uint64_t end = further(e, sizeof(Elf64_Ehdr), e->info.phoff, e->nseg * sizeof(Elf64_Phdr));
    if (n) end = further(e, end, lp_le64(e->image + 40), n * sizeof(Elf64_Shdr));
    for (size_t i = 0; i < n; i++)
        if (s[i].type != SHT_NOBITS) end = further(e, end, s[i].offset, s[i].size);
    for (size_t i = 0; i < e->nseg; i++) end = further(e, end, e->seg[i].offset, e->seg[i].filesz);
    return end;
}

/* ---- writing ---- */

static void add_note(struct lp_buf *out, uint32_t type, const struct lp_buf *desc)
{
    uint8_t head[12];
    lp_put32(head, sizeof owner), lp_put32(head + 4, (uint32_t)desc->len), lp_put32(head + 8, type);
    lp_buf_add(out, head, sizeof head);
    lp_buf_add(out, owner, sizeof owner);
    lp_buf_add(out, desc->data, desc->len);
    lp_buf_add(out, "\0\0\0", lp_align_up(desc->len, 4) - desc->len);
    out->failed |= desc->failed;
}

/* All notes in one, as its owner's name. */
static void enclose(struct lp_buf *notes)
{
    struct lp_buf b = {0};
    uint8_t head[12];
    if (notes->len > UINT32_MAX - sizeof owner) return;
    lp_put32(head, (uint32_t)(sizeof owner + notes->len)), lp_put32(head + 4, 0), lp_put32(head + 8, NT_VERSION);
    lp_buf_add(&b, head, sizeof head);
    lp_buf_add(&b, owner, sizeof owner);
    lp_buf_add(&b, notes->data, notes->len);
    b.failed |= notes->failed;
    lp_buf_free(notes);
    *notes = b;
}

void lp_write_record(const struct lp_elf_writer *w, struct lp_buf *out)
{
    struct lp_buf b = {0};
    uint8_t head[OLD_HEAD];
    lp_put64(head, w->e->size);
    lp_sha256(w->e->image, w->e->size, head + 8);
    lp_buf_add(&b, head, sizeof head);
    for (size_t i = 0; i < w->nundo; i++) {
        const struct lp_elf_span *s = &w->undo[i];
        lp_put64(head, s->start), lp_put32(head + 8, (uint32_t)(s->end - s->start));
        lp_buf_add(&b, head, CHANGE_HEAD);
        lp_buf_add(&b, w->e->image + s->start, s->end - s->start);
    }
    add_note(out, NOTE_OLD, &b);
    for (size_t i = 0; i < w->m->nkept; i++) {
        b.len = 0;
        lp_buf_add(&b, w->m->kept[i].file, strlen(w->m->kept[i].file) + 1);
        lp_buf_add(&b, w->m->kept[i].text, w->m->kept[i].len);
        add_note(out, NOTE_PATCH, &b);
    }
    if (w->shift) {
        b.len = 0;
        lp_put64(head, w->shift);
        lp_buf_add(&b, head, 8);
        add_note(out, NOTE_SHIFT, &b);
    }
    enclose(out);
    lp_buf_free(&b);
}

/* ---- reading ---- */

struct note { uint32_t type; const uint8_t *desc; uint64_t len; };
struct notes { const uint8_t *p; uint64_t left; };

static struct notes enclosed(struct notes at)
{
    if (at.left < HEAD || memcmp(at.p + 12, owner, sizeof owner) != 0) return at;
    const uint64_t name = lp_le32(at.p);
    bool outer = name > sizeof owner && name <= at.left - 12 && lp_le32(at.p + 4) == 0;
    return outer ? (struct notes){at.p + HEAD, name - sizeof owner} : at;
}

/* The last one counts: the old file may have had such a section that is no record any more. */
static struct notes find_notes(const struct lp_elf *e)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(e, &n);
    for (size_t i = n; i-- > 0;)
        if (s[i].type == SHT_NOTE && strcmp(s[i].name, LP_ELF_RECORD) == 0 && lp_within(s[i].offset, s[i].size, e->size))
            return enclosed((struct notes){e->image + s[i].offset, s[i].size});
    return (struct notes){NULL, 0};
}

static bool next_note(struct notes *at, struct note *n)
{
    while (at->left >= HEAD) {
        uint32_t name = lp_le32(at->p), len = lp_le32(at->p + 4);
        const uint8_t *p = at->p;
        uint64_t skip = 12 + lp_align_up(name, 4), size = skip + lp_align_up(len, 4);
        if (size > at->left) return false;
        *n = (struct note){lp_le32(p + 8), p + skip, len};
        at->p += size, at->left -= size;
        if (name == sizeof owner && memcmp(p + 12, owner, sizeof owner) == 0) return true;
    }
    return false;
}

static bool first_note(const struct lp_elf *e, uint32_t type, uint64_t least, struct note *n)
{
    struct notes at = find_notes(e);
    while (next_note(&at, n))
        if (n->type == type && n->len >= least) return true;
    return false;
}

static bool old_note(const struct lp_elf *e, struct note *n) { return first_note(e, NOTE_OLD, OLD_HEAD, n); }

bool lp_elf_is_extended(const lp_elf *e)
{
    struct note n;
    return old_note(e, &n);
}

struct lp_elf_kept *lp_elf_kept(const lp_elf *e, size_t *count)
{
    struct notes at = find_notes(e);
    struct lp_elf_kept *v = NULL;
    size_t cap = 0;
    *count = 0;
    for (struct note n; next_note(&at, &n);) {
        const uint8_t *nul = n.type == NOTE_PATCH ? memchr(n.desc, 0, n.len) : NULL;
        struct lp_elf_kept *w = nul ? lp_grow(v, &cap, *count, sizeof *v) : NULL;
        if (!w) continue;
        v = w;
        v[(*count)++] = (struct lp_elf_kept){(const char *)n.desc, (const char *)nul + 1, n.len - (size_t)(nul + 1 - n.desc)};
    }
    return v;
}

/* The old file's bytes from the new one's; false: they are not what they were. */
static bool restore(const struct lp_elf *e, uint64_t from, const struct note *n, uint8_t *image, uint64_t size)
{
    uint8_t sha[LP_SHA256_SIZE];
    memcpy(image, e->image + from, size);
    for (const uint8_t *p = n->desc + OLD_HEAD, *end = n->desc + n->len; end - p >= CHANGE_HEAD;) {
        uint64_t off = lp_le64(p), len = lp_le32(p + 8);
        p += CHANGE_HEAD;
        if (len > (uint64_t)(end - p) || !lp_within(off, len, size)) return false;
        memcpy(image + off, p, len);
        p += len;
    }
    lp_sha256(image, size, sha);
    return memcmp(sha, n->desc + 8, sizeof sha) == 0;
}

lp_status lp_elf_original(const lp_elf *e, lp_elf **out, struct lp_error *err)
{
    struct note n, shift;
    if (!old_note(e, &n)) return lp_fail(err, LP_E_NOT_APPLIED, "%s: no patch is in the file", e->name);
    uint64_t size = lp_le64(n.desc), from = first_note(e, NOTE_SHIFT, 8, &shift) ? lp_le64(shift.desc) : 0;
    bool inside = lp_within(from, size, e->size);
    uint8_t *image = inside ? malloc(size + 1) : NULL;
    if (!image && inside) return lp_fail(err, LP_E_NOMEM, "out of memory");
    bool good = image && restore(e, from, &n, image, size);
    lp_status s = good ? lp_elf_open_memory(image, size, e->name, out, err) : LP_E_BINDING;
    free(image);
    if (good) return s;
    lp_fail(err, s, "the file was changed after it was patched: what it was before cannot be made of it");
    lp_hint(err, "strip or otherwise change a file before it is patched");
    return lp_at(err, e->name, 0, 0), s;
}
