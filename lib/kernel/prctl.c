/* kernel/prctl.c - prctl: what the host does as well, and what only arm64 has (pointer authentication, tagged addresses). */
#include <config.h>
#include <errno.h>
#include <sys/syscall.h>
#include "exec/model.h"
#include "exec/pauth.h"
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"

/* Options of arm64; not all headers of the host have them. */
enum {
    GET_TID_ADDRESS = 40,
    PAC_RESET_KEYS = 54,
    SET_TAGGED_ADDR_CTRL = 55,
    GET_TAGGED_ADDR_CTRL = 56,
    PAC_SET_ENABLED_KEYS = 60,
    PAC_GET_ENABLED_KEYS = 61,
};
#define TAGGED_ADDR_ENABLE 1
/* PR_PAC_APIAKEY APIBKEY APDAKEY APDBKEY APGAKEY are the bits of LP_PAUTH_; GA cannot be disabled. */
#define PAC_KEYS ((UINT64_C(1) << LP_PAUTH_KEYS) - 1)
#define PAC_ADDRESS_KEYS (PAC_KEYS >> 1)

/* Options that mean the same here as on arm64, by size of what the first argument points to (0 = a number). */
static const struct { int option, size; } prctls[] = {
    {1, 0}, {2, 4},    /* PR_SET_PDEATHSIG PR_GET_PDEATHSIG */
    {3, 0}, {4, 0},    /* PR_GET_DUMPABLE PR_SET_DUMPABLE */
    {7, 0}, {8, 0},    /* PR_GET_KEEPCAPS PR_SET_KEEPCAPS */
    {15, 16}, {16, 16}, /* PR_SET_NAME PR_GET_NAME */
    {23, 0}, {24, 0},  /* PR_CAPBSET_READ PR_CAPBSET_DROP */
    {27, 0}, {28, 0},  /* PR_GET_SECUREBITS PR_SET_SECUREBITS */
    {29, 0}, {30, 0},  /* PR_SET_TIMERSLACK PR_GET_TIMERSLACK */
    {36, 0}, {37, 4},  /* PR_SET_CHILD_SUBREAPER PR_GET_CHILD_SUBREAPER */
    {38, 0}, {39, 0},  /* PR_SET_NO_NEW_PRIVS PR_GET_NO_NEW_PRIVS */
    {41, 0}, {42, 0},  /* PR_SET_THP_DISABLE PR_GET_THP_DISABLE */
    {47, 0},           /* PR_CAP_AMBIENT */
};

static int64_t host_option(struct lp_thread *t, const uint64_t *a, int size)
{
    void *p = (void *)(uintptr_t)a[1];
    if (size && (!a[1] || !lp_user(t, a[1], (uint64_t)size, &p)))
        return -EFAULT;
    return lp_host_raw(__NR_prctl, (int)a[0], (long)(intptr_t)p, (long)a[2], (long)a[3], (long)a[4], 0);
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

/* Tags of addresses are always ignored (lp_mem_untag): a program that asks for it gets it, one that does not sees no EFAULT. */
static int64_t tagged_addr(struct lp_thread *t, const uint64_t *a)
{
    if ((int)a[0] == GET_TAGGED_ADDR_CTRL)
        return unused(a, 1) ? (int64_t)t->k->tagged_addr : -EINVAL;
    if (!unused(a, 2) || (a[1] & ~(uint64_t)TAGGED_ADDR_ENABLE))
        return -EINVAL;
    t->k->tagged_addr = a[1] == TAGGED_ADDR_ENABLE;
    return 0;
}

LP_SYSCALL(prctl)
{
    const int option = (int)a[0];
    for (size_t i = 0; i < sizeof prctls / sizeof prctls[0]; i++)
        if (prctls[i].option == option)
            return host_option(t, a, prctls[i].size);
    switch (option) {
    case GET_TID_ADDRESS:
        return lp_put(t, a[1], &t->clear_child_tid, 8);
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
