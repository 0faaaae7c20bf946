/* property.c - what must hold of results that no other machine has: keyed, random, counting, or describing this implementation.
 * A program; its TAP has one line for each row of lib/a64 that it proves, and a few for what the kernel does about them. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static int wrong, lines;
static void check(int good, const char *what)
{
    if (!good)
        printf("# wrong: %s\n", what);
    wrong |= !good;
}
/* All statements since the last line were about this. */
static void proved(const char *name)
{
    printf("%sok %d - %s\n", wrong ? "not " : "", ++lines, name);
    wrong = 0;
}

/* ---- PAuth: functions made around one instruction ---- */
/* Rd = X0 and Rn = X1; X0 alone; X17 and X16; X30; X30 and SP. As branches: to X0 with X1, with link, and back by X30 with SP; load from [X0]. */
enum shape { REG, ZERO, HINT_1716, HINT_X30, HINT_SP, BRANCH, CALL, RETURN, LOAD };
typedef uint64_t (*sign_fn)(uint64_t, uint64_t);
static uint32_t *code;
static unsigned code_used;
static void emit(uint32_t word) { code[code_used++] = word; }
static uint64_t stepped; /* X0 after a load */

enum { KEEP_X30 = 0xaa1e03e9, KEEP_SP = 0x910003ea, SP_BACK = 0x9100015f, SP_IS_X1 = 0x9100003f, RETURN_X9 = 0xd65f0120 };
enum { ARRIVED = 77, FAULTED = 99 };
static void emit_body(enum shape shape, uint32_t word)
{
    switch (shape) {
    case REG: case ZERO: emit(word); break;
    case HINT_1716: emit(0xaa0003f1), emit(0xaa0103f0), emit(word), emit(0xaa1103e0); break; /* MOV X17, X0; MOV X16, X1; word; MOV X0, X17 */
    case HINT_X30: emit(0xaa0003fe), emit(word), emit(0xaa1e03e0); break;                     /* MOV X30, X0; word; MOV X0, X30 */
    case HINT_SP: emit(0xaa0003fe), emit(SP_IS_X1), emit(word), emit(SP_BACK), emit(0xaa1e03e0); break;
    case BRANCH: emit(0x1000005e), emit(word); break; /* ADR X30, .+8 */
    case CALL: emit(word); break;
    case RETURN: emit(0xaa0003fe), emit(SP_IS_X1), emit(word), emit(0); break;
    case LOAD: emit(word), emit(0xf9000020), emit(0xaa0203e0); break; /* word; STR X0, [X1]; MOV X0, X2 */
    }
}
static sign_fn make(enum shape shape, uint32_t word)
{
    uint32_t *start = code + code_used;
    emit(KEEP_X30), emit(KEEP_SP);
    emit_body(shape, word);
    emit(RETURN_X9);
    __builtin___clear_cache((char *)start, (char *)(code + code_used));
    return (sign_fn)start;
}
static uint64_t go(sign_fn f, uint64_t a, uint64_t b)
{
    register uint64_t x0 __asm__("x0") = a, x1 __asm__("x1") = b;
    __asm__ volatile("blr %2" : "+r"(x0), "+r"(x1) : "r"(f) : "x2", "x9", "x10", "x16", "x17", "x30", "cc", "memory");
    return x0;
}
/* A signed pointer that was wrong: on with the function's end. */
static void on_segv(int signo, siginfo_t *info, void *uc)
{
    mcontext_t *m = &((ucontext_t *)uc)->uc_mcontext;
    (void)signo, (void)info;
    m->regs[0] = FAULTED, m->sp = m->regs[10], m->pc = m->regs[9];
}

