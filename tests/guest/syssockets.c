/* Sockets: ancillary data, many messages at once, options with addresses inside, time limits, bad pointers, interface lists. */
/* oracle: host */
#define _GNU_SOURCE
#include "syscheck.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

static void rights(void)
{
    int s[2], p[2], one = 1;
    char b[8] = "";
    union { char b[CMSG_SPACE(2 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))]; struct cmsghdr align; } c;
    struct iovec v = {"ab", 2}, in = {b, 8};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c};
    socketpair(AF_UNIX, SOCK_STREAM, 0, s), pipe(p);
    setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one);
    memset(&c, 0, sizeof c);
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    *h = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(2 * sizeof(int))};
    memcpy(CMSG_DATA(h), p, sizeof p);
    h = CMSG_NXTHDR(&m, h);
    *h = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS, .cmsg_len = CMSG_LEN(sizeof(struct ucred))};
    struct ucred me = {getpid(), getuid(), getgid()}, got;
    memcpy(CMSG_DATA(h), &me, sizeof me);
    E(sendmsg(s[0], &m, 0));
    memset(&c, 0, sizeof c);
    m = (struct msghdr){.msg_iov = &in, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c};
    E(recvmsg(s[1], &m, MSG_CMSG_CLOEXEC));
    for (h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
        printf("level %d type %d len %d\n", h->cmsg_level, h->cmsg_type, (int)h->cmsg_len);
        if (h->cmsg_type == SCM_CREDENTIALS) memcpy(&got, CMSG_DATA(h), sizeof got), printf("pid %d uid %d gid %d\n", got.pid == me.pid, got.uid == me.uid, got.gid == me.gid);
        if (h->cmsg_type == SCM_RIGHTS) memcpy(p, CMSG_DATA(h), sizeof p), printf("works %d cloexec %d\n", write(p[1], "x", 1) == 1, fcntl(p[0], F_GETFD));
    }
    /* Too little room: the rest is closed. */
    m = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = CMSG_SPACE(2 * sizeof(int))};
    h = CMSG_FIRSTHDR(&m);
    *h = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(2 * sizeof(int))};
    memcpy(CMSG_DATA(h), p, sizeof p);
    E(sendmsg(s[1], &m, 0));
    m = (struct msghdr){.msg_iov = &in, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = CMSG_LEN(sizeof(int))};
    E(recvmsg(s[0], &m, 0));
    printf("truncated %d control %d\n", !!(m.msg_flags & MSG_CTRUNC), (int)m.msg_controllen);
    h = CMSG_FIRSTHDR(&m);
    int bad = 12345;
    m = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = CMSG_SPACE(sizeof(int))};
    *h = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(h), &bad, sizeof bad);
    E(sendmsg(s[0], &m, 0));
    h->cmsg_len = 4;
    E(sendmsg(s[0], &m, 0));
    m.msg_control = (void *)16;
    E(sendmsg(s[0], &m, 0));
    m.msg_control = NULL, m.msg_controllen = 0, m.msg_iovlen = 1025;
    E(sendmsg(s[0], &m, 0));
    m.msg_iovlen = 1, m.msg_iov = (void *)16;
    E(sendmsg(s[0], &m, 0));
    E(sendmsg(s[0], (void *)16, 0));
    m.msg_iov = &v, m.msg_name = (void *)16, m.msg_namelen = 8;
    E(sendmsg(s[0], &m, 0));
    m.msg_namelen = -1;
    E(sendmsg(s[0], &m, 0));
    E(recvmsg(s[0], (void *)16, MSG_DONTWAIT));
    E(recv(s[0], b, 8, MSG_DONTWAIT));
}

