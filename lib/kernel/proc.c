/* kernel/proc.c - /proc/self/{maps,cmdline,environ,auxv} and /proc/cpuinfo, in memfds, and the same of other processes under lprun; the paths of
 * /proc/self. */
#include <config.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/buf.h"
#include "exec/model.h"
#include "kernel/flags.h"
#include "kernel/kernel.h"
#include "kernel/proc.h"
#include "kernel/remote.h"
#include "kernel/sysroot.h"

#define MAX_STRINGS (UINT64_C(16) << 20) /* more than arguments and environment can be */

static const char *skip(const char *s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s && strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* A decimal number and a slash; the number must be `want`, or anything if want is 0. */
static const char *skip_id(const char *s, long want)
{
    char *end;
    if (!s || !isdigit((unsigned char)*s))
        return NULL;
    long n = strtol(s, &end, 10);
    return *end == '/' && (!want || n == want) ? end + 1 : NULL;
}

/* A thread of this process, which /proc has too (though it does not list it). */
static const char *skip_thread(const char *s)
{
    char path[48];
    const char *rest = skip_id(s, 0);
    if (!rest || rest - s > 12)
        return NULL;
    snprintf(path, sizeof path, "/proc/self/task/%.*s", (int)(rest - s), s);
    return access(path, F_OK) == 0 ? rest : NULL;
}

const char *lp_proc_self(const char *path)
{
    const char *p = skip(path, "/proc/"), *q;
    if (!p)
        return NULL;
    if (!(q = skip(p, "self/")) && !(q = skip(p, "thread-self/")) && !(q = skip_id(p, getpid())) && !(q = skip_thread(p)))
        return NULL;
    const char *task = skip_id(skip(q, "task/"), 0);
    return task ? task : q;
}

void lp_proc_mapping(struct lp_buf *b, const struct lp_kernel *k, const struct lp_mapping *m)
{
    size_t before = b->len;
    lp_buf_printf(b, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu", (unsigned long long)m->start, (unsigned long long)m->end,
                  m->flags & LP_R ? 'r' : '-', m->flags & LP_W ? 'w' : '-', m->flags & LP_X ? 'x' : '-', m->flags & LP_SHARED ? 's' : 'p',
                  (unsigned long long)m->file_off, major(m->dev), minor(m->dev), (unsigned long long)m->ino);
    if (m->name[0]) {
        size_t width = b->len - before;
        lp_buf_printf(b, "%*s%s", width < 73 ? (int)(73 - width) : 1, "", lp_sysroot_guest(k, m->name));
    }
    lp_buf_puts(b, "\n");
}

static void add_guest(struct lp_buf *b, struct lp_kernel *k, uint64_t from, uint64_t to)
{
    char *p = malloc(to - from + 1);
    if (p && lp_mem_read(k->mem, p, from, to - from) == 0)
        lp_buf_add(b, p, to - from);
    free(p);
}

char *lp_proc_text(struct lp_kernel *k, const char *name, uint64_t *len)
{
    struct lp_buf b = {0};
    struct lp_mapping m;
    const struct lp_image *im = &k->image;
    size_t n = 0;

    if (!strcmp(name, "maps"))
        for (uint64_t at = 0; lp_mem_next(k->mem, at, &m); at = m.end)
            lp_proc_mapping(&b, k, &m);
    else if (!strcmp(name, "cmdline"))
        add_guest(&b, k, im->arg_start, im->arg_end);
    else if (!strcmp(name, "environ"))
        add_guest(&b, k, im->arg_end, im->env_end);
    else if (!strcmp(name, "auxv"))
        lp_buf_add(&b, im->auxv, im->auxv_len * 8);
    else
        return NULL;
    char *text = lp_buf_take(&b, &n);
    *len = n;
    return text;
}

/* /proc/cpuinfo as arm64 prints it, for as many CPUs as there are; BogoMIPS is twice the counter's MHz. */
static char *cpuinfo(struct lp_kernel *k, uint64_t *len)
{
    struct lp_buf b = {0};
    char features[1024];
    size_t n = 0;
    const struct lp_cpu_model *m = k->model ? k->model : &lp_cpu_max;
    lp_cpu_features(m, features, sizeof features);
    for (long i = 0; i < sysconf(_SC_NPROCESSORS_ONLN); i++)
        lp_buf_printf(&b, "processor\t: %ld\nBogoMIPS\t: 2000.00\nFeatures\t: %s\nCPU implementer\t: 0x%02x\nCPU architecture: 8\n"
                          "CPU variant\t: 0x%x\nCPU part\t: 0x%03x\nCPU revision\t: %u\n\n",
                      i, features, m->midr >> 24, m->midr >> 20 & 15, m->midr >> 4 & 0xfff, m->midr & 15);
    char *text = lp_buf_take(&b, &n);
    *len = n;
    return text;
}

/* ---- other processes under lprun ---- */
/* "/proc/PID/X" or "/proc/PID/task/TID/X" of another process: "X" and the PID. */
static const char *other_name(const char *path, int *pid)
{
    const char *p = skip(path, "/proc/"), *name = skip_id(p, 0);
    *pid = name ? atoi(p) : 0;
    const char *task = skip_id(skip(name, "task/"), 0);
    return task ? task : name;
}

bool lp_proc_other_exe(const char *path, char *out)
{
    int pid;
    struct lp_guest g;
    const char *name = other_name(path, &pid);
    if (!name || strcmp(name, "exe") || !lp_remote_find(pid, &g) || !g.exe[0])
        return false;
    snprintf(out, PATH_MAX, "%s", g.exe);
    return true;
}

static char *other_strings(int pid, const struct lp_guest *g, uint64_t from, uint64_t to, uint64_t *len)
{
    char *text = to > from && to - from < MAX_STRINGS ? malloc(to - from + 1) : NULL;
    *len = to - from;
    if (text && lp_remote_read(pid, g, text, from, to - from) == 0)
        return text;
    free(text);
    return NULL;
}

static char *other_text(struct lp_kernel *k, const char *path, const char **name, uint64_t *len)
{
    static const char *const names[] = {"cmdline", "environ", "maps", "smaps", "smaps_rollup", "numa_maps"};
    int pid;
    struct lp_guest g;
    size_t i = 0;
    *name = other_name(path, &pid);
    while (*name && i < sizeof names / sizeof names[0] && strcmp(*name, names[i]))
        i++;
    if (!*name || i == sizeof names / sizeof names[0] || !lp_remote_find(pid, &g))
        return NULL;
    return i == 0 ? other_strings(pid, &g, g.arg_start, g.arg_end, len) : i == 1 ? other_strings(pid, &g, g.arg_end, g.env_end, len)
                                                                                  : lp_proc_maps(k, pid, &g, *name, len);
}

/* ---- opened ---- */
static char *own_text(struct lp_kernel *k, const char *path, const char *name, uint64_t *len)
{
    char *text = lp_proc_text(k, name, len);
    if (!text)
        text = lp_proc_edited(k, path, name, len);
    return text ? text : lp_proc_maps(k, getpid(), lp_remote_own(), name, len);
}

int64_t lp_proc_opened(struct lp_kernel *k, int64_t fd, uint32_t guest_flags)
{
    struct statfs s;
    char path[PATH_MAX];
    if (fd < 0 || fstatfs((int)fd, &s) || s.f_type != PROC_SUPER_MAGIC)
        return fd;
    lp_fd_path((int)fd, path, sizeof path);
    int64_t r = lp_proc_open(k, path, guest_flags);
    if (r == -ENOSYS)
        return fd;
    close((int)fd);
    return r;
}

int64_t lp_proc_open(struct lp_kernel *k, const char *path, uint32_t guest_flags)
{
    uint64_t len = 0;
    const char *name = lp_proc_self(path), *as = name;
    char *text;
    if (strncmp(path, "/proc/", 6) != 0)
        return -ENOSYS;
    if (name && !strcmp(name, "mem")) /* the engine's memory, at the engine's addresses */
        return -EACCES;
    if (name && !strcmp(name, "pagemap")) /* by the engine's addresses; a kernel without CONFIG_PROC_PAGE_MONITOR has none */
        return -ENOENT;
    if (!strcmp(path, "/proc/cpuinfo"))
        text = cpuinfo(k, &len), as = "cpuinfo";
    else
        text = name ? own_text(k, path, name, &len) : other_text(k, path, &as, &len);
    if (!text)
        return -ENOSYS;
    int64_t r = (guest_flags & LP_O_ACCMODE) == O_RDONLY ? lp_fd_memory(k, as, guest_flags & LP_O_CLOEXEC ? MFD_CLOEXEC : 0, text, len) : -EACCES;
    free(text);
    return r;
}
