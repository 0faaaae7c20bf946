/* Processes among threads: fork, vfork, posix_spawn and exec from threads while others run, short children by the thousand, threads that are cancelled
 * while they do anything, and ends that race with beginnings. */
#include "torture.h"
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

extern char **environ;
static _Atomic long counter;
static char self[4096];

static void *count(void *arg)
{
    while (!over) counter++;
    return arg;
}
static void *allocate(void *arg)
{
    while (!over) free(malloc(1 + counter++ % 100000));
    return arg;
}
static void *map(void *arg)
{
    while (!over) {
        char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        p[5000] = 1;
        mprotect(p, 4096, PROT_READ);
        munmap(p, 65536);
    }
    return arg;
}
static void *nothing(void *arg) { return arg; }
static void *make_threads(void *arg)
{
    while (!over) {
        pthread_t t;
        if (pthread_create(&t, NULL, nothing, arg) == 0) pthread_join(t, NULL);
    }
    return arg;
}
static void company(void)
{
    static void *(*const fn[])(void *) = {count, allocate, map, make_threads};
    pthread_t t;
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&t, NULL, fn[i], NULL) == 0);
}

/* The same in n threads among that company: each gives back how many of `count` went well. */
static void in_company(int n, void *(*fn)(void *), long count)
{
    pthread_t t[4];
    company();
    for (int i = 0; i < n; i++) pthread_create(&t[i], NULL, fn, (void *)count);
    for (int i = 0; i < n; i++) {
        void *r;
        pthread_join(t[i], &r);
        CHECK((long)r == count);
    }
    over = 1;
}

/* ---- a thousand short children, fifty at a time ---- */
static void bomb(long scale)
{
    long made = 0, reaped = 0, n = 1000 * scale, sum = 0;
    while (reaped < n) {
        while (made < n && made - reaped < 50) {
            pid_t p = fork();
            if (p == 0) _exit((int)(made % 100));
            if (p < 0) break;
            made++;
        }
        int st;
        CHECK(wait(&st) > 0 && WIFEXITED(st));
        sum += WEXITSTATUS(st), reaped++;
    }
    CHECK(sum == 4950 * n / 100);
}

/* Children that have children: a tree of them, each counts. */
static void tree(long scale)
{
    _Atomic long *n = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (long i = 0; i < scale; i++) {
        *n = 0;
        pid_t p = fork();
        if (p == 0) {
            for (int d = 0; d < 7; d++) (void)!fork();
            (*n)++;
            while (wait(NULL) > 0) {}
            _exit(0);
        }
        status_of(p);
        CHECK(*n == 128);
    }
}

/* ---- fork in many threads while others allocate, map and come and go ---- */
static void *fork_often(void *arg)
{
    long n = (long)arg, good = 0;
    for (long i = 0; i < n; i++) {
        pid_t p = fork();
        if (p == 0) {
            pthread_t t; /* libc and the engine are whole in the child */
            void *r = NULL;
            free(malloc(100000));
            if (pthread_create(&t, NULL, nothing, (void *)9) || pthread_join(t, &r) || r != (void *)9) _exit(1);
            _exit(getpid() == syscall(SYS_gettid) ? 42 : 2);
        }
        good += status_of(p) == 42 << 8;
    }
    return (void *)good;
}
static void forks(long scale)
{
    in_company(4, fork_often, 25 * scale);
}

/* ---- posix_spawn and vfork in threads: success and failure ---- */
static void *spawn_often(void *arg)
{
    long n = (long)arg, good = 0;
    char *argv[] = {self, "exit", "17", NULL};
    for (long i = 0; i < n; i++) {
        pid_t p = 0;
        if (i % 3 == 0) {
            good += posix_spawn(&p, "/nonexistent/program", NULL, NULL, argv, environ) == ENOENT;
        } else if (i % 3 == 1) {
            int r = posix_spawn(&p, self, NULL, NULL, argv, environ);
            good += r == 0 && status_of(p) == 17 << 8;
        } else {
            p = vfork();
            if (p == 0) {
                if (i % 2) execv(self, argv);
                _exit(17);
            }
            good += p > 0 && status_of(p) == 17 << 8;
        }
    }
    return (void *)good;
}
static void spawns(long scale)
{
    in_company(3, spawn_often, 12 * scale);
}

/* ---- exec from a thread: the others are gone, the process ID stays ---- */
static void *exec_self(void *arg)
{
    char pid[20];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    usleep(1000);
    execl(self, self, "pid", pid, (char *)NULL);
    return arg;
}
static void execs(long scale)
{
    for (long i = 0; i < 8 * scale; i++) {
        pid_t p = fork();
        if (p == 0) {
            pthread_t t;
            company();
            if (i % 2) exec_self(NULL);
            pthread_create(&t, NULL, exec_self, NULL);
            if (i % 4 == 0) pthread_exit(NULL);
            for (;;) pause();
        }
        CHECK(status_of(p) == 23 << 8);
    }
}

