/* kernel/ioctl.c - ioctl: the request says whether the argument is a number or the address of how many bytes. The numbers of terminals,
 * files and sockets are asm-generic's on arm64 and on the hosts, and so are the layouts (struct termios: 36 bytes, no speeds). */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/ioctl.h"
#include "kernel/kernel.h"

enum { VALUE = LP_IOCTL_VALUE, FD = LP_IOCTL_FD, INSIDE = LP_IOCTL_FD_INSIDE, NONE = LP_IOCTL_UNKNOWN };
static const struct { uint32_t first, last; int size; } requests[] = {
    {0x0001, 0x0002, 4},      /* FIBMAP FIGETBSZ */
    {0x0301, 0x0301, 16},     /* HDIO_GETGEO */
    {0x125d, 0x125f, 4},      /* BLKROSET BLKROGET BLKRRPART */
    {0x1260, 0x1260, 8},      /* BLKGETSIZE */
    {0x1261, 0x1262, VALUE},  /* BLKFLSBUF BLKRASET */
    {0x1263, 0x1263, 8},      /* BLKRAGET */
    {0x1267, 0x1267, 2},      /* BLKSECTGET */
    {0x1268, 0x1268, 4},      /* BLKSSZGET */
    {0x1277, 0x1277, 16},     /* BLKDISCARD */
    {0x1278, 0x127c, 4},      /* BLKIOMIN ... BLKDISCARDZEROES */
    {0x127d, 0x127d, 16},     /* BLKSECDISCARD */
    {0x127e, 0x127e, 2},      /* BLKROTATIONAL */
    {0x127f, 0x127f, 16},     /* BLKZEROOUT */
    {0x4b31, 0x4b31, 1},      /* KDGETLED */
    {0x4b33, 0x4b33, 1},      /* KDGKBTYPE */
    {0x4b3a, 0x4b3a, VALUE},  /* KDSETMODE */
    {0x4b3b, 0x4b3b, 4},      /* KDGETMODE */
    {0x4c00, 0x4c00, FD},     /* LOOP_SET_FD */
    {0x4c01, 0x4c01, VALUE},  /* LOOP_CLR_FD (LOOP_SET_STATUS and LOOP_GET_STATUS: old_dev_t has other sizes elsewhere) */
    {0x4c04, 0x4c05, 232},    /* LOOP_SET_STATUS64 LOOP_GET_STATUS64 */
    {0x4c06, 0x4c06, FD},     /* LOOP_CHANGE_FD */
    {0x4c07, 0x4c09, VALUE},  /* LOOP_SET_CAPACITY ... LOOP_SET_BLOCK_SIZE */
    {0x4c0a, 0x4c0a, INSIDE}, /* LOOP_CONFIGURE */
    {0x4c80, 0x4c82, VALUE},  /* LOOP_CTL_ADD LOOP_CTL_REMOVE LOOP_CTL_GET_FREE */
    {0x5204, 0x5207, VALUE},  /* RNDZAPENTCNT RNDCLEARPOOL RNDRESEEDCRNG */
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
    {0x7001, 0x7006, VALUE},  /* RTC_AIE_ON ... RTC_PIE_OFF */
    {0x8901, 0x8905, 4},      /* FIOSETOWN SIOCSPGRP FIOGETOWN SIOCGPGRP SIOCATMARK */
    {0x8906, 0x8907, 16},     /* SIOCGSTAMP SIOCGSTAMPNS */
    {0x8910, 0x8911, 40},     /* SIOCGIFNAME SIOCSIFLINK: struct ifreq, as below */
    {0x8913, 0x893f, 40},     /* SIOCGIFFLAGS ... SIOCGIFCOUNT (SIOCGIFBR and SIOCSIFBR have addresses) */
    {0x8942, 0x8943, 40},     /* SIOCGIFTXQLEN SIOCSIFTXQLEN */
    {0x8953, 0x8955, 68},     /* SIOCDARP SIOCGARP SIOCSARP: struct arpreq */
    {0x8970, 0x8971, 40},     /* SIOCGIFMAP SIOCSIFMAP */
    {0xb701, 0xb703, VALUE},  /* NS_GET_USERNS NS_GET_PARENT NS_GET_NSTYPE */
    {0xb704, 0xb704, 4},      /* NS_GET_OWNER_UID */
    {0xff01, 0xff0a, VALUE},  /* PIDFD_GET_CGROUP_NAMESPACE ... */
    /* In spite of their encoding these take a number, */
    {0x40044581, 0x40044581, VALUE}, {0x40044590, 0x40044591, VALUE}, /* EVIOCRMFF EVIOCGRAB EVIOCREVOKE */
    {0x40044900, 0x40044900, VALUE},                                  /* INOTIFY_IOC_SETNEXTWD */
    {0x40045436, 0x40045436, VALUE},                                  /* TIOCSIG */
    {0x400454c8, 0x400454c9, VALUE}, {0x400454cb, 0x400454ce, VALUE}, /* TUNSETNOCSUM TUNSETDEBUG TUNSETPERSIST TUNSETOWNER TUNSETLINK TUNSETGROUP */
    {0x400454d0, 0x400454d0, VALUE},                                  /* TUNSETOFFLOAD */
    {0x4008700c, 0x4008700c, VALUE}, {0x4008700e, 0x4008700e, VALUE}, /* RTC_IRQP_SET RTC_EPOCH_SET */
    {0x40049409, 0x40049409, FD},                                     /* FICLONE */
    {0x4020940d, 0x4020940d, INSIDE}, {0xc0189436, 0xc0189436, INSIDE}, /* FICLONERANGE FIDEDUPERANGE */
    {0x8004b706, 0x8004b709, VALUE},                                  /* NS_GET_PID_FROM_PIDNS ... NS_GET_TGID_IN_PIDNS */
    /* or a structure of another size. */
    {0x400454ca, 0x400454ca, 40}, {0x800454d2, 0x800454d2, 40}, {0x400454d9, 0x400454d9, 40}, /* TUNSETIFF TUNGETIFF TUNSETQUEUE: struct ifreq */
};

