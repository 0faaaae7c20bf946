/* tests/unit/test_load.c - programs into memory: the first stack, segments, and files that must be refused. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "load/load.h"

/* A program of up to 4 segments; the bytes at file offset n are (uint8_t)n from 0x1000 up. */
struct file {
    Elf64_Ehdr e;
    Elf64_Phdr p[4];
};
#define FILE_SIZE 0x3000

static void begin(struct file *f, uint16_t type, uint64_t entry)
{
    memset(f, 0, sizeof *f);
    memcpy(f->e.e_ident, ELFMAG, SELFMAG);
    f->e.e_ident[EI_CLASS] = ELFCLASS64;
    f->e.e_ident[EI_DATA] = ELFDATA2LSB;
    f->e.e_ident[EI_VERSION] = EV_CURRENT;
    f->e.e_type = type;
    f->e.e_machine = EM_AARCH64;
    f->e.e_version = EV_CURRENT;
    f->e.e_entry = entry;
    f->e.e_phoff = offsetof(struct file, p);
    f->e.e_ehsize = sizeof f->e;
    f->e.e_phentsize = sizeof f->p[0];
}

static void segment(struct file *f, uint32_t type, uint32_t flags, uint64_t off, uint64_t vaddr, uint64_t filesz, uint64_t memsz)
{
    f->p[f->e.e_phnum++] = (Elf64_Phdr){type, flags, off, vaddr, vaddr, filesz, memsz, 0x1000};
}

static int to_fd(const struct file *f)
{
    uint8_t image[FILE_SIZE];
    int fd = memfd_create("program", MFD_CLOEXEC);
    for (size_t i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)i;
    memcpy(image, f, sizeof *f);
    assert_int_equal(write(fd, image, sizeof image), sizeof image);
    return fd;
}

static lp_status load(const struct file *f, struct lp_mem **mem, struct lp_image *im, struct lp_error *err)
{
    int fd = to_fd(f);
    assert_int_equal(lp_mem_new(39, mem, err), LP_OK);
    lp_status s = lp_load_image(*mem, fd, "program", im, err);
    close(fd);
    return s;
}

static void usual(struct file *f, uint16_t type, uint64_t base)
{
    begin(f, type, base + 0x1000);
    segment(f, PT_LOAD, PF_R | PF_X, 0, base, 0x1800, 0x1800);
    segment(f, PT_LOAD, PF_R | PF_W, 0x2100, base + 0x12100, 0x700, 0x3000);
}

static void segments_are_mapped(void **state)
{
    struct file f;
    struct lp_mem *m;
    struct lp_image im;
    struct lp_error err;
    uint8_t b[4096];
    (void)state;
    usual(&f, ET_EXEC, 0x400000);
    assert_int_equal(load(&f, &m, &im, &err), LP_OK);
    assert_int_equal(im.bias, 0);
    assert_int_equal(im.start, 0x400000);
    assert_int_equal(im.end, 0x416000); /* 0x412100 + 0x3000, rounded */
    assert_int_equal(im.brk, im.end);
    assert_int_equal(im.entry, 0x401000);
    assert_int_equal(im.phdr, 0x400040);
    assert_int_equal(lp_mem_flags(m, 0x401000) & (LP_R | LP_W | LP_X), LP_R | LP_X);
    assert_int_equal(lp_mem_flags(m, 0x412000) & (LP_R | LP_W | LP_X), LP_R | LP_W);
    assert_int_equal(lp_mem_flags(m, 0x402000) & LP_MAPPED, 0);
    assert_int_equal(lp_mem_read(m, b, 0x401000, 16), 0);
    assert_int_equal(b[5], 5);
    assert_int_equal(lp_mem_read(m, b, 0x4127f0, 0x810), 0);
    assert_int_equal(b[0xf], 0xff);  /* last byte of the file's part: offset 0x27ff */
    for (int i = 0x10; i < 0x810; i++)
        assert_int_equal(b[i], 0);   /* the rest of the page, and the pages behind */
    assert_int_equal(lp_mem_write(m, 0x401000, b, 1), -14);
    lp_image_close(&im);
    lp_mem_free(m);
}

static void pie_is_placed(void **state)
{
    struct file f;
    struct lp_mem *m;
    struct lp_image im;
    struct lp_error err;
    (void)state;
    usual(&f, ET_DYN, 0);
    assert_int_equal(load(&f, &m, &im, &err), LP_OK);
    assert_int_equal(im.bias, UINT64_C(0x5555550000));
    assert_int_equal(im.entry, im.bias + 0x1000);
    assert_int_equal(im.phdr, im.bias + 0x40);
    lp_image_close(&im);
    lp_mem_free(m);
}

static uint64_t word(struct lp_mem *m, uint64_t at)
{
    uint64_t v;
    assert_int_equal(lp_mem_read(m, &v, at, sizeof v), 0);
    return v;
}

