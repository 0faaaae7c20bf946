/* kernel/procmaps.c - /proc/PID/{maps,smaps,smaps_rollup,numa_maps}: the host's text, but of the guest's memory only, at the guest's addresses.
 *
 * A region of the host may show several mappings of the guest, which differ in what the host does not know (PROT_EXEC, "[heap]"): its numbers are
 * shared out among them by the pages that are there. Of another process under lprun it is only known where its guest is. */
#include <config.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/file.h"
#include "kernel/proc.h"
#include "kernel/remote.h"
#include "kernel/sysroot.h"

#define TEXT_MAX ((size_t)256 << 20)
/* Of a word of pagemap: in memory or swapped; of a file or shared memory; mapped here only. */
#define PRESENT (UINT64_C(3) << 62)
#define FILE_PAGE (UINT64_C(1) << 61)
#define EXCLUSIVE (UINT64_C(1) << 56)
enum { MAX_KEYS = 40, SHARED_ANON = 0, SHARED_FILE, PRIVATE_ANON, PRIVATE_FILE, KINDS };

/* Pages by kind. */
struct pages { uint64_t n[KINDS]; };

struct walk {
    struct lp_kernel *k;
    struct lp_guest at;       /* where the guest is in the process */
    bool own;                 /* it is this process */
    bool rollup;
    struct lp_buf out;
    uint64_t start, end;      /* of the region, the host's addresses */
    const char *head, *body, *stop; /* its line behind the addresses, the lines that follow, their end */
    struct { char name[32]; unsigned long long kb; } sum[MAX_KEYS];
    size_t n_sums;
    uint64_t first, last;     /* the guest's, of all */
};

/* ---- one line of numbers ---- */

static void add_sum(struct walk *w, const char *key, unsigned long long kb)
{
    size_t i = 0;
    while (i < w->n_sums && strcmp(w->sum[i].name, key))
        i++;
    if (i == MAX_KEYS)
        return;
    if (i == w->n_sums) {
        snprintf(w->sum[i].name, sizeof w->sum[i].name, "%s", key);
        w->sum[w->n_sums++].kb = 0;
    }
    w->sum[i].kb += kb;
}

/* How many pages count for a key: dirty private pages are those of no file, mostly. */
static uint64_t weight(const struct pages *p, const char *key)
{
    static const struct { const char *key; unsigned kinds; } rows[] = {
        {"Private_Dirty", 1 << PRIVATE_ANON}, {"Private_Clean", 1 << PRIVATE_FILE}, {"Shared_Dirty", 1 << SHARED_ANON},
        {"Shared_Clean", 1 << SHARED_FILE}, {"Anonymous", 1 << PRIVATE_ANON | 1 << SHARED_ANON}, {"Pss_Dirty", 1 << PRIVATE_ANON | 1 << SHARED_ANON}};
    unsigned kinds = (1 << KINDS) - 1;
    uint64_t n = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(key, rows[i].key))
            kinds = rows[i].kinds;
    for (unsigned i = 0; i < KINDS; i++)
        n += kinds >> i & 1 ? p->n[i] : 0;
    return n;
}

static unsigned long long share(unsigned long long kb, const struct pages *part, const struct pages *all, const char *key)
{
    uint64_t n = weight(all, key);
    return n ? kb / 4 * weight(part, key) / n * 4 : 0;
}

/* `part` of `all` pages are in this mapping, of `size` bytes; NULL: it has all. */
static void add_line(struct walk *w, const char *line, const char *end, uint64_t size, const struct pages *part, const struct pages *all)
{
    char text[256], key[32];
    unsigned long long kb;
    snprintf(text, sizeof text, "%.*s", (int)(end - line), line);
    bool number = sscanf(text, "%31[^:]: %llu", key, &kb) == 2 && strstr(text, " kB"), page = strstr(text, "PageSize") != NULL;
    if (number && !page) {
        kb = !strcmp(key, "Size") ? size / 1024 : all ? share(kb, part, all, key) : kb;
        if (w->rollup && strcmp(key, "Size"))
            add_sum(w, key, kb);
    }
    if (w->rollup)
        return;
    if (number && !page)
        lp_buf_printf(&w->out, "%s:%*llu kB\n", key, strlen(key) < 23 ? (int)(23 - strlen(key)) : 1, kb);
    else
        lp_buf_add(&w->out, line, (size_t)(end - line));
}

static void add_lines(struct walk *w, uint64_t size, const struct pages *part, const struct pages *all)
{
    for (const char *line = w->body, *end; line < w->stop; line = end) {
        end = memchr(line, '\n', (size_t)(w->stop - line));
        end = end ? end + 1 : w->stop;
        add_line(w, line, end, size, part, all);
    }
}

/* ---- one region ---- */

static void count(struct pages *p, uint64_t host, uint64_t len)
{
    uint64_t words[512];
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    for (uint64_t page = 0; fd >= 0 && page < len / LP_PAGE;) {
        size_t want = len / LP_PAGE - page < 512 ? (size_t)(len / LP_PAGE - page) : 512;
        if (pread(fd, words, want * 8, (off_t)((host / LP_PAGE + page) * 8)) != (ssize_t)(want * 8))
            break;
        for (size_t i = 0; i < want; i++)
            if (words[i] & PRESENT)
                p->n[(words[i] & EXCLUSIVE ? PRIVATE_ANON : SHARED_ANON) + (words[i] & FILE_PAGE ? 1 : 0)]++;
        page += want;
    }
    if (fd >= 0)
        close(fd);
}

static void extent(struct walk *w, uint64_t start, uint64_t end)
{
    if (!w->last)
        w->first = start;
    w->last = end;
}