#define HINT(n) (0xd503201fu | (n) << 5)
static const struct { const char *pac, *aut; enum shape shape; unsigned key; uint32_t sign, check; } forms[] = {
    {"PAC", "AUT", REG, 0, 0xdac10020, 0xdac11020}, {"PAC", "AUT", REG, 1, 0xdac10420, 0xdac11420},
    {"PAC", "AUT", REG, 2, 0xdac10820, 0xdac11820}, {"PAC", "AUT", REG, 3, 0xdac10c20, 0xdac11c20},
    {"PAC_Z", "AUT_Z", ZERO, 0, 0xdac123e0, 0xdac133e0}, {"PAC_Z", "AUT_Z", ZERO, 1, 0xdac127e0, 0xdac137e0},
    {"PAC_Z", "AUT_Z", ZERO, 2, 0xdac12be0, 0xdac13be0}, {"PAC_Z", "AUT_Z", ZERO, 3, 0xdac12fe0, 0xdac13fe0},
    {"PACIA1716", "AUTIA1716", HINT_1716, 0, HINT(8), HINT(12)}, {"PACIB1716", "AUTIB1716", HINT_1716, 1, HINT(10), HINT(14)},
    {"PACIAZ", "AUTIAZ", HINT_X30, 0, HINT(24), HINT(28)}, {"PACIBZ", "AUTIBZ", HINT_X30, 1, HINT(26), HINT(30)},
    {"PACIASP", "AUTIASP", HINT_SP, 0, HINT(25), HINT(29)}, {"PACIBSP", "AUTIBSP", HINT_SP, 1, HINT(27), HINT(31)},
};
enum { FORMS = sizeof forms / sizeof forms[0], MANY = 64 };
static sign_fn signs[4], checks[4]; /* PACIA PACIB PACDA PACDB, AUTIA ...: X0 with X1 */

/* Where the code is: 48-bit addresses, a tag in the top byte of the lower half only (Arm ARM D8.10). */
static int upper(uint64_t p) { return p >> 55 & 1; }
static uint64_t field(uint64_t p) { return upper(p) ? UINT64_C(0xff7f) << 48 : UINT64_C(0x7f) << 48; }
/* What a wrong code leaves: 01 (key A) or 10 (key B) in bits 54:53, or 62:61 where there is no tag. */
static uint64_t poisoned(uint64_t p, unsigned key)
{
    const unsigned at = upper(p) ? 61 : 53;
    return (p & ~(UINT64_C(3) << at)) | (key & 1 ? UINT64_C(2) : UINT64_C(1)) << at;
}
static uint64_t pointer(unsigned i)
{
    const uint64_t p = i * UINT64_C(0x123456789ab) & UINT64_C(0xffffffffff);
    return i % 2 ? p : i % 4 ? p | UINT64_C(0x5a) << 56 : ~p; /* also tagged, and of the upper half */
}
static int same_key(unsigned a, unsigned b)
{
    unsigned same = 0;
    for (unsigned i = 0; i < MANY; i++)
        same += go(signs[a], pointer(i), i) == go(signs[b], pointer(i), i);
    return same > MANY / 4;
}

