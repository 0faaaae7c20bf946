/* unit/test_live_objects.c - objects found by what is mapped: whole, in part, twice, gone, with another file by now, and hostile headers. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "exec/cpu.h"
#include "mem/fault.h"
#include "live/live.h"
#include "live/objects.h"
#include "testelf.h"

enum { FIXED = 0x10, PAGE = 4096, HEADERS = 2048 };
static char path[] = "/tmp/test_live_objects.XXXXXX";
static int file;
static struct lp_mem *mem;
static struct lp_objects objects;

/* A library of two segments: code, and data a page further that is read-only when it is relocated. */
struct library { struct test_image image; char room[2 * PAGE - sizeof(struct test_image)]; };

static void make_library(struct library *l, uint64_t relro)
{
    memset(l, 0, sizeof *l);
    l->image = *test_image();
    l->image.eh.e_type = ET_DYN;
    l->image.eh.e_phnum = relro ? 3 : 2;
    l->image.eh.e_shoff = 0, l->image.eh.e_shnum = l->image.eh.e_shstrndx = 0;
    l->image.eh.e_phoff = HEADERS;
    Elf64_Phdr *p = (Elf64_Phdr *)(void *)((char *)l + HEADERS);
    p[0] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0, 0, 0, PAGE, PAGE, PAGE};
    p[1] = (Elf64_Phdr){PT_LOAD, PF_R | PF_W, PAGE, 2 * PAGE, 2 * PAGE, PAGE, PAGE, PAGE};
    if (relro) p[2] = (Elf64_Phdr){PT_GNU_RELRO, PF_R, PAGE, 2 * PAGE, 2 * PAGE, relro, relro, 1};
}

