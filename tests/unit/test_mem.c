/* test_mem.c - the guest's address space: Linux's rules for mappings, protected copies, pokes, threads. */
#include <config.h>
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

enum { R = 1, W = 2, X = 4, SHARED = 1, PRIVATE = 2, FIXED = 0x10, ANON = 0x20, GROWSDOWN = 0x100, NORESERVE = 0x4000, NOREPLACE = 0x100000 };
#define P LP_PAGE
#define AT UINT64_C(0x10000000)

/* cmocka takes SIGSEGV before each test: take it back. */
#define START (void)state, lp_fault_install(NULL)

static struct lp_mem *m;
static unsigned changes;
static uint64_t changed_start, changed_end;

static void on_change(void *ctx, uint64_t start, uint64_t end)
{
    (void)ctx;
    changes++;
    changed_start = start, changed_end = end;
}

static int setup(void **state)
{
    (void)state;
    struct lp_error err;
    if (lp_mem_new(0, &m, &err) != LP_OK)
        return -1;
    lp_mem_on_change(m, on_change, NULL);
    changes = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lp_mem_free(m);
    return 0;
}

static void map_at(uint64_t addr, uint64_t pages, int prot)
{
    assert_int_equal(lp_mem_mmap(m, addr, pages * P, prot, PRIVATE | ANON | FIXED, -1, 0), addr);
}

static uint32_t peek(uint64_t addr)
{
    uint32_t v = 0;
    assert_int_equal(lp_mem_read(m, &v, addr, 4), 0);
    return v;
}

static void put(uint64_t addr, uint32_t v) { assert_int_equal(lp_mem_write(m, addr, &v, 4), 0); }

/* A file of `pages` pages, each beginning with its number + 1. */
static int make_file(char path[32], unsigned pages)
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

static uint32_t file_word(int fd, unsigned page)
{
    uint32_t v = 0;
    assert_int_equal(pread(fd, &v, 4, (off_t)(page * P)), 4);
    return v;
}

/* ---- creation ---- */

