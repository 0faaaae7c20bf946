/* flags: -march=armv8.2-a+lse */
/* Faults in the middle of instructions: signal, code, address, PC and every general register, as they were before. (V registers that were to be
 * loaded are UNKNOWN then; qemu-user changes some, and unit/test_ldst.c has ours.) */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { PAGE = 4096 };
/* Pages: read-write, no rights, read-write, read-only, read-write, not mapped, read-write, read-write file with nothing behind. */
static char *base;
struct regs { uint64_t x[31], pad; unsigned __int128 v[32]; } in, out;
static uint64_t insn;
static volatile int faults;

static void report(int n, siginfo_t *i, void *p)
{
    ucontext_t *uc = p;
    faults++;
    printf(" signal %d code %d addr +0x%lx%s", n, i->si_code, (long)((char *)i->si_addr - base), uc->uc_mcontext.pc == insn ? "" : " wrong pc");
    for (int r = 0; r < 30; r++)
        if (uc->uc_mcontext.regs[r] != in.x[r]) printf(" x%d %lx", r, (long)(uc->uc_mcontext.regs[r] - in.x[r]));
    uc->uc_mcontext.pc = uc->uc_mcontext.regs[30];
}

/* X0-X29 and V0-V31 from `in`; the instruction at X30; everything to `out`. */
void run_one(void *code);
__asm__(".text\n.balign 4\nrun_one:\n"
        "stp x29, x30, [sp, #-176]!\n stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n stp x23, x24, [sp, #48]\n"
        "stp x25, x26, [sp, #64]\n stp x27, x28, [sp, #80]\n stp d8, d9, [sp, #96]\n stp d10, d11, [sp, #112]\n"
        "stp d12, d13, [sp, #128]\n stp d14, d15, [sp, #144]\n"
        "mov x30, x0\n adrp x29, in\n add x29, x29, :lo12:in\n add x28, x29, #256\n"
        "ld1 {v0.16b-v3.16b}, [x28], #64\n ld1 {v4.16b-v7.16b}, [x28], #64\n ld1 {v8.16b-v11.16b}, [x28], #64\n"
        "ld1 {v12.16b-v15.16b}, [x28], #64\n ld1 {v16.16b-v19.16b}, [x28], #64\n ld1 {v20.16b-v23.16b}, [x28], #64\n"
        "ld1 {v24.16b-v27.16b}, [x28], #64\n ld1 {v28.16b-v31.16b}, [x28], #64\n"
        "ldp x0, x1, [x29]\n ldp x2, x3, [x29, #16]\n ldp x4, x5, [x29, #32]\n ldp x6, x7, [x29, #48]\n ldp x8, x9, [x29, #64]\n"
        "ldp x10, x11, [x29, #80]\n ldp x12, x13, [x29, #96]\n ldp x14, x15, [x29, #112]\n ldp x16, x17, [x29, #128]\n"
        "ldp x18, x19, [x29, #144]\n ldp x20, x21, [x29, #160]\n ldp x22, x23, [x29, #176]\n ldp x24, x25, [x29, #192]\n"
        "ldp x26, x27, [x29, #208]\n ldp x28, x29, [x29, #224]\n"
        "blr x30\n"
        "adrp x30, out\n add x30, x30, :lo12:out\n stp x0, x1, [x30]\n stp x2, x3, [x30, #16]\n stp x4, x5, [x30, #32]\n"
        "ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n ldp x23, x24, [sp, #48]\n ldp x25, x26, [sp, #64]\n"
        "ldp x27, x28, [sp, #80]\n ldp d8, d9, [sp, #96]\n ldp d10, d11, [sp, #112]\n ldp d12, d13, [sp, #128]\n"
        "ldp d14, d15, [sp, #144]\n ldp x29, x30, [sp], #176\n ret\n");

