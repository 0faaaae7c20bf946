/* fuzz/fuzz_load.c - lp_vm_load on anything: loaded or refused with a message that names the file; never run. */
#include <config.h>
#include "fuzz.h"
#include <arm64lp/vm.h>

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *const lp_fuzz_name = "lp_vm_load";
const size_t lp_fuzz_prefixes = 12000, lp_fuzz_head = 64 + 8 * 56; /* the ELF header and eight program headers */
const char *const lp_fuzz_words[] = {NULL};

/* One file for all inputs: no page of it is mapped after lp_vm_free. */
static int file_with(const uint8_t *data, size_t len)
{
    static int fd = -1;
    if (fd < 0) fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) || (len && pwrite(fd, data, len, 0) != (ssize_t)len)) {
        perror("memfd");
        exit(99);
    }
    return fd;
}

void lp_fuzz_one(const uint8_t *data, size_t len)
{
    static const char *const argv[] = {"fuzz", "argument", NULL}, *const envp[] = {"HOME=/", NULL};
    struct lp_vm_config config = {.no_control = true, .va_bits = 36, .stack_size = 65536};
    struct lp_error err;
    char path[64];
    lp_vm *vm;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file_with(data, len));
    if (lp_vm_new(&config, &vm, &err) != LP_OK) {
        fprintf(stderr, "lp_vm_new: %s\n", err.text);
        abort();
    }
    lp_status s = lp_vm_load(vm, path, argv, envp, &err);
    switch (s) {
    case LP_OK: break;
    case LP_E_NOT_FOUND: case LP_E_DENIED: /* of the interpreter */
    case LP_E_ELF: case LP_E_ELF_MACHINE: case LP_E_UNSUPPORTED: case LP_E_IO: case LP_E_NOMEM:
        if (err.text[0] && strcmp(err.where, path) == 0) break;
        fprintf(stderr, "where is '%s', text '%s'\n", err.where, err.text);
        abort();
    default:
        fprintf(stderr, "status %d: %s: %s\n", s, err.where, err.text);
        abort();
    }
    lp_vm_free(vm);
}

#define BASE UINT64_C(0x400000)
struct file {
    Elf64_Ehdr eh;
    Elf64_Phdr ph[6];
    uint32_t code[4];
    uint32_t note[9], pad;
    char str[16];
    Elf64_Sym sym[3];
    Elf64_Shdr sh[4];
    uint64_t data[4];
};

const uint8_t *lp_fuzz_builtin(size_t i, size_t *len)
{
    static struct file f;
    *len = sizeof f;
    if (i) return NULL;
    uint64_t data = offsetof(struct file, data), note = offsetof(struct file, note);
    memcpy(f.eh.e_ident, (uint8_t[]){0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, 7);
    f.eh = (Elf64_Ehdr){.e_type = ET_EXEC, .e_machine = EM_AARCH64, .e_version = EV_CURRENT, .e_entry = BASE + offsetof(struct file, code),
        .e_phoff = offsetof(struct file, ph), .e_shoff = offsetof(struct file, sh), .e_ehsize = sizeof f.eh, .e_phentsize = sizeof f.ph[0],
        .e_phnum = 6, .e_shentsize = sizeof f.sh[0], .e_shnum = 4, .e_shstrndx = 3};
    memcpy(f.eh.e_ident, (uint8_t[]){0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, 7);
    f.ph[0] = (Elf64_Phdr){PT_PHDR, PF_R, offsetof(struct file, ph), BASE + 64, BASE + 64, sizeof f.ph, sizeof f.ph, 8};
    f.ph[1] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0, BASE, BASE, data, data, 65536};
    f.ph[2] = (Elf64_Phdr){PT_LOAD, PF_R | PF_W, data, BASE + 65536 + data, 0, sizeof f.data, 3 * 4096, 65536};
    f.ph[3] = (Elf64_Phdr){PT_NOTE, PF_R, note, BASE + note, 0, sizeof f.note, sizeof f.note, 4};
    f.ph[4] = (Elf64_Phdr){PT_TLS, PF_R, data, BASE + 65536 + data, 0, 8, 32, 8};
    f.ph[5] = (Elf64_Phdr){PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16};
    memcpy(f.code, (uint32_t[]){0xd2800000, 0xd2800ba8, 0xd4000001, 0xd65f03c0}, sizeof f.code);
    memcpy(f.note, (uint32_t[]){4, 20, NT_GNU_BUILD_ID, 0x00554e47, 1, 2, 3, 4, 5}, sizeof f.note);
    memcpy(f.str, "\0_start\0value", 14);
    f.sym[1] = (Elf64_Sym){1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, f.eh.e_entry, 16};
    f.sym[2] = (Elf64_Sym){8, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), 0, SHN_ABS, BASE + 65536 + data, 8};
    f.sh[1] = (Elf64_Shdr){0, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, f.eh.e_entry, offsetof(struct file, code), sizeof f.code, 0, 0, 4, 0};
    f.sh[2] = (Elf64_Shdr){0, SHT_SYMTAB, 0, 0, offsetof(struct file, sym), sizeof f.sym, 3, 1, 8, sizeof f.sym[0]};
    f.sh[3] = (Elf64_Shdr){0, SHT_STRTAB, 0, 0, offsetof(struct file, str), sizeof f.str, 0, 0, 1, 0};
    return (const uint8_t *)&f;
}
