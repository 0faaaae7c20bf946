/* What each blocking call gives that a signal interrupts: a handler with SA_RESTART, one without, and a stop that no handler sees. */
/* oracle: host */
#define _GNU_SOURCE
#include "syscheck.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

static int p[2], s[2], listener, ep, efd, tfd, inot, queue, sem, locked, unlocked;
static mqd_t mq;
static pid_t sleeper;
static int word;
static char b[64], fifo[64];
static const struct timespec long_ = {20, 0};

static long c_read(void) { return read(p[0], b, 1); }
static long c_readv(void) { return readv(p[0], &(struct iovec){b, 1}, 1); }
static long c_recv(void) { return recv(s[0], b, 1, 0); }
static long c_recvmsg(void) { return recvmsg(s[0], &(struct msghdr){.msg_iov = &(struct iovec){b, 1}, .msg_iovlen = 1}, 0); }
static long c_recvmmsg(void) { struct mmsghdr m = {.msg_hdr = {.msg_iov = &(struct iovec){b, 1}, .msg_iovlen = 1}}; return recvmmsg(s[0], &m, 1, 0, NULL); }
static long c_accept(void) { return accept(listener, NULL, NULL); }
static long c_open(void) { return open(fifo, O_RDONLY); }
static long c_flock(void) { return flock(locked, LOCK_EX); }
static long c_setlkw(void) { struct flock l = {.l_type = F_WRLCK}; return fcntl(unlocked, F_OFD_SETLKW, &l); }
static long c_wait4(void) { return wait4(sleeper, NULL, 0, NULL); }
static long c_waitid(void) { siginfo_t si; return waitid(P_PID, sleeper, &si, WEXITED); }
static long c_futex(void) { return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL); }
static long c_futex_timed(void) { return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &long_); }
static long c_msgrcv(void) { return msgrcv(queue, b, 8, 0, 0); }
static long c_semop(void) { return semop(sem, &(struct sembuf){0, -1, 0}, 1); }
static long c_mq(void) { return mq_receive(mq, b, 64, NULL); }
static long c_splice(void) { return splice(p[0], NULL, s[0], NULL, 1, 0); }
static long c_eventfd(void) { return read(efd, b, 8); }
static long c_timerfd(void) { return read(tfd, b, 8); }
static long c_inotify(void) { return read(inot, b, 64); }
static long c_poll(void) { return poll(&(struct pollfd){p[0], POLLIN}, 1, 20000); }
static long c_select(void) { fd_set f; FD_ZERO(&f); FD_SET(p[0], &f); return select(p[0] + 1, &f, NULL, NULL, &(struct timeval){20, 0}); }
static long c_epoll(void) { struct epoll_event e; return epoll_wait(ep, &e, 1, 20000); }
static long c_epoll2(void) { struct epoll_event e; return syscall(SYS_epoll_pwait2, ep, &e, 1, &long_, NULL, 8); }
static long c_nanosleep(void) { return nanosleep(&long_, NULL); }
static long c_absolute(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t), t.tv_sec += 20;
    return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}
static long c_sigtimedwait(void) { sigset_t w; sigemptyset(&w), sigaddset(&w, SIGRTMAX); return sigtimedwait(&w, NULL, &long_); }
static long c_sigsuspend(void) { sigset_t none; sigemptyset(&none); return sigsuspend(&none); }

#define C(x) {#x, c_##x}
static const struct { const char *name; long (*fn)(void); } calls[] = {
    C(read), C(readv), C(recv), C(recvmsg), C(recvmmsg), C(accept), C(open), C(flock), C(setlkw), C(wait4), C(waitid), C(futex), C(futex_timed), C(msgrcv),
    C(semop), C(mq), C(splice), C(eventfd), C(timerfd), C(inotify), C(poll), C(select), C(epoll), C(epoll2), C(nanosleep), C(absolute), C(sigtimedwait),
    C(sigsuspend)};

static sigjmp_buf out;
static volatile sig_atomic_t hits, inside;
static void hit(int n)
{
    (void)n;
    if (inside && ++hits == 2) siglongjmp(out, 1);
}
static void enough(int n)
{
    (void)n;
    if (inside) siglongjmp(out, 1);
}