/* A pointer's code: in its field only, the same each time, and that of this key and modifier. */
static void signing(unsigned n, sign_fn pac)
{
    const enum shape shape = forms[n].shape;
    uint64_t bits = 0;
    unsigned plain = 0;
    for (unsigned i = 1; i <= MANY; i++) {
        const uint64_t p = pointer(i), m = i * UINT64_C(0x9e3779b0), used = shape == ZERO || shape == HINT_X30 ? 0 : m, s = go(pac, p, m);
        check((s & ~field(p)) == (p & ~field(p)), "PAC changes the field of the code only");
        check(s == go(pac, p, m) && s == go(signs[forms[n].key], p, used), "PAC uses its key and modifier");
        check(go(checks[forms[n].key], go(pac, p ^ UINT64_C(1) << 50, m), used) == poisoned(p, forms[n].key), "no right code for what is no address");
        plain += s == p, bits |= s & UINT64_C(0x7f) << 48;
    }
    check(plain < 8 && bits == UINT64_C(0x7f) << 48, "PAC: every bit of the code is 1 at times");
}
static void authenticating(unsigned n, sign_fn aut)
{
    const unsigned key = forms[n].key;
    const int zero = forms[n].shape == ZERO || forms[n].shape == HINT_X30;
    unsigned modifier = 0, other[4] = {0};
    for (unsigned i = 1; i <= MANY; i++) {
        const uint64_t p = pointer(i), m = i * UINT64_C(0x9e3779b0), used = zero ? 0 : m, s = go(signs[key], p, used);
        check(go(aut, s, m) == p, "AUT gives the pointer back");
        check(go(aut, s ^ UINT64_C(1) << 48, m) == poisoned(p, key), "AUT: a changed code leaves a pointer that faults, with the key's number");
        modifier += go(aut, go(signs[key], p, used + 16), m) == p;
        for (unsigned k = 0; k < 4; k++)
            other[k] += go(aut, go(signs[k], p, used), m) == p;
    }
    check(modifier < 8, "AUT: a wrong modifier");
    for (unsigned k = 0; k < 4; k++)
        check(k == key ? other[k] == MANY : other[k] < 8, "AUT: a wrong key");
}
static void stripping(enum shape shape, uint32_t word)
{
    sign_fn strip = make(shape, word);
    for (unsigned i = 1; i <= MANY; i++)
        check(go(strip, go(signs[i % 4], pointer(i), i), 0) == pointer(i), "XPAC strips");
}
static void signatures(void)
{
    for (unsigned n = 0; n < FORMS; n++) {
        signing(n, make(forms[n].shape, forms[n].sign));
        if (n + 1 == FORMS || strcmp(forms[n].pac, forms[n + 1].pac) != 0)
            proved(forms[n].pac);
    }
    for (unsigned n = 0; n < FORMS; n++) {
        authenticating(n, make(forms[n].shape, forms[n].check));
        if (n + 1 == FORMS || strcmp(forms[n].aut, forms[n + 1].aut) != 0)
            proved(forms[n].aut);
    }
    stripping(REG, 0xdac143e0), stripping(REG, 0xdac147e0);
    proved("XPAC");
    stripping(HINT_X30, HINT(7));
    proved("XPACLRI");
}
static void generic(void)
{
    sign_fn pacga = make(REG, 0x9ac13000); /* PACGA X0, X0, X1 */
    uint64_t high = 0;
    for (uint64_t i = 0; i < MANY; i++) {
        check((uint32_t)go(pacga, i, 3) == 0 && go(pacga, i, 3) == go(pacga, i, 3), "PACGA: low half 0, stable");
        high |= go(pacga, i, 3);
    }
    check(high >> 32 == UINT32_MAX && go(pacga, 1, 2) != go(pacga, 2, 1), "PACGA mixes");
    proved("PACGA");
}

/* ---- PAuth: branches and loads; keys A and B ---- */
static const struct { const char *row; enum shape shape; uint32_t word; int zero; } branches[] = {
    {"BRA", BRANCH, 0xd71f0801, 0}, {"BRA_Z", BRANCH, 0xd61f081f, 1}, {"BLRA", CALL, 0xd73f0801, 0}, {"BLRA_Z", CALL, 0xd63f081f, 1},
    {"RETA", RETURN, 0xd65f0bff, 0},
};
static sign_fn branch(unsigned n, unsigned key) { return make(branches[n].shape, branches[n].word | key << 10); }
/* Where they go; and back by X30, which RETA has used up. */
static uint64_t branch_target(enum shape shape)
{
    uint64_t at = (uint64_t)(code + code_used);
    if (shape == RETURN)
        emit(SP_BACK), emit(0xd2800000 | ARRIVED << 5), emit(RETURN_X9);
    else
        emit(0xd2800000 | ARRIVED << 5), emit(0xd65f03c0);
    __builtin___clear_cache((char *)at, (char *)(code + code_used));
    return at;
}
static void branching(unsigned n)
{
    const uint64_t to = branch_target(branches[n].shape);
    for (unsigned key = 0; key < 2; key++) {
        sign_fn f = branch(n, key);
        for (uint64_t m = 0; m < 64 * 16; m += 16) {
            const uint64_t good = go(signs[key], to, branches[n].zero ? 0 : m);
            check(go(f, good, m) == ARRIVED, "an authenticated branch arrives");
            check(go(f, good ^ UINT64_C(1) << 51, m) == FAULTED, "a branch to a wrong code faults");
            if (go(signs[!key], to, branches[n].zero ? 0 : m) != good)
                check(go(f, go(signs[!key], to, branches[n].zero ? 0 : m), m) == FAULTED, "a branch with the other key's code faults");
        }
    }
    proved(branches[n].row);
}
static void loading(void)
{
    static const uint64_t cells[5] = {0x11, 0x22, UINT64_C(0x3333333333333333), 0x44, 0x55};
    for (unsigned i = 0; i < 2 * 2 * 3; i++) {
        const unsigned key = i & 1, back = i >> 1 & 1;
        const int step = (int)(i >> 2) - 1;
        const uint64_t p = (uint64_t)&cells[2], s = go(signs[2 + key], p, 0);
        sign_fn f = make(LOAD, 0xf8200402 | key << 23 | (uint32_t)(step < 0) << 22 | ((uint32_t)step & 511) << 12 | back << 11); /* LDRAA X2, [X0, #step]{!} */
        stepped = 0;
        check(go(f, s, (uint64_t)&stepped) == cells[2 + step], "LDRA loads");
        check(stepped == (back ? p + 8 * (uint64_t)step : s), "LDRA writes the address back, without its code");
        stepped = 5;
        check(go(f, s ^ UINT64_C(1) << 51, (uint64_t)&stepped) == FAULTED && stepped == 5, "LDRA of a wrong code faults");
    }
    proved("LDRA");
}