/* ---- the end of a process races with threads, forks and execs that begin ---- */
static void *end_it(void *arg)
{
    usleep((useconds_t)(long)arg);
    _exit(5);
}
static void *fork_on(void *arg)
{
    for (;;) {
        pid_t p = fork();
        if (p == 0) _exit(0);
        if (p > 0) waitpid(p, NULL, 0);
    }
    return arg;
}
static void *vfork_on(void *arg)
{
    for (;;) {
        pid_t p = vfork();
        if (p == 0) _exit(0);
        if (p > 0) waitpid(p, NULL, 0);
    }
    return arg;
}
static void ends(long scale)
{
    for (long i = 0; i < 25 * scale; i++) {
        pid_t p = fork();
        if (p == 0) {
            pthread_t t;
            company();
            pthread_create(&t, NULL, i % 2 ? fork_on : vfork_on, NULL);
            pthread_create(&t, NULL, i % 3 ? fork_on : make_threads, NULL);
            pthread_create(&t, NULL, end_it, (void *)(i * 137 % 3000));
            if (i % 5 == 0) pthread_exit(NULL);
            if (i % 5 == 1) make_threads(NULL);
            for (;;) sleep(100);
        }
        if (i % 4 == 3) usleep(2000), kill(p, SIGTERM);
        int st = status_of(p);
        CHECK(st == 5 << 8 || (i % 4 == 3 && st == SIGTERM));
    }
}

/* ---- cancellation, wherever they are ---- */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t none;
static int ends_of_pipe[2];
static _Atomic long cleaned;
static void unlock(void *m) { pthread_mutex_unlock(m), cleaned++; }
static void clean(void *arg) { (void)arg, cleaned++; }
static void *cancelled(void *arg)
{
    char c;
    long how = (long)arg % 8;
    if (how == 0) {
        pthread_mutex_lock(&lock);
        pthread_cleanup_push(unlock, &lock);
        for (;;) pthread_cond_wait(&never, &lock);
        pthread_cleanup_pop(1);
    }
    pthread_cleanup_push(clean, NULL);
    if (how == 1) pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    for (;;) {
        if (how == 1) counter++;
        if (how == 2) (void)!read(ends_of_pipe[0], &c, 1);
        if (how == 3) sem_wait(&none);
        if (how == 4) poll(NULL, 0, -1);
        if (how == 5) sleep(100);
        if (how == 6) pthread_testcancel();
        if (how == 7) {
            pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
            usleep(200);
            pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
            pthread_testcancel();
        }
    }
    pthread_cleanup_pop(1);
    return NULL;
}
static void cancels(long scale)
{
    CHECK(pipe(ends_of_pipe) == 0);
    sem_init(&none, 0, 0);
    for (long k = 0; k < 5 * scale; k++) {
        pthread_t t[32];
        cleaned = 0;
        for (long i = 0; i < 32; i++) CHECK(pthread_create(&t[i], NULL, cancelled, (void *)i) == 0);
        usleep((useconds_t)(k % 3 * 3000));
        for (int i = 0; i < 32; i++) pthread_cancel(t[i]);
        for (int i = 0; i < 32; i++) {
            void *r;
            pthread_join(t[i], &r);
            CHECK(r == PTHREAD_CANCELED);
        }
        CHECK(cleaned <= 32 && (k % 3 == 0 || cleaned == 32));
    }
}

/* Thread IDs: of others, of none, of another process. */
static void *tid_of(void *arg)
{
    *(_Atomic pid_t *)arg = (pid_t)syscall(SYS_gettid);
    while (!over) usleep(100);
    return NULL;
}
static _Atomic int got;
static void note(int n) { got = n; }
static void ids(long scale)
{
    static _Atomic pid_t tid;
    pthread_t t;
    (void)scale;
    on(SIGUSR1, note, SA_RESTART);
    pthread_create(&t, NULL, tid_of, &tid);
    while (!tid) sched_yield();
    CHECK(syscall(SYS_tgkill, getpid(), tid, 0) == 0 && syscall(SYS_tkill, tid, 0) == 0);
    CHECK(syscall(SYS_tgkill, getpid(), tid, SIGUSR1) == 0);
    for (int i = 0; i < 1000 && !got; i++) nap(0.001);
    CHECK(got == SIGUSR1);
    errno = 0;
    CHECK(syscall(SYS_tgkill, getppid(), tid, 0) == -1 && errno == ESRCH);
    errno = 0;
    CHECK(syscall(SYS_tgkill, getpid(), -1, 0) == -1 && errno == EINVAL);
    over = 1;
    pthread_join(t, NULL);
    for (int i = 0; i < 1000 && syscall(SYS_tgkill, getpid(), tid, 0) == 0; i++) nap(0.001);
    errno = 0;
    CHECK(syscall(SYS_tgkill, getpid(), tid, 0) == -1 && errno == ESRCH);
}

/* A process that handles a signal ends with its own status, however late the signal comes. */
static void signalled_ends(long scale)
{
    for (long i = 0; i < 100 * scale; i++) {
        int ready[2], status;
        char c;
        CHECK(pipe(ready) == 0);
        pid_t pid = fork();
        if (pid == 0) {
            on(SIGTERM, note, SA_RESTART);
            (void)!write(ready[1], "r", 1);
            _exit(7);
        }
        CHECK(read(ready[0], &c, 1) == 1);
        while (waitpid(pid, &status, WNOHANG) == 0) kill(pid, SIGTERM);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
        close(ready[0]), close(ready[1]);
    }
}

static const struct test tests[] = {
    {"bomb", bomb, 1}, {"tree", tree}, {"forks", forks}, {"spawns", spawns}, {"execs", execs}, {"ends", ends}, {"cancels", cancels}, {"ids", ids},
    {"signalled_ends", signalled_ends},
};

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "exit")) return atoi(argv[2]);
    if (argc == 3 && !strcmp(argv[1], "pid")) return atoi(argv[2]) == getpid() && syscall(SYS_gettid) == getpid() ? 23 : 24;
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) return 1;
    return run_tests(tests, sizeof tests / sizeof *tests, argc, argv);
}
