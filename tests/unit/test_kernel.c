/* tests/unit/test_kernel.c - the kernel room: tables, conversions, and calls made as a guest makes them. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kernel/flags.h"
#include "kernel/ioctl.h"
#include "kernel/kernel.h"
#include "kernel/proc.h"
#include "mem/fault.h"

/* ---- the table ---- */
static const uint64_t numbers[] = {
#define SYS(nr, name, signature, handler, restart) nr,
#include "kernel/syscall.def"
#undef SYS
};

static void rows_are_well_formed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const struct lp_syscall *row = lp_syscall_row(numbers[i]);
        bool handed_over = row->fn == lp_sys_pass || row->fn == lp_sys_block;
        int args = 0;
        assert_non_null(row);
        for (size_t j = i + 1; j < sizeof numbers / sizeof numbers[0]; j++)
            assert_int_not_equal(numbers[i], numbers[j]);
        for (const char *s = row->signature; *s && *s != ':'; args++) {
            char c = *s++;
            if (!strchr("dDiulxosnkSbBVNPpOwcgMmF-ARWhGatCLI", c) || (handed_over && c == 'p') || (c == 'P' && !isdigit((unsigned char)*s)) || (!strchr("PbB", c) && isdigit((unsigned char)*s)))
                fail_msg("%s: letter %c in \"%s\"", row->name, c, row->signature);
            while (isdigit((unsigned char)*s))
                s++;
            if (strchr("bB", c) && handed_over)
                assert_true(*s == 'u' || *s == 'i');
            if (c == 'V')
                assert_int_equal(*s, 'N');
        }
        assert_true(args <= 6);
        if (handed_over)
            assert_true(row->host_nr >= 0);
        assert_true((row->error != 0) == (row->fn == lp_sys_refuse && row->error_name && row->reason && *row->reason));
    }
    assert_null(lp_syscall_row(UINT64_C(1) << 32));
    assert_null(lp_syscall_row(100000));
    assert_string_equal(lp_syscall_row(64)->name, "write");
    assert_string_equal(lp_syscall_row(93)->name, "exit");
}

/* ---- conversions ---- */
static void open_flags(void **state)
{
    (void)state;
    assert_int_equal(lp_open_flags_to_host(0400), O_NOCTTY);
    assert_int_equal(lp_open_flags_to_host(040000 | 02000000 | 2), O_DIRECTORY | O_CLOEXEC | O_RDWR);
    assert_int_equal(lp_open_flags_to_host(0100000), O_NOFOLLOW);
    assert_int_equal(lp_open_flags_to_host(0200000), O_DIRECT);
    assert_int_equal(lp_open_flags_to_host(020040000 | 1), O_TMPFILE | O_WRONLY);
    assert_int_equal(lp_open_flags_to_host(04010000), O_SYNC);
    assert_int_equal(lp_open_flags_from_host(O_DIRECT | O_APPEND | O_WRONLY), 0200000 | 02000 | 1);
    for (uint32_t bit = 1; bit < 1u << 25; bit <<= 1)
        if (!lp_open_flags_unknown(bit))
            assert_int_equal(lp_open_flags_from_host(lp_open_flags_to_host(bit)), bit);
    assert_true(lp_open_flags_unknown(UINT64_C(1) << 40));
    assert_true(lp_open_flags_unknown(010));
}