static void test_new(void **state)
{
    START;
    struct lp_error err;
    struct lp_mem *o = (void *)1;
    assert_true(lp_mem_limit(m) >= UINT64_C(1) << 30);
    assert_true((lp_mem_limit(m) & (lp_mem_limit(m) - 1)) == 0);
    assert_false(lp_mem_is_flat(m));
    assert_int_equal(lp_mem_new(20, &o, &err), LP_E_INVALID);
    assert_null(o);
    assert_non_null(strstr(err.text, "20 bits"));
    assert_int_equal(lp_mem_new(30, &o, &err), LP_OK);
    assert_int_equal(lp_mem_limit(o), UINT64_C(1) << 30);
    assert_int_equal(lp_mem_mmap(o, 0, P, R, PRIVATE | ANON, -1, 0) > 0, 1);
    lp_mem_free(o);
    struct lp_op *ops = lp_mem_ops(m);
    assert_int_equal(ops[0].code, 0);
    assert_int_equal(ops[-1].code, 0);
    assert_int_equal(ops[lp_mem_limit(m) / 4].code, 0);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

/* Not with a sanitizer, whose own address space is above any such limit. */
#ifndef SANITIZED
/* With little address space allowed: fewer bits, then a clear error. In a child, because the limit cannot be raised again. */
static void test_limited(void **state)
{
    START;
    pid_t pid = fork();
    if (pid == 0) {
        struct lp_mem *a, *b;
        struct lp_error err = {0};
        struct rlimit rl = {UINT64_C(700) << 30, UINT64_C(700) << 30};
        lp_mem_free(m);
        setrlimit(RLIMIT_AS, &rl);
        int bad = lp_mem_new(39, &a, &err) != LP_OK || lp_mem_limit(a) >= UINT64_C(1) << 39;
        rl.rlim_cur = rl.rlim_max = UINT64_C(1) << 28;
        setrlimit(RLIMIT_AS, &rl);
        bad |= (lp_mem_new(39, &b, &err) != LP_E_NOMEM || b != NULL || !strstr(err.text, "39") || !strstr(err.hint, "ulimit")) << 1;
        _exit(bad);
    }
    int st = 0;
    assert_int_equal(waitpid(pid, &st, 0), pid);
    assert_true(WIFEXITED(st));
    assert_int_equal(WEXITSTATUS(st), 0);
}
#endif

static void test_flat(void **state)
{
    START;
    static uint32_t buf[1024];
    struct lp_error err;
    struct lp_mem *f;
    const uint64_t base = 0x40000;
    assert_int_equal(lp_mem_new_flat(buf, sizeof buf, base, &f, &err), LP_OK);
    assert_true(lp_mem_is_flat(f));
    assert_int_equal(lp_mem_limit(f), base + sizeof buf);
    assert_int_equal(lp_mem_flags(f, base) & 7, 7);
    assert_int_equal(lp_mem_flags(f, base - 1), 0);
    assert_int_equal(lp_mem_flags(f, base + sizeof buf), 0);
    uint32_t v = 42;
    uint64_t bad = 0;
    assert_int_equal(lp_mem_write(f, base + 4, &v, 4), 0);
    assert_int_equal(buf[1], 42);
    assert_int_equal(lp_mem_write(f, base + sizeof buf - 2, &v, 4), -EFAULT);
    assert_int_equal(lp_mem_write(f, base - 2, &v, 4), -EFAULT);
    assert_false(lp_mem_check(f, base + 4, sizeof buf, LP_R, &bad));
    assert_int_equal(bad, base + sizeof buf);
    assert_int_equal(lp_mem_poke(f, base + 8, &v, 4), 0);
    assert_int_equal(buf[2], 42);
    assert_ptr_equal(lp_mem_base(f) + base, buf);
    lp_mem_ops(f)[base / 4].code = 1;
    lp_mem_ops(f)[(base + sizeof buf) / 4 - 1].code = 1;
    assert_int_equal(lp_mem_mmap(f, 0, P, R, PRIVATE | ANON, -1, 0), -ENOSYS);
    memset(buf, 'a', sizeof buf);
    char str[16];
    assert_int_equal(lp_mem_read_str(f, str, base + sizeof buf - 8, sizeof str), -EFAULT);
    buf[1023] = 0;
    assert_int_equal(lp_mem_read_str(f, str, base + sizeof buf - 8, sizeof str), 4);
    lp_mem_free(f);
    assert_int_equal(lp_mem_new_flat(buf, 6, base, &f, &err), LP_E_INVALID);
    assert_int_equal(lp_mem_new_flat(buf, 8, UINT64_MAX - 3, &f, &err), LP_E_INVALID);
}

/* ---- mmap ---- */

static void test_mmap_errors(void **state)
{
    START;
    const uint64_t top = lp_mem_limit(m);
    assert_int_equal(lp_mem_mmap(m, 0, 0, R, PRIVATE | ANON, -1, 0), -EINVAL);
    assert_int_equal(lp_mem_mmap(m, 0, P, R, PRIVATE | ANON, -1, 5), -EINVAL);
    assert_int_equal(lp_mem_mmap(m, 0, P, R, ANON, -1, 0), -EINVAL);
    assert_int_equal(lp_mem_mmap(m, 0, P, R, 3 | ANON, -1, 0), -EINVAL);
    assert_int_equal(lp_mem_mmap(m, 0, UINT64_MAX, R, PRIVATE | ANON, -1, 0), -ENOMEM);
    assert_int_equal(lp_mem_mmap(m, 0, top + P, R, PRIVATE | ANON, -1, 0), -ENOMEM);
    assert_int_equal(lp_mem_mmap(m, 0, P, R, PRIVATE, 999, 0), -EBADF);
    assert_int_equal(lp_mem_mmap(m, AT + 1, P, R, PRIVATE | ANON | FIXED, -1, 0), -EINVAL);
    assert_int_equal(lp_mem_mmap(m, 0, P, R, PRIVATE | ANON | FIXED, -1, 0), -EPERM);
    assert_int_equal(lp_mem_mmap(m, 0x8000, P, R, PRIVATE | ANON | FIXED, -1, 0), -EPERM);
    assert_int_equal(lp_mem_mmap(m, top, P, R, PRIVATE | ANON | FIXED, -1, 0), -ENOMEM);
    assert_int_equal(lp_mem_mmap(m, top - P, 2 * P, R, PRIVATE | ANON | FIXED, -1, 0), -ENOMEM);
    assert_int_equal(lp_mem_mmap(m, top - P, P, R, PRIVATE | ANON | FIXED, -1, 0), top - P);
    map_at(AT, 2, R);
    assert_int_equal(lp_mem_mmap(m, AT + P, P, R, PRIVATE | ANON | NOREPLACE, -1, 0), -EEXIST);
    assert_int_equal(lp_mem_mmap(m, AT + 2 * P, P, R, PRIVATE | ANON | NOREPLACE, -1, 0), AT + 2 * P);
}

static void test_placement(void **state)
{
    START;
    int64_t a = lp_mem_mmap(m, 0, 3 * P, R | W, PRIVATE | ANON, -1, 0), b = lp_mem_mmap(m, 0, 100, R | W, PRIVATE | ANON, -1, 0);
    assert_true(a > 0 && b == a - (int64_t)P); /* top-down, side by side */
    assert_int_equal(lp_mem_munmap(m, (uint64_t)a + P, P), 0);
    assert_int_equal(lp_mem_mmap(m, 0, P, R, PRIVATE | ANON, -1, 0), a + (int64_t)P); /* the highest hole that fits */
    assert_int_equal(lp_mem_mmap(m, AT + 7, P, R, PRIVATE | ANON, -1, 0), AT);        /* a hint is rounded down */
    int64_t c = lp_mem_mmap(m, AT, P, R, PRIVATE | ANON, -1, 0);                      /* taken: anywhere else */
    assert_true(c > 0 && (uint64_t)c != AT);
    assert_int_equal(lp_mem_mmap(m, 1 << 13, P, R, PRIVATE | ANON, -1, 0), 0x10000);  /* below mmap_min_addr */
    /* Large and small in turn, then all gone: the remembered place must be forgotten. */
    int64_t big = lp_mem_mmap(m, 0, 64 * P, R, PRIVATE | ANON | NORESERVE, -1, 0);
    assert_int_equal(lp_mem_munmap(m, (uint64_t)big, 64 * P), 0);
    assert_int_equal(lp_mem_mmap(m, 0, 64 * P, R, PRIVATE | ANON, -1, 0), big);
    assert_int_equal(lp_mem_find_free(m, AT, AT + 10 * P, P), AT + P);
    assert_int_equal(lp_mem_find_free(m, AT, AT + P, P), 0);
    assert_int_equal(lp_mem_find_free(m, AT, AT + 2 * P, 2 * P), 0);
}

static void test_many(void **state)
{
    START;
    /* Alternating rights do not merge: 4000 mappings, every second one removed again. */
    for (uint64_t i = 0; i < 4000; i++)
        map_at(AT + i * P, 1, i & 1 ? R : R | W);
    for (uint64_t i = 0; i < 4000; i += 2)
        assert_int_equal(lp_mem_munmap(m, AT + i * P, P), 0);
    struct lp_mapping v = {.end = AT};
    unsigned n = 0;
    while (lp_mem_next(m, v.end, &v)) {
        assert_int_equal(v.start, AT + (2 * n + 1) * P);
        n++;
    }
    assert_int_equal(n, 2000);
    assert_int_equal(lp_mem_munmap(m, AT, 4000 * P), 0);
    assert_false(lp_mem_next(m, 0, &v));
    map_at(AT, 2, R);
    map_at(AT + 2 * P, 2, R); /* the same kind merges */
    assert_true(lp_mem_next(m, 0, &v));
    assert_int_equal(v.end, AT + 4 * P);
}

static void test_rights(void **state)
{
    START;
    uint32_t v = 7;
    map_at(AT, 3, R | W);
    map_at(AT + 3 * P, 1, 0);
    map_at(AT + 4 * P, 1, W);
    map_at(AT + 5 * P, 1, X);
    put(AT, 5);
    assert_int_equal(lp_mem_flags(m, AT), LP_MAPPED | LP_R | LP_W);
    assert_int_equal(lp_mem_flags(m, AT + 3 * P), LP_MAPPED);
    assert_int_equal(lp_mem_flags(m, AT + 4 * P), LP_MAPPED | LP_R | LP_W); /* writable is readable */
    assert_int_equal(lp_mem_flags(m, AT + 5 * P), LP_MAPPED | LP_R | LP_X);
    struct lp_mapping vma;
    assert_true(lp_mem_next(m, AT + 4 * P, &vma));
    assert_int_equal(vma.flags, LP_MAPPED | LP_W); /* as asked for */
    assert_int_equal(lp_mem_read(m, &v, AT + 3 * P, 4), -EFAULT);
    assert_int_equal(lp_mem_read(m, &v, AT + 3 * P - 2, 4), -EFAULT);
    assert_int_equal(lp_mem_write(m, AT + 5 * P, &v, 4), -EFAULT);
    assert_int_equal(lp_mem_read(m, &v, AT + 5 * P, 4), 0);
    assert_int_equal(lp_mem_read(m, &v, AT - 4, 4), -EFAULT);
    assert_int_equal(lp_mem_read(m, &v, UINT64_MAX - 1, 4), -EFAULT);
    assert_int_equal(lp_mem_read(m, &v, AT | UINT64_C(0x5a) << 56, 4), 0); /* top byte ignored */
    assert_int_equal(v, 5);
    uint64_t bad = 0;
    assert_false(lp_mem_check(m, AT + 8, 4 * P, LP_R, &bad));
    assert_int_equal(bad, AT + 3 * P);
    assert_true(lp_mem_check(m, AT, 3 * P, LP_R | LP_W, NULL));
    /* The host sees the same rights. */
    assert_non_null(lp_mem_host(m, AT, 5 * P));
    assert_null(lp_mem_host(m, lp_mem_limit(m) - P, 2 * P));
    assert_null(lp_mem_host(m, UINT64_MAX, 2));
    int fd = open("/dev/zero", O_RDONLY);
    assert_int_equal(read(fd, lp_mem_host(m, AT + 5 * P, 4), 4), -1);
    assert_int_equal(errno, EFAULT);
    close(fd);
}

static void test_mprotect(void **state)
{
    START;
    map_at(AT, 4, R | W);
    put(AT + P, 9);
    assert_int_equal(lp_mem_mprotect(m, AT + 1, P, R), -EINVAL);
    assert_int_equal(lp_mem_mprotect(m, AT, 0, R), 0);
    assert_int_equal(lp_mem_mprotect(m, AT, P, 0x40), -EINVAL);
    assert_int_equal(lp_mem_mprotect(m, AT, UINT64_MAX - P, R), -ENOMEM);
    assert_int_equal(lp_mem_mprotect(m, AT + P, P, R | X), 0);
    assert_int_equal(changes, 0);
    struct lp_mapping v;
    assert_true(lp_mem_next(m, AT + P, &v));
    assert_int_equal(v.start, AT + P);
    assert_int_equal(v.end, AT + 2 * P);
    uint32_t w = 1;
    assert_int_equal(lp_mem_write(m, AT + P, &w, 4), -EFAULT);
    assert_int_equal(peek(AT + P), 9);
    assert_int_equal(lp_mem_mprotect(m, AT + P, P, R | W), 0);
    assert_int_equal(changes, 1); /* code may have gone */
    assert_int_equal(changed_start, AT + P);
    assert_true(lp_mem_next(m, AT, &v));
    assert_int_equal(v.end, AT + 4 * P); /* joined again */
    assert_int_equal(lp_mem_munmap(m, AT + 2 * P, P), 0);
    assert_int_equal(lp_mem_mprotect(m, AT, 4 * P, R), -ENOMEM); /* done up to the hole */
    assert_int_equal(lp_mem_flags(m, AT + P), LP_MAPPED | LP_R);
    assert_int_equal(lp_mem_flags(m, AT + 3 * P), LP_MAPPED | LP_R | LP_W);
    /* PROT_GROWSDOWN: from the mapping's start, and only for MAP_GROWSDOWN. */
    assert_int_equal(lp_mem_mprotect(m, AT + P, P, R | 0x1000000), -EINVAL);
    assert_int_equal(lp_mem_mmap(m, AT + 16 * P, 4 * P, R | W, PRIVATE | ANON | FIXED | GROWSDOWN, -1, 0), AT + 16 * P);
    assert_int_equal(lp_mem_mprotect(m, AT + 19 * P, P, R | 0x1000000), 0);
    assert_int_equal(lp_mem_flags(m, AT + 16 * P), LP_MAPPED | LP_R);
}

static void test_munmap(void **state)
{
    START;
    map_at(AT, 8, R | W | X);
    assert_int_equal(lp_mem_munmap(m, AT + 1, P), -EINVAL);
    assert_int_equal(lp_mem_munmap(m, AT, 0), -EINVAL);
    assert_int_equal(lp_mem_munmap(m, lp_mem_limit(m), P), -EINVAL);
    assert_int_equal(lp_mem_munmap(m, AT + 100 * P, P), 0); /* nothing there is fine */
    assert_int_equal(changes, 0);
    assert_int_equal(lp_mem_munmap(m, AT + P, 2 * P + 1), 0);
    assert_int_equal(changes, 1);
    assert_int_equal(changed_end, AT + 4 * P);
    assert_int_equal(lp_mem_flags(m, AT + 3 * P), 0);
    assert_int_equal(lp_mem_flags(m, AT + 4 * P), LP_MAPPED | LP_R | LP_W | LP_X);
    /* Still ours: the host cannot read it, and puts nothing there. */
    unsigned char vec;
    assert_int_equal(mincore(lp_mem_base(m) + AT + P, P, &vec), 0);
    struct lp_recover r;
    volatile int faults = 0;
    if (lp_recover_begin(&r))
        faults = r.host_addr == lp_mem_base(m) + AT + P && r.signo == SIGSEGV;
    else
        (void)*(volatile uint8_t *)(lp_mem_base(m) + AT + P);
    lp_recover_end(&r);
    assert_int_equal(faults, 1);
}

/* ---- files ---- */

static void test_files(void **state)
{
    START;
    char path[32];
    int fd = make_file(path, 4), ro = open(path, O_RDONLY), wo = open(path, O_WRONLY);
    assert_int_equal(lp_mem_mmap(m, AT, 3 * P, R | W, SHARED | FIXED, fd, P), AT);
    assert_int_equal(peek(AT), 2);
    put(AT, 77);
    assert_int_equal(lp_mem_msync(m, AT, 3 * P, 4), 0);
    assert_int_equal(file_word(fd, 1), 77);
    assert_int_equal(lp_mem_mmap(m, AT + 8 * P, P, R | W, PRIVATE | FIXED, ro, 0), AT + 8 * P);
    put(AT + 8 * P, 55);
    assert_int_equal(file_word(fd, 0), 1);
    assert_int_equal(lp_mem_mmap(m, 0, P, R | W, SHARED, ro, 0), -EACCES);
    assert_int_equal(lp_mem_mmap(m, 0, P, R, PRIVATE, wo, 0), -EACCES);
    assert_int_equal(lp_mem_mmap(m, AT + 16 * P, P, R, SHARED | FIXED, ro, 0), AT + 16 * P);
    assert_int_equal(lp_mem_mprotect(m, AT + 16 * P, P, R | W), -EACCES);
    assert_int_equal(lp_mem_flags(m, AT + 16 * P), LP_MAPPED | LP_R | LP_SHARED);
    int dir = open("/tmp", O_RDONLY);
    assert_int_equal(lp_mem_mmap(m, AT, P, R, PRIVATE | FIXED, dir, 0), -ENODEV);
    assert_int_equal(peek(AT), 77); /* a failure changed nothing */
    close(dir);
    /* Behind the end of the file: mapped, but a fault. */
    assert_int_equal(lp_mem_mmap(m, AT + 32 * P, 8 * P, R, PRIVATE | FIXED, ro, 0), AT + 32 * P);
    uint32_t v;
    assert_int_equal(lp_mem_read(m, &v, AT + 36 * P, 4), -EFAULT);
    struct lp_recover r;
    volatile int signo = 0;
    if (lp_recover_begin(&r))
        signo = r.signo;
    else
        (void)*(volatile uint8_t *)(lp_mem_base(m) + AT + 36 * P);
    lp_recover_end(&r);
    assert_int_equal(signo, SIGBUS);
    close(fd), close(ro), close(wo), unlink(path);
}

static void test_names(void **state)
{
    START;
    char path[32];
    int fd = make_file(path, 8);
    assert_int_equal(lp_mem_mmap(m, AT, 8 * P, R, PRIVATE | FIXED, fd, 0), AT);
    lp_mem_name(m, AT, 8 * P, "/lib/libc.so.6", 0);
    assert_int_equal(lp_mem_mprotect(m, AT + 2 * P, 2 * P, R | W), 0);
    struct lp_mapping v;
    assert_true(lp_mem_next(m, AT + 3 * P, &v));
    assert_int_equal(v.start, AT + 2 * P);
    assert_int_equal(v.file_off, 2 * P);
    assert_true(v.ino != 0);
    assert_string_equal(v.name, "/lib/libc.so.6");
    assert_true(lp_mem_next(m, v.end, &v));
    assert_int_equal(v.file_off, 4 * P);
    assert_int_equal(lp_mem_mprotect(m, AT + 2 * P, 2 * P, R), 0);
    assert_true(lp_mem_next(m, 0, &v));
    assert_int_equal(v.end - v.start, 8 * P);
    map_at(AT + 100 * P, 1, R | W);
    lp_mem_name(m, AT + 100 * P, P, "[heap]", 0);
    map_at(AT + 101 * P, 1, R | W);
    assert_true(lp_mem_next(m, AT + 100 * P, &v));
    assert_int_equal(v.end, AT + 101 * P);
    lp_mem_name(m, AT + 101 * P, P, "[heap]", 0);
    assert_true(lp_mem_next(m, AT + 100 * P, &v));
    assert_int_equal(v.end, AT + 102 * P);
    assert_int_equal(v.file_off, 0);
    assert_string_equal(v.name, "[heap]");
    close(fd), unlink(path);
}

static void test_read_str(void **state)
{
    START;
    char buf[64];
    map_at(AT, 2, R | W);
    assert_int_equal(lp_mem_write(m, AT + P - 3, "hello", 6), 0); /* across the page */
    assert_int_equal(lp_mem_read_str(m, buf, AT + P - 3, sizeof buf), 5);
    assert_string_equal(buf, "hello");
    assert_int_equal(lp_mem_read_str(m, buf, AT + P - 3, 6), 5);
    assert_int_equal(lp_mem_read_str(m, buf, AT + P - 3, 5), -ENAMETOOLONG);
    assert_int_equal(lp_mem_write(m, AT + 2 * P - 2, "xy", 2), 0);
    assert_int_equal(lp_mem_read_str(m, buf, AT + 2 * P - 2, sizeof buf), -EFAULT);
    assert_int_equal(lp_mem_write(m, AT + 2 * P - 1, "", 1), 0);
    assert_int_equal(lp_mem_read_str(m, buf, AT + 2 * P - 2, sizeof buf), 1); /* what lies behind does not matter */
}

/* ---- mremap ---- */
enum { MAYMOVE = 1, MFIXED = 2, DONTUNMAP = 4 };

static void test_mremap_errors(void **state)
{
    START;
    map_at(AT, 4, R | W);
    assert_int_equal(lp_mem_mremap(m, AT + 1, P, P, 0, 0), -EINVAL);
    assert_int_equal(lp_mem_mremap(m, AT, P, 0, 0, 0), -EINVAL);
    assert_int_equal(lp_mem_mremap(m, AT, P, P, 8, 0), -EINVAL);
    assert_int_equal(lp_mem_mremap(m, AT, P, P, MFIXED, AT), -EINVAL);
    assert_int_equal(lp_mem_mremap(m, AT, P, 2 * P, MAYMOVE | DONTUNMAP, 0), -EINVAL);
    assert_int_equal(lp_mem_mremap(m, AT, 2 * P, 2 * P, MAYMOVE | MFIXED, AT + P), -EINVAL);
    assert_int_equal(lp_mem_mremap(m, AT, P, P, MAYMOVE | MFIXED, 0x1000), -EPERM);
    assert_int_equal(lp_mem_mremap(m, AT + 8 * P, P, 2 * P, MAYMOVE, 0), -EFAULT);
    assert_int_equal(lp_mem_mremap(m, AT, 5 * P, 6 * P, MAYMOVE, 0), -EFAULT);
    assert_int_equal(lp_mem_mremap(m, AT, 0, P, MAYMOVE, 0), -EINVAL); /* private */
    map_at(AT + 4 * P, 1, R);
    assert_int_equal(lp_mem_mremap(m, AT, 4 * P, 5 * P, 0, 0), -ENOMEM); /* in the way */
}

static void test_mremap(void **state)
{
    START;
    map_at(AT, 4, R | W);
    for (uint32_t i = 0; i < 4; i++)
        put(AT + i * P, i + 1);
    assert_int_equal(lp_mem_mremap(m, AT, 4 * P, 2 * P, 0, 0), AT); /* shrink */
    assert_int_equal(lp_mem_flags(m, AT + 2 * P), 0);
    assert_int_equal(lp_mem_mremap(m, AT, 2 * P, 6 * P, 0, 0), AT); /* grow in place */
    assert_int_equal(peek(AT + P), 2);
    assert_int_equal(peek(AT + 5 * P), 0);
    map_at(AT + 6 * P, 1, R);
    int64_t to = lp_mem_mremap(m, AT, 6 * P, 9 * P, MAYMOVE, 0); /* grow by moving */
    assert_true(to > 0 && (uint64_t)to != AT);
    assert_int_equal(peek((uint64_t)to + P), 2);
    put((uint64_t)to + 8 * P, 3);
    assert_int_equal(lp_mem_flags(m, AT), 0);
    assert_int_equal(lp_mem_mremap(m, (uint64_t)to, 9 * P, 9 * P, MAYMOVE | MFIXED, AT), AT); /* onto something */
    assert_int_equal(peek(AT + 8 * P), 3);
    assert_int_equal(lp_mem_flags(m, AT + 6 * P), LP_MAPPED | LP_R | LP_W);
    assert_int_equal(lp_mem_mremap(m, AT, 9 * P, 9 * P, MAYMOVE | MFIXED | DONTUNMAP, AT + 64 * P), AT + 64 * P);
    assert_int_equal(peek(AT + 65 * P), 2);
    assert_int_equal(peek(AT + P), 0); /* still there, empty */
    struct lp_mapping v;
    assert_true(lp_mem_next(m, AT, &v));
    assert_int_equal(v.end, AT + 9 * P);
}

static void test_mremap_files(void **state)
{
    START;
    char path[32];
    int fd = make_file(path, 8);
    for (int flags = SHARED; flags <= PRIVATE; flags++) {
        assert_int_equal(lp_mem_mmap(m, AT, 2 * P, R | W, flags | FIXED, fd, P), AT);
        assert_int_equal(lp_mem_mremap(m, AT, 2 * P, 4 * P, 0, 0), AT);
        assert_int_equal(peek(AT + 3 * P), 5);
        map_at(AT + 4 * P, 1, R);
        int64_t to = lp_mem_mremap(m, AT, 4 * P, 6 * P, MAYMOVE, 0);
        assert_true(to > 0);
        assert_int_equal(peek((uint64_t)to), 2);
        assert_int_equal(peek((uint64_t)to + 5 * P), 7);
        struct lp_mapping v;
        assert_true(lp_mem_next(m, (uint64_t)to, &v));
        assert_int_equal(v.end - v.start, 6 * P);
        assert_int_equal(v.file_off, P);
        assert_int_equal(lp_mem_munmap(m, (uint64_t)to, 6 * P), 0);
    }
    /* Old length 0: a second view of a shared mapping. */
    assert_int_equal(lp_mem_mmap(m, AT, 2 * P, R | W, SHARED | FIXED, fd, 0), AT);
    int64_t view = lp_mem_mremap(m, AT, 0, 2 * P, MAYMOVE, 0);
    assert_true(view > 0);
    put((uint64_t)view, 99);
    assert_int_equal(peek(AT), 99);
    close(fd), unlink(path);
}

/* ---- madvise, msync ---- */

static void test_madvise(void **state)
{
    START;
    map_at(AT, 4, R | W);
    put(AT, 1);
    assert_int_equal(lp_mem_madvise(m, AT + 1, P, MADV_DONTNEED), -EINVAL);
    assert_int_equal(lp_mem_madvise(m, AT, P, 99), -EINVAL);
    assert_int_equal(lp_mem_madvise(m, AT, UINT64_MAX, MADV_DONTNEED), -EINVAL);
    assert_int_equal(lp_mem_madvise(m, AT, 0, MADV_DONTNEED), 0);
    assert_int_equal(lp_mem_madvise(m, AT, 8 * P, MADV_DONTNEED), -ENOMEM); /* the mapped part is done */
    assert_int_equal(peek(AT), 0);
    put(AT, 1);
    assert_int_equal(lp_mem_madvise(m, AT, 4 * P, MADV_WILLNEED), 0);
    assert_int_equal(lp_mem_madvise(m, AT, 4 * P, MADV_FREE), 0);
    assert_int_equal(lp_mem_msync(m, AT, 8 * P, 4), -ENOMEM);
    assert_int_equal(lp_mem_msync(m, AT, P, 5), -EINVAL);
    assert_int_equal(lp_mem_msync(m, AT, P, 8), -EINVAL);
    assert_int_equal(lp_mem_msync(m, AT + 3, P, 4), -EINVAL);
    assert_int_equal(lp_mem_msync(m, AT, 4 * P, 1), 0);
}

static void test_fork(void **state)
{
    START;
    map_at(AT, 3, R | W);
    put(AT, 1), put(AT + P, 2), put(AT + 2 * P, 3);
    assert_int_equal(lp_mem_madvise(m, AT + P, P, MADV_DONTFORK), 0);
    assert_int_equal(lp_mem_madvise(m, AT + 2 * P, P, MADV_WIPEONFORK), 0);
    lp_mem_before_fork(m);
    pid_t pid = fork();
    lp_mem_after_fork(m, pid == 0);
    if (pid == 0) {
        uint32_t v = 0, w = 9;
        unsigned char vec;
        int bad = lp_mem_read(m, &v, AT, 4) != 0 || v != 1;
        bad |= (lp_mem_flags(m, AT + P) != 0 || lp_mem_read(m, &v, AT + P, 4) != -EFAULT) << 1;
        bad |= (mincore(lp_mem_base(m) + AT + P, P, &vec) != 0) << 2; /* no hole */
        bad |= (lp_mem_read(m, &w, AT + 2 * P, 4) != 0 || w != 0) << 3;
        bad |= (lp_mem_munmap(m, AT, 3 * P) != 0) << 4; /* the lock is free */
        _exit(bad);
    }
    int st = 0;
    assert_int_equal(waitpid(pid, &st, 0), pid);
    assert_int_equal(st, 0);
    assert_int_equal(peek(AT + P), 2);
}

/* ---- poke ---- */

static void poke(uint64_t addr, uint32_t v) { assert_int_equal(lp_mem_poke(m, addr, &v, 4), 0); }

static void test_poke_private(void **state)
{
    START;
    char path[32];
    int fd = make_file(path, 4);
    assert_int_equal(lp_mem_mmap(m, AT, 4 * P, R | X, PRIVATE | FIXED, fd, 0), AT);
    poke(AT + P, 1000);
    assert_int_equal(changes, 1);
    assert_int_equal(changed_start, AT + P);
    assert_int_equal(changed_end, AT + P + 4);
    assert_int_equal(peek(AT + P), 1000);
    assert_int_equal(file_word(fd, 1), 2);
    assert_int_equal(lp_mem_flags(m, AT + P), LP_MAPPED | LP_R | LP_X | LP_PATCHED);
    assert_int_equal(lp_mem_flags(m, AT), LP_MAPPED | LP_R | LP_X);
    uint32_t w = 3;
    assert_int_equal(lp_mem_write(m, AT + P, &w, 4), -EFAULT); /* the rights are as before */
    uint64_t two = UINT64_C(0x200000001);
    assert_int_equal(lp_mem_poke(m, AT + 2 * P - 4, &two, 8), 0); /* across pages */
    assert_int_equal(peek(AT + 2 * P), 2);
    assert_int_equal(lp_mem_poke(m, AT + 4 * P - 4, &two, 8), -EFAULT); /* all or nothing */
    assert_int_equal(peek(AT + 4 * P - 4), 0);
    /* Survives what would drop or move the page; munmap retires it. */
    assert_int_equal(lp_mem_madvise(m, AT, 4 * P, MADV_DONTNEED), 0);
    assert_int_equal(peek(AT + P), 1000);
    assert_int_equal(lp_mem_mprotect(m, AT, 4 * P, R), 0);
    assert_int_equal(lp_mem_mprotect(m, AT, 4 * P, R | X), 0);
    assert_int_equal(lp_mem_flags(m, AT + P), LP_MAPPED | LP_R | LP_X | LP_PATCHED);
    int64_t to = lp_mem_mremap(m, AT, 4 * P, 4 * P, MAYMOVE | MFIXED, AT + 64 * P);
    assert_int_equal(to, AT + 64 * P);
    assert_int_equal(peek(AT + 65 * P), 1000);
    assert_true(lp_mem_flags(m, AT + 65 * P) & LP_PATCHED);
    assert_int_equal(lp_mem_munmap(m, AT + 64 * P, 4 * P), 0);
    assert_int_equal(lp_mem_mmap(m, AT + 64 * P, 4 * P, R | X, PRIVATE | FIXED, fd, 0), AT + 64 * P);
    assert_int_equal(peek(AT + 65 * P), 2);
    assert_int_equal(lp_mem_flags(m, AT + 65 * P), LP_MAPPED | LP_R | LP_X);
    assert_int_equal(lp_mem_poke(m, AT, &w, 4), -EFAULT); /* not mapped */
    close(fd), unlink(path);
}

static void test_poke_shared(void **state)
{
    START;
    char path[32];
    int fd = make_file(path, 6);
    assert_int_equal(lp_mem_mmap(m, AT, 6 * P, R | W | X, SHARED | FIXED, fd, 0), AT);
    assert_int_equal(lp_mem_mmap(m, AT + 32 * P, 6 * P, R, SHARED | FIXED, fd, 0), AT + 32 * P);
    poke(AT + 2 * P, 1234);
    assert_int_equal(peek(AT + 2 * P), 1234);
    assert_int_equal(peek(AT + 34 * P), 3); /* the other view and the file are untouched */
    assert_int_equal(file_word(fd, 2), 3);
    poke(AT + 2 * P + 8, 5);
    assert_int_equal(peek(AT + 2 * P), 1234);
    put(AT + 3 * P, 7);
    assert_int_equal(file_word(fd, 3), 7); /* the neighbour is shared as before */
    assert_int_equal(lp_mem_madvise(m, AT, 6 * P, MADV_DONTNEED), 0);
    assert_int_equal(peek(AT + 2 * P), 1234);
    assert_int_equal(peek(AT + P), 2);
    /* One mapping for the guest, three for the host: a move, then a move with growth. */
    assert_int_equal(lp_mem_mremap(m, AT, 6 * P, 6 * P, MAYMOVE | MFIXED, AT + 64 * P), AT + 64 * P);
    assert_int_equal(peek(AT + 66 * P), 1234);
    assert_int_equal(peek(AT + 69 * P), 6);
    assert_int_equal(lp_mem_mremap(m, AT + 64 * P, 5 * P, 5 * P, MAYMOVE | MFIXED, AT), AT);
    assert_int_equal(lp_mem_mremap(m, AT, 5 * P, 6 * P, 0, 0), AT);
    assert_int_equal(peek(AT + 5 * P), 6);
    poke(AT + 5 * P, 66); /* the last page is private now: growth starts from one that is not */
    assert_int_equal(ftruncate(fd, 8 * (off_t)P), 0);
    assert_int_equal(lp_mem_mremap(m, AT, 6 * P, 8 * P, 0, 0), AT);
    put(AT + 7 * P, 88);
    assert_int_equal(file_word(fd, 7), 88);
    assert_int_equal(file_word(fd, 5), 6);
    /* Inaccessible for the guest: a debugger can. */
    assert_int_equal(lp_mem_mprotect(m, AT, P, 0), 0);
    poke(AT + 16, 4321);
    uint32_t v;
    assert_int_equal(lp_mem_read(m, &v, AT + 16, 4), -EFAULT);
    assert_int_equal(lp_mem_mprotect(m, AT, P, R), 0);
    assert_int_equal(peek(AT + 16), 4321);
    assert_int_equal(peek(AT), 1);
    close(fd), unlink(path);
}

static void test_poke_past_end(void **state)
{
    START;
    char path[32];
    int fd = make_file(path, 1);
    uint32_t v = 1;
    for (int flags = SHARED; flags <= PRIVATE; flags++) {
        assert_int_equal(lp_mem_mmap(m, AT, 2 * P, R | X, flags | FIXED, fd, 0), AT);
        assert_int_equal(lp_mem_poke(m, AT + P, &v, 4), -EFAULT);
        assert_int_equal(lp_mem_flags(m, AT + P) & LP_PATCHED, 0);
    }
    close(fd), unlink(path);
}

/* ---- faults and threads ---- */

static volatile int chained;
static bool chain_fn(int signo, siginfo_t *info, void *uc)
{
    (void)uc;
    chained = signo == SIGSEGV && info->si_code <= 0;
    return true;
}

static void test_fault_chain(void **state)
{
    START;
    lp_fault_chain(chain_fn);
    struct lp_recover r;
    volatile int jumped = 0;
    if (lp_recover_begin(&r))
        jumped = 1;
    else
        raise(SIGSEGV); /* sent by a process: not ours, even inside a recovery */
    lp_recover_end(&r);
    lp_fault_chain(NULL);
    assert_int_equal(jumped, 0);
    assert_int_equal(chained, 1);
    assert_null(lp_recover_top);
}

/* Not with a sanitizer: the previous handler is its own, which reports and exits. */
#ifndef SANITIZED
static void test_fault_default(void **state)
{
    START;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGSEGV, SIG_DFL); /* cmocka's own */
        *(volatile int *)(lp_mem_base(m) + AT) = 1;
        _exit(0);
    }
    int st = 0;
    assert_int_equal(waitpid(pid, &st, 0), pid);
    assert_true(WIFSIGNALED(st) && WTERMSIG(st) == SIGSEGV);
}
#endif

