/* tests/unit/test_signal.c - signal frames, delivery, restarts, masks, the host stub; execve's search and clone's refusals. */
#include <config.h>
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

static void begin(void)
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

static void end(void)
{
    uint64_t none = 0;
    lp_thread_free(t);
    lp_kernel_free(k);
    lp_mem_free(mem);
    lp_gate_destroy(&gate);
    LP_HOST4(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
}

/* Inside the test, not as fixtures: cmocka takes SIGSEGV for itself between the two. */
static void in_a_process(void **state)
{
    begin();
    (*(void (**)(void))*state)();
    end();
}

static int64_t call(uint64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t args[6] = {a, b, c, d, 0, 0};
    return lp_syscall_row(nr)->fn(t, args);
}

static void action(int signo, uint64_t handler, uint64_t flags, uint64_t mask)
{
    struct lp_sigaction sa = {.handler = handler, .flags = flags, .mask = mask};
    assert_int_equal(lp_mem_write(mem, data, &sa, sizeof sa), 0);
    assert_int_equal(call(NR_rt_sigaction, (uint64_t)signo, data, 0, 8), 0);
}

static int64_t set_mask(int how, uint64_t mask)
{
    assert_int_equal(lp_mem_write(mem, data, &mask, sizeof mask), 0);
    return call(NR_rt_sigprocmask, (uint64_t)how, data, 0, 8);
}

static uint64_t host_mask(void)
{
    uint64_t m = 0;
    LP_HOST4(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &m, 8);
    return m;
}

static void send(int signo) { assert_int_equal(LP_HOST3(SYS_tgkill, getpid(), LP_HOST0(SYS_gettid), signo), 0); }
static void get(uint64_t addr, void *p, size_t n) { assert_int_equal(lp_mem_read(mem, p, addr, n), 0); }

/* ---- the frame ---- */
static void frame_as_linux_lays_it_out(void)
{
    struct { uint8_t info[128], head[40]; uint64_t sigmask; uint8_t pad[128]; uint64_t fault, x[31], sp, pc, pstate, pad2; } f;
    uint32_t record[4], code[2];
    uint64_t link[2], sp = t->cpu.x[LP_SLOT_SP], v0[2];
    action(SIGUSR1, HANDLER, SA_SIGINFO, LP_SIGBIT(SIGUSR2));
    assert_int_equal(set_mask(SIG_SETMASK, LP_SIGBIT(SIGHUP)), 0);
    t->cpu.ex.addr = 64;
    send(SIGUSR1);
    assert_true(atomic_load(&t->cpu.poll) & LP_POLL_SIGNAL);
    lp_signal_safepoint(&t->cpu);
    uint64_t at = t->cpu.x[LP_SLOT_SP];
    assert_int_equal(at % 16, 0);
    assert_true(at < sp);
    get(at, &f, sizeof f);
    assert_int_equal(((int32_t *)f.info)[0], SIGUSR1);
    assert_int_equal(((int32_t *)f.info)[2], SI_TKILL);
    assert_int_equal(f.sigmask, LP_SIGBIT(SIGHUP));
    for (unsigned i = 0; i < 31; i++) assert_int_equal(f.x[i], 0x1000 + i);
    assert_int_equal(f.sp, sp);
    assert_int_equal(f.pc, PC);
    assert_int_equal(f.pstate, 0xa0001000); /* NZCV, SSBS */
    get(at + 128 + 176 + 288, record, sizeof record);
    assert_int_equal(record[0], 0x46508001);
    assert_int_equal(record[1], 528);
    get(at + 128 + 176 + 288 + 16, v0, sizeof v0);
    assert_int_equal(v0[0], 1);
    assert_int_equal(v0[1], ~UINT64_C(0));
    get(at + 128 + 176 + 288 + 528, record, sizeof record);
    assert_int_equal(record[0] | record[1], 0);
    assert_int_equal(t->cpu.x[0], SIGUSR1);
    assert_int_equal(t->cpu.x[1], at);
    assert_int_equal(t->cpu.x[2], at + 128);
    assert_int_equal(t->cpu.pc, HANDLER);
    assert_int_equal(t->cpu.ex.addr, UINT64_MAX);
    get(t->cpu.x[29], link, sizeof link);
    assert_int_equal(link[0], 0x1000 + 29);
    assert_int_equal(link[1], 0x1000 + 30);
    get(t->cpu.x[30], code, sizeof code);
    assert_int_equal(code[0], 0xd2801168);
    assert_int_equal(code[1], 0xd4000001);
    assert_int_equal(lp_mem_flags(mem, t->cpu.x[30]) & (LP_R | LP_W | LP_X), LP_R | LP_X);
    assert_int_equal(t->signals->mask, LP_SIGBIT(SIGHUP) | LP_SIGBIT(SIGUSR1) | LP_SIGBIT(SIGUSR2));
    assert_int_equal(host_mask(), t->signals->mask);
}

static void the_way_back_restores_everything(void)
{
    struct lp_cpu before = t->cpu;
    action(SIGUSR1, HANDLER, 0, 0);
    send(SIGUSR1);
    lp_signal_safepoint(&t->cpu);
    assert_int_equal(t->cpu.x[1], 0x1001); /* no SA_SIGINFO: X1 and X2 stay */
    memset(t->cpu.v, 0xee, sizeof t->cpu.v);
    for (unsigned i = 0; i < 31; i++) t->cpu.x[i] = 7;
    lp_set_nzcv(&t->cpu, 0);
    assert_int_equal(call(NR_rt_sigreturn, 0, 0, 0, 0), LP_NO_RESULT);
    assert_memory_equal(t->cpu.x, before.x, 32 * 8);
    assert_memory_equal(t->cpu.v, before.v, sizeof before.v);
    assert_int_equal(t->cpu.pc, PC);
    assert_int_equal(lp_nzcv(&t->cpu), 0xa0000000);
    assert_int_equal(t->signals->mask, 0);
    assert_int_equal(host_mask(), 0);
}

static void restorer_of_the_program(void)
{
    struct lp_sigaction sa = {.handler = HANDLER, .flags = 0x04000000, .restorer = 0x777000};
    assert_int_equal(lp_mem_write(mem, data, &sa, sizeof sa), 0);
    assert_int_equal(call(NR_rt_sigaction, SIGUSR1, data, 0, 8), 0);
    send(SIGUSR1);
    lp_signal_safepoint(&t->cpu);
    assert_int_equal(t->cpu.x[30], 0x777000);
}

/* Change one word of a good frame: rt_sigreturn must refuse it, which is SIGSEGV, here without a handler: the end. */
static void bad_frame(uint64_t offset, uint64_t value, uint64_t sp_off)
{
    uint64_t at;
    end(), begin();
    action(SIGUSR1, HANDLER, 0, 0);
    send(SIGUSR1);
    lp_signal_safepoint(&t->cpu);
    at = t->cpu.x[LP_SLOT_SP];
    if (offset) assert_int_equal(lp_mem_write(mem, at + offset, &value, sizeof value), 0);
    t->cpu.x[LP_SLOT_SP] += sp_off;
    t->cpu.pc = 0x5000;
    call(NR_rt_sigreturn, 0, 0, 0, 0);
    assert_int_equal(t->cpu.pc, 0x5000);
    assert_int_equal(k->exit.signo, SIGSEGV);
    assert_int_equal(t->cpu.stop, 1);
}

static void bad_frames_are_refused(void)
{
    const uint64_t records = 128 + 176 + 288;
    bad_frame(0, 0, 8);                                     /* SP not aligned */
    bad_frame(0, 0, UINT64_C(1) << 33);                     /* no memory there */
    bad_frame(records, 0, 0);                               /* no FPSIMD record */
    bad_frame(records, 0x12345678, 0);                      /* unknown, size 0 */
    bad_frame(records, 0x46508001 | UINT64_C(4097) << 32, 0);
    bad_frame(records, 0x46508001 | UINT64_C(512) << 32, 0);
    bad_frame(records + 528, 0x46508001 | UINT64_C(528) << 32, 0); /* twice */
    bad_frame(records + 528, UINT64_C(16) << 32, 0);        /* terminator with a size */
    bad_frame(records - 16, 0x3c5, 0);                      /* PSTATE of EL1 */
}

static void no_room_for_a_frame(void)
{
    action(SIGUSR1, HANDLER, 0, 0);
    t->cpu.x[LP_SLOT_SP] = stack + 100;
    assert_int_equal(lp_mem_munmap(mem, stack - 4096, 4096), 0);
    send(SIGUSR1);
    lp_signal_safepoint(&t->cpu);
    assert_int_equal(k->exit.signo, SIGSEGV);
}

static void no_room_but_an_alternate_stack_for_sigsegv(void)
{
    struct lp_sigstack ss = {.sp = stack + 32768, .size = 16384};
    assert_int_equal(lp_mem_write(mem, data, &ss, sizeof ss), 0);
    assert_int_equal(call(NR_sigaltstack, data, 0, 0, 0), 0);
    action(SIGUSR1, HANDLER, 0, 0);
    action(SIGSEGV, HANDLER + 4, SA_ONSTACK, 0);
    t->cpu.x[LP_SLOT_SP] = 64;
    send(SIGUSR1);
    lp_signal_safepoint(&t->cpu);
    assert_int_equal(k->exit.signo, 0);
    assert_int_equal(t->cpu.x[0], SIGSEGV);
    assert_int_equal(t->cpu.pc, HANDLER + 4);
    assert_true(t->cpu.x[LP_SLOT_SP] > stack + 32768 && t->cpu.x[LP_SLOT_SP] < stack + 49152);
}

static void alternate_stack_rules(void)
{
    struct { struct lp_sigstack ss; int want; } set[] = {
        {{.sp = stack, .size = 5119}, -ENOMEM}, {{.sp = stack, .size = 5120, .flags = 4}, -EINVAL}, {{.flags = SS_DISABLE}, 0},
        {{.sp = stack, .size = 5120, .flags = SS_ONSTACK}, 0}, {{.sp = stack, .size = STACK_SIZE, .flags = LP_SS_AUTODISARM}, 0}};
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++) {
        assert_int_equal(lp_mem_write(mem, data, &set[i].ss, sizeof set[i].ss), 0);
        assert_int_equal(call(NR_sigaltstack, data, data + 64, 0, 0), set[i].want);
    }
    /* Autodisarm: the frame keeps it, the thread forgets it. */
    action(SIGUSR1, HANDLER, SA_ONSTACK, 0);
    send(SIGUSR1);
    lp_signal_safepoint(&t->cpu);
    assert_int_equal(t->signals->alt.flags, SS_DISABLE);
    call(NR_rt_sigreturn, 0, 0, 0, 0);
    assert_int_equal(t->signals->alt.flags, LP_SS_AUTODISARM);
    /* On it, it cannot be changed. */
    struct lp_sigstack plain = {.sp = stack, .size = STACK_SIZE};
    assert_int_equal(lp_mem_write(mem, data, &plain, sizeof plain), 0);
    assert_int_equal(call(NR_sigaltstack, data, 0, 0, 0), 0);
    assert_int_equal(call(NR_sigaltstack, data, 0, 0, 0), -EPERM);
}