/* The next of the guest's mappings in the region, cut to it. The host may have several regions for one mapping. */
static bool next_piece(const struct walk *w, uint64_t from, struct lp_mapping *m)
{
    uint64_t end = w->end - w->at.base;
    if (from >= end || !lp_mem_next(w->k->mem, from, m) || m->start >= end)
        return false;
    if (m->start < from) {
        m->file_off += m->ino ? from - m->start : 0;
        m->start = from;
    }
    m->end = m->end < end ? m->end : end;
    return true;
}

static void own_region(struct walk *w)
{
    struct lp_mapping m;
    uint64_t from = w->start - w->at.base, pieces = 0;
    struct pages all = {0};
    for (uint64_t at = from; next_piece(w, at, &m); at = m.end)
        pieces++;
    bool several = pieces > 1;
    for (uint64_t at = from; several && next_piece(w, at, &m); at = m.end)
        count(&all, w->at.base + m.start, m.end - m.start);
    for (uint64_t at = from; next_piece(w, at, &m); at = m.end) {
        if (!w->rollup)
            lp_proc_mapping(&w->out, w->k, &m);
        extent(w, m.start, m.end);
        struct pages part = {0};
        if (several)
            count(&part, w->at.base + m.start, m.end - m.start);
        add_lines(w, m.end - m.start, &part, several ? &all : NULL);
    }
}

/* What nobody may touch is more likely reserved than mapped. */
static void other_region(struct walk *w)
{
    char rest[512], name[512] = "";
    int at = 0;
    snprintf(rest, sizeof rest, "%.*s", (int)(w->body - w->head), w->head);
    if (!strncmp(rest, "---p", 4))
        return;
    uint64_t start = w->start - w->at.base, end = w->end - w->at.base;
    sscanf(rest, "%*s %*s %*s %*s%n %511[^\n]", &at, name);
    if (!w->rollup)
        lp_buf_printf(&w->out, "%08" PRIx64 "-%08" PRIx64 " %.*s %s\n", start, end, at, rest, lp_sysroot_guest(w->k, name));
    extent(w, start, end);
    add_lines(w, end - start, NULL, NULL);
}

static void region(struct walk *w)
{
    if (w->start < w->at.base || w->end > w->at.base + w->at.limit)
        return;
    if (w->own)
        own_region(w);
    else
        other_region(w);
}

/* ---- the text ---- */

/* "FROM-TO ", and what is behind it. Not by sscanf, which looks for the end of the whole text each time. */
static const char *addresses(const char *line, uint64_t *from, uint64_t *to)
{
    char *p;
    *from = strtoull(line, &p, 16);
    if (p == line || *p != '-')
        return NULL;
    *to = strtoull(p + 1, &p, 16);
    return *p == ' ' ? p + 1 : NULL;
}

static void walk(struct walk *w, const char *text)
{
    bool any = false;
    for (const char *line = text, *end; *line; line = end) {
        uint64_t from, to;
        const char *head = addresses(line, &from, &to);
        end = line + strcspn(line, "\n");
        end += *end == '\n';
        if (head) {
            w->stop = line;
            if (any)
                region(w);
            any = true;
            w->start = from, w->end = to, w->head = head, w->body = end;
        }
        w->stop = end;
    }
    if (any)
        region(w);
}

static void put_rollup(struct walk *w)
{
    struct lp_mapping all = {.start = w->first, .end = w->last, .name = "[rollup]"};
    lp_proc_mapping(&w->out, w->k, &all);
    for (size_t i = 0; i < w->n_sums; i++)
        lp_buf_printf(&w->out, "%s:%*llu kB\n", w->sum[i].name, (int)(23 - strlen(w->sum[i].name) % 23), w->sum[i].kb);
}

/* The rest of a line; a file as the guest names it. */
static void add_numa(struct walk *w, uint64_t at, const char *rest, const char *end)
{
    static const char key[] = " file=";
    const char *file = memmem(rest, (size_t)(end - rest), key, sizeof key - 1), *name = file ? file + sizeof key - 1 : end;
    char text[4096];
    snprintf(text, sizeof text, "%.*s", (int)(end - name), name);
    lp_buf_printf(&w->out, "%08" PRIx64 "%.*s%s", at, (int)(name - rest), rest, lp_sysroot_guest(w->k, text));
}

/* "ADDRESS policy ...": where a mapping of the guest begins or goes on. */
static void numa(struct walk *w, const char *text)
{
    for (const char *line = text, *end; *line; line = end) {
        struct lp_mapping m;
        char *rest;
        uint64_t at = strtoull(line, &rest, 16) - w->at.base;
        end = line + strcspn(line, "\n");
        end += *end == '\n';
        if (at < w->at.limit && (!w->own || (lp_mem_next(w->k->mem, at, &m) && m.start <= at)))
            add_numa(w, at, rest, end);
    }
}

char *lp_proc_maps(struct lp_kernel *k, int pid, const struct lp_guest *at, const char *name, uint64_t *len)
{
    static const char *const names[] = {"maps", "smaps", "smaps_rollup", "numa_maps"};
    struct walk w = {.k = k, .at = *at, .own = pid == getpid()};
    char path[48], *text;
    size_t n, size = 0;
    unsigned i = 0;
    while (i < 4 && strcmp(name, names[i]))
        i++;
    w.rollup = i == 2;
    snprintf(path, sizeof path, "/proc/%d/%s", pid, w.rollup ? "smaps" : name);
    if (i == 4 || lp_file_read(path, TEXT_MAX, &text, &n, NULL) != LP_OK)
        return NULL;
    if (i == 3)
        numa(&w, text);
    else
        walk(&w, text);
    if (w.rollup)
        put_rollup(&w);
    free(text);
    text = lp_buf_take(&w.out, &size);
    *len = size;
    return text;
}
