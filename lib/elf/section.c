/* elf/section.c - section headers. A file whose section headers are damaged still runs: it has no sections then. */
#include <config.h>
#include "elf/image.h"
#include "base/bits.h"

#include <gelf.h>
#include <stdlib.h>

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
