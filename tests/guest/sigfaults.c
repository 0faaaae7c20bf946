/* Synchronous signals: what the handler sees, and programs that repair themselves. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static char *page;
static sigjmp_buf back;
static int seen;
static void skip(int n, siginfo_t *i, void *p)
{
    ucontext_t *uc = p;
    printf("signal %d code %d addr %d\n", n, i->si_code, i->si_addr == (void *)page || (uintptr_t)i->si_addr == 0x10);
    uc->uc_mcontext.pc += 4;
    uc->uc_mcontext.regs[0] = 4711;
    seen++;
}
static void unprotect(int n, siginfo_t *i, void *p)
{
    (void)p;
    printf("unprotect %d %d %d\n", n, i->si_code, (int)((char *)i->si_addr - page));
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
}
static void at_pc(int n, siginfo_t *i, void *p)
{
    ucontext_t *uc = p;
    printf("signal %d code %d at pc %d\n", n, n == SIGILL ? 0 : i->si_code, (uintptr_t)i->si_addr == uc->uc_mcontext.pc);
    uc->uc_mcontext.pc += 4;
}
static void jump(int n) { siglongjmp(back, n); }
static void on(int n, void (*fn)(int, siginfo_t *, void *))
{
    struct sigaction sa = {.sa_flags = SA_SIGINFO};
    sa.sa_sigaction = fn;
    sigaction(n, &sa, NULL);
}
struct record { uint32_t magic, size; };
static void fpregs(int n, siginfo_t *i, void *p)
{
    (void)n, (void)i;
    ucontext_t *uc = p;
    struct record *r = (void *)uc->uc_mcontext.__reserved;
    int records = 0;
    for (; r->magic; r = (void *)((char *)r + r->size)) {
        records++;
        if (r->magic != 0x46508001) continue;
        double d;
        memcpy(&d, (char *)r + 16 + 16 * 8, 8);
        printf("d8 %g size %u\n", d, r->size);
        d = 2.5;
        memcpy((char *)r + 16 + 16 * 8, &d, 8);
    }
    printf("records %d\n", records > 0);
    uc->uc_mcontext.pstate ^= 1u << 30; /* Z */
}
static void registers(void)
{
    on(SIGUSR1, fpregs);
    register double d8 __asm__("d8") = 1.25;
    uint64_t z;
    register long x0 __asm__("x0") = getpid();
    register long x1 __asm__("x1") = SIGUSR1;
    register long x8 __asm__("x8") = 129;
    __asm__ volatile("cmp xzr, xzr\n svc #0\n cset %1, eq" : "+w"(d8), "=r"(z), "+r"(x0) : "r"(x1), "r"(x8) : "cc", "memory");
    printf("after d8 %g z %d x0 %ld\n", d8, (int)z, x0);
}
static void __attribute__((noinline)) poke(volatile int *p) { *p = 1; }
int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    on(SIGSEGV, skip);
    long r;
    __asm__ volatile("mov x0, #1\n ldr x0, [%1]\n mov %0, x0" : "=r"(r) : "r"(16L) : "x0", "memory");
    printf("read %ld\n", r);
    __asm__ volatile("mov x0, #1\n str x0, [%1]\n mov %0, x0" : "=r"(r) : "r"(page) : "x0", "memory");
    printf("write %ld %d\n", r, *page);
    on(SIGSEGV, unprotect);
    page[123] = 5;
    printf("now %d\n", page[123]);
    mprotect(page, 8192, PROT_READ);
    __asm__ volatile("stp %0, %1, [%2]" : : "r"(0x1111111111111111), "r"(0x2222222222222222), "r"(page + 4080) : "memory");
    printf("pair %x %x\n", page[4080], page[4088]);

    signal(SIGSEGV, jump);
    for (volatile int i = 0; i < 3; i++) {
        if (sigsetjmp(back, 1) == 0) *(volatile int *)(i == 2 ? page + 4096 : NULL) = 1;
        else printf("jumped %d\n", i);
    }
    if (sigsetjmp(back, 1) == 0) ((void (*)(void))page)();
    else printf("no execution\n");
    if (sigsetjmp(back, 1) == 0) ((void (*)(void))NULL)();
    else printf("no code at 0\n");

    char name[] = "/tmp/lpfaultXXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    if (ftruncate(fd, 100)) return 1;
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    signal(SIGBUS, jump);
    map[50] = 1;
    if (sigsetjmp(back, 1) == 0) map[5000] = 1;
    else printf("bus\n");

    on(SIGILL, at_pc);
    __asm__ volatile(".inst 0x00000000");
    on(SIGTRAP, at_pc);
    __asm__ volatile("brk #5");
    registers();
    printf("div %d\n", 5 / (seen - seen + 1));
    fflush(stdout);
    if (fork() == 0) {
        close(2); /* an emulator may have something to say */
        signal(SIGSEGV, SIG_IGN);
        sigset_t s;
        sigemptyset(&s), sigaddset(&s, SIGSEGV), sigprocmask(SIG_BLOCK, &s, NULL);
        kill(getpid(), SIGSEGV);
        printf("sent one is ignored\n");
        poke((int *)8); /* a true one is not */
        printf("not reached\n");
    }
    int st;
    wait(&st);
    printf("child died of %d\n", WTERMSIG(st));
    return 0;
}
