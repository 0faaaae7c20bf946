/* fuzz/fuzz_elf.c - lp_elf_open_memory on anything, and every accessor on what it accepts. Without a file: an ELF made here. */
#include <config.h>
#include "fuzz.h"
#include <arm64lp/elf.h>
#include "elf/cfi.h"
#include "elf/dynamic.h"

#include <elf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const lp_fuzz_name = "lp_elf_open_memory";
const size_t lp_fuzz_prefixes = 2000, lp_fuzz_head = 0;
const char *const lp_fuzz_words[] = {NULL};

static void symbols(const lp_elf *e)
{
    size_t n;
    const struct lp_elf_symbol *s = lp_elf_symbols(e, &n);
    for (size_t i = 0; i < n; i += 1 + n / 200) {
        char spec[600];
        const struct lp_elf_symbol *hit;
        struct lp_error err;
        lp_elf_symbol_spec(e, &s[i], spec, sizeof spec);
        (void)lp_elf_find(e, spec, &hit, &err);
        (void)lp_elf_symbol_at(e, s[i].value);
        (void)lp_elf_is_code(e, s[i].value);
    }
    const struct lp_elf_symbol *hit;
    (void)lp_elf_find(e, "mian", &hit, NULL);
}

static size_t dynamic_part(const lp_elf *e)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(e);
    size_t total = 0;
    for (size_t i = 0; i < d->nsym; i++) total += strlen(d->sym[i].name) + (d->sym[i].version ? strlen(d->sym[i].version) : 0);
    for (size_t i = 0; i < d->nneeded; i++) total += strlen(d->needed[i]);
    for (size_t i = 0; i < d->nrel; i++) total += d->rel[i].sym ? d->rel[i].sym->type : 1;
    const struct lp_dynfixes f = lp_elf_dynfixes(e);
    for (size_t i = 0; i < f.n; i += 1 + f.n / 100) total += lp_elf_dynfix_covers(e, f.v[i].at, 8);
    return total + (lp_dynsym_defined(d, "main", NULL) != NULL) + (lp_dynsym_wanted(d, "puts", "GLIBC_2.17") != NULL);
}

static size_t relocations(const lp_elf *e)
{
    size_t n, total = 0;
    uint64_t end;
    const struct lp_elf_reloc *r = lp_elf_relocs(e, &n);
    for (size_t i = 0; i < n; i++) {
        total += (r[i].name ? strlen(r[i].name) : 0) + (r[i].symbol ? strlen(r[i].symbol) : 0) + lp_elf_code_run(e, r[i].section, r[i].at, &end);
        if (end <= r[i].at && r[i].at != UINT64_MAX) abort();
    }
    return total;
}

/* Rules at addresses all over the segments, and around what the tables of call frame information say. */
static size_t frames(const lp_elf *e)
{
    size_t n, total = 0;
    struct lp_cfi c;
    const struct lp_elf_segment *s = lp_elf_segments(e, &n);
    for (size_t i = 0; i < n && i < 16; i++)
        for (uint64_t k = 0; k < 64; k++) total += lp_elf_cfi(e, s[i].vaddr + k * (k < 32 ? 12 : s[i].memsz / 64 & ~UINT64_C(3)), &c) ? c.cfa.kind : 1;
    return total;
}

void lp_fuzz_one(const uint8_t *data, size_t len)
{
    lp_elf *e;
    struct lp_error err;
    if (lp_elf_open_memory(data, len, "fuzz", &e, &err) != LP_OK) {
        if (!err.text[0]) abort();
        return;
    }
    const struct lp_elf_info *info = lp_elf_info(e);
    size_t n, total = (info->interp ? strlen(info->interp) : 0) + (info->soname ? strlen(info->soname) : 0);
    for (size_t i = 0; i < info->build_id_len; i++) total += info->build_id[i];
    const struct lp_elf_section *sec = lp_elf_sections(e, &n);
    for (size_t i = 0; i < n; i++) total += strlen(sec[i].name);
    const struct lp_elf_segment *seg = lp_elf_segments(e, &n);
    for (size_t i = 0; i < n && i < 64; i++) {
        uint8_t buf[64];
        (void)lp_elf_read(e, seg[i].vaddr + seg[i].memsz - 32, buf, sizeof buf, &err);
        (void)lp_elf_read(e, seg[i].vaddr, buf, sizeof buf, &err);
        total += (size_t)lp_elf_offset(e, seg[i].vaddr + seg[i].filesz) + lp_elf_is_code(e, seg[i].vaddr);
    }
    symbols(e);
    total += dynamic_part(e) + relocations(e) + frames(e);
    volatile size_t sink = total;
    (void)sink;
    lp_elf_close(e);
}

/* ELF header, four program headers, code, a PLT stub, call frames, symbols, strings, versions, notes, relocations, seven sections. */
struct file {
    Elf64_Ehdr eh;
    Elf64_Phdr ph[4];
    uint32_t code[8];
    uint32_t note[9];
    uint32_t table[5];
    uint8_t frames[52];
    Elf64_Sym sym[6];
    Elf64_Rela rela[1];
    Elf64_Dyn dyn[5];
    char str[64], shstr[64];
    Elf64_Shdr sh[8];
};

static void section(struct file *f, int i, uint32_t type, uint64_t flags, size_t off, size_t size, uint32_t link, uint32_t name, uint64_t entsize)
{
    f->sh[i] = (Elf64_Shdr){.sh_name = name, .sh_type = type, .sh_flags = flags, .sh_addr = 0x400000 + off,
            .sh_offset = off, .sh_size = size, .sh_link = link,
                            .sh_addralign = 8, .sh_entsize = entsize};
}

