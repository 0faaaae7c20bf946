/* tools/lprun.c - run an AArch64 program, patched or not. */
#include <config.h>
#include <arm64lp.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "cli.h"

enum { FAILED = 125, NOT_RUNNABLE = 126, NOT_FOUND = 127 };
enum { OPT_NO_CONTROL = CLI_OWN, OPT_READ_ONLY, OPT_WATCH, OPT_PATCH_DIR, OPT_NO_PATCH_DIR, OPT_TRIAL,
       OPT_ISOLATE, OPT_CONTINUED, OPT_LIMITS, OPT_CPU, OPT_SYSCALLS, OPT_SECCOMP, OPT_PROGRAM, OPT_ROOT };

static const struct cli_option options[] = {
    {'P', "patch", "PATCH", "apply this patch before the first instruction; may be repeated; - is standard input"},
    {OPT_TRIAL, "trial", "TIME", "patches of -P are on trial for so long: if the program is about to crash in what one changed, it is taken out"},
    {OPT_WATCH, "watch", "PATCH", "apply this patch, and again whenever the file changes; may be repeated"},
    {OPT_PATCH_DIR, "patch-dir", "DIR", "apply the patches stored there for the program (default: /etc/arm64lp/patches and ~/.config/arm64lp/patches)"},
    {OPT_NO_PATCH_DIR, "no-patch-dir", NULL, "apply no stored patches"},
    {'c', "control", "SOCKET", "take orders of lpapply here (default: a socket per user and process)"},
    {OPT_NO_CONTROL, "no-control", NULL, "no control socket"},
    {OPT_READ_ONLY, "read-only-control", NULL, "let lpapply look and check, and change nothing"},
    {'S', "strace", NULL, "show the system calls"},
    {'L', "sysroot", "DIR", "look for files in this folder first, as if it were / (default: LPRUN_LD_PREFIX, else QEMU_LD_PREFIX)"},
    {'E', "env", "VAR=VALUE", "set a variable of the program's environment"},
    {'U', "unset", "VAR", "remove a variable from it"},
    {'0', "argv0", "NAME", "what the program sees as argv[0]"},
    {'s', "stack", "SIZE", "bytes of stack, also as 512k, 64M (default: the limit of the shell)"},
    {'D', "log", "FILE", "write remarks and -S there instead of to standard error"},
    {OPT_CPU, "cpu", "CPU", "the CPU that the program sees (default: max, with everything); \"help\" lists them and what each has"},
    {OPT_ISOLATE, "isolate", NULL, "check every access: the program cannot reach the memory of lprun; slower"},
    {OPT_SYSCALLS, "syscalls", NULL, "list the system calls of arm64 Linux: implemented, passed to this machine's kernel, or refused and why"},
    CLI_FORMATS,
    {OPT_CONTINUED, "continued", NULL, NULL}, /* given by execve of a program under lprun: patches made for another program are left out */
    {OPT_LIMITS, "limits", "LIMITS", NULL}, /* the same: what its setrlimit calls left */
    {OPT_PROGRAM, "program", "FD", NULL}, /* the same: the program, opened */
    {OPT_SECCOMP, "seccomp", "FD", NULL}, /* the same: its filters */
    {OPT_ROOT, "root", "DIR", NULL}, /* the same: its root, where it has called chroot */
    CLI_COMMON};
static const char *const synopsis[] = {"[-qvS] [-P patch]... [--trial time] [--watch patch]... [--patch-dir dir | --no-patch-dir] "
                                       "[-c socket | --no-control] [--read-only-control] [-L sysroot] [-E var=value]... [-U var]... "
                                       "[-0 argv0] [-s size] [-D log] [--cpu name] [--isolate] program [arg ...]", "--syscalls [--json | --tsv]", NULL};
static const struct cli_tool tool = {
    "lprun", "Run an AArch64 Linux program and let its code be patched while it runs.", synopsis, options,
    "Exit status: the program's; a signal that ended it is raised again; 125 lprun failed (or a patch does not fit), 126 PROGRAM is not\n"
    "a runnable AArch64 ELF file, 127 it was not found.",
    true, {FAILED, FAILED, FAILED, FAILED, FAILED, FAILED}};

