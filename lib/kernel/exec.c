/* kernel/exec.c - execve: an AArch64 program goes on under a new lprun, anything else is the host's.
 *
 * The file is looked at first, as Linux does before its point of no return, so that a failure leaves the guest as it was. A script's
 * interpreter may be of either kind; the kernel's search (fs/binfmt_script.c) is repeated until a program is found. Strings of argv and envp
 * are never copied: the host kernel reads them from guest memory. */
#include <config.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/buf.h"
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/limits.h"
#include "kernel/process.h"
#include "kernel/seccomp.h"
#include "kernel/signal.h"
#include "kernel/sysroot.h"

#define HEAD_BYTES 256 /* BINPRM_BUF_SIZE */
#define MAX_SCRIPTS 5  /* interpreters of interpreters */
#define MAX_POINTERS ((size_t)1 << 20)
#define MAX_STRING (32 * 4096) /* MAX_ARG_STRLEN */
#define MOST_BYTES (UINT64_C(6) << 20)
#define LEAST_BYTES (UINT64_C(128) << 10)
#define FD_DIR "/proc/self/fd/"

/* A growing NULL-terminated vector of borrowed strings. */
struct vec { char **v; size_t n, cap; };

static int vec_add(struct vec *a, const char *s)
{
    char **v = lp_grow(a->v, &a->cap, a->n + 1, sizeof *v);
    if (!v) return -ENOMEM;
    a->v = v;
    v[a->n++] = (char *)s;
    v[a->n] = NULL;
    return 0;
}

/* Variables that would change the new lprun itself, its dynamic loader or C library: they wait under another name. */
#define HELD "LPRUN_HELD_"
static bool is_held(const char *s)
{
    static const char *const names[] = {"LD_", "GLIBC_TUNABLES=", "MALLOC_"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strncmp(s, names[i], strlen(names[i]))) return true;
    return false;
}

/* What execve of one program needs: `file` is run with argv; a script puts its interpreter in front. */
struct target {
    const char *first;  /* what execve was asked for: AT_EXECFN, the name of the process */
    const char *name;   /* of the file: a script's interpreter has its own */
    const char *file;   /* the host's */
    const char *script; /* the host's name of the file that argv names at script_at; NULL = no script */
    size_t script_at;
    struct vec argv, env;
    struct vec own;     /* strings to free: script lines, variables that are held */
    struct vec held;    /* those variables, in the order of env, with HELD in front */
    size_t bytes;       /* of all strings and pointers */
    int fd;             /* of an AArch64 program; -1 */
    bool closes;        /* `first` is a descriptor that nobody can open any more: it is closed on exec */
    bool unread;        /* it may be executed, but not read */
    bool is_elf;        /* the host will take it, but for what nobody foresees */
    unsigned turn;
    char found[2][PATH_MAX];
    char text[MAX_STRING];
};

static int hold(struct target *g, const char *text)
{
    char *copy = malloc(sizeof HELD + strlen(text));
    if (!copy) return -ENOMEM;
    strcpy(stpcpy(copy, HELD), text);
    if (vec_add(&g->own, copy)) {
        free(copy);
        return -ENOMEM;
    }
    int r = vec_add(&g->held, copy);
    return r ? r : vec_add(&g->env, copy + sizeof HELD - 1);
}

/* A guest's pointer array. A NULL array is an empty one. */
static int vec_guest(struct lp_thread *t, struct target *g, struct vec *out, uint64_t at)
{
    int r = vec_add(out, NULL);
    out->n = 0;
    for (; r == 0 && at; at += 8) {
        uint64_t p;
        void *s;
        if (lp_get(t, &p, at, sizeof p)) return -EFAULT;
        if (!p) break;
        int64_t n = lp_get_str(t, g->text, p, sizeof g->text);
        if (n < 0) return n == -ENAMETOOLONG ? -E2BIG : (int)n;
        if (!lp_user(t, p, 1, &s)) return -EFAULT;
        if (out->n >= MAX_POINTERS) return -E2BIG;
        g->bytes += (size_t)n + 1 + sizeof p;
        r = out == &g->env && is_held(g->text) ? hold(g, g->text) : vec_add(out, s);
    }
    return r;
}

