/* kernel/strace.c - `openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3`, from the rows of syscall.def. */
#include <config.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/copy.h"
#include "kernel/flags.h"
#include "kernel/kernel.h"
#include "kernel/strace.h"

#define SHOWN 32 /* bytes of a string or buffer, as strace -s */

struct name { uint64_t value; const char *name; };
#define END {0, NULL}
static const struct name open_names[] = {
    {LP_O_CREAT, "O_CREAT"}, {LP_O_EXCL, "O_EXCL"}, {LP_O_NOCTTY, "O_NOCTTY"}, {LP_O_TRUNC, "O_TRUNC"}, {LP_O_APPEND, "O_APPEND"},
    {LP_O_NONBLOCK, "O_NONBLOCK"}, {LP_O_SYNC_BIT | LP_O_DSYNC, "O_SYNC"}, {LP_O_DSYNC, "O_DSYNC"}, {LP_O_ASYNC, "O_ASYNC"},
    {LP_O_TMPFILE_BIT | LP_O_DIRECTORY, "O_TMPFILE"}, {LP_O_DIRECTORY, "O_DIRECTORY"}, {LP_O_NOFOLLOW, "O_NOFOLLOW"},
    {LP_O_DIRECT, "O_DIRECT"}, {LP_O_LARGEFILE, "O_LARGEFILE"}, {LP_O_NOATIME, "O_NOATIME"}, {LP_O_CLOEXEC, "O_CLOEXEC"},
    {LP_O_PATH, "O_PATH"}, END};
static const struct name prot_names[] = {{1, "PROT_READ"}, {2, "PROT_WRITE"}, {4, "PROT_EXEC"}, {0x10, "PROT_BTI"}, {0x20, "PROT_MTE"}, END};
static const struct name map_names[] = {
    {3, "MAP_SHARED_VALIDATE"}, {1, "MAP_SHARED"}, {2, "MAP_PRIVATE"}, {0x10, "MAP_FIXED"}, {0x20, "MAP_ANONYMOUS"}, {0x100, "MAP_GROWSDOWN"},
    {0x2000, "MAP_LOCKED"}, {0x4000, "MAP_NORESERVE"}, {0x8000, "MAP_POPULATE"}, {0x10000, "MAP_NONBLOCK"}, {0x20000, "MAP_STACK"},
    {0x40000, "MAP_HUGETLB"}, {0x100000, "MAP_FIXED_NOREPLACE"}, END};
static const struct name whence_names[] = {{0, "SEEK_SET"}, {1, "SEEK_CUR"}, {2, "SEEK_END"}, {3, "SEEK_DATA"}, {4, "SEEK_HOLE"}, END};
static const struct name clock_names[] = {
    {0, "CLOCK_REALTIME"}, {1, "CLOCK_MONOTONIC"}, {2, "CLOCK_PROCESS_CPUTIME_ID"}, {3, "CLOCK_THREAD_CPUTIME_ID"}, {4, "CLOCK_MONOTONIC_RAW"},
    {5, "CLOCK_REALTIME_COARSE"}, {6, "CLOCK_MONOTONIC_COARSE"}, {7, "CLOCK_BOOTTIME"}, {11, "CLOCK_TAI"}, END};
static const struct name fcntl_names[] = {
    {0, "F_DUPFD"}, {1, "F_GETFD"}, {2, "F_SETFD"}, {3, "F_GETFL"}, {4, "F_SETFL"}, {5, "F_GETLK"}, {6, "F_SETLK"}, {7, "F_SETLKW"},
    {8, "F_SETOWN"}, {9, "F_GETOWN"}, {36, "F_OFD_GETLK"}, {37, "F_OFD_SETLK"}, {38, "F_OFD_SETLKW"}, {1030, "F_DUPFD_CLOEXEC"},
    {1031, "F_SETPIPE_SZ"}, {1032, "F_GETPIPE_SZ"}, {1033, "F_ADD_SEALS"}, {1034, "F_GET_SEALS"}, END};
