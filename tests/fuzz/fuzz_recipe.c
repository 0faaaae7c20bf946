/* fuzz/fuzz_recipe.c - recipes of any text: the canonical form is a fixed point, and what is made of one is a patch that fits its target. */
#include <config.h>
#include "fuzz.h"
#include <arm64lp/patch.h>
#include <stdio.h>
#include "unit/testelf.h"

const char *const lp_fuzz_name = "lp_maker_recipe";
const size_t lp_fuzz_prefixes = 100000, lp_fuzz_head = 0;
const char *const lp_fuzz_words[] = {
    "0", "1", "-1", "08", "0x", "0xffffffff", "0xffffffffffffffff", "18446744073709551616", "name", "version", "summary", "mode", "requires", "x-y", "object", "optional",
    "*", "test", "=", "#", "\"", "\\", "{", "}", "asm", "asm {", "asm \"nop\"", "nop", "ret", "b", "bl", "word", "replace", "from", "fix.o", "fix.o:main", "/dev/null",
    "main", "main+0x4", "main+0xffffffffffffffff", "parse", "twin", "twin#1", "twin!a.c", "limit", "0x4000b0", "a.c:1", "\"a c\":2", "a.c:99999999999", "quiesce", "now",
    "deadline", "5s", "< 2", "\r", "\t", "", NULL};

static void count(void *ctx, const struct lp_error *err)
{
    char text[1280];
    lp_error_format(err, text, sizeof text);
    ++*(unsigned *)ctx;
}

static void formatted(const char *text, size_t len)
{
    char *a, *b;
    size_t n, m;
    unsigned errors = 0;
    struct lp_error err;
    lp_status s = lp_recipe_format("fuzz.lps", text, len, count, &errors, &a, &n, &err);
    if ((s == LP_OK) != (errors == 0) || errors > 20) abort();
    if (s != LP_OK) return;
    if (lp_recipe_format("again", a, n, count, &errors, &b, &m, &err) != LP_OK || n != m || memcmp(a, b, n) != 0) {
        fprintf(stderr, "the canonical form is none: %s\n%.*s", errors ? err.text : "", (int)n, a);
        abort();
    }
    free(a), free(b);
}

static void made(const char *text, size_t len)
{
    static lp_elf *elf;
    lp_maker *m;
    lp_patch *p;
    unsigned errors = 0;
    struct lp_error err;
    if (!elf) elf = test_elf();
    if (lp_maker_new(elf, &m, &err) != LP_OK) abort();
    lp_maker_listen(m, 0, count, count, &errors);
    if (lp_maker_recipe(m, "fuzz.lps", text, len, &err) == LP_OK && lp_maker_finish(m, &p, &err) == LP_OK) {
        if (lp_patch_check(p, elf, NULL, NULL, &err) != LP_OK) abort();
        lp_patch_free(p);
    }
    lp_maker_free(m);
}

void lp_fuzz_one(const uint8_t *data, size_t len)
{
    setenv("LPMAKE_AS", "/nowhere/as", 1); /* what an assembler says of the text is not looked at here */
    formatted((const char *)data, len);
    made((const char *)data, len);
}

static const char full[] =
    "# A recipe.\nname      full\nversion   2\nsummary   text # here\nreplaces  other < 2\nmode      quiesce deadline 5s else lazy\n\nobject    test\noptional\n"
    "main = ret 1  # always\nparse+0x4=nop\nparse+0x8 = word 0xd65f03c0\ntwin#1 = b main\ntwin!b.c = bl parse\n0x4000b0 = nop\na.c:12 = nop\n"
    "main = asm \"cmp w0, #1; ret\"\nmain = asm {\n    cmp w0, #2\n    1: b 1b // loop\n}\nparse = replace from fix.o:parse\nparse = replace from \"odd name.o\"\n"
    "symbol called 0x400000\ncalled+0x4 = bl called\nlimit = set b4 -3\nlimit+0x1 = set \"a\\0\"\n";
static const char small[] = "main=ret\r\nparse = ret 77\r\n";

const uint8_t *lp_fuzz_builtin(size_t i, size_t *len)
{
    *len = i == 0 ? sizeof full - 1 : sizeof small - 1;
    return i == 0 ? (const uint8_t *)full : i == 1 ? (const uint8_t *)small : NULL;
}
