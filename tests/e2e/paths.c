/* Names of files in a sysroot, one question per argument: `paths read /etc/name in /usr ...`. What is found is printed, or the error. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;

static const char *result(long r) { return r < 0 ? strerrorname_np(errno) : "done"; }
static void show(int fd)
{
    char text[200];
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n < 0) { puts(strerrorname_np(errno)); return; }
    text[n > 0 && text[n - 1] == '\n' ? n - 1 : n] = 0;
    puts(text[0] ? text : "empty");
    close(fd);
}
static void links(const char *name)
{
    char text[PATH_MAX];
    ssize_t n = readlink(name, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    puts(n < 0 ? strerrorname_np(errno) : text);
}
static void list(const char *name)
{
    struct dirent **d;
    int n = scandir(name, &d, NULL, alphasort);
    for (int i = 0; i < n; i++) if (d[i]->d_name[0] != '.') printf("%s ", d[i]->d_name);
    puts(n < 0 ? strerrorname_np(errno) : "");
}
static int sock(const char *name, int server)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    socklen_t len = sizeof a;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strncpy(a.sun_path, name, sizeof a.sun_path - 1);
    int r = server ? bind(fd, (void *)&a, sizeof a) : connect(fd, (void *)&a, sizeof a);
    if (r == 0 && server) listen(fd, 5);
    printf("%s", result(r));
    memset(&a, 0, sizeof a);
    if (r == 0 && strlen(name) < 50 && (server ? getsockname : getpeername)(fd, (void *)&a, &len) == 0) printf(" %s", a.sun_path);
    puts("");
    return fd;
}
static void run(const char *name, int fd)
{
    char *argv[] = {"zero", "one", "two words", NULL}, *none[] = {NULL};
    fflush(stdout);
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        if (fd >= 0) syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
        else execve(name, argv, environ);
        puts(strerrorname_np(errno));
        fflush(stdout);
        _exit(99);
    }
    waitpid(pid, &status, 0);
    (void)none;
}
static int memory(const char *name)
{
    char buf[65536];
    int from = open(name, O_RDONLY), to = memfd_create("inside", MFD_CLOEXEC);
    for (ssize_t n; (n = read(from, buf, sizeof buf)) > 0;) if (write(to, buf, (size_t)n) != n) break;
    close(from);
    return to;
}
static void big(const char *name, size_t total)
{
    size_t n = total / 1000;
    char **argv = calloc(n + 2, sizeof *argv), *s = memset(calloc(1, 1001), 'x', 999);
    for (size_t i = 0; i < n; i++) argv[i] = s;
    execve(name, argv, environ);
    puts(strerrorname_np(errno));
}

int main(int argc, char **argv)
{
    char buf[PATH_MAX];
    struct stat st;
    int dir = AT_FDCWD, fd, kept = -1;
    if (!strcmp(argv[0], "zero")) {
        printf("runs %s %s of %d, execfn %s, preload %s\n", argv[1], argv[2], argc, (char *)getauxval(AT_EXECFN), getenv("LD_HELD") ? getenv("LD_HELD") : "none");
        return 0;
    }
    if (!strcmp(argv[0], "/bin/tool")) {
        for (int i = 1; i < argc; i++) printf("[%s] ", argv[i]);
        prctl(PR_GET_NAME, buf);
        printf("%s is %s\n", (char *)getauxval(AT_EXECFN), buf);
        return 0;
    }
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *q = argv[i], *name = argv[i + 1];
        if (!strcmp(q, "read")) show(openat(dir, name, O_RDONLY));
        else if (!strcmp(q, "nolinks")) show((int)syscall(SYS_openat2, dir, name, &(struct open_how){.resolve = RESOLVE_NO_SYMLINKS}, sizeof(struct open_how)));
        else if (!strcmp(q, "in")) dir = open(name, O_RDONLY | O_DIRECTORY), puts(result(dir));
        else if (!strcmp(q, "cd")) { int r = chdir(name); printf("%s %s\n", result(r), getcwd(buf, sizeof buf)); dir = AT_FDCWD; }
        else if (!strcmp(q, "link")) links(name);
        else if (!strcmp(q, "real")) puts(realpath(name, buf) ? buf : strerrorname_np(errno));
        else if (!strcmp(q, "lstat")) puts(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) ? strerrorname_np(errno) : S_ISLNK(st.st_mode) ? "a link" : S_ISDIR(st.st_mode) ? "a folder" : "a file");
        else if (!strcmp(q, "make")) { fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0666); if (fd < 0) puts(strerrorname_np(errno)); else { dprintf(fd, "made"); close(fd); puts("made"); } }
        else if (!strcmp(q, "mkdir")) puts(result(mkdirat(dir, name, 0777)));
        else if (!strcmp(q, "unlink")) puts(result(unlinkat(dir, name, 0)));
        else if (!strcmp(q, "rename")) puts(result(rename(name, argv[++i + 1])));
        else if (!strcmp(q, "symlink")) puts(result(symlink(name, argv[++i + 1])));
        else if (!strcmp(q, "list")) list(name);
        else if (!strcmp(q, "bind")) kept = sock(name, 1);
        else if (!strcmp(q, "connect")) close(sock(name, 0));
        else if (!strcmp(q, "fdlink")) { fd = open(name, O_RDONLY); snprintf(buf, sizeof buf, "/proc/self/fd/%d", fd); links(buf); close(fd); }
        else if (!strcmp(q, "run")) run(name, -1);
        else if (!strcmp(q, "runfd")) run(name, open(name, O_RDONLY | O_CLOEXEC));
        else if (!strcmp(q, "runmem")) run(name, memory(name));
        else if (!strcmp(q, "runbusy")) { fd = open(name, O_WRONLY); run(name, -1); close(fd); }
        else if (!strcmp(q, "big")) big("/proc/self/exe", strtoul(name, NULL, 0));
        else if (!strcmp(q, "chroot")) puts(result(chroot(name)));
        else if (!strcmp(q, "then")) { fflush(stdout); execl(name, name, "read", "/etc/inside", (char *)0); puts(result(-1)); }
        else if (!strcmp(q, "hold")) setenv("LD_HELD", name, 1);
        else return 1;
    }
    return kept < -1;
}