static void assert_string_at(struct lp_mem *m, uint64_t at, const char *want)
{
    char s[64];
    assert_true(lp_mem_read_str(m, s, at, sizeof s) >= 0);
    assert_string_equal(s, want);
}

static uint64_t auxv(const struct lp_image *im, uint64_t type)
{
    for (size_t i = 0; i < im->auxv_len; i += 2)
        if (im->auxv[i] == type)
            return im->auxv[i + 1];
    fail_msg("no auxv entry %d", (int)type);
    return 0;
}

static void stack_is_linuxes(void **state)
{
    static const char *const argv[] = {"prog", "one", "", NULL}, *const envp[] = {"A=1", "BB=22", NULL};
    struct lp_stack_args a = {.argv = argv, .envp = envp, .execfn = "./prog", .size = 0x100001, .hwcap = 3, .uid = 7, .euid = 7, .gid = 8, .egid = 9};
    struct file f;
    struct lp_mem *m;
    struct lp_image im;
    struct lp_error err;
    (void)state;
    memset(a.random, 0x5a, sizeof a.random);
    usual(&f, ET_EXEC, 0x400000);
    assert_int_equal(load(&f, &m, &im, &err), LP_OK);
    assert_int_equal(lp_load_stack(m, &im, &a, &err), LP_OK);
    assert_int_equal(im.sp % 16, 0);
    assert_int_equal(im.stack_hi - im.stack_lo, 0x101000);
    assert_int_equal(lp_mem_flags(m, im.stack_lo) & (LP_R | LP_W | LP_X), LP_R | LP_W);
    assert_int_equal(lp_mem_flags(m, im.stack_lo - 1) & (LP_R | LP_W), 0);

    uint64_t at = im.sp;
    assert_int_equal(word(m, at), 3);
    for (int i = 0; i < 3; i++)
        assert_string_at(m, word(m, at + 8 + 8 * (uint64_t)i), argv[i]);
    assert_int_equal(word(m, at + 32), 0);
    assert_string_at(m, word(m, at + 40), "A=1");
    assert_string_at(m, word(m, at + 48), "BB=22");
    assert_int_equal(word(m, at + 56), 0);
    for (size_t i = 0; i < im.auxv_len; i++)
        assert_int_equal(word(m, at + 64 + 8 * i), im.auxv[i]);
    /* argv and envp strings are one block, as /proc/self/cmdline wants them */
    assert_int_equal(word(m, at + 8), im.arg_start);
    assert_int_equal(im.arg_end - im.arg_start, sizeof "prog" + sizeof "one" + sizeof "");
    assert_int_equal(word(m, at + 40), im.arg_end);
    assert_int_equal(im.env_end - im.arg_end, sizeof "A=1" + sizeof "BB=22");

    assert_int_equal(auxv(&im, AT_PHDR), 0x400040);
    assert_int_equal(auxv(&im, AT_PHENT), 56);
    assert_int_equal(auxv(&im, AT_PHNUM), 2);
    assert_int_equal(auxv(&im, AT_PAGESZ), 4096);
    assert_int_equal(auxv(&im, AT_ENTRY), 0x401000);
    assert_int_equal(auxv(&im, AT_HWCAP), 3);
    assert_int_equal(auxv(&im, AT_CLKTCK), 100);
    assert_int_equal(auxv(&im, AT_UID), 7);
    assert_int_equal(auxv(&im, AT_SECURE), 1); /* gid != egid */
    assert_string_at(m, auxv(&im, AT_PLATFORM), "aarch64");
    assert_string_at(m, auxv(&im, AT_EXECFN), "./prog");
    assert_int_equal(word(m, auxv(&im, AT_RANDOM)), UINT64_C(0x5a5a5a5a5a5a5a5a));
    assert_int_equal(im.auxv[im.auxv_len - 2], AT_NULL);
    assert_int_equal(word(m, im.stack_hi - 8), 0);
    lp_image_close(&im);
    lp_mem_free(m);
}

static void too_many_arguments(void **state)
{
    static char big[40000];
    const char *argv[] = {"prog", big, NULL}, *envp[] = {NULL};
    struct lp_stack_args a = {.argv = argv, .envp = envp, .execfn = "prog", .size = 0x8000};
    struct file f;
    struct lp_mem *m;
    struct lp_image im;
    struct lp_error err;
    (void)state;
    memset(big, 'x', sizeof big - 1);
    usual(&f, ET_EXEC, 0x400000);
    assert_int_equal(load(&f, &m, &im, &err), LP_OK);
    assert_int_equal(lp_load_stack(m, &im, &a, &err), LP_E_INVALID);
    assert_non_null(strstr(err.text, "Argument list too long"));
    a.size = 100;
    assert_int_equal(lp_load_stack(m, &im, &a, &err), LP_E_INVALID);
    lp_image_close(&im);
    lp_mem_free(m);
}