/* What has an address inside must not reach the host; what is a number or of another size than its encoding says is not taken for an address. */
static void ioctl_requests(void **state)
{
    static const uint32_t refused[] = {0x80104592, 0x40104593, 0x40304580, /* EVIOCGMASK EVIOCSMASK EVIOCSFF */
                                       0x8940, 0x8941, 0x8946, 0x4c02, 0x4c03, /* SIOCGIFBR SIOCSIFBR SIOCETHTOOL LOOP_SET_STATUS LOOP_GET_STATUS */
                                       0xc0401289, 0x1269, 0x401054d5, 0x801054db, /* BLKCRYPTOIMPORTKEY BLKPG TUNATTACHFILTER TUNGETFILTER */
                                       0x40187013, 0x40806685, 0xc0286687, 0x40085203, /* RTC_PARAM_GET FS_IOC_ENABLE_VERITY ..., RNDADDENTROPY */
                                       0xc0984900, 0x2285, 0x890b, 0xc0107462}; /* others' 'I', SG_IO, SIOCADDRT (handled apart) */
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_int_equal(lp_ioctl_size(refused[i]), LP_IOCTL_UNKNOWN);
    assert_int_equal(lp_ioctl_size(0x400454cc), LP_IOCTL_VALUE); /* TUNSETOWNER */
    assert_int_equal(lp_ioctl_size(0x40044900), LP_IOCTL_VALUE); /* INOTIFY_IOC_SETNEXTWD */
    assert_int_equal(lp_ioctl_size(0x8004b706), LP_IOCTL_VALUE); /* NS_GET_PID_FROM_PIDNS */
    assert_int_equal(lp_ioctl_size(0x4008700c), LP_IOCTL_VALUE); /* RTC_IRQP_SET */
    assert_int_equal(lp_ioctl_size(0x40044581), LP_IOCTL_VALUE); /* EVIOCRMFF */
    assert_int_equal(lp_ioctl_size(0x40049409), LP_IOCTL_FD);    /* FICLONE */
    assert_int_equal(lp_ioctl_size(0x400454ca), 40);             /* TUNSETIFF */
    assert_int_equal(lp_ioctl_size(0x80604520), 96);             /* EVIOCGBIT */
    assert_int_equal(lp_ioctl_size(0x8008700b), 8);              /* RTC_IRQP_READ */
    assert_int_equal(lp_ioctl_size(0x5413), 8);
}

static void stat_layout(void **state)
{
    struct stat st = {.st_dev = 1, .st_ino = 2, .st_mode = 0100644, .st_nlink = 3, .st_uid = 4, .st_gid = 5, .st_rdev = 6, .st_size = 7,
                      .st_blksize = 8, .st_blocks = 9, .st_atim = {10, 11}, .st_mtim = {12, 13}, .st_ctim = {14, 15}};
    struct lp_stat g;
    (void)state;
    lp_stat_from_host(&g, &st);
    const uint8_t *b = (const void *)&g;
    assert_int_equal(b[16] | b[17] << 8, 0100644); /* st_mode comes before st_nlink, not behind as on x86-64 */
    assert_int_equal(b[20], 3);
    assert_int_equal(b[48], 7);
    assert_int_equal(b[56], 8);
    assert_int_equal(b[64], 9);
    assert_int_equal(b[72], 10);
    assert_int_equal(b[104], 14);
    assert_int_equal(b[112], 15);
}

static void proc_names(void **state)
{
    char own[64];
    (void)state;
    assert_string_equal(lp_proc_self("/proc/self/exe"), "exe");
    assert_string_equal(lp_proc_self("/proc/thread-self/maps"), "maps");
    assert_string_equal(lp_proc_self("/proc/self/task/123/maps"), "maps");
    snprintf(own, sizeof own, "/proc/%d/fd/3", (int)getpid());
    assert_string_equal(lp_proc_self(own), "fd/3");
    assert_null(lp_proc_self("/proc/1/exe"));
    assert_null(lp_proc_self("/proc/cpuinfo"));
    assert_null(lp_proc_self("proc/self/exe"));
    assert_null(lp_proc_self(""));
}

/* ---- calls ---- */
static struct lp_gate gate;
static struct lp_log quiet;
static struct lp_thread *thread;
static uint64_t page; /* guest scratch: 64 KiB, readable and writable */

static int64_t call(uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    const uint64_t a[6] = {a0, a1, a2, a3, a4, a5};
    thread->call.row = lp_syscall_row(nr);
    thread->call.nr = nr;
    assert_non_null(thread->call.row);
    return thread->call.row->fn(thread, a);
}
#define CALL(nr, ...) call_n(nr, (const uint64_t[6]){__VA_ARGS__})
static int64_t call_n(uint64_t nr, const uint64_t *a) { return call(nr, a[0], a[1], a[2], a[3], a[4], a[5]); }

