/* cpu.c - what this CPU says of itself, and what it executes: one probe instruction for each feature that HWCAP or an ID register can announce, every
 * system register that a program may reach and some that it may not, cache maintenance with its faults. Prints facts; cpu.sh judges. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile siginfo_t seen;
static volatile uint64_t esr;

/* ESR_EL1 of a fault is in a record behind the signal frame's first ones. */
static uint64_t find_esr(const mcontext_t *m)
{
    for (const struct _aarch64_ctx *c = (const void *)m->__reserved; c->size; c = (const void *)((const char *)c + c->size))
        if (c->magic == ESR_MAGIC)
            return ((const struct esr_context *)c)->esr;
    return 0;
}
static void on_signal(int sig, siginfo_t *info, void *uc)
{
    seen = *info;
    esr = find_esr(&((ucontext_t *)uc)->uc_mcontext);
    siglongjmp(back, 1);
}

/* Functions that execute one instruction (or what it needs): x0 is 64 bytes of memory. */
#define ASM(name, text)                                                                                              \
    static void name(void *memory)                                                                                   \
    {                                                                                                                \
        register void *x0 __asm__("x0") = memory;                                                                    \
        __asm__ volatile(".arch armv8.8-a+crypto+sha3+sm4+fp16+fp16fml+rng+ssbs+memtag+sve+i8mm+bf16+profile\n" text \
                         : "+r"(x0) : : "x1", "x2", "x3", "x4", "memory", "cc", "v0", "v1", "v2", "v3");             \
    }

/* PROBE(name in /proc/cpuinfo, which HWCAP word, bit, CRm and op2 of the ID register, lowest bit of the field, least value, instruction) */
#define PROBES(X) \
    X(fp, 1, 0, 4, 0, 16, 0, "fadd s0, s1, s2") X(asimd, 1, 1, 4, 0, 20, 0, "add v0.4s, v1.4s, v2.4s") \
    X(aes, 1, 3, 6, 0, 4, 1, "aese v0.16b, v1.16b") X(pmull, 1, 4, 6, 0, 4, 2, "pmull v0.1q, v1.1d, v2.1d") \
    X(sha1, 1, 5, 6, 0, 8, 1, "sha1h s0, s1") X(sha2, 1, 6, 6, 0, 12, 1, "sha256su0 v0.4s, v1.4s") \
    X(crc32, 1, 7, 6, 0, 16, 1, "crc32b w1, w2, w3") X(atomics, 1, 8, 6, 0, 20, 2, "ldadd w1, w2, [x0]") \
    X(fphp, 1, 9, 4, 0, 16, 1, "fadd h0, h1, h2") X(asimdhp, 1, 10, 4, 0, 20, 1, "fadd v0.8h, v1.8h, v2.8h") \
    X(asimdrdm, 1, 12, 6, 0, 28, 1, "sqrdmlah v0.4s, v1.4s, v2.4s") X(jscvt, 1, 13, 6, 1, 12, 1, "fjcvtzs w1, d0") \
    X(fcma, 1, 14, 6, 1, 16, 1, "fcadd v0.4s, v1.4s, v2.4s, #90") X(lrcpc, 1, 15, 6, 1, 20, 1, "ldapr w1, [x0]") \
    X(dcpop, 1, 16, 6, 1, 0, 1, "dc cvap, x0") X(sha3, 1, 17, 6, 0, 32, 1, "eor3 v0.16b, v1.16b, v2.16b, v3.16b") \
    X(sm3, 1, 18, 6, 0, 36, 1, "sm3partw1 v0.4s, v1.4s, v2.4s") X(sm4, 1, 19, 6, 0, 40, 1, "sm4e v0.4s, v1.4s") \
    X(asimddp, 1, 20, 6, 0, 44, 1, "sdot v0.4s, v1.16b, v2.16b") X(sha512, 1, 21, 6, 0, 12, 2, "sha512su0 v0.2d, v1.2d") \
    X(sve, 1, 22, 4, 0, 32, 1, "cntb x1") X(asimdfhm, 1, 23, 6, 0, 48, 1, "fmlal v0.4s, v1.4h, v2.4h") \
    X(dit, 1, 24, 4, 0, 48, 1, "mrs x1, S3_3_C4_C2_5") X(uscat, 1, 25, 7, 2, 32, 1, "add x1, x0, #4\nldar x2, [x1]") \
    X(ilrcpc, 1, 26, 6, 1, 20, 2, "ldapur w1, [x0, #4]") X(flagm, 1, 27, 6, 0, 52, 1, "cfinv") \
    X(ssbs, 1, 28, 4, 1, 4, 2, "mrs x1, S3_3_C4_C2_6") X(sb, 1, 29, 6, 1, 36, 1, "sb") \
    X(paca, 1, 30, 6, 1, 8, 1, "pacia x1, x0") X(pacg, 1, 31, 6, 1, 28, 1, "pacga x1, x2, x3") \
    X(dcpodp, 2, 0, 6, 1, 0, 2, "dc cvadp, x0") X(flagm2, 2, 7, 6, 0, 52, 2, "axflag") \
    X(frint, 2, 8, 6, 1, 32, 1, "frint32z s0, s1") X(i8mm, 2, 13, 6, 1, 52, 1, "smmla v0.4s, v1.16b, v2.16b") \
    X(bf16, 2, 14, 6, 1, 44, 1, "bfdot v0.4s, v1.8h, v2.8h") X(rng, 2, 16, 6, 0, 60, 1, "mrs x1, S3_3_C2_C4_0") \
    X(mte, 2, 18, 4, 1, 8, 1, "irg x1, x0") X(ecv, 2, 19, 7, 0, 60, 1, "mrs x1, S3_3_C14_C0_6") \
    X(wfxt, 2, 31, 6, 2, 0, 2, "mov x1, #0\n.inst 0xd5031001 // wfet x1") \
    X(cssc, 2, 34, 6, 2, 52, 1, ".inst 0xdac02041 // abs x1, x2") \
    X(mops, 2, 43, 6, 2, 16, 1, "mov x1, x0\nmov x2, #0\n.inst 0x19c30441 // setp [x1]!, x2!, x3") \
    X(hbc, 2, 44, 6, 2, 20, 1, ".inst 0x54000030 // bc.eq .+4")
