/* What /proc says about the program: its own addresses, names and numbers, by each of its paths. */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
static char text[1 << 20];
static size_t len;
static const char *slurp_at(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    len = 0;
    for (ssize_t n; fd >= 0 && (n = read(fd, text + len, sizeof text - 1 - len)) > 0;) len += n;
    text[len] = 0;
    close(fd);
    return fd < 0 ? "" : text;
}
static const char *slurp(const char *name) { return slurp_at(AT_FDCWD, name); }
/* The line of maps that holds an address. */
static int mapped(const void *p, const char *perms, const char *name)
{
    unsigned long a, b;
    char have[8];
    int skip;
    slurp("/proc/self/maps");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s%n", &a, &b, have, &skip) == 3 && (unsigned long)p >= a && (unsigned long)p < b)
            return !strcmp(have, perms) && !strcmp(line + skip + strspn(line + skip, " "), name);
    return 0;
}
static unsigned long long field(int nr)
{
    slurp("/proc/self/stat");
    char *p = strrchr(text, ')') + 2;
    for (int i = 3; i < nr; i++) p = strchr(p, ' ') + 1;
    return strtoull(p, NULL, 10);
}
static unsigned long size_of_maps(void)
{
    unsigned long a, b, n = 0;
    slurp("/proc/self/maps");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) if (sscanf(line, "%lx-%lx", &a, &b) == 2) n += b - a;
    return n;
}
static int in_status(const char *line) { slurp("/proc/self/status"); return strstr(text, line) != NULL; }
static int mask(const char *line)
{
    const char *p = strstr(slurp("/proc/self/status"), line);
    return p ? strtoull(p + strlen(line), NULL, 16) : 0;
}
static void handler(int n) {}

int main(int argc, char **argv)
{
    extern char etext, edata;
    char exe[4096], real[4096], name[100];
    int local;
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = 0;
    printf("exe %d\n", !strcmp(exe, realpath(argv[0], real)));
    Elf64_Ehdr e;
    int fd = open("/proc/self/exe", O_RDONLY), dir = open("/proc/self", O_RDONLY), task;
    printf("opened %d\n", read(fd, &e, sizeof e) == sizeof e && e.e_machine == EM_AARCH64);
    printf("maps code %d data %d heap %d stack %d vdso %d\n", mapped(main, "r-xp", exe), mapped(&edata - 1, "rw-p", exe),
           mapped((char *)sbrk(4096), "rw-p", "[heap]"), mapped(&local, "rw-p", "[stack]"), mapped((void *)getauxval(AT_SYSINFO_EHDR), "r-xp", "[vdso]"));

    signal(SIGUSR1, SIG_IGN), signal(SIGUSR2, handler);
    printf("stat code %d stack %d brk %d threads %llu ignored %llx caught %llx\n", field(26) <= (unsigned long)main && field(27) > (unsigned long)main,
           field(28) > (unsigned long)&local && mapped((void *)field(28), "rw-p", "[stack]"), field(47) <= (unsigned long)sbrk(0), field(20), field(33) & 0x200, field(34) & 0x800);
    printf("arguments %d environment %d\n", field(48) == (unsigned long)argv[0], field(50) == (unsigned long)environ[0] && field(51) > field(50));
    unsigned long size = size_of_maps();
    printf("size %d statm %d\n", field(23) == size, strtoul(slurp("/proc/self/statm"), NULL, 10) == size / 4096);
    printf("status %d %d %d\n", in_status("\nThreads:\t1\n"), mask("\nSigIgn:\t") >> 9 & 1, mask("\nSigCgt:\t") >> 11 & 1);

    unsigned long *aux = (unsigned long *)slurp("/proc/self/auxv"), entry = 0;
    for (size_t i = 0; i + 1 < len / 8; i += 2) if (aux[i] == AT_ENTRY) entry = aux[i + 1];
    printf("auxv %d\n", entry && entry == getauxval(AT_ENTRY));
    const char *forms[] = {"/proc/self/%s", "/proc/thread-self/%s", "/proc/%d/%s", "/proc/self/task/%d/%s"};
    for (int i = 0; i < 4; i++) {
        char path[100];
        if (i < 2) snprintf(path, sizeof path, forms[i], "cmdline"); else snprintf(path, sizeof path, forms[i], getpid(), "cmdline");
        slurp(path);
        printf("%s: %d\n", forms[i], len > 4 && !strcmp(text, argv[0]) && !strcmp(text + strlen(text) + 1, argv[1]));
    }
    slurp_at(dir, "cmdline");
    printf("relative %d", !strcmp(text, argv[0]));
    slurp_at(dir, "task/../environ");
    printf(" %d", len > 0 && memmem(text, len, "LP_TEST=a value", 16) != NULL);
    chdir("/proc/self");
    printf(" %d", strstr(slurp("maps"), "[vdso]") != NULL);
    n = readlinkat(dir, "exe", name, sizeof name);
    printf(" %d\n", n > 0 && !strncmp(name, exe, n));
    prctl(PR_SET_NAME, "another name");
    printf("comm %s", slurp("/proc/self/comm"));
    printf("stat has it %d\n", strstr(slurp("/proc/self/stat"), "(another name)") != NULL);
    DIR *d = opendir("/proc/self/task");
    int own = 0, others = 0;
    for (struct dirent *q; (q = readdir(d)) != NULL;) if (q->d_name[0] != '.') { if (atoi(q->d_name) == getpid()) own++; else others++; }
    printf("threads %d %d\n", own, others);
    printf("none %d\n", open("/proc/self/nothing", O_RDONLY));
    return 0;
}