static void put(uint64_t at, const void *p, size_t n) { assert_int_equal(lp_mem_write(thread->k->mem, at, p, n), 0); }
static void get(uint64_t at, void *p, size_t n) { assert_int_equal(lp_mem_read(thread->k->mem, p, at, n), 0); }
static uint64_t str(const char *s)
{
    put(page + 0x8000, s, strlen(s) + 1);
    return page + 0x8000;
}

static int start(void **state)
{
    struct lp_mem *mem;
    struct lp_kernel *k;
    (void)state;
    lp_gate_init(&gate);
    if (lp_mem_new(34, &mem, NULL) != LP_OK || lp_kernel_new(mem, &gate, &quiet, &k, NULL) != LP_OK)
        return -1;
    thread = lp_thread_new(k);
    page = (uint64_t)lp_mem_mmap(mem, 0, 0x10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    k->heap->start = k->heap->end = 0x500123;
    k->exe = strdup("/usr/bin/made-up");
    return thread ? 0 : -1;
}

static int stop(void **state)
{
    struct lp_kernel *k = thread->k;
    struct lp_mem *mem = k->mem;
    (void)state;
    lp_kernel_free(k);
    lp_mem_free(mem);
    return 0;
}

static void heap(void **state)
{
    (void)state;
    assert_int_equal(lp_fault_install(NULL), LP_OK);
    assert_int_equal(CALL(214, 0), 0x500123);
    assert_int_equal(CALL(214, 0x500f00), 0x500f00);
    assert_int_equal(CALL(214, 0x503001), 0x503001);
    put(0x503ff8, "abcdefg", 8);
    assert_int_equal(CALL(214, 0x501001), 0x501001);
    assert_int_equal(lp_mem_flags(thread->k->mem, 0x502000) & LP_MAPPED, 0);
    assert_int_equal(CALL(214, 0x500000), 0x501001); /* below the start: unchanged */
    assert_int_equal(CALL(214, UINT64_MAX - 5), 0x501001);
    CALL(214, 0x500123);
}

static void read_and_write(void **state)
{
    uint32_t fd[2];
    char text[8];
    (void)state;
    assert_int_equal(lp_fault_install(NULL), LP_OK);
    assert_int_equal(CALL(59, page, 02000000), 0); /* pipe2(O_CLOEXEC) */
    get(page, fd, sizeof fd);
    assert_int_equal(CALL(64, fd[1], str("hello"), 5), 5);
    assert_int_equal(CALL(63, fd[0], page + 16, 100), 5);
    get(page + 16, text, 5);
    assert_memory_equal(text, "hello", 5);
    assert_int_equal(CALL(64, fd[1], 0x10, 5), -EFAULT);                    /* a hole */
    assert_int_equal(CALL(64, fd[1], UINT64_C(1) << 46, 5), -EFAULT);       /* outside: the engine's memory, maybe */
    assert_int_equal(CALL(63, fd[0], UINT64_MAX - 2, 100), -EFAULT);
    const uint64_t iov[4] = {str("hello"), 2, str("hello") + 3, 2};
    put(page, iov, sizeof iov);
    assert_int_equal(CALL(66, fd[1], page, 2), 4);
    assert_int_equal(CALL(66, fd[1], page, 1025), -EINVAL);
    assert_int_equal(CALL(63, fd[0], page + 64, 100), 4);
    get(page + 64, text, 4);
    assert_memory_equal(text, "helo", 4);
    assert_int_equal(CALL(25, fd[0], F_SETFL, 0200000 | 04000), 0); /* O_DIRECT (packet mode) | O_NONBLOCK */
    assert_int_equal(CALL(25, fd[0], F_GETFL, 0) & 04000, 04000);
    assert_int_equal(CALL(63, fd[0], page, 1), -EAGAIN);
    assert_int_equal(CALL(25, fd[0], 4711, 0), -EINVAL);
    assert_int_equal(CALL(57, fd[0]), 0);
    assert_int_equal(CALL(57, fd[1]), 0);
    assert_int_equal(CALL(57, fd[1]), -EBADF);
}

/* Does /proc/self/fd, read as the guest reads it, list this descriptor? */
static bool listed(int fd)
{
    char buf[4096], name[16];
    bool found = false;
    int64_t dir = CALL(56, (uint64_t)AT_FDCWD, str("/proc/self/fd"), 040000), n;
    assert_true(dir >= 0);
    snprintf(name, sizeof name, "%d", fd);
    while ((n = CALL(61, (uint64_t)dir, page, sizeof buf)) > 0) {
        get(page, buf, (size_t)n);
        for (int64_t at = 0; at < n; at += *(uint16_t *)(void *)(buf + at + 16))
            found |= !strcmp(buf + at + 19, name);
    }
    assert_int_equal(n, 0);
    assert_int_equal(CALL(57, (uint64_t)dir), 0);
    return found;
}

static void engine_descriptors(void **state)
{
    struct lp_kernel *k = thread->k;
    char name[32];
    (void)state;
    assert_int_equal(lp_fault_install(NULL), LP_OK);
    int fd = lp_fd_hide(k, open("/dev/null", O_RDWR)), guest = (int)CALL(56, (uint64_t)AT_FDCWD, str("/dev/null"), 2);
    assert_true(fd >= k->first_engine_fd);
    assert_true(lp_fd_hidden(k, fd));
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(CALL(57, (uint64_t)fd), -EBADF);
    assert_int_equal(CALL(24, (uint64_t)guest, (uint64_t)fd, 0), -EBADF);
    assert_int_equal(CALL(23, (uint64_t)fd), -EBADF);
    assert_int_equal(CALL(63, (uint64_t)fd, page, 1), -EBADF);
    assert_int_equal(CALL(23, (uint64_t)INT32_MIN), -EBADF); /* far below the engine's, no overflow */
    assert_true(listed(guest));
    assert_false(listed(fd));
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    assert_int_equal(CALL(56, (uint64_t)AT_FDCWD, str(name), 0), -ENOENT);
    assert_int_equal(CALL(436, (uint64_t)guest, UINT32_MAX, 0), 0); /* close_range */
    assert_int_equal(fcntl(guest, F_GETFD), -1);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    lp_fd_unhide(k, fd);
    assert_false(lp_fd_hidden(k, fd));
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void limits(void **state)
{
    uint64_t l[2], old[2];
    (void)state;
    assert_int_equal(lp_fault_install(NULL), LP_OK);
    assert_int_equal(CALL(261, 0, RLIMIT_AS, 0, page), 0);
    get(page, old, sizeof old);
    l[0] = 0x20000000, l[1] = old[1];
    put(page, l, sizeof l);
    assert_int_equal(CALL(164, RLIMIT_AS, page), 0);
    assert_int_equal(CALL(222, 0, 0x30000000, 3, 0x22, (uint64_t)-1, 0), -ENOMEM);
    assert_int_equal(CALL(163, RLIMIT_AS, page), 0);
    get(page, l, sizeof l);
    assert_int_equal(l[0], 0x20000000);
    struct rlimit host;
    getrlimit(RLIMIT_AS, &host);
    assert_int_equal(host.rlim_cur, old[0]); /* the engine's is as it was */
    put(page, old, sizeof old);
    assert_int_equal(CALL(164, RLIMIT_AS, page), 0);
    l[0] = 2, l[1] = 1;
    put(page, l, sizeof l);
    assert_int_equal(CALL(164, RLIMIT_NOFILE, page), -EINVAL);
    assert_int_equal(CALL(163, RLIMIT_NOFILE, 0), -EFAULT);
}

static void names(void **state)
{
    char u[390], text[64];
    (void)state;
    assert_int_equal(lp_fault_install(NULL), LP_OK);
    assert_int_equal(CALL(160, page), 0);
    get(page, u, sizeof u);
    assert_string_equal(u, "Linux");
    assert_string_equal(u + 4 * 65, "aarch64");
    assert_int_equal(CALL(78, (uint64_t)AT_FDCWD, str("/proc/self/exe"), page, 5), 5);
    get(page, text, 5);
    assert_memory_equal(text, "/usr/", 5);
    assert_int_equal(CALL(78, (uint64_t)AT_FDCWD, str("/proc/self/exe"), page, 0), -EINVAL);
    assert_int_equal(CALL(56, (uint64_t)AT_FDCWD, str("/proc/self/mem"), 2), -EACCES);
    int64_t fd = CALL(56, (uint64_t)AT_FDCWD, str("/proc/self/maps"), 0);
    assert_true(fd >= 0);
    int64_t n = CALL(63, (uint64_t)fd, page, 4096);
    assert_true(n > 0);
    char maps[4097] = "", want[32];
    get(page, maps, (size_t)n);
    snprintf(want, sizeof want, "%08llx-", (unsigned long long)page);
    assert_non_null(strstr(maps, want));
    assert_null(strstr(maps, "test_kernel"));
    assert_int_equal(CALL(57, (uint64_t)fd), 0);
}

static void events(void **state)
{
    uint32_t fd[2];
    struct { uint32_t events, pad; uint64_t data; } e = {EPOLLIN, 0xdead, UINT64_C(0x1122334455667788)};
    (void)state;
    assert_int_equal(lp_fault_install(NULL), LP_OK);
    assert_int_equal(CALL(59, page, 0), 0);
    get(page, fd, sizeof fd);
    int64_t ep = CALL(20, 0);
    put(page, &e, sizeof e);
    assert_int_equal(CALL(21, (uint64_t)ep, EPOLL_CTL_ADD, fd[0], page), 0);
    assert_int_equal(CALL(22, (uint64_t)ep, page + 64, 4, 0, 0, 8), 0);
    assert_int_equal(CALL(64, fd[1], str("x"), 1), 1);
    assert_int_equal(CALL(22, (uint64_t)ep, page + 64, 4, (uint64_t)-1, 0, 8), 1);
    memset(&e, 0, sizeof e);
    get(page + 64, &e, sizeof e);
    assert_int_equal(e.events, EPOLLIN);
    assert_int_equal(e.data, UINT64_C(0x1122334455667788));
    assert_int_equal(CALL(22, (uint64_t)ep, page, 0, 0, 0, 8), -EINVAL);
    assert_int_equal(CALL(22, (uint64_t)ep, page, 4, 0, page, 4), -EINVAL); /* a signal set has 8 bytes */
    assert_int_equal(CALL(436, (uint64_t)fd[0], (uint64_t)ep, 0), 0);
}

static void terminals_and_files(void **state)
{
    char cwd[4096];
    (void)state;
    assert_int_equal(lp_fault_install(NULL), LP_OK);
    int64_t null = CALL(56, (uint64_t)AT_FDCWD, str("/dev/null"), 0);
    assert_int_equal(CALL(29, (uint64_t)null, 0x5401, page), -ENOTTY);
    assert_int_equal(CALL(29, (uint64_t)null, 0x1234, page), -ENOTTY);
    struct lp_stat st;
    assert_int_equal(CALL(80, (uint64_t)null, page), 0);
    get(page, &st, sizeof st);
    assert_int_equal(st.mode & S_IFMT, S_IFCHR);
    assert_int_equal(CALL(79, (uint64_t)AT_FDCWD, str("/dev/null"), page, 0), 0);
    assert_int_equal(CALL(79, (uint64_t)AT_FDCWD, str("/none"), page, 0), -ENOENT);
    assert_int_equal(CALL(80, (uint64_t)null, 0x10), -EFAULT);
    assert_int_equal(CALL(57, (uint64_t)null), 0);
    int64_t n = CALL(17, page, 4096);
    assert_non_null(getcwd(cwd, sizeof cwd));
    assert_int_equal(n, strlen(cwd) + 1);
    assert_int_equal(CALL(293, 0, 0, 0, 0), -ENOSYS); /* rseq */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_well_formed), cmocka_unit_test(open_flags), cmocka_unit_test(ioctl_requests), cmocka_unit_test(stat_layout),
        cmocka_unit_test(proc_names),           cmocka_unit_test(heap),       cmocka_unit_test(read_and_write),
        cmocka_unit_test(engine_descriptors),   cmocka_unit_test(limits),     cmocka_unit_test(names),
        cmocka_unit_test(events),               cmocka_unit_test(terminals_and_files),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
