/* sigill_run.c - does an instruction word raise SIGILL? An AArch64 program without libc: words come from standard input (a file), one byte for
 * each goes to descriptor 3 (the oracle has words of its own for standard output): the signal that the word got, 0 for none. Each word runs in a
 * stub of its own, with all registers pointing into a scratch area. Answers are written one by one: if a word ends the program, their number
 * tells which. Where a word goes and what it does there does not matter; those that would end the program are not sent (sigill.c). */
#include "bare.h"

#define STUBS UINT64_C(0x1000000)
#define STUB_SIZE 64 /* LDR X30, literal; the word; branches back; the literal */
#define MAX_WORDS 131072
#define SCRATCH UINT64_C(0x2000000)
#define SCRATCH_SIZE UINT64_C(0x20000)

void run_stub(uint64_t scratch, uint64_t stub);
extern const char back[];

__asm__(".text\n"
        ".globl run_stub\nrun_stub:\n"
        ENTER
        "  mov x30, x1\n  mov sp, x0\n  msr nzcv, xzr\n"
        "  add x1, x0, #16\n  add x2, x0, #32\n  add x3, x0, #48\n  add x4, x0, #64\n  add x5, x0, #80\n  add x6, x0, #96\n"
        "  add x7, x0, #112\n  add x8, x0, #128\n  add x9, x0, #144\n  add x10, x0, #160\n  add x11, x0, #176\n  add x12, x0, #192\n"
        "  add x13, x0, #208\n  add x14, x0, #224\n  add x15, x0, #240\n  add x16, x0, #256\n  add x17, x0, #272\n  add x18, x0, #288\n"
        "  add x19, x0, #304\n  add x20, x0, #320\n  add x21, x0, #336\n  add x22, x0, #352\n  add x23, x0, #368\n  add x24, x0, #384\n"
        "  add x25, x0, #400\n  add x26, x0, #416\n  add x27, x0, #432\n  add x28, x0, #448\n  add x29, x0, #464\n"
        "  br x30\n"
        ".globl back\nback:\n"
        LEAVE);

static uint8_t answer;
static unsigned current;
static uint64_t stub_at(unsigned i) { return STUBS + (uint64_t)i * STUB_SIZE; }

/* SIGILL counts only where the word is: a branch may have gone to some other one. */
static void on_signal(int signo, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    (void)info;
    if (signo != SIGILL || uc->uc_mcontext.pc == stub_at(current) + 4)
        answer = (uint8_t)signo;
    uc->uc_mcontext.pc = (uint64_t)back;
}

static void make_stub(unsigned i, uint32_t word)
{
    const uint64_t at = stub_at(i);
    uint32_t *code = (uint32_t *)at;
    code[0] = 0x580001de; /* LDR X30, .+56 */
    code[1] = word;
    for (unsigned k = 2; k < 14; k++)
        code[k] = 0x14000000 | (((uint64_t)back - (at + 4 * k)) >> 2 & 0x3ffffff);
    *(uint64_t *)(code + 14) = SCRATCH + SCRATCH_SIZE / 2 + 480;
}

__attribute__((used)) void start(void)
{
    struct stat st;
    if (call(SYS_fstat, 0, (long)&st, 0, 0, 0, 0) != 0)
        leave(5);
    const uint32_t *words = map(0, (uint64_t)st.st_size, PROT_READ, 0, 0);
    const unsigned n = (unsigned)((uint64_t)st.st_size / 4);
    if (n > MAX_WORDS)
        leave(6);
    map(STUBS, (uint64_t)MAX_WORDS * STUB_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_ANONYMOUS, 0);
    map(SCRATCH, SCRATCH_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, 0);
    for (unsigned i = 0; i < n; i++)
        make_stub(i, words[i]);
    __builtin___clear_cache((char *)STUBS, (char *)stub_at(n));
    catch_signals();
    for (current = 0; current < n; current++) {
        answer = 0;
        run_stub(SCRATCH + SCRATCH_SIZE / 2, stub_at(current));
        write_all(3, &answer, 1);
    }
    leave(0);
}