static atomic_bool stop;
static void *hammer_copy(void *arg)
{
    uint8_t buf[3 * 4096];
    uint64_t seen = 0;
    while (!atomic_load(&stop)) {
        int r = lp_mem_read(m, buf, AT, sizeof buf), w = lp_mem_write(m, AT, buf, sizeof buf);
        if ((r != 0 && r != -EFAULT) || (w != 0 && w != -EFAULT))
            *(int *)arg = 1;
        seen += (uint64_t)(r == 0);
    }
    return (void *)(uintptr_t)(seen != UINT64_MAX);
}

static void *hammer_map(void *arg)
{
    uint64_t at = AT + (1 + (uint64_t)*(int *)arg) * 1024 * P;
    for (int i = 0; i < 300; i++) {
        int64_t a = lp_mem_mmap(m, 0, 4 * P, R | W, PRIVATE | ANON, -1, 0);
        uint32_t v = 5;
        if (a <= 0 || lp_mem_write(m, (uint64_t)a + P, &v, 4) || lp_mem_mprotect(m, (uint64_t)a, P, R) ||
            lp_mem_mremap(m, (uint64_t)a, 4 * P, 4 * P, MAYMOVE | MFIXED, at) != -EFAULT)
            return NULL;
        if (lp_mem_mremap(m, (uint64_t)a + P, 3 * P, 3 * P, MAYMOVE | MFIXED, at) != (int64_t)at || peek(at) != 5 ||
            lp_mem_munmap(m, (uint64_t)a, P) || lp_mem_munmap(m, at, 3 * P))
            return NULL;
    }
    return arg;
}

