/* kernel/bpf.c - see bpf.h. The codes are those of linux/bpf_common.h: class, then size and mode, or operation and source. */
#include <config.h>
#include <string.h>
#include "kernel/bpf.h"

enum {
    LD_ABS = 0x20, LD_LEN = 0x80, LDX_LEN = 0x81, LD_IMM = 0x00, LDX_IMM = 0x01, LD_MEM = 0x60, LDX_MEM = 0x61, ST = 0x02, STX = 0x03,
    RET_K = 0x06, RET_A = 0x16, TAX = 0x07, TXA = 0x87, NEG = 0x84, JA = 0x05,
    ALU = 0x04, JMP = 0x05, CLASS = 0x07, FROM_X = 0x08, OP = 0xf0,
    ADD = 0x00, SUB = 0x10, MUL = 0x20, DIV = 0x30, OR = 0x40, AND = 0x50, LSH = 0x60, RSH = 0x70, XOR = 0xa0,
    JEQ = 0x10, JGT = 0x20, JGE = 0x30, JSET = 0x40,
    WORDS = 16, /* BPF_MEMWORDS */
};

static bool alu_valid(const struct lp_bpf *i)
{
    if (i->code & ~(CLASS | FROM_X | OP))
        return false;
    switch (i->code & OP) {
    case ADD: case SUB: case MUL: case OR: case AND: case XOR:
        return true;
    case DIV:
        return i->code & FROM_X || i->k;
    case LSH: case RSH:
        return i->code & FROM_X || i->k < 32;
    default:
        return false;
    }
}

static bool jump_valid(const struct lp_bpf *i, unsigned left)
{
    int op = i->code & OP;
    if (i->code == JA)
        return i->k < left;
    return !(i->code & ~(CLASS | FROM_X | OP)) && op >= JEQ && op <= JSET && i->jt < left && i->jf < left;
}

/* `left`: instructions behind this one. */
static bool insn_valid(const struct lp_bpf *i, unsigned left)
{
    switch (i->code) {
    case LD_ABS:
        return i->k % 4 == 0 && i->k < sizeof(struct lp_seccomp_data);
    case LD_MEM: case LDX_MEM: case ST: case STX:
        return i->k < WORDS;
    case LD_LEN: case LDX_LEN: case LD_IMM: case LDX_IMM: case RET_K: case RET_A: case TAX: case TXA: case NEG:
        return true;
    default:
        return (i->code & CLASS) == ALU ? alu_valid(i) : (i->code & CLASS) == JMP && jump_valid(i, left);
    }
}

/* Words that are written on every way to each instruction; all jumps go forward, so one pass knows them. */
static bool loads_valid(const struct lp_bpf *p, unsigned n)
{
    uint16_t written[LP_BPF_MAX];
    memset(written, 0xff, n * sizeof *written);
    uint16_t now = 0;
    for (unsigned at = 0; at < n; at++) {
        const struct lp_bpf *i = p + at;
        now &= written[at];
        if (i->code == ST || i->code == STX)
            now |= (uint16_t)(1u << i->k);
        else if ((i->code == LD_MEM || i->code == LDX_MEM) && !(now >> i->k & 1))
            return false;
        else if (i->code == JA) {
            written[at + 1 + i->k] &= now;
            now = 0xffff;
        } else if ((i->code & CLASS) == JMP) {
            written[at + 1 + i->jt] &= now;
            written[at + 1 + i->jf] &= now;
            now = 0xffff;
        } else if (i->code == RET_K || i->code == RET_A)
            now = 0xffff;
    }
    return true;
}

bool lp_bpf_valid(const struct lp_bpf *p, unsigned n)
{
    if (!n || n > LP_BPF_MAX || (p[n - 1].code != RET_K && p[n - 1].code != RET_A))
        return false;
    for (unsigned at = 0; at < n; at++)
        if (!insn_valid(p + at, n - at - 1))
            return false;
    return loads_valid(p, n);
}

/* Division by an X of 0 ends the program with 0; a shift by X takes its low five bits. */
static bool alu(uint32_t *a, int op, uint32_t v)
{
    switch (op) {
    case ADD: *a += v; break;
    case SUB: *a -= v; break;
    case MUL: *a *= v; break;
    case OR:  *a |= v; break;
    case AND: *a &= v; break;
    case XOR: *a ^= v; break;
    case LSH: *a <<= v & 31; break;
    case RSH: *a >>= v & 31; break;
    case DIV:
        if (!v)
            return false;
        *a /= v;
        break;
    }
    return true;
}

static bool taken(int op, uint32_t a, uint32_t v)
{
    switch (op) {
    case JEQ: return a == v;
    case JGT: return a > v;
    case JGE: return a >= v;
    default:  return (a & v) != 0;
    }
}

uint32_t lp_bpf_run(const struct lp_bpf *p, const struct lp_seccomp_data *data)
{
    uint32_t a = 0, x = 0, mem[WORDS];
    for (;; p++) {
        const uint32_t v = p->code & FROM_X ? x : p->k;
        switch (p->code) {
        case LD_ABS:  memcpy(&a, (const char *)data + p->k, sizeof a); break;
        case LD_LEN:  a = sizeof *data; break;
        case LDX_LEN: x = sizeof *data; break;
        case LD_IMM:  a = p->k; break;
        case LDX_IMM: x = p->k; break;
        case LD_MEM:  a = mem[p->k]; break;
        case LDX_MEM: x = mem[p->k]; break;
        case ST:      mem[p->k] = a; break;
        case STX:     mem[p->k] = x; break;
        case TAX:     x = a; break;
        case TXA:     a = x; break;
        case NEG:     a = -a; break;
        case JA:      p += p->k; break;
        case RET_K:   return p->k;
        case RET_A:   return a;
        default:
            if ((p->code & CLASS) == JMP)
                p += taken(p->code & OP, a, v) ? p->jt : p->jf;
            else if (!alu(&a, p->code & OP, v))
                return 0;
        }
    }
}
