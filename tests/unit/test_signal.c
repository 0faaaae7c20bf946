/* tests/unit/test_signal.c - signal frames, delivery, restarts, masks, the host stub; execve's search and clone's refusals. */
#include <config.h>
#include "kernel_rig.h"

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
    assert_int_equal(t->cpu.pc == 0x5000, sp_off != 0); /* what can be read is loaded before it is looked at, as in Linux */
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
    bad_frame(records - 16, 0x80, 0);                       /* with interrupts masked */
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
    assert_int_equal(lp_host_syscall(t, SYS_read, fd[0], (long)&c, 1, 0, 0, 0), -LP_ERESTARTNOINTR);
    lp_signal_safepoint(&t->cpu);
    call(NR_rt_sigreturn, 0, 0, 0, 0);
    for (int us = 1; us < 300; us++) { /* ... at any moment around it: the window is in there somewhere */
        struct itimerval it = {{0, 0}, {0, us}};
        setitimer(ITIMER_REAL, &it, NULL);
        int64_t r = lp_host_syscall(t, SYS_read, fd[0], (long)&c, 1, 0, 0, 0);
        assert_true(r == -LP_ERESTARTSYS || r == -LP_ERESTARTNOINTR);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frame_as_linux_lays_it_out), TEST(the_way_back_restores_everything), TEST(restorer_of_the_program), TEST(bad_frames_are_refused),
        TEST(no_room_for_a_frame), TEST(no_room_but_an_alternate_stack_for_sigsegv), TEST(alternate_stack_rules),
        TEST(fault_tells_address_and_syndrome), TEST(ignored_fault_is_deadly), TEST(default_actions), TEST(all_64_signals_belong_to_the_guest),
        TEST(frames_stack_up), TEST(blocked_sigsegv_is_held), TEST(mask_changes_wait_for_a_taken_signal), TEST(restarts), TEST(temporary_masks),
        TEST(stub_makes_calls), TEST(stub_never_sleeps_on_a_signal), PLAIN(hosts_dispositions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
