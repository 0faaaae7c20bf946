/* a64/disasm.c - one word as text: that of spell_base.c or spell_system.c, capstone's in the preferred form (prefer.c), that of spell.c, or the name
 * that our tables give to what capstone does not know.
 * Programs repeat themselves: texts are kept by word, those of PC-relative words without the offset. */
#include <config.h>
#include <arm64lp/dis.h>
#include "a64/a64.h"
#include "a64/capstone.h"
#include "a64/disasm.h"
#include "a64/proof.h"
#include "base/error.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_BITS = 15, KEPT_TEXT = 48 };
enum { KEPT = 1, DEFINED = 2, EXECUTABLE = 4, TARGET = 8 };

/* One cache line: "mnemonic\0operands\0". */
struct kept { uint32_t word; uint16_t row; uint8_t flags, mnemonic, operands; uint8_t unused[7]; char text[KEPT_TEXT]; };

struct lp_dis {
    const struct lp_capstone *cs;
    csh handle;
    cs_insn *insn;
    struct kept *kept;     /* NULL until the first word, or without memory */
    uint32_t offset[256];  /* by the highest byte of a word: the bits of its offset, if all such words are PC-relative */
};

static uint32_t offset_bits(const struct lp_row_info *r)
{
    return r->off_bits == 21 ? 0x60ffffe0 : ((UINT32_C(1) << r->off_bits) - 1) << r->off_lo;
}

/* A PC-relative row owns its highest bytes, or its words are looked at one by one. */
static void find_offsets(lp_dis *d)
{
    for (uint32_t top = 0; top < 256; top++) {
        bool other = false;
        for (unsigned i = 1; i < A64_ROW_COUNT; i++) {
            const struct lp_row_info *r = &lp_a64_rows[i];
            if ((top << 24 ^ r->value) & r->mask & 0xff000000) continue;
            if (r->flags & LP_ROW_PCREL) d->offset[top] |= offset_bits(r);
            else other = true;
        }
        if (other) d->offset[top] = 0;
    }
}

lp_status lp_dis_new(lp_dis **out, struct lp_error *err)
{
    const char *why;
    const struct lp_capstone *cs = lp_capstone(&why);
    if (!cs) return lp_fail(err, LP_E_UNSUPPORTED, "no disassembler: %s", why);
    lp_dis *d = calloc(1, sizeof *d);
    if (!d) return lp_fail(err, LP_E_NOMEM, "out of memory");
    d->cs = cs;
    cs_err e = cs->open(CS_ARCH_ARM64, CS_MODE_ARM, &d->handle);
    if (e != CS_ERR_OK) {
        free(d);
        return lp_fail(err, e == CS_ERR_MEM ? LP_E_NOMEM : LP_E_UNSUPPORTED, "capstone: %s", cs->strerror(e));
    }
    d->insn = cs->malloc(d->handle);
    if (!d->insn) {
        cs->close(&d->handle);
        free(d);
        return lp_fail(err, LP_E_NOMEM, "out of memory");
    }
    find_offsets(d);
    *out = d;
    return LP_OK;
}

void lp_dis_free(lp_dis *d)
{
    if (!d) return;
    d->cs->free(d->insn, 1);
    d->cs->close(&d->handle);
    free(d->kept);
    free(d);
}

/* UDF #imm16: permanently undefined, so that zeroed memory traps (Arm ARM C6.2, UDF). It has a name, and no patch means it. */
static bool is_udf(uint32_t word) { return word >> 16 == 0; }

static bool capstone_knows(struct lp_dis *d, uint32_t word, uint64_t pc)
{
    /* A64 code is little-endian in memory whatever the host is. */
    const uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16), (uint8_t)(word >> 24)};
    const uint8_t *p = bytes;
    size_t n = sizeof bytes;
    return d->cs->disasm_iter(d->handle, &p, &n, &pc, d->insn);
}

static void copy(char *to, size_t size, const char *from)
{
    size_t n = strlen(from);
    if (n >= size) n = size - 1;
    memcpy(to, from, n);
    to[n] = 0;
}

/* A target is the last operand: in capstone's text "#0x400588", in ours "0x400588". `operands` has room for it. */
static void put_target(char *operands, size_t n, uint64_t target)
{
    char digits[16];
    unsigned i = 0;
    do digits[i++] = "0123456789abcdef"[target & 15];
    while (target >>= 4);
    operands[n++] = '0';
    operands[n++] = 'x';
    while (i) operands[n++] = digits[--i];
    operands[n] = 0;
}

/* All but the target, whose place is the end of the operands. Returns the row. */
static unsigned compose(struct lp_dis *d, uint32_t word, struct lp_dis_insn *out)
{
    unsigned row = lp_a64_row(word, LP_A64_ALL, true);
    out->row = row == A64_UNDEFINED ? "" : lp_a64_rows[row].name;
    out->executable = row != A64_UNDEFINED && lp_a64_row(word, LP_A64_ALL, false) != A64_UNDEFINED;
    out->has_target = lp_a64_rows[row].flags & LP_ROW_PCREL;
    out->defined = true;
    out->operands[0] = 0;
    if (row != A64_UNDEFINED && (lp_dis_spell_base(row, word, out) || lp_dis_spell_system(row, word, out))) return row;
    if (capstone_knows(d, word, 0)) {
        copy(out->mnemonic, sizeof out->mnemonic, d->insn->mnemonic);
        copy(out->operands, sizeof out->operands, d->insn->op_str);
        char *last = out->has_target ? strrchr(out->operands, '#') : NULL;
        if (last) *last = 0;
        lp_dis_prefer(row, word, out);
        return row;
    }
    out->defined = row != A64_UNDEFINED;
    if (out->defined && lp_dis_spell(row, word, out)) return row;
    strcpy(out->mnemonic, ".inst");
    snprintf(out->operands, sizeof out->operands, "0x%08" PRIx32 " ; %s", word, out->defined ? out->row : "undefined");
    return row;
}