/* Linux's bprm_stack_limits(): the new lprun could only say so when the old program is gone. */
static bool too_long(struct lp_kernel *k, const struct target *g)
{
    pthread_mutex_lock(&k->limit_lock);
    uint64_t most = k->limit_stack.rlim_cur / 4;
    pthread_mutex_unlock(&k->limit_lock);
    most = most > MOST_BYTES ? MOST_BYTES : most < LEAST_BYTES ? LEAST_BYTES : most;
    return g->bytes > most;
}

static int insert_front(struct vec *a, const char *s)
{
    int r = vec_add(a, NULL);
    if (r) return r;
    memmove(a->v + 1, a->v, a->n * sizeof *a->v);
    a->v[0] = (char *)s;
    return 0;
}

int lp_exec_parse_script(char *line, size_t len, char **interp, char **arg)
{
    size_t end = 0;
    while (end < len && line[end] != '\n' && line[end]) end++;
    bool whole = end < len || len < HEAD_BYTES;
    line[end] = '\0';
    char *p = line + 2 + strspn(line + 2, " \t");
    size_t n = strcspn(p, " \t");
    if (n == 0 || (!whole && !p[n])) return -ENOEXEC; /* a name that may go on is no name */
    *interp = p;
    char *q = p + n + strspn(p + n, " \t");
    size_t rest = strlen(q);
    while (rest && strchr(" \t", q[rest - 1])) q[--rest] = '\0';
    p[n] = '\0';
    *arg = rest ? q : NULL;
    return 0;
}

/* The script becomes an argument of its interpreter, its own argv[0] goes. */
static int enter_script(const struct lp_kernel *k, struct target *g, const char *head, size_t len)
{
    char *line = calloc(1, HEAD_BYTES + 1), *interp, *arg;
    if (!line || vec_add(&g->own, line)) {
        free(line);
        return -ENOMEM;
    }
    memcpy(line, head, len);
    int r = lp_exec_parse_script(line, len, &interp, &arg);
    if (r) return r;
    if (g->argv.n) {
        g->argv.v[0] = (char *)g->name;
    } else {
        r = vec_add(&g->argv, g->name);
    }
    if (!r && arg) r = insert_front(&g->argv, arg);
    if (!r) r = insert_front(&g->argv, interp);
    g->script = strncmp(g->file, FD_DIR, sizeof FD_DIR - 1) ? g->file : g->name;
    g->script_at = arg ? 2 : 1;
    g->name = interp;
    return r ? r : lp_sysroot_find(k, interp, 0, g->found[g->turn ^= 1], &g->file);
}

static bool is_aarch64(const char *head, size_t len)
{
    Elf64_Ehdr h;
    if (len < sizeof h) return false;
    memcpy(&h, head, sizeof h);
    return !memcmp(h.e_ident, ELFMAG, SELFMAG) && h.e_ident[EI_CLASS] == ELFCLASS64 && h.e_ident[EI_DATA] == ELFDATA2LSB &&
           h.e_machine == EM_AARCH64;
}

/* The dynamic loader that a program names: an AArch64 program itself, or the old program lives on. */
static int check_interp(struct lp_kernel *k, const char *name)
{
    char buf[PATH_MAX], head[sizeof(Elf64_Ehdr)];
    const char *path;
    struct stat st;
    int r = lp_sysroot_find(k, name, 0, buf, &path);
    if (r) return r;
    if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) || stat(path, &st)) return -errno;
    if (!S_ISREG(st.st_mode)) return -EACCES;
    int fd = lp_fd_open(k, path, O_RDONLY | O_NONBLOCK);
    if (fd < 0) return fd;
    ssize_t n = pread(fd, head, sizeof head, 0);
    lp_fd_unhide(k, fd);
    return n < 0 ? -errno : n < (ssize_t)sizeof head ? -EIO : is_aarch64(head, sizeof head) ? 0 : -ELIBBAD;
}

/* What the kernel would refuse before it lets go of the old program. */
static int check_aarch64(struct lp_kernel *k, int fd, const char *head)
{
    Elf64_Ehdr h;
    Elf64_Phdr p;
    char name[PATH_MAX];
    memcpy(&h, head, sizeof h);
    if ((h.e_type != ET_EXEC && h.e_type != ET_DYN) || h.e_phentsize != sizeof p || !h.e_phnum) return -ENOEXEC;
    for (unsigned i = 0; i < h.e_phnum; i++) {
        if (pread(fd, &p, sizeof p, (off_t)(h.e_phoff + i * sizeof p)) != sizeof p) return -ENOEXEC;
        if (p.p_type != PT_INTERP) continue;
        if (p.p_filesz < 2 || p.p_filesz > sizeof name) return -ENOEXEC;
        if (pread(fd, name, p.p_filesz, (off_t)p.p_offset) != (ssize_t)p.p_filesz || name[p.p_filesz - 1]) return -ENOEXEC;
        return check_interp(k, name);
    }
    return 0;
}

