/* Socket pairs and a loopback connection with fork; sendmsg with a descriptor. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    int s[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, s); write(s[0], "ping", 4); char b[64] = ""; printf("%d %s\n", (int)read(s[1], b, 10), b);
    int l = socket(AF_INET, SOCK_STREAM, 0), one = 1; setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one); struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}; bind(l, (void *)&a, sizeof a); listen(l, 4); socklen_t n = sizeof a; getsockname(l, (void *)&a, &n); fflush(stdout);
    if (!fork()) { int c = socket(AF_INET, SOCK_STREAM, 0); connect(c, (void *)&a, sizeof a); send(c, "hello over tcp", 14, 0); shutdown(c, SHUT_WR); char x[8]; _exit((int)recv(c, x, 8, 0)); }
    int c = accept(l, 0, 0); memset(b, 0, sizeof b); recv(c, b, sizeof b, MSG_WAITALL); printf("%s\n", b); send(c, "bye", 3, 0); close(c); int st; wait(&st); printf("%d\n", WEXITSTATUS(st));
    int p[2]; pipe(p); char ctl[CMSG_SPACE(sizeof(int))] = {0}; struct iovec v = {"x", 1}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof ctl}; struct cmsghdr *h = CMSG_FIRSTHDR(&m); h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(sizeof(int)); memcpy(CMSG_DATA(h), &p[1], sizeof(int)); printf("%d\n", (int)sendmsg(s[0], &m, 0));
    char y; v.iov_base = &y; m.msg_controllen = sizeof ctl; printf("%d\n", (int)recvmsg(s[1], &m, 0)); int fd; memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd); write(fd, "passed", 6); printf("%d %.6s\n", (int)read(p[0], b, 6), b);
    return 0;
}
