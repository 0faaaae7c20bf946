/* elf/image.c - bounded access to the bytes of the file, by offset and by link-time address. */
#include <config.h>
#include "elf/image.h"
#include "base/bits.h"
#include "base/error.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

/* The PT_LOAD that holds an address, or NULL. */
static const struct lp_elf_segment *segment_at(const struct lp_elf *e, uint64_t vaddr)
{
    size_t lo = 0, hi = e->nload;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (e->seg[e->load[mid]].vaddr <= vaddr) lo = mid + 1;
        else hi = mid;
    }
    const struct lp_elf_segment *s = lo ? &e->seg[e->load[lo - 1]] : NULL;
    return s && vaddr - s->vaddr < s->memsz ? s : NULL;
}

const uint8_t *lp_elf_at(const struct lp_elf *e, uint64_t vaddr, uint64_t *avail)
{
    const struct lp_elf_segment *s = segment_at(e, vaddr);
    if (!s || vaddr - s->vaddr >= s->filesz) return NULL;
    *avail = s->filesz - (vaddr - s->vaddr);
    return e->image + s->offset + (vaddr - s->vaddr);
}

int64_t lp_elf_offset(const lp_elf *e, uint64_t vaddr)
{
    uint64_t avail;
    const uint8_t *p = lp_elf_at(e, vaddr, &avail);
    return p ? (int64_t)(p - e->image) : -1;
}

lp_status lp_elf_read(const lp_elf *e, uint64_t vaddr, void *buf, size_t len, struct lp_error *err)
{
    uint8_t *out = buf;
    while (len) {
        const struct lp_elf_segment *s = segment_at(e, vaddr);
        if (!s) {
            lp_fail(err, LP_E_ADDRESS, "no loaded segment holds address 0x%llx", (unsigned long long)vaddr);
            return lp_at(err, e->name, 0, 0), LP_E_ADDRESS;
        }
        uint64_t at = vaddr - s->vaddr, n = s->memsz - at;
        if (n > len) n = len;
        uint64_t in_file = at < s->filesz ? s->filesz - at : 0;
        if (in_file > n) in_file = n;
        if (in_file) memcpy(out, e->image + s->offset + at, in_file);
        memset(out + in_file, 0, n - in_file);
        out += n, vaddr += n, len -= n;
    }
    return LP_OK;
}

struct lp_elf_strtab lp_elf_strtab(const struct lp_elf *e, uint64_t off, uint64_t size)
{
    if (!lp_within(off, size, e->size)) return (struct lp_elf_strtab){"", 0};
    const char *text = (const char *)e->image + off;
    while (size && text[size - 1] != 0) size--;
    return (struct lp_elf_strtab){text, size};
}

const char *lp_elf_str(struct lp_elf_strtab t, uint64_t off)
{
    if (off >= t.size) return NULL;
    size_t left = t.size - off;
    return memchr(t.text + off, 0, left < LP_ELF_NAME_MAX ? left : LP_ELF_NAME_MAX) ? t.text + off : NULL;
}

const char *lp_elf_keep(struct lp_elf *e, const char *text, size_t len, const char *suffix)
{
    size_t more = strlen(suffix), need = len + more + 1;
    struct lp_elf_chunk *c = e->arena.chunk;
    if (!c || c->size - c->used < need) {
        size_t size = need > 65536 ? need : 65536;
        c = malloc(sizeof *c + size);
        if (!c) return NULL;
        c->next = e->arena.chunk, c->used = 0, c->size = size;
        e->arena.chunk = c;
    }
    char *p = c->text + c->used;
    memcpy(p, text, len);
    memcpy(p + len, suffix, more + 1);
    c->used += need;
    return p;
}

void lp_elf_once(struct lp_elf *e, atomic_bool *have, void (*load)(struct lp_elf *e))
{
    if (atomic_load_explicit(have, memory_order_acquire)) return;
    pthread_mutex_lock(&e->lock);
    if (!atomic_load_explicit(have, memory_order_relaxed)) {
        load(e);
        atomic_store_explicit(have, true, memory_order_release);
    }
    pthread_mutex_unlock(&e->lock);
}

bool lp_elf_dynamic(const struct lp_elf *e, int64_t tag, uint64_t *value)
{
    for (uint64_t at = 0; e->dyn_size - at >= sizeof(Elf64_Dyn); at += sizeof(Elf64_Dyn)) {
        const uint8_t *p = e->image + e->dyn_off + at;
        int64_t t = (int64_t)lp_le64(p);
        if (t == tag) return *value = lp_le64(p + 8), true;
        if (t == DT_NULL) break;
    }
    return false;
}
