/* mmap, mprotect, munmap, mremap, files mapped shared and private, faults caught. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static sigjmp_buf env; static siginfo_t info;
static void segv(int s, siginfo_t *i, void *c) { (void)s, (void)c; info = *i; siglongjmp(env, 1); }
static void try(const char *what, volatile char *p, int wr) { if (sigsetjmp(env, 1)) printf("%s: signal %d code %d addr ok %d\n", what, info.si_signo, info.si_code, info.si_addr == (void *)p); else { if (wr) *p = 1; else (void)*p; printf("%s: fine\n", what); } }
int main(void)
{
    struct sigaction sa = {.sa_sigaction = segv, .sa_flags = SA_SIGINFO}; sigaction(SIGSEGV, &sa, 0), sigaction(SIGBUS, &sa, 0);
    char *a = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); try("rw", a, 1); mprotect(a, 4096, PROT_READ); try("ro write", a + 5, 1); try("ro read", a + 5, 0); mprotect(a, 4096, PROT_NONE); try("none", a, 0);
    munmap(a + 4096, 4096); try("unmapped", a + 4096, 0); try("after hole", a + 8192, 1); try("null", (char *)16, 0);
    char t[] = "/tmp/lpmmapXXXXXX"; int fd = mkstemp(t); unlink(t); ftruncate(fd, 6000); write(fd, "file content", 12);
    char *s = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0); printf("%.12s %.12s\n", s, p); s[0] = 'F', p[1] = 'I'; char b[13] = ""; pread(fd, b, 12, 0); printf("%s %c%c\n", b, p[0], s[1]); try("in eof page", s + 7000, 0); try("past eof", s + 8192, 0);
    char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); strcpy(m, "moved"); m = mremap(m, 8192, 1 << 20, MREMAP_MAYMOVE); printf("%s %d\n", m, m[(1 << 20) - 1]); printf("%p %d\n", mremap(m, 1 << 20, 4096, 0) == m ? (void *)1 : (void *)0, msync(m, 4096, MS_SYNC)); try("shrunk", m + 4096, 0);
    printf("%d %s\n", mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED, strerror(errno)); printf("%d %s\n", mmap((void *)4097, 4096, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED, strerror(errno)); printf("%d %s\n", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED, strerror(errno)); printf("%d %s\n", mprotect((void *)0x10000000, 4096, PROT_READ), strerror(errno));
    strcpy(m, "gone"); madvise(m, 4096, MADV_DONTNEED); printf("[%s]\n", m); void *b0 = sbrk(0); sbrk(100000); memset(b0, 7, 100000); printf("%d\n", (int)((char *)sbrk(0) - (char *)b0)); sbrk(-50000);
    unsigned *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); for (unsigned k = 1; k < 5; k++) { code[0] = 0x52800000 | k << 5; code[1] = 0xd65f03c0; __builtin___clear_cache((char *)code, (char *)(code + 2)); printf("%d ", ((int (*)(void))code)()); } puts("");
    mprotect(code, 4096, PROT_READ); if (sigsetjmp(env, 1)) printf("exec: signal %d code %d %d\n", info.si_signo, info.si_code, info.si_addr == (void *)code); else ((int (*)(void))code)();
    return 0;
}