/* Is it open for writing? A read lease is refused then; whoever may not have one (not the owner) is left to the host. Somebody who opens it for
 * writing just now waits until it is given back, and causes a signal that nobody minds instead of SIGIO. */
static bool is_written(int fd)
{
    fcntl(fd, F_SETSIG, SIGURG);
    if (fcntl(fd, F_SETLEASE, F_RDLCK)) return errno == EAGAIN;
    fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
}

/* Look into g->file once: 1 = it was a script, look again; 0 = it is a program; -errno. An AArch64 program stays open on g->fd: the new lprun gets the
 * file that was looked at, whatever its name is then. */
static int look(struct lp_kernel *k, struct target *g)
{
    struct stat st;
    char head[HEAD_BYTES];
    if (faccessat(AT_FDCWD, g->file, X_OK, AT_EACCESS) || stat(g->file, &st)) return -errno;
    if (!S_ISREG(st.st_mode)) return -EACCES;
    int fd = lp_fd_open(k, g->file, O_RDONLY | O_NONBLOCK);
    if (fd == -EACCES) { /* may be run, not read: the host can, if it is the host's */
        g->unread = true;
        return 0;
    }
    if (fd < 0) return fd;
    ssize_t n = pread(fd, head, sizeof head, 0);
    g->is_elf = n >= SELFMAG && !memcmp(head, ELFMAG, SELFMAG);
    int r = n < 0 ? -errno : is_written(fd) ? -ETXTBSY : 0;
    if (r == 0 && n >= 2 && head[0] == '#' && head[1] == '!') {
        r = g->closes ? -ENOENT : enter_script(k, g, head, (size_t)n);
        if (r == 0) r = 1;
    } else if (r == 0 && is_aarch64(head, (size_t)n)) {
        r = check_aarch64(k, fd, head);
        if (r == 0) g->fd = fd;
    }
    if (g->fd != fd) lp_fd_unhide(k, fd);
    return r;
}

/* argv of the lprun that goes on with the program. The same process goes on with its control socket; a child has one of its own. */
static int engine_argv(const struct lp_kernel *k, const struct target *g, const char *limits, const char *seccomp, const char *program, struct vec *out)
{
    int r = 0;
    for (const char *const *p = k->reexec; *p && r == 0; p++) {
        bool other_root = k->sysroot_alone && (!strcmp(*p, "-L") || !strcmp(*p, "--root"));
        if (p[1] && (other_root || (k->forked && !strcmp(*p, "-c")))) p++;
        else r = vec_add(out, *p);
    }
    if (lp_sysroot_other(k) && r == 0 && (r = vec_add(out, "--root")) == 0) r = vec_add(out, k->sysroot);
    if (*seccomp && r == 0 && (r = vec_add(out, "--seccomp")) == 0) r = vec_add(out, seccomp);
    const char *const own[] = {"--limits", limits, "--program", program, "-0", g->argv.n ? g->argv.v[0] : "", "--", g->first};
    for (size_t i = 0; i < sizeof own / sizeof own[0] && r == 0; i++) r = vec_add(out, own[i]);
    for (size_t i = 1; i < g->argv.n && r == 0; i++) r = vec_add(out, g->argv.v[i]);
    return r;
}

/* Descriptors that the engine's arguments name stay open across its own exec. */
static void keep_reexec_fds(const struct lp_kernel *k, bool keep)
{
    for (const char *const *p = k->reexec; *p; p++) {
        int fd;
        char rest;
        if (sscanf(*p, FD_DIR "%d%c", &fd, &rest) == 1 && lp_fd_hidden(k, fd)) fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
    }
}

/* SIGSEGV and SIGBUS as the guest has them, for the new program to inherit; `undo` gives them back to the engine. */
static void inherit_signals(struct lp_thread *t, struct lp_sigaction saved[2], bool undo)
{
    static const int signo[2] = {SIGSEGV, SIGBUS};
    for (int i = 0; i < 2; i++) {
        if (undo) {
            lp_sighost_set(signo[i], &saved[i]);
            continue;
        }
        lp_sighost_get(signo[i], &saved[i]);
        if (t->k->signals->action[signo[i]].handler != (uint64_t)(uintptr_t)SIG_IGN) continue;
        struct lp_sigaction ignore = saved[i];
        ignore.handler = (uint64_t)(uintptr_t)SIG_IGN;
        lp_sighost_set(signo[i], &ignore);
    }
}