#define X(name, word, bit, crm, op2, lo, least, text) ASM(probe_##name, text)
PROBES(X)
#undef X
static const struct probe { const char *name; void (*fn)(void *); int word, bit, crm, op2, lo, least; } probes[] = {
#define X(name, word, bit, crm, op2, lo, least, text) {#name, probe_##name, word, bit, crm, op2, lo, least},
    PROBES(X)
};

/* What the kernel and the architecture keep from programs, and what they give them. */
#define OTHERS(X) \
    X(cntpct_el0, "mrs x1, S3_3_C14_C0_1") X(cntp_ctl_el0, "mrs x1, S3_3_C14_C2_1") X(cntv_ctl_el0, "mrs x1, S3_3_C14_C3_1") \
    X(pmccntr_el0, "mrs x1, S3_3_C9_C13_0") X(pmuserenr_write, "msr S3_3_C9_C14_0, x1") X(daif, "mrs x1, S3_3_C4_C2_1") \
    X(daifset, "msr daifset, #2") X(currentel, "mrs x1, S3_0_C4_C2_2") X(spsel, "mrs x1, S3_0_C4_C2_0") X(pan, "msr pan, #1") \
    X(uao, "msr uao, #1") X(sp_el0, "mrs x1, S3_0_C4_C1_0") X(elr_el1, "mrs x1, S3_0_C4_C0_1") X(sctlr_el1, "mrs x1, S3_0_C1_C0_0") \
    X(id_pfr0_el1, "mrs x1, S3_0_C0_C1_0") X(id_raz, "mrs x1, S3_0_C0_C2_0") X(id_next, "mrs x1, S3_0_C0_C8_0") X(midr_write, "msr S3_0_C0_C0_0, x1") \
    X(mpidr_el1, "mrs x1, S3_0_C0_C0_5") X(id_crm0_op1, "mrs x1, S3_0_C0_C0_1") X(ccsidr_el1, "mrs x1, S3_1_C0_C0_0") \
    X(tpidr_el1, "mrs x1, S3_0_C13_C0_4") X(tpidrro_write, "msr S3_3_C13_C0_3, x1") X(ctr_write, "msr S3_3_C0_C0_1, x1") \
    X(dc_ivac, "dc ivac, x0") X(dc_isw, "dc isw, x1") X(ic_iallu, "ic iallu") X(at_s1e0r, "at s1e0r, x0") X(tlbi, "tlbi vmalle1") \
    X(eret, "eret") X(hvc, "hvc #0") X(smc, "smc #0") X(hlt_0, ".inst 0xd4400000") X(udf, ".inst 0") \
    X(hint_127, "hint #127") X(hint_csdb, "hint #20") X(hint_bti, "hint #36") X(hint_pacibsp_autibsp, "hint #27\nhint #31") X(wfe, "wfe") X(wfi, "wfi") \
    X(yield, "yield") X(dsb_ssbb, "dsb #0") X(isb, "isb") X(clrex, "clrex")