static int setup(void **state)
{
    struct library l;
    (void)state;
    strcpy(strrchr(path, '.'), ".XXXXXX");
    file = mkstemp(path);
    make_library(&l, PAGE);
    assert_int_equal(write(file, &l, sizeof l), sizeof l);
    lp_fault_install(NULL);
    assert_int_equal(lp_mem_new(33, &mem, NULL), LP_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lp_objects_free(&objects);
    lp_ops_drop(mem);
    lp_mem_free(mem);
    close(file);
    unlink(path);
    return 0;
}

static void map_part(uint64_t at, int part, int prot)
{
    uint64_t addr = at + (part ? 2 * PAGE : 0);
    assert_int_equal(lp_mem_mmap(mem, addr, PAGE, prot, MAP_PRIVATE | FIXED, file, part ? PAGE : 0), addr);
    lp_mem_name(mem, addr, PAGE, path, part ? PAGE : 0);
}

static void map_library(uint64_t at)
{
    map_part(at, 0, PROT_READ | PROT_EXEC);
    map_part(at, 1, PROT_READ | PROT_WRITE);
}

static bool nobody(void *ctx, const struct lp_target *t) { return (void)ctx, (void)t, false; }

static void finds_mapped_files(void **state)
{
    (void)state;
    map_part(0x100000, 0, PROT_READ | PROT_EXEC);
    lp_objects_scan(&objects, mem);
    assert_true(objects.unfinished);
    assert_int_equal(objects.n, 1);
    assert_false(objects.v[0]->mapped);
    map_part(0x100000, 1, PROT_READ | PROT_WRITE);
    map_library(0x200000);
    lp_objects_scan(&objects, mem);
    assert_false(objects.unfinished);
    assert_int_equal(objects.n, 2);
    assert_true(objects.v[0]->mapped && objects.v[1]->mapped);
    assert_string_equal(objects.v[1]->path, path);
    assert_string_equal(objects.v[1]->name, strrchr(path, '/') + 1);
    assert_int_equal(objects.v[1]->bias, 0x200000);
    assert_int_equal(objects.v[1]->relro, 0x202000);
    assert_int_equal(objects.v[1]->end, 0x203000);
    lp_objects_protected(&objects, 0x202000, 0x202800); /* not all of it */
    assert_false(objects.v[1]->relocated);
    lp_objects_protected(&objects, 0x202000, 0x203000);
    assert_true(objects.v[1]->relocated && !objects.v[0]->relocated);
    lp_mem_munmap(mem, 0x100000, 3 * PAGE);
    lp_objects_scan(&objects, mem);
    assert_true(objects.v[0]->gone && !objects.v[1]->gone);
    lp_objects_sweep(&objects, nobody, NULL);
    assert_int_equal(objects.n, 1);
    assert_int_equal(objects.v[0]->bias, 0x200000);
}

/* Between the two a thread unmaps it: what is still there is not found as another one. */
static void looks_away_from_what_is_going(void **state)
{
    (void)state;
    map_library(0x100000);
    map_library(0x200000);
    lp_objects_scan(&objects, mem);
    lp_objects_going(&objects, 0x100000, 0x103000);
    assert_true(objects.v[0]->gone);
    lp_objects_scan(&objects, mem);
    assert_int_equal(objects.n, 2);
    assert_true(objects.v[0]->gone && !objects.v[1]->gone);
    lp_mem_munmap(mem, 0x100000, 3 * PAGE);
    map_library(0x100000);
    lp_objects_went(&objects, 0x100000, 0x103000);
    lp_objects_scan(&objects, mem);
    assert_int_equal(objects.n, 3);
    assert_true(objects.v[0]->gone && !objects.v[2]->gone);
    assert_int_equal(objects.v[2]->bias, 0x100000);
    lp_objects_went(&objects, 0x200000, 0x203000); /* never said to go */
    lp_objects_scan(&objects, mem);
    assert_false(objects.v[1]->gone);
}

static void ignores_what_is_no_code(void **state)
{
    (void)state;
    assert_int_equal(lp_mem_mmap(mem, 0x100000, 2 * PAGE, PROT_READ, MAP_PRIVATE | FIXED, file, 0), 0x100000); /* somebody reads the file */
    assert_int_equal(lp_mem_mmap(mem, 0x200000, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | FIXED, -1, 0), 0x200000);
    assert_int_equal(lp_mem_mmap(mem, 0x300000, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | FIXED, file, PAGE), 0x300000);
    lp_objects_scan(&objects, mem);
    assert_int_equal(objects.n, 0);
}

static void opens_the_file_or_what_is_mapped(void **state)
{
    (void)state;
    map_library(0x100000);
    lp_objects_scan(&objects, mem);
    assert_true(lp_target_open(objects.v[0], mem));
    assert_false(objects.v[0]->from_memory);
    assert_int_equal(lp_elf_info(objects.v[0]->elf)->image_size, sizeof(struct library));
    lp_objects_free(&objects);
    unlink(path);
    lp_objects_scan(&objects, mem);
    assert_true(lp_target_open(objects.v[0], mem));
    assert_true(objects.v[0]->from_memory);
    uint32_t word;
    assert_int_equal(lp_elf_read(objects.v[0]->elf, offsetof(struct test_image, code), &word, 4, NULL), LP_OK);
    assert_int_equal(word, test_image()->code[0]);
}

/* Headers in memory are the program's, which may write anything there. */
static void survives_hostile_headers(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    map_library(0x100000);
    struct library good;
    make_library(&good, PAGE);
    for (int round = 0; round < 20000; round++) {
        uint8_t head[PAGE];
        memcpy(head, &good, sizeof head);
        for (int k = 0; k < 3; k++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            uint64_t value = seed % 3 ? seed >> 32 : seed % 2 ? UINT64_MAX - (seed >> 60) : (uint64_t)1 << (seed >> 58);
            size_t at = 16 + (seed >> 20) % (sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr) - 24);
            if (at >= sizeof(Elf64_Ehdr)) at += HEADERS - sizeof(Elf64_Ehdr);
            memcpy(head + at, &value, 1u << (seed >> 9 & 3));
        }
        assert_int_equal(lp_mem_poke(mem, 0x100000, head, sizeof head), 0);
        lp_objects_scan(&objects, mem);
        for (size_t i = 0; i < objects.n; i++) {
            objects.v[i]->ino++; /* so that the file is another one */
            (void)lp_target_open(objects.v[i], mem);
            (void)lp_target_relocated(objects.v[i], mem);
        }
        lp_objects_free(&objects);
    }
}