/* The new program inherits the guest's true mask. A signal that comes in before the host has gone into execve aborts the call
 * (host.h), so that the old program still gets it; a later one is the new program's. All locks go with the old program, if it will surely end. */
static int64_t host_execve(struct lp_thread *t, const char *file, char **argv, char **envp, bool surely)
{
    struct lp_sigaction saved[2];
    lp_sighost_block_all();
    if (t->signals->queued) return -LP_ERESTARTNOINTR;
    inherit_signals(t, saved, false);
    uint64_t mask = t->signals->mask;
    LP_HOST4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
    if (surely && !t->signals->queued) lp_threads_unlock(t->k);
    int64_t r = lp_host_syscall(t, SYS_execve, (long)file, (long)argv, (long)envp, 0, 0, 0);
    inherit_signals(t, saved, true);
    lp_signal_set_mask(t, t->signals->mask);
    return r == -LP_ERESTARTSYS ? -LP_ERESTARTNOINTR : r;
}

/* A program of this machine knows nothing of the sysroot, but begins in the root that the guest has chosen (chroot): the way back is for when it does not
 * begin at all. */
struct root { int host, cwd; };

static int enter_root(struct lp_kernel *k, struct root *back)
{
    *back = (struct root){-1, -1};
    if (!lp_sysroot_other(k)) return 0;
    back->host = lp_fd_open(k, "/", O_PATH | O_DIRECTORY);
    back->cwd = lp_fd_open(k, ".", O_PATH | O_DIRECTORY);
    return back->host < 0 ? back->host : back->cwd < 0 ? back->cwd : (int)LP_HOST1(SYS_chroot, k->sysroot);
}

static void leave_root(struct lp_kernel *k, const struct root *back)
{
    if (back->host >= 0 && back->cwd >= 0 && fchdir(back->host) == 0 && chroot(".") == 0 && fchdir(back->cwd)) lp_log(k->log, 1, "execve: %s", strerror(errno));
    if (back->host >= 0) lp_fd_unhide(k, back->host);
    if (back->cwd >= 0) lp_fd_unhide(k, back->cwd);
}

/* As it is called there. */
static const char *in_root(const struct lp_kernel *k, const char *path) { return k->sysroot_alone ? lp_sysroot_guest(k, path) : path; }

/* Where the host finds a script's interpreter itself, the process has the script's name. */
static int64_t run_host(struct lp_thread *t, struct target *g)
{
    struct rlimit saved[LP_LIMITS];
    if (t->seccomp) {
        lp_log(t->k->log, 1, "execve: %s is a program of this machine, where the seccomp filters would have no effect", g->file);
        return -EACCES;
    }
    const char *file = in_root(t->k, g->file), *script = g->script ? in_root(t->k, g->script) : NULL;
    if (script) g->argv.v[g->script_at] = (char *)script;
    const bool finds = script && !strcmp(g->name, file);
    struct root back;
    int64_t failed = enter_root(t->k, &back);
    lp_limits_to_host(t->k, saved);
    if (failed == 0) failed = host_execve(t, finds ? script : file, g->argv.v + (finds ? g->script_at : 0), g->env.v, g->is_elf);
    lp_limits_restore(saved);
    leave_root(t->k, &back);
    return failed == -ENOEXEC && g->unread ? -EACCES : failed; /* for ENOEXEC a shell would take it for a script */
}

/* The descriptors that the new lprun is told of stay open. */
static int64_t exec_engine(struct lp_thread *t, struct target *g, struct vec *argv, int filters)
{
    for (size_t i = 0, j = 0; i < g->env.n && j < g->held.n; i++)
        if (g->env.v[i] == g->held.v[j] + sizeof HELD - 1) g->env.v[i] = g->held.v[j++];
    if (filters >= 0) fcntl(filters, F_SETFD, 0);
    fcntl(g->fd, F_SETFD, 0);
    struct rlimit saved[LP_LIMITS];
    keep_reexec_fds(t->k, true);
    lp_limits_to_engine(t->k, saved);
    int64_t r = host_execve(t, "/proc/self/exe", argv->v, g->env.v, true);
    lp_limits_restore(saved);
    keep_reexec_fds(t->k, false);
    return r;
}

