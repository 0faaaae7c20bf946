/* live/room.c - address space for new code within reach of an object's code. Its data may be large (.bss), and is reached from far away. */
#include <config.h>
#include "base/bits.h"
#include "base/buf.h"
#include "elf/image.h"
#include "live/journal.h"

#include <string.h>

#define REACH (UINT64_C(100) << 20) /* B reaches 128 MiB; the object's code and the new one need some of it */

struct lp_room { uint64_t len, align; };

static uint64_t find(struct lp_job *job, uint64_t from, uint64_t to, const struct lp_room *r)
{
    const uint64_t addr = from < to ? lp_mem_find_free(job->live->mem, from, to, r->len + r->align - LP_PAGE) : 0;
    return lp_align_up(addr, r->align);
}

/* Free addresses in [from, to) that this call has not given away already; the range is remembered. */
static uint64_t take(struct lp_job *job, uint64_t from, uint64_t to, const struct lp_room *r)
{
    const uint64_t len = r->len;
    from = lp_align_up(from, LP_PAGE), to = lp_align_down(to, LP_PAGE);
    size_t lo = 0, hi = job->ntaken;
    while (lo < hi) { /* the first range that ends behind `from` */
        size_t mid = lo + (hi - lo) / 2;
        if (job->taken[mid].end <= from) lo = mid + 1;
        else hi = mid;
    }
    uint64_t addr = find(job, from, to, r);
    for (; addr && lo < job->ntaken && addr + len > job->taken[lo].start; lo++) {
        if (addr >= job->taken[lo].end) continue;
        from = job->taken[lo].end;
        addr = find(job, from, to, r);
    }
    struct lp_retired *v = addr ? lp_grow(job->taken, &job->taken_cap, job->ntaken, sizeof *v) : NULL;
    if (!v) return 0;
    job->taken = v;
    bool joins = lo && v[lo - 1].end == addr; /* ranges that touch are one, so there are few */
    if (joins) return v[lo - 1].end += len, addr;
    memmove(v + lo + 1, v + lo, (job->ntaken - lo) * sizeof *v);
    v[lo] = (struct lp_retired){addr, addr + len};
    job->ntaken++;
    return addr;
}

/* For the program away from where its heap grows: below it, else far above, else close; for a library as near as possible. */
static uint64_t place(struct lp_job *job, const struct lp_target *t, const struct lp_room *r)
{
    size_t n;
    uint64_t lo = UINT64_MAX, hi = 0, addr = 0;
    const struct lp_elf_segment *s = lp_elf_segments(t->elf, &n);
    for (size_t i = 0; i < n; i++) {
        if (s[i].type != 1) continue;
        if (s[i].vaddr < lo) lo = s[i].vaddr;
        if (s[i].vaddr + s[i].memsz > hi) hi = s[i].vaddr + s[i].memsz;
    }
    if (hi <= lo) return 0;
    uint64_t code, code_end;
    if (!lp_elf_code_extent(t->elf, &code, &code_end)) code = lo, code_end = hi;
    lo += t->bias, hi += t->bias, code += t->bias, code_end += t->bias;
    uint64_t floor = code_end > REACH && code_end - REACH > 0x100000 ? code_end - REACH : 0x100000, end = code + (UINT64_C(127) << 20);
    if (!t->main) addr = take(job, hi, end, r);
    if (!addr) addr = take(job, floor, lo, r);
    if (!addr) addr = take(job, code + REACH > hi ? code + REACH : hi, end, r);
    return addr ? addr : take(job, hi, end, r);
}

uint64_t lp_job_place(void *ctx, const struct lp_plan *pl, struct lp_region *r, uint64_t len)
{
    struct lp_job *job = ctx;
    const struct lp_idle *idle = r->data_len ? NULL : lp_idle_for(job->live, pl->patch, r->target, len);
    r->again = idle != NULL;
    return idle ? idle->addr : place(job, r->target, &(struct lp_room){len, r->align});
}
