/* A program that orders and looks must not harm: a mapped file that has been cut off since, and threads that map and unmap without end. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LEN = 1 << 16 };
__attribute__((noinline)) int value(int v) { __asm__ volatile(""); return v + 1; }

/* Blocks in here until there is another line. */
__attribute__((noinline)) int held(int v)
{
    char line[80];
    int n = fgets(line, sizeof line, stdin) ? atoi(line) : 0;
    __asm__ volatile("");
    return n + v;
}

static int executes(const char *self)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) execl(self, self, "once", NULL), _exit(9);
    waitpid(pid, &status, 0);
    return status;
}

static char *map(const char *file, int flags)
{
    int fd = open(file, O_RDWR);
    char *p = mmap(NULL, LEN, PROT_READ, flags, fd, 0);
    close(fd);
    return p;
}

static void *churn(void *file)
{
    for (;;) {
        char *p = map(file, MAP_PRIVATE);
        (void)*(volatile char *)p;
        munmap(p, LEN);
    }
}

int main(int argc, char **argv)
{
    char line[80];
    pthread_t t;
    if (argc > 1) return 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ready %d\n", (int)getpid());
    while (fgets(line, sizeof line, stdin)) {
        if (!strncmp(line, "cut", 3)) {
            char *p = map("data", MAP_SHARED), *q = map("data", MAP_PRIVATE);
            printf("cut %p %d\n", p, p != MAP_FAILED && q != MAP_FAILED && truncate("data", 0) == 0);
        } else if (!strncmp(line, "churn", 5)) {
            for (int i = 0; i < 3; i++) pthread_create(&t, NULL, churn, argv[0]);
            printf("churn\n");
        } else if (!strncmp(line, "held", 4)) {
            printf("held\n");
            printf("held %d\n", held(1));
        } else if (!strncmp(line, "exec", 4)) {
            printf("exec %d\n", executes(argv[0]));
        } else if (!strncmp(line, "bye", 3)) {
            return printf("bye\n"), 0;
        } else {
            printf("value %d\n", value(1));
        }
    }
}