/* ---- faults ---- */
static void fault_tells_address_and_syndrome(void)
{
    struct lp_fault fault = {SIGSEGV, SEGV_ACCERR, 0xabc, 0x9200004f};
    struct lp_siginfo info;
    uint64_t addr, esr[2];
    action(SIGSEGV, HANDLER, SA_SIGINFO, 0);
    lp_signal_fault(&t->cpu, &fault);
    uint64_t at = t->cpu.x[LP_SLOT_SP];
    get(at, &info, sizeof info);
    assert_int_equal(info.signo, SIGSEGV);
    assert_int_equal(info.code, SEGV_ACCERR);
    assert_int_equal(info.addr, 0xabc);
    get(at + 128 + 176, &addr, sizeof addr);
    assert_int_equal(addr, 0xabc);
    get(at + 128 + 176 + 288 + 528, esr, sizeof esr);
    assert_int_equal(esr[0], 0x45535201 | UINT64_C(16) << 32);
    assert_int_equal(esr[1], 0x9200004f);
    /* Again inside the handler, where it is blocked: the end. */
    lp_signal_fault(&t->cpu, &fault);
    assert_int_equal(k->exit.signo, SIGSEGV);
}

static void ignored_fault_is_deadly(void)
{
    struct lp_fault fault = {SIGILL, ILL_ILLOPC, PC, 0};
    action(SIGILL, 1, 0, 0);
    lp_signal_fault(&t->cpu, &fault);
    assert_int_equal(k->exit.signo, SIGILL);
    assert_true(k->exiting);
}

