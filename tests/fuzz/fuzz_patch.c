/* fuzz/fuzz_patch.c - lp_patch_parse on anything; what it accepts must print to a fixed point. */
#include <config.h>
#include "fuzz.h"
#include <arm64lp/patch.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const lp_fuzz_name = "lp_patch_parse";
const size_t lp_fuzz_prefixes = 100000, lp_fuzz_head = 0;
const char *const lp_fuzz_words[] = {
    "0", "1", "-1", "4", "16", "0x3", "0xffffffff", "0x7fffffffffffffff", "0xffffffffffffffff", "18446744073709551616", "67108864", "func", "data", "set", "quiet", "part",
    "object", "rel", "zero", "from", "entry", "unsigned", "b1", "b2", "=", "~", "x8>x9", "x0>x30", "@", "|", "-", "+", "end", "old", "new", "size", "align", "sha256", "main", "main+0x4", "main+0xffffffffffffffff", "parse",
    "limit", "limit+0x8", "tab", "tab+0x20000000000", "helper", ".msg", "call26", "jump26", "abs64", "abs32", "abs16", "prel64", "prel32", "prel16", "condbr19",
    "tstbr14", "adr_prel_lo21", "adr_prel_pg_hi21", "add_abs_lo12_nc", "ld_prel_lo19", "ldst128_abs_lo12_nc", "movw_uabs_g3", "14000000", "d65f03c0", "d503201f",
    "\"", "\"\\0\"", "*", "&main", "&tab+0x8", "b8", "bytes", "optional", "quiesce", "immediate", "lazy", "deadline", "9999999d", "", NULL};

static void count(void *ctx, const struct lp_error *err)
{
    char text[1024];
    lp_error_format(err, text, sizeof text);
    ++*(unsigned *)ctx;
}

static int line(void *ctx, const struct lp_patch_seed_line *l) { return *(size_t *)ctx += strlen(l->text), 0; }

static void printed(const lp_patch *p, unsigned flags)
{
    size_t len, len2, text = 0;
    struct lp_error err;
    lp_patch *again;
    char *a = lp_patch_print(p, &len);
    lp_patch_seed_lines(p, line, &text);
    if (lp_patch_parse("again", a, len, flags, NULL, NULL, &again, &err) != LP_OK) {
        fprintf(stderr, "printed text does not parse: %s\n%.*s", err.text, (int)len, a);
        abort();
    }
    char *b = lp_patch_print(again, &len2);
    if (len != len2 || memcmp(a, b, len) != 0) abort();
    free(a), free(b);
    lp_patch_free(again);
}

void lp_fuzz_one(const uint8_t *data, size_t len)
{
    for (unsigned flags = 0; flags < 8; flags += flags ? 2 : 1) { /* 0; then lenient, with and without raw and digest */
        lp_patch *p;
        struct lp_error err;
        unsigned errors = 0;
        lp_status s = lp_patch_parse("fuzz.lpatch", (const char *)data, len, flags, count, &errors, &p, &err);
        if (s != LP_OK && !errors) abort();
        if (errors > 20) abort();
        if (s != LP_OK) continue;
        printed(p, flags);
        lp_patch_free(p);
    }
}

static const char full[] =
    "lpatch 1\nname      parse-length\nversion   2\nsummary   text\nreplaces  parse-length < 2\n"
    "requires  other >= 1.2\nmode      quiesce deadline 5s else lazy\n\n"
    "object    greet\nbuild-id  1462c13bab944f35c6be9f78a4e8bfaf3c5bd731\nmachine   aarch64\noptional\n\n"
    "data .msg rodata size 18 align 8\n\"parse: bad length\\0\"\nend\n"
    "data table data size 24\n| 01 02 03 04 05 06 07 08  ; eight\nrel abs64 .msg+0x4\nzero 8\nend\n\n"
    "data jumps rodata size 16\nold tab+0x8 b2 4 sha256 b250b5510c3e3c20\nfrom -48 +2\nfrom 5 -1\nentry 1 -5\nold 0x400 b4 2 unsigned sha256 b250b5510c3e3c20\nend\n"
    "func parse size 24\nold size 36 sha256 b250b5510c3e3c203e5df344b0bf9083347ff488efdd78c9a71ad9185815df29\n"
    "| 51000422                           ; sub\n| 14000000 jump26 checksum           ; b\n| a9bf7bfd d503201f\n= +0x10 2\ncfi 0e 10\nend\n\n"
    "func same size 24\nold size 36 sha256 b250b5510c3e3c20\n= 1\n| d503201f\n= 1\n= +0x8 1\n~ 1 x0>x1 x8>x9\n~ +0x4 1\ncfi old\nlsda .msg\nend\n"
    "func \"odd name\" size 4 new\n| d65f03c0\nend\n"
    "quiet main\nquiet 0x400850 size 16 part\n@ quick+0x4 quiet\n- d503201f d65f03c0\n+ d65f03c0 d503201f\nend\n"
    "@ main+0x8\n- 7100041f  ; cmp\n+ 7100081f  ; cmp\n- d503201f\n+ 94000000 call26 puts@plt\nend\n"
    "set limit b8\n- 0x10\n+ &table+0x8\nset name!main.c bytes 3\n- *\n+ 61 62 63\n"
    "# comment\n718 91004020 an original-format line\n";
static const char seed[] = "# Comment\n# Format: address instruction description\n4001000 D503201F NOP patch for debugging\n"
                           "4002000 14000001 Jump to error handler\n"
                           "0x4003000 0x12345678 Custom instruction\n\n  400 d503201f\n";

const uint8_t *lp_fuzz_builtin(size_t i, size_t *len)
{
    *len = i == 0 ? sizeof full - 1 : sizeof seed - 1;
    return i == 0 ? (const uint8_t *)full : i == 1 ? (const uint8_t *)seed : NULL;
}