static int64_t run_aarch64(struct lp_thread *t, struct target *g)
{
    struct vec argv = {0};
    char limits[160], filters[12] = "", program[12];
    if (!t->k->reexec) {
        lp_log(t->k->log, 1, "execve: %s is an AArch64 program and there is no engine to go on with it", g->file);
        return -ENOEXEC;
    }
    int fd = lp_seccomp_save(t);
    if (t->seccomp && fd < 0) return fd;
    if (fd >= 0) snprintf(filters, sizeof filters, "%d", fd);
    snprintf(program, sizeof program, "%d", g->fd);
    lp_limits_print(t->k, limits, sizeof limits);
    int64_t r = engine_argv(t->k, g, limits, filters, program, &argv);
    if (r == 0) r = exec_engine(t, g, &argv, fd);
    lp_fd_unhide(t->k, fd);
    free(argv.v);
    return r;
}

static int64_t find_and_run(struct lp_thread *t, struct target *g, uint64_t argv, uint64_t envp)
{
    int64_t r = vec_guest(t, g, &g->argv, argv);
    if (r == 0) r = vec_guest(t, g, &g->env, envp);
    if (r == 0 && too_long(t->k, g)) r = -E2BIG;
    for (int depth = 0; r == 0; depth++) {
        r = depth > MAX_SCRIPTS ? -ELOOP : look(t->k, g);
        if (r == 0) return g->fd >= 0 ? run_aarch64(t, g) : run_host(t, g);
        if (r == 1) r = 0;
    }
    return r;
}

static int64_t execute(struct lp_thread *t, const char *name, const char *file, uint64_t argv, uint64_t envp, bool closes)
{
    struct target *g = calloc(1, sizeof *g);
    if (!g) return -ENOMEM;
    g->first = g->name = name;
    g->file = file;
    g->fd = -1;
    g->closes = closes;
    int64_t r = find_and_run(t, g, argv, envp);
    lp_fd_unhide(t->k, g->fd);
    for (size_t i = 0; i < g->own.n; i++) free(g->own.v[i]);
    free(g->own.v);
    free(g->held.v);
    free(g->argv.v);
    free(g->env.v);
    free(g);
    return r;
}

int64_t lp_execve(struct lp_thread *t, const char *name, const char *file, uint64_t argv, uint64_t envp)
{
    return execute(t, name, file, argv, envp, false);
}

LP_SYSCALL(execve)
{
    const char *path;
    int r = lp_user_path(t, 0, a[0], &path);
    int64_t n = r ? r : lp_get_str(t, t->path[1], a[0], sizeof t->path[1]);
    return n < 0 ? n : lp_execve(t, t->path[1], path, a[1], a[2]);
}

LP_SYSCALL(execveat)
{
    const char *path, *name = t->path[1];
    char at[4200], shown[4200];
    bool closes = false;
    int dirfd = (int)a[0], r = lp_user_path_how(t, 0, dirfd, a[1], a[4] & AT_SYMLINK_NOFOLLOW ? LP_PATH_NOFOLLOW : 0, &path);
    if (r) return r;
    if (a[4] & ~(uint64_t)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) return -EINVAL;
    if (!*path && !(a[4] & AT_EMPTY_PATH)) return -ENOENT;
    int64_t n = lp_get_str(t, t->path[1], a[1], sizeof t->path[1]);
    if (n < 0) return n;
    if (*path != '/' && dirfd != AT_FDCWD) {
        if ((r = lp_fd_check(t, dirfd))) return r;
        if ((r = fcntl(dirfd, F_GETFD)) < 0) return -EBADF;
        closes = r & FD_CLOEXEC;
        snprintf(at, sizeof at, *path ? FD_DIR "%d/%s" : FD_DIR "%d", dirfd, path);
        snprintf(shown, sizeof shown, "/dev/fd/%s", at + sizeof FD_DIR - 1);
        name = shown, path = at;
    } else if (*path == '/' && *name != '/') {
        name = lp_sysroot_guest(t->k, path);
    }
    struct stat st;
    bool link = *path && lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    if ((a[4] & AT_SYMLINK_NOFOLLOW) && link && t->path[0][0]) return -ELOOP;
    return execute(t, name, path, a[2], a[3], closes);
}