/* X1: the address; X2, X3: small numbers; X4 upwards junk. */
#define INSNS(X) \
    X("ldr x4, [x1]") X("ldr w4, [x1], #8") X("ldr x4, [x1, #8]!") X("ldrsh x4, [x1, #1]") X("ldrb w4, [x1]") X("ldur x4, [x1, #-4]") \
    X("ldr x4, [x1, x2, lsl #3]") X("str x4, [x1]") X("str x4, [x1], #8") X("str x4, [x1, #8]!") X("strh w4, [x1, #1]") X("strb w4, [x1]") \
    X("ldp x4, x5, [x1]") X("ldp x4, x5, [x1], #16") X("ldp x4, x5, [x1, #16]!") X("ldp w4, w5, [x1]") X("ldp x1, x5, [x1]") \
    X("ldpsw x4, x5, [x1]") X("ldnp x4, x5, [x1, #8]") X("stp x4, x5, [x1]") X("stp x4, x5, [x1], #16") X("stp x4, x5, [x1, #-16]!") \
    X("stp w4, w5, [x1]") X("ldr q0, [x1]") X("ldr q0, [x1], #16") X("ldr s0, [x1, #4]!") X("ldp q0, q1, [x1]") \
    X("ldp d0, d1, [x1], #16") \
    X("ldp q0, q1, [x1, #32]!") X("str q0, [x1]") X("str q0, [x1], #16") X("stp q0, q1, [x1]") X("stp q0, q1, [x1, #-32]!") X("stp s0, s1, [x1], #8") \
    X("ld1 {v0.16b-v3.16b}, [x1]") X("ld1 {v0.16b-v3.16b}, [x1], #64") X("ld1 {v0.8b,v1.8b}, [x1], x2") X("ld2 {v0.4s,v1.4s}, [x1]") \
    X("ld3 {v0.8b-v2.8b}, [x1], #24") X("ld3 {v30.2d,v31.2d,v0.2d}, [x1]") X("ld4 {v0.8h-v3.8h}, [x1], x2") X("ld1 {v0.s}[2], [x1], #4") \
    X("ld2 {v0.h,v1.h}[5], [x1]") X("ld3 {v0.b,v1.b,v2.b}[7], [x1], #3") X("ld4 {v0.d-v3.d}[1], [x1], #32") X("ld1r {v0.4s}, [x1], #4") \
    X("ld2r {v0.2d,v1.2d}, [x1]") X("ld4r {v0.8h-v3.8h}, [x1], #8") X("st1 {v0.16b-v3.16b}, [x1], #64") X("st2 {v0.4s,v1.4s}, [x1]") \
    X("st3 {v0.16b-v2.16b}, [x1], x2") X("st4 {v0.2d-v3.2d}, [x1], #64") X("st1 {v0.b}[3], [x1], #1") X("st2 {v0.s,v1.s}[1], [x1]") \
    X("st4 {v0.h-v3.h}[7], [x1], #8") X("dc zva, x1") X("ldxr x4, [x1]") X("ldaxrb w4, [x1]") X("ldxp x4, x5, [x1]") \
    X("ldar x4, [x1]") X("stlr x4, [x1]") X("stlrb w4, [x1]") X("ldadd x2, x4, [x1]") X("ldaddalb w2, w4, [x1]") X("swp x2, x4, [x1]") \
    X("ldsmax w2, w4, [x1]") X("cas x2, x4, [x1]") X("casb w2, w4, [x1]") X("casp x2, x3, x4, x5, [x1]") X("casp w2, w3, w4, w5, [x1]") \
    X("ldtr x4, [x1]") X("sttr x4, [x1]") X("prfm pldl1keep, [x1]") X("ldapr x4, [x1]") \
    X("1: ldxr x4, [x0]\n stlxr w5, x4, [x0]")
#define TEXT(s) __asm__(".arch_extension rcpc\n.pushsection .text\n.balign 4\n 9: " s "\n ret\n.popsection\n" \
                        ".pushsection .data.code\n.balign 8\n.xword 9b\n.popsection\n");
#define NAME(s) s,
__asm__(".pushsection .data.code,\"aw\"\n.balign 8\ncode:\n.popsection\n");
INSNS(TEXT)
extern void *code[];
static const char *const names[] = {INSNS(NAME)};

static void fill(void)
{
    for (int i = 0; i < 31; i++) in.x[i] = 0x0101010101010101u * (i + 3);
    for (int i = 0; i < 32; i++) in.v[i] = (unsigned __int128)(0x1111111111111111u * (i % 15 + 1)) << 64 | (0xf0e1d2c3b4a59687u + i);
    in.x[0] = (uint64_t)base;
    in.x[2] = 2, in.x[3] = 3;
}

/* Addresses, from `base`: inside, across, and at pages that may not be read, written or both; tagged. */
static const struct { const char *name; long off; } places[] = {
    {"no rights", PAGE}, {"no rights, inside", PAGE + 48}, {"across to no rights -4", PAGE - 4}, {"across to no rights -8", PAGE - 8},
    {"across to no rights -1", PAGE - 1}, {"across to no rights -16", PAGE - 16}, {"across to no rights -20", PAGE - 20},
    {"across to no rights -33", PAGE - 33},
    {"out of no rights -4", 2 * PAGE - 4}, {"read-only", 3 * PAGE}, {"across to read-only -4", 3 * PAGE - 4},
    {"across to read-only -8", 3 * PAGE - 8},
    {"across to read-only -24", 3 * PAGE - 24}, {"out of read-only -8", 4 * PAGE - 8}, {"hole", 5 * PAGE + 16}, {"across to a hole -8", 5 * PAGE - 8},
    {"behind the file", 8 * PAGE}, {"across to behind the file -8", 8 * PAGE - 8}, {"tagged, across to no rights -8", (0x5aL << 56) + PAGE - 8},
};

