/* kernel/ioctl.c - ioctl: the request says whether the argument is a number or the address of how many bytes. The numbers of terminals,
 * files and sockets are asm-generic's on arm64 and on the hosts, and so are the layouts (struct termios: 36 bytes, no speeds). */
#include <config.h>
#include <errno.h>
#include <sys/syscall.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"

#define VALUE (-1)
static const struct { uint32_t first, last; int size; } requests[] = {
    {0x0001, 0x0002, 4},      /* FIBMAP FIGETBSZ */
    {0x125d, 0x125f, 4},      /* BLKROSET BLKROGET BLKRRPART */
    {0x1260, 0x1260, 8},      /* BLKGETSIZE */
    {0x1261, 0x1261, VALUE},  /* BLKFLSBUF */
    {0x1268, 0x1268, 4},      /* BLKSSZGET */
    {0x4b31, 0x4b31, 1},      /* KDGETLED */
    {0x4b33, 0x4b33, 1},      /* KDGKBTYPE */
    {0x4b3a, 0x4b3a, VALUE},  /* KDSETMODE */
    {0x4b3b, 0x4b3b, 4},      /* KDGETMODE */
    {0x5401, 0x5404, 36},     /* TCGETS TCSETS TCSETSW TCSETSF */
    {0x5405, 0x5408, 18},     /* TCGETA TCSETA TCSETAW TCSETAF */
    {0x5409, 0x540e, VALUE},  /* TCSBRK TCXONC TCFLSH TIOCEXCL TIOCNXCL TIOCSCTTY */
    {0x540f, 0x5411, 4},      /* TIOCGPGRP TIOCSPGRP TIOCOUTQ */
    {0x5412, 0x5412, 1},      /* TIOCSTI */
    {0x5413, 0x5414, 8},      /* TIOCGWINSZ TIOCSWINSZ */
    {0x5415, 0x541b, 4},      /* TIOCMGET ... TIOCSSOFTCAR FIONREAD */
    {0x541d, 0x541d, VALUE},  /* TIOCCONS */
    {0x541e, 0x541f, 72},     /* TIOCGSERIAL TIOCSSERIAL */
    {0x5420, 0x5421, 4},      /* TIOCPKT FIONBIO */
    {0x5422, 0x5422, VALUE},  /* TIOCNOTTY */
    {0x5423, 0x5424, 4},      /* TIOCSETD TIOCGETD */
    {0x5425, 0x5428, VALUE},  /* TCSBRKP TIOCSBRK TIOCCBRK */
    {0x5429, 0x5429, 4},      /* TIOCGSID */
    {0x5441, 0x5441, VALUE},  /* TIOCGPTPEER */
    {0x5450, 0x5451, VALUE},  /* FIONCLEX FIOCLEX */
    {0x5452, 0x5452, 4},      /* FIOASYNC */
    {0x5460, 0x5460, 8},      /* FIOQSIZE */
    {0x5600, 0x5600, 4},      /* VT_OPENQRY */
    {0x5603, 0x5603, 6},      /* VT_GETSTATE */
    {0x5606, 0x5607, VALUE},  /* VT_ACTIVATE VT_WAITACTIVE */
    {0x8901, 0x8905, 4},      /* FIOSETOWN SIOCSPGRP FIOGETOWN SIOCGPGRP SIOCATMARK */
    {0x8906, 0x8907, 16},     /* SIOCGSTAMP SIOCGSTAMPNS */
    {0x890b, 0x890c, 120},    /* SIOCADDRT SIOCDELRT: struct rtentry */
    {0x8910, 0x8911, 40},     /* SIOCGIFNAME SIOCSIFLINK: struct ifreq, as below */
    {0x8913, 0x8945, 40},     /* SIOCGIFFLAGS ... */
    {0x8953, 0x8955, 68},     /* SIOCDARP SIOCGARP SIOCSARP: struct arpreq */
    {0x8970, 0x8971, 40},     /* SIOCGIFMAP SIOCSIFMAP */
    {0x0301, 0x0301, 16},     /* HDIO_GETGEO */
    {0x4c00, 0x4c01, VALUE},  /* LOOP_SET_FD LOOP_CLR_FD */
    {0x4c02, 0x4c03, 168},    /* LOOP_SET_STATUS LOOP_GET_STATUS */
    {0x4c04, 0x4c05, 232},    /* LOOP_SET_STATUS64 LOOP_GET_STATUS64 */
    {0x4c06, 0x4c09, VALUE},  /* LOOP_CHANGE_FD ... LOOP_SET_BLOCK_SIZE */
    {0x4c0a, 0x4c0a, 304},    /* LOOP_CONFIGURE */
    {0x4c80, 0x4c82, VALUE},  /* LOOP_CTL_ADD LOOP_CTL_REMOVE LOOP_CTL_GET_FREE */
    {0xb701, 0xb703, VALUE},  /* NS_GET_USERNS NS_GET_PARENT NS_GET_NSTYPE */
    {0xb704, 0xb704, 4},      /* NS_GET_OWNER_UID */
    {0xff01, 0xff0a, VALUE},  /* PIDFD_GET_CGROUP_NAMESPACE ... */
    {0x40049409, 0x40049409, VALUE}, /* FICLONE takes a descriptor in spite of its encoding */
};

