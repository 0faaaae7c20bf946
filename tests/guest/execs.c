/* exec of oneself with arguments and environment, scripts, failures; system(). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[0], "me")) { for (int i = 1; i < argc; i++) printf("arg %s\n", argv[i]); printf("env %s\n", getenv("X") ? getenv("X") : "none"); if (argc == 3) { char *a[] = {argv[0], "last", NULL}; fflush(stdout); execv("/proc/self/exe", a); } return 10 + argc; }
    fflush(stdout); int st;
    if (!fork()) { char *a[] = {"me", "one", "two words", NULL}, *e[] = {"X=y z", NULL}; execve("/proc/self/exe", a, e); _exit(99); }
    wait(&st); printf("status %d\n", WEXITSTATUS(st));
    char *none[] = {"x", NULL}; printf("%d %s\n", execv("/no/such", none), strerror(errno)); printf("%d %s\n", execv("/tmp", none), strerror(errno));
    char dir[] = "/tmp/lpexecXXXXXX"; mkdtemp(dir); chdir(dir); int fd = creat("s", 0755); const char sh[] = "#!/bin/sh -e\necho script $0 $*\nexit 5\n"; write(fd, sh, strlen(sh)); close(fd);
    fflush(stdout); if (!fork()) { execl("./s", "zero", "a", "b", (char *)0); _exit(98); } wait(&st); printf("status %d\n", WEXITSTATUS(st));
    fd = creat("t", 0644); close(fd); printf("%d %s\n", execl("./t", "t", (char *)0), strerror(errno)); chmod("t", 0755);
    fflush(stdout); printf("%d\n", WEXITSTATUS(system("echo in shell; exit 6"))); if (!fork()) { execlp("true", "true", (char *)0); _exit(97); } wait(&st); printf("status %d\n", WEXITSTATUS(st));
    unlink("s"), unlink("t"), chdir("/"), rmdir(dir); return 0;
}
