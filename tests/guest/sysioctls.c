/* Requests whose argument is a number in spite of their encoding, or has an address inside; and what is no descriptor. */
/* oracle: host */
#define _GNU_SOURCE
#include "syscheck.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <net/route.h>
#include <netinet/in.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

static void routes(void)
{
    struct rtentry rt = {.rt_dev = "nosuch0", .rt_flags = RTF_UP};
    struct sockaddr_in *dst = (void *)&rt.rt_dst, *mask = (void *)&rt.rt_genmask;
    int s = socket(AF_INET, SOCK_DGRAM, 0), s6 = socket(AF_INET6, SOCK_DGRAM, 0), u = socket(AF_UNIX, SOCK_DGRAM, 0);
    dst->sin_family = mask->sin_family = AF_INET;
    dst->sin_addr.s_addr = htonl(0x0a090807);
    mask->sin_addr.s_addr = 0xffffffff;
    E(ioctl(s, SIOCADDRT, &rt));
    E(ioctl(s, SIOCDELRT, &rt));
    rt.rt_dev = (char *)16;
    E(ioctl(s, SIOCADDRT, &rt));
    E(ioctl(s, SIOCADDRT, (void *)16));
    E(ioctl(u, SIOCADDRT, &rt));
    if (s6 >= 0) E(ioctl(s6, SIOCDELRT, (void *)16) < 0);
}

int main(void)
{
    int in = inotify_init(), master, slave, wd = -1, file;
    char name[] = "/tmp/lp-sysioctls-XXXXXX";
    E(ioctl(in, _IOW('I', 0, int), 500)); /* INOTIFY_IOC_SETNEXTWD */
    E(wd = inotify_add_watch(in, "/", IN_CREATE));
    int ns = open("/proc/self/ns/pid", O_RDONLY);
    errno = 0;
    printf("the pid: %d\n", ioctl(ns, _IOR(0xb7, 6, int), getpid()) == getpid() ? 1 : errno); /* NS_GET_PID_FROM_PIDNS: Linux 6.11 */
    E(openpty(&master, &slave, NULL, NULL, NULL));
    E(ioctl(master, _IOW('T', 0x36, int), 0)); /* TIOCSIG */
    E(ioctl(master, _IOW('T', 0x36, int), 1000));
    close(slave);
    file = mkstemp(name);
    unlink(name);
    E(ioctl(file, FICLONE, 1000)); /* a descriptor */
    struct { struct file_dedupe_range head; struct file_dedupe_range_info info[2]; } same = {{0, 4096, 2, 0, 0}, {{1000}, {file}}};
    ftruncate(file, 8192);
    E(ioctl(file, FICLONERANGE, &((struct file_clone_range){1000, 0, 0, 0})));
    E(ioctl(file, FICLONERANGE, &((struct file_clone_range){1L << 32, 0, 0, 0})));
    E(ioctl(file, FICLONERANGE, 16));
    E(ioctl(file, FIDEDUPERANGE, &same));
    printf("%d %d\n", same.info[0].status, same.info[1].status);
    same.head.dest_count = 60000;
    E(ioctl(file, FIDEDUPERANGE, &same));
    E(ioctl(file, FIDEDUPERANGE, 16));
    E(ioctl(1000, 0x12345678, 0));
    E(ioctl(file, 0x12345678, 0));
    E(ioctl(-1, FIONREAD, 16));
    routes();
    return 0;
}
