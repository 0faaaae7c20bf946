/* mem/vma.c - the guest's mappings as a sorted array: look-up, split, merge, placement, names. The caller holds the lock. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "mem/grow.h"
#include "mem/space.h"

bool lp_vma_room(struct lp_mem *m, size_t more)
{
    if (m->n + more <= m->cap)
        return true;
    size_t cap = (m->cap + more) * 2;
    struct lp_vma *v = realloc(m->vma, cap * sizeof *v);
    if (!v)
        return false;
    m->vma = v;
    m->cap = cap;
    return true;
}

static void drop_name(struct lp_vma_name *name)
{
    if (name && --name->refs == 0)
        free(name);
}

void lp_vma_free_all(struct lp_mem *m)
{
    for (size_t i = 0; i < m->n; i++)
        drop_name(m->vma[i].name);
    free(m->vma);
    m->vma = NULL;
    m->n = m->cap = 0;
}

size_t lp_vma_at(const struct lp_mem *m, uint64_t addr)
{
    size_t lo = 0, hi = m->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (m->vma[mid].end > addr)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

unsigned lp_vma_page(const struct lp_mem *m, uint64_t addr)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&m->lock;
    pthread_mutex_lock(lock);
    size_t i = lp_vma_at(m, addr);
    unsigned f = i < m->n && m->vma[i].start <= addr && !(m->vma[i].flags & (LP_R | LP_W | LP_X)) ? lp_page_of(m->vma[i].flags) : 0;
    pthread_mutex_unlock(lock);
    return f;
}

bool lp_vma_any(const struct lp_mem *m, uint64_t start, uint64_t end)
{
    size_t i = lp_vma_at(m, start);
    return i < m->n && m->vma[i].start < end;
}

bool lp_vma_covers(const struct lp_mem *m, uint64_t start, uint64_t end)
{
    for (size_t i = lp_vma_at(m, start); start < end; start = m->vma[i++].end)
        if (i >= m->n || m->vma[i].start > start)
            return false;
    return true;
}

bool lp_vma_has(const struct lp_mem *m, uint64_t start, uint64_t end, unsigned flag)
{
    for (size_t i = lp_vma_at(m, start); i < m->n && m->vma[i].start < end; i++)
        if (m->vma[i].flags & flag)
            return true;
    return false;
}

static void open_gap(struct lp_mem *m, size_t i)
{
    memmove(&m->vma[i + 1], &m->vma[i], (m->n - i) * sizeof *m->vma);
    m->n++;
}

static void split(struct lp_mem *m, uint64_t addr)
{
    size_t i = lp_vma_at(m, addr);
    if (i >= m->n || m->vma[i].start >= addr)
        return;
    open_gap(m, i);
    struct lp_vma *a = &m->vma[i], *b = a + 1;
    a->end = b->start = addr;
    if (lp_vma_backed(b))
        b->off += addr - a->start;
    if (a->name)
        a->name->refs++;
}

static bool joins(const struct lp_vma *a, const struct lp_vma *b)
{
    if (a->end != b->start || a->flags != b->flags || a->name != b->name || a->dev != b->dev || a->ino != b->ino)
        return false;
    if (a->flags & LP_V_ANON)
        return !(a->flags & LP_SHARED); /* each shared anonymous mapping is an object of its own */
    return a->off + (a->end - a->start) == b->off;
}

/* Join what can be joined among the neighbours of [start, end). */
static void merge(struct lp_mem *m, uint64_t start, uint64_t end)
{
    size_t i = lp_vma_at(m, start ? start - 1 : 0), to = i;
    if (i >= m->n)
        return;
    size_t from = i + 1;
    for (; from < m->n && m->vma[from].start <= end; from++) {
        if (joins(&m->vma[to], &m->vma[from])) {
            m->vma[to].end = m->vma[from].end;
            drop_name(m->vma[from].name);
        } else {
            m->vma[++to] = m->vma[from];
        }
    }
    if (++to == from)
        return;
    memmove(&m->vma[to], &m->vma[from], (m->n - from) * sizeof *m->vma);
    m->n -= from - to;
}