/* ---- delivery ---- */
static void default_actions(void)
{
    send(SIGCHLD), send(SIGWINCH), send(SIGURG);
    assert_int_equal(atomic_load(&t->cpu.poll) & LP_POLL_SIGNAL, 0); /* not even taken */
    action(SIGTERM, 1, 0, 0);
    send(SIGTERM);
    assert_int_equal(atomic_load(&t->cpu.poll) & LP_POLL_SIGNAL, 0);
    action(SIGTERM, 0, 0, 0);
    send(SIGTERM);
    lp_signal_safepoint(&t->cpu);
    assert_int_equal(k->exit.signo, SIGTERM);
    assert_int_equal(t->cpu.stop, 1);
}

static void all_64_signals_belong_to_the_guest(void)
{
    for (int n = 1; n <= 64; n++) {
        if (n == SIGKILL || n == SIGSTOP) {
            assert_int_equal(call(NR_rt_sigaction, (uint64_t)n, data, 0, 8), -EINVAL);
            continue;
        }
        action(n, HANDLER + (unsigned)n * 4, 0, ~UINT64_C(0));
        send(n);
        assert_int_equal(t->cpu.pc, PC);
        lp_signal_safepoint(&t->cpu);
        assert_int_equal(t->cpu.pc, HANDLER + (unsigned)n * 4);
        assert_int_equal(t->cpu.x[0], n);
        call(NR_rt_sigreturn, 0, 0, 0, 0);
        assert_int_equal(t->cpu.pc, PC);
    }
    assert_int_equal(call(NR_rt_sigaction, 65, data, 0, 8), -EINVAL);
    assert_int_equal(call(NR_rt_sigaction, 0, data, 0, 8), -EINVAL);
    assert_int_equal(call(NR_rt_sigaction, 1, data, 0, 16), -EINVAL);
    assert_int_equal(call(NR_rt_sigaction, 1, UINT64_C(1) << 33, 0, 8), -EFAULT);
}

