/* diff/flow_truth.c - the dataflow of lib/flow/flow.h over all functions of a file, and what the relocations that the linker left there (ld -q) say of
 * the same words. One line of numbers; with -v, one for each word that differs and each BR that is not understood; with -t, how long it took. */
#include <config.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "a64/a64.h"
#include "a64/regs.h"
#include "base/bits.h"
#include "base/search.h"
#include "flow/flow.h"
#include "elf/image.h"
#include "elf/reloc.h"

enum { MOST_PARTS = 2 };
struct function { uint64_t at, size; const char *name; bool cold; };
struct truth { uint64_t at, addr; uint32_t type; };

static lp_elf *elf;
static struct function *fns;
static size_t nfns, cap_fns, ntruth;
static struct truth *truth;
static bool verbose;
static struct lp_flow_survey survey;
static double seconds; /* of CPU time that the dataflow takes */
/* words: with an address by their relocation; right, wrong, opaque, missed: what the dataflow says of them. */
static struct { size_t functions, words, relocated, right, wrong, opaque, missed, maybe, pages, lonely, tables, guessed, unknown, computed, gave_up, refs, opaques; } count;

static void die(const char *why)
{
    fprintf(stderr, "flow_truth: %s\n", why);
    exit(2);
}

static void add_function(uint64_t at, uint64_t size, const char *name)
{
    if (nfns == cap_fns && (fns = realloc(fns, (cap_fns = cap_fns ? 2 * cap_fns : 1024) * sizeof *fns)) == NULL)
        die("out of memory");
    const size_t len = strlen(name);
    fns[nfns++] = (struct function){at, size, name, len > 5 && strcmp(name + len - 5, ".cold") == 0};
}

static void functions_of_symbols(void)
{
    size_t n;
    const struct lp_elf_symbol *s = lp_elf_symbols(elf, &n);
    for (size_t i = 0; i < n; i++) {
        const size_t len = strlen(s[i].name);
        if ((s[i].type == STT_FUNC || s[i].type == STT_GNU_IFUNC) && s[i].size != 0 && !(len > 4 && strcmp(s[i].name + len - 4, "@plt") == 0)
            && (nfns == 0 || fns[nfns - 1].at != s[i].value) && lp_elf_is_code(elf, s[i].value))
            add_function(s[i].value, s[i].size, s[i].name);
    }
}

/* By the table of .eh_frame_hdr: pairs of 32 bits, relative to its start. */
static void functions_of_frames(void)
{
    size_t n;
    const struct lp_elf_segment *seg = lp_elf_segments(elf, &n);
    struct lp_error err;
    for (size_t i = 0; i < n; i++) {
        uint32_t head[3];
        if (seg[i].type != PT_GNU_EH_FRAME || lp_elf_read(elf, seg[i].vaddr, head, sizeof head, &err) != LP_OK || head[0] >> 8 != 0x3b031b)
            continue;
        for (uint32_t k = 0; k < head[2]; k++) {
            int32_t pair[2], range[2];
            if (lp_elf_read(elf, seg[i].vaddr + 12 + 8 * (uint64_t)k, pair, sizeof pair, &err) != LP_OK)
                break;
            if (lp_elf_read(elf, seg[i].vaddr + (uint64_t)(int64_t)pair[1] + 8, range, sizeof range, &err) == LP_OK && range[1] > 0)
                add_function(seg[i].vaddr + (uint64_t)(int64_t)pair[0], (uint32_t)range[1], "?");
        }
    }
}

