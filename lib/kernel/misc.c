/* kernel/misc.c - names, groups, affinity. */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"

LP_SYSCALL(uname)
{
    struct utsname u; /* six fields of 65 bytes, as the kernel's struct new_utsname */
    int64_t r = LP_HOST1(__NR_uname, (intptr_t)&u);
    if (r == 0) {
        memset(u.machine, 0, sizeof u.machine);
        strcpy(u.machine, "aarch64");
        r = lp_put(t, a[0], &u, sizeof u);
    }
    return r;
}

/* There is no 32-bit mode; the other bits are this process's, and those that execve hands on reach the next program through it. */
LP_SYSCALL(personality)
{
    return (uint32_t)a[0] != UINT32_MAX && (a[0] & 0xff) == 8 /* PER_LINUX32 */ ? -EINVAL : LP_HOST1(__NR_personality, (uint32_t)a[0]);
}

/* The second index is an address for KCMP_EPOLL_TFD, descriptors for KCMP_FILE (of these processes, whose engines hide theirs), else nothing. */
LP_SYSCALL(kcmp)
{
    const bool slot = (int)a[2] == 7; /* KCMP_EPOLL_TFD: struct kcmp_epoll_slot */
    return lp_pass(t, slot ? "iiiuP12" : "iiiuu", a);
}

/* ---- groups, affinity: (n, list) and (pid, n, mask) ---- */
LP_SYSCALL(groups)
{
    void *p;
    if ((int)a[0] < 0 || (int)a[0] > 65536)
        return -EINVAL;
    if (!lp_user(t, a[1], (uint64_t)(int)a[0] * 4, &p))
        return -EFAULT;
    return LP_HOST2(t->call.row->host_nr, (int)a[0], (intptr_t)p);
}

LP_SYSCALL(sched_affinity)
{
    void *p;
    if (!lp_user(t, a[2], (uint32_t)a[1], &p))
        return -EFAULT;
    return LP_HOST3(t->call.row->host_nr, (int)a[0], (uint32_t)a[1], (intptr_t)p);
}
