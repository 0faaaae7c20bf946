/* kernel/procstat.c - /proc/self/{stat,statm,status,limits}: the host's text, but for the numbers that would be the engine's. */
#include <config.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/file.h"
#include "kernel/kernel.h"
#include "kernel/proc.h"
#include "kernel/seccomp.h"
#include "kernel/signal.h"

#define TEXT_MAX 16384
#define OLD_SIGNALS 0x7fffffff /* /proc/PID/stat shows the first 31 */

/* Bytes of all mappings that have these flags. */
static uint64_t guest_size(struct lp_kernel *k, unsigned flags)
{
    struct lp_mapping m;
    uint64_t n = 0;
    for (uint64_t at = 0; lp_mem_next(k->mem, at, &m); at = m.end)
        n += (m.flags & flags) == flags ? m.end - m.start : 0;
    return n;
}

static int guest_threads(struct lp_kernel *k)
{
    pthread_mutex_lock(&k->thread_lock);
    int n = k->alive;
    pthread_mutex_unlock(&k->thread_lock);
    return n;
}

/* Where the segments with these flags begin and end, in memory. */
static void extent(const struct lp_image *im, uint32_t flag, uint64_t *start, uint64_t *end)
{
    size_t n;
    const struct lp_elf_segment *s = lp_elf_segments(im->elf, &n);
    *start = *end = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i].type != PT_LOAD || !(s[i].flags & flag))
            continue;
        if (!*end)
            *start = s[i].vaddr + im->bias;
        *end = s[i].vaddr + s[i].filesz + im->bias;
    }
}

/* Of all signals, those that are ignored (or else caught). */
static uint64_t signals(struct lp_kernel *k, bool ignored)
{
    uint64_t set = 0;
    pthread_mutex_lock(&k->signals->lock);
    for (int i = 1; i <= LP_NSIG; i++) {
        uint64_t h = k->signals->action[i].handler;
        if (ignored ? h == (uint64_t)(uintptr_t)SIG_IGN : h > (uint64_t)(uintptr_t)SIG_IGN)
            set |= LP_SIGBIT(i);
    }
    pthread_mutex_unlock(&k->signals->lock);
    return set;
}

/* A number by its place in the line, from 3 (the state) on: proc(5). */
struct field { int nr; uint64_t value; };

static const struct field *field_of(const struct field *f, size_t n, int nr)
{
    for (size_t i = 0; i < n; i++)
        if (f[i].nr == nr)
            return &f[i];
    return NULL;
}

static void edit_stat(struct lp_buf *b, struct lp_kernel *k, char *text)
{
    const struct lp_image *im = &k->image;
    uint64_t code, code_end, data, data_end;
    char *rest = strrchr(text, ')'), *save = NULL; /* the name may hold anything */
    if (!rest || !im->elf)
        return;
    extent(im, PF_X, &code, &code_end);
    extent(im, PF_W, &data, &data_end);
    const struct field f[] = {{20, (uint64_t)guest_threads(k)}, {23, guest_size(k, 0)}, {26, code}, {27, code_end}, {28, im->sp}, {29, 0}, {30, 0},
                              {33, signals(k, true) & OLD_SIGNALS}, {34, signals(k, false) & OLD_SIGNALS}, {45, data}, {46, data_end}, {47, k->heap->start},
                              {48, im->arg_start}, {49, im->arg_end}, {50, im->arg_end}, {51, im->env_end}};
    lp_buf_add(b, text, (size_t)(rest + 1 - text));
    int nr = 3;
    for (char *p = strtok_r(rest + 1, " \n", &save); p; p = strtok_r(NULL, " \n", &save), nr++) {
        const struct field *mine = field_of(f, sizeof f / sizeof f[0], nr);
        if (mine)
            lp_buf_printf(b, " %llu", (unsigned long long)mine->value);
        else
            lp_buf_printf(b, " %s", p);
    }
    lp_buf_puts(b, "\n");
}