static void frames_stack_up(void)
{
    action(SIGUSR1, HANDLER, 0, 0), action(SIGUSR2, HANDLER + 4, 0, 0);
    assert_int_equal(set_mask(SIG_BLOCK, LP_SIGBIT(SIGUSR1) | LP_SIGBIT(SIGUSR2)), 0);
    send(SIGUSR2), send(SIGUSR1);
    assert_int_equal(set_mask(SIG_SETMASK, 0), 0);
    lp_signal_safepoint(&t->cpu);
    assert_int_equal(t->cpu.pc, HANDLER + 4); /* the lower number first: the higher one's handler runs on top */
    call(NR_rt_sigreturn, 0, 0, 0, 0);
    assert_int_equal(t->cpu.pc, HANDLER);
    call(NR_rt_sigreturn, 0, 0, 0, 0);
    assert_int_equal(t->cpu.pc, PC);
}

static void blocked_sigsegv_is_held(void)
{
    uint64_t set;
    struct lp_siginfo info;
    action(SIGSEGV, HANDLER, 0, 0);
    assert_int_equal(set_mask(SIG_BLOCK, LP_SIGBIT(SIGSEGV) | LP_SIGBIT(SIGBUS)), 0);
    assert_int_equal(host_mask() & LP_SIGMASK_ENGINE, 0);
    send(SIGSEGV), send(SIGBUS), send(SIGBUS);
    lp_signal_safepoint(&t->cpu);
    assert_int_equal(t->cpu.pc, PC);
    assert_int_equal(call(NR_rt_sigpending, data + 64, 8, 0, 0), 0);
    get(data + 64, &set, sizeof set);
    assert_int_equal(set, LP_SIGBIT(SIGSEGV) | LP_SIGBIT(SIGBUS));
    set = LP_SIGBIT(SIGBUS);
    assert_int_equal(lp_mem_write(mem, data, &set, sizeof set), 0);
    assert_int_equal(call(NR_rt_sigtimedwait, data, data + 64, 0, 8), SIGBUS);
    get(data + 64, &info, sizeof info);
    assert_int_equal(info.signo, SIGBUS);
    assert_int_equal(set_mask(SIG_UNBLOCK, LP_SIGBIT(SIGSEGV)), 0);
    assert_true(atomic_load(&t->cpu.poll) & LP_POLL_SIGNAL);
    lp_signal_safepoint(&t->cpu);
    assert_int_equal(t->cpu.pc, HANDLER);
}

