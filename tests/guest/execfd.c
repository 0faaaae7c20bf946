/* execveat of a script by its descriptor: the name that its interpreter gets, and none where the descriptor is closed on exec. */
/* oracle: host */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;

static void run(const char *what, int fd, const char *name)
{
    char *argv[] = {"zero", "one", NULL};
    printf("%s: ", what);
    fflush(stdout);
    if (fork() == 0) {
        syscall(SYS_execveat, fd, name, argv, environ, *name ? 0 : AT_EMPTY_PATH);
        puts(strerrorname_np(errno));
        fflush(stdout);
        _exit(1);
    }
    wait(NULL);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/execfd.XXXXXX", path[64], self[512] = "";
    if (argc > 1 && !strcmp(argv[1], "shown")) { /* as the interpreter */
        for (int i = 1; i < argc; i++) printf("[%s]", argv[i]);
        puts("");
        return 0;
    }
    readlink("/proc/self/exe", self, sizeof self - 1);
    int folder = open(mkdtemp(dir), O_RDONLY | O_DIRECTORY), closed = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    dup2(folder, 100);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%d", dir, i);
        FILE *f = fopen(path, "w");
        if (i) fprintf(f, "#!%s shown\n", self);
        else fprintf(f, "#!/bin/echo\n");
        fchmod(fileno(f), 0700);
        fclose(f);
        int fd = open(path, O_RDONLY);
        dup2(fd, 101);
        dup3(fd, 102, O_CLOEXEC);
        close(fd);
        run("open", 101, "");
        run("closed on exec", 102, "");
        run("in a folder", 100, i ? "1" : "0");
        run("in a folder that is closed on exec", closed, i ? "1" : "0");
        unlink(path);
    }
    rmdir(dir);
    return 0;
}