/* ---- PAuth: what prctl does about the keys ---- */
enum { RESET_KEYS = 54, SET_ENABLED_KEYS = 60, GET_ENABLED_KEYS = 61 };
static int control(int option, unsigned long a, unsigned long b, unsigned long c) { return prctl(option, a, b, c, 0UL) < 0 ? -errno : 0; }
static void codes(uint64_t out[4][MANY])
{
    for (unsigned i = 0; i < 4 * MANY; i++)
        out[i / MANY][i % MANY] = go(signs[i / MANY], pointer(i % MANY), i);
}
static unsigned changed(uint64_t before[4][MANY])
{
    uint64_t now[4][MANY];
    unsigned mask = 0;
    codes(now);
    for (unsigned k = 0; k < 4; k++)
        mask |= (unsigned)(memcmp(now[k], before[k], sizeof now[k]) != 0) << k;
    return mask;
}
/* A child has the same keys, and new ones are its own. */
static void inherited(pid_t pid, uint64_t before[4][MANY])
{
    int status = -1;
    if (pid == 0)
        _exit(changed(before) == 0 && control(RESET_KEYS, 0, 0, 0) == 0 && changed(before) == 15 ? 0 : 1);
    waitpid(pid, &status, 0);
    check(status == 0, "a child has its parent's keys until it draws new ones");
    check(changed(before) == 0, "what it draws are its own");
}
static void resetting(void)
{
    uint64_t before[4][MANY];
    for (unsigned mask = 0; mask < 16; mask++) {
        codes(before);
        check(control(RESET_KEYS, mask, 0, 0) == 0 && changed(before) == (mask ? mask : 15), "PR_PAC_RESET_KEYS: the keys named, all for 0");
    }
    sign_fn pacga = make(REG, 0x9ac13000);
    const uint64_t a = go(pacga, 1, 2), b = go(pacga, 3, 4);
    codes(before);
    check(control(RESET_KEYS, 16, 0, 0) == 0 && changed(before) == 0 && (go(pacga, 1, 2) != a || go(pacga, 3, 4) != b), "PR_PAC_RESET_KEYS: the generic key");
    check(control(RESET_KEYS, 32, 0, 0) == -EINVAL && control(RESET_KEYS, 1, 1, 0) == -EINVAL, "PR_PAC_RESET_KEYS refuses");
    codes(before);
    inherited(fork(), before);
    inherited(vfork(), before);
    proved("PR_PAC_RESET_KEYS");
}
static void disabled(unsigned key)
{
    uint64_t before[4][MANY];
    const uint64_t p = pointer(3), bad = p ^ UINT64_C(1) << 51;
    codes(before);
    check(control(SET_ENABLED_KEYS, 1ul << key, 0, 0) == 0 && prctl(GET_ENABLED_KEYS, 0UL, 0UL, 0UL, 0UL) == (int)(15 & ~(1u << key)), "a key is disabled");
    check(changed(before) == 1u << key, "the others are not");
    for (unsigned n = 0; n < FORMS; n++) {
        const int same = go(make(forms[n].shape, forms[n].sign), p, 16) == p && go(make(forms[n].shape, forms[n].check), bad, 16) == bad;
        check(forms[n].key != key || same, "with a disabled key PAC and AUT do nothing");
    }
    for (unsigned n = 0; n < sizeof branches / sizeof branches[0] && key < 2; n++)
        check(go(branch(n, key), branch_target(branches[n].shape), 16) == ARRIVED, "with a disabled key any pointer is right");
    check(control(SET_ENABLED_KEYS, 15, 15, 0) == 0 && changed(before) == 0, "an enabled key is as it was");
}
static void enabling(void)
{
    if (prctl(GET_ENABLED_KEYS, 0UL, 0UL, 0UL, 0UL) < 0 && getenv("QEMU") != NULL)
        return; /* it has not got this one */
    check(prctl(GET_ENABLED_KEYS, 0UL, 0UL, 0UL, 0UL) == 15, "all keys are enabled");
    for (unsigned key = 0; key < 4; key++)
        disabled(key);
    check(control(SET_ENABLED_KEYS, 16, 0, 0) == -EINVAL && control(SET_ENABLED_KEYS, 1, 2, 0) == -EINVAL && control(SET_ENABLED_KEYS, 1, 1, 1) == -EINVAL &&
          control(GET_ENABLED_KEYS, 1, 0, 0) == -EINVAL, "PR_PAC_SET_ENABLED_KEYS refuses");
    proved("PR_PAC_SET_ENABLED_KEYS");
}