static void mask_changes_wait_for_a_taken_signal(void)
{
    action(SIGUSR1, HANDLER, 0, 0);
    send(SIGUSR1);
    assert_int_equal(set_mask(SIG_BLOCK, LP_SIGBIT(SIGUSR1)), -LP_ERESTARTNOINTR);
    assert_int_equal(t->signals->mask, 0);
    assert_true(lp_signal_before_syscall(t));
    assert_int_equal(t->cpu.pc, HANDLER);
    assert_false(lp_signal_before_syscall(t));
    call(NR_rt_sigreturn, 0, 0, 0, 0);
    assert_int_equal(t->cpu.pc, PC - 4);
    assert_int_equal(set_mask(3, 0), -EINVAL);
    assert_int_equal(set_mask(SIG_SETMASK, ~UINT64_C(0)), 0);
    assert_int_equal(t->signals->mask, ~LP_SIGMASK_NEVER);
}

/* ---- interrupted calls ---- */
static void restart(int64_t result, uint64_t flags, bool with_signal, uint64_t want_x0, uint64_t want_pc)
{
    end(), begin();
    struct { uint64_t x0, pad[30], sp, pc; } f;
    action(SIGUSR1, HANDLER, flags, 0);
    t->call.arg0 = 0x1000;
    if (with_signal) send(SIGUSR1);
    lp_signal_after_syscall(t, result);
    f.x0 = t->cpu.x[0], f.pc = t->cpu.pc;
    if (with_signal) get(t->cpu.x[LP_SLOT_SP] + 128 + 176 + 8, &f, sizeof f);
    assert_int_equal(f.x0, want_x0);
    assert_int_equal(f.pc, want_pc);
}

static void restarts(void)
{
    const uint64_t eintr = (uint64_t)-EINTR;
    restart(5, 0, false, 5, PC);
    restart(5, 0, true, 5, PC);
    restart(-EBADF, SA_RESTART, true, (uint64_t)-EBADF, PC);
    restart(-EINTR, SA_RESTART, true, eintr, PC);
    restart(-LP_ERESTARTSYS, 0, true, eintr, PC);
    restart(-LP_ERESTARTSYS, SA_RESTART, true, 0x1000, PC - 4);
    restart(-LP_ERESTARTNOHAND, SA_RESTART, true, eintr, PC);
    restart(-LP_ERESTARTNOINTR, 0, true, 0x1000, PC - 4);
    restart(-LP_ERESTARTSYS, 0, false, 0x1000, PC - 4);
    restart(-LP_ERESTARTNOHAND, 0, false, 0x1000, PC - 4);
    restart(LP_NO_RESULT, 0, false, 0x1000, PC);
}