/* Requests made by _IOR and _IOW carry the size (bits 29:16) and a direction (31:30). By type (15:8) and number (7:0), those whose argument is the
 * address of that many bytes, perhaps with more behind, and without addresses inside: what is not here might make the host write anywhere. */
static const struct { uint8_t type, first, last; } encoded[] = {
    {0x12, 112, 115}, {0x12, 128, 128}, {0x12, 130, 136},       /* BLKBSZGET ... BLKTRACESETUP, BLKGETDISKSEQ, zones; not BLKCRYPTO */
    {0x15, 0, 2},                                               /* FS_IOC_GETFSUUID ... */
    {'E', 0, 0x7f}, {'E', 0x84, 0x84}, {'E', 0xa0, 0xff},       /* events, but EVIOCSFF EVIOCGMASK EVIOCSMASK */
    {'R', 0, 2},                                                /* random numbers, but RNDADDENTROPY */
    {'T', 0x2a, 0x2d}, {'T', 0x30, 0x32}, {'T', 0x38, 0x39}, {'T', 0x40, 0x43}, /* terminals */
    {'T', 207, 207}, {'T', 209, 212}, {'T', 215, 218}, {'T', 220, 226},         /* TUN but its filters, which are programs */
    {'W', 0, 10},                                               /* watchdogs */
    {'X', 31, 32}, {'X', 119, 121},                             /* FS_IOC_FSGETXATTR ..., FIFREEZE FITHAW FITRIM */
    {'f', 0, 132}, {'f', 134, 134},                             /* FS_IOC_ but those of fs-verity with addresses */
    {'j', 1, 0x34},                                             /* joysticks */
    {'p', 7, 18},                                               /* clocks; not RTC_PARAM_GET */
    {'r', 1, 2}, {'r', 16, 19}, {'v', 1, 4},                    /* FAT, FS_IOC_GETVERSION */
    {0x89, 6, 7},                                               /* SIOCGSTAMP_NEW */
    {0x8a, 1, 2},                                               /* epoll's parameters */
    {0x94, 49, 50},                                             /* FS_IOC_FSLABEL */
    {0xb7, 5, 5}, {0xb7, 10, 13},                               /* NS_GET_MNTNS_ID, NS_MNT_GET_INFO ... */
    {0xff, 11, 11},                                             /* PIDFD_GET_INFO */
};

