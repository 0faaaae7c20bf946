/* Memory: mremap in all its ways, madvise, mincore, locks, the memory of other processes, shared segments, what a CPU without it refuses. */
/* oracle: host */
#define _GNU_SOURCE
#include "syscheck.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <sys/wait.h>
#define P 4096L
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static char *map(long pages, int flags) { return mmap(NULL, pages * P, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0); }
static int readable(const void *p) { int n[2], r; pipe(n); r = write(n[1], p, 1) == 1; close(n[0]), close(n[1]); return r; }

static void moves(void)
{
    char *a = map(8, MAP_PRIVATE), *b = map(8, MAP_PRIVATE), *s = map(4, MAP_SHARED);
    strcpy(a, "first"), strcpy(a + 3 * P, "fourth");
    munmap(a + 4 * P, 4 * P);
    OK(a = mremap(a, 4 * P, 6 * P, MREMAP_MAYMOVE));
    printf("%s %s %d\n", a, a + 3 * P, a[5 * P]);
    OK(mremap(a, 6 * P, 2 * P, 0));
    printf("%d %d\n", readable(a + P), readable(a + 2 * P));
    OK(mremap(a, 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_FIXED, b + 2 * P));
    printf("%s %d\n", b + 2 * P, readable(a));
    b += 2 * P;
    OK(a = (char *)syscall(SYS_mremap, b, 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0L));
    E(syscall(SYS_mremap, b, 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 8L));
    printf("%s, left [%s] %d\n", a, b, readable(b));
    E(syscall(SYS_mremap, b, 2 * P, 3 * P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0L));
    E(mremap(b, 4 * P, 4 * P, MREMAP_FIXED, a));
    E(mremap(b, 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_FIXED, b + P));
    E(mremap(b + 1, P, P, 0));
    E(mremap((void *)16384, P, 2 * P, MREMAP_MAYMOVE));
    E(mremap(b, P, 0, 0));
    E(mremap(b, 0, P, MREMAP_MAYMOVE));
    E(mremap(b, P, P, 64));
    strcpy(s, "shared");
    char *t = mremap(s, 0, 4 * P, MREMAP_MAYMOVE);
    strcpy(t + 10, "twice");
    printf("%s %s\n", t, s + 10);
}

