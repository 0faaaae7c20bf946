/* Files: flags that have other numbers on arm64, locks, openat2, statx, copies between descriptors, extended attributes, bad pointers. */
/* oracle: host */
#define _GNU_SOURCE
#include "syscheck.h"
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static long openat2_(int dir, const char *path, unsigned long long flags, unsigned long long resolve, size_t size)
{
    struct { struct open_how how; unsigned long long more; } a = {{flags, flags & O_CREAT ? 0600 : 0, resolve}, size > 32 ? 1 : 0};
    return syscall(SYS_openat2, dir, path, &a.how, size);
}
#define HOW sizeof(struct open_how)

static void flags(int dir)
{
    OK(openat(dir, "f", O_RDWR | O_CREAT | O_EXCL, 0640));
    E(openat(dir, "f", O_RDWR | O_CREAT | O_EXCL, 0640));
    E(openat(dir, "f", O_DIRECTORY));
    E(symlinkat("f", dir, "l"));
    E(openat(dir, "l", O_NOFOLLOW));
    OK(openat(dir, "l", O_NOFOLLOW | O_PATH));
    OK(openat(dir, "sub", O_DIRECTORY));
    E(openat(dir, "sub", O_WRONLY));
    int fd = openat(dir, "f", O_RDWR | O_APPEND | O_NOATIME | O_SYNC);
    int fl = fcntl(fd, F_GETFL);
    printf("append %d noatime %d sync %d dsync %d direct %d directory %d nofollow %d mode %d\n", !!(fl & O_APPEND), !!(fl & O_NOATIME), (fl & O_SYNC) == O_SYNC,
           !!(fl & O_DSYNC), !!(fl & O_DIRECT), !!(fl & O_DIRECTORY), !!(fl & O_NOFOLLOW), fl & O_ACCMODE);
    E(fcntl(fd, F_SETFL, O_NONBLOCK));
    fl = fcntl(fd, F_GETFL);
    printf("append %d nonblock %d\n", !!(fl & O_APPEND), !!(fl & O_NONBLOCK));
    close(fd);
    int p[2], q[2];
    E(pipe2(p, O_DIRECT | O_CLOEXEC));
    E(pipe2(q, 1 << 30)); E(pipe2(q, O_APPEND)); E(dup3(dir, 200, 1 << 30)); E(dup3(dir, 200, O_NONBLOCK));
    printf("packets %d cloexec %d\n", !!(fcntl(p[0], F_GETFL) & O_DIRECT), fcntl(p[1], F_GETFD));
    E(write(p[1], "ab", 2)); E(write(p[1], "cd", 2));
    char b[8];
    E(read(p[0], b, 8));
    OK(openat(dir, ".", O_TMPFILE | O_RDWR, 0600));
    E(openat(dir, ".", O_TMPFILE | O_RDONLY, 0600));
}

static void resolve(int dir)
{
    OK(openat2_(dir, "f", O_RDONLY, 0, HOW));
    E(openat2_(dir, "../x", O_RDONLY, RESOLVE_BENEATH, HOW));
    E(openat2_(dir, "/etc/passwd", O_RDONLY, RESOLVE_BENEATH, HOW));
    E(openat2_(dir, "/etc/passwd", O_RDONLY, RESOLVE_IN_ROOT, HOW));
    OK(openat2_(dir, "/f", O_RDONLY, RESOLVE_IN_ROOT, HOW));
    E(openat2_(dir, "l", O_RDONLY, RESOLVE_NO_SYMLINKS, HOW));
    E(openat2_(dir, "f", O_RDONLY, 1 << 20, HOW));
    E(openat2_(dir, "f", 1ull << 40, 0, HOW));
    E(openat2_(dir, "f", O_DIRECTORY, 0, HOW));
    E(openat2_(dir, "f", O_RDONLY, 0, HOW - 8));
    E(openat2_(dir, "f", O_RDONLY, 0, HOW + 8));
    E(syscall(SYS_openat2, dir, "f", 16L, HOW));
}