/* Requests made by _IOR and _IOW carry the size (bits 29:16) and a direction (31:30). By type (15:8) and number (7:0), those whose
 * structures have no addresses inside: what is not here might make the host write anywhere. */
static const struct { uint8_t type, first, last; } encoded[] = {
    {0x12, 0, 255},                         /* BLK */
    {'T', 0, 0xd4}, {'T', 0xd7, 0xda}, {'T', 0xdc, 255}, /* terminals, TUN but its filters */
    {'f', 0, 132}, {'f', 134, 134},         /* FS_IOC_ but those of fs-verity with addresses */
    {'v', 0, 255}, {'r', 0, 255},           /* FS_IOC_GETVERSION, FAT */
    {'X', 31, 32}, {'X', 119, 121},         /* FS_IOC_FSGETXATTR ..., FIFREEZE FITHAW FITRIM */
    {0x94, 9, 9}, {0x94, 13, 13}, {0x94, 49, 50}, {0x94, 54, 54}, /* FICLONE FICLONERANGE FS_IOC_FSLABEL FIDEDUPERANGE */
    {0x15, 0, 255},                         /* FS_IOC_GETFSUUID */
    {'R', 0, 2}, {'R', 4, 255},             /* random numbers, but RNDADDENTROPY */
    {'p', 0, 255}, {'W', 0, 255}, {'E', 0, 255}, {'j', 0, 255}, /* clocks, watchdogs, events, joysticks */
    {'I', 0, 255},                          /* inotify */
    {0x89, 0, 255},                         /* SIOCGSTAMP_NEW */
    {0x8a, 0, 255},                         /* epoll's parameters */
    {0xb7, 0, 255}, {0xff, 0, 255},         /* name spaces, pidfds */
};

/* Bytes at the argument, VALUE, or -2 = unknown. */
static int size_of(uint32_t request)
{
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        if (request >= requests[i].first && request <= requests[i].last)
            return requests[i].size;
    const uint8_t type = request >> 8 & 255, number = request & 255;
    for (size_t i = 0; request >> 30 && i < sizeof encoded / sizeof encoded[0]; i++)
        if (type == encoded[i].type && number >= encoded[i].first && number <= encoded[i].last)
            return (int)(request >> 16 & 0x3fff);
    return -2;
}

/* SIOCGIFCONF: struct ifconf { int len; void *buf; } */
static int64_t interfaces(struct lp_thread *t, int fd, uint64_t addr)
{
    struct { int32_t len, pad; uint64_t buf; } g, h;
    int r = lp_get(t, &g, addr, sizeof g);
    void *p;
    if (r)
        return r;
    if (!lp_user(t, g.buf, g.len > 0 ? (uint64_t)g.len : 0, &p))
        return -EFAULT;
    h = g;
    h.buf = (uint64_t)(uintptr_t)p;
    int64_t res = LP_HOST3(__NR_ioctl, fd, 0x8912, (intptr_t)&h);
    g.len = h.len;
    r = res < 0 ? 0 : lp_put(t, addr, &g, sizeof g);
    return r ? r : res;
}

LP_SYSCALL(ioctl)
{
    int fd = (int)a[0], r = lp_fd_check(t, fd);
    uint32_t request = (uint32_t)a[1];
    long arg = (long)a[2];
    if (r)
        return r;
    if (request == 0x8912)
        return interfaces(t, fd, a[2]);
    int size = size_of(request);
    if (size == -2) {
        lp_log(t->k->log, 2, "ioctl request 0x%x is not known: ENOTTY", request);
        return -ENOTTY;
    }
    if (size != VALUE) {
        void *p;
        if (!lp_user(t, a[2], (uint64_t)size, &p))
            return -EFAULT;
        arg = (long)(intptr_t)p;
    }
    return lp_host_syscall(t, __NR_ioctl, fd, request, arg, 0, 0, 0);
}