static const struct name signal_names[] = {
    {1, "SIGHUP"}, {2, "SIGINT"}, {3, "SIGQUIT"}, {4, "SIGILL"}, {5, "SIGTRAP"}, {6, "SIGABRT"}, {7, "SIGBUS"}, {8, "SIGFPE"}, {9, "SIGKILL"},
    {10, "SIGUSR1"}, {11, "SIGSEGV"}, {12, "SIGUSR2"}, {13, "SIGPIPE"}, {14, "SIGALRM"}, {15, "SIGTERM"}, {16, "SIGSTKFLT"}, {17, "SIGCHLD"},
    {18, "SIGCONT"}, {19, "SIGSTOP"}, {20, "SIGTSTP"}, {21, "SIGTTIN"}, {22, "SIGTTOU"}, {23, "SIGURG"}, {24, "SIGXCPU"}, {25, "SIGXFSZ"},
    {26, "SIGVTALRM"}, {27, "SIGPROF"}, {28, "SIGWINCH"}, {29, "SIGIO"}, {30, "SIGPWR"}, {31, "SIGSYS"}, END};
static const struct name how_names[] = {{0, "SIG_BLOCK"}, {1, "SIG_UNBLOCK"}, {2, "SIG_SETMASK"}, END};
static const struct name at_names[] = {
    {0x100, "AT_SYMLINK_NOFOLLOW"}, {0x200, "AT_REMOVEDIR"}, {0x400, "AT_SYMLINK_FOLLOW"}, {0x800, "AT_NO_AUTOMOUNT"}, {0x1000, "AT_EMPTY_PATH"},
    {0x2000, "AT_STATX_FORCE_SYNC"}, {0x4000, "AT_STATX_DONT_SYNC"}, END};
static const struct name wait_names[] = {
    {1, "WNOHANG"}, {2, "WSTOPPED"}, {4, "WEXITED"}, {8, "WCONTINUED"}, {0x1000000, "WNOWAIT"}, {0x40000000, "__WALL"}, END};
static const struct name family_names[] = {
    {0, "AF_UNSPEC"}, {1, "AF_UNIX"}, {2, "AF_INET"}, {10, "AF_INET6"}, {16, "AF_NETLINK"}, {17, "AF_PACKET"}, END};
static const struct name socket_names[] = {{1, "SOCK_STREAM"}, {2, "SOCK_DGRAM"}, {3, "SOCK_RAW"}, {5, "SOCK_SEQPACKET"}, END};
static const struct name socket_flags[] = {{04000, "SOCK_NONBLOCK"}, {02000000, "SOCK_CLOEXEC"}, END};
static const struct name clone_names[] = {
    {0x100, "CLONE_VM"}, {0x200, "CLONE_FS"}, {0x400, "CLONE_FILES"}, {0x800, "CLONE_SIGHAND"}, {0x1000, "CLONE_PIDFD"}, {0x4000, "CLONE_VFORK"},
    {0x8000, "CLONE_PARENT"}, {0x10000, "CLONE_THREAD"}, {0x40000, "CLONE_SYSVSEM"}, {0x80000, "CLONE_SETTLS"}, {0x100000, "CLONE_PARENT_SETTID"},
    {0x200000, "CLONE_CHILD_CLEARTID"}, {0x1000000, "CLONE_CHILD_SETTID"}, END};
static const struct name limit_names[] = {
    {0, "RLIMIT_CPU"}, {1, "RLIMIT_FSIZE"}, {2, "RLIMIT_DATA"}, {3, "RLIMIT_STACK"}, {4, "RLIMIT_CORE"}, {5, "RLIMIT_RSS"}, {6, "RLIMIT_NPROC"},
    {7, "RLIMIT_NOFILE"}, {8, "RLIMIT_MEMLOCK"}, {9, "RLIMIT_AS"}, {10, "RLIMIT_LOCKS"}, {11, "RLIMIT_SIGPENDING"}, {12, "RLIMIT_MSGQUEUE"}, END};
