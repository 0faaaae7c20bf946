/* runner.c - the oracle's side of the differential test: an AArch64 program without libc. Cases come from standard input (a file), results go to
 * standard output. Each case's registers are loaded, its words executed from a stub, all registers and what changed in the scratch area stored. */
#include <stdbool.h>
#include "bare.h"
#include "case.h"

struct state *current;
uint64_t saved_sp;
void run_stub(struct state *s, uint64_t stub);
extern const char back[];

/* TPIDR_EL0 keeps X30 while X30 points to the state. Offsets are those of struct state. */
__asm__(".text\n"
        ".globl run_stub, back\n"
        "run_stub:\n"
        "  stp x29, x30, [sp, #-176]!\n"
        "  stp x19, x20, [sp, #16]\n  stp x21, x22, [sp, #32]\n  stp x23, x24, [sp, #48]\n"
        "  stp x25, x26, [sp, #64]\n  stp x27, x28, [sp, #80]\n"
        "  stp d8, d9, [sp, #96]\n  stp d10, d11, [sp, #112]\n  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n"
        "  adrp x2, saved_sp\n  mov x3, sp\n  str x3, [x2, :lo12:saved_sp]\n"
        "  adrp x2, current\n  str x0, [x2, :lo12:current]\n"
        "  clrex\n"
        "  add x2, x0, #288\n"
        "  ldp q0, q1, [x2]\n  ldp q2, q3, [x2, #32]\n  ldp q4, q5, [x2, #64]\n  ldp q6, q7, [x2, #96]\n"
        "  ldp q8, q9, [x2, #128]\n  ldp q10, q11, [x2, #160]\n  ldp q12, q13, [x2, #192]\n  ldp q14, q15, [x2, #224]\n"
        "  ldp q16, q17, [x2, #256]\n  ldp q18, q19, [x2, #288]\n  ldp q20, q21, [x2, #320]\n  ldp q22, q23, [x2, #352]\n"
        "  ldp q24, q25, [x2, #384]\n  ldp q26, q27, [x2, #416]\n  ldp q28, q29, [x2, #448]\n  ldp q30, q31, [x2, #480]\n"
        "  ldr x2, [x0, #248]\n  mov sp, x2\n"
        "  ldr x2, [x0, #256]\n  msr nzcv, x2\n"
        "  ldr x2, [x0, #264]\n  msr fpcr, x2\n"
        "  ldr x2, [x0, #272]\n  msr fpsr, x2\n"
        "  mov x30, x1\n"
        "  ldp x2, x3, [x0, #16]\n  ldp x4, x5, [x0, #32]\n  ldp x6, x7, [x0, #48]\n  ldp x8, x9, [x0, #64]\n"
        "  ldp x10, x11, [x0, #80]\n  ldp x12, x13, [x0, #96]\n  ldp x14, x15, [x0, #112]\n  ldp x16, x17, [x0, #128]\n"
        "  ldp x18, x19, [x0, #144]\n  ldp x20, x21, [x0, #160]\n  ldp x22, x23, [x0, #176]\n  ldp x24, x25, [x0, #192]\n"
        "  ldp x26, x27, [x0, #208]\n  ldp x28, x29, [x0, #224]\n  ldp x0, x1, [x0]\n"
        "  br x30\n"
        "back:\n"
        "  msr tpidr_el0, x30\n"
        "  adrp x30, current\n  ldr x30, [x30, :lo12:current]\n"
        "  stp x0, x1, [x30]\n  stp x2, x3, [x30, #16]\n  stp x4, x5, [x30, #32]\n  stp x6, x7, [x30, #48]\n"
        "  stp x8, x9, [x30, #64]\n  stp x10, x11, [x30, #80]\n  stp x12, x13, [x30, #96]\n  stp x14, x15, [x30, #112]\n"
        "  stp x16, x17, [x30, #128]\n  stp x18, x19, [x30, #144]\n  stp x20, x21, [x30, #160]\n  stp x22, x23, [x30, #176]\n"
        "  stp x24, x25, [x30, #192]\n  stp x26, x27, [x30, #208]\n  stp x28, x29, [x30, #224]\n"
        "  mrs x0, nzcv\n  mrs x1, tpidr_el0\n  mov x2, sp\n  stp x1, x2, [x30, #240]\n"
        "  mrs x1, fpcr\n  stp x0, x1, [x30, #256]\n  mrs x1, fpsr\n  str x1, [x30, #272]\n"
        "  add x2, x30, #288\n"
        "  stp q0, q1, [x2]\n  stp q2, q3, [x2, #32]\n  stp q4, q5, [x2, #64]\n  stp q6, q7, [x2, #96]\n"
        "  stp q8, q9, [x2, #128]\n  stp q10, q11, [x2, #160]\n  stp q12, q13, [x2, #192]\n  stp q14, q15, [x2, #224]\n"
        "  stp q16, q17, [x2, #256]\n  stp q18, q19, [x2, #288]\n  stp q20, q21, [x2, #320]\n  stp q22, q23, [x2, #352]\n"
        "  stp q24, q25, [x2, #384]\n  stp q26, q27, [x2, #416]\n  stp q28, q29, [x2, #448]\n  stp q30, q31, [x2, #480]\n"
        "  adrp x2, saved_sp\n  ldr x3, [x2, :lo12:saved_sp]\n  mov sp, x3\n"
        "  msr fpcr, xzr\n"
        "  ldp x19, x20, [sp, #16]\n  ldp x21, x22, [sp, #32]\n  ldp x23, x24, [sp, #48]\n"
        "  ldp x25, x26, [sp, #64]\n  ldp x27, x28, [sp, #80]\n"
        "  ldp d8, d9, [sp, #96]\n  ldp d10, d11, [sp, #112]\n  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n"
        "  ldp x29, x30, [sp], #176\n"
        "  ret\n");