static struct {
    struct lp_vm_config config;
    bool continued;
    const char *log_path;
    const char **patch_paths;
    size_t n_patches, n_reexec;
    const char **watched, **patch_dirs;
    size_t n_watched, n_patch_dirs;
    bool no_patch_dir;
    uint32_t trial_ms;
    const char **reexec; /* lprun and its options, for execve */
    int log_fd;          /* -1: standard error, as long as it is the one that was there at the start */
    struct stat stderr_id;
} run = {.log_fd = -1};

static void *xrealloc(void *p, size_t n)
{
    p = realloc(p, n);
    if (p)
        return p;
    cli_error("out of memory");
    exit(FAILED);
}

static void add(const char ***list, size_t *n, const char *s)
{
    *list = xrealloc(*list, (*n + 2) * sizeof **list);
    (*list)[(*n)++] = s;
    (*list)[*n] = NULL;
}

static void again(const char *option, const char *arg)
{
    add(&run.reexec, &run.n_reexec, option);
    if (arg)
        add(&run.reexec, &run.n_reexec, arg);
}

/* A file named on the command line, also valid after the program changes its directory. */
static const char *absolute(const char *path)
{
    char *cwd, *p;
    if (path[0] == '/' || !(cwd = getcwd(NULL, 0)))
        return path;
    p = xrealloc(NULL, strlen(cwd) + strlen(path) + 2);
    sprintf(p, "%s/%s", cwd, path);
    free(cwd);
    return p;
}

/* ---- messages while the program runs: one write each, never to a descriptor that the program has made its own ---- */
static void write_log(void *ctx, int level, const char *text)
{
    struct stat st;
    int fd = run.log_fd;
    (void)ctx;
    if (fd < 0) {
        if (fstat(STDERR_FILENO, &st) || st.st_dev != run.stderr_id.st_dev || st.st_ino != run.stderr_id.st_ino)
            return;
        fd = STDERR_FILENO;
    }
    char prefix[] = "lprun: ", end[] = "\n";
    struct iovec iov[] = {{prefix, level < 0 ? 0 : sizeof prefix - 1}, {(void *)(uintptr_t)text, strlen(text)}, {end, 1}};
    ssize_t n = writev(fd, iov, 3);
    (void)n; /* a log that cannot be written must not stop the program */
}

static void open_log(lp_vm *vm)
{
    int fd = -1;
    if (run.log_path) {
        fd = open(run.log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (run.continued ? 0 : O_TRUNC), 0666);
        if (fd < 0) {
            cli_io_failed(run.log_path, "cannot open", errno);
            exit(FAILED);
        }
    } else if (run.config.strace || run.config.log_level >= 2) {
        fd = dup(STDERR_FILENO);
    }
    if (fd >= 0 && (run.log_fd = lp_vm_hide_fd(vm, fd)) < 0)
        run.log_fd = fd;
}

/* ---- options ---- */
static size_t parse_size(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 0);
    unsigned shift = *end == 'k' || *end == 'K' ? 10 : *end == 'm' || *end == 'M' ? 20 : *end == 'g' || *end == 'G' ? 30 : 0;
    if (end == text || text[0] == '-' || errno || (shift ? end[1] : *end) || n > (1ull << 30) >> shift || n << shift < 16384)
        cli_usage("-s: '%s' is no stack size (16k to 1G)", text);
    return (size_t)(n << shift);
}

static void set_variable(const char *s)
{
    const char *eq = strchr(s, '=');
    char *name;
    if (!eq || eq == s)
        cli_usage("-E: '%s' is not VAR=VALUE", s);
    name = strndup(s, (size_t)(eq - s));
    if (!name || setenv(name, eq + 1, 1))
        cli_usage("-E: '%s': %s", s, strerror(errno));
    free(name);
}