static void status(int dir, int fd)
{
    struct statx x;
    struct stat st;
    struct statfs fs;
    E(ftruncate(fd, 12345));
    E(syscall(SYS_statx, dir, "f", 0, STATX_BASIC_STATS, &x));
    printf("size %llu mode %o links %u\n", (unsigned long long)x.stx_size, x.stx_mode, x.stx_nlink);
    E(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_SIZE, &x));
    E(syscall(SYS_statx, fd, "", 0, STATX_SIZE, &x));
    E(syscall(SYS_statx, dir, "l", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &x));
    printf("link %d\n", S_ISLNK(x.stx_mode));
    E(syscall(SYS_statx, dir, "f", 0, STATX_SIZE, 16L));
    E(fstatat(dir, "l", &st, AT_SYMLINK_NOFOLLOW));
    printf("link %d size %d\n", S_ISLNK(st.st_mode), (int)st.st_size);
    E(fstat(fd, &st));
    printf("size %d mode %o links %d block %d\n", (int)st.st_size, st.st_mode, (int)st.st_nlink, (int)st.st_blksize >= 512);
    E(fstatat(fd, "", &st, AT_EMPTY_PATH));
    E(fstat(fd, (struct stat *)16));
    E(syscall(SYS_newfstatat, fd, NULL, &st, AT_EMPTY_PATH));
    E(syscall(SYS_newfstatat, fd, NULL, &st, 0));
    E(fstatfs(fd, &fs));
    printf("bsize %d names %ld\n", fs.f_bsize >= 512, (long)fs.f_namelen);
    E(faccessat(dir, "f", R_OK, 0));
    E(faccessat(dir, "f", X_OK, AT_EACCESS));
    E(syscall(452, dir, "f", 0600, 0)); /* fchmodat2 */
    E(syscall(452, dir, "f", 0600, 1));
}

/* /proc/self/exe is a link, and so it is for a call that does not follow links. */
static void self(int dir)
{
    static const char *const exe = "/proc/self/exe";
    struct stat st;
    struct statx x;
    E(unlink(exe)); E(renameat(AT_FDCWD, exe, dir, "x")); E(linkat(AT_FDCWD, exe, dir, "x", 0)); E(lsetxattr(exe, "user.lp", "x", 1, 0));
    E(open(exe, O_RDONLY | O_NOFOLLOW)); E(open(exe, O_RDONLY | O_CREAT | O_EXCL, 0600)); E(mkdir(exe, 0700));
    E(lstat(exe, &st)); printf("link %d\n", S_ISLNK(st.st_mode));
    E(stat(exe, &st)); printf("file %d\n", S_ISREG(st.st_mode));
    E(fstat(open(exe, O_PATH | O_NOFOLLOW), &st)); printf("link %d\n", S_ISLNK(st.st_mode));
    E(syscall(SYS_statx, AT_FDCWD, exe, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &x)); printf("link %d\n", S_ISLNK(x.stx_mode));
    E(syscall(SYS_execveat, AT_FDCWD, exe, NULL, NULL, AT_SYMLINK_NOFOLLOW));
}

static void locks(int dir)
{
    int fd = openat(dir, "f", O_RDWR);
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10};
    E(fcntl(fd, F_SETLK, &l));
    fflush(stdout);
    if (!fork()) {
        struct flock g = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
        E(fcntl(fd, F_GETLK, &g));
        printf("type %d start %d len %d by parent %d\n", g.l_type, (int)g.l_start, (int)g.l_len, g.l_pid == getppid());
        E(fcntl(fd, F_SETLK, &l));
        l.l_start = 30;
        E(fcntl(fd, F_SETLK, &l));
        int other = openat(dir, "f", O_RDWR);
        E(flock(other, 2 | 4)); /* LOCK_EX | LOCK_NB */
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    struct flock o = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    E(fcntl(fd, F_OFD_SETLK, &o));
    E(fcntl(fd, F_SETLK, (void *)16));
    E(fcntl(fd, 4711));
    E(flock(fd, 0));
    E(fcntl(fd, F_DUPFD, 1 << 30));
    struct f_owner_ex own = {F_OWNER_PID, getpid()};
    E(fcntl(fd, F_SETOWN_EX, &own));
    own.pid = 0;
    E(fcntl(fd, F_GETOWN_EX, &own));
    printf("own %d type %d\n", own.pid == getpid(), own.type);
    close(fd);
}

static void copies(int dir)
{
    int a = openat(dir, "a", O_CREAT | O_RDWR, 0600), b = openat(dir, "b", O_CREAT | O_RDWR, 0600), p[2], q[2];
    char text[32] = "";
    off_t in = 4, out = 2;
    E(write(a, "0123456789", 10));
    E(copy_file_range(a, &in, b, &out, 4, 0));
    printf("in %d out %d\n", (int)in, (int)out);
    E(pread(b, text, 10, 0));
    printf("%.4s\n", text + 2);
    E(copy_file_range(a, (off_t *)16, b, NULL, 4, 0));
    E(copy_file_range(a, &in, b, &out, 4, 1));
    in = 1;
    pipe2(p, O_NONBLOCK), pipe2(q, O_NONBLOCK);
    E(sendfile(p[1], a, &in, 5));
    printf("in %d\n", (int)in);
    E(tee(p[0], q[1], 3, 0));
    E(read(q[0], text, 32));
    printf("%.3s\n", text);
    out = 7;
    E(splice(p[0], NULL, b, &out, 100, SPLICE_F_NONBLOCK));
    printf("out %d\n", (int)out);
    E(splice(a, NULL, b, NULL, 4, 0));
    struct iovec v[2] = {{"abc", 3}, {"defg", 4}};
    E(vmsplice(p[1], v, 2, 0));
    E(read(p[0], text, 32));
    printf("%.7s\n", text);
    E(pwritev2(a, v, 2, 3, RWF_DSYNC));
    E(pwritev2(a, v, 2, -1, 0));
    E(preadv2(a, &(struct iovec){text, 20}, 1, 0, 0));
    printf("%.10s\n", text);
    E(preadv2(a, v, 1, 0, 1 << 20));
    E(fallocate(a, FALLOC_FL_KEEP_SIZE, 0, 65536));
    E(posix_fadvise(a, 0, 0, POSIX_FADV_DONTNEED));
    E(lseek(a, 0, SEEK_END));
    E(readahead(p[0], 0, 10));
    E(sync_file_range(a, 0, 0, SYNC_FILE_RANGE_WRITE));
}

