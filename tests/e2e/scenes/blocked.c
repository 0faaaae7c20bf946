/* One thread in each system call that waits, none of which may notice that the function around it is patched meanwhile: no EINTR, nothing lost, no time
 * lost or won. Compiled twice, as inside.c: the new bodies give 100 where the old ones give 1; what went wrong counts as -10000. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLS(X) X(read) X(readv) X(write) X(accept) X(recv) X(recvmsg) X(poll) X(ppoll) X(select) X(epoll) X(eventfd) X(sleep) X(until) X(futex) X(timed) \
    X(sem) X(cond) X(sigwait) X(msgrcv) X(semop) X(setlkw) X(flock) X(wait) X(fifo)
#ifdef NEW
#define IS(x) ((x) ? 100 : -10000)
#define HERE extern
#else
#define IS(x) ((x) ? 1 : -10000)
#define HERE
#endif
#define BODY(name) __attribute__((noinline, used)) int w_##name(void)
enum { NAP_MS = 1500 };

HERE int pipes[12][2], listener, pair[2][2], epoll, event, msg, semid, locked_fd, flocked_fd, word, child;
HERE sem_t sem;
HERE pthread_mutex_t mutex;
HERE pthread_cond_t cond;
HERE int ready_flag;
HERE char full[65536], fifo_name[64], flock_name[64], lock_name[64];
long since(const struct timespec *t);

BODY(read) { char c; return IS(read(pipes[0][0], &c, 1) == 1 && c == 'r'); }
BODY(readv) { char c[2]; struct iovec v[2] = {{c, 1}, {c + 1, 1}}; return IS(readv(pipes[1][0], v, 2) == 2); }
BODY(write) { return IS(write(pipes[2][1], full, sizeof full) == sizeof full); }
BODY(accept) { int fd = accept(listener, NULL, NULL); return IS(fd >= 0 && !close(fd)); }
BODY(recv) { char c[8]; return IS(recv(pair[0][0], c, 8, MSG_WAITALL) == 8); }
BODY(recvmsg) { char c[8]; struct iovec v = {c, 8}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1}; return IS(recvmsg(pair[1][0], &m, 0) == 3); }
BODY(poll) { struct pollfd p = {pipes[3][0], POLLIN}; return IS(poll(&p, 1, 60000) == 1); }
BODY(ppoll) { struct pollfd p = {pipes[4][0], POLLIN}; struct timespec t = {60, 0}; return IS(ppoll(&p, 1, &t, NULL) == 1); }
BODY(select)
{
    fd_set s;
    FD_ZERO(&s);
    FD_SET(pipes[5][0], &s);
    return IS(select(pipes[5][0] + 1, &s, NULL, NULL, NULL) == 1);
}
BODY(epoll) { struct epoll_event e; return IS(epoll_wait(epoll, &e, 1, -1) == 1); }
BODY(eventfd) { uint64_t v; return IS(read(event, &v, 8) == 8 && v == 5); }
BODY(sleep)
{
    struct timespec begun, nap = {NAP_MS / 1000, NAP_MS % 1000 * 1000000L}, left = {7, 7};
    clock_gettime(CLOCK_MONOTONIC, &begun);
    int r = nanosleep(&nap, &left);
    long ms = since(&begun);
    return IS(r == 0 && left.tv_sec == 7 && ms >= NAP_MS && ms < NAP_MS + 5000);
}
BODY(until)
{
    struct timespec begun, end;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    end = begun, end.tv_sec += 2;
    int r = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
    return IS(r == 0 && since(&begun) >= 2000 && since(&begun) < 7000);
}
BODY(futex) { return IS(syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0) == 0); }
BODY(timed)
{
    static int never;
    struct timespec begun, nap = {1, 500000000};
    clock_gettime(CLOCK_MONOTONIC, &begun);
    long r = syscall(SYS_futex, &begun.tv_sec, FUTEX_WAIT, (int)begun.tv_sec, &nap, NULL, 0);
    return IS(r == -1 && errno == ETIMEDOUT && since(&begun) >= 1500 && since(&begun) < 6500);
}
BODY(sem) { return IS(sem_wait(&sem) == 0); }
BODY(cond)
{
    int r = 0;
    pthread_mutex_lock(&mutex);
    while (!ready_flag && !r) r = pthread_cond_wait(&cond, &mutex);
    pthread_mutex_unlock(&mutex);
    return IS(r == 0);
}
BODY(sigwait)
{
    sigset_t s;
    siginfo_t i;
    struct timespec t = {60, 0};
    sigemptyset(&s);
    sigaddset(&s, SIGUSR2);
    return IS(sigtimedwait(&s, &i, &t) == SIGUSR2);
}
BODY(msgrcv) { struct { long type; char text[8]; } m; return IS(msgrcv(msg, &m, 8, 0, 0) == 3); }
BODY(semop) { struct sembuf b = {0, -1, 0}; return IS(semop(semid, &b, 1) == 0); }
BODY(setlkw)
{
    struct flock f = {.l_type = F_WRLCK};
    int fd = open(lock_name, O_RDWR), r = fcntl(fd, F_OFD_SETLKW, &f);
    return IS(r == 0 && !close(fd));
}
BODY(flock) { int fd = open(flock_name, O_RDWR), r = flock(fd, LOCK_EX); return IS(r == 0 && !close(fd)); }
BODY(wait) { int s; return IS(waitpid(child, &s, 0) == child && WIFEXITED(s) && WEXITSTATUS(s) == 9); }
BODY(fifo) { int fd = open(fifo_name, O_RDONLY); return IS(fd >= 0 && !close(fd)); }

#ifndef NEW
long since(const struct timespec *t)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - t->tv_sec) * 1000 + (now.tv_nsec - t->tv_nsec) / 1000000;
}
#define ROW(name) {#name, w_##name},
static const struct { const char *name; int (*fn)(void); } calls[] = {CALLS(ROW)};
enum { N = sizeof calls / sizeof *calls };
static pthread_t thread[N];
static pid_t tid[N];
static struct sockaddr_un address = {AF_UNIX, "blocked.sock"};

static void *run(void *arg)
{
    long i = (long)arg;
    tid[i] = gettid();
    return (void *)(long)calls[i].fn();
}
static void set_up(void)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &s, NULL);
    for (int i = 0; i < 12; i++) pipe(pipes[i]);
    fcntl(pipes[2][1], F_SETPIPE_SZ, 4096);
    unlink(address.sun_path);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(listener, (void *)&address, sizeof address), listen(listener, 5);
    for (int i = 0; i < 2; i++) socketpair(AF_UNIX, SOCK_STREAM, 0, pair[i]);
    epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[6][0], &(struct epoll_event){EPOLLIN});
    event = eventfd(0, 0);
    msg = msgget(IPC_PRIVATE, 0600), semid = semget(IPC_PRIVATE, 1, 0600);
    sem_init(&sem, 0, 0);
    pthread_mutex_init(&mutex, NULL), pthread_cond_init(&cond, NULL);
    strcpy(lock_name, "lock"), strcpy(flock_name, "flocked"), strcpy(fifo_name, "fifo");
    mkfifo(fifo_name, 0600);
    close(open(lock_name, O_CREAT | O_RDWR, 0600)), close(open(flock_name, O_CREAT | O_RDWR, 0600));
}
/* Until all of them are in their calls: nobody of them runs. */
static int asleep(pid_t t)
{
    char path[64], text[400] = "", *p;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)t);
    FILE *f = t ? fopen(path, "r") : NULL;
    if (f) fgets(text, sizeof text, f), fclose(f);
    return (p = strrchr(text, ')')) && p[2] == 'S';
}
static void begin(void)
{
    struct flock f = {.l_type = F_WRLCK};
    ready_flag = word = 0;
    locked_fd = open(lock_name, O_RDWR), fcntl(locked_fd, F_OFD_SETLK, &f);
    flocked_fd = open(flock_name, O_RDWR), flock(flocked_fd, LOCK_EX);
    if ((child = fork()) == 0) { char c; read(pipes[7][0], &c, 1); _exit(9); }
    memset(tid, 0, sizeof tid);
    for (long i = 0; i < N; i++) pthread_create(&thread[i], NULL, run, (void *)i);
    for (int i = 0, calm = 0; calm < 3; calm = i == N ? calm + 1 : 0, usleep(20000)) for (i = 0; i < N && asleep(tid[i]); i++) {}
    printf("blocked %d\n", N);
}
static void go(void)
{
    char rest[65536];
    int sum = 0, fd = socket(AF_UNIX, SOCK_STREAM, 0);
    void *r;
    write(pipes[0][1], "r", 1), write(pipes[1][1], "vv", 2);
    for (int n = 0; n < (int)sizeof rest;) n += read(pipes[2][0], rest, sizeof rest - n);
    connect(fd, (void *)&address, sizeof address), close(fd);
    write(pair[0][1], "1234", 4), usleep(20000), write(pair[0][1], "5678", 4), write(pair[1][1], "abc", 3);
    for (int i = 3; i < 8; i++) write(pipes[i][1], "x", 1);
    write(event, &(uint64_t){5}, 8);
    word = 1, syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0);
    sem_post(&sem);
    pthread_mutex_lock(&mutex), ready_flag = 1, pthread_cond_signal(&cond), pthread_mutex_unlock(&mutex);
    kill(getpid(), SIGUSR2);
    msgsnd(msg, &(struct { long type; char text[8]; }){1, "abc"}, 3, 0);
    semop(semid, &(struct sembuf){0, 1, 0}, 1);
    close(locked_fd), close(flocked_fd);
    close(open(fifo_name, O_WRONLY));
    for (int i = 0; i < N; i++) {
        pthread_join(thread[i], &r);
        if ((long)r < 0) printf("# %s\n", calls[i].name);
        sum += (int)(long)r;
    }
    for (int i = 3; i < 7; i++) read(pipes[i][0], rest, 1);
    printf("sum %d\n", sum);
}
int main(void)
{
    char line[100];
    setvbuf(stdout, NULL, _IOLBF, 0);
    set_up();
    puts("ready");
    while (fgets(line, sizeof line, stdin)) {
        if (!strncmp(line, "begin", 5)) begin();
        if (!strncmp(line, "go", 2)) go();
        if (!strncmp(line, "bye", 3)) break;
    }
    msgctl(msg, IPC_RMID, NULL), semctl(semid, 0, IPC_RMID);
    return 0;
}
#endif