static void temporary_masks(void)
{
    uint64_t saved;
    action(SIGUSR1, HANDLER, 0, LP_SIGBIT(SIGALRM));
    assert_int_equal(set_mask(SIG_SETMASK, LP_SIGBIT(SIGUSR1) | LP_SIGBIT(SIGHUP)), 0);
    send(SIGUSR1);
    uint64_t set = LP_SIGBIT(SIGUSR2);
    assert_int_equal(lp_mem_write(mem, data, &set, sizeof set), 0);
    int64_t r = call(NR_rt_sigsuspend, data, 8, 0, 0);
    assert_int_equal(r, -LP_ERESTARTNOHAND);
    lp_signal_after_syscall(t, r);
    assert_int_equal(t->cpu.pc, HANDLER);
    assert_int_equal(t->signals->mask, LP_SIGBIT(SIGUSR1) | LP_SIGBIT(SIGUSR2) | LP_SIGBIT(SIGALRM));
    get(t->cpu.x[LP_SLOT_SP] + 128 + 40, &saved, sizeof saved);
    assert_int_equal(saved, LP_SIGBIT(SIGUSR1) | LP_SIGBIT(SIGHUP));
    /* A call that succeeds has its own mask back, and delivers nothing that only the other mask let in. */
    assert_int_equal(set_mask(SIG_SETMASK, LP_SIGBIT(SIGUSR1)), 0);
    t->cpu.pc = PC;
    lp_signal_temp_mask(t, 0);
    lp_signal_after_syscall(t, 1);
    assert_int_equal(t->signals->mask, LP_SIGBIT(SIGUSR1));
    assert_int_equal(t->cpu.pc, PC);
}

/* ---- the stub ---- */
static void stub_makes_calls(void)
{
    int fd[2];
    char c = 0;
    assert_int_equal(lp_host_syscall(t, SYS_getpid, 0, 0, 0, 0, 0, 0), getpid());
    assert_int_equal(lp_host_syscall(t, SYS_close, -1, 0, 0, 0, 0, 0), -EBADF);
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(lp_host_syscall(t, SYS_write, fd[1], (long)"x", 1, 0, 0, 0), 1);
    assert_int_equal(lp_host_syscall(t, SYS_read, fd[0], (long)&c, 1, 0, 0, 0), 1);
    assert_int_equal(c, 'x');
    char *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long all = lp_host_syscall(t, SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); /* six arguments */
    assert_true(all > 0 && p != MAP_FAILED);
    munmap(p, 4096), munmap((void *)all, 4096), close(fd[0]), close(fd[1]);
}

static void stub_never_sleeps_on_a_signal(void)
{
    int fd[2];
    char c;
    assert_int_equal(pipe(fd), 0);
    action(SIGALRM, HANDLER, 0, 0);
    send(SIGALRM); /* pending before the call: it is not made */
    assert_int_equal(lp_host_syscall(t, SYS_read, fd[0], (long)&c, 1, 0, 0, 0), -LP_ERESTARTSYS);
    lp_signal_safepoint(&t->cpu);
    call(NR_rt_sigreturn, 0, 0, 0, 0);
    for (int us = 1; us < 300; us++) { /* ... at any moment around it: the window is in there somewhere */
        struct itimerval it = {{0, 0}, {0, us}};
        setitimer(ITIMER_REAL, &it, NULL);
        assert_int_equal(lp_host_syscall(t, SYS_read, fd[0], (long)&c, 1, 0, 0, 0), -LP_ERESTARTSYS);
        lp_signal_safepoint(&t->cpu);
        assert_int_equal(t->cpu.pc, HANDLER);
        call(NR_rt_sigreturn, 0, 0, 0, 0);
    }
    close(fd[0]), close(fd[1]);
}

/* ---- taking over and giving back ---- */
static void hosts_dispositions(void)
{
    struct sigaction sa;
    signal(SIGHUP, SIG_IGN);
    begin();
    assert_int_equal(k->signals->action[SIGHUP].handler, 1);
    assert_int_equal(k->signals->action[SIGINT].handler, 0);
    action(SIGHUP, HANDLER, 0, 0);
    sigaction(SIGHUP, NULL, &sa);
    assert_true(sa.sa_handler != SIG_IGN);
    assert_int_equal(set_mask(SIG_BLOCK, LP_SIGBIT(33)), 0);
    assert_int_equal(host_mask(), LP_SIGBIT(33));
    assert_int_equal(set_mask(SIG_SETMASK, 0), 0);
    end();
    sigaction(SIGHUP, NULL, &sa);
    assert_true(sa.sa_handler == SIG_IGN);
    sigaction(SIGINT, NULL, &sa);
    assert_true(sa.sa_handler == SIG_DFL);
    signal(SIGHUP, SIG_DFL);
}