static const struct name ioctl_names[] = {
    {0x5401, "TCGETS"}, {0x5402, "TCSETS"}, {0x5403, "TCSETSW"}, {0x5404, "TCSETSF"}, {0x540f, "TIOCGPGRP"}, {0x5410, "TIOCSPGRP"},
    {0x5413, "TIOCGWINSZ"}, {0x5414, "TIOCSWINSZ"}, {0x541b, "FIONREAD"}, {0x5421, "FIONBIO"}, {0x80045430, "TIOCGPTN"}, {0x40045431, "TIOCSPTLCK"}, END};
static const struct name access_names[] = {{4, "R_OK"}, {2, "W_OK"}, {1, "X_OK"}, END};
#define E(n) {n, #n}
static const struct name errno_names[] = {
    E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF), E(ECHILD), E(EAGAIN), E(ENOMEM), E(EACCES),
    E(EFAULT), E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV), E(ENOTDIR), E(EISDIR), E(EINVAL), E(ENFILE), E(EMFILE), E(ENOTTY),
    E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK), E(EPIPE), E(EDOM), E(ERANGE), E(EDEADLK), E(ENAMETOOLONG), E(ENOLCK),
    E(ENOSYS), E(ENOTEMPTY), E(ELOOP), E(ENODATA), E(ETIME), E(EOVERFLOW), E(EPROTO), E(EBADMSG), E(EILSEQ), E(ENOTSOCK), E(EDESTADDRREQ),
    E(EMSGSIZE), E(EPROTOTYPE), E(ENOPROTOOPT), E(EPROTONOSUPPORT), E(EOPNOTSUPP), E(EAFNOSUPPORT), E(EADDRINUSE), E(EADDRNOTAVAIL),
    E(ENETDOWN), E(ENETUNREACH), E(ECONNABORTED), E(ECONNRESET), E(ENOBUFS), E(EISCONN), E(ENOTCONN), E(ETIMEDOUT), E(ECONNREFUSED),
    E(EHOSTUNREACH), E(EALREADY), E(EINPROGRESS), E(ESTALE), E(EDQUOT), E(ECANCELED), {LP_ERESTARTSYS, "ERESTARTSYS"},
    {LP_ERESTARTNOINTR, "ERESTARTNOINTR"}, {LP_ERESTARTNOHAND, "ERESTARTNOHAND"}, END};
#undef E

static const char *find(const struct name *n, uint64_t v)
{
    for (; n->name; n++)
        if (n->value == v)
            return n->name;
    return NULL;
}

static void add_name(struct lp_buf *b, const struct name *names, uint64_t v)
{
    const char *s = find(names, v);
    if (s)
        lp_buf_puts(b, s);
    else
        lp_buf_printf(b, "%llu", (unsigned long long)v);
}

/* Bits joined by '|', the rest in hexadecimal; `none` is what 0 is called. */
static void add_flags(struct lp_buf *b, const struct name *n, uint64_t v, const char *none)
{
    const char *bar = "";
    if (none) {
        lp_buf_puts(b, none);
        bar = "|";
    }
    for (; n->name && v; n++)
        if ((v & n->value) == n->value) {
            lp_buf_printf(b, "%s%s", bar, n->name);
            v &= ~n->value;
            bar = "|";
        }
    if (v || !*bar)
        lp_buf_printf(b, v ? "%s0x%llx" : "%s0", bar, (unsigned long long)v);
}

static void add_open_flags(struct lp_buf *b, uint64_t v)
{
    static const char *const mode[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
    add_flags(b, open_names, (uint32_t)v & ~UINT64_C(3), mode[v & 3]);
}

static void add_quoted(struct lp_buf *b, const char *p, size_t n, bool more)
{
    lp_buf_puts(b, "\"");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        switch (c) {
        case '\n': lp_buf_puts(b, "\\n"); break;
        case '\t': lp_buf_puts(b, "\\t"); break;
        case '\r': lp_buf_puts(b, "\\r"); break;
        case '"':  lp_buf_puts(b, "\\\""); break;
        case '\\': lp_buf_puts(b, "\\\\"); break;
        default:
            lp_buf_printf(b, c >= 32 && c < 127 ? "%c" : "\\%o", c);
        }
    }
    lp_buf_puts(b, more ? "\"..." : "\"");
}

