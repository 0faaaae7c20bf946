/* Pipes, dup2, poll, select, fork with communication. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    int p[2], q[2];
    pipe(p), pipe(q);
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        close(p[1]), close(q[0]); dup2(p[0], 0), dup2(q[1], 1);
        char l[64]; while (fgets(l, sizeof l, stdin)) { for (char *c = l; *c; c++) if (*c >= 'a' && *c <= 'z') *c -= 32; fputs(l, stdout); fflush(stdout); }
        _exit(9);
    }
    close(p[0]), close(q[1]);
    for (int i = 0; i < 5; i++) { char b[64]; int n = snprintf(b, sizeof b, "message %d\n", i); write(p[1], b, (size_t)n);
        struct pollfd f = {q[0], POLLIN, 0}; int r = poll(&f, 1, 5000); fd_set s; FD_ZERO(&s); FD_SET(q[0], &s); struct timeval tv = {1, 0}; int t = select(q[0] + 1, &s, 0, 0, &tv);
        n = (int)read(q[0], b, sizeof b); printf("%d %d %.*s", r, t, n, b); }
    close(p[1]); int st; wait(&st); printf("%d %d\n", WIFEXITED(st), WEXITSTATUS(st));
    struct pollfd f = {q[0], POLLIN, 0}; printf("%d %x\n", poll(&f, 1, 0), f.revents & POLLHUP);
    FILE *c = popen("cat", "w"); fprintf(c, "through popen\n"); fflush(stdout); printf("%d\n", pclose(c));
    return 0;
}
