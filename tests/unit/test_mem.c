/* test_mem.c - the guest's address space: Linux's rules for mappings, protected copies, pokes, threads. */
#include <config.h>
#include "mem_rig.h"

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
    assert_int_equal(lp_mem_read(m, &v, UINT64_MAX, 1), -EFAULT);
    assert_int_equal(lp_mem_write(m, UINT64_MAX, &v, 1), -EFAULT);
    assert_int_equal(lp_mem_read(m, &v, AT | UINT64_C(0x5a) << 56, 4), 0); /* top byte ignored */
    assert_int_equal(v, 5);
    uint64_t bad = 0;
    assert_false(lp_mem_check(m, AT + 8, 4 * P, LP_R, &bad));
    assert_int_equal(bad, AT + 3 * P);
    assert_true(lp_mem_check(m, AT, 3 * P, LP_R | LP_W, NULL));
    assert_false(lp_mem_check(m, UINT64_MAX, 1, LP_R, &bad));
    assert_int_equal(bad, UINT64_MAX);
    map_at(lp_mem_limit(m) - P, 1, R);
    assert_false(lp_mem_check(m, lp_mem_limit(m) - 4, UINT64_MAX, LP_R, &bad));
    assert_int_equal(bad, lp_mem_limit(m));
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
    assert_int_equal(lp_mem_munmap(m, lp_mem_limit(m), P), 0); /* an address of Linux's 48 bits */
    assert_int_equal(lp_mem_munmap(m, UINT64_C(1) << 48, P), -EINVAL);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_new), T(test_flat), T(test_mmap_errors), T(test_placement), T(test_many), T(test_rights), T(test_mprotect), T(test_munmap),
        T(test_files), T(test_names), T(test_read_str),
#ifndef SANITIZED
        T(test_limited),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