static void add_address(struct lp_buf *b, uint64_t v)
{
    if (v)
        lp_buf_printf(b, "0x%llx", (unsigned long long)v);
    else
        lp_buf_puts(b, "NULL");
}

static void add_string(struct lp_buf *b, struct lp_thread *t, uint64_t addr)
{
    char s[4096];
    int64_t n = addr ? lp_mem_read_str(t->k->mem, s, addr, sizeof s) : -EFAULT;
    if (n < 0)
        add_address(b, addr);
    else
        add_quoted(b, s, (size_t)n, false);
}

static void add_bytes(struct lp_buf *b, struct lp_thread *t, uint64_t addr, uint64_t n)
{
    char s[SHOWN];
    size_t shown = n < SHOWN ? (size_t)n : SHOWN;
    if (!addr || lp_get(t, s, addr, shown))
        add_address(b, addr);
    else
        add_quoted(b, s, shown, n > shown);
}

/* A signal set as strace writes it: [INT TERM]. */
static void add_sigset(struct lp_buf *b, struct lp_thread *t, uint64_t addr)
{
    uint64_t set;
    const char *gap = "";
    if (!addr || lp_get(t, &set, addr, sizeof set)) {
        add_address(b, addr);
        return;
    }
    bool most = __builtin_popcountll(set) > 32; /* shorter by what is missing */
    lp_buf_puts(b, most ? "~[" : "[");
    for (unsigned n = 1; n <= 64; n++) {
        if ((set >> (n - 1) & 1) == most)
            continue;
        const char *s = find(signal_names, n);
        if (s)
            lp_buf_printf(b, "%s%s", gap, s + 3);
        else
            lp_buf_printf(b, "%sRT_%u", gap, n - 32);
        gap = " ";
    }
    lp_buf_puts(b, "]");
}

/* AF_ and SOCK_ numbers: a name, and flags. */
static void add_socket_type(struct lp_buf *b, uint64_t v)
{
    add_name(b, socket_names, v & 15);
    if (v & ~UINT64_C(15)) {
        lp_buf_puts(b, "|");
        add_flags(b, socket_flags, (uint32_t)v & ~15u, NULL);
    }
}

static void add_clone_flags(struct lp_buf *b, uint64_t v)
{
    const char *s = find(signal_names, v & 255);
    if (v & ~UINT64_C(255))
        add_flags(b, clone_names, v & ~UINT64_C(255), NULL);
    if (v & 255)
        lp_buf_printf(b, "%s%s", v & ~UINT64_C(255) ? "|" : "", s ? s : "?");
}

static void add_request(struct lp_buf *b, uint64_t v)
{
    const char *s = find(ioctl_names, (uint32_t)v);
    if (s)
        lp_buf_puts(b, s);
    else
        lp_buf_printf(b, "0x%x", (unsigned)v);
}

