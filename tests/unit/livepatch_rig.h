/* livepatch_rig.h - a memory with a system of the original API. */
#ifndef TESTS_UNIT_LIVEPATCH_RIG_H
#define TESTS_UNIT_LIVEPATCH_RIG_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <arm64lp/dis.h>
#include <arm64lp/vm.h>
#include <livepatch.h>

enum { NOP = 0xd503201f, RET = 0xd65f03c0, BASE = 0x400000, SIZE = 1 << 20 };

static uint32_t *memory;
static LivePatchSystem *lp;
static char dir[] = "/tmp/test_livepatch.XXXXXX", file[64];

static inline int setup(void **state)
{
    memory = calloc(1, SIZE);
    for (int i = 0; i < SIZE / 4; i++) memory[i] = 0x91000400 + ((uint32_t)i & 31); /* add xN, x0, #1 */
    lp = livepatch_init(memory, SIZE, BASE);
    return lp ? 0 : -1;
}

static inline int teardown(void **state)
{
    livepatch_cleanup(lp);
    free(memory);
    unlink(file);
    return 0;
}

static inline uint32_t at(uint64_t addr) { return memory[(addr - BASE) / 4]; }

static inline void write_file(const char *text)
{
    FILE *f = fopen(file, "w");
    fputs(text, f);
    fclose(f);
}

static inline char *read_all(int fd)
{
    static char text[1 << 16];
    lseek(fd, 0, SEEK_SET);
    ssize_t n = read(fd, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = 0;
    return text;
}

/* What a function prints to standard output. */
static inline const char *printed(void (*fn)(LivePatchSystem *), LivePatchSystem *s)
{
    char name[] = "/tmp/test_livepatch_out.XXXXXX";
    fflush(stdout);
    int fd = mkstemp(name), old = dup(1);
    unlink(name);
    dup2(fd, 1);
    fn(s);
    fflush(stdout);
    dup2(old, 1);
    close(old);
    const char *text = read_all(fd);
    close(fd);
    return text;
}

static inline void refused(int result, const char *why)
{
    assert_int_equal(result, -1);
    assert_non_null(strstr(livepatch_last_error(), why));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#endif