void lp_vma_remove(struct lp_mem *m, uint64_t start, uint64_t end)
{
    split(m, start);
    split(m, end);
    size_t i = lp_vma_at(m, start), j = i;
    for (; j < m->n && m->vma[j].start < end; j++)
        drop_name(m->vma[j].name);
    if (j > i) {
        memmove(&m->vma[i], &m->vma[j], (m->n - j) * sizeof *m->vma);
        m->n -= j - i;
        m->scan_top = m->top; /* a new hole */
        m->scan_len = UINT64_MAX;
    }
}

void lp_vma_insert(struct lp_mem *m, const struct lp_vma *v)
{
    struct lp_vma copy = *v; /* v may lie in the array */
    size_t i = lp_vma_at(m, copy.start);
    open_gap(m, i);
    m->vma[i] = copy;
    if (copy.name)
        copy.name->refs++;
    merge(m, copy.start, copy.end);
}

void lp_vma_flags(struct lp_mem *m, uint64_t start, uint64_t end, unsigned clear, unsigned set)
{
    split(m, start);
    split(m, end);
    for (size_t i = lp_vma_at(m, start); i < m->n && m->vma[i].start < end; i++)
        m->vma[i].flags = (m->vma[i].flags & ~clear) | set;
    merge(m, start, end);
}

/* Where a mapping begins for mmap without an address. */
static uint64_t lower_end(const struct lp_vma *v)
{
    uint64_t gap = v->flags & LP_V_GROWSDOWN ? LP_STACK_GAP : 0;
    return v->start > gap ? v->start - gap : 0;
}

/* The highest hole of len bytes in [LP_MIN_ADDR, top). */
static uint64_t place_down(const struct lp_mem *m, uint64_t top, uint64_t len)
{
    uint64_t end = top;
    for (size_t i = lp_vma_at(m, top - 1); ; i--) {
        if (i < m->n && m->vma[i].end <= end && end - m->vma[i].end >= len)
            return end - len;
        if (i < m->n && lower_end(&m->vma[i]) < end)
            end = lower_end(&m->vma[i]);
        if (i == 0)
            break;
    }
    return end >= LP_MIN_ADDR && end - LP_MIN_ADDR >= len ? end - len : 0;
}

static uint64_t place_up(const struct lp_mem *m, uint64_t from, uint64_t to, uint64_t len)
{
    size_t i = lp_vma_at(m, from);
    for (; len <= to && from <= to - len; i++) {
        if (i >= m->n || (lower_end(&m->vma[i]) >= from && lower_end(&m->vma[i]) - from >= len))
            return from;
        from = m->vma[i].end;
    }
    return 0;
}

uint64_t lp_vma_place(struct lp_mem *m, uint64_t hint, uint64_t len)
{
    hint = lp_align_down(hint, LP_PAGE);
    if (hint && hint < LP_MIN_ADDR)
        hint = LP_MIN_ADDR;
    size_t i = lp_vma_at(m, hint);
    if (hint && lp_within(hint, len, m->limit) && (i >= m->n || lower_end(&m->vma[i]) >= hint + len))
        return hint;
    /* Top-down below the stack, as Linux; the remembered place keeps a run of mmap calls from scanning everything again. */
    uint64_t top = len >= m->scan_len ? m->scan_top : m->top;
    uint64_t a = place_down(m, top, len);
    if (a) {
        m->scan_top = a + len;
        m->scan_len = len;
        return a;
    }
    return place_up(m, m->top, m->limit, len);
}

uint64_t lp_mem_find_free(struct lp_mem *m, uint64_t from, uint64_t to, uint64_t len)
{
    if (m->flat || !len || len > m->limit)
        return 0;
    from = lp_align_up(from > LP_MIN_ADDR ? from : LP_MIN_ADDR, LP_PAGE);
    len = lp_align_up(len, LP_PAGE);
    pthread_mutex_lock(&m->lock);
    uint64_t a = place_up(m, from, to < m->limit ? to : m->limit, len);
    pthread_mutex_unlock(&m->lock);
    return a;
}

