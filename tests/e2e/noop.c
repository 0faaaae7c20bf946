/* noop.c - writes a patch that replaces functions of an ELF file by themselves: noop FILE [HOW-MANY]
 * They are those that its call frame information tells, evenly spread. A function that cannot be moved by relocations alone is left out. */
#include <config.h>
#include <arm64lp.h>
#include "base/bits.h"
#include "base/hash.h"
#include "elf/cfi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct function { uint64_t start, size; };
static struct function *list;
static size_t n_list;

static uint32_t word_at(const lp_elf *e, uint64_t addr)
{
    uint8_t p[4] = {0};
    lp_elf_read(e, addr, p, 4, NULL);
    return lp_le32(p);
}

/* The field of an address in an instruction, and where it leads. */
static const char *reference(uint32_t w, uint64_t pc, uint64_t *to, uint32_t *field)
{
    uint64_t by14 = 4 * (uint64_t)lp_sext(w >> 5 & 0x3fff, 14), by19 = 4 * (uint64_t)lp_sext(w >> 5 & 0x7ffff, 19), by26 = 4 * (uint64_t)lp_sext(w & 0x3ffffff, 26);
    bool conditional = (w & 0xff000010) == 0x54000000 || (w & 0x7e000000) == 0x34000000, literal = (w & 0x3b000000) == 0x18000000;
    if ((w & 0x7c000000) == 0x14000000) return *field = 0x03ffffff, *to = pc + by26, w >> 31 ? "call26" : "jump26";
    if (conditional || literal) return *field = 0x00ffffe0, *to = pc + by19, "";
    if ((w & 0x7e000000) == 0x36000000) return *field = 0x0007ffe0, *to = pc + by14, "";
    uint64_t imm = (uint64_t)lp_sext((w >> 5 & 0x7ffff) << 2 | (w >> 29 & 3), 21);
    *field = 0x60ffffe0;
    if ((w & 0x9f000000) == 0x10000000) return *to = pc + imm, "";
    if ((w & 0x9f000000) == 0x90000000) return *to = (pc & ~UINT64_C(4095)) + 4096 * imm, "adr_prel_pg_hi21";
    return NULL;
}

/* False: it reaches out of itself in a way that has little range, or is no code. */
static bool movable(const lp_elf *e, const struct function *f)
{
    for (uint64_t pc = f->start; pc < f->start + f->size; pc += 4) {
        uint64_t to;
        uint32_t field, w = word_at(e, pc);
        const char *r = reference(w, pc, &to, &field);
        if (!lp_elf_is_code(e, pc) || !(w >> 16) || (r && !*r && to - f->start >= f->size)) return false;
    }
    return true;
}

static void print_function(const lp_elf *e, const struct function *f)
{
    uint8_t sha[32], *old = malloc(f->size);
    char hex[65];
    if (!old || lp_elf_read(e, f->start, old, f->size, NULL) != LP_OK) exit(1);
    lp_sha256(old, f->size, sha);
    lp_hex(hex, sha, sizeof sha);
    free(old);
    unsigned long long start = f->start, size = f->size;
    printf("func 0x%llx size %llu\nold size %llu sha256 %s\n", start, size, size, hex);
    for (uint64_t pc = f->start; pc < f->start + f->size; pc += 4) {
        uint64_t to;
        uint32_t field, w = word_at(e, pc);
        const char *r = reference(w, pc, &to, &field);
        if (r && *r && (to - f->start >= f->size || *r == 'a')) printf("| %08x %s 0x%llx\n", w & ~field, r, (unsigned long long)to);
        else printf("| %08x\n", w);
    }
    puts("end");
}

/* Walk the code by its FDEs. */
static void find_functions(const lp_elf *e)
{
    size_t n, cap = 0;
    const struct lp_elf_section *s = lp_elf_sections(e, &n);
    for (size_t i = 0; i < n; i++) {
        if (!(s[i].flags & 4) || strncmp(s[i].name, ".plt", 4) == 0 || strcmp(s[i].name, ".text") != 0) continue;
        for (uint64_t pc = s[i].addr; pc < s[i].addr + s[i].size;) {
            struct lp_fde fde;
            if (!lp_elf_fde(e, pc, &fde)) {
                pc += 4;
                continue;
            }
            struct function f = {fde.start, fde.end - fde.start};
            pc = fde.end;
            if (f.start % 4 || f.size % 4 || f.size < 16 || !movable(e, &f)) continue;
            if (n_list == cap && !(list = realloc(list, (cap = 2 * cap + 64) * sizeof *list))) exit(1);
            list[n_list++] = f;
        }
    }
}

int main(int argc, char **argv)
{
    struct lp_error err;
    lp_elf *e;
    size_t want = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (argc < 2) return fputs("usage: noop FILE [HOW-MANY]\n", stderr), 2;
    if (lp_elf_open(argv[1], &e, &err) != LP_OK) return fprintf(stderr, "noop: %s: %s\n", argv[1], err.text), 2;
    const struct lp_elf_info *info = lp_elf_info(e);
    char id[129];
    find_functions(e);
    if (!n_list) return fprintf(stderr, "noop: %s: no function can be replaced\n", argv[1]), 1;
    printf("lpatch 1\nname      noop\n\nobject    %s\n", info->soname ? info->soname : "*");
    if (info->build_id) lp_hex(id, info->build_id, info->build_id_len), printf("build-id  %s\n\n", id);
    else {
        uint8_t sha[32];
        lp_elf_sha256(e, sha);
        lp_hex(id, sha, 32), printf("file-sha256 %s\n\n", id);
    }
    if (!want || want > n_list) want = n_list;
    for (size_t i = 0; i < want; i++) print_function(e, &list[i * n_list / want]);
    lp_elf_close(e);
    free(list);
    return 0;
}
