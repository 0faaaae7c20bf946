/* kernel/prctl.c - prctl: what the host does as well, and what only arm64 has (pointer authentication, tagged addresses). */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include "base/bits.h"
#include "exec/model.h"
#include "exec/pauth.h"
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"
#include "kernel/seccomp.h"

/* Options that are answered here; not all headers of the host have them. */
enum {
    GET_SECCOMP = 21,
    SET_SECCOMP = 22,
    SET_VMA = 0x53564d41,
    GET_AUXV = 0x41555856,
    GET_TID_ADDRESS = 40,
    GET_SPECULATION_CTRL = 52,
    SET_SPECULATION_CTRL = 53,
    PAC_RESET_KEYS = 54,
    SET_TAGGED_ADDR_CTRL = 55,
    GET_TAGGED_ADDR_CTRL = 56,
    PAC_SET_ENABLED_KEYS = 60,
    PAC_GET_ENABLED_KEYS = 61,
};
#define TAGGED_ADDR_ENABLE 1
/* Of PR_SET_SPECULATION_CTRL: what, and how (bits; PRCTL: it can be set). */
enum { SPEC_STORE_BYPASS = 0, SPEC_PRCTL = 1, SPEC_ENABLE = 2, SPEC_DISABLE = 4, SPEC_FORCE_DISABLE = 8, SPEC_DISABLE_NOEXEC = 16 };
/* PR_PAC_APIAKEY APIBKEY APDAKEY APDBKEY APGAKEY are the bits of LP_PAUTH_; GA cannot be disabled. */
#define PAC_KEYS ((UINT64_C(1) << LP_PAUTH_KEYS) - 1)
#define PAC_ADDRESS_KEYS (PAC_KEYS >> 1)

/* Options that mean the same here as on arm64, with the signature (syscall.def) of the other four arguments. */
static const struct { int option; const char *sig; } prctls[] = {
    {1, "xxxx"}, {2, "P4xxx"},      /* PR_SET_PDEATHSIG PR_GET_PDEATHSIG */
    {3, "xxxx"}, {4, "xxxx"},       /* PR_GET_DUMPABLE PR_SET_DUMPABLE */
    {7, "xxxx"}, {8, "xxxx"},       /* PR_GET_KEEPCAPS PR_SET_KEEPCAPS */
    {13, "xxxx"}, {14, "xxxx"},     /* PR_GET_TIMING PR_SET_TIMING */
    {15, "P16xxx"}, {16, "P16xxx"}, /* PR_SET_NAME PR_GET_NAME */
    {23, "xxxx"}, {24, "xxxx"},     /* PR_CAPBSET_READ PR_CAPBSET_DROP */
    {27, "xxxx"}, {28, "xxxx"},     /* PR_GET_SECUREBITS PR_SET_SECUREBITS */
    {29, "xxxx"}, {30, "xxxx"},     /* PR_SET_TIMERSLACK PR_GET_TIMERSLACK */
    {31, "xxxx"}, {32, "xxxx"},     /* PR_TASK_PERF_EVENTS_DISABLE _ENABLE */
    {33, "xxxx"}, {34, "xxxx"},     /* PR_MCE_KILL PR_MCE_KILL_GET */
    {36, "xxxx"}, {37, "P4xxx"},    /* PR_SET_CHILD_SUBREAPER PR_GET_CHILD_SUBREAPER */
    {38, "xxxx"}, {39, "xxxx"},     /* PR_SET_NO_NEW_PRIVS PR_GET_NO_NEW_PRIVS */
    {41, "xxxx"}, {42, "xxxx"},     /* PR_SET_THP_DISABLE PR_GET_THP_DISABLE */
    {47, "xxxx"},                   /* PR_CAP_AMBIENT */
    {57, "xxxx"}, {58, "xxxx"},     /* PR_SET_IO_FLUSHER PR_GET_IO_FLUSHER */
    {62, "xixP8"},                  /* PR_SCHED_CORE */
    {0x59616d61, "xxxx"},           /* PR_SET_PTRACER */
};

static int64_t host_option(struct lp_thread *t, const uint64_t *a, const char *sig)
{
    const uint64_t rest[6] = {a[1], a[2], a[3], a[4], 0, 0};
    long h[6];
    int r = lp_convert(t, sig, rest, h);
    return r ? r : lp_host_raw(__NR_prctl, (int)a[0], h[0], h[1], h[2], h[3], 0);
}

/* PR_SET_VMA_ANON_NAME: up to 79 printable characters without brackets, backquotes, dollars and backslashes; NULL takes the name away. */
static int64_t name_memory(struct lp_thread *t, const uint64_t *a)
{
    char name[96] = "";
    uint64_t start = a[2], len = lp_align_up(a[3], LP_PAGE);
    if (a[1] || start % LP_PAGE || len < a[3])
        return -EINVAL;
    if (a[4]) {
        memcpy(name, "[anon:", 6);
        int64_t n = lp_get_str(t, name + 6, a[4], 80);
        if (n < 0)
            return n == -ENAMETOOLONG ? -EINVAL : n;
        for (const char *p = name + 6; *p; p++)
            if (*p < 0x20 || *p > 0x7e || strchr("\\`$[]", *p))
                return -EINVAL;
        strcpy(name + 6 + n, "]");
    }
    if (!lp_mem_check(t->k->mem, start, len, LP_MAPPED, NULL))
        return -ENOMEM;
    struct lp_mapping m;
    for (uint64_t at = start; at < start + len && lp_mem_next(t->k->mem, at, &m); at = m.end) {
        uint64_t end = m.end < start + len ? m.end : start + len;
        if (m.ino)
            return -EBADF;
        if (strcmp(m.name, "[heap]") != 0 && strcmp(m.name, "[stack]") != 0) /* they keep these names */
            lp_mem_name(t->k->mem, at, end - at, name, 0);
    }
    return 0;
}

