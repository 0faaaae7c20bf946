/* mem_rig.h - an address space for each test, with a file to map. */
#ifndef TESTS_UNIT_MEM_RIG_H
#define TESTS_UNIT_MEM_RIG_H
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "a64/op.h"
#include "mem/fault.h"
#include "mem/mem.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

enum { R = 1, W = 2, X = 4, SHARED = 1, PRIVATE = 2, FIXED = 0x10, ANON = 0x20, GROWSDOWN = 0x100, NORESERVE = 0x4000, NOREPLACE = 0x100000 };
#define P LP_PAGE
#define AT UINT64_C(0x10000000)

/* cmocka takes SIGSEGV before each test: take it back. */
#define START (void)state, lp_fault_install(NULL)

static struct lp_mem *m;
static unsigned changes;
static uint64_t changed_start, changed_end;

static inline void on_change(void *ctx, uint64_t start, uint64_t end)
{
    (void)ctx;
    changes++;
    changed_start = start, changed_end = end;
}

static inline int setup(void **state)
{
    (void)state;
    struct lp_error err;
    if (lp_mem_new(0, &m, &err) != LP_OK)
        return -1;
    lp_mem_on_change(m, on_change, NULL);
    changes = 0;
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    lp_mem_free(m);
    return 0;
}

static inline void map_at(uint64_t addr, uint64_t pages, int prot)
{
    assert_int_equal(lp_mem_mmap(m, addr, pages * P, prot, PRIVATE | ANON | FIXED, -1, 0), addr);
}

static inline uint32_t peek(uint64_t addr)
{
    uint32_t v = 0;
    assert_int_equal(lp_mem_read(m, &v, addr, 4), 0);
    return v;
}

static inline void put(uint64_t addr, uint32_t v) { assert_int_equal(lp_mem_write(m, addr, &v, 4), 0); }

/* A file of `pages` pages, each beginning with its number + 1. */
static inline int make_file(char path[32], unsigned pages)
{
    strcpy(path, "/tmp/test_mem.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)(pages * P)), 0);
    for (uint32_t i = 0; i < pages; i++) {
        uint32_t v = i + 1;
        assert_int_equal(pwrite(fd, &v, 4, (off_t)(i * P)), 4);
    }
    return fd;
}

static inline uint32_t file_word(int fd, unsigned page)
{
    uint32_t v = 0;
    assert_int_equal(pread(fd, &v, 4, (off_t)(page * P)), 4);
    return v;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#endif