static void many(void)
{
    int s[2];
    char in[3][8];
    struct iovec out[3] = {{"one", 3}, {"two", 3}, {"three", 5}}, v[3];
    struct mmsghdr m[3];
    struct timespec t = {0, 1000};
    socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
    memset(m, 0, sizeof m), memset(in, 0, sizeof in);
    for (int i = 0; i < 3; i++) m[i].msg_hdr.msg_iov = &out[i], m[i].msg_hdr.msg_iovlen = 1;
    E(sendmmsg(s[0], m, 3, 0));
    printf("%d %d %d\n", m[0].msg_len, m[1].msg_len, m[2].msg_len);
    for (int i = 0; i < 3; i++) v[i] = (struct iovec){in[i], 7}, m[i].msg_hdr.msg_iov = &v[i];
    E(recvmmsg(s[1], m, 3, MSG_WAITFORONE, NULL));
    printf("%s %s %s\n", in[0], in[1], in[2]);
    E(recvmmsg(s[1], m, 3, MSG_DONTWAIT, NULL));
    E(recvmmsg(s[1], m, 3, MSG_DONTWAIT, &t));
    t.tv_nsec = 1000000000;
    E(recvmmsg(s[1], m, 3, MSG_DONTWAIT, &t));
    E(sendmmsg(s[0], (void *)16, 3, 0));
    m[0].msg_hdr.msg_iov = out, m[1].msg_hdr.msg_iov = (void *)16;
    E(sendmmsg(s[0], m, 2, 0));
    E(sendmmsg(s[0], m, 0, 0));
}