static bool next_flat(const struct lp_mem *m, uint64_t from, struct lp_mapping *out)
{
    *out = (struct lp_mapping){.start = m->start, .end = m->limit, .flags = LP_R | LP_W | LP_X | LP_MAPPED};
    return from < m->limit;
}

bool lp_mem_next(struct lp_mem *m, uint64_t from, struct lp_mapping *out)
{
    if (m->flat)
        return next_flat(m, from, out);
    pthread_mutex_lock(&m->lock);
    size_t i = lp_vma_at(m, from);
    bool found = i < m->n;
    if (found) {
        const struct lp_vma *v = &m->vma[i];
        *out = (struct lp_mapping){.start = v->start, .end = v->end, .flags = v->flags & LP_V_PUBLIC, .file_off = v->off,
                                   .dev = v->dev, .ino = v->ino};
        if (v->flags & LP_V_ANON)
            out->file_off = out->dev = out->ino = 0;
        if (v->name)
            strncpy(out->name, v->name->text, sizeof out->name - 1);
    }
    pthread_mutex_unlock(&m->lock);
    return found;
}

void lp_mem_views(struct lp_mem *m, uint64_t addr, uint64_t len, void (*fn)(void *ctx, uint64_t addr, uint64_t len), void *ctx)
{
    if (m->flat)
        return;
    pthread_mutex_lock(&m->lock);
    size_t i = lp_vma_at(m, addr);
    if (i < m->n && m->vma[i].start <= addr && m->vma[i].flags & LP_SHARED) {
        const struct lp_vma *of = &m->vma[i];
        uint64_t off = of->off + (addr - of->start);
        for (const struct lp_vma *v = m->vma; v < m->vma + m->n; v++)
            if (lp_vma_backed(v) && v->dev == of->dev && v->ino == of->ino && off >= v->off && off - v->off < v->end - v->start)
                fn(ctx, v->start + (off - v->off), len);
    }
    pthread_mutex_unlock(&m->lock);
}

void lp_mem_segment(struct lp_mem *m, uint64_t addr, int shmid)
{
    pthread_mutex_lock(&m->lock);
    size_t i = lp_vma_at(m, addr);
    if (i < m->n && m->vma[i].start == addr) {
        m->vma[i].dev = LP_SEGMENT_DEV;
        m->vma[i].ino = (uint64_t)shmid;
    }
    pthread_mutex_unlock(&m->lock);
}

/* The same text as a neighbour's shares its object, so that pieces of one file can be joined. */
static struct lp_vma_name *make_name(const struct lp_mem *m, size_t i, const char *name)
{
    for (size_t k = i ? i - 1 : 0; k < i + 2 && k < m->n; k++)
        if (m->vma[k].name && !strcmp(m->vma[k].name->text, name)) {
            m->vma[k].name->refs++;
            return m->vma[k].name;
        }
    size_t n = strlen(name) + 1;
    struct lp_vma_name *p = *name ? malloc(sizeof *p + n) : NULL;
    if (p) {
        p->refs = 1;
        memcpy(p->text, name, n);
    }
    return p;
}

void lp_mem_name(struct lp_mem *m, uint64_t addr, uint64_t len, const char *name, uint64_t file_off)
{
    uint64_t start = lp_align_down(addr, LP_PAGE), end = lp_align_up(addr + len, LP_PAGE);
    if (m->flat || end <= start)
        return;
    pthread_mutex_lock(&m->lock);
    if (lp_vma_room(m, 2)) { /* a name is an ornament: without memory there is none */
        split(m, start);
        split(m, end);
        size_t i = lp_vma_at(m, start);
        struct lp_vma_name *p = make_name(m, i, name);
        for (; i < m->n && m->vma[i].start < end; i++) {
            drop_name(m->vma[i].name);
            m->vma[i].name = p;
            if (!(m->vma[i].flags & LP_V_ANON))
                m->vma[i].off = file_off + (m->vma[i].start - start);
            if (p)
                p->refs++;
        }
        drop_name(p);
        merge(m, start, end);
    }
    pthread_mutex_unlock(&m->lock);
}