static int print_cpu(void *ctx, const char *name, const char *features)
{
    (void)ctx;
    out_printf("%-16s%s\n", name, features);
    return 0;
}
static int same_cpu(void *ctx, const char *name, const char *features)
{
    (void)features;
    return strcmp(ctx, name) == 0;
}

/* `from` is the option or the variable that names it. Programs that execve starts go on with the same. */
static void choose_cpu(const char *from, const char *name)
{
    if (strcmp(name, "help") == 0) {
        lp_vm_cpus(print_cpu, NULL);
        cli_exit(0);
    }
    if (!lp_vm_cpus(same_cpu, (void *)(uintptr_t)name))
        cli_usage("%s: no CPU is called '%s'; --cpu help lists them", from, name);
    run.config.cpu = name;
}

static int print_syscall(void *ctx, const struct lp_vm_syscall *row)
{
    static const char *const states[] = {"implemented", "passed", "refused"};
    (void)ctx;
    if (cli.format == OUT_TEXT) {
        out_printf("%3u  %-24s%s%s%s%s%s\n", row->number, row->name, states[row->state], row->error ? " " : "",
                row->error ? row->error : "", row->reason ? ": " : "", row->reason ? row->reason : "");
        return 0;
    }
    out_record("syscall");
    out_uint("number", row->number);
    out_str("name", row->name);
    out_str("state", states[row->state]);
    out_str("error", row->error);
    out_str("reason", row->reason);
    out_end();
    return 0;
}

static _Noreturn void list_syscalls(void)
{
    cli_form(1, "--syscalls");
    if (cli.n_operands)
        cli_usage("--syscalls takes no program");
    lp_vm_syscalls(print_syscall, NULL);
    cli_exit(out_close() ? 0 : FAILED);
}

/* A variable for lprun: not if execve started it, where options say all, nor for a set-user-ID program, which the user must not steer. */
static const char *own_variable(const char *name)
{
    const char *value = run.continued || run.config.secure ? NULL : getenv(name);
    return value && *value ? value : NULL;
}

/* Programs that execve starts have the same one, whatever becomes of the variables. */
static void choose_sysroot(void)
{
    static const char *const names[] = {"LPRUN_LD_PREFIX", "QEMU_LD_PREFIX"};
    const char *dir;
    for (int i = 0; i < 2 && !run.config.sysroot; i++)
        if ((dir = own_variable(names[i])) != NULL)
            run.config.sysroot = absolute(dir);
    if (run.config.sysroot)
        again(run.config.rooted ? "--root" : "-L", run.config.sysroot);
}

/* Programs that execve starts look into the same folders, whatever becomes of the variables. A folder that was named must be there. */
static void choose_patch_dirs(void)
{
    static char user[PATH_MAX];
    const char *named = own_variable("LPRUN_PATCH_DIR");
    if (run.no_patch_dir && run.n_patch_dirs)
        cli_usage("--patch-dir and --no-patch-dir exclude each other");
    if (!run.no_patch_dir && !run.n_patch_dirs && named)
        add(&run.patch_dirs, &run.n_patch_dirs, absolute(named));
    for (size_t i = 0; i < run.n_patch_dirs && !run.continued; i++)
        if (access(run.patch_dirs[i], F_OK)) {
            cli_error("--patch-dir: %s: %s", run.patch_dirs[i], strerror(errno));
            exit(FAILED);
        }
    if (!run.no_patch_dir && !run.n_patch_dirs && !own_variable("LPRUN_NO_PATCH_DIR")) {
        add(&run.patch_dirs, &run.n_patch_dirs, lp_store_system_dir());
        if (!run.config.secure && lp_store_user_dir(user, sizeof user, NULL) == LP_OK)
            add(&run.patch_dirs, &run.n_patch_dirs, user);
    }
    for (size_t i = 0; i < run.n_patch_dirs; i++)
        again("--patch-dir", run.patch_dirs[i]);
    if (!run.n_patch_dirs)
        again("--no-patch-dir", NULL);
    run.config.patch_dirs = run.patch_dirs;
}