/* Until a process is in this state, as often as `times` looks one after another say: how busy the machine is does not matter. */
static void wait_state(pid_t pid, char want, int times)
{
    char path[32], state;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    for (int n = 0; n < times; usleep(4000)) {
        FILE *f = fopen(path, "r");
        if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1) _exit(1);
        n = state == want ? n + 1 : 0;
        fclose(f);
    }
}

/* The call goes on after the first signal, and the second ends it; or it returns. */
static void result(long (*fn)(void), pid_t other)
{
    if (sigsetjmp(out, 1)) {
        inside = 0;
        printf(" goes-on");
    } else {
        errno = 0;
        inside = 1;
        long r = fn();
        int e = errno;
        inside = 0;
        printf(" %s", r == -1 ? strerrorname_np(e) : "returns");
    }
    while (waitpid(other, NULL, 0) < 0 && errno == EINTR) {}
}
static void with_handler(long (*fn)(void), int flags)
{
    struct sigaction sa = {.sa_handler = hit, .sa_flags = flags};
    pid_t me = getpid(), other;
    hits = 0;
    sigaction(SIGALRM, &sa, NULL);
    fflush(stdout);
    if (!(other = fork())) {
        wait_state(me, 'S', 8), kill(me, SIGALRM), wait_state(me, 'S', 8), kill(me, SIGALRM);
        _exit(0);
    }
    result(fn, other);
}
static void with_stop(long (*fn)(void))
{
    struct sigaction sa = {.sa_handler = enough};
    pid_t me = getpid(), other;
    sigaction(SIGUSR1, &sa, NULL);
    fflush(stdout);
    if (!(other = fork())) {
        wait_state(me, 'S', 8), kill(me, SIGSTOP), wait_state(me, 'T', 1), kill(me, SIGCONT), wait_state(me, 'S', 8), kill(me, SIGUSR1);
        _exit(0);
    }
    result(fn, other);
}

static void prepare(void)
{
    char dir[] = "/tmp/lp-sysrestarts-XXXXXX", name[64];
    mkdtemp(dir);
    snprintf(fifo, sizeof fifo, "%s/fifo", dir), snprintf(name, sizeof name, "%s/lock", dir);
    mkfifo(fifo, 0600);
    pipe(p), socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(listener, (void *)&(sa_family_t){AF_UNIX}, sizeof(sa_family_t)), listen(listener, 1);
    efd = eventfd(0, 0), tfd = timerfd_create(CLOCK_MONOTONIC, 0), inot = inotify_init(), ep = epoll_create1(0);
    epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &(struct epoll_event){EPOLLIN});
    int holder = open(name, O_CREAT | O_RDWR, 0600);
    struct flock l = {.l_type = F_WRLCK};
    flock(holder, LOCK_EX), fcntl(holder, F_OFD_SETLK, &l);
    locked = open(name, O_RDWR), unlocked = open(name, O_RDWR);
    queue = msgget(IPC_PRIVATE, 0600), sem = semget(IPC_PRIVATE, 1, 0600);
    struct mq_attr at = {.mq_maxmsg = 1, .mq_msgsize = 64};
    snprintf(name, sizeof name, "/lp-sysrestarts-%d", (int)getpid());
    mq = mq_open(name, O_CREAT | O_RDWR, 0600, &at), mq_unlink(name);
    if (!(sleeper = fork())) {
        alarm(60);
        for (;;) pause();
    }
}

int main(void)
{
    char dir[64];
    prepare();
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        printf("%s:", calls[i].name);
        with_handler(calls[i].fn, SA_RESTART);
        with_handler(calls[i].fn, 0);
        with_stop(calls[i].fn);
        printf("\n");
    }
    kill(sleeper, SIGKILL);
    msgctl(queue, IPC_RMID, NULL), semctl(sem, 0, IPC_RMID);
    strcpy(dir, fifo), *strrchr(dir, '/') = 0;
    unlink(fifo), strcat(dir, "/lock"), unlink(dir), *strrchr(dir, '/') = 0, rmdir(dir);
    return 0;
}
