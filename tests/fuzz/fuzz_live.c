/* fuzz/fuzz_live.c - mutated patches on a loaded program: what is refused changes nothing, what is applied can be reverted. */
#include <config.h>
#include "fuzz.h"
#include <stdbool.h>
#include <stdio.h>
#include "base/hash.h"
#include "mem/fault.h"
#include "mem/mem.h"
#include "live/live.h"
#include "unit/testelf.h"

const char *const lp_fuzz_name = "lp_live_apply";
const size_t lp_fuzz_prefixes = 100000, lp_fuzz_head = 0;
const char *const lp_fuzz_words[] = {
    "0", "1", "-1", "4", "16", "0x3", "0xffffffff", "0x7fffffffffffffff", "0xffffffffffffffff", "18446744073709551616", "67108864", "func", "data", "set",
    "object", "rel", "zero", "from", "entry", "unsigned", "b1", "b2", "=", "~", "x8>x9", "x0>x30", "@", "|", "-", "+", "end", "old", "new", "size", "align", "sha256", "main", "main+0x4", "main+0xffffffffffffffff", "parse",
    "limit", "limit+0x8", "tab", "tab+0x20000000000", "helper", ".msg", "call26", "jump26", "abs64", "abs32", "abs16", "prel64", "prel32", "prel16", "condbr19",
    "tstbr14", "adr_prel_lo21", "adr_prel_pg_hi21", "add_abs_lo12_nc", "ld_prel_lo19", "ldst128_abs_lo12_nc", "movw_uabs_g3", "adr_got_page", "ld64_got_lo12_nc", "got_ld_prel19", "ld64_gotpage_lo15", "tlsie_adr_gottprel_page21",
    "tlsdesc_adr_page21", "tlsle_add_tprel_hi12", "tlsgd_adr_page21", "gotrel64", "0x8000000", "_GLOBAL_OFFSET_TABLE_", "main@plt", "14000000", "d65f03c0", "d503201f",
    "\"", "\"\\0\"", "*", "&main", "&tab+0x8", "b8", "bytes", "optional", "quiesce", "immediate", "lazy", "deadline", "9999999d", "", NULL};

enum { ROUNDS = 200 }; /* patches per address space: bodies stay mapped */

static struct lp_mem *mem;
static struct lp_live *live;
static lp_elf *elf;

static void open_program(void)
{
    lp_fault_install(NULL);
    if (lp_mem_new(33, &mem, NULL) != LP_OK || lp_mem_mmap(mem, TEST_BASE, 4096, 1 | 4, 0x2 | 0x20 | 0x10, -1, 0) != (int64_t)TEST_BASE ||
        lp_mem_poke(mem, TEST_BASE, test_image(), sizeof(struct test_image)) != 0)
        abort();
    elf = test_elf();
    if (lp_live_new(mem, NULL, &live, NULL) != LP_OK || lp_live_add_object(live, elf, 0, NULL) != LP_OK) abort();
}

static void close_program(void)
{
    lp_live_free(live);
    lp_elf_close(elf);
    lp_mem_free(mem);
    mem = NULL;
}

static void must_be_original(const char *when)
{
    struct test_image now;
    if (lp_mem_read(mem, &now, TEST_BASE, sizeof now) == 0 && memcmp(&now, test_image(), sizeof now) == 0) return;
    fprintf(stderr, "the program's memory is changed after %s\n", when);
    abort();
}

static int count_row(void *ctx, const struct lp_live_row *row) { return *(size_t *)ctx += row->name[0] != 0, 0; }
static int count_word(void *ctx, const struct lp_patch_word *w) { return *(size_t *)ctx += w->old_word == w->new_word, 0; }

static void apply(const lp_patch *p)
{
    struct lp_live_result r;
    struct lp_error err;
    size_t n = 0;
    struct lp_live_options dry = {.flags = LP_LIVE_DRY_RUN, .deadline_ms = 1}, soon = {.deadline_ms = 1};
    (void)lp_patch_check(p, elf, NULL, NULL, &err);
    (void)lp_patch_words(p, elf, count_word, &n, &err);
    lp_status may = lp_live_apply(live, &p, 1, &dry, &r, NULL, NULL, &err);
    must_be_original("a dry run");
    lp_status s = lp_live_apply(live, &p, 1, &soon, &r, NULL, NULL, &err);
    if (s != may) {
        fprintf(stderr, "the dry run said %d, apply %d: %s\n", may, s, err.text);
        abort();
    }
    if (s != LP_OK) {
        must_be_original("a refused patch");
        return;
    }
    if (lp_live_list(live, count_row, &n, &err) != LP_OK) abort();
    if (lp_live_revert(live, NULL, 0, &soon, &r, NULL, NULL, &err) != LP_OK) {
        fprintf(stderr, "cannot be reverted: %s\n", err.text);
        abort();
    }
    must_be_original("a revert");
}

void lp_fuzz_one(const uint8_t *data, size_t len)
{
    static unsigned rounds;
    struct lp_error err;
    lp_patch *p;
    if (lp_patch_parse("fuzz.lpatch", (const char *)data, len, LP_PATCH_NO_DIGEST | LP_PATCH_RAW, NULL, NULL, &p, &err) != LP_OK) return;
    if (!mem) open_program();
    apply(p);
    lp_patch_free(p);
    if (++rounds % ROUNDS == 0) close_program();
}

#define HEAD(name) "lpatch 1\nname " name "\nobject greet\nbuild-id " TEST_BUILD_ID "\nmachine aarch64\n"
static const char sites[] = HEAD("sites") "quiet 0x4000b8 size 12 part\n@ main quiet\n- 7100041f\n+ 7100081f\n- d65f03c0\n+ 14000000 jump26 parse\nend\n"
    "@ twin#1\n- d65f03c0\n+ d503201f\nend\n@ parse+0x4\n- 7100fc5f\n+ 94000000 call26 main+0x4\nend\nset limit b8\n- 0x10\n+ 0x20\n";

/* parse() replaced; the body calls a new function and uses new data. */
static size_t bodies(char *out, size_t size)
{
    uint8_t sha[32];
    char hex[65];
    lp_sha256(test_image()->code + 2, 12, sha);
    lp_hex(hex, sha, 32);
    return (size_t)snprintf(out, size, HEAD("bodies") "data .msg rodata size 8 align 8\n\"message\\0\"\nend\n"
            "data tab data size 24\nrel abs64 helper\nrel prel64 main\nzero 8\nend\n"
            "data entries rodata size 14 align 4\nold parse b4 3 sha256 %s\nfrom -5 -1\nentry 1 9\n| 01 02\nend\n"
            "func helper size 4 new\n| d65f03c0\nend\nfunc parse size 36\nold size 12 sha256 %s\n| 51000422\n| 90000000 adr_prel_pg_hi21 .msg\n"
            "| 91000000 add_abs_lo12_nc .msg\n| 94000000 call26 helper\n| 54000000 condbr19 parse+0x8\n= +0x4 2\n~ +0x0 1 x2>x1\n~ 1\nend\nset limit b8\n- 0x10\n+ &tab\n", hex, hex);
}

const uint8_t *lp_fuzz_builtin(size_t i, size_t *len)
{
    static char text[4096];
    if (i > 1) return NULL;
    *len = i ? bodies(text, sizeof text) : sizeof sites - 1;
    return (const uint8_t *)(i ? text : sites);
}
