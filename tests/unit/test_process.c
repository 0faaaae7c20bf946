/* test_process.c - execve's search and refusals, clone's refusals, hooks of fork, exit. */
#include <config.h>
#include "kernel_rig.h"

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
    assert_int_equal(call(NR_clone3, data, 4097, 0, 0), -E2BIG);
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
    struct lp_fork_hook hook = {.prepare = hook_prepare, .parent = hook_parent, .child = hook_child};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAIN(scripts), TEST(failing_execve_changes_nothing), TEST(refusals_of_clone), TEST(fork_runs_the_hooks), TEST(exit_is_final),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