/* Argument i, whose letter is c. r: the result, or -1 before the call. */
static void add_arg(struct lp_buf *b, struct lp_thread *t, char c, const uint64_t *a, int i, int64_t r)
{
    uint64_t v = a[i];
    switch (c) {
    case 'D':
        if ((int)v == AT_FDCWD) {
            lp_buf_puts(b, "AT_FDCWD");
            return;
        } /* fall through */
    case 'd': case 'i': lp_buf_printf(b, "%d", (int)v); return;
    case 'u': lp_buf_printf(b, "%llu", (unsigned long long)v); return;
    case 'l': lp_buf_printf(b, "%lld", (long long)v); return;
    case 'x': lp_buf_printf(b, v ? "0x%llx" : "%llx", (unsigned long long)v); return;
    case 'o': lp_buf_printf(b, "%#o", (unsigned)v); return;
    case 's': case 'n': case 'k': case 'S': add_string(b, t, v); return;
    case 'b': add_bytes(b, t, v, i < 5 ? a[i + 1] : 0); return;
    case 'B': r >= 0 ? add_bytes(b, t, v, (uint64_t)r) : add_address(b, v); return;
    case 'O': add_open_flags(b, v); return;
    case 'w': add_name(b, whence_names, v); return;
    case 'c': add_name(b, clock_names, v); return;
    case 'g': add_name(b, signal_names, v); return;
    case 'F': add_name(b, fcntl_names, v); return;
    case 'M': v ? add_flags(b, prot_names, v, NULL) : lp_buf_puts(b, "PROT_NONE"); return;
    case 'm': add_flags(b, map_names, v, NULL); return;
    case 'h': add_name(b, how_names, v); return;
    case 'A': add_flags(b, at_names, (uint32_t)v, NULL); return;
    case 'W': add_flags(b, wait_names, (uint32_t)v, NULL); return;
    case 'a': add_name(b, family_names, v); return;
    case 't': add_socket_type(b, v); return;
    case 'C': add_clone_flags(b, v); return;
    case 'L': add_name(b, limit_names, (uint32_t)v); return;
    case 'I': add_request(b, v); return;
    case 'R': (uint32_t)v ? add_flags(b, access_names, (uint32_t)v, NULL) : lp_buf_puts(b, "F_OK"); return;
    case 'G': add_sigset(b, t, v); return;
    default: add_address(b, v); return; /* p, P */
    }
}

/* Format arguments from where *s stands; before the call (r < 0) only up to the first that the call fills in. */
static void add_args(struct lp_strace *s, struct lp_thread *t, const uint64_t *a, bool before, int64_t r)
{
    while (*s->sig && *s->sig != ':' && !(before && *s->sig == 'B')) {
        char c = *s->sig++;
        while (isdigit((unsigned char)*s->sig))
            s->sig++;
        if (c != '-') {
            lp_buf_puts(&s->text, s->arg ? ", " : "");
            add_arg(&s->text, t, c, a, s->arg, r);
        }
        s->arg++;
    }
}

static void flush(struct lp_strace *s, struct lp_thread *t)
{
    size_t n;
    char *text = lp_buf_take(&s->text, &n);
    if (text)
        lp_log(t->k->log, LP_LOG_STRACE, "%s", text);
    free(text);
}

void lp_strace_enter(struct lp_strace *s, struct lp_thread *t, const uint64_t *a)
{
    const struct lp_syscall *row = t->call.row;
    memset(s, 0, sizeof *s);
    s->sig = row ? row->signature : "xxxxxx";
    if (t->tid != t->k->first_tid)
        lp_buf_printf(&s->text, "[pid %d] ", t->tid);
    if (row)
        lp_buf_printf(&s->text, "%s(", row->name);
    else
        lp_buf_printf(&s->text, "syscall_%llu(", (unsigned long long)t->call.nr);
    add_args(s, t, a, true, -1);
    if (row && strstr(row->signature, ":!")) {
        lp_buf_puts(&s->text, ") = ?");
        flush(s, t);
        s->sig = NULL;
    }
}

void lp_strace_leave(struct lp_strace *s, struct lp_thread *t, const uint64_t *a, int64_t r)
{
    if (!s->sig)
        return;
    add_args(s, t, a, false, r);
    if (r == LP_NO_RESULT)
        lp_buf_puts(&s->text, ") = ?");
    else if (r < 0 && r >= -4095) {
        const char *name = find(errno_names, (uint64_t)-r);
        lp_buf_printf(&s->text, ") = -1 %s (%s)", name ? name : "errno", r > -512 ? strerror((int)-r) : "to be restarted");
    } else
        lp_buf_printf(&s->text, strstr(s->sig, ":x") ? ") = 0x%llx" : ") = %lld", (long long)r);
    flush(s, t);
}