static void advice(void)
{
    char *a = map(4, MAP_PRIVATE);
    unsigned char in[4];
    memset(a, 'x', 4 * P);
    E(madvise(a, P, MADV_DONTNEED));
    printf("%d %d\n", a[0], a[P]);
    E(madvise(a + 1, P, MADV_DONTNEED));
    E(madvise(a, P, 9999));
    E(madvise(a, P, MADV_WILLNEED));
    E(madvise(a, 2 * P, MADV_COLD));
    E(madvise(a, 2 * P, MADV_POPULATE_WRITE));
    E(mincore(a, 4 * P, in));
    printf("%d%d%d%d\n", in[0] & 1, in[1] & 1, in[2] & 1, in[3] & 1);
    E(mincore(a + 1, P, in));
    E(mincore(a, 4 * P, (void *)16));
    munmap(a + 2 * P, P);
    E(mincore(a, 4 * P, in));
    E(madvise(a, 4 * P, MADV_DONTNEED));
    printf("%d\n", a[3 * P]);
    E(msync(a, 4 * P, MS_SYNC));
    E(msync(a, P, MS_SYNC | MS_ASYNC));
    E(mlock(a, P)); E(munlock(a, P));
    E(syscall(SYS_mlock2, a, P, 1)); E(syscall(SYS_mlock2, a, P, 2));
    E(mlock(a, 4 * P));
    E(mlockall(0x70));
    E(munlockall());
    char *w = map(1, MAP_PRIVATE), *d = map(1, MAP_PRIVATE);
    w[0] = d[0] = 'k';
    E(madvise(w, P, MADV_WIPEONFORK)); E(madvise(d, P, MADV_DONTFORK));
    fflush(stdout);
    if (!fork()) {
        printf("wiped %d gone %d\n", w[0], !readable(d));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

static void limits(void)
{
    E(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    E(mmap(NULL, P, PROT_READ, MAP_ANONYMOUS, -1, 0));
    E(mmap(NULL, P, PROT_READ, MAP_PRIVATE, 12345, 0));
    E(mmap(NULL, 1L << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    E(mmap((void *)(P + 1), P, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    E(munmap((void *)1, P)); E(munmap((void *)P, 0));
    char *a = map(1, MAP_PRIVATE);
    E(mprotect(a + 1, P, PROT_READ)); E(mprotect(a, P, 1 << 20));
    E(mmap(a, P, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    int fd = open("/proc/self/exe", O_RDONLY);
    E(mmap(NULL, P, PROT_WRITE, MAP_SHARED, fd, 0));
    E(mmap(NULL, P, PROT_READ, MAP_PRIVATE, fd, 1));
}

/* Locked as they are touched: not made. Where so much may not be locked, they are not either. */
static void locked(void)
{
    unsigned char in[4] = {0};
    char *a = map(4, MAP_PRIVATE);
    fflush(stdout);
    if (!fork()) {
        a[P] = 1;
        mlockall(MCL_CURRENT | 4 /* MCL_ONFAULT */);
        mincore(a, 4 * P, in), printf("locked %d%d%d%d\n", in[0] & 1, in[1] & 1, in[2] & 1, in[3] & 1);
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

static char area[64] = "in the parent";
static void others(void)
{
    int go[2], done[2], st;
    char c, here[64] = "";
    pipe(go), pipe(done);
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        strcpy(area, "in the child");
        write(done[1], "d", 1);
        read(go[0], &c, 1);
        _exit(!strcmp(area, "IN the child"));
    }
    read(done[0], &c, 1);
    struct iovec l[2] = {{here, 3}, {here + 10, 30}}, r[2] = {{area, 5}, {area + 5, 20}};
    E(process_vm_readv(pid, l, 2, r, 2, 0));
    printf("%.3s %s\n", here, here + 10);
    E(process_vm_writev(pid, &(struct iovec){"IN", 2}, 1, r, 1, 0));
    r[1].iov_base = (void *)16;
    E(process_vm_readv(pid, l, 2, r, 2, 0));
    E(process_vm_readv(pid, l, 2, r + 1, 1, 0));
    E(process_vm_readv(pid, l, 2, r, 2, 1));
    E(process_vm_readv(0x3fffffff, l, 2, r, 2, 0));
    E(process_vm_readv(pid, (void *)16, 2, r, 2, 0));
    int fd = syscall(SYS_pidfd_open, pid, 0), own = syscall(SYS_pidfd_open, getpid(), 0);
    r[0].iov_base = (void *)((long)area & -P), r[0].iov_len = P;
    E(syscall(SYS_process_madvise, own, r, 1, MADV_COLD, 0));
    E(syscall(SYS_process_madvise, fd, r, 1, MADV_COLD, 1));
    E(syscall(SYS_process_madvise, 0, r, 1, MADV_COLD, 0));
    write(go[1], "g", 1);
    waitpid(pid, &st, 0);
    printf("child %d\n", WEXITSTATUS(st));
    E(process_vm_readv(getpid(), l + 1, 1, &(struct iovec){area, 14}, 1, 0));
    printf("%s\n", here + 10);
}

static void segments(void)
{
    int id = shmget(IPC_PRIVATE, 2 * P, IPC_CREAT | 0600);
    char *a = shmat(id, NULL, 0), *b = shmat(id, NULL, SHM_RDONLY), *at = map(4, MAP_PRIVATE);
    strcpy(a, "segment");
    printf("%s %d\n", b, readable(b));
    E(shmat(id, at + P, 0));
    printf("%d\n", shmat(id, at + P + 100, SHM_RND | SHM_REMAP) == at + P);
    printf("%s\n", at + P);
    E(shmat(id, (void *)12345, 0));
    E(shmat(-1, NULL, 0));
    E(shmdt(a)); E(shmdt(a)); E(shmdt(at));
    struct shmid_ds ds;
    E(shmctl(id, IPC_STAT, &ds)); printf("%d\n", (int)ds.shm_nattch);
    E(shmctl(id, IPC_STAT, (void *)16));
    E(shmctl(id, IPC_STAT, (void *)-1L));
    E(shmctl(id, SHM_LOCK, (void *)-1L)); E(shmctl(id, 99, (void *)-1L));
    E(shmctl(id, IPC_RMID, (void *)-1L));
    E(msgctl(msgget(IPC_PRIVATE, 0600), IPC_RMID, (void *)-1L));
    E(shmctl(id, 99, NULL));
    id = shmget(IPC_PRIVATE, 4 * P, IPC_CREAT | 0600);
    a = shmat(id, NULL, 0), b = shmat(id, NULL, 0);
    E(munmap(a, P)); E(munmap(a + 2 * P, P)); E(shmdt(a + P));
    printf("%d %d\n", readable(a + P), readable(a + 3 * P));
    E(shmdt(a)); E(shmdt(a));
    printf("%d %d %d\n", readable(a + P), readable(a + 3 * P), readable(b));
    E(shmdt(b + 1)); E(shmdt(b));
    E(shmctl(id, IPC_RMID, NULL));
}

int main(void)
{
    moves();
    advice();
    limits();
    locked();
    others();
    segments();
    int m = memfd_create("m", 0);
    ftruncate(m, P);
    char *a = mmap(NULL, P, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0), *b = mmap(NULL, P, PROT_READ, MAP_SHARED, m, 0);
    strcpy(a, "alias");
    printf("%s\n", b);
    char name[16] = "";
    E(prctl(PR_SET_NAME, "a-name-that-is-too-long")); E(prctl(PR_GET_NAME, name)); printf("%s\n", name);
    E(prctl(PR_SET_NAME, 16L));
    E(prctl(9999));
    E(prctl(PR_GET_DUMPABLE));
    return 0;
}
