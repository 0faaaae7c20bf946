/* kernel/proc.c - /proc/self/{maps,cmdline,environ,auxv} and /proc/cpuinfo, in memfds; the paths of /proc/self. */
#include <config.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/file.h"
#include "exec/model.h"
#include "kernel/flags.h"
#include "kernel/kernel.h"
#include "kernel/proc.h"
#include "kernel/sysroot.h"

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

const char *lp_proc_self(const char *path)
{
    const char *p = skip(path, "/proc/"), *q;
    if (!p)
        return NULL;
    if (!(q = skip(p, "self/")) && !(q = skip(p, "thread-self/")) && !(q = skip_id(p, getpid())))
        return NULL;
    const char *task = skip_id(skip(q, "task/"), 0);
    return task ? task : q;
}

static void add_mapping(struct lp_buf *b, const struct lp_kernel *k, const struct lp_mapping *m)
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
            add_mapping(&b, k, &m);
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

static int64_t memfd_with(const char *name, const char *text, uint64_t len, uint32_t guest_flags)
{
    int fd = memfd_create(name, guest_flags & LP_O_CLOEXEC ? MFD_CLOEXEC : 0);
    if (fd < 0)
        return -errno;
    int e = lp_write_all(fd, text, len);
    if (!e && lseek(fd, 0, SEEK_SET) < 0)
        e = errno;
    if (!e)
        return fd;
    close(fd);
    return -e;
}

int64_t lp_proc_open(struct lp_kernel *k, const char *path, uint32_t guest_flags)
{
    const char *name = lp_proc_self(path);
    bool cpu = !strcmp(path, "/proc/cpuinfo");
    uint64_t len = 0;
    if (!name && !cpu)
        return -ENOSYS;
    if (name && !strcmp(name, "mem")) /* the engine's memory, at the engine's addresses */
        return -EACCES;
    char *text = cpu ? cpuinfo(k, &len) : lp_proc_text(k, name, &len);
    if (!text && !cpu)
        text = lp_proc_edited(k, path, name, &len);
    if (!text)
        return -ENOSYS;
    int64_t r = (guest_flags & LP_O_ACCMODE) == O_RDONLY ? memfd_with(cpu ? "cpuinfo" : name, text, len, guest_flags) : -EACCES;
    free(text);
    return r;
}