static void keep(struct kept *k, uint32_t word, unsigned row, const struct lp_dis_insn *insn)
{
    size_t m = strlen(insn->mnemonic), o = strlen(insn->operands);
    if (m + o + 2 > KEPT_TEXT) return;
    *k = (struct kept){.word = word, .row = (uint16_t)row, .mnemonic = (uint8_t)m, .operands = (uint8_t)o};
    k->flags = (uint8_t)(KEPT | (insn->defined ? DEFINED : 0) | (insn->executable ? EXECUTABLE : 0) | (insn->has_target ? TARGET : 0));
    memcpy(k->text, insn->mnemonic, m + 1);
    memcpy(k->text + m + 1, insn->operands, o + 1);
}

static void recall(const struct kept *k, struct lp_dis_insn *out)
{
    out->row = k->row == A64_UNDEFINED ? "" : lp_a64_rows[k->row].name;
    out->defined = k->flags & DEFINED;
    out->executable = k->flags & EXECUTABLE;
    out->has_target = k->flags & TARGET;
    memcpy(out->mnemonic, k->text, k->mnemonic + 1u);
    memcpy(out->operands, k->text + k->mnemonic + 1, k->operands + 1u);
}

static struct kept *place_of(lp_dis *d, uint32_t word)
{
    if (!d->kept) d->kept = calloc((size_t)1 << KEPT_BITS, sizeof *d->kept);
    return d->kept ? &d->kept[word * UINT32_C(0x9e3779b1) >> (32 - KEPT_BITS)] : NULL;
}

void lp_dis_word(lp_dis *d, uint32_t word, uint64_t pc, struct lp_dis_insn *out)
{
    uint32_t key = word & ~d->offset[word >> 24];
    struct kept *k = place_of(d, key);
    unsigned row;
    if (k && (k->flags & KEPT) && k->word == key) {
        recall(k, out);
        row = k->row;
    } else {
        row = compose(d, word, out);
        if (k && (key != word || !out->has_target)) keep(k, key, row, out);
    }
    out->target = 0;
    if (!out->has_target) return;
    out->target = lp_a64_row_target(&lp_a64_rows[row], word, pc);
    if (strcmp(out->mnemonic, ".inst") != 0) put_target(out->operands, strlen(out->operands), out->target);
}

/* The second opinion for words outside the tables: one handle per thread, because a lock could be held by another thread at the
 * moment of a fork and would stay locked in the child. */
static pthread_key_t thread_key;
static bool have_key;

static void free_thread_dis(void *d) { lp_dis_free(d); }
static void make_key(void) { have_key = pthread_key_create(&thread_key, free_thread_dis) == 0; }

static lp_dis *thread_dis(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    lp_dis *d = have_key ? pthread_getspecific(thread_key) : NULL;
    if (d || !have_key || lp_dis_new(&d, NULL) != LP_OK) return d;
    if (pthread_setspecific(thread_key, d) == 0) return d;
    lp_dis_free(d);
    return NULL;
}

bool lp_dis_valid(uint32_t word)
{
    if (is_udf(word)) return false;
    if (lp_a64_row(word, LP_A64_ALL, true) != A64_UNDEFINED) return true;
    lp_dis *d = thread_dis();
    return d && capstone_knows(d, word, 0);
}

bool lp_dis_row(size_t i, struct lp_dis_row *out)
{
    if (i >= A64_ROW_COUNT - 1) return false;
    const struct lp_row_info *r = &lp_a64_rows[i + 1]; /* 0 is UNDEFINED */
    const enum lp_dis_state state = r->flags & LP_ROW_EL1    ? LP_DIS_EL1
                                    : r->flags & LP_ROW_OFF  ? LP_DIS_OFF
                                    : r->flags & LP_ROW_TODO ? LP_DIS_TODO
                                                             : LP_DIS_EXECUTED;
    *out = (struct lp_dis_row){r->name, r->class_, r->feature, r->mask, r->value, state, lp_a64_proof((unsigned)i + 1)->kind};
    return true;
}

const char *lp_dis_state_name(enum lp_dis_state s)
{
    static const char *const names[LP_DIS_STATES] = {
        [LP_DIS_EXECUTED] = "executed", [LP_DIS_TODO] = "todo", [LP_DIS_EL1] = "el1", [LP_DIS_OFF] = "off"};
    return s < LP_DIS_STATES ? names[s] : "";
}

const char *lp_dis_proof_name(enum lp_dis_proof p)
{
    static const char *const names[LP_DIS_PROOFS] = {
        [LP_DIS_PROOF_NONE] = "none",       [LP_DIS_PROOF_QEMU] = "qemu",         [LP_DIS_PROOF_QEMU_NEW] = "qemu-new",
        [LP_DIS_PROOF_VECTORS] = "vectors", [LP_DIS_PROOF_PROPERTY] = "property"};
    return p < LP_DIS_PROOFS ? names[p] : "";
}
