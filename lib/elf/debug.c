/* elf/debug.c - the separate debug file of a program or library (GDB manual, "Separate Debug Files"): by its build-id in usr/lib/debug/.build-id, or by
 * .gnu_debuglink beside it, in .debug there, or in usr/lib/debug. In each folder above it, so that those of a sysroot are found, too. */
#include <config.h>
#include "elf/debug.h"
#include "elf/image.h"
#include "base/bits.h"
#include "base/hash.h"
#include "base/os.h"

#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct lp_elf_section *section(const lp_elf *e, const char *name)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(e, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(s[i].name, name) == 0 && s[i].type != SHT_NOBITS && lp_within(s[i].offset, s[i].size, e->size)) return &s[i];
    return NULL;
}

bool lp_elf_has_lines(const lp_elf *e) { return section(e, ".debug_line") || section(e, ".zdebug_line"); }

bool lp_elf_has_symtab(const lp_elf *e)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(e, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].type == SHT_SYMTAB && lp_within(s[i].offset, s[i].size, e->size)) return true;
    return false;
}

/* CRC-32 of IEEE 802.3, four bits at a time. */
static uint32_t crc32(const uint8_t *p, size_t n)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                       0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t c = UINT32_MAX;
    for (; n--; p++) {
        c = table[(c ^ *p) & 15] ^ c >> 4;
        c = table[(c ^ *p >> 4) & 15] ^ c >> 4;
    }
    return ~c;
}

/* The name of .gnu_debuglink, NULL = none; behind it, at the next multiple of four, the debug file's CRC. */
static const char *link_name(const lp_elf *e, uint32_t *crc)
{
    const struct lp_elf_section *s = section(e, ".gnu_debuglink");
    const char *name = s ? (const char *)e->image + s->offset : NULL;
    const char *nul = s ? memchr(name, 0, s->size) : NULL;
    uint64_t at = nul ? lp_align_up((uint64_t)(nul - name) + 1, 4) : 0;
    if (!nul || nul == name || strchr(name, '/') || at + 4 > s->size) return NULL;
    *crc = lp_le32(name + at);
    return name;
}

static bool suits(const lp_elf *e, const lp_elf *d, uint32_t crc)
{
    const struct lp_elf_info *a = &e->info, *b = &d->info;
    if (!lp_elf_has_lines(d) && !lp_elf_has_symtab(d)) return false;
    if (a->build_id) return b->build_id && a->build_id_len == b->build_id_len && memcmp(a->build_id, b->build_id, a->build_id_len) == 0;
    return crc32(d->image, d->size) == crc;
}

/* Is it this file? The path is dir/more. */
static bool try(struct lp_elf *e, uint32_t crc, const char *dir, const char *more)
{
    char path[PATH_MAX];
    lp_elf *d;
    if (snprintf(path, sizeof path, "%s/%s", dir, more) >= (int)sizeof path || lp_elf_open(path, &d, NULL) != LP_OK) return false;
    if (suits(e, d, crc)) return e->debug = d, true;
    lp_elf_close(d);
    return false;
}

/* above: a folder that `dir` is in, or dir. */
static bool look_above(struct lp_elf *e, const char *above, const char *dir, const char *by_id, const char *link, uint32_t crc)
{
    char more[PATH_MAX];
    if (by_id[0] && try(e, crc, above, by_id)) return true;
    int n = snprintf(more, sizeof more, "usr/lib/debug%s/%s", dir + strlen(above), link ? link : "");
    return link && n < (int)sizeof more && try(e, crc, above, more);
}

static void look(struct lp_elf *e)
{
    char dir[PATH_MAX] = "", above[PATH_MAX], by_id[200] = "", more[PATH_MAX], hex[129];
    uint32_t crc = 0;
    const char *link = link_name(e, &crc);
    char *real = lp_os_realpath(e->name), *leaf = real ? strrchr(real, '/') : NULL;
    if (leaf) snprintf(dir, sizeof dir, "%.*s", (int)(leaf - real), real);
    free(real);
    if (e->info.build_id) {
        lp_hex(hex, e->info.build_id, e->info.build_id_len);
        snprintf(by_id, sizeof by_id, "usr/lib/debug/.build-id/%.2s/%s.debug", hex, hex + 2);
    }
    if (link && (try(e, crc, dir, link) || (snprintf(more, sizeof more, ".debug/%s", link) < (int)sizeof more && try(e, crc, dir, more)))) return;
    for (strcpy(above, dir); !look_above(e, above, dir, by_id, link, crc) && above[0];) *strrchr(above, '/') = 0;
}

const lp_elf *lp_elf_debug(const lp_elf *elf)
{
    struct lp_elf *e = (struct lp_elf *)elf; /* filled on first use, constant afterwards */
    lp_elf_sections(e, NULL);
    pthread_mutex_lock(&e->debug_lock);
    if (!e->have_debug) look(e);
    e->have_debug = true;
    pthread_mutex_unlock(&e->debug_lock);
    return e->debug;
}
