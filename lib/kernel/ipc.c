/* kernel/ipc.c - System V messages, semaphores and shared memory. Structures are asm-generic's, but for x86-64's struct semid64_ds. */
#include <config.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <stdio.h>
#include "base/bits.h"
#include "exec/gate.h"
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"
#include "mem/segment.h"

#define IPC_64_BIT UINT64_C(0x100) /* added by C libraries of 32-bit systems; 64-bit kernels ignore it */
#define LP_SHMLBA LP_PAGE

/* Linux never restarts these after a handler (signal(7)): ERESTARTNOHAND there. */
LP_SYSCALL(msgsnd)
{
    void *p;
    if ((int64_t)a[2] < 0)
        return -EINVAL;
    if (!lp_user(t, a[1], 8 + a[2], &p))
        return -EFAULT;
    return lp_host_syscall(t, __NR_msgsnd, (int)a[0], (long)(intptr_t)p, (long)a[2], (int)a[3], 0, 0);
}

LP_SYSCALL(msgrcv)
{
    void *p;
    if ((int64_t)a[2] < 0)
        return -EINVAL;
    if (!lp_user(t, a[1], 8 + a[2], &p))
        return -EFAULT;
    return lp_host_syscall(t, __NR_msgrcv, (int)a[0], (long)(intptr_t)p, (long)a[2], (long)a[3], (int)a[4], 0);
}

/* semop and semtimedop: struct sembuf is 6 bytes. */
LP_SYSCALL(semtimedop)
{
    bool timed = t->call.row->host_nr == __NR_semtimedop;
    void *ops, *timeout = NULL;
    if ((uint32_t)a[2] > 500) /* SEMOPM */
        return -E2BIG;
    if (!lp_user(t, a[1], (uint64_t)(uint32_t)a[2] * 6, &ops) || (timed && !lp_user(t, a[3], 16, &timeout)))
        return -EFAULT;
    return lp_host_syscall(t, __NR_semtimedop, (int)a[0], (long)(intptr_t)ops, (long)(uint32_t)a[2], (long)(intptr_t)timeout, 0, 0);
}

/* msgctl and shmctl: with these commands the third argument points to at most 120 bytes, with others to nothing. */
LP_SYSCALL(ipcctl)
{
    const int cmd = (int)(a[1] & ~IPC_64_BIT), first_own = t->call.row->host_nr == __NR_msgctl ? 11 : 13; /* MSG_STAT, SHM_STAT */
    const bool points = (cmd >= IPC_SET && cmd <= 3 /* IPC_INFO */) || (cmd >= first_own && cmd <= first_own + 2); /* ..._INFO ..._STAT_ANY */
    void *p = NULL;
    if (points && !lp_user(t, a[2], 120, &p))
        return -EFAULT;
    return LP_HOST3(t->call.row->host_nr, (int)a[0], cmd, (intptr_t)p);
}

/* struct semid64_ds: perm (48 bytes), otime, ctime, nsems, two spare words; x86-64 has a spare word behind each time. */
struct guest_semid { uint64_t perm[6], otime, ctime, nsems, spare[2]; };

static int64_t sem_status(struct lp_thread *t, const uint64_t *a, int cmd)
{
    struct guest_semid g;
    struct semid_ds h;
    memset(&h, 0, sizeof h);
    if (cmd == IPC_SET) {
        if (lp_get(t, &g, a[3], sizeof g))
            return -EFAULT;
        memcpy(&h, g.perm, sizeof g.perm);
    }
    int64_t r = LP_HOST4(__NR_semctl, (int)a[0], (int)a[1], cmd, (intptr_t)&h);
    if (r < 0 || cmd == IPC_SET)
        return r;
    memset(&g, 0, sizeof g);
    memcpy(g.perm, &h, sizeof g.perm);
    g.otime = (uint64_t)h.sem_otime;
    g.ctime = (uint64_t)h.sem_ctime;
    g.nsems = h.sem_nsems;
    return lp_put(t, a[3], &g, sizeof g) ? -EFAULT : r;
}