/* The file is refused with this status and a text that contains `says`. */
static void refused(const struct file *f, lp_status want, const char *says)
{
    struct lp_mem *m;
    struct lp_image im;
    struct lp_error err = {0};
    lp_status s = load(f, &m, &im, &err);
    if (s != want || !strstr(err.text, says))
        fail_msg("status %d, text '%s', expected status %d and '%s'", (int)s, err.text, (int)want, says);
    assert_string_equal(err.where, "program");
    assert_null(im.elf);
    lp_mem_free(m);
}

static void bad_segments(void **state)
{
    struct file f;
    (void)state;
    usual(&f, ET_EXEC, 0x400000);
    f.p[1].p_vaddr += 8;
    refused(&f, LP_E_ELF, "differ within the page");
    usual(&f, ET_EXEC, 0x400000);
    f.p[1].p_vaddr = 0x400100, f.p[1].p_offset = 0x100;
    refused(&f, LP_E_ELF, "overlaps");
    usual(&f, ET_EXEC, 0x400000);
    f.p[1].p_vaddr = 0x300100;
    refused(&f, LP_E_ELF, "overlaps");
    usual(&f, ET_EXEC, 0x400000);
    f.p[0].p_memsz = 0x1900, f.p[1].p_vaddr = 0x401a00, f.p[1].p_offset = 0x1a00;
    refused(&f, LP_E_ELF, "shares a page");
    usual(&f, ET_EXEC, 0x400000);
    f.p[1].p_vaddr = 0x7ffffff100;
    refused(&f, LP_E_ELF, "outside");
    usual(&f, ET_EXEC, 0x400000);
    f.p[1].p_memsz = UINT64_C(0xffffffffffff0000);
    refused(&f, LP_E_ELF, "");
    usual(&f, ET_EXEC, 0x400000);
    f.p[1].p_memsz = 0x10;
    refused(&f, LP_E_ELF, "");
    usual(&f, ET_EXEC, 0x400000);
    f.p[1].p_offset = 0x100000100;
    refused(&f, LP_E_ELF, "");
}

static void bad_programs(void **state)
{
    struct file f;
    (void)state;
    usual(&f, ET_EXEC, 0x400000);
    f.e.e_entry = 0x412100;
    refused(&f, LP_E_ELF, "entry point");
    usual(&f, ET_EXEC, 0x400000);
    f.e.e_entry += 2;
    refused(&f, LP_E_ELF, "entry point");
    usual(&f, ET_REL, 0x400000);
    f.e.e_phnum = 0;
    refused(&f, LP_E_ELF, "not a program");
    begin(&f, ET_EXEC, 0x401000);
    refused(&f, LP_E_ELF, "no segment");
    usual(&f, ET_EXEC, 0x400000);
    f.e.e_machine = EM_X86_64;
    refused(&f, LP_E_ELF_MACHINE, "");
}

static void interpreter_is_placed(void **state)
{
    static const char *const none[] = {NULL};
    struct file f;
    struct lp_mem *m;
    struct lp_image im;
    struct lp_error err;
    struct lp_stack_args a = {.argv = none, .envp = none, .execfn = "program", .size = 0x20000, .secure = true};
    (void)state;
    usual(&f, ET_EXEC, 0x400000);
    segment(&f, PT_INTERP, PF_R, 0x900, 0x400900, 0x101, 0x101); /* ends with the 0 byte at 0xa00 */
    assert_int_equal(load(&f, &m, &im, &err), LP_OK);
    usual(&f, ET_DYN, 0x3000);
    int fd = to_fd(&f);
    assert_int_equal(lp_load_interp(m, fd, "loader", &im, &err), LP_OK);
    close(fd);
    assert_int_equal(lp_load_stack(m, &im, &a, &err), LP_OK);
    assert_int_equal(auxv(&im, AT_ENTRY), 0x401000);
    assert_int_equal(auxv(&im, AT_PHDR), 0x400040);
    assert_int_equal(auxv(&im, AT_SECURE), 1); /* the IDs are the same */
    uint64_t base = auxv(&im, AT_BASE);
    assert_int_equal(base % LP_LOAD_ALIGN, 0);
    assert_int_equal(im.first_pc, base + 0x4000);
    assert_int_equal(lp_mem_flags(m, base + 0x4000) & (LP_R | LP_W | LP_X), LP_R | LP_X);
    assert_int_equal(lp_mem_flags(m, base + 0x2000) & LP_MAPPED, 0);
    assert_int_equal(lp_mem_flags(m, base + 0x10000) & LP_MAPPED, 0); /* between its segments */
    lp_image_close(&im);
    lp_mem_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_are_mapped), cmocka_unit_test(pie_is_placed), cmocka_unit_test(stack_is_linuxes),
        cmocka_unit_test(too_many_arguments),  cmocka_unit_test(bad_segments),  cmocka_unit_test(bad_programs),
        cmocka_unit_test(interpreter_is_placed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