static void patches_a_mapped_library(void **state)
{
    (void)state;
    struct lp_live *live;
    struct lp_live_result r;
    struct lp_error err;
    char text[400];
    lp_patch *p;
    uint32_t word = 0;
    map_library(0x100000);
    map_library(0x200000);
    assert_int_equal(lp_mem_mmap(mem, 0x200000, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, file, 0), 0x200000); /* a shared view of the code */
    lp_mem_name(mem, 0x200000, PAGE, path, 0);
    assert_int_equal(lp_mem_mprotect(mem, 0x102000, PAGE, PROT_READ), 0);
    assert_int_equal(lp_mem_mprotect(mem, 0x202000, PAGE, PROT_READ), 0);
    assert_int_equal(lp_live_new(mem, NULL, &live, NULL), LP_OK);
    lp_elf *elf = test_elf();
    assert_int_equal(lp_live_add_object(live, elf, 0x400000, NULL), LP_OK);
    snprintf(text, sizeof text, "lpatch 1\nname a\nobject %s\nfile-sha256 ", strrchr(path, '/') + 1);
    uint8_t sha[32];
    lp_elf *lib;
    assert_int_equal(lp_elf_open(path, &lib, NULL), LP_OK);
    lp_elf_sha256(lib, sha);
    lp_elf_close(lib);
    for (int i = 0; i < 32; i++) snprintf(text + strlen(text), 3, "%02x", sha[i]);
    snprintf(text + strlen(text), 100, "\n@ 0x%zx\n- %08x\n+ d503201f\nend\n", offsetof(struct test_image, code), test_image()->code[0]);
    assert_int_equal(lp_patch_parse("a", text, strlen(text), 0, NULL, NULL, &p, &err), LP_OK);
    int steps = 0;
    while (lp_live_set_fault(live, ++steps), lp_live_apply(live, (const lp_patch *const *)&p, 1, NULL, &r, NULL, NULL, &err) != LP_OK)
        for (uint64_t at = 0x100000; at <= 0x200000; at += 0x100000) { /* neither */
            assert_int_equal(err.status, LP_E_INTERNAL);
            assert_int_equal(lp_mem_read(mem, &word, at + offsetof(struct test_image, code), 4), 0);
            assert_int_equal(word, test_image()->code[0]);
        }
    assert_in_range(steps, 5, 99);
    assert_int_equal(r.applied, 1);
    for (uint64_t at = 0x100000; at <= 0x200000; at += 0x100000) { /* both */
        assert_int_equal(lp_mem_read(mem, &word, at + offsetof(struct test_image, code), 4), 0);
        assert_int_equal(word, 0xd503201f);
    }
    assert_int_equal(pread(file, &word, 4, offsetof(struct test_image, code)), 4);
    assert_int_equal(word, test_image()->code[0]); /* never the file */
    lp_live_set_fault(live, 0);
    assert_int_equal(lp_live_revert(live, NULL, 0, NULL, &r, NULL, NULL, &err), LP_OK);
    assert_int_equal(r.reverted, 1);
    assert_int_equal(lp_mem_read(mem, &word, 0x200000 + offsetof(struct test_image, code), 4), 0);
    assert_int_equal(word, test_image()->code[0]);
    lp_patch_free(p);
    lp_live_free(live);
    lp_elf_close(elf);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(finds_mapped_files), TEST(looks_away_from_what_is_going), TEST(ignores_what_is_no_code),
                                       TEST(opens_the_file_or_what_is_mapped), TEST(survives_hostile_headers), TEST(patches_a_mapped_library)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
