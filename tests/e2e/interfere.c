/* interfere kill N COMMAND...         kill it at the Nth of its system calls that matter, just before that is made
 * interfere ERROR N COMMAND...        the Nth of its calls that change files or folders fails with ENOSPC, EIO or EDQUOT
 * interfere cut UP DOWN LISTEN SOCKET let one client through to a socket, and cut the line after so many bytes from it (UP) or to it (DOWN); 0 = never
 * Status 99: the command ended by itself before that; else 137 when it was killed, or its own. 77: cannot be done on this machine. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static const int changes[] = {SYS_openat, SYS_mkdirat, SYS_write, SYS_pwrite64, SYS_fsync, SYS_fdatasync, SYS_renameat, SYS_renameat2, SYS_ftruncate,
    SYS_fchmod, SYS_unlinkat, SYS_flock, SYS_linkat, SYS_symlinkat,
#ifdef SYS_mkdir
    SYS_mkdir, SYS_rename, SYS_unlink, SYS_rmdir, SYS_open,
#endif
};
static const int talks[] = {SYS_connect, SYS_sendto, SYS_sendmsg, SYS_recvfrom, SYS_recvmsg, SYS_read, SYS_writev, SYS_close, SYS_shutdown, SYS_ppoll,
#ifdef SYS_poll
    SYS_poll,
#endif
};
#define HAS(v, nr) has(v, sizeof v / sizeof *v, (int)(nr))
static int has(const int *v, size_t n, int nr)
{
    for (size_t i = 0; i < n; i++)
        if (v[i] == nr) return 1;
    return 0;
}

/* ---- system calls ---- */

/* At its entry: no call. At its exit: the result. */
static int set_call(pid_t t, int entry, long value)
{
#ifdef __x86_64__
    return (int)ptrace(PTRACE_POKEUSER, t, entry ? offsetof(struct user_regs_struct, orig_rax) : offsetof(struct user_regs_struct, rax), entry ? -1 : value);
#elif defined __aarch64__
    int none = -1;
    struct user_regs_struct r;
    struct iovec call = {&none, sizeof none}, all = {&r, sizeof r};
    if (entry) return (int)ptrace(PTRACE_SETREGSET, t, 0x404 /* NT_ARM_SYSTEM_CALL */, &call);
    if (ptrace(PTRACE_GETREGSET, t, NT_PRSTATUS, &all)) return -1;
    r.regs[0] = (unsigned long long)value;
    return (int)ptrace(PTRACE_SETREGSET, t, NT_PRSTATUS, &all);
#else
    return exit(77), 0;
#endif
}

static pid_t start(char **argv)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0)) _exit(77);
        raise(SIGSTOP);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) exit(77);
    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
    ptrace(PTRACE_SYSCALL, pid, 0, 0);
    return pid;
}

/* Nothing matters before it looks at a patch, a folder or a socket. */
static int begins(pid_t t, const struct __ptrace_syscall_info *call)
{
    char name[256] = "";
    const int nr = (int)call->entry.nr;
    if (nr == SYS_connect || nr == SYS_mkdirat || nr == SYS_flock) return 1;
#ifdef SYS_mkdir
    if (nr == SYS_mkdir) return 1;
#endif
    for (size_t i = 0; nr == SYS_openat && i + 1 < sizeof name; i++) { /* a byte at a time: it may end where a page does */
        struct iovec to = {name + i, 1}, from = {(void *)(uintptr_t)(call->entry.args[1] + i), 1};
        if (process_vm_readv(t, &to, 1, &from, 1, 0) != 1 || !name[i]) break;
    }
    return strstr(name, ".lpatch") || strstr(name, ".arm64lp");
}

static int ended(int status, int done) { return !done ? 99 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

/* error 0: it is killed */
static int trace(int error, long n, char **argv)
{
    int status, done = 0, begun = 0;
    pid_t pid = start(argv), failing = 0, t;
    while ((t = waitpid(-1, &status, __WALL)) > 0) {
        struct __ptrace_syscall_info call = {0};
        long sig = 0;
        if (!WIFSTOPPED(status)) {
            if (t == pid) return ended(status, done);
            continue;
        }
        if (WSTOPSIG(status) == (SIGTRAP | 0x80) && ptrace(PTRACE_GET_SYSCALL_INFO, t, sizeof call, &call) > 0) {
            int entry = call.op == PTRACE_SYSCALL_INFO_ENTRY;
            begun |= entry && begins(t, &call);
            if (entry && begun && (HAS(changes, call.entry.nr) || (!error && HAS(talks, call.entry.nr))) && --n == 0) {
                done = 1;
                if (!error) kill(pid, SIGKILL);
                else if (set_call(t, 1, 0)) return 77;
                else failing = t;
            } else if (!entry && t == failing) {
                set_call(t, 0, -error);
                failing = 0;
            }
        } else if (WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP) {
            sig = WSTOPSIG(status);
        }
        ptrace(PTRACE_SYSCALL, t, 0, sig);
    }
    return 77;
}

/* ---- a line that is cut ---- */

static int socket_at(const char *path, int listening)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    if (listening ? bind(fd, (const struct sockaddr *)&a, sizeof a) || listen(fd, 1) : connect(fd, (const struct sockaddr *)&a, sizeof a)) {
        perror(path);
        exit(2);
    }
    return fd;
}

/* What has come goes on, but no more than *left bytes. 0: the line is cut, or somebody has closed it. */
static int pass(int from, int to, long *left)
{
    char buf[4096];
    ssize_t n = read(from, buf, *left < (long)sizeof buf ? (size_t)*left : sizeof buf);
    if (n <= 0 || send(to, buf, (size_t)n, MSG_NOSIGNAL) != n) return 0;
    return (*left -= n) > 0;
}

static int cut(long up, long down, const char *name, const char *target)
{
    int door = socket_at(name, 1), client = accept(door, NULL, NULL), server = socket_at(target, 0);
    struct pollfd p[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    if (!up) up = 1L << 40;
    if (!down) down = 1L << 40;
    unlink(name);
    while (poll(p, 2, 30000) > 0) {
        if (p[0].revents && !pass(client, server, &up)) break;
        if (p[1].revents && !pass(server, client, &down)) break;
    }
    return up > 0 && down > 0 ? 99 : 0;
}

int main(int argc, char **argv)
{
    static const struct { const char *name; int error; } errors[] = {{"kill", 0}, {"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EDQUOT", EDQUOT}};
    if (argc == 6 && strcmp(argv[1], "cut") == 0) return cut(atol(argv[2]), atol(argv[3]), argv[4], argv[5]);
    for (size_t i = 0; i < sizeof errors / sizeof *errors && argc > 3; i++)
        if (strcmp(argv[1], errors[i].name) == 0) return trace(errors[i].error, atol(argv[2]), argv + 3);
    return 2;
}