#define X(name, text) ASM(other_##name, text)
OTHERS(X)
#undef X
static const struct { const char *name; void (*fn)(void *); } others[] = {
#define X(name, text) {#name, other_##name},
    OTHERS(X)
};
ASM(do_dc_zva, "dc zva, x0") ASM(do_dc_cvac, "dc cvac, x0") ASM(do_dc_cvau, "dc cvau, x0") ASM(do_dc_civac, "dc civac, x0") ASM(do_ic_ivau, "ic ivau, x0")
static const struct { const char *name; void (*fn)(void *); } caches[] = {
    {"dc_zva", do_dc_zva}, {"dc_cvac", do_dc_cvac}, {"dc_cvau", do_dc_cvau}, {"dc_civac", do_dc_civac}, {"ic_ivau", do_ic_ivau}};

static uint64_t id[8][8];
static void read_ids(void)
{
#define ID(m, n) { uint64_t v; __asm__ volatile("mrs %0, S3_0_C0_C" #m "_" #n : "=r"(v)); id[m][n] = v; }
#define IDS(m) ID(m, 0) ID(m, 1) ID(m, 2) ID(m, 3) ID(m, 4) ID(m, 5) ID(m, 6) ID(m, 7)
    ID(0, 0) ID(0, 5) ID(0, 6) IDS(4) IDS(5) IDS(6) IDS(7)
    for (int m = 0; m < 8; m++)
        for (int n = 0; n < 8; n++)
            if (id[m][n])
                printf("id %d %d %016llx\n", m, n, (unsigned long long)id[m][n]);
}

static int executes(void (*fn)(void *), void *memory)
{
    if (sigsetjmp(back, 1))
        return 0;
    fn(memory);
    return 1;
}

