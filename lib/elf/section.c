/* elf/section.c - section headers. A file whose section headers are damaged still runs: it has no sections then. */
#include <config.h>
#include "elf/image.h"
#include "base/bits.h"
#include "elf/dynamic.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

void lp_elf_load_sections(struct lp_elf *e)
{
    Elf64_Ehdr *eh = elf64_getehdr(e->elf);
    size_t n = 0, strndx = 0;
    if (!eh || !eh->e_shoff || eh->e_shentsize != sizeof(Elf64_Shdr)) return;
    if (elf_getshdrnum(e->elf, &n) != 0 || n == 0 || n > e->size / sizeof(Elf64_Shdr)) return;
    if (!lp_within(eh->e_shoff, n * sizeof(Elf64_Shdr), e->size)) return;
    struct lp_elf_section *v = calloc(n, sizeof *v);
    if (!v) return;
    struct lp_elf_strtab names = {"", 0};
    GElf_Shdr h;
    Elf_Scn *scn;
    if (elf_getshdrstrndx(e->elf, &strndx) == 0 && (scn = elf_getscn(e->elf, strndx)) && gelf_getshdr(scn, &h))
        names = lp_elf_strtab(e, h.sh_offset, h.sh_size);
    for (size_t i = 0; i < n; i++) {
        scn = elf_getscn(e->elf, i);
        if (!scn || !gelf_getshdr(scn, &h)) h = (GElf_Shdr){0};
        const char *name = lp_elf_str(names, h.sh_name);
        v[i] = (struct lp_elf_section){name ? name : "", h.sh_type, h.sh_flags, h.sh_addr, h.sh_offset, h.sh_size, h.sh_addralign,
                                       h.sh_entsize, h.sh_link, h.sh_info};
    }
    e->sec = v;
    e->nsec = n;
}

const struct lp_elf_section *lp_elf_sections(const lp_elf *elf, size_t *count)
{
    struct lp_elf *e = (struct lp_elf *)elf;
    lp_elf_once(e, &e->have_sections, lp_elf_load_sections);
    if (count) *count = e->nsec;
    return e->sec;
}

/* .comment is one text after the other. */
typedef bool (*comment_fn)(const char *text, const void *ctx);

/* Is there one in .comment? */
static bool any_comment(const lp_elf *e, comment_fn fn, const void *ctx)
{
    size_t n;
    const char *p;
    const struct lp_elf_section *s = lp_elf_sections(e, &n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(s[i].name, ".comment") != 0 || s[i].type == SHT_NOBITS || !lp_within(s[i].offset, s[i].size, e->size)) continue;
        const struct lp_elf_strtab text = lp_elf_strtab(e, s[i].offset, s[i].size);
        for (uint64_t off = 0; off < s[i].size && (p = lp_elf_str(text, off)) != NULL; off += strlen(p) + 1)
            if (fn(p, ctx)) return true;
    }
    return false;
}

static bool names(const char *text, const void *tool) { return strstr(text, tool) != NULL; }
bool lp_elf_made_by(const lp_elf *e, const char *tool) { return any_comment(e, names, tool); }

/* Another compiler's text; what linkers say of themselves is none. */
static bool is_other(const char *text, const void *ctx)
{
    static const char *const known[] = {"GCC: ", "Linker: ", "mold ", NULL};
    (void)ctx;
    for (size_t i = 0; *text && known[i]; i++)
        if (strncmp(text, known[i], strlen(known[i])) == 0) return false;
    return *text != 0;
}

bool lp_elf_made_by_gcc(const lp_elf *e) { return lp_elf_made_by(e, "GCC: ") && !any_comment(e, is_other, NULL); }
