/* elf/notes.c - what ELF notes tell: NT_GNU_BUILD_ID and the AArch64 feature property. */
#include <config.h>
#include "elf/image.h"
#include "base/bits.h"

#include <gelf.h>
#include <string.h>

#ifndef GNU_PROPERTY_AARCH64_FEATURE_1_AND
#define GNU_PROPERTY_AARCH64_FEATURE_1_AND 0xc0000000
#endif
#ifndef PT_GNU_PROPERTY
#define PT_GNU_PROPERTY 0x6474e553
#endif


/* Linux program property: type, size, data, padded to 8 (System V ABI extension for Linux). */
static void property(struct lp_elf *e, const uint8_t *p, uint64_t len)
{
    while (len >= 8) {
        uint32_t type = lp_le32(p), size = lp_le32(p + 4);
        if (size > len - 8) return;
        if (type == GNU_PROPERTY_AARCH64_FEATURE_1_AND && size >= 4) e->info.gnu_property = lp_le32(p + 8);
        uint64_t step = 8 + lp_align_up(size, 8);
        if (step >= len) return;
        p += step, len -= step;
    }
}

static void note(struct lp_elf *e, uint32_t type, const uint8_t *name, uint32_t name_len, const uint8_t *desc, uint32_t desc_len)
{
    if (name_len != 4 || memcmp(name, "GNU", 4) != 0) return;
    if (type == NT_GNU_BUILD_ID && desc_len >= 1 && desc_len <= 64 && !e->info.build_id) {
        e->info.build_id = desc;
        e->info.build_id_len = desc_len;
    }
    if (type == NT_GNU_PROPERTY_TYPE_0) property(e, desc, desc_len);
}

static void notes(struct lp_elf *e, uint64_t off, uint64_t size, uint64_t align)
{
    if (!lp_within(off, size, e->size)) return;
    const uint8_t *p = e->image + off;
    align = align == 8 ? 8 : 4;
    while (size >= 12) {
        uint32_t name_len = lp_le32(p), desc_len = lp_le32(p + 4), type = lp_le32(p + 8);
        uint64_t desc = lp_align_up(12 + (uint64_t)name_len, align), end = lp_align_up(desc + desc_len, align);
        if (desc > size || desc_len > size - desc) return;
        note(e, type, p + 12, name_len, p + desc, desc_len);
        if (end >= size) return;
        p += end, size -= end;
    }
}

void lp_elf_load_notes(struct lp_elf *e)
{
    for (size_t i = 0; i < e->nseg; i++)
        if (e->seg[i].type == PT_NOTE || e->seg[i].type == PT_GNU_PROPERTY) notes(e, e->seg[i].offset, e->seg[i].filesz, e->seg[i].align);
    if (e->info.build_id || e->nseg) return;
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(e, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].type == SHT_NOTE) notes(e, s[i].offset, s[i].size, s[i].align);
}