/* ---- processes ---- */
static void scripts(void)
{
    static const struct { const char *line, *interp, *arg; } ok[] = {
        {"#!/bin/sh\n", "/bin/sh", NULL}, {"#! \t/bin/sh \n", "/bin/sh", NULL}, {"#!/usr/bin/env  -S a b \t\nrest", "/usr/bin/env", "-S a b"},
        {"#!/bin/sh", "/bin/sh", NULL}, {"#!a\tb", "a", "b"}};
    static const char *const bad[] = {"#!", "#!\n", "#! \t \nx"};
    char buf[257], *interp, *arg;
    for (size_t i = 0; i < sizeof ok / sizeof ok[0]; i++) {
        strcpy(buf, ok[i].line);
        assert_int_equal(lp_exec_parse_script(buf, strlen(buf), &interp, &arg), 0);
        assert_string_equal(interp, ok[i].interp);
        if (ok[i].arg) assert_string_equal(arg, ok[i].arg);
        else assert_null(arg);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        strcpy(buf, bad[i]);
        assert_int_equal(lp_exec_parse_script(buf, strlen(buf), &interp, &arg), -ENOEXEC);
    }
    memset(buf, 'x', sizeof buf);
    memcpy(buf, "#!", 2);
    assert_int_equal(lp_exec_parse_script(buf, 256, &interp, &arg), -ENOEXEC); /* cut off in the name */
    buf[100] = ' ';
    assert_int_equal(lp_exec_parse_script(buf, 256, &interp, &arg), 0); /* in the argument: as it is */
    assert_int_equal(strlen(arg), 155);
}

static int64_t exec_file(const void *text, size_t len, mode_t mode)
{
    char name[] = "/tmp/lpexecXXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    int64_t r = lp_execve(t, name, name, 0, 0);
    unlink(name);
    return r;
}

static void failing_execve_changes_nothing(void)
{
    uint8_t elf[64 + 56] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    struct lp_sigaction segv, after;
    elf[16] = 2, elf[18] = 183, elf[32] = 64, elf[54] = 56, elf[56] = 1, elf[64] = 1;
    lp_sighost_get(SIGSEGV, &segv);
    action(SIGSEGV, 1, 0, 0);
    assert_int_equal(set_mask(SIG_BLOCK, LP_SIGBIT(SIGSEGV) | LP_SIGBIT(SIGHUP)), 0);
    assert_int_equal(lp_execve(t, "/no/such/file", "/no/such/file", 0, 0), -ENOENT);
    assert_int_equal(lp_execve(t, "/tmp", "/tmp", 0, 0), -EACCES);
    assert_int_equal(lp_execve(t, "/bin/sh", "/bin/sh", 0, UINT64_C(1) << 33), -EFAULT);
    assert_int_equal(exec_file("echo", 4, 0644), -EACCES);
    assert_int_equal(exec_file("\1\2\3 no program", 14, 0755), -ENOEXEC);
    assert_int_equal(exec_file("#!/no/interpreter\n", 18, 0755), -ENOENT);
    assert_int_equal(exec_file(elf, sizeof elf, 0755), -ENOEXEC); /* no engine to go on with it */
    k->reexec = (const char *const[]){"x", NULL};
    elf[54] = 57;
    assert_int_equal(exec_file(elf, sizeof elf, 0755), -ENOEXEC); /* damaged */
    lp_sighost_get(SIGSEGV, &after);
    assert_memory_equal(&segv, &after, sizeof segv);
    assert_int_equal(host_mask(), LP_SIGBIT(SIGHUP));
}