/* ---- tags of addresses ---- */
enum { SET_TAGGED_ADDR_CTRL = 55, GET_TAGGED_ADDR_CTRL = 56, UNSUPPORTED = 0x400, EXPOSE_TAGBITS = 0x800 };
static uint64_t fault_tag;
static void on_tagged(int signo, siginfo_t *info, void *uc)
{
    (void)signo;
    fault_tag = (uint64_t)info->si_addr >> 56;
    ((ucontext_t *)uc)->uc_mcontext.pc += 4;
}
static void tags(void)
{
    int ends[2];
    char *const tagged = (char *)((uint64_t)"x" | UINT64_C(0x5a) << 56), got = 0;
    check(control(SET_TAGGED_ADDR_CTRL, 1, 0, 0) == 0 && prctl(GET_TAGGED_ADDR_CTRL, 0UL, 0UL, 0UL, 0UL) == 1, "tagged addresses are allowed");
    char *const into = (char *)((uint64_t)&got | UINT64_C(0xa5) << 56);
    check(pipe(ends) == 0 && write(ends[1], tagged, 1) == 1 && read(ends[0], into, 1) == 1 && got == 'x', "calls take them");
    check(control(SET_TAGGED_ADDR_CTRL, 0, 0, 0) == 0 && prctl(GET_TAGGED_ADDR_CTRL, 0UL, 0UL, 0UL, 0UL) == 0, "no longer");
    check(control(SET_TAGGED_ADDR_CTRL, 1ul << 20, 0, 0) == -EINVAL && control(SET_TAGGED_ADDR_CTRL, 1, 1, 0) == -EINVAL, "PR_SET_TAGGED_ADDR_CTRL refuses");
    proved("PR_SET_TAGGED_ADDR_CTRL");
    if (getenv("QEMU") != NULL)
        return; /* it keeps flags that it does not know */
    struct sigaction act = {.sa_sigaction = on_tagged, .sa_flags = SA_SIGINFO | UNSUPPORTED | EXPOSE_TAGBITS};
    sigaction(SIGSEGV, &act, NULL);
    __asm__ volatile("ldrb w0, [%0]" : : "r"(UINT64_C(0x5a) << 56 | 16) : "x0", "memory");
    sigaction(SIGSEGV, NULL, &act);
    check((act.sa_flags & UNSUPPORTED) == 0 && fault_tag == (act.sa_flags & EXPOSE_TAGBITS ? 0x5a : 0), "si_addr has a tag where SA_EXPOSE_TAGBITS was taken");
    signal(SIGSEGV, SIG_DFL);
    proved("SA_EXPOSE_TAGBITS");
}

