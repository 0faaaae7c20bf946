/* Programs that have no more of something: memory, mappings, threads, descriptors, time, room in a file. They are told so by the right error or signal,
 * everything else goes on, and what is given back can be had again. */
#include "torture.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { PAGE = 4096, MB = 1 << 20, NOBODY = 65534 };
static char self[4096];

static void limit_to(int resource, rlim_t n)
{
    struct rlimit r;
    CHECK(getrlimit(resource, &r) == 0);
    r.rlim_cur = n < r.rlim_max ? n : r.rlim_max;
    CHECK(setrlimit(resource, &r) == 0);
}
static int fate(void (*fn)(void))
{
    fflush(stdout);
    pid_t p = fork();
    if (p == 0) {
        bad = 0;
        fn();
        _exit(bad != 0);
    }
    return status_of(p);
}
#define FINE(fn) ({ int st_ = fate(fn); CHECK(st_ == 0) || fprintf(stderr, #fn ": status %#x\n", st_); })
#define DIES(fn, n) ({ int st_ = fate(fn); CHECK((st_ & 0x7f) == (n)) || fprintf(stderr, #fn ": status %#x\n", st_); })
#define FAILS(call, e) (errno = 0, CHECK((long)(call) == -1 && errno == (e)))

static void *nothing(void *arg) { return arg; }
/* What any program can do that has enough of everything else. */
static void works(int may_start_threads)
{
    pthread_t t;
    void *r = NULL;
    struct timespec ts;
    static volatile sig_atomic_t hits;
    void hit(int n) { (void)n, hits++; }
    int before = hits;
    on(SIGUSR1, hit, 0);
    raise(SIGUSR1);
    CHECK(hits == before + 1);
    pid_t p = fork();
    if (p == 0) _exit(23);
    CHECK(p > 0 && status_of(p) == 23 << 8);
    CHECK(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
    if (may_start_threads) CHECK(pthread_create(&t, NULL, nothing, &ts) == 0 && pthread_join(t, &r) == 0 && r == &ts);
}
/* This program once more by exec, as `report`: its status. */
static int again(const char *what)
{
    char *argv[] = {self, (char *)what, NULL}, *envp[] = {"TORTURE=exec", NULL};
    pid_t p = vfork();
    if (p == 0) {
        execve(self, argv, envp);
        _exit(99);
    }
    return p < 0 ? -1 : status_of(p) >> 8;
}

/* ---- memory ---- */

/* Until there is no more; each page is touched. How many MB that were. */
static long fill(void)
{
    long n = 0;
    char *list = NULL, *p;
    while ((p = mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED) {
        for (long i = 0; i < MB; i += PAGE) p[i] = 1;
        *(char **)p = list, list = p, n++;
        if (n > 2000) break;
    }
    CHECK(errno == ENOMEM);
    while (list) p = list, list = *(char **)p, munmap(p, MB);
    return n;
}
static void address_space(void)
{
    works(1);
    limit_to(RLIMIT_AS, 200 * MB);
    for (int i = 0; i < 3; i++) {
        long n = fill();
        CHECK(n > 100 && n < 200);
        CHECK(malloc(300 * MB) == NULL && errno == ENOMEM);
    }
    char *p = mmap(NULL, 100 * MB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    FAILS(mremap(p, 100 * MB, 200 * MB, MREMAP_MAYMOVE), ENOMEM);
    CHECK(mremap(p, 100 * MB, 50 * MB, 0) == p);
    works(1);
    limit_to(RLIMIT_AS, 0);
    FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    void *end = sbrk(0);
    FAILS(sbrk(MB), ENOMEM);
    CHECK(sbrk(0) == end);
    pthread_t t;
    pthread_attr_t a;
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, 64 * MB);
    CHECK(pthread_create(&t, &a, nothing, NULL) == EAGAIN);
    works(0);
    CHECK(munmap(p, 50 * MB) == 0);
    limit_to(RLIMIT_AS, RLIM_INFINITY);
    CHECK(pthread_create(&t, &a, nothing, NULL) == 0 && pthread_join(t, NULL) == 0);
}
static void data(void)
{
    limit_to(RLIMIT_DATA, 100 * MB);
    for (int i = 0; i < 3; i++) {
        long n = fill();
        CHECK(n > 80 && n <= 100);
    }
    CHECK(mmap(NULL, 300 * MB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED); /* is no data */
    long mb = 0;
    while (sbrk(MB) != (void *)-1 && mb < 200) mb++;
    CHECK(errno == ENOMEM && mb > 80 && mb <= 100);
    for (long i = 0; i < mb * MB; i += PAGE) ((char *)sbrk(0) - mb * MB)[i] = 1;
    CHECK(brk((char *)sbrk(0) - mb * MB) == 0);
    works(1);
}
/* More than there is: nothing is mapped, and what is mapped can be touched. */
static void too_much(void)
{
    FAILS(mmap(NULL, 1ul << 47, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), ENOMEM);
    FAILS(mmap(NULL, ~0ul << 13, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), ENOMEM);
    FAILS(sbrk(1l << 46), ENOMEM);
    FAILS(sbrk(-(1l << 46)), ENOMEM);
    FAILS(mmap((void *)(1ul << 48), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), ENOMEM);
    works(1);
}
/* Mappings that cannot be joined, until the kernel counts too many (vm.max_map_count); then all can be taken away again. */
static void mappings(void)
{
    size_t n = 0, most = 70000;
    char *base = mmap(NULL, 2 * most * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    while (n < most && mprotect(base + 2 * n * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0) base[2 * n++ * PAGE] = 1;
    CHECK(n > 20000 && (n == most || errno == ENOMEM));
    for (size_t i = 0; i < n; i += 101) CHECK(base[2 * i * PAGE] == 1);
    raise(SIGUSR2);
    pid_t p = fork();
    if (p == 0) _exit(23);
    CHECK(p > 0 && status_of(p) == 23 << 8);
    for (size_t i = 0; i < n; i += 2) CHECK(munmap(base + 2 * i * PAGE, PAGE) == 0);
    CHECK(munmap(base, 2 * most * PAGE) == 0);
    works(1);
}
static void memory(long scale)
{
    signal(SIGUSR2, SIG_IGN);
    for (long i = 0; i < scale; i++) {
        FINE(address_space);
        FINE(data);
        FINE(too_much);
    }
}
static void maps(long scale)
{
    (void)scale;
    signal(SIGUSR2, SIG_IGN);
    FINE(mappings);
}

/* ---- threads and processes ---- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static void *waits(void *arg)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return arg;
}
/* As many as there may be, at once; how many. */
static long threads_at_once(long most)
{
    pthread_t *t = calloc((size_t)most, sizeof *t);
    pthread_attr_t a;
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, 65536);
    long n = 0;
    int r = 0;
    pthread_mutex_lock(&gate);
    while (n < most && (r = pthread_create(&t[n], &a, waits, NULL)) == 0) n++;
    CHECK(n == most || r == EAGAIN);
    pthread_mutex_unlock(&gate);
    for (long i = 0; i < n; i++) pthread_join(t[i], NULL);
    free(t);
    return n;
}
static void few_threads(void)
{
    /* (Another one of this user's may run here at the same time.) */
    if (getuid() == 0) CHECK(setgid(NOBODY) == 0 && setuid(NOBODY - 1) == 0);
    limit_to(RLIMIT_NPROC, 40);
    for (int i = 0; i < 3; i++) {
        long n = threads_at_once(100);
        CHECK(n < 40 && (n > 10 || getuid() != NOBODY - 1));
    }
    limit_to(RLIMIT_NPROC, 0);
    FAILS(fork(), EAGAIN);
    FAILS(vfork(), EAGAIN);
    CHECK(threads_at_once(1) == 0);
    raise(SIGUSR2);
}
static void threads(long scale)
{
    signal(SIGUSR2, SIG_IGN);
    FINE(few_threads);
    CHECK(threads_at_once(1000 * scale) > 900);
}

/* ---- descriptors ---- */

static int open_max(void)
{
    int n = 0, fd;
    while ((fd = dup(0)) >= 0) n++;
    CHECK(errno == EMFILE);
    return n;
}
static const int few[] = {3, 4, 10, 64};
static void few_descriptors(void)
{
    for (int i = 0; i < 4; i++) {
        syscall(SYS_close_range, 3, ~0u, 0);
        limit_to(RLIMIT_NOFILE, (rlim_t)few[i]);
        CHECK(open_max() == few[i] - 3);
        FAILS(open("/dev/null", O_RDONLY), EMFILE);
        FAILS(open("/proc/self/maps", O_RDONLY), EMFILE);
        FAILS(socket(1, 1, 0), EMFILE);
        FAILS(memfd_create("x", 0), EMFILE);
        FAILS(epoll_create1(0), EMFILE);
        int p[2];
        FAILS(pipe(p), EMFILE);
        FAILS(dup2(0, few[i]), EBADF);
        works(1);
        CHECK(again("count") == few[i]);
        close(2);
        CHECK(open("/proc/self/maps", O_RDONLY) == 2);
        char c;
        CHECK(read(2, &c, 1) == 1);
        dup2(1, 2);
    }
}
/* The engine's own are none that a program can reach. */
static void all_closed(void)
{
    for (int fd = 3; fd < 20000; fd++) close(fd);
    works(1);
    syscall(SYS_close_range, 3, ~0u, 4 /* CLOEXEC */);
    limit_to(RLIMIT_NOFILE, 5000);
    for (int fd = 3; fd < 20000; fd++)
        if (dup2(0, fd) != fd) {
            CHECK(errno == EBADF);
            break;
        }
    works(1);
    CHECK(again("works") == 0);
    syscall(SYS_close_range, 0, ~0u, 0);
    works(1);
    CHECK(again("none") == 0);
}
static void descriptors(long scale)
{
    for (long i = 0; i < scale; i++) {
        FINE(few_descriptors);
        FINE(all_closed);
    }
}

/* ---- time, files ---- */

static void burn(void)
{
    for (volatile long i = 0;; i++) {}
}
static volatile sig_atomic_t warnings;
static void warned(int n) { (void)n, warnings++; }
static void hard_limit(void)
{
    struct rlimit r = {1, 2};
    on(SIGXCPU, warned, 0);
    CHECK(setrlimit(RLIMIT_CPU, &r) == 0);
    double from = now();
    while (!warnings && now() - from < 60) {}
    if (!warnings) _exit(1);
    burn(); /* SIGKILL */
}
static void soft_limit(void)
{
    limit_to(RLIMIT_CPU, 1);
    burn();
}
static void in_thread(void)
{
    pthread_t t;
    limit_to(RLIMIT_CPU, 1);
    pthread_create(&t, NULL, (void *(*)(void *))burn, NULL);
    pthread_join(t, NULL);
}
static void times(long scale)
{
    (void)scale;
    DIES(soft_limit, SIGXCPU);
    DIES(hard_limit, SIGKILL);
    DIES(in_thread, SIGXCPU);
}

static int file(void)
{
    char name[] = "/tmp/limits.XXXXXX";
    int fd = mkstemp(name);
    CHECK(fd >= 0 && unlink(name) == 0);
    return fd;
}
static void too_long(void)
{
    signal(SIGXFSZ, SIG_DFL); /* Python, for one, ignores it for its children */
    int fd = file();
    limit_to(RLIMIT_FSIZE, 10000);
    char b[20000] = {0};
    CHECK(write(fd, b, sizeof b) == 10000);
    write(fd, b, 1);
}
static void too_long_told(void)
{
    int fd = file();
    limit_to(RLIMIT_FSIZE, 10000);
    on(SIGXFSZ, warned, 0);
    FAILS(pwrite(fd, "x", 1, 10000), EFBIG);
    CHECK(warnings == 1);
    signal(SIGXFSZ, SIG_IGN);
    FAILS(ftruncate(fd, 10001), EFBIG);
    CHECK(pwrite(fd, "x", 1, 9999) == 1);
    works(1);
    CHECK(again("works") == 0);
}
static void full(void)
{
    int fd = open("/dev/full", O_WRONLY);
    FAILS(write(fd, "x", 1), ENOSPC);
    FILE *f = fdopen(fd, "w");
    fprintf(f, "text");
    errno = 0;
    CHECK(fclose(f) == EOF && errno == ENOSPC);
}
/* A mapped file that is cut: SIGBUS. */
static void cut(void)
{
    int fd = file();
    CHECK(ftruncate(fd, 2 * PAGE) == 0);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    p[PAGE] = 1;
    CHECK(ftruncate(fd, PAGE) == 0);
    p[PAGE] = 2;
}
static void files(long scale)
{
    for (long i = 0; i < scale; i++) {
        DIES(too_long, SIGXFSZ);
        FINE(too_long_told);
        FINE(full);
        DIES(cut, SIGBUS);
    }
}

/* What the program says of itself after exec. */
static int report(const char *what)
{
    struct rlimit r;
    if (!strcmp(what, "works")) {
        works(1);
        return bad != 0;
    }
    if (!strcmp(what, "count")) {
        getrlimit(RLIMIT_NOFILE, &r);
        return (int)r.rlim_cur;
    }
    for (int fd = 0; fd < 20000; fd++)
        if (fcntl(fd, F_GETFD) >= 0) return 1;
    return 0;
}

static const struct test tests[] = {
    {"memory", memory}, {"maps", maps}, {"threads", threads}, {"descriptors", descriptors}, {"times", times}, {"files", files},
};

int main(int argc, char **argv)
{
    if (getenv("TORTURE") && !strcmp(getenv("TORTURE"), "exec")) return report(argv[1]);
    CHECK(realpath(argv[0], self) != NULL);
    return run_tests(tests, sizeof tests / sizeof *tests, argc, argv);
}