/* Ordered, exclusive and atomic accesses across pages are misaligned: what that gives depends on the processor, and has a test of its own. */
static int natural(const char *name, long off)
{
    static const char *const kinds[] = {"ldx", "ldax", "ldar", "ldapr", "stl", "ldadd", "swp", "ldsmax", "cas"};
    for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (!strncmp(name, kinds[k], strlen(kinds[k])) && off & 15) return 0;
    return strncmp(name, "dc", 2) || off % PAGE == 0; /* a block of 64 bytes here, of 512 elsewhere */
}

static void all(void)
{
    for (unsigned p = 0; p < sizeof places / sizeof *places; p++) {
        printf("== %s\n", places[p].name);
        for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
            int before = faults;
            if (!natural(names[i], places[p].off)) continue;
            memset(base, 1, PAGE), memset(base + 2 * PAGE, 2, PAGE), memset(base + 4 * PAGE, 4, PAGE);
            fill();
            in.x[1] = (uint64_t)base + places[p].off;
            insn = (uint64_t)code[i];
            printf("%s:", names[i]);
            run_one(code[i]);
            long moved = (long)((out.x[1] & UINT64_MAX >> 8) - (uint64_t)base); /* or loaded */
            printf(faults == before ? " done %lx %lx\n" : "\n", labs(moved) < 16 * PAGE ? moved : (long)out.x[1], (long)out.x[4]);
        }
    }
}

/* The program counter itself. */
static void jumped(int n, siginfo_t *i, void *p)
{
    ucontext_t *uc = p;
    printf(" signal %d code %d addr +0x%lx pc +0x%lx\n", n, i->si_code, (long)((char *)i->si_addr - base),
           (long)(uc->uc_mcontext.pc - (uint64_t)base));
    uc->uc_mcontext.pc = uc->uc_mcontext.regs[30];
}
static void go(const char *name, uint64_t to)
{
    printf("%s:", name);
    register uint64_t x0 __asm__("x0") = to;
    __asm__ volatile("blr %0" : "+r"(x0) : : "x30", "memory");
}
static void jumps(void)
{
    go("not executable", (uint64_t)base);
    go("no rights", (uint64_t)base + PAGE + 8);
    go("hole", (uint64_t)base + 5 * PAGE);
    /* The last word of an executable page is the last that runs. */
    mprotect(base + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    ((uint32_t *)(base + 4 * PAGE))[1023] = 0xd503201f; /* nop */
    __builtin___clear_cache(base + 4 * PAGE, base + 5 * PAGE);
    go("running out of a page", (uint64_t)base + 5 * PAGE - 4);
    ((uint32_t *)(base + 4 * PAGE))[0] = 0xd65f03c0; /* ret */
    __builtin___clear_cache(base + 4 * PAGE, base + 5 * PAGE);
    go("executable", (uint64_t)base + 4 * PAGE);
    go(" tagged", (uint64_t)base + 4 * PAGE + (0x77L << 56));
    printf("\n");
    ((uint32_t *)(base + 4 * PAGE))[0] = 0xd4200ee0; /* brk #0x77 */
    __builtin___clear_cache(base + 4 * PAGE, base + 5 * PAGE);
    go("breakpoint", (uint64_t)base + 4 * PAGE);
}

static void on(int n, void (*fn)(int, siginfo_t *, void *))
{
    struct sigaction sa = {.sa_flags = SA_SIGINFO};
    sa.sa_sigaction = fn;
    sigaction(n, &sa, NULL);
}
static void nothing(int n, siginfo_t *i, void *p) { (void)n, (void)i, (void)p; }
int main(void)
{
    char name[] = "/tmp/lppreciseXXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    if (ftruncate(fd, PAGE)) return 1;
    base = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(base + PAGE, PAGE, PROT_NONE);
    mprotect(base + 3 * PAGE, PAGE, PROT_READ);
    on(SIGUSR1, nothing), raise(SIGUSR1); /* an emulator may map something for its first signal: not into the hole */
    munmap(base + 5 * PAGE, PAGE);
    mmap(base + 7 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
    on(SIGSEGV, report), on(SIGBUS, report), on(SIGILL, report), on(SIGTRAP, report);
    all();
    on(SIGSEGV, jumped), on(SIGBUS, jumped), on(SIGTRAP, jumped);
    jumps();
    return 0;
}