static void test_threads(void **state)
{
    START;
    pthread_t copy[2], maps[3];
    int bad = 0, ids[3] = {0, 1, 2};
    atomic_store(&stop, false);
    for (int i = 0; i < 2; i++)
        pthread_create(&copy[i], NULL, hammer_copy, &bad);
    for (int i = 0; i < 3; i++)
        pthread_create(&maps[i], NULL, hammer_map, &ids[i]);
    for (int i = 0; i < 2000; i++) {
        map_at(AT, 3, R | W);
        assert_int_equal(lp_mem_munmap(m, AT + (unsigned)i % 3 * P, P), 0);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(copy[i], NULL);
    for (int i = 0; i < 3; i++) {
        void *ok = NULL;
        pthread_join(maps[i], &ok);
        assert_non_null(ok);
    }
    assert_int_equal(bad, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_new), T(test_flat), T(test_mmap_errors), T(test_placement), T(test_many), T(test_rights), T(test_mprotect),
        T(test_munmap), T(test_files), T(test_names), T(test_read_str), T(test_mremap_errors), T(test_mremap), T(test_mremap_files),
        T(test_madvise), T(test_fork), T(test_poke_private), T(test_poke_shared), T(test_poke_past_end), T(test_fault_chain),
        T(test_threads),
#ifndef SANITIZED
        T(test_limited), T(test_fault_default),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