static void refusals_of_clone(void)
{
    const uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
    assert_int_equal(call(NR_clone, thread | CLONE_PIDFD, 0, 0, 0), -EINVAL);
    assert_int_equal(call(NR_clone, thread | CLONE_NEWNS, 0, 0, 0), -EINVAL);
    assert_int_equal(call(NR_clone, thread | CLONE_VFORK, 0, 0, 0), -EINVAL);
    assert_int_equal(k->alive, 1);
    assert_int_equal(call(NR_clone3, data, 63, 0, 0), -EINVAL);
    assert_int_equal(call(NR_clone3, data, 1000, 0, 0), -E2BIG);
    assert_int_equal(call(NR_clone, CLONE_THREAD, 0, 0, 0), -EINVAL);
    assert_int_equal(call(NR_clone, CLONE_VM | SIGCHLD, 0, 0, 0), -EINVAL);
    assert_int_equal(call(NR_clone, SIGUSR1, 0, 0, 0), -EINVAL);
}

static int hooks[3];
static void hook_prepare(void *ctx) { (void)ctx, hooks[0]++; }
static void hook_parent(void *ctx) { (void)ctx, hooks[1]++; }
static void hook_child(void *ctx) { (void)ctx, hooks[2]++; }

static void fork_runs_the_hooks(void)
{
    struct lp_fork_hook hook = {hook_prepare, hook_parent, hook_child, NULL, NULL, NULL};
    int st, tid = t->tid;
    lp_kernel_add_fork_hook(k, &hook);
    assert_int_equal(set_mask(SIG_BLOCK, LP_SIGBIT(SIGHUP)), 0);
    int64_t pid = call(NR_clone, SIGCHLD | CLONE_CHILD_SETTID | CLONE_PARENT_SETTID, stack + 4096, data, 0);
    if (pid == 0) {
        bool good = t->tid != tid && t->cpu.x[LP_SLOT_SP] == stack + 4096 && hooks[0] == 1 && hooks[1] == 0 && hooks[2] == 1 &&
                    host_mask() == LP_SIGBIT(SIGHUP) && k->threads == t;
        _exit(good ? 42 : 1);
    }
    int32_t seen;
    get(data, &seen, sizeof seen);
    assert_int_equal(seen, pid);
    assert_int_equal(waitpid((pid_t)pid, &st, 0), pid);
    assert_int_equal(WEXITSTATUS(st), 42);
    assert_int_equal(hooks[0] + hooks[1] * 10 + hooks[2] * 100, 11);
    assert_int_equal(host_mask(), LP_SIGBIT(SIGHUP));
}

static void exit_is_final(void)
{
    assert_int_equal(call(NR_set_robust_list, 8, 23, 0, 0), -EINVAL);
    assert_int_equal(call(NR_exit_group, 0x1ff, 0, 0, 0), LP_NO_RESULT);
    lp_kernel_exit(t, 3, SIGTERM);
    assert_int_equal(k->exit.status, 0xff);
    assert_int_equal(k->exit.signo, 0);
    assert_int_equal(t->cpu.stop, 1);
}

#define TEST(f) {#f, in_a_process, NULL, NULL, &(struct { void (*fn)(void); }){f}}
#define PLAIN(f) {#f, alone, NULL, NULL, &(struct { void (*fn)(void); }){f}}
static void alone(void **state) { (*(void (**)(void))*state)(); }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frame_as_linux_lays_it_out), TEST(the_way_back_restores_everything), TEST(restorer_of_the_program), TEST(bad_frames_are_refused),
        TEST(no_room_for_a_frame), TEST(no_room_but_an_alternate_stack_for_sigsegv), TEST(alternate_stack_rules),
        TEST(fault_tells_address_and_syndrome), TEST(ignored_fault_is_deadly), TEST(default_actions), TEST(all_64_signals_belong_to_the_guest),
        TEST(frames_stack_up), TEST(blocked_sigsegv_is_held), TEST(mask_changes_wait_for_a_taken_signal), TEST(restarts), TEST(temporary_masks),
        TEST(stub_makes_calls), TEST(stub_never_sleeps_on_a_signal), PLAIN(hosts_dispositions), PLAIN(scripts),
        TEST(failing_execve_changes_nothing), TEST(refusals_of_clone), TEST(fork_runs_the_hooks), TEST(exit_is_final),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