int lp_ioctl_size(uint32_t request)
{
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        if (request >= requests[i].first && request <= requests[i].last)
            return requests[i].size;
    const uint8_t type = request >> 8 & 255, number = request & 255;
    for (size_t i = 0; request >> 30 && i < sizeof encoded / sizeof encoded[0]; i++)
        if (type == encoded[i].type && number >= encoded[i].first && number <= encoded[i].last)
            return (int)(request >> 16 & 0x3fff);
    return NONE;
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

/* SIOCADDRT, SIOCDELRT: IPv4's struct rtentry has the address of a name, IPv6's struct in6_rtmsg has none; other families have yet others. */
static int64_t route(struct lp_thread *t, int fd, uint32_t request, uint64_t addr)
{
    struct { uint8_t before[88]; uint64_t dev; uint8_t behind[24]; } rt;
    int domain = 0;
    socklen_t len = sizeof domain;
    void *name, *p;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) || (domain != AF_INET && domain != AF_INET6))
        return -ENOTTY;
    if (domain == AF_INET6)
        return lp_user(t, addr, 80, &p) ? LP_HOST3(__NR_ioctl, fd, request, (intptr_t)p) : -EFAULT;
    int r = lp_get(t, &rt, addr, sizeof rt);
    if (r || !lp_user(t, rt.dev, 15, &name)) /* IFNAMSIZ - 1 */
        return -EFAULT;
    rt.dev = (uint64_t)(uintptr_t)name;
    return LP_HOST3(__NR_ioctl, fd, request, (intptr_t)&rt);
}

/* Descriptors inside a structure: looked at in a copy, which no other thread of the program changes. */
static int64_t with_descriptor(struct lp_thread *t, int fd, uint32_t request, uint64_t addr)
{
    union { uint8_t bytes[304]; uint32_t fd; } g; /* struct loop_config, struct file_clone_range */
    size_t size = request == 0x4c0a ? sizeof g.bytes : 32;
    int r = lp_get(t, &g, addr, size);
    if (!r)
        r = lp_fd_check(t, (int)g.fd); /* src_fd's low half is all that the host looks at */
    return r ? r : lp_host_syscall(t, __NR_ioctl, fd, request, (long)(intptr_t)&g, 0, 0, 0);
}

/* FIDEDUPERANGE: what became of each goes to its structure. */
static int64_t dedupe(struct lp_thread *t, int fd, uint32_t request, uint64_t addr)
{
    struct { uint64_t offset, length; uint16_t count, pad1; uint32_t pad2; } head;
    struct { int64_t fd; uint64_t offset, done; int32_t status; uint32_t pad; } *info;
    int r = lp_get(t, &head, addr, sizeof head);
    if (r)
        return r;
    size_t size = sizeof head + head.count * sizeof *info;
    _Alignas(8) uint8_t copy[LP_PAGE];
    if (size > sizeof copy) /* as Linux */
        return -ENOMEM;
    if (!(r = lp_get(t, copy, addr, size))) {
        memcpy(copy, &head, sizeof head);
        info = (void *)(copy + sizeof head);
        for (unsigned i = 0; i < head.count; i++)
            if (lp_fd_check(t, (int)info[i].fd))
                info[i].fd = -1; /* the host says of it what it says of any that is closed */
    }
    int64_t res = r ? r : lp_host_syscall(t, __NR_ioctl, fd, request, (long)(intptr_t)copy, 0, 0, 0);
    for (unsigned i = 0; res >= 0 && !r && i < head.count; i++)
        r = lp_put(t, addr + sizeof head + i * sizeof *info + 16, &info[i].done, 12);
    return r ? r : res;
}

LP_SYSCALL(ioctl)
{
    int fd = (int)a[0], r = lp_fd_check(t, fd), size = lp_ioctl_size((uint32_t)a[1]);
    uint32_t request = (uint32_t)a[1];
    long arg = (long)a[2];
    if (r)
        return r;
    if (request == 0x8912)
        return interfaces(t, fd, a[2]);
    if (request == 0x890b || request == 0x890c)
        return route(t, fd, request, a[2]);
    if (size == NONE) {
        lp_log(t->k->log, 2, "ioctl request 0x%x is not known: ENOTTY", request);
        return fcntl(fd, F_GETFD) < 0 ? -EBADF : -ENOTTY;
    }
    if (size == FD && (r = lp_fd_check(t, (int)arg)) != 0)
        return r;
    if (size == INSIDE)
        return request == 0xc0189436 ? dedupe(t, fd, request, a[2]) : with_descriptor(t, fd, request, a[2]);
    if (size >= 0) {
        void *p;
        if (!lp_user(t, a[2], (uint64_t)size, &p))
            return -EFAULT;
        arg = (long)(intptr_t)p;
    }
    return lp_host_syscall(t, __NR_ioctl, fd, request, arg, 0, 0, 0);
}