/* A CIE, an FDE of the whole code that uses every kind of instruction, and the table that finds it. */
static void call_frames(struct file *f)
{
    static const uint8_t frames[52] = {16, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 4, 0x78, 30, 1, 0x1b, 0x0c, 31, 0,
                                       28, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0,
                                       0x41, 0x0e, 16, 0x9d, 2, 0x9e, 1, 0x0a, 0x2d, 0x41, 0xde, 0x0b, 0x14, 19, 1};
    const uint32_t at = offsetof(struct file, frames), table = offsetof(struct file, table);
    memcpy(f->frames, frames, sizeof frames);
    int32_t code = (int32_t)(offsetof(struct file, code) - (at + 28));
    memcpy(f->frames + 28, &code, 4);
    memcpy(f->table, (uint32_t[]){0x3b031b01, at - (table + 4), 1, (uint32_t)offsetof(struct file, code) - table, at + 20 - table}, sizeof f->table);
    f->ph[3] = (Elf64_Phdr){PT_GNU_EH_FRAME, PF_R, table, 0x400000 + table, 0, sizeof f->table, sizeof f->table, 4};
}

static const struct file *build(void)
{
    static struct file f;
    static const char str[] = "\0main\0main.c\0$x\0$d\0puts\0libfuzz.so", shstr[] = "\0.plt\0.symtab\0.strtab";
    memcpy(f.eh.e_ident, ELFMAG, 4);
    f.eh.e_ident[EI_CLASS] = ELFCLASS64, f.eh.e_ident[EI_DATA] = ELFDATA2LSB, f.eh.e_ident[EI_VERSION] = EV_CURRENT;
    f.eh.e_type = ET_DYN, f.eh.e_machine = EM_AARCH64, f.eh.e_version = EV_CURRENT, f.eh.e_entry = 0x400000 + offsetof(struct file, code);
    f.eh.e_phoff = offsetof(struct file, ph), f.eh.e_shoff = offsetof(struct file, sh), f.eh.e_ehsize = sizeof f.eh;
    f.eh.e_phentsize = sizeof(Elf64_Phdr), f.eh.e_phnum = 4, f.eh.e_shentsize = sizeof(Elf64_Shdr), f.eh.e_shnum = 8, f.eh.e_shstrndx = 7;
    f.ph[0] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0, 0x400000, 0x400000, sizeof f, sizeof f + 4096, 65536};
    f.ph[1] = (Elf64_Phdr){PT_NOTE, PF_R, offsetof(struct file, note), 0x400000 + offsetof(struct file, note), 0, sizeof f.note, sizeof f.note, 4};
    f.ph[2] = (Elf64_Phdr){PT_DYNAMIC, PF_R, offsetof(struct file, dyn), 0x400000 + offsetof(struct file, dyn), 0, sizeof f.dyn, sizeof f.dyn, 8};
    call_frames(&f);
    memcpy(f.code, (uint32_t[]){0xd65f03c0, 0xd503201f, 0xd503245f, 0x90000010, 0xf9400211, 0x91000210, 0xd61f0220, 0}, sizeof f.code);
    memcpy(f.note, (uint32_t[]){4, 20, NT_GNU_BUILD_ID, 0x00554e47, 1, 2, 3, 4, 5}, sizeof f.note);
    uint64_t code = 0x400000 + offsetof(struct file, code);
    f.sym[1] = (Elf64_Sym){6, ELF64_ST_INFO(STB_LOCAL, STT_FILE), 0, SHN_ABS, 0, 0};
    f.sym[2] = (Elf64_Sym){13, ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE), 0, 1, code, 0};
    f.sym[3] = (Elf64_Sym){16, ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE), 0, 1, code + 28, 0};
    f.sym[4] = (Elf64_Sym){1, ELF64_ST_INFO(STB_LOCAL, STT_FUNC), 0, 1, code, 8};
    f.sym[5] = (Elf64_Sym){1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, code + 8, 8};
    f.rela[0] = (Elf64_Rela){0x400000, ELF64_R_INFO(4, R_AARCH64_JUMP_SLOT), 0};
    f.dyn[0] = (Elf64_Dyn){DT_STRTAB, {0x400000 + offsetof(struct file, str)}}, f.dyn[1] = (Elf64_Dyn){DT_STRSZ, {sizeof f.str}};
    f.dyn[2] = (Elf64_Dyn){DT_SONAME, {24}}, f.dyn[3] = (Elf64_Dyn){DT_SYMTAB, {0x400000 + offsetof(struct file, sym)}};
    memcpy(f.str, str, sizeof str), memcpy(f.shstr, shstr, sizeof shstr);
    section(&f, 1, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, offsetof(struct file, code), sizeof f.code, 0, 1, 4);
    section(&f, 2, SHT_SYMTAB, 0, offsetof(struct file, sym), sizeof f.sym, 4, 6, sizeof(Elf64_Sym));
    section(&f, 3, SHT_RELA, SHF_ALLOC, offsetof(struct file, rela), sizeof f.rela, 2, 0, sizeof(Elf64_Rela));
    section(&f, 4, SHT_STRTAB, 0, offsetof(struct file, str), sizeof f.str, 0, 14, 0);
    section(&f, 5, SHT_NOTE, SHF_ALLOC, offsetof(struct file, note), sizeof f.note, 0, 0, 0);
    section(&f, 6, SHT_DYNSYM, SHF_ALLOC, offsetof(struct file, sym), sizeof f.sym, 4, 0, sizeof(Elf64_Sym));
    section(&f, 7, SHT_STRTAB, 0, offsetof(struct file, shstr), sizeof f.shstr, 0, 0, 0);
    return &f;
}

const uint8_t *lp_fuzz_builtin(size_t i, size_t *len)
{
    *len = sizeof(struct file);
    return i == 0 ? (const uint8_t *)build() : NULL;
}