#define READ(reg) ({ uint64_t v_; __asm__ volatile("mrs %0, " reg : "=r"(v_)); v_; })
#define WRITE(reg, v) __asm__ volatile("msr " reg ", %0" : : "r"((uint64_t)(v)))
static void registers(void)
{
    WRITE("fpcr", UINT64_MAX);
    printf("fpcr %llx\n", (unsigned long long)READ("fpcr"));
    WRITE("fpcr", 0);
    WRITE("fpsr", UINT64_MAX);
    printf("fpsr %llx\n", (unsigned long long)READ("fpsr"));
    WRITE("fpsr", 0);
    WRITE("nzcv", UINT64_MAX);
    printf("nzcv %llx\n", (unsigned long long)READ("nzcv"));
    if (getauxval(AT_HWCAP) >> 28 & 1) /* as the kernel starts programs; and NZCV and such stay out of it */
        printf("ssbs %llx\n", (unsigned long long)READ("S3_3_C4_C2_6"));
    uint64_t tp = READ("tpidr_el0"), other;
    WRITE("tpidr_el0", 0x123456789abcdef0);
    other = READ("tpidr_el0");
    WRITE("tpidr_el0", tp);
    printf("tpidr %llx\ntpidrro %llx\n", (unsigned long long)other, (unsigned long long)READ("tpidrro_el0"));
    uint64_t a = READ("cntvct_el0"), b = READ("cntvct_el0");
    printf("cntvct %s\ncntfrq %s\n", b >= a ? "rises" : "falls", READ("cntfrq_el0") >= 1000000 ? "high" : "low");
    uint64_t ctr = READ("ctr_el0"); /* DIC = 0: code needs IC IVAU */
    printf("ctr_res1 %d dic %d\ndczid_dzp %d\n", (int)(ctr >> 31 & 1), (int)(ctr >> 29 & 1), (int)(READ("dczid_el0") >> 4 & 1));
}

/* An address five bytes into a line: unmapped, without access, read-only; the fault names it. */
static void cache_faults(void)
{
    char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + 0x105;
    static const struct { const char *name; int prot; } ways[] = {
        {"writable", PROT_READ | PROT_WRITE}, {"readable", PROT_READ}, {"none", PROT_NONE}, {"unmapped", -1}};
    for (unsigned w = 0; w < 4; w++) {
        if (ways[w].prot >= 0)
            mprotect(p - 0x105, 4096, ways[w].prot);
        else
            munmap(p - 0x105, 4096);
        for (unsigned i = 0; i < sizeof caches / sizeof caches[0]; i++) {
            if (executes(caches[i].fn, p))
                printf("%s %s done\n", caches[i].name, ways[w].name);
            else
                printf("%s %s signal %d code %d offset %d cm %d wnr %d\n", caches[i].name, ways[w].name, seen.si_signo, seen.si_code,
                       (int)((char *)seen.si_addr - p), (int)(esr >> 8 & 1), (int)(esr >> 6 & 1));
        }
    }
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "print") == 0) {
        FILE *f = fopen(argv[2], "r");
        for (int c; (c = getc(f)) != EOF;)
            putchar(c);
        return 0;
    }
    if (argc > 1) /* what a program that this one starts sees */
        return execv(argv[1], argv + 1);
    static char memory[64] __attribute__((aligned(64)));
    static const int signals[] = {SIGILL, SIGSEGV, SIGBUS, SIGTRAP};
    struct sigaction sa = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    unsigned long caps[3] = {0, getauxval(AT_HWCAP), getauxval(AT_HWCAP2)};
    for (unsigned i = 0; i < 4; i++)
        sigaction(signals[i], &sa, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("hwcap %lx %lx\nplatform %s\n", caps[1], caps[2], (const char *)getauxval(AT_PLATFORM));
    read_ids();
    for (unsigned i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        const struct probe *p = &probes[i];
        int field = (int)(id[p->crm][p->op2] >> p->lo & 15);
        if (p->crm == 4 && p->op2 == 0 && p->lo <= 20 && field == 15)
            field = -1; /* FP and AdvSIMD are signed */
        int value = field >= p->least;
        if (p->word == 1 && (p->bit == 30 || p->bit == 31)) /* one of three algorithms */
            value = field || (id[p->crm][p->op2] >> (p->lo - 4) & 15) || (id[6][2] >> (p->bit == 30 ? 12 : 8) & 15);
        printf("feature %s runs %d id %d hwcap %d\n", p->name, executes(p->fn, memory), value, (int)(caps[p->word] >> p->bit & 1));
    }
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (executes(others[i].fn, memory))
            printf("other %s done\n", others[i].name);
        else
            printf("other %s signal %d code %d\n", others[i].name, seen.si_signo, seen.si_code);
    }
    registers();
    cache_faults();
    return 0;
}
