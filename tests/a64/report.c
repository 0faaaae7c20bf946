/* report.c - words and states for a person who looks into a difference. */
#include <config.h>
#include <arm64lp/dis.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "difftest.h"

static lp_dis *disassembler;
bool report_init(void) { return lp_dis_new(&disassembler, NULL) == LP_OK; }

void show_word(const char *label, uint32_t word, uint64_t pc)
{
    struct lp_dis_insn insn;
    lp_dis_word(disassembler, word, pc, &insn);
    printf("#   %s %08x  %s %s\n", label, word, insn.mnemonic, insn.operands);
}

static void show_v(const char *label, const uint64_t v[2]) { printf("#     %-8s %016" PRIx64 "_%016" PRIx64 "\n", label, v[1], v[0]); }

void show_u64(const char *name, uint64_t in, uint64_t want, uint64_t got)
{
    if (want != got)
        printf("#   %s: before %016" PRIx64 ", oracle %016" PRIx64 ", ours %016" PRIx64 "\n", name, in, want, got);
}

/* The registers that the word names, as they were. */
void show_inputs(const struct state *in, uint32_t word)
{
    static const unsigned at[] = {0, 5, 10, 16};
    printf("#   nzcv %x fpcr %08x fpsr %08x\n", (unsigned)(in->nzcv >> 28), (unsigned)in->fpcr, (unsigned)in->fpsr);
    for (unsigned i = 0; i < 4; i++) {
        const unsigned r = word >> at[i] & 31;
        printf("#   %2u: x %016" PRIx64 "  v %016" PRIx64 "_%016" PRIx64 "\n", r, r < 31 ? in->x[r] : in->sp, in->v[r][1], in->v[r][0]);
    }
}

void show_state(const struct state *in, const struct state *want, const struct state *got)
{
    char name[8];
    for (unsigned i = 0; i < 31; i++) {
        snprintf(name, sizeof name, "x%u", i);
        show_u64(name, in->x[i], want->x[i], got->x[i]);
    }
    show_u64("sp", in->sp, want->sp, got->sp);
    show_u64("nzcv", in->nzcv, want->nzcv, got->nzcv);
    show_u64("fpcr", in->fpcr, want->fpcr, got->fpcr);
    show_u64("fpsr", in->fpsr, want->fpsr, got->fpsr);
    show_u64("signal", 0, want->signo, got->signo);
    show_u64("its address", 0, want->addr, got->addr);
    show_u64("pc", 0, want->pc, got->pc);
    for (unsigned i = 0; i < 32; i++) {
        if (memcmp(want->v[i], got->v[i], 16) == 0)
            continue;
        printf("#   v%u:\n", i);
        show_v("before", in->v[i]);
        show_v("oracle", want->v[i]);
        show_v("ours", got->v[i]);
    }
}
