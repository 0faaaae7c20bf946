/* vfork, posix_spawn with its errors, popen and system, what execve hands on: mask, ignored signals, descriptors. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static int status(pid_t p)
{
    int st = -1;
    return waitpid(p, &st, 0) == p ? st : -1;
}
/* The program that this one becomes. */
static int inherited(char **argv)
{
    sigset_t s;
    struct sigaction sa;
    sigprocmask(SIG_BLOCK, NULL, &s);
    printf("blocked %d %d %d", sigismember(&s, SIGUSR1), sigismember(&s, SIGUSR2), sigismember(&s, SIGSEGV));
    sigaction(SIGHUP, NULL, &sa), printf(" ignored %d", sa.sa_handler == SIG_IGN);
    sigaction(SIGBUS, NULL, &sa), printf(" %d", sa.sa_handler == SIG_IGN);
    sigaction(SIGTERM, NULL, &sa), printf(" default %d\n", sa.sa_handler == SIG_DFL);
    sigpending(&s), printf("pending %d\n", sigismember(&s, SIGUSR1));
    printf("fds %d %d\n", fcntl(atoi(argv[2]), F_GETFD) >= 0, fcntl(atoi(argv[3]), F_GETFD) >= 0);
    printf("argv0 '%s' last '%s'\n", argv[0], argv[4]);
    return 12;
}
static void handler(int n) { (void)n; }
static void hand_on(void)
{
    char keep[12], drop[12];
    int a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY | O_CLOEXEC);
    snprintf(keep, sizeof keep, "%d", a), snprintf(drop, sizeof drop, "%d", b);
    fflush(stdout);
    pid_t p = fork();
    if (p == 0) {
        sigset_t s;
        sigemptyset(&s), sigaddset(&s, SIGUSR1), sigaddset(&s, SIGSEGV), sigprocmask(SIG_BLOCK, &s, NULL);
        signal(SIGHUP, SIG_IGN), signal(SIGBUS, SIG_IGN), signal(SIGTERM, handler);
        kill(getpid(), SIGUSR1);
        char *argv[] = {"-odd name", "inherited", keep, drop, "", NULL};
        execve("/proc/self/exe", argv, environ);
        _exit(99);
    }
    printf("status %d\n", WEXITSTATUS(status(p)));
    close(a), close(b);
}
static int shared;
static void vforks(void)
{
    volatile int local = 1;
    pid_t p = vfork();
    if (p == 0) {
        shared = 5, *(volatile int *)&local = 7;
        _exit(3);
    }
    printf("vfork %d %d status %d\n", shared, *(volatile int *)&local, WEXITSTATUS(status(p)));
    p = vfork();
    if (p == 0) {
        execl("/bin/sh", "sh", "-c", "exit 9", (char *)0);
        _exit(1);
    }
    printf("vfork exec %d\n", WEXITSTATUS(status(p)));
    p = vfork();
    if (p == 0) {
        shared = execl("/no/such", "x", (char *)0), shared = errno;
        _exit(1);
    }
    printf("vfork failed %d status %d\n", shared == ENOENT, WEXITSTATUS(status(p)));
    p = vfork();
    if (p == 0) raise(SIGKILL);
    printf("vfork killed %d\n", WTERMSIG(status(p)));
}
static void spawns(const char *self)
{
    pid_t p = -1;
    char *argv[] = {"sh", "-c", "echo spawned $A; exit 4", NULL}, *env[] = {"A=b c", NULL};
    int r = posix_spawn(&p, "/bin/sh", NULL, NULL, argv, env);
    printf("spawn %d", r), printf(" %d\n", WEXITSTATUS(status(p)));
    printf("spawn nothing %d\n", posix_spawn(&p, "/no/such/file", NULL, NULL, argv, env) == ENOENT);
    printf("spawn directory %d\n", posix_spawn(&p, "/", NULL, NULL, argv, env) == EACCES);
    char *me[] = {"spawns", "hello", NULL};
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t at;
    sigset_t all;
    sigemptyset(&all), sigaddset(&all, SIGTERM);
    posix_spawn_file_actions_init(&fa), posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&at), posix_spawnattr_setsigdefault(&at, &all), posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGDEF);
    signal(SIGTERM, handler);
    r = posix_spawn(&p, self, &fa, &at, me, env);
    printf("spawn self %d status %d\n", r, WEXITSTATUS(status(p)));
    struct sigaction sa;
    sigaction(SIGTERM, NULL, &sa);
    printf("handler kept %d\n", sa.sa_handler == handler);
    signal(SIGTERM, SIG_DFL);
}
static void shells(void)
{
    char line[100];
    FILE *f = popen("echo from popen; exit 6", "r");
    printf("%s", fgets(line, sizeof line, f));
    printf("pclose %d\n", WEXITSTATUS(pclose(f)));
    f = popen("tr a-z A-Z", "w");
    fprintf(f, "to popen\n");
    printf("pclose %d\n", pclose(f));
    fflush(stdout);
    printf("system %d\n", WEXITSTATUS(system("echo in system; exit 8")));
    printf("system killed %d\n", WTERMSIG(system("kill -9 $$")));
}
static void scripts(const char *self)
{
    char dir[] = "/tmp/lpspawnXXXXXX", text[5000];
    if (!mkdtemp(dir) || chdir(dir)) return;
    int fd = open("s", O_CREAT | O_WRONLY, 0755);
    int n = snprintf(text, sizeof text, "#!%s  script arg \nrest\n", self);
    if (write(fd, text, (size_t)n) != n) return;
    close(fd);
    fflush(stdout);
    pid_t p = fork();
    if (p == 0) {
        execl("./s", "zero", "x y", (char *)0);
        _exit(98);
    }
    printf("script %d\n", WEXITSTATUS(status(p)));
    fd = open("e", O_CREAT | O_WRONLY, 0755);
    if (write(fd, "#!\n", 3) != 3) return;
    close(fd);
    printf("empty %d", execl("./e", "e", (char *)0)), printf(" %d\n", errno == ENOEXEC);
    fd = open("l", O_CREAT | O_WRONLY, 0755);
    if (write(fd, "#!./l\n", 6) != 6) return;
    close(fd);
    printf("loop %d", execl("./l", "l", (char *)0)), printf(" %d\n", errno == ELOOP);
    fd = open("m", O_CREAT | O_WRONLY, 0755);
    if (write(fd, "#!/no/interpreter\n", 18) != 18) return;
    close(fd);
    printf("missing %d", execl("./m", "m", (char *)0)), printf(" %d\n", errno == ENOENT);
    printf("fault %d", execve((char *)8, (char *[]){NULL}, environ)), printf(" %d\n", errno == EFAULT);
    fd = open("s", O_RDONLY | O_CLOEXEC);
    printf("execveat %d", execveat(fd, "", (char *[]){"x", NULL}, environ, 0)), printf(" %d\n", errno == ENOENT);
    close(fd);
    unlink("s"), unlink("e"), unlink("l"), unlink("m");
    if (chdir("/") == 0) rmdir(dir);
}
int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "inherited")) return inherited(argv);
    if (argc > 1 && !strcmp(argv[1], "hello")) return printf("not seen\n"), 21;
    if (argc > 1 && !strcmp(argv[1], "script arg")) return printf("script '%s' '%s' %d\n", argv[2], argv[3], argc), 31;
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    vforks(), spawns(self), shells(), scripts(self), hand_on();
    fflush(stdout);
    return 0;
}
