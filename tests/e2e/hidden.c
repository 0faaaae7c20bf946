/* hidden.c - a guest looks for the engine's descriptors: to poll, to select, to clone from and, by another thread that writes while they are looked at, to send. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int first;
static union {
    struct cmsghdr c;
    char room[CMSG_SPACE(sizeof(int))];
} control;
static volatile int done;

static void *flip(void *arg)
{
    volatile int *fd = (void *)CMSG_DATA(&control.c);
    for (unsigned i = 0; !done; i++) *fd = i & 1 ? 1 : first + (int)(i / 2 % 64);
    return arg;
}

/* Of those that were sent and received, how many are not the standard output. */
static int sent(void)
{
    int pair[2], wrong = 0;
    char c = 'x';
    pthread_t other;
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    control.c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.c), &(int){1}, sizeof(int));
    pthread_create(&other, NULL, flip, NULL);
    for (int i = 0; i < 20000; i++) {
        struct iovec iov = {&c, 1};
        struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
        char room[CMSG_SPACE(sizeof(int))];
        int fd;
        if (sendmsg(pair[0], &m, 0) < 0) continue;
        m.msg_control = room, m.msg_controllen = sizeof room;
        if (recvmsg(pair[1], &m, 0) < 0 || !m.msg_controllen) continue;
        memcpy(&fd, CMSG_DATA((struct cmsghdr *)room), sizeof fd);
        wrong += syscall(SYS_kcmp, getpid(), getpid(), 0 /* KCMP_FILE */, fd, 1) != 0;
        close(fd);
    }
    done = 1;
    pthread_join(other, NULL);
    return wrong;
}

int main(void)
{
    struct rlimit r;
    struct { struct file_dedupe_range head; struct file_dedupe_range_info info[2]; } same = {{0, 4096, 2, 0, 0}, {{0}}};
    int none = 0, bad = 0, uncloned = 0, file = fileno(tmpfile());
    ftruncate(file, 4096);
    getrlimit(RLIMIT_NOFILE, &r);
    first = r.rlim_max <= 65536 ? (int)r.rlim_max : 16384 - 128;
    for (int i = 0; i < 64; i++) {
        unsigned long set[65536 / 64 + 2] = {0};
        struct pollfd p[2] = {{first + i, POLLIN | POLLOUT, 0}, {1, 0, 0}};
        struct timespec now = {0, 0};
        set[(first + i) / 64] |= 1UL << (first + i) % 64;
        none += poll(p, 2, 0) == 1 && p[0].revents == POLLNVAL && p[0].fd == first + i;
        bad += syscall(SYS_pselect6, first + 64, set, NULL, NULL, &now, NULL) == -1 && errno == EBADF;
        struct file_clone_range range = {first + i, 0, 0, 0};
        same.info[0].dest_fd = first + i, same.info[1].dest_fd = 1000;
        uncloned += ioctl(file, FICLONERANGE, &range) == -1 && errno == EBADF;
        uncloned += ioctl(file, FIDEDUPERANGE, &same) == -1 || (same.info[0].status == -EBADF && same.info[1].status == -EBADF);
    }
    printf("%d invalid to poll, %d bad to select, %d bad to clone, %d sent\n", none, bad, uncloned, sent());
    return 0;
}