static void edit_statm(struct lp_buf *b, struct lp_kernel *k, char *text)
{
    unsigned long long resident = 0, shared = 0, code = 0;
    if (sscanf(text, "%*s %llu %llu %llu", &resident, &shared, &code) == 3)
        lp_buf_printf(b, "%llu %llu %llu %llu 0 %llu 0\n", (unsigned long long)(guest_size(k, 0) / LP_PAGE), resident, shared, code,
                      (unsigned long long)(guest_size(k, LP_W) / LP_PAGE));
}

static bool edit_line(struct lp_buf *b, struct lp_kernel *k, const char *name)
{
    unsigned filters, mode;
    if (!strcmp(name, "VmPeak") || !strcmp(name, "VmSize") || !strcmp(name, "VmData"))
        lp_buf_printf(b, "%s:\t%8llu kB\n", name, (unsigned long long)(guest_size(k, name[2] == 'D' ? LP_W : 0) / 1024));
    else if (!strcmp(name, "Threads"))
        lp_buf_printf(b, "%s:\t%d\n", name, guest_threads(k));
    else if (!strcmp(name, "SigIgn") || !strcmp(name, "SigCgt"))
        lp_buf_printf(b, "%s:\t%016llx\n", name, (unsigned long long)signals(k, name[3] == 'I'));
    else if (!strncmp(name, "Seccomp", 7) && (mode = lp_seccomp_shown(k, &filters)) != 0)
        lp_buf_printf(b, "%s:\t%u\n", name, name[7] ? filters : mode);
    else
        return false;
    return true;
}

static void edit_status(struct lp_buf *b, struct lp_kernel *k, char *text)
{
    for (char *line = text, *end; *line; line = end) {
        char name[16] = "";
        end = line + strcspn(line, "\n");
        end += *end == '\n';
        snprintf(name, sizeof name, "%.*s", (int)strcspn(line, ":"), line);
        if (!edit_line(b, k, name))
            lp_buf_add(b, line, (size_t)(end - line));
    }
}

/* The limits that the engine keeps. */
static void edit_limits(struct lp_buf *b, struct lp_kernel *k, char *text)
{
    const struct { const char *name; const struct rlimit *limit; } rows[] = {{"Max data size", &k->limit_data}, {"Max stack size", &k->limit_stack},
                                                                              {"Max open files", &k->limit_nofile}, {"Max address space", &k->limit_as}};
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        size_t i = 0;
        while (i < sizeof rows / sizeof rows[0] && strncmp(line, rows[i].name, strlen(rows[i].name)))
            i++;
        if (i == sizeof rows / sizeof rows[0]) {
            lp_buf_printf(b, "%s\n", line);
            continue;
        }
        char soft[24] = "unlimited", hard[24] = "unlimited";
        pthread_mutex_lock(&k->limit_lock);
        if (rows[i].limit->rlim_cur != RLIM_INFINITY)
            snprintf(soft, sizeof soft, "%llu", (unsigned long long)rows[i].limit->rlim_cur);
        if (rows[i].limit->rlim_max != RLIM_INFINITY)
            snprintf(hard, sizeof hard, "%llu", (unsigned long long)rows[i].limit->rlim_max);
        pthread_mutex_unlock(&k->limit_lock);
        lp_buf_printf(b, "%-25s %-20s %-20s %-10s\n", rows[i].name, soft, hard, i == 2 ? "files" : "bytes");
    }
}

char *lp_proc_edited(struct lp_kernel *k, const char *path, const char *name, uint64_t *len)
{
    static const struct { const char *name; void (*edit)(struct lp_buf *b, struct lp_kernel *k, char *text); } files[] = {
        {"stat", edit_stat}, {"statm", edit_statm}, {"status", edit_status}, {"limits", edit_limits}};
    struct lp_buf b = {0};
    char *text, *out = NULL;
    size_t n, size = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strcmp(name, files[i].name) || lp_file_read(path, TEXT_MAX, &text, &n, NULL) != LP_OK)
            continue;
        files[i].edit(&b, k, text);
        free(text);
        out = lp_buf_take(&b, &size);
    }
    *len = size;
    return out;
}
