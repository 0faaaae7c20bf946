/* abuse SOCKET: a client as it should not be, in every way at once: garbage, half a message, silence, a byte now and then, huge counts, nothing read,
 * and 1000 connections. Goes on until its standard input ends; then says how many bytes it got rid of. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MANY = 1000 };
static struct sockaddr_un addr = {.sun_family = AF_UNIX};
static unsigned long sent;

static int reach(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0) close(fd), fd = -1;
    return fd;
}

static void put(int fd, const char *text, size_t n)
{
    ssize_t r = fd < 0 ? -1 : send(fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (r > 0) sent += (unsigned long)r;
}

static const char *const words[] = {
    "", "GET / HTTP/1.1\r\n\r\n", "arm64lp 9\n", "arm64lp 1\napp", "arm64lp 1\napply 4096 0 4294967295\n",
    "arm64lp 1\napply 4096 0 4294967295\npatch 67108864 x\n", "arm64lp 1\nrevert 4096 0 0\nname a\nname b\n", "arm64lp 1\napply 18446744073709551616 0 0\n",
    "arm64lp 1\nfunctions 0\nfunctions 0\nfunctions 0\nfunctions 0\nfunctions 0\nfunctions 0\n", "arm64lp 1\nlist\nlist\nlist\nlist\n\xff\xfe\n", "\n\n\n\n"};

int main(int argc, char **argv)
{
    static int fd[MANY];
    static char noise[65536];
    struct rlimit lim;
    unsigned seed = 7;
    if (argc != 2 || strlen(argv[1]) >= sizeof addr.sun_path) return 2;
    strcpy(addr.sun_path, argv[1]);
    getrlimit(RLIMIT_NOFILE, &lim);
    lim.rlim_cur = lim.rlim_max < 4096 ? lim.rlim_max : 4096;
    setrlimit(RLIMIT_NOFILE, &lim);
    memset(fd, -1, sizeof fd);
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
    for (unsigned round = 0;; round++) {
        struct pollfd end = {0, POLLIN, 0};
        if (poll(&end, 1, 0) > 0) break;
        for (int i = 0; i < MANY; i++) {
            const char *text = words[(round + (unsigned)i) % (sizeof words / sizeof *words)];
            if (fd[i] < 0) fd[i] = reach();
            if (i % 3 == 0) put(fd[i], text, strlen(text));
            else if (i % 3 == 1) put(fd[i], "arm64lp 1\nrevert 1 0 0\n" + round % 24, 1); /* a byte now and then */
            if (i % 50 == 5) put(fd[i], noise, sizeof noise);
            char gone;
            ssize_t r = fd[i] < 0 ? 1 : recv(fd[i], &gone, 1, MSG_PEEK | MSG_DONTWAIT); /* nothing is ever read */
            if (r == 0 || (r < 0 && errno != EAGAIN) || (fd[i] >= 0 && round % 7 == (unsigned)i % 7)) close(fd[i]), fd[i] = -1;
        }
    }
    printf("%lu\n", sent);
    return 0;
}