static int by_at(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Relocations of code words that the dataflow answers: ADD and accesses with the low 12 bits, ADRP, TLS offsets. */
static void load_truth(void)
{
    size_t n;
    const struct lp_elf_section *sec = lp_elf_sections(elf, &n);
    const uint8_t *image = lp_elf_info(elf)->image;
    for (size_t i = 0; i < n; i++) {
        if (sec[i].type != SHT_RELA || (sec[i].flags & SHF_ALLOC) || sec[i].link >= n || sec[i].info >= n || !(sec[sec[i].info].flags & SHF_EXECINSTR))
            continue;
        truth = realloc(truth, (ntruth + sec[i].size / sizeof(Elf64_Rela)) * sizeof *truth);
        const Elf64_Sym *sym = (const void *)(image + sec[sec[i].link].offset);
        for (uint64_t k = 0; k < sec[i].size / sizeof(Elf64_Rela); k++) {
            const Elf64_Rela *r = (const void *)(image + sec[i].offset + k * sizeof *r);
            const uint32_t type = (uint32_t)ELF64_R_TYPE(r->r_info);
            truth[ntruth++] = (struct truth){r->r_offset, sym[ELF64_R_SYM(r->r_info)].st_value + (uint64_t)r->r_addend, type};
        }
    }
    qsort(truth, ntruth, sizeof *truth, by_at);
}

static const uint8_t *bytes(void *ctx, uint64_t addr, uint64_t *avail)
{
    (void)ctx;
    return lp_elf_at(elf, addr, avail);
}

static bool is_code(void *ctx, uint64_t addr, uint64_t *until)
{
    (void)ctx;
    lp_elf_symbols(elf, &(size_t){0}); /* with the marks */
    const size_t k = lp_count_upto(elf->mark, elf->nmark, sizeof *elf->mark, addr);
    *until = k < elf->nmark ? elf->mark[k].start : UINT64_MAX;
    return k == 0 || elf->mark[k - 1].code;
}

static bool returns(void *ctx, uint64_t addr)
{
    static const char *const never[] = {"abort", "exit", "_exit", "__stack_chk_fail", "__assert_fail", "longjmp", "_longjmp", "siglongjmp",
                                        "__longjmp_chk", "pthread_exit", "_Unwind_Resume", "__cxa_throw", "__cxa_rethrow", "_ZSt9terminatev"};
    (void)ctx;
    const struct lp_elf_symbol *s = lp_elf_symbol_at(elf, addr);
    for (size_t i = 0; s != NULL && s->value == addr && i < sizeof never / sizeof *never; i++)
        if (strncmp(s->name, never[i], strlen(never[i])) == 0 && (s->name[strlen(never[i])] == 0 || s->name[strlen(never[i])] == '@'))
            return false;
    return true;
}

/* Is the word still what the relocation's type is about, after the linker may have rewritten it? */
static bool has_offset(uint32_t word) { return (word & 0x1f800000) == 0x11000000 || (word & 0x3b000000) == 0x39000000; }

static bool says(const struct lp_flow *f, const struct lp_flow_ref *ref, uint64_t addr)
{
    for (unsigned i = 0; i < ref->n; i++)
        if ((ref->flags & LP_FLOW_SEVERAL ? f->addr[ref->addr + i] : ref->addr) == addr)
            return true;
    return false;
}

static void compare(const struct function *fn, const struct lp_flow *f, size_t i, uint64_t pc, uint32_t word, const struct truth *t)
{
    static const char *const kinds[] = {"none", "target", "page", "addr", "tls", "opaque", "data"};
    const struct lp_flow_ref *ref = lp_flow_ref_of(f, i);
    const struct lp_reloc *rel = lp_reloc_numbered(t->type);
    if (rel == NULL || rel->field != LP_FIELD_IMM12 || !has_offset(word))
        return;
    bool good;
    if (rel->op == LP_REL_ABS)
        good = ref->kind == LP_FLOW_ADDR && says(f, ref, t->addr);
    else if (rel->op == LP_REL_TPREL || rel->op == LP_REL_DTPREL)
        good = ref->kind == LP_FLOW_TLS;
    else
        good = ref->kind == LP_FLOW_ADDR;
    count.relocated++;
    count.maybe += ref->flags & LP_FLOW_MAYBE ? 1 : 0;
    *(good ? &count.right : ref->kind == LP_FLOW_OPAQUE ? &count.opaque : ref->kind == LP_FLOW_NONE ? &count.missed : &count.wrong) += 1;
    if (verbose && (!good || (ref->flags & LP_FLOW_MAYBE)))
        printf("%s+0x%llx %llx: %s %llx flags %u, relocation %s says %llx\n", fn->name, (unsigned long long)(pc - fn->at), (unsigned long long)pc,
               kinds[ref->kind], (unsigned long long)ref->addr, ref->flags, rel->name, (unsigned long long)t->addr);
}

static void look_at(const struct function *fn, const struct lp_flow_part *part, size_t nparts, const struct lp_flow *f)
{
    size_t i = 0;
    for (size_t p = 0; p < nparts; p++)
        for (size_t k = 0; k < part[p].words; k++, i++) {
            const uint64_t pc = part[p].at + 4 * k;
            const uint32_t word = lp_le32((const uint8_t *)part[p].code + 4 * k);
            const unsigned kind = lp_flow_ref_of(f, i)->kind;
            count.pages += kind == LP_FLOW_PAGE;
            count.lonely += kind == LP_FLOW_PAGE && (lp_flow_ref_of(f, i)->flags & LP_FLOW_ALONE);
            if (verbose && kind == LP_FLOW_PAGE && (lp_flow_ref_of(f, i)->flags & LP_FLOW_ALONE))
                printf("%s+0x%llx %llx: lonely page\n", fn->name, (unsigned long long)(pc - fn->at), (unsigned long long)pc);
            count.refs += kind == LP_FLOW_ADDR || kind == LP_FLOW_TLS;
            count.opaques += kind == LP_FLOW_OPAQUE;
            if (verbose && kind == LP_FLOW_OPAQUE)
                printf("%s+0x%llx %llx: opaque\n", fn->name, (unsigned long long)(pc - fn->at), (unsigned long long)pc);
            if (ntruth != 0) {
                const struct truth key = {pc, 0, 0}, *hit = bsearch(&key, truth, ntruth, sizeof key, by_at);
                for (; hit != NULL && hit > truth && hit[-1].at == pc;) hit--;
                for (; hit != NULL && hit < truth + ntruth && hit->at == pc; hit++)
                    compare(fn, f, i, pc, word, hit);
            }
        }
}

/* A BR that goes neither through a table nor to an address that was loaded or moved: an address that was computed. */
static void computed(const struct function *fn, const struct lp_flow_part *part, const struct lp_flow *f)
{
    for (size_t k = 0; k < part->words; k++) {
        const uint8_t *code = part->code;
        const uint64_t pc = part->at + 4 * k;
        const uint32_t word = lp_le32(code + 4 * k);
        size_t t = 0, back = k;
        while (t < f->ntable && f->table[t].br_at != pc)
            t++;
        if ((word & 0xfffffc1f) != 0xd61f0000 || t < f->ntable || !is_code(NULL, pc, &(uint64_t){0}))
            continue;
        unsigned row = 0;
        while (back-- > 0 && !(lp_a64_regs(row = lp_a64_find(lp_le32(code + 4 * back), LP_A64_ALL), lp_le32(code + 4 * back)).write >> (word >> 5 & 31) & 1))
            row = 0;
        const bool adds = row != 0 && strncmp(lp_a64_rows[row].class_, "dp_", 3) == 0 && row != A64_MOV_reg && lp_flow_ref_of(f, back)->kind == LP_FLOW_NONE;
        count.computed += adds;
        if (verbose && adds)
            printf("%s+0x%llx %llx: computed by %s\n", fn->name, (unsigned long long)(pc - fn->at), (unsigned long long)pc, lp_a64_rows[row].name);
    }
}

static void tables(const struct function *fn, const struct lp_flow *f)
{
    for (size_t i = 0; i < f->ntable; i++) {
        const struct lp_flow_table *t = &f->table[i];
        count.tables++;
        count.guessed += t->guessed;
        count.unknown += t->n == 0;
        if (verbose && (t->n == 0 || t->guessed))
            printf("%s+0x%llx %llx: table %s n=%u\n", fn->name, (unsigned long long)(t->br_at - fn->at), (unsigned long long)t->br_at,
                   t->n == 0 ? "unknown" : "guessed", t->n);
    }
}

/* A BR that is neither the function's last way out nor through a table. */
static void run(const struct function *fn, const struct function *cold)
{
    struct lp_flow_part part[MOST_PARTS];
    struct lp_flow f;
    struct lp_error err;
    size_t nparts = 0;
    for (unsigned i = 0; i < MOST_PARTS; i++) {
        const struct function *x = i == 0 ? fn : cold;
        uint64_t avail = 0;
        const void *code = x == NULL ? NULL : lp_elf_at(elf, x->at, &avail);
        if (code != NULL && avail >= x->size)
            part[nparts++] = (struct lp_flow_part){x->at, code, x->size / 4};
    }
    if (nparts == 0)
        return;
    const struct lp_flow_input in = {.part = part, .nparts = nparts, .bytes = bytes, .is_code = is_code, .returns = returns, .survey = &survey, .caught = true};
    const clock_t began = clock();
    if (lp_flow_function(&in, &f, &err) != LP_OK)
        die(err.text);
    seconds += (double)(clock() - began) / CLOCKS_PER_SEC;
    count.functions++;
    count.words += f.n;
    count.gave_up += f.gave_up;
    look_at(fn, part, nparts, &f);
    tables(fn, &f);
    for (size_t i = 0; i < nparts; i++)
        computed(fn, &part[i], &f);
    lp_flow_free(&f);
}

static void make_survey(void)
{
    struct lp_flow_part *part = malloc((nfns + 1) * sizeof *part);
    struct lp_error err;
    size_t n = 0;
    for (size_t i = 0; part != NULL && i < nfns; i++) {
        uint64_t avail;
        const void *code = lp_elf_at(elf, fns[i].at, &avail);
        if (code != NULL && avail >= fns[i].size)
            part[n++] = (struct lp_flow_part){fns[i].at, code, fns[i].size / 4};
    }
    const clock_t began = clock();
    if (part == NULL || lp_flow_survey(part, n, returns, NULL, &survey, &err) != LP_OK)
        die("no survey");
    seconds += (double)(clock() - began) / CLOCKS_PER_SEC;
    free(part);
}

int main(int argc, char **argv)
{
    struct lp_error err;
    const bool timed = argc > 2 && strcmp(argv[1], "-t") == 0;
    verbose = argc > 2 && strcmp(argv[1], "-v") == 0;
    if (argc < 2 || lp_elf_open(argv[argc - 1], &elf, &err) != LP_OK)
        die(argc < 2 ? "which file?" : err.text);
    functions_of_symbols();
    if (nfns < 20)
        functions_of_frames();
    qsort(fns, nfns, sizeof *fns, by_at);
    load_truth();
    make_survey();
    for (size_t i = 0; i < nfns; i++) {
        const struct function *cold = NULL;
        for (size_t k = 0; k < nfns && fns[i].name[0] != '?' && !timed; k++)
            if (fns[k].cold && strncmp(fns[k].name, fns[i].name, strlen(fns[i].name)) == 0 && strcmp(fns[k].name + strlen(fns[i].name), ".cold") == 0)
                cold = &fns[k];
        if (!fns[i].cold || timed)
            run(&fns[i], cold);
    }
    printf("functions %zu words %zu relocated %zu right %zu wrong %zu opaque %zu missed %zu maybe %zu pages %zu alone %zu refs %zu opaques %zu "
           "tables %zu guessed %zu unknown %zu computed %zu gave-up %zu\n", count.functions, count.words, count.relocated, count.right, count.wrong, count.opaque,
           count.missed, count.maybe, count.pages, count.lonely, count.refs, count.opaques, count.tables, count.guessed, count.unknown, count.computed, count.gave_up);
    if (timed)
        printf("ms %.1f MB/s %.1f\n", 1e3 * seconds, (double)count.words * 4 / 1e6 / seconds);
    lp_flow_survey_free(&survey);
    lp_elf_close(elf);
    free(fns);
    free(truth);
    return 0;
}