/* ---- output ---- */
static char buffer[1 << 16];
static uint64_t used;
static void flush(void)
{
    write_all(1, buffer, used);
    used = 0;
}
static void put(const void *p, uint64_t n)
{
    if (used + n > sizeof buffer)
        flush();
    __builtin_memcpy(buffer + used, p, n);
    used += n;
}

static const struct test_case *running;

/* A case that gets a signal, or branches away, goes on behind its stub, with the registers as they were. */
static void on_signal(int signo, siginfo_t *info, void *context)
{
    extern const char __executable_start[], etext[];
    ucontext_t *uc = context;
    const uint64_t pc = uc->uc_mcontext.pc, addr = (uint64_t)info->si_addr;
    if (pc >= (uint64_t)__executable_start && pc < (uint64_t)etext)
        leave(3);
    current->pc = pc;
    if (!case_landed(running, signo, addr, pc)) {
        current->signo = (uint64_t)signo | (uint64_t)(info->si_code & 255) << 8;
        current->addr = addr;
    }
    uc->uc_mcontext.pc = (uint64_t)back;
}

static void make_stub(const struct test_case *c)
{
    const uint64_t at = case_pc(c) - STUB_WORD;
    uint32_t *code = (uint32_t *)at, *end = code + 6;
    *(uint64_t *)at = c->in.x[30];
    code[2] = 0x58ffffde; /* LDR X30, .-8 */
    code[3] = c->pre[0];
    code[4] = c->pre[1];
    code[5] = c->word;
    if (c->post)
        *end++ = c->post;
    *end = 0x14000000 | ((uint64_t)(back - (const char *)end) >> 2 & 0x3ffffff);
}

static const struct change *pokes_of(const struct test_case *c) { return (const struct change *)(c + 1); }
static const struct test_case *after(const struct test_case *c) { return (const void *)(pokes_of(c) + c->pokes); }
static void poke(const struct test_case *c, bool scratch)
{
    for (const struct change *p = pokes_of(c); p < pokes_of(c) + c->pokes; p++)
        if ((p->offset < SCRATCH_SIZE) == scratch)
            *(uint64_t *)(SCRATCH + p->offset) = p->value;
}

/* Report and restore the scratch area. */
static void put_changes(uint64_t *scratch, const uint64_t *initial, struct result *r, int mem)
{
    static struct change changes[2048];
    r->changed = 0;
    for (uint64_t i = 0; mem && i < SCRATCH_SIZE / 8; i++) {
        if (scratch[i] != initial[i]) {
            if (r->changed < 2048)
                changes[r->changed++] = (struct change){i * 8, scratch[i]};
            scratch[i] = initial[i];
        }
    }
    put(r, sizeof *r);
    put(changes, r->changed * sizeof changes[0]);
}

__attribute__((used)) void start(void)
{
    static uint64_t initial[SCRATCH_SIZE / 8];
    struct stat st;
    if (call(SYS_fstat, 0, (long)&st, 0, 0, 0, 0) != 0)
        leave(5);
    const struct test_case *cases = map(0, (uint64_t)st.st_size, PROT_READ, 0, 0);
    const struct test_case *end = (void *)((char *)cases + st.st_size);
    uint32_t *stubs = map(STUBS, MAX_CASES * STUB_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_ANONYMOUS, 0);
    uint64_t *scratch = map(SCRATCH, SCRATCH_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, 0);
    for (uint64_t i = 0; i < SCRATCH_SIZE / 8; i++)
        scratch[i] = initial[i] = scratch_word(i);
    for (uint64_t i = 0; i < MAX_CASES * STUB_SIZE / 4; i++)
        stubs[i] = 0xd4200000; /* BRK: where branches land */
    for (const struct test_case *c = cases; c < end; c = after(c)) {
        if (c->slot >= MAX_CASES)
            leave(6);
        poke(c, false);
        make_stub(c);
    }
    __builtin___clear_cache((char *)stubs, (char *)stubs + MAX_CASES * STUB_SIZE);
    catch_signals();
    for (const struct test_case *c = cases; c < end; c = after(c)) {
        struct result r = {.out = c->in};
        r.out.pc = 1; /* no place of an instruction */
        running = c;
        poke(c, true);
        run_stub(&r.out, case_pc(c) - STUB_WORD + STUB_ENTRY);
        if (r.out.pc == 1)
            r.out.pc = case_pc(c) + 4;
        put_changes(scratch, initial, &r, c->mem != 0);
    }
    flush();
    leave(0);
}
