/* runner.c - the oracle's side of the differential test: an AArch64 program without libc. Cases come from standard input (a file), results go to
 * standard output. Each case's registers are loaded, its words executed from a stub, all registers and what changed in the scratch area stored. */
#include <stdbool.h>
#include "bare.h"
#include "case.h"

struct state *current;
void run_stub(struct state *s, uint64_t stub);
extern const char back[];

/* TPIDR_EL0 keeps X30 while X30 points to the state. Offsets are those of struct state. */
__asm__(".text\n"
        ".globl run_stub, back\n"
        "run_stub:\n"
        ENTER
        "  adrp x2, current\n  str x0, [x2, :lo12:current]\n"
        "  clrex\n"
        LOAD_STATE
        "  br x30\n"
        "back:\n"
        "  msr tpidr_el0, x30\n"
        "  adrp x30, current\n  ldr x30, [x30, :lo12:current]\n"
        STORE_STATE
        "  mrs x1, tpidr_el0\n  str x1, [x30, #240]\n"
        LEAVE);

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