static void pointers(void)
{
    static unsigned char stack[32768];
    const stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack};
    const struct sigaction act = {.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    code = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaltstack(&alt, NULL);
    sigaction(SIGSEGV, &act, NULL);
    sigaction(SIGBUS, &act, NULL);
    for (unsigned k = 0; k < 4; k++)
        signs[k] = make(REG, forms[k].sign), checks[k] = make(REG, forms[k].check);
    for (unsigned k = 0; k < 16; k++)
        check(same_key(k / 4, k % 4) == (k / 4 == k % 4), "four keys");
    signatures();
    generic();
    for (unsigned n = 0; n < sizeof branches / sizeof branches[0]; n++)
        branching(n);
    loading();
    resetting();
    enabling();
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
}

/* ---- random numbers, time ---- */
#define MRS_WITH_FLAGS(name, reg) \
    static uint64_t name(uint64_t *flags) \
    { \
        uint64_t v; \
        __asm__ volatile("mrs %0, " reg "\n mrs %1, nzcv" : "=r"(v), "=r"(*flags) : : "cc"); \
        return v; \
    }
MRS_WITH_FLAGS(rndr, "s3_3_c2_c4_0")
MRS_WITH_FLAGS(rndrrs, "s3_3_c2_c4_1")
static void randoms(uint64_t (*draw)(uint64_t *), const char *row)
{
    uint64_t all = 0, none = UINT64_MAX, last = 0, flags;
    for (int i = 0; i < 64; i++) {
        const uint64_t v = draw(&flags);
        check(flags == 0 && v != last, "a random number: NZCV is 0, it does not repeat");
        all |= v, none &= v, last = v;
    }
    check(all == UINT64_MAX && none == 0, "random numbers: every bit is 0 and 1 at times");
    proved(row);
}

static uint64_t counter(void)
{
    uint64_t v;
    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(v));
    return v;
}
/* Ordered by itself (FEAT_ECV). */
static uint64_t counter_ss(void)
{
    uint64_t v;
    __asm__ volatile("mrs %0, s3_3_c14_c0_6" : "=r"(v));
    return v;
}
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static void times(uint64_t (*count)(void), const char *row)
{
    uint64_t hz, last = count();
    __asm__("mrs %0, cntfrq_el0" : "=r"(hz));
    for (int i = 0; i < 1000; i++) {
        const uint64_t other = counter(), now = count();
        check(now >= last && now >= other && counter() >= now, "the counter does not go back");
        last = now;
    }
    /* Each reading of the counter lies between two of the clock, however long the program has to wait for a CPU. */
    const double a = seconds(), t0 = (double)count(), b = seconds();
    nanosleep(&(struct timespec){0, 100000000}, NULL);
    const double c = seconds(), t1 = (double)count(), d = seconds(), counted = (t1 - t0) / (double)hz;
    check(counted > 0.99 * (c - b) && counted < 1.01 * (d - a), "the counter counts CNTFRQ_EL0 times a second");
    proved(row);
}
static void frequency(void)
{
    uint64_t hz;
    __asm__("mrs %0, cntfrq_el0" : "=r"(hz));
    check(hz >= 1000000 && hz <= 1000000000, "CNTFRQ_EL0 is between 1 MHz and 1 GHz");
    proved("MRS_CNTFRQ");
}

/* ---- what describes the implementation ---- */
static volatile int refused;
static void on_ill(int signo, siginfo_t *info, void *uc)
{
    (void)signo, (void)info;
    refused = 1;
    ((ucontext_t *)uc)->uc_mcontext.pc += 4;
}
static int executes(void (*f)(void *), void *arg)
{
    const struct sigaction act = {.sa_sigaction = on_ill, .sa_flags = SA_SIGINFO};
    refused = 0;
    sigaction(SIGILL, &act, NULL);
    f(arg);
    signal(SIGILL, SIG_DFL);
    return !refused;
}
static void dc_cvap(void *block) { __asm__ volatile("mov x0, %0\n .inst 0xd50b7c20" : : "r"(block) : "x0", "memory"); }
static void read_counter_ss(void *v) { *(uint64_t *)v = counter_ss(); }
/* A CPU without FEAT_ECV has no such counter, and an older oracle is one. */
static void ordered_counter(void)
{
    uint64_t v;
    if (executes(read_counter_ss, &v))
        times(counter_ss, "MRS_CNTVCTSS");
    else
        check(getenv("QEMU") != NULL, "CNTVCTSS_EL0 is there");
}

