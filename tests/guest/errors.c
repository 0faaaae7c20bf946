/* Error paths: errno of many failing calls. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>
#define E(x) do { errno = 0; long r_ = (long)(x); printf("%-28s %ld %s\n", #x, r_, strerror(errno)); } while (0)
int main(void)
{
    struct stat st; struct termios tio; char b[8]; E(close(77)); E(read(77, b, 1)); E(write(1, (void *)16, 4)); E(open("/", O_WRONLY)); E(open("/no/such/file", O_RDONLY)); E(open((char *)16, O_RDONLY)); E(stat("", &st)); E(stat("/etc/passwd/x", &st)); E(lseek(1000, 0, SEEK_SET)); E(dup2(0, -1)); E(dup2(55, 3)); E(fcntl(0, 9999)); E(unlink("/")); E(rmdir("/proc")); E(readlink("/", b, 8)); E(chdir("/etc/passwd")); E(access("/no", R_OK)); E(pipe((int *)16)); E(syscall(9999)); E(mkdir("/proc/x", 0777)); int p[2]; pipe(p); E(lseek(p[0], 0, SEEK_SET)); E(ioctl(p[0], TCGETS, &tio)); close(p[0]); E(fcntl(p[1], F_SETFL, O_NONBLOCK)); E(symlink("", "/tmp/x")); E(setsid() < -1); E(nice(-1) > 100); E(fchmod(99, 0)); E(ftruncate(0x7fffffff, 0)); E(getcwd(b, 1)); E(sleep(0)); return 0;
}
