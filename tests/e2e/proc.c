/* proc.c - what /proc says of this process, its threads and another process of the same kind, for proc.sh: natively and as a guest the same. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[1 << 22];
static size_t len;
static int slurp(const char *form, int pid, int tid)
{
    char path[100];
    snprintf(path, sizeof path, form, pid, tid);
    int fd = open(path, O_RDONLY);
    len = 0;
    for (ssize_t n; fd >= 0 && (n = read(fd, text + len, sizeof text - 1 - len)) > 0;) len += n;
    text[len] = 0;
    close(fd);
    return fd >= 0;
}
/* A number of the mapping that holds p. */
static long number(const char *file, const volatile void *p, const char *key)
{
    unsigned long a, b;
    int here = 0;
    slurp(file, getpid(), 0);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (sscanf(line, "%lx-%lx ", &a, &b) == 2) here = (unsigned long)p >= a && (unsigned long)p < b;
        else if (here && !strncmp(line, key, strlen(key))) return atol(line + strlen(key));
    }
    return -1;
}
static void show_words(const char *what)
{
    printf("%s:", what);
    for (size_t i = 0; i < len; i += strlen(text + i) + 1) printf(" [%s]", i ? text + i : strrchr(text, '/') ? strrchr(text, '/') + 1 : text);
    puts("");
}
static int tid;
static pthread_barrier_t both;
static void *thread(void *arg)
{
    prctl(PR_SET_NAME, "the thread");
    tid = syscall(SYS_gettid);
    pthread_barrier_wait(&both);
    pthread_barrier_wait(&both);
    return arg;
}

static void memory(void)
{
    volatile char *p = mmap(NULL, 5 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect((void *)(p + 4096), 3 * 4096, PROT_READ | PROT_WRITE);
    p[4096] = p[8192] = 1;
    printf("smaps %ld %ld %ld %ld\n", number("/proc/%d/smaps", p + 4096, "Size:"), number("/proc/self/smaps", p + 4096, "Rss:"),
           number("/proc/self/smaps", p + 4096, "Private_Dirty:"), number("/proc/self/smaps", p, "Rss:"));
    mprotect((void *)(p + 8192), 4096, PROT_READ | PROT_WRITE | PROT_EXEC); /* one region of the host, three of ours */
    printf("pieces %ld %ld %ld\n", number("/proc/self/smaps", p + 4096, "Rss:"), number("/proc/self/smaps", p + 8192, "Rss:"),
           number("/proc/self/smaps", p + 3 * 4096, "Rss:"));
    fflush(stdout);
    if (fork() == 0) {
        printf("shared %ld", number("/proc/self/smaps", p + 8192, "Private_Dirty:"));
        p[8192] = 2;
        printf(" private %ld\n", number("/proc/self/smaps", p + 8192, "Private_Dirty:"));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    long all = 0, rss = 0, n;
    slurp("/proc/self/smaps", 0, 0);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) if (sscanf(line, "Rss: %ld", &n) == 1) all += n;
    slurp("/proc/self/smaps_rollup", 0, 0);
    char *at = strstr(text, "\nRss:");
    printf("rollup %d %d\n", strstr(text, "[rollup]\n") != NULL, at && labs(atol(at + 5) - all) < 100);
    slurp("/proc/self/numa_maps", 0, 0);
    char first[20];
    snprintf(first, sizeof first, "\n%lx ", (unsigned long)(p + 4096));
    printf("numa %d\n", strstr(text, first) != NULL || len == 0);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "child")) {
        write(1, "x", 1);
        pause();
    }
    memory();
    pthread_t t;
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&t, NULL, thread, NULL);
    pthread_barrier_wait(&both);
    static const char *const forms[] = {"/proc/%d/task/%d/comm", "/proc/self/task/%2$d/comm", "/proc/%2$d/comm"};
    for (int i = 0; i < 3; i++) printf("%s: %s", forms[i], slurp(forms[i], getpid(), tid) ? text : "none\n");
    slurp("/proc/%2$d/maps", 0, tid);
    printf("a thread's maps %d\n", strstr(text, "[stack]") != NULL && strstr(text, "lprun") == NULL);
    slurp("/proc/self/task/%2$d/stat", 0, tid);
    printf("stat %d %d\n", atoi(text) == tid, strstr(text, "(the thread)") != NULL);
    slurp("/proc/%2$d/cmdline", 0, tid);
    show_words("a thread's cmdline");
    pthread_barrier_wait(&both);
    pthread_join(t, NULL);

    int p[2];
    char c, path[64], exe[4096] = "", real[4096];
    struct stat a, b;
    pipe(p);
    pid_t pid = fork();
    if (pid == 0) {
        char *args[] = {argv[0], "child", "two words", "", "--option", NULL}, *env[] = {"HERE=there", NULL};
        dup2(p[1], 1);
        execve(argv[0], args, env);
        _exit(1);
    }
    if (read(p[0], &c, 1) != 1) return 1;
    slurp("/proc/%d/cmdline", pid, 0);
    show_words("child's cmdline");
    slurp("/proc/%d/task/%d/cmdline", pid, pid);
    show_words("its task's");
    slurp("/proc/%d/environ", pid, 0);
    show_words("environ");
    printf("comm %s", slurp("/proc/%d/comm", pid, 0) ? text : "");
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    readlink(path, exe, sizeof exe - 1);
    printf("exe %d", !strcmp(exe, realpath(argv[0], real)));
    printf(" stat %d", stat(path, &a) == 0 && stat(argv[0], &b) == 0 && a.st_ino == b.st_ino);
    printf(" lstat %d\n", lstat(path, &a) == 0 && S_ISLNK(a.st_mode));
    slurp("/proc/%d/maps", pid, 0);
    printf("maps %d %d\n", strstr(text, real) != NULL, strstr(text, "libarm64lp") != NULL);
    slurp("/proc/%d/smaps", pid, 0);
    printf("smaps %d %d\n", strstr(text, real) != NULL && strstr(text, "Rss:") != NULL, strstr(text, "libarm64lp") != NULL);
    slurp("/proc/%d/cmdline", 1, 0);
    printf("of others %d\n", len > 0);
    kill(pid, SIGKILL);
    wait(NULL);
    printf("gone %d\n", slurp("/proc/%d/cmdline", pid, 0));
    return 0;
}