static void parse_options(void)
{
    bool list = false;
    struct lp_vm_config *c = &run.config;
    for (int o; (o = cli_next()) != -1;)
        switch (o) {
        case 'P': add(&run.patch_paths, &run.n_patches, strcmp(cli.arg, "-") ? absolute(cli.arg) : cli.arg); break;
        case OPT_TRIAL: run.trial_ms = cli_duration("--trial", cli.arg); again("--trial", cli.arg); break;
        case OPT_WATCH: add(&run.watched, &run.n_watched, absolute(cli.arg)); break;
        case OPT_PATCH_DIR: add(&run.patch_dirs, &run.n_patch_dirs, absolute(cli.arg)); break;
        case OPT_NO_PATCH_DIR: run.no_patch_dir = true; break;
        case 'c': again("-c", c->control_path = absolute(cli.arg)); break;
        case OPT_NO_CONTROL: c->no_control = true; again("--no-control", NULL); break;
        case OPT_READ_ONLY: c->control_read_only = true; again("--read-only-control", NULL); break;
        case 'S': c->strace = true; again("-S", NULL); break;
        case 'L': c->sysroot = absolute(cli.arg); break;
        case 'E': set_variable(cli.arg); break;
        case 'U':
            if (unsetenv(cli.arg))
                cli_usage("-U: '%s' is no name of a variable", cli.arg);
            break;
        case '0': c->argv0 = cli.arg; break;
        case 's': c->stack_size = parse_size(cli.arg); again("-s", cli.arg); break;
        case 'D': again("-D", run.log_path = absolute(cli.arg)); break;
        case OPT_CPU: choose_cpu("--cpu", cli.arg); break;
        case OPT_ISOLATE: c->isolate = true; again("--isolate", NULL); break;
        case OPT_LIMITS: c->limits = cli.arg; break;
        case OPT_SECCOMP: c->seccomp = cli.arg; break;
        case OPT_PROGRAM: c->program_fd = (int)cli_number("--program", cli.arg, INT_MAX); break;
        case OPT_ROOT: c->sysroot = cli.arg, c->rooted = true; break;
        case OPT_CONTINUED: run.continued = true; break;
        case OPT_SYSCALLS: list = true; break;
        }
    if (list)
        list_syscalls();
    if (cli.format != OUT_TEXT)
        cli_usage("--json and --tsv go with --syscalls");
    const char *cpu = own_variable("LPRUN_CPU");
    if (!c->cpu && cpu)
        choose_cpu("LPRUN_CPU", cpu);
    if (c->cpu)
        again("--cpu", c->cpu);
    choose_sysroot();
    choose_patch_dirs();
    if (!cli.n_operands)
        cli_usage("no program is given");
    if (c->no_control && c->control_path)
        cli_usage("-c and --no-control exclude each other");
    if (c->no_control && c->control_read_only && !run.continued && !c->secure)
        cli_usage("--read-only-control and --no-control exclude each other");
    if (run.trial_ms && !run.n_patches && !run.continued)
        cli_usage("--trial goes with -P");
    c->log_level = cli.level;
    if (cli.level != 1)
        again(cli.level == 0 ? "-q" : cli.level == 2 ? "-v" : "-vv", NULL);
}

/* ---- the program ---- */
/* dir/name, as the program would say it, if it may be run. `own`: only if it is in the sysroot. */
static char *try_program(const lp_vm *vm, const char *dir, int n, const char *name, bool own)
{
    struct stat st;
    char *p = xrealloc(NULL, (size_t)n + strlen(name) + 3), *host;
    sprintf(p, "%.*s/%s", n ? n : 1, n ? dir : ".", name);
    host = lp_vm_path(vm, p);
    if (host && (!own || strcmp(host, p)) && access(host, X_OK) == 0 && stat(host, &st) == 0 && S_ISREG(st.st_mode)) {
        free(host);
        return p;
    }
    free(host);
    free(p);
    return NULL;
}