static void descriptions(void)
{
    uint64_t ctr, dczid, isar0, pfr0;
    __asm__("mrs %0, ctr_el0" : "=r"(ctr));
    __asm__("mrs %0, dczid_el0" : "=r"(dczid));
    __asm__("mrs %0, s3_0_c0_c6_0" : "=r"(isar0));
    __asm__("mrs %0, s3_0_c0_c4_0" : "=r"(pfr0));
    check(ctr >> 31 & 1, "CTR_EL0: bit 31 is RES1");
    check((ctr & 15) <= 9 && (ctr >> 16 & 15) <= 9, "CTR_EL0: lines of at most 2 KiB");
    proved("MRS_CTR");
    check((dczid & 16) == 0 && (dczid & 15) <= 9, "DCZID_EL0: DC ZVA is allowed, at most 2 KiB");
    proved("MRS_DCZID");
    const uint64_t size = UINT64_C(4) << (dczid & 15);
    static unsigned char block[3 * 2048] __attribute__((aligned(2048)));
    memset(block, 0xaa, sizeof block);
    __asm__ volatile("dc zva, %0" : : "r"(block + size + size / 2) : "memory");
    /* DC CVAP changes no byte; a CPU without FEAT_DPB refuses it, and qemu always does. */
    const int cleaned = executes(dc_cvap, block + size);
    check(block[size - 1] == 0xaa && block[size] == 0 && block[2 * size - 1] == 0 && block[2 * size] == 0xaa, "DC ZVA zeroes one block of that size");
    proved("DC_ZVA");
    check(cleaned || getenv("QEMU") != NULL || (getauxval(AT_HWCAP) >> 16 & 1) == 0, "DC CVAP is executed where AT_HWCAP has it");
    check(block[size - 1] == 0xaa && block[size] == 0, "DC CVAP changes no byte");
    proved("DC_CVAP");
    const unsigned long hwcap = getauxval(AT_HWCAP);
    check(!(hwcap >> 8 & 1) == !(isar0 >> 20 & 15) && !(hwcap >> 7 & 1) == !(isar0 >> 16 & 15), "ID_AA64ISAR0_EL1 agrees with AT_HWCAP: LSE, CRC32");
    check((pfr0 >> 20 & 15) != 15, "ID_AA64PFR0_EL1: AdvSIMD");
    proved("MRS_ID");
}

/* New code, made visible as the architecture asks (B2.7.4): it runs, not what was there. */
static void new_code(void)
{
    uint32_t *fresh = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED) {
        check(0, "memory for code");
        return;
    }
    for (unsigned i = 0; i < 100; i++) {
        fresh[0] = 0x52800000 | i << 5; /* MOV W0, #i */
        fresh[1] = 0xd65f03c0;
        __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" : : "r"(fresh) : "memory");
        check(((unsigned (*)(void))fresh)() == i, "IC IVAU: the new code runs");
    }
    proved("IC_IVAU");
}

/* A call of the system changes X0 and no other register; an unknown one is ENOSYS. */
static void calls(void)
{
    register uint64_t x0 __asm__("x0") = 5, x1 __asm__("x1") = 6, x7 __asm__("x7") = 7, x8 __asm__("x8") = 172, x30 __asm__("x30") = 30; /* getpid */
    __asm__ volatile("svc #0" : "+r"(x0), "+r"(x1), "+r"(x7), "+r"(x8), "+r"(x30) : : "memory");
    const uint64_t pid = x0, same = x1 == 6 && x7 == 7 && x8 == 172 && x30 == 30;
    x8 = 9999;
    __asm__ volatile("svc #0" : "+r"(x0), "+r"(x8) : : "memory");
    const uint64_t unknown = x0;
    check(pid == (uint64_t)getpid() && same, "SVC #0: the result, all else as it was");
    check(unknown == (uint64_t)-ENOSYS, "SVC: an unknown number");
    proved("SVC");
}

int main(void)
{
    calls();
    pointers();
    tags();
    randoms(rndr, "MRS_RNDR");
    randoms(rndrrs, "MRS_RNDRRS");
    frequency();
    times(counter, "MRS_CNTVCT");
    descriptions();
    ordered_counter();
    new_code();
    printf("1..%d\n", lines);
    return 0;
}
