/* a64/disasm.c - one word as text: capstone's, or the name that our tables give to what capstone does not know. */
#include <config.h>
#include <arm64lp/dis.h>
#include "a64/a64.h"
#include "a64/capstone.h"
#include "a64/proof.h"
#include "base/error.h"

#include <ctype.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lp_dis {
    const struct lp_capstone *cs;
    csh handle;
    cs_insn *insn;
};

lp_status lp_dis_new(lp_dis **out, struct lp_error *err)
{
    const char *why;
    const struct lp_capstone *cs = lp_capstone(&why);
    if (!cs) return lp_fail(err, LP_E_UNSUPPORTED, "no disassembler: %s", why);
    lp_dis *d = malloc(sizeof *d);
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
    *out = d;
    return LP_OK;
}

void lp_dis_free(lp_dis *d)
{
    if (!d) return;
    d->cs->free(d->insn, 1);
    d->cs->close(&d->handle);
    free(d);
}

/* UDF #imm16: permanently undefined, so that zeroed memory traps (Arm ARM C6.2, UDF). */
static bool is_udf(uint32_t word) { return word >> 16 == 0; }

static bool capstone_knows(struct lp_dis *d, uint32_t word, uint64_t pc)
{
    /* A64 code is little-endian in memory whatever the host is. */
    const uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16), (uint8_t)(word >> 24)};
    const uint8_t *p = bytes;
    size_t n = sizeof bytes;
    return !is_udf(word) && d->cs->disasm_iter(d->handle, &p, &n, &pc, d->insn);
}

static void copy(char *to, size_t size, const char *from)
{
    size_t n = strlen(from);
    if (n >= size) n = size - 1;
    memcpy(to, from, n);
    to[n] = 0;
}

/* capstone writes a target as the last operand, "#0x400588". */
static void plain_target(struct lp_dis_insn *out)
{
    char *last = strrchr(out->operands, '#');
    if (last) snprintf(last, sizeof out->operands - (size_t)(last - out->operands), "0x%" PRIx64, out->target);
}

/* A hint that capstone does not know by name has its row's: "PACIASP", "PSB_CSYNC" (Arm ARM C6.2, HINT). */
static void name_hint(unsigned row, uint32_t word, struct lp_dis_insn *out)
{
    static const char *const landings[] = {"", "c", "j", "jc"};
    char name[sizeof out->mnemonic];
    if (strcmp(out->mnemonic, "hint") != 0 || row == A64_HINT) return;
    copy(name, sizeof name, lp_a64_rows[row].name);
    for (char *p = name; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    char *operand = strchr(name, '_');
    if (operand) *operand++ = 0;
    copy(out->mnemonic, sizeof out->mnemonic, name);
    copy(out->operands, sizeof out->operands, operand ? operand : row == A64_BTI ? landings[word >> 6 & 3] : "");
}

void lp_dis_word(lp_dis *d, uint32_t word, uint64_t pc, struct lp_dis_insn *out)
{
    memset(out, 0, sizeof *out);
    unsigned row = is_udf(word) ? A64_UNDEFINED : lp_a64_row(word, LP_A64_ALL, true);
    out->row = row == A64_UNDEFINED ? "" : lp_a64_rows[row].name;
    out->executable = row != A64_UNDEFINED && lp_a64_row(word, LP_A64_ALL, false) != A64_UNDEFINED;
    out->has_target = lp_a64_target(word, pc, &out->target);
    out->defined = true;
    if (capstone_knows(d, word, pc)) {
        copy(out->mnemonic, sizeof out->mnemonic, d->insn->mnemonic);
        copy(out->operands, sizeof out->operands, d->insn->op_str);
        if (out->has_target) plain_target(out);
        name_hint(row, word, out);
        /* The preferred form is MOV (Arm ARM C6.2, MOV (wide immediate)). */
        if (strcmp(out->mnemonic, "movz") == 0 && !strstr(out->operands, "lsl")) strcpy(out->mnemonic, "mov");
        return;
    }
    out->defined = row != A64_UNDEFINED;
    strcpy(out->mnemonic, ".inst");
    snprintf(out->operands, sizeof out->operands, "0x%08" PRIx32 " ; %s", word, out->defined ? out->row : "undefined");
    if (!out->defined) out->has_target = false, out->target = 0;
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