/* As much as there is: the hole stops the call where it is reached. */
static void pointers(void)
{
    char *m = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int p[2];
    pipe2(p, O_NONBLOCK);
    mprotect(m + 4096, 4096, PROT_NONE);
    mprotect(m + 8192, 4096, PROT_READ);
    memset(m, 'x', 4096);
    E(write(p[1], m + 4090, 20));
    E(write(p[1], m + 4096, 1));
    E(write(p[1], m + 8192, 3));
    E(read(p[0], m + 8192, 3));
    E(read(p[0], m + 4090, 20));
    struct iovec v[3] = {{m, 4}, {m + 4096, 4}, {m + 8, 4}};
    E(writev(p[1], v, 3));
    E(writev(p[1], v + 1, 2));
    v[0].iov_len = (size_t)-1;
    E(writev(p[1], v, 1));
    E(writev(p[1], (void *)16, 1));
    E(writev(p[1], v, 1025));
    E(writev(p[1], v, -1));
    E(writev(p[1], v, 0));
    E(read(p[0], m + 5, 64));
    memcpy(m + 4090, "abcdef", 6);
    E(open(m + 4090, O_RDONLY));
    E(open(m + 8192, O_RDONLY));
    E(pipe((int *)(m + 8192)));
    E(getcwd(m + 8192, 100));
    E(getcwd(m, 1));
    E(readlink("/proc/self/cwd", m + 8192, 100));
    E(syscall(SYS_getdents64, open(".", O_RDONLY), m, 4));
    E(uname((void *)(m + 8192)));
    E(write(p[1], (void *)-4096L, 3));
    E(write(p[1], (void *)(1L << 60), 3));
}

static void attributes(int dir)
{
    char b[64] = "";
    int fd = openat(dir, "f", O_RDWR);
    if (fsetxattr(fd, "user.lp", "value", 5, 0)) {
        printf("no attributes here\n");
        return;
    }
    printf("attributes %d %d %d %d", (int)fgetxattr(fd, "user.lp", b, 64), (int)fgetxattr(fd, "user.lp", NULL, 0), (int)fgetxattr(fd, "user.lp", b, 2) == -1 && errno == ERANGE,
           (int)flistxattr(fd, b, 64) > 0);
    struct { unsigned long long value; unsigned size, flags; } args = {(unsigned long long)b, 64, 0};
    memset(b, 0, sizeof b);
    long n = syscall(464, dir, "f", 0, "user.lp", &args, sizeof args); /* getxattrat */
    printf(" %d %d\n", n == 5 || errno == ENOSYS, !strcmp(b, "value") || errno == ENOSYS);
}

int main(void)
{
    char name[] = "/tmp/lp-sysfiles-XXXXXX";
    if (!mkdtemp(name)) return 2;
    int dir = open(name, O_RDONLY | O_DIRECTORY);
    umask(022);
    E(mkdirat(dir, "sub", 0700));
    flags(dir);
    resolve(dir);
    int fd = openat(dir, "f", O_RDWR);
    status(dir, fd);
    self(dir);
    locks(dir);
    copies(dir);
    pointers();
    attributes(dir);
    int m = memfd_create("m", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    E(ftruncate(m, 100));
    E(fcntl(m, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE));
    E(fcntl(m, F_GET_SEALS));
    E(ftruncate(m, 10));
    E(write(m, "x", 1));
    E(memfd_create((char *)16, 0));
    unlinkat(dir, "f", 0), unlinkat(dir, "l", 0), unlinkat(dir, "a", 0), unlinkat(dir, "b", 0), unlinkat(dir, "sub", AT_REMOVEDIR);
    E(rmdir(name) == 0);
    return 0;
}