/* A name without a slash is looked for in PATH, as the shell does: of the sysroot, then of this machine. */
static const char *find_program(const lp_vm *vm, const char *name)
{
    const char *dirs = getenv("PATH");
    if (strchr(name, '/') || run.continued || !dirs)
        return name;
    for (int own = run.config.sysroot ? 1 : 0; own >= 0; own--)
        for (const char *d = dirs, *end;; d = end + 1) {
            end = d + strcspn(d, ":");
            char *p = try_program(vm, d, (int)(end - d), name, own);
            if (p)
                return p;
            if (!*end)
                break;
        }
    return name;
}

static int load_status(lp_status s)
{
    switch (s) {
    case LP_E_NOT_FOUND:
        return NOT_FOUND;
    case LP_E_ELF: case LP_E_ELF_MACHINE: case LP_E_UNSUPPORTED: case LP_E_DENIED: case LP_E_IO:
        return NOT_RUNNABLE;
    default:
        return FAILED;
    }
}

/* ---- patches ---- */
/* A patch from standard input must still be there after execve: a sealed memfd with its text, named through /proc. */
static const char *keep_text(lp_vm *vm, const lp_patch *p)
{
    size_t len = 0, done = 0;
    char *text = lp_patch_print(p, &len), *name = xrealloc(NULL, 32);
    int fd = memfd_create("patch", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    while (text && fd >= 0 && done < len) {
        ssize_t n = write(fd, text + done, len - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    free(text);
    if (fd < 0 || done < len || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) || (fd = lp_vm_hide_fd(vm, fd)) < 0) {
        cli_error("-P -: the patch cannot be kept for programs that this one starts: %s", strerror(errno));
        exit(FAILED);
    }
    sprintf(name, "/proc/self/fd/%d", fd);
    return name;
}

/* The path of a kept patch in the lprun that execve started: read, and hidden again. */
static const char *keep_again(lp_vm *vm, const char *path)
{
    int fd, hidden;
    char *name;
    if (!run.continued || sscanf(path, "/proc/self/fd/%d", &fd) != 1 || (hidden = lp_vm_hide_fd(vm, fd)) < 0)
        return path;
    name = xrealloc(NULL, 32);
    sprintf(name, "/proc/self/fd/%d", hidden);
    return name;
}

/* Apply them one after the other in one transaction; after execve, only those that were made for this program. */
static void apply_patches(lp_vm *vm)
{
    const lp_patch **all = xrealloc(NULL, (run.n_patches + 1) * sizeof *all);
    const unsigned when = LP_LIVE_WAIT | (run.continued ? LP_LIVE_OPTIONAL : 0);
    struct lp_live_options o = {0};
    struct lp_live_result result;
    struct lp_error err;
    size_t n = 0;
    for (size_t i = 0; i < run.n_patches; i++) {
        lp_patch *p;
        const char *path = run.patch_paths[i];
        if (lp_patch_read(path, 0, cli_report, NULL, &p, &err) != LP_OK)
            exit(cli_failed(&err));
        again("-P", strcmp(path, "-") ? keep_again(vm, path) : keep_text(vm, p));
        if (lp_patch_is_idle(p) && !run.continued)
            cli_note(1, "%s: it changes nothing: its new words are the old ones", lp_patch_name(p));
        o.flags = LP_LIVE_DRY_RUN | when;
        const lp_patch *one = p;
        if (run.continued && lp_vm_apply(vm, &one, 1, &o, &result, NULL, NULL, &err) == LP_E_BINDING) {
            lp_patch_free(p);
            continue;
        }
        all[n++] = p;
    }
    o.flags = when;
    o.trial_ms = run.trial_ms;
    if (n && lp_vm_apply(vm, all, n, &o, &result, cli_report, NULL, &err) != LP_OK)
        exit(cli_failed(&err));
    for (size_t i = 0; i < n; i++)
        lp_patch_free((lp_patch *)(uintptr_t)all[i]);
    free(all);
}

/* A program whose stored patch does not fit is not started: whoever stored it relies on it. */
static void apply_stored(lp_vm *vm)
{
    struct lp_error err;
    if (lp_vm_apply_stored(vm, cli_report, NULL, &err) == LP_OK)
        return;
    int status = cli_failed(&err);
    cli_note(1, "hint: --no-patch-dir starts it without the patches in %s%s%s; lpapply --uninstall takes them out", run.patch_dirs[0],
             run.n_patch_dirs > 1 ? " and " : "", run.n_patch_dirs > 1 ? run.patch_dirs[1] : "");
    exit(status);
}

static void watch_files(lp_vm *vm)
{
    struct lp_error err;
    for (size_t i = 0; i < run.n_watched; i++) {
        again("--watch", run.watched[i]);
        if (lp_vm_watch(vm, run.watched[i], run.continued, &err) != LP_OK)
            exit(cli_failed(&err));
    }
}

static int fail_with(const struct lp_error *err, int status)
{
    cli_report(NULL, err);
    return status;
}

/* What execve kept away from this lprun's own dynamic loader (lib/kernel/exec.c) is the program's again. */
static void release_variables(void)
{
    static const char held[] = "LPRUN_HELD_";
    for (char **e = environ; run.continued && *e; e++)
        if (strncmp(*e, held, sizeof held - 1) == 0)
            *e += sizeof held - 1;
}

/* Started by binfmt_misc? The kernel puts the program's path behind our name and, with flag P (it says so since Linux 5.12), its argv[0] behind
 * that; with O and C the program is open. The command line is then `lprun -- PATH ARGUMENT...`, and none of it is an option. */
static char **from_kernel(int *argc, char **argv)
{
    errno = 0;
    unsigned long fd = getauxval(AT_EXECFD);
    bool open_already = fd != 0 || errno == 0, has_argv0 = getauxval(AT_FLAGS) & 1; /* AT_FLAGS_PRESERVE_ARGV0 */
    int from = has_argv0 ? 3 : 2;
    if ((!open_already && !has_argv0) || *argc < from)
        return argv;
    char **v = xrealloc(NULL, ((size_t)*argc + 3) * sizeof *v);
    v[0] = argv[0];
    v[1] = (char *)(uintptr_t)"--";
    v[2] = argv[1];
    memcpy(v + 3, argv + from, (size_t)(*argc - from + 1) * sizeof *v);
    if (has_argv0)
        run.config.argv0 = argv[2];
    if (open_already && (run.config.program_fd = fcntl((int)fd, F_DUPFD_CLOEXEC, 3)) > 0)
        close((int)fd);
    *argc += 3 - from;
    return v;
}

/* execve goes on with the same log. */
static void keep_inputs(const char *program)
{
    if (run.continued) return;
    cli_keep(program, "-D", run.log_path);
    for (size_t i = 0; i < run.n_patches; i++) cli_keep(run.patch_paths[i], "-D", run.log_path);
    for (size_t i = 0; i < run.n_watched; i++) cli_keep(run.watched[i], "-D", run.log_path);
}

int main(int argc, char **argv)
{
    static lp_vm *vm; /* static, as find_program's result: an early exit leaves both to the process, and a leak checker sees it */
    static const char *program;
    struct lp_error err;

    argv = from_kernel(&argc, argv);
    run.config.secure = getauxval(AT_SECURE);
    cli_start(&tool, argc, argv);
    again("lprun", NULL);
    again("--continued", NULL);
    if (run.config.secure && (run.config.no_control = true))
        again("--no-control", NULL);
    parse_options();
    release_variables();
    run.config.log = write_log;
    fstat(STDERR_FILENO, &run.stderr_id);

    if (lp_vm_new(&run.config, &vm, &err) != LP_OK)
        return fail_with(&err, FAILED);
    program = find_program(vm, cli.operands[0]);
    keep_inputs(program);
    lp_status s = lp_vm_load(vm, program, (const char *const *)cli.operands, (const char *const *)environ, &err);
    if (s != LP_OK)
        return fail_with(&err, load_status(s));
    apply_stored(vm);
    apply_patches(vm);
    watch_files(vm);
    open_log(vm);
    lp_vm_set_reexec(vm, run.reexec);
    lp_vm_exec(vm, &err);
    return fail_with(&err, FAILED);
}
