/* /proc/self by other names, and when the program has none any more. */
/* oracle: host */
#define _GNU_SOURCE
#include "syscheck.h"
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Does the file show this program's mappings, by the address of a variable? */
static int shows_maps(int fd)
{
    char text[65536], line[32];
    size_t n = 0;
    for (ssize_t r; n + 1 < sizeof text && (r = read(fd, text + n, sizeof text - 1 - n)) > 0;) n += (size_t)r;
    text[n] = 0;
    close(fd);
    unsigned long from, to, at = (unsigned long)&shows_maps;
    for (char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
        if (sscanf(p, "%lx-%lx", &from, &to) == 2 && from <= at && at < to) return 1;
    return 0;
}

static void names(void)
{
    char link[] = "/tmp/lp-sysself-XXXXXX", text[200], want[200];
    close(mkstemp(link)), unlink(link);
    symlink("/proc/self/maps", link);
    const char *const n[] = {"/proc/self/maps", "//proc//self///maps", "/proc/./self/./maps", "/./proc/self/maps", "/proc/self/fd/../maps",
                             "/proc/self/task/../fd/../maps", "/proc/self/cwd/../proc/../proc/self/maps", link, "/proc/self/root/proc/self/maps"};
    for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) printf("%s: %d\n", i == 7 ? "a link" : n[i], shows_maps(open(n[i], O_RDONLY)));
    unlink(link);
    E(open("/proc/self/maps/", O_RDONLY));
    int self = open("/proc/self", O_PATH), fds = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    printf("below a descriptor: %d %d\n", shows_maps(openat(self, "maps", O_RDONLY)), shows_maps(openat(fds, "../maps", O_RDONLY)));
    ssize_t k = readlinkat(self, "cwd", text, sizeof text - 1);
    text[k > 0 ? k : 0] = 0;
    printf("cwd: %d\n", getcwd(want, sizeof want) && !strcmp(text, want));
}

static void resolve(void)
{
    struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_NO_MAGICLINKS};
    OK(syscall(SYS_openat2, AT_FDCWD, "/proc/self/exe", &how, sizeof how));
    how.resolve = RESOLVE_NO_SYMLINKS;
    OK(syscall(SYS_openat2, AT_FDCWD, "/proc/self/exe", &how, sizeof how));
    how.resolve = 0;
    OK(syscall(SYS_openat2, AT_FDCWD, "/proc/self/exe", &how, sizeof how));
}

static void limits(void)
{
    struct rlimit l = {1000 * 1024 * 1024ul, 2000 * 1024 * 1024ul}, files;
    unsigned long soft, hard;
    char line[200];
    setrlimit(RLIMIT_AS, &l), getrlimit(RLIMIT_NOFILE, &files);
    FILE *f = fopen("/proc/self/limits", "r");
    for (int n = 0; f && fgets(line, sizeof line, f); n++)
        if (!n || strstr(line, "address space")) printf("%s", line);
        else if (sscanf(line, "Max open files %lu %lu", &soft, &hard) == 2) printf("open files: %d %d\n", soft == files.rlim_cur, hard == files.rlim_max);
    fclose(f);
    l = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_AS, &l);
}

static void seccomp_rows(int *mode, int *filters)
{
    char line[200];
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f)) sscanf(line, "Seccomp: %d", mode), sscanf(line, "Seccomp_filters: %d", filters);
    fclose(f);
}
static void filters(void)
{
    struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    struct sock_fprog program = {1, &allow};
    int mode, before, after;
    fflush(stdout);
    if (fork()) { wait(NULL); return; }
    seccomp_rows(&mode, &before);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (int i = 0; i < 3; i++) prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    seccomp_rows(&mode, &after);
    printf("filters: mode %d, %d more\n", mode, after - before);
    fflush(stdout);
    _exit(0);
}

/* A copy that has deleted itself is opened, named and started all the same. */
static void deleted(const char *argv0)
{
    char path[] = "/tmp/lp-sysself-XXXXXX", text[4096], magic[4] = "";
    int to = mkstemp(path), from = open("/proc/self/exe", O_RDONLY), status;
    for (ssize_t n; (n = read(from, text, sizeof text)) > 0;) write(to, text, (size_t)n);
    fchmod(to, 0700), close(to), fflush(stdout);
    if (!fork()) execl(path, argv0, "copy", path, NULL), _exit(9);
    wait(&status);
    printf("copy: %d\n", WEXITSTATUS(status));
    unlink(path);
}
static int copy(const char *argv0, const char *path)
{
    char text[4200], magic[4] = "";
    struct stat st;
    unlink(path);
    int fd = open("/proc/self/exe", O_RDONLY);
    read(fd, magic, 4);
    ssize_t n = readlink("/proc/self/exe", text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    printf("deleted: %d %s\n", !memcmp(magic, "\177ELF", 4), strcmp(text + strlen(path), " (deleted)") ? text : "and says so");
    printf("%d links\n", stat("/proc/self/exe", &st) ? -1 : (int)st.st_nlink);
    fflush(stdout);
    execl("/proc/self/exe", argv0, "again", NULL);
    perror("exec");
    return 1;
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "copy")) return copy(argv[0], argv[2]);
    if (argc > 1 && !strcmp(argv[1], "again")) return puts("again") < 0 ? 1 : 7;
    names();
    resolve();
    limits();
    filters();
    deleted(argv[0]);
    return 0;
}
