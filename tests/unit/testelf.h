/* unit/testelf.h - a small static program as an ELF image: main, parse, two twins, data, a build-id. */
#ifndef LP_TESTELF_H
#define LP_TESTELF_H
#include <arm64lp/elf.h>
#include <elf.h>
#include <libelf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define TEST_BASE UINT64_C(0x400000)
#define TEST_CODE (TEST_BASE + offsetof(struct test_image, code))
#define TEST_LIMIT (TEST_BASE + offsetof(struct test_image, limit))
#define TEST_BUILD_ID "0100000002000000030000000400000005000000"

struct test_image {
    Elf64_Ehdr eh;
    Elf64_Phdr ph[2];
    uint32_t code[8]; /* main 2 words, parse 3, twin 1, twin 1, data */
    uint64_t limit;
    uint32_t note[9], pad;
    Elf64_Sym sym[10];
    char str[64], shstr[32];
    Elf64_Shdr sh[5];
};

static inline void test_symbol(struct test_image *f, int i, uint32_t name, unsigned bind, unsigned type,
        uint16_t shndx, uint64_t value, uint64_t size)
{
    f->sym[i] = (Elf64_Sym){name, (unsigned char)ELF64_ST_INFO(bind, type), 0, shndx, value, size};
}

/* As a file has them: little-endian, whatever the host is. */
static inline void test_to_file(void *p, size_t n, Elf_Type type)
{
    Elf_Data d = {.d_buf = p, .d_size = n, .d_type = type, .d_version = EV_CURRENT};
    if (elf_version(EV_CURRENT) == EV_NONE || !elf64_xlatetof(&d, &d, ELFDATA2LSB)) abort();
}

static inline const struct test_image *test_image(void)
{
    static struct test_image f;
    static const char str[] = "\0main\0parse\0twin\0a.c\0b.c\0$x\0$d\0limit";
    memcpy(f.eh.e_ident, ELFMAG, 4);
    f.eh.e_ident[EI_CLASS] = ELFCLASS64, f.eh.e_ident[EI_DATA] = ELFDATA2LSB, f.eh.e_ident[EI_VERSION] = EV_CURRENT;
    f.eh.e_type = ET_EXEC, f.eh.e_machine = EM_AARCH64, f.eh.e_version = EV_CURRENT, f.eh.e_entry = TEST_CODE;
    f.eh.e_phoff = offsetof(struct test_image, ph), f.eh.e_shoff = offsetof(struct test_image, sh), f.eh.e_ehsize = sizeof f.eh;
    f.eh.e_phentsize = sizeof(Elf64_Phdr), f.eh.e_phnum = 2, f.eh.e_shentsize = sizeof(Elf64_Shdr), f.eh.e_shnum = 5, f.eh.e_shstrndx = 4;
    f.ph[0] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0, TEST_BASE, TEST_BASE, sizeof f, 4096, 65536};
    f.ph[1] = (Elf64_Phdr){PT_NOTE, PF_R, offsetof(struct test_image, note), 0, 0, sizeof f.note, sizeof f.note, 4};
    /* cmp w0, #1; ret | sub w2, w1, #1; cmp w2, #63; ret | ret | ret | data */
    memcpy(f.code, (uint32_t[]){0x7100041f, 0xd65f03c0, 0x51000422, 0x7100fc5f, 0xd65f03c0, 0xd65f03c0, 0xd65f03c0, 7}, sizeof f.code);
    f.limit = 16;
    memcpy(f.note, (uint32_t[]){4, 20, NT_GNU_BUILD_ID, 0x00554e47, 1, 2, 3, 4, 5}, sizeof f.note);
    test_symbol(&f, 1, 17, STB_LOCAL, STT_FILE, SHN_ABS, 0, 0);
    test_symbol(&f, 2, 25, STB_LOCAL, STT_NOTYPE, 1, TEST_CODE, 0);
    test_symbol(&f, 3, 28, STB_LOCAL, STT_NOTYPE, 1, TEST_CODE + 28, 0);
    test_symbol(&f, 4, 12, STB_LOCAL, STT_FUNC, 1, TEST_CODE + 20, 4);
    test_symbol(&f, 5, 21, STB_LOCAL, STT_FILE, SHN_ABS, 0, 0);
    test_symbol(&f, 6, 12, STB_LOCAL, STT_FUNC, 1, TEST_CODE + 24, 4);
    test_symbol(&f, 7, 1, STB_GLOBAL, STT_FUNC, 1, TEST_CODE, 8);
    test_symbol(&f, 8, 6, STB_GLOBAL, STT_FUNC, 1, TEST_CODE + 8, 12);
    test_symbol(&f, 9, 31, STB_GLOBAL, STT_OBJECT, 1, TEST_LIMIT, 8);
    memcpy(f.str, str, sizeof str);
    f.sh[1] = (Elf64_Shdr){0, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, TEST_CODE, offsetof(struct test_image, code), sizeof f.code, 0, 0, 4, 0};
    f.sh[2] = (Elf64_Shdr){0, SHT_SYMTAB, 0, 0, offsetof(struct test_image, sym), sizeof f.sym, 3, 7, 8, sizeof(Elf64_Sym)};
    f.sh[3] = (Elf64_Shdr){0, SHT_STRTAB, 0, 0, offsetof(struct test_image, str), sizeof f.str, 0, 0, 1, 0};
    f.sh[4] = (Elf64_Shdr){0, SHT_STRTAB, 0, 0, offsetof(struct test_image, shstr), sizeof f.shstr, 0, 0, 1, 0};
    test_to_file(&f.eh, sizeof f.eh, ELF_T_EHDR);
    test_to_file(f.ph, sizeof f.ph, ELF_T_PHDR);
    test_to_file(f.code, sizeof f.code, ELF_T_WORD);
    test_to_file(&f.limit, sizeof f.limit, ELF_T_XWORD);
    test_to_file(f.note, sizeof f.note, ELF_T_WORD);
    test_to_file(f.sym, sizeof f.sym, ELF_T_SYM);
    test_to_file(f.sh, sizeof f.sh, ELF_T_SHDR);
    return &f;
}

static inline lp_elf *test_elf(void)
{
    lp_elf *e = NULL;
    if (lp_elf_open_memory(test_image(), sizeof(struct test_image), "dir/greet", &e, NULL) != LP_OK) abort();
    return e;
}
#endif
