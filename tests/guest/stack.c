/* SP that is no multiple of 16: accesses through it fault as on arm64 Linux, everything else goes on, and so do handlers, whose own stack is aligned.
 * (Expected by the Arm ARM, D1.8.2, and Linux's do_sp_pc_abort(); qemu-user does not look.) And PC that is no multiple of 4. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static char area[4096] __attribute__((aligned(4096)));
#define TOP ((uint64_t)area + 2048)
static uint64_t insn, resume_sp;
static int faults;

static uint32_t esr_of(const ucontext_t *uc)
{
    const struct { uint32_t magic, size; } *r = (const void *)uc->uc_mcontext.__reserved;
    for (; r->magic; r = (const void *)((const char *)r + r->size))
        if (r->magic == 0x45535201) return (uint32_t)*(const uint64_t *)(r + 1);
    return 0;
}

/* Goes on behind the instruction with the SP that is wanted. */
static void report(int n, siginfo_t *i, void *p)
{
    ucontext_t *uc = p;
    uint64_t mine;
    __asm__("mov %0, sp" : "=r"(mine));
    faults++;
    printf("  signal %d code %d addr %+ld sp %+ld pc %d esr %08x fault_address %lu own %d x1 %lx\n", n, i->si_code, (long)((uint64_t)i->si_addr - TOP),
           (long)(uc->uc_mcontext.sp - TOP), uc->uc_mcontext.pc == insn, esr_of(uc), (unsigned long)uc->uc_mcontext.fault_address, mine % 16 == 0,
           (unsigned long)uc->uc_mcontext.regs[1]);
    uc->uc_mcontext.pc += 4;
    uc->uc_mcontext.sp = resume_sp;
    uc->uc_mcontext.regs[1] = 0x99;
}

/* X2 is SP before and behind; X3 is 8. */
#define CASES(X) \
    X("ldr x1, [sp]") X("str x1, [sp, #8]!") X("ldp x1, x3, [sp], #16") X("stp x1, x3, [sp, #-16]!") X("ldrb w1, [sp, x3]") X("ldr q0, [sp]") \
    X("st1 {v0.16b}, [sp], #16") X("ldxr x1, [sp]") X("stlr x1, [sp]") X("prfm pldl1keep, [sp]") X("add x1, sp, #0") X("nop")
#define CODE(s) __asm__(".pushsection .text\n.balign 4\n9: mov sp, x2\n " s "\n mov x2, sp\n mov sp, x30\n br x4\n.popsection\n" \
                        ".pushsection .data.stackcode\n.balign 8\n.xword 9b\n.popsection\n");
#define NAME(s) s,
__asm__(".pushsection .data.stackcode,\"aw\"\n.balign 8\nstackcode:\n.popsection\n");
CASES(CODE)
extern uint64_t stackcode[];
static const char *const names[] = {CASES(NAME)};

static uint64_t run_case(uint64_t code, uint64_t sp, uint64_t *x1)
{
    register uint64_t r0 __asm__("x0") = code, r1 __asm__("x1") = 0x11, r2 __asm__("x2") = sp, r3 __asm__("x3") = 8, r4 __asm__("x4");
    __asm__ volatile("mov x30, sp\n adr x4, 1f\n br x0\n1:" : "+r"(r1), "+r"(r2), "=r"(r4) : "r"(r0), "r"(r3) : "x30", "v0", "memory");
    *x1 = r1;
    return r2;
}

static void cases(void)
{
    static const int tilts[] = {0, 8, 1, -4};
    for (unsigned t = 0; t < sizeof tilts / sizeof *tilts; t++) {
        for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
            uint64_t x1;
            memset(area, 5, sizeof area);
            insn = stackcode[i] + 4;
            resume_sp = TOP + 3;
            printf("%s with %+d:\n", names[i], tilts[t]);
            uint64_t sp = run_case(stackcode[i], TOP + tilts[t], &x1);
            if (x1 - TOP + 64 < 128) x1 -= TOP;
            printf("  sp %+ld x1 %lx\n", (long)(sp - TOP), (unsigned long)x1);
        }
    }
}

/* A handler that tilts the stack of what it interrupts; a handler on an alternative stack. */
static uint64_t back_sp;
static void tilt(int n, siginfo_t *i, void *p)
{
    (void)n, (void)i;
    ucontext_t *uc = p;
    back_sp = uc->uc_mcontext.sp;
    uc->uc_mcontext.sp = TOP + 8;
}
static void by_sigreturn(void)
{
    const long me = getpid();
    printf("by sigreturn:\n");
    resume_sp = TOP + 16;
    register long r0 __asm__("x0") = me, r1 __asm__("x1") = SIGUSR1, r8 __asm__("x8") = 129;
    __asm__ volatile("adr x2, 1f\n str x2, [%2]\n mov x4, sp\n svc #0\n1: ldr x1, [sp]\n mov sp, x4"
                     : "+r"(r0), "+r"(r1) : "r"(&insn), "r"(r8) : "x2", "x4", "memory");
    printf("  back %d x1 %lx\n", back_sp != 0, r1);
}

static void on(int n, void (*fn)(int, siginfo_t *, void *), int flags)
{
    struct sigaction sa = {.sa_flags = SA_SIGINFO | flags};
    sa.sa_sigaction = fn;
    sigaction(n, &sa, NULL);
}

/* A child whose stack is not aligned from the start: Linux lets it (clone: SIGCHLD). */
static void by_clone(void)
{
    int st;
    fflush(stdout);
    signal(SIGBUS, SIG_DFL);
    register long r0 __asm__("x0") = SIGCHLD, r1 __asm__("x1") = (long)TOP + 8, r2 __asm__("x2") = 0, r3 __asm__("x3") = 0, r4 __asm__("x4") = 0;
    register long r8 __asm__("x8") = 220;
    __asm__ volatile("svc #0\n cbnz x0, 1f\n ldr x1, [sp]\n mov x0, #7\n mov x8, #93\n svc #0\n1:" : "+r"(r0), "+r"(r1) : "r"(r2), "r"(r3), "r"(r4), "r"(r8)
                     : "memory");
    waitpid((pid_t)r0, &st, 0);
    printf("child: signal %d\n", WIFSIGNALED(st) ? WTERMSIG(st) : 0);
}

static void pc(int n, siginfo_t *i, void *p)
{
    ucontext_t *uc = p;
    printf("  signal %d code %d addr %d pc %d esr %08x fault_address %lu\n", n, i->si_code, (uint64_t)i->si_addr == insn, uc->uc_mcontext.pc == insn,
           esr_of(uc), (unsigned long)uc->uc_mcontext.fault_address);
    uc->uc_mcontext.pc = uc->uc_mcontext.regs[30];
}
static void program_counter(void)
{
    on(SIGBUS, pc, 0);
    for (int k = 1; k < 4; k++) {
        insn = stackcode[0] + k;
        printf("pc +%d:\n", k);
        __asm__ volatile("blr %0" : : "r"(insn) : "x30", "memory");
    }
}

int main(void)
{
    static char other[65536];
    stack_t alt = {.ss_sp = other, .ss_size = sizeof other};
    sigaltstack(&alt, NULL);
    on(SIGBUS, report, SA_ONSTACK);
    on(SIGUSR1, tilt, 0);
    cases();
    by_sigreturn();
    printf("faults %d\n", faults);
    by_clone();
    program_counter();
    return 0;
}
