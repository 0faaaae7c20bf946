/* chunk_runner.c - runs a file of chunks (chunk.h) from standard input and writes a digest of the whole state after each; the same program runs
 * under the oracle and under lprun. With arguments CHUNK WORDS: runs that chunk's first WORDS words only and writes struct dump.
 * A word that gets a signal is skipped; signal, address and place enter the digest. AArch64, no libc. */
#include "bare.h"
#include "chunk.h"

void run_chunk(struct live *live, uint64_t entry);
extern const char back[];

/* Offsets are those of struct live, which is at LIVE: MOVZ and MOVK below. The epilogue has stored X30. */
_Static_assert(LIVE == 0x1107800 && offsetof(struct live, tpidr) == 816, "in the code below");
__asm__(".text\n"
        ".globl run_chunk, back\n"
        "run_chunk:\n"
        ENTER
        "  ldr x2, [x0, #816]\n  msr tpidr_el0, x2\n"
        "  .inst 0xd51b42bf, 0xd51b42df\n" /* MSR DIT, XZR; MSR SSBS, XZR */
        LOAD_STATE
        "  clrex\n"
        "  br x30\n"
        "back:\n"
        "  movz x30, #0x110, lsl #16\n  movk x30, #0x7800\n"
        STORE_STATE
        "  mrs x1, tpidr_el0\n  str x1, [x30, #816]\n"
        LEAVE);

static void copy(uint64_t *to, const uint64_t *from, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        to[i] = from[i];
}

/* ---- signals ---- */
static struct dump dump;

static void on_signal(int signo, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    const uint64_t pc = uc->uc_mcontext.pc;
    if (pc < CHUNK_CODE && signo != SIGILL)
        leave(3);
    uc->uc_mcontext.pc = pc + 4;
    if (pc < CHUNK_CODE) /* a CPU without DIT or SSBS */
        return;
    /* Linux gives ILL_ILLOPC, qemu ILL_ILLOPN. */
    const uint64_t code = signo == SIGILL ? 0 : (uint64_t)info->si_code;
    const struct seen s = {pc, (uint64_t)signo | code << 8, (uint64_t)info->si_addr};
    if (dump.signals < MAX_SEEN)
        dump.seen[dump.signals] = s;
    dump.signals++;
    dump.digest = chunk_mix(chunk_mix(chunk_mix(dump.digest, s.pc), s.signal), s.addr);
}

/* ---- chunks ---- */
static const char *file;
static const struct chunk_file *head;
static struct live *const live = (struct live *)LIVE;

static void open_file(int writable_code)
{
    struct stat st;
    if (call(SYS_fstat, 0, (long)&st, 0, 0, 0, 0) != 0)
        leave(5);
    file = map(0, (uint64_t)st.st_size, PROT_READ, 0, 0);
    head = (const void *)file;
    map(CHUNK_CODE, head->code_words * 4, PROT_READ | PROT_EXEC | (writable_code ? PROT_WRITE : 0), 0, head->code_at);
    map(WINDOW, WINDOW_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, 0);
    map(POOL, POOL_SIZE, PROT_READ, 0, head->pool_at);
    map(POOL + POOL_SIZE, CHUNK_PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, 0);
}

static uint64_t digest_of(uint64_t h, const uint64_t *p, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        h = chunk_mix(h, p[i]);
    return h;
}

static void run(const struct chunk *c)
{
    copy((uint64_t *)WINDOW, (const uint64_t *)(file + head->templates_at + c->memory), WINDOW_SIZE / 8);
    copy((uint64_t *)live, (const uint64_t *)c, sizeof c->in / 8 + 1);
    live->back = (uint64_t)back;
    dump.digest = dump.signals = 0;
    run_chunk(live, CHUNK_CODE + UINT64_C(4) * c->code);
    dump.digest = digest_of(digest_of(dump.digest, (const uint64_t *)live, sizeof c->in / 8 + 1), (const uint64_t *)WINDOW, WINDOW_SIZE / 8);
}

static void run_all(const struct chunk *chunks)
{
    static uint64_t digests[512];
    uint64_t n = 0;
    for (uint64_t i = 0; i < head->count; i++) {
        run(&chunks[i]);
        digests[n++] = dump.digest;
        if (n == sizeof digests / 8 || i + 1 == head->count) {
            write_all(1, digests, n * 8);
            n = 0;
        }
    }
}

/* What is behind the first `words` words becomes NOP, up to the epilogue. */
static void run_part(const struct chunk *c, uint64_t words)
{
    uint32_t *code = (uint32_t *)(CHUNK_CODE + UINT64_C(4) * c->code);
    for (uint64_t i = words; i < c->words; i++)
        code[i] = 0xd503201f;
    __builtin___clear_cache((char *)code, (char *)(code + c->words));
    run(c);
    copy((uint64_t *)&dump.out, (const uint64_t *)&live->s, sizeof dump.out / 8);
    dump.tpidr = live->tpidr;
    copy(dump.window, (const uint64_t *)WINDOW, WINDOW_SIZE / 8);
    write_all(1, &dump, sizeof dump);
}

static uint64_t number(const char *s)
{
    uint64_t n = 0;
    for (; *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (uint64_t)(*s - '0');
    return n;
}

__attribute__((used)) void start(const uint64_t *sp)
{
    const char *const *argv = (const char *const *)(sp + 1);
    open_file(sp[0] == 3);
    catch_signals();
    const struct chunk *chunks = (const void *)(file + head->chunks_at);
    if (sp[0] == 3 && number(argv[1]) < head->count)
        run_part(&chunks[number(argv[1])], number(argv[2]));
    else
        run_all(chunks);
    leave(0);
}