/* PR_GET_AUXV: as much as there is room for; how much there is. */
static int64_t auxv(struct lp_thread *t, const uint64_t *a)
{
    const struct lp_image *im = &t->k->image;
    uint64_t all = im->auxv_len * 8;
    if (a[3] || a[4])
        return -EINVAL;
    return lp_put(t, a[1], im->auxv, a[2] < all ? a[2] : all) ? -EFAULT : (int64_t)all;
}

/* All options of arm64 insist that the arguments which they do not have are 0. */
static bool unused(const uint64_t *a, int from)
{
    uint64_t any = 0;
    for (int i = from; i < 5; i++)
        any |= a[i];
    return any == 0;
}

static int64_t pac_reset_keys(struct lp_thread *t, const uint64_t *a)
{
    if (!unused(a, 2) || (a[1] & ~PAC_KEYS))
        return -EINVAL;
    lp_pauth_draw(&t->cpu.pauth, (unsigned)(a[1] ? a[1] : PAC_KEYS));
    return 0;
}

static int64_t pac_enable_keys(struct lp_thread *t, const uint64_t *a)
{
    const uint64_t which = a[1], enable = a[2];
    if (!unused(a, 3) || (which & ~PAC_ADDRESS_KEYS) || (enable & ~which))
        return -EINVAL;
    t->cpu.pauth.disabled = (t->cpu.pauth.disabled & ~(uint32_t)which) | (uint32_t)(which & ~enable);
    return 0;
}

static int64_t pac_option(struct lp_thread *t, const uint64_t *a)
{
    if (!lp_cpu_has(&t->cpu, LP_FEATURE_PAuth))
        return -EINVAL;
    if ((int)a[0] == PAC_RESET_KEYS)
        return pac_reset_keys(t, a);
    if ((int)a[0] == PAC_SET_ENABLED_KEYS)
        return pac_enable_keys(t, a);
    return unused(a, 1) ? (int64_t)(PAC_ADDRESS_KEYS & ~(uint64_t)t->cpu.pauth.disabled) : -EINVAL;
}

/* copy.c asks. */
static int64_t tagged_addr(struct lp_thread *t, const uint64_t *a)
{
    if ((int)a[0] == GET_TAGGED_ADDR_CTRL)
        return unused(a, 1) ? (int64_t)t->arch.tagged_addr : -EINVAL;
    if (!unused(a, 2) || (a[1] & ~(uint64_t)TAGGED_ADDR_ENABLE))
        return -EINVAL;
    t->arch.tagged_addr = a[1] == TAGGED_ADDR_ENABLE;
    return 0;
}

/* As a kernel answers on a processor with SSBS (ssbd_prctl_get(), ssbd_prctl_set()); one without has nothing to be protected from. */
static int64_t get_speculation(struct lp_thread *t, const uint64_t *a)
{
    if (!unused(a, 2))
        return -EINVAL;
    if (a[1] != SPEC_STORE_BYPASS)
        return -ENODEV;
    if (!lp_cpu_has(&t->cpu, LP_FEATURE_SSBS2))
        return 0;
    return SPEC_PRCTL | (t->arch.store_bypass ? t->arch.store_bypass : SPEC_ENABLE);
}

static int64_t set_speculation(struct lp_thread *t, const uint64_t *a)
{
    const uint64_t how = a[2];
    if (!unused(a, 3))
        return -EINVAL;
    if (a[1] != SPEC_STORE_BYPASS)
        return -ENODEV;
    if (how != SPEC_ENABLE && how != SPEC_DISABLE && how != SPEC_FORCE_DISABLE && how != SPEC_DISABLE_NOEXEC)
        return -ERANGE;
    /* Forced, it stays so. */
    const bool forced = t->arch.store_bypass == SPEC_FORCE_DISABLE;
    if (forced && (how == SPEC_ENABLE || how == SPEC_DISABLE_NOEXEC))
        return -EPERM;
    if (!forced)
        t->arch.store_bypass = how == SPEC_ENABLE ? 0 : (uint8_t)how;
    if (lp_cpu_has(&t->cpu, LP_FEATURE_SSBS2))
        t->cpu.pstate = t->arch.store_bypass ? t->cpu.pstate & ~LP_PSTATE_SSBS : t->cpu.pstate | LP_PSTATE_SSBS;
    return 0;
}

LP_SYSCALL(prctl)
{
    const int option = (int)a[0];
    for (size_t i = 0; i < sizeof prctls / sizeof prctls[0]; i++)
        if (prctls[i].option == option)
            return host_option(t, a, prctls[i].sig);
    switch (option) {
    case GET_TID_ADDRESS:
        return lp_put(t, a[1], &t->clear_child_tid, 8);
    case GET_SECCOMP:
        return t->seccomp ? 2 : 0; /* strict mode, 1, has no prctl to ask with */
    case SET_SECCOMP:
        return lp_seccomp_set(t, a[1], a[2]);
    case SET_VMA:
        return name_memory(t, a);
    case GET_AUXV:
        return auxv(t, a);
    case GET_SPECULATION_CTRL:
        return get_speculation(t, a);
    case SET_SPECULATION_CTRL:
        return set_speculation(t, a);
    case PAC_RESET_KEYS:
    case PAC_SET_ENABLED_KEYS:
    case PAC_GET_ENABLED_KEYS:
        return pac_option(t, a);
    case SET_TAGGED_ADDR_CTRL:
    case GET_TAGGED_ADDR_CTRL:
        return tagged_addr(t, a);
    default:
        lp_log(t->k->log, 2, "prctl option %d is not offered: EINVAL", option);
        return -EINVAL;
    }
}
