/* prctl of arm64: tagged addresses to system calls, and store bypass; what children get of it. (qemu-user strips tags and knows no speculation control.) */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAG(p) ((void *)((uint64_t)(p) | 0x5aULL << 56))
static long result(long r) { return r < 0 ? -errno : r; }

static void calls(void)
{
    char buf[8];
    struct stat st;
    struct iovec iov = {TAG(buf), sizeof buf}, plain = {buf, sizeof buf};
    int fd = open("/dev/zero", O_RDONLY), p[2];
    printf("read %ld", result(read(fd, TAG(buf), sizeof buf)));
    printf(" readv %ld", result(readv(fd, &iov, 1)));
    printf(" of tagged %ld", result(syscall(SYS_readv, fd, TAG(&plain), 1)));
    printf(" fstat %ld", result(syscall(SYS_fstat, fd, TAG(&st))));
    printf(" open %d", (int)(result(syscall(SYS_openat, AT_FDCWD, TAG("/dev/null"), O_RDONLY)) >= 0));
    printf(" pipe %d", (int)result(syscall(SYS_pipe2, TAG(p), 0)));
    printf(" uname %ld", result(syscall(SYS_uname, TAG(0))));
    printf(" plain %ld\n", result(read(fd, buf, sizeof buf)));
    close(fd);
}

static void bypass(const char *when)
{
    printf("%s: %ld\n", when, result(prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0)));
}
static long set(unsigned long how) { return result(prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, how, 0, 0)); }

static void in_child(void (*fn)(void))
{
    int st;
    fflush(stdout);
    pid_t p = fork();
    if (p == 0) {
        fn();
        fflush(stdout);
        _exit(0);
    }
    waitpid(p, &st, 0);
}
static void inherited(void)
{
    calls();
    bypass("child");
    printf("force %ld", set(PR_SPEC_FORCE_DISABLE));
    printf(" enable %ld disable %ld", set(PR_SPEC_ENABLE), set(PR_SPEC_DISABLE));
    bypass(" then");
}

int main(void)
{
    printf("tags %d\n", prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
    calls();
    printf("set %d\n", prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 0, 0, 0));
    calls();
    bypass("begin");
    printf("disable %ld", set(PR_SPEC_DISABLE));
    bypass("");
    in_child(inherited);
    printf("enable %ld", set(PR_SPEC_ENABLE));
    bypass("");
    printf("odd %ld", set(3));
    printf(" %ld", result(prctl(PR_GET_SPECULATION_CTRL, 1, 0, 0, 0)));
    printf(" %ld", result(prctl(PR_SET_SPECULATION_CTRL, 1, PR_SPEC_ENABLE, 0, 0)));
    printf(" %ld\n", result(prctl(PR_GET_SPECULATION_CTRL, 0, 1, 0, 0)));
    printf("reset %d\n", prctl(PR_SET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
    calls();
    return 0;
}