LP_SYSCALL(semctl)
{
    int cmd = (int)(a[2] & ~IPC_64_BIT);
    void *p;
    switch (cmd) {
    case IPC_STAT: case IPC_SET: case 18: case 20: /* SEM_STAT SEM_STAT_ANY */
        return sem_status(t, a, cmd);
    case GETALL: case SETALL: case 3: case 19: /* IPC_INFO SEM_INFO; at most SEMMSL 16-bit values */
        if (!lp_user(t, a[3], 0x10000, &p))
            return -EFAULT;
        return LP_HOST4(__NR_semctl, (int)a[0], (int)a[1], cmd, (intptr_t)p);
    default:
        return LP_HOST4(__NR_semctl, (int)a[0], (int)a[1], cmd, (int)a[3]);
    }
}

/* mq_notify: what a queue of messages does when it gets one. With SIGEV_THREAD the C library waits at a netlink socket (the signal number) for
 * the 32 bytes that the value points to. */
LP_SYSCALL(mq_notify)
{
    struct { uint64_t value; int32_t signo, notify; uint8_t rest[48]; } ev;
    void *cookie;
    int r = lp_fd_check(t, (int)a[0]);
    if (r || !a[1])
        return r ? r : LP_HOST2(__NR_mq_notify, (int)a[0], NULL);
    if (lp_get(t, &ev, a[1], sizeof ev))
        return -EFAULT;
    if (ev.notify == SIGEV_THREAD) {
        if ((r = lp_fd_check(t, ev.signo)) != 0)
            return r;
        if (!lp_user(t, ev.value, 32, &cookie))
            return -EFAULT;
        ev.value = (uint64_t)(uintptr_t)cookie;
    }
    return LP_HOST2(__NR_mq_notify, (int)a[0], &ev);
}

/* A place in the guest's address space first, then the segment in its stead. */
LP_SYSCALL(shmat)
{
    struct shmid_ds ds;
    int flags = (int)a[2], prot = PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) | (flags & SHM_EXEC ? PROT_EXEC : 0);
    uint64_t at = a[1];
    char name[24];
    /* IPC_STAT needs to read, so does attaching. */
    int64_t r = LP_HOST3(__NR_shmctl, (int)a[0], IPC_STAT, (intptr_t)&ds);
    if (r < 0)
        return r;
    if (at % LP_SHMLBA && !(flags & SHM_RND))
        return -EINVAL;
    at -= at % LP_SHMLBA;
    if (!at && flags & SHM_REMAP)
        return -EINVAL;
    uint64_t size = lp_align_up(ds.shm_segsz, LP_PAGE);
    int place = MAP_SHARED | LP_MAP_ANONYMOUS | LP_MAP_NORESERVE | (!at ? 0 : flags & SHM_REMAP ? MAP_FIXED : LP_MAP_FIXED_NOREPLACE);
    int64_t where = lp_mem_mmap(t->k->mem, at, size, prot, place, -1, 0);
    if (where < 0)
        return where == -EEXIST ? -EINVAL : where;
    void *host = lp_mem_host(t->k->mem, (uint64_t)where, size);
    r = LP_HOST3(__NR_shmat, (int)a[0], (intptr_t)host, (flags & ~(SHM_EXEC | SHM_RND)) | SHM_REMAP);
    if (r < 0 && r >= -4095) {
        lp_mem_munmap(t->k->mem, (uint64_t)where, size);
        return r;
    }
    lp_gate_share(t->k->gate);
    snprintf(name, sizeof name, "/SYSV%08x", (unsigned)ds.shm_perm.__key);
    lp_mem_name(t->k->mem, (uint64_t)where, size, name, 0);
    lp_mem_segment(t->k->mem, (uint64_t)where, (int)a[0]);
    return where;
}

/* Taking the mapping away detaches. */
LP_SYSCALL(shmdt) { return a[0] % LP_SHMLBA ? -EINVAL : lp_mem_detach(t->k->mem, a[0]); }