static void options(void)
{
    int u = socket(AF_INET, SOCK_DGRAM, 0), t = socket(AF_INET, SOCK_STREAM, 0), v = 0;
    socklen_t n = sizeof v;
    struct timeval tv = {0, 20000};
    struct linger l = {1, 7};
    struct sock_filter code[] = {{0x28, 0, 0, 12}, {0x15, 0, 1, 0x800}, {6, 0, 0, 0xffff}, {6, 0, 0, 0}}, back[4];
    struct sock_fprog prog = {4, code};
    E(setsockopt(u, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
    n = sizeof tv, tv = (struct timeval){9, 9};
    E(getsockopt(u, SOL_SOCKET, SO_RCVTIMEO, &tv, &n));
    printf("%d %d.%06d\n", n, (int)tv.tv_sec, (int)tv.tv_usec);
    E(setsockopt(u, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog));
    n = 4;
    E(getsockopt(u, SOL_SOCKET, SO_GET_FILTER, back, &n));
    printf("%d %d\n", n, !memcmp(code, back, sizeof code));
    prog.filter = (void *)16;
    E(setsockopt(u, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog));
    E(setsockopt(u, SOL_SOCKET, SO_ATTACH_FILTER, (void *)16, sizeof prog));
    E(setsockopt(u, SOL_SOCKET, SO_ATTACH_FILTER, &prog, 3));
    E(setsockopt(u, SOL_SOCKET, SO_DETACH_FILTER, &v, sizeof v));
    E(setsockopt(t, SOL_SOCKET, SO_LINGER, &l, sizeof l));
    n = sizeof l;
    E(getsockopt(t, SOL_SOCKET, SO_LINGER, &l, &n)); printf("%d %d\n", l.l_onoff, l.l_linger);
    n = 2;
    E(getsockopt(t, SOL_SOCKET, SO_TYPE, &v, &n)); printf("%d %d\n", n, v);
    n = -1;
    E(getsockopt(t, SOL_SOCKET, SO_TYPE, &v, &n));
    n = 4;
    E(getsockopt(t, SOL_SOCKET, SO_TYPE, (void *)16, &n));
    E(getsockopt(t, SOL_SOCKET, SO_TYPE, &v, (void *)16));
    E(setsockopt(t, SOL_SOCKET, SO_REUSEADDR, &v, -1));
    E(setsockopt(t, SOL_SOCKET, SO_REUSEADDR, (void *)16, 4));
    E(setsockopt(t, IPPROTO_TCP, TCP_NODELAY, &(int){1}, 4));
    E(getsockopt(t, IPPROTO_TCP, 9999, &v, &n));
    E(getsockopt(t, 9999, 1, &v, &n));
}

static void nothing(int n) { (void)n; }
static void waits(void)
{
    int s[2];
    char c;
    struct timeval tv = {0, 20000}, long_ = {10, 0};
    struct sigaction sa = {.sa_handler = nothing, .sa_flags = SA_RESTART};
    struct itimerval soon = {{0, 0}, {0, 30000}};
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    E(recv(s[0], &c, 1, 0));
    setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &long_, sizeof long_);
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    E(recv(s[0], &c, 1, 0)); /* with a limit it is not restarted */
}

static void addresses(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, b;
    socklen_t n = sizeof a;
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page + 4096, 4096, PROT_READ);
    int l = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0);
    E(bind(l, (void *)&a, 4)); E(bind(l, (void *)&a, -1)); E(bind(l, (void *)16, sizeof a));
    E(bind(l, (void *)&a, sizeof a)); E(listen(l, 4));
    E(getsockname(l, (void *)&a, &n)); printf("%d\n", n);
    n = 6, memset(&b, 0xee, sizeof b);
    E(getsockname(l, (void *)&b, &n)); printf("%d %d %x\n", n, b.sin_port == a.sin_port, b.sin_zero[0]);
    n = sizeof b;
    E(getsockname(l, (void *)16, &n)); E(getsockname(l, (void *)&b, (void *)16)); E(getsockname(l, (void *)(page + 4096), &n));
    n = -1;
    E(getsockname(l, (void *)&b, &n));
    E(getpeername(l, (void *)&b, &n));
    fcntl(l, F_SETFL, O_NONBLOCK);
    E(accept(l, NULL, NULL)); E(accept4(l, NULL, NULL, 12345));
    int c = socket(AF_INET, SOCK_STREAM, 0);
    E(connect(c, (void *)&a, sizeof a));
    n = sizeof b;
    int d = accept4(l, (void *)&b, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
    printf("accepted %d family %d len %d cloexec %d nonblock %d\n", d >= 0, b.sin_family, n, fcntl(d, F_GETFD), !!(fcntl(d, F_GETFL) & O_NONBLOCK));
    E(send(c, page + 4090, 12, 0)); E(recv(d, page + 4090, 12, 0)); E(recv(d, page + 4080, 12, 0));
    E(sendto(u, "x", 1, 0, (void *)16, sizeof a)); E(sendto(u, "x", 1, 0, NULL, 0)); E(sendto(u, "x", 1, 0, (void *)&a, 3));
    E(shutdown(c, 99)); E(shutdown(u, SHUT_RD)); E(socket(99, 1, 0)); E(socket(AF_INET, 99, 0)); E(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)16));
    int avail = -1, on = 1;
    send(c, "12345", 5, 0);
    usleep(20000);
    E(ioctl(d, FIONREAD, &avail)); printf("%d\n", avail);
    E(ioctl(d, FIONBIO, &on)); E(ioctl(d, FIONREAD, (void *)16)); E(ioctl(d, SIOCATMARK, &avail));
    struct ifreq q[8], one;
    struct ifconf conf = {sizeof q, {(char *)q}};
    E(ioctl(u, SIOCGIFCONF, &conf)); printf("%d\n", conf.ifc_len % (int)sizeof q[0] == 0 && conf.ifc_len > 0);
    conf.ifc_buf = (char *)16;
    E(ioctl(u, SIOCGIFCONF, &conf));
    memset(&one, 0, sizeof one), strcpy(one.ifr_name, "lo");
    E(ioctl(u, SIOCGIFINDEX, &one)); printf("%d\n", one.ifr_ifindex);
    E(ioctl(u, SIOCGIFFLAGS, &one)); printf("%d\n", !!(one.ifr_flags & IFF_LOOPBACK));
    E(ioctl(u, TCGETS, &one)); E(ioctl(12345, FIONREAD, &avail));
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    rights();
    many();
    options();
    waits();
    addresses();
    return 0;
}
