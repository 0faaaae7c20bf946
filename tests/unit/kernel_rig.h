/* kernel_rig.h - a guest of one thread that never runs, for tests that make its system calls. */
#ifndef TESTS_UNIT_KERNEL_RIG_H
#define TESTS_UNIT_KERNEL_RIG_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "exec/fp.h"
#include "kernel/host.h"
#include "kernel/kernel.h"
#include "kernel/process.h"
#include "kernel/sigframe.h"
#include "kernel/signal.h"
#include "mem/fault.h"

enum { /* arm64's numbers */
    NR_sigaltstack = 132, NR_rt_sigsuspend, NR_rt_sigaction, NR_rt_sigprocmask, NR_rt_sigpending, NR_rt_sigtimedwait, NR_rt_sigreturn = 139,
    NR_exit_group = 94, NR_clone = 220, NR_clone3 = 435, NR_set_robust_list = 99,
};

static struct lp_gate gate;
static struct lp_mem *mem;
static struct lp_kernel *k;
static struct lp_thread *t;
static uint64_t stack, data; /* guest addresses: a stack of 64 KiB, a page */
static struct lp_log no_log;
#define STACK_SIZE UINT64_C(65536)
#define HANDLER UINT64_C(0x123400)
#define PC UINT64_C(0x400100)

static inline void begin(void)
{
    uint64_t none = 0;
    LP_HOST4(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
    lp_gate_init(&gate);
    assert_int_equal(lp_fault_install(NULL), LP_OK);
    assert_int_equal(lp_mem_new(34, &mem, NULL), LP_OK);
    assert_int_equal(lp_kernel_new(mem, &gate, &no_log, &k, NULL), LP_OK);
    t = lp_thread_new(k);
    assert_non_null(t);
    stack = (uint64_t)lp_mem_mmap(mem, 0, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    data = (uint64_t)lp_mem_mmap(mem, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true((int64_t)stack > 0 && (int64_t)data > 0);
    for (unsigned i = 0; i < 31; i++) t->cpu.x[i] = 0x1000 + i;
    for (unsigned i = 0; i < 32; i++) t->cpu.v[i] = (union lp_vreg){.d = {i * 3 + 1, ~(uint64_t)i}};
    t->cpu.x[LP_SLOT_SP] = stack + STACK_SIZE - 24; /* not aligned: the frame is */
    t->cpu.pc = PC;
    lp_set_nzcv(&t->cpu, 0xa0000000);
}

static inline void end(void)
{
    uint64_t none = 0;
    lp_thread_free(t);
    lp_kernel_free(k);
    lp_mem_free(mem);
    lp_gate_destroy(&gate);
    LP_HOST4(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
}

/* Inside the test, not as fixtures: cmocka takes SIGSEGV for itself between the two. */
static inline void in_a_process(void **state)
{
    begin();
    (*(void (**)(void))*state)();
    end();
}

static inline int64_t call(uint64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t args[6] = {a, b, c, d, 0, 0};
    return lp_syscall_row(nr)->fn(t, args);
}

static inline void action(int signo, uint64_t handler, uint64_t flags, uint64_t mask)
{
    struct lp_sigaction sa = {.handler = handler, .flags = flags, .mask = mask};
    assert_int_equal(lp_mem_write(mem, data, &sa, sizeof sa), 0);
    assert_int_equal(call(NR_rt_sigaction, (uint64_t)signo, data, 0, 8), 0);
}

static inline int64_t set_mask(int how, uint64_t mask)
{
    assert_int_equal(lp_mem_write(mem, data, &mask, sizeof mask), 0);
    return call(NR_rt_sigprocmask, (uint64_t)how, data, 0, 8);
}

static inline uint64_t host_mask(void)
{
    uint64_t m = 0;
    LP_HOST4(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &m, 8);
    return m;
}

static inline void send(int signo) { assert_int_equal(LP_HOST3(SYS_tgkill, getpid(), LP_HOST0(SYS_gettid), signo), 0); }
static inline void get(uint64_t addr, void *p, size_t n) { assert_int_equal(lp_mem_read(mem, p, addr, n), 0); }

#define TEST(f) {#f, in_a_process, NULL, NULL, &(struct { void (*fn)(void); }){f}}
#define PLAIN(f) {#f, alone, NULL, NULL, &(struct { void (*fn)(void); }){f}}
static inline void alone(void **state) { (*(void (**)(void))*state)(); }
#endif
