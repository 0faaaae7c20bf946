/* test_mem_remap.c - what moves, drops and changes mapped pages: mremap, madvise, fork, pokes; host faults and threads. */
#include <config.h>
#include "mem_rig.h"
#include "mem/poke.h"

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

/* A page that nothing was left in shows the file again: as it is now, unless the guest has written to its own copy. */
static void test_share_again(void **state)
{
    char path[32];
    START;
    int fd = make_file(path, 2);
    uint32_t v = 77;
    assert_int_equal(lp_mem_mmap(m, AT, P, R | X, SHARED | FIXED, fd, 0), AT);
    assert_int_equal(lp_mem_mmap(m, AT + P, P, R | W, SHARED | FIXED, fd, P), AT + P);
    assert_false(lp_mem_share_again(m, AT)); /* it is shared */
    poke(AT, 1000);
    assert_int_equal(pwrite(fd, &v, 4, 0), 4);
    assert_int_equal(peek(AT), 1000);
    assert_true(lp_mem_share_again(m, AT));
    assert_int_equal(peek(AT), 77);
    assert_int_equal(lp_mem_flags(m, AT) & (R | X | LP_SHARED | LP_PATCHED), R | X | LP_SHARED);
    assert_false(lp_mem_share_again(m, AT));
    v = 78;
    assert_int_equal(pwrite(fd, &v, 4, 0), 4);
    assert_int_equal(peek(AT), 78);
    /* moved, without rights meanwhile */
    poke(AT, 1000);
    assert_int_equal(lp_mem_mprotect(m, AT, P, 0), 0);
    assert_int_equal(lp_mem_mremap(m, AT, P, P, 1 | 2, AT + 8 * P), AT + 8 * P);
    assert_true(lp_mem_share_again(m, AT + 8 * P));
    assert_int_equal(lp_mem_read(m, &v, AT + 8 * P, 4), -EFAULT);
    assert_int_equal(lp_mem_peek(m, &v, AT + 8 * P, 4), 0);
    assert_int_equal(v, 78);
    /* written to */
    poke(AT + P, 1000);
    put(AT + P + 4, 5);
    poke(AT + P, 2);
    assert_false(lp_mem_share_again(m, AT + P));
    put(AT + P + 4, 0);
    assert_true(lp_mem_share_again(m, AT + P));
    put(AT + P, 3);
    assert_int_equal(file_word(fd, 1), 3);
    poke(AT + P, 1000);
    assert_int_equal(lp_mem_munmap(m, AT + P, P), 0);
    assert_false(lp_mem_share_again(m, AT + P));
    close(fd);
    unlink(path);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_mremap_errors), T(test_mremap), T(test_mremap_files), T(test_madvise), T(test_fork), T(test_poke_private), T(test_poke_shared), T(test_share_again),
        T(test_poke_past_end), T(test_fault_chain), T(test_threads),
#ifndef SANITIZED
        T(test_fault_default),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
