/* unit/test_patch_parse.c - the .lpatch format: canonical files come out as they went in; every error has its place and text. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <arm64lp/patch.h>
#include "base/hash.h"

#define HEAD "lpatch 1\n"
#define BIND "object    greet\nbuild-id  1462c13bab944f35c6be9f78a4e8bfaf3c5bd731\nmachine   aarch64\n"
#define SHA "b250b5510c3e3c20\n"
#define DATA4 "data d rodata size 4\n"
#define OLD2 "old 0x8 b2 2 sha256 " SHA
#define OLD36 "old size 36 sha256 b250b5510c3e3c203e5df344b0bf9083347ff488efdd78c9a71ad9185815df29\n"

static char said[8192];
static unsigned count;
static void collect(void *ctx, const struct lp_error *err)
{
    char line[1024];
    lp_error_format(err, line, sizeof line);
    count++;
    strncat(said, line, sizeof said - strlen(said) - 2);
    strcat(said, "\n");
}

static lp_patch *parse(const char *text, unsigned flags, lp_status *s)
{
    lp_patch *p = NULL;
    struct lp_error err;
    said[0] = 0, count = 0;
    lp_status r = lp_patch_parse("dir/fix.lpatch", text, strlen(text), flags, collect, NULL, &p, &err);
    if (s) *s = r;
    else if (r != LP_OK) print_error("%s", said), assert_int_equal(r, LP_OK);
    return r == LP_OK ? p : NULL;
}

static void comes_out(const char *in, const char *out)
{
    lp_patch *p = parse(in, 0, NULL);
    size_t len;
    char *text = lp_patch_print(p, &len);
    assert_string_equal(text, out);
    assert_int_equal(len, strlen(out));
    free(text);
    lp_patch_free(p);
}

static const char worked[] =
    HEAD "name      parse-length\nversion   2\nsummary   parse(): reject n <= 0 before checksum()\ncve       CVE-2026-0001\n"
    "replaces  parse-length < 2\nmode      quiesce deadline 5s\n\n" BIND
    "\ndata .msg rodata size 18 align 8\n\"parse: bad length\\0\"\nend\n\n"
    "func parse size 64\n" OLD36
    "| 51000422                           ; sub  w2, w1, #1\n| 7100fc5f                           ; cmp  w2, #63\n"
    "| 54000048                           ; b.hi parse+0x10\n| 14000000 jump26 checksum           ; b    checksum\n"
    "| a9bf7bfd                           ; stp  x29, x30, [sp, #-16]!\n| 90000000 adr_prel_pg_hi21 .msg     ; adrp x0, .msg\n"
    "| 91000000 add_abs_lo12_nc .msg      ; add  x0, x0, :lo12:.msg\n| 910003fd                           ; mov  x29, sp\n"
    "| 94000000 call26 puts@plt           ; bl   puts\n| 90000001 adr_prel_pg_hi21 dropped  ; adrp x1, dropped\n"
    "| a8c17bfd                           ; ldp  x29, x30, [sp], #16\n= +0x10 5                            ; keep 5 words of the old body from +0x10\n"
    "end\n\n@ main+0x8\n- 7100041f                           ; cmp w0, #1\n+ 7100081f                           ; cmp w0, #2\nend\n\n"
    "718 91004020 an original-format line still works here\n";

static void identity(void **state)
{
    comes_out(worked, worked);
    static const char more[] = HEAD "# a comment\n\nx-team    kernel\nrequires  a >= 1.0\nconflicts b\nmode      now deadline 500ms else force\n\nobject    *\n"
        "file-sha256 b250b5510c3e3c203e5df344b0bf9083347ff488efdd78c9a71ad9185815df29\noptional\n  # indented comment\n"
        "data \"odd name\" data size 24\n| 01 02 03 04  ; four\n\nzero 4\nrel abs64 .msg-0x8\nrel prel64 0x400000\nend\n"
        "func f size 4 new\n| d65f03c0\ncfi 0e10\nend\nset limit+0x4 b4\n- *\n+ 0x10\nset ptr b8\n- 0x0\n+ &f+0x4\nset buf bytes 3\n- 61 62 63\n+ 00 00 00\n"
        "func h size 8 new\n| 94000000 call26 hook weak  ; a comment\n| 94000000 call26 weak\nend\ndata p data size 16\nrel abs64 hook+0x8 weak\nrel abs64 weak weak\nend\n"
        "func g size 16\nold size 36 sha256 b250b5510c3e3c20\n= 1  ; one\n| d503201f\n= 2\ncfi old\nend\n"
        "func r size 20\nold size 36 sha256 b250b5510c3e3c20\n~ 1 x0>x30 x8>x9 x30>x0  ; three\n= +0x10 1\n~ 1\n~ +0x8 1\n~ +0x0 1 x1>x2\nend\ndata z bss size 64\nend\n"
        "data jumps rodata size 27 align 4\nold 0x29724 b2 8 sha256 b250b5510c3e3c20\nfrom -48 +2\nfrom 51 -1\nfrom 60 +0\nentry 3 -5\nentry 7 0\n| 01\n"
        "old tab+0x8 b1 6 unsigned sha256 b250b5510c3e3c20\nentry 5 255\nold tab b4 1 sha256 b250b5510c3e3c20\nend\nquiet g\nquiet \"odd name\" part\nquiet 0x400850\n@ 0x400858\n- d503201f\n+ d65f03c0\nend\nquiet 0x400900 size 16 part\n"
        "@ k+0x4 quiet\n- d503201f d65f03c0  ; old\n+ d65f03c0 d503201f  ; new\n- d503201f\n+ 94000000 call26 hook\nend\n@ \"odd one\"#2 quiet\n- d503201f\n+ d65f03c0\nend\n0xaddc d503201f an address with letters only\n";
    comes_out(more, more);
}

static void canonical(void **state)
{
    comes_out("lpatch 1\r\nname\tx\r\nobject greet\nbuild-id 14\n@ main+0x0\n- d503201f ;x\n+ d503201f\t;y\nend \n",
              "lpatch 1\nname      x\nobject    greet\nbuild-id  14\n@ main\n- d503201f  ;x\n+ d503201f  ;y\nend\n");
    static const char together[] = HEAD BIND "func f size 4 new\n| d503201f\ncfi 410e10\ncfi 9d02\nend\n";
    comes_out(HEAD BIND "func f size 4 new\n| d503201f\ncfi 41 0e10 \ncfi 9d\t02\nend\n", together);
    comes_out(together, together);
    comes_out("# seed\n  4001000 D503201F  NOP patch \n0x4002000\t0X14000001\n0xabc d503201f\n",
            "# seed\n4001000 d503201f NOP patch\n4002000 14000001\n0xabc d503201f\n");
}

static void seed_words(void **state)
{
    lp_patch *p = parse("4001000 12345678 Custom\nab80 d503201f\n", 0, NULL);
    assert_true(lp_patch_is_seed(p));
    assert_int_equal(lp_patch_size(p), 2);
    assert_string_equal(lp_patch_name(p), "fix");
    lp_patch_free(p);
}

static void digest(void **state)
{
    char text[4096], hex[65];
    uint8_t sha[32];
    lp_status s;
    lp_sha256(worked, strlen(worked), sha);
    for (size_t n = 8; n <= 32; n++) {
        lp_hex(hex, sha, n);
        snprintf(text, sizeof text, "%sdigest    sha256 %s\n", worked, hex);
        comes_out(text, text);
    }
    text[20]++;
    assert_null(parse(text, 0, &s));
    assert_int_equal(s, LP_E_DIGEST);
    lp_patch *p = parse(text, LP_PATCH_NO_DIGEST, NULL);
    char *again = lp_patch_print(p, NULL);
    assert_int_equal(strlen(again), strlen(text));
    lp_patch_free(parse(again, 0, NULL));
    free(again);
    lp_patch_free(p);
}

static void errors(void **state)
{
    static const struct { const char *text, *said; } cases[] = {
        {"lpatch 2\n", "1:8: error: unsupported version of the format, this program knows `lpatch 1`"},
        {HEAD "colour red\n", "2:1: error: unknown key `colour`"},
        {HEAD "name a\nname b\n", "3:1: error: `name` again, it is in line 2 already"},
        {HEAD "name\n", "2:5: error: `name` needs a value"},
        {HEAD "version 1.x\n", "2:9: error: `1.x` is no version (dotted decimals)"},
        {HEAD "requires a ~ 1\n", "2:12: error: one of < <= = >= > is expected"},
        {HEAD "mode soon\n", "2:6: error: quiesce, lazy or now is expected"},
        {HEAD "mode now deadline 5h\n", "2:19: error: a duration (5s or 500ms) is expected"},
        {HEAD "object    greet\nmachine   aarch64\n", "2:1: error: object `greet` needs a build-id or a file-sha256"},
        {HEAD "object    greet\nbuild-id  146\n", "3:11: error: build-id has an even number of hex digits, 2 to 128, found 3"},
        {HEAD BIND BIND, "5:11: error: object `greet` again, it is in line 2 already"},
        {HEAD BIND "patch main\n", "5:1: error: unknown keyword `patch`"},
        {HEAD BIND "@ main+8\n", "5:8: error: an offset (0x...) is expected, found `8`"},
        {HEAD BIND "@ main+0x2\n- d503201f\n+ d503201f\nend\n", "5:3: error: the place is no multiple of 4"},
        {HEAD BIND "@ main\n+ d503201f\nend\n", "6:1: error: `-` with the old word is expected first"},
        {HEAD BIND "@ main\n- d503201f\nend\n", "7:1: error: `+` with the new word is expected before `end`"},
        {HEAD BIND "@ main\n- D503201F\n+ d503201f\nend\n", "6:3: error: an instruction word (8 lower-case hex digits) is expected, found `D503201F`"},
        {HEAD BIND "@ main\n- d503201f\n+ 00000001\nend\n", "7:3: error: 00000001 is no valid A64 instruction"},
        {HEAD BIND "@ main\n- d503201f\n+ d503201f\n@ f\n- d503201f\n+ d503201f\nend\n", "8:1: error: the site that begins in line 5 has no `end`"},
        {HEAD BIND "@ main\n- d503201f\n+ 94000000 call27 f\nend\n", "7:12: error: unknown relocation `call27`"},
        {HEAD BIND "@ main\n- d503201f\n+ d503201f call26 f\nend\n", "7:3: error: relocation call26 does not suit the instruction d503201f"},
        {HEAD BIND "@ a\n- d503201f\n+ d503201f\n- d503201f\n+ d503201f\nend\n@ a+0x4\n- d503201f\n+ d503201f\nend\n",
         "11:1: error: this place overlaps the one in line 5"},
        {HEAD BIND "func f size 8\n" OLD36 "| d503201f\nend\n", "8:1: error: the body has 4 bytes, line 5 says size 8"},
        {HEAD BIND "func f size 8\n| d503201f\nend\n", "6:1: error: `old size BYTES sha256 DIGEST` is expected after `func`"},
        {HEAD BIND "func f size 8\n" OLD36 "= +0x20 2\nend\n", "7:3: error: 2 words from +0x20 are not inside the old function of 36 bytes"},
        {HEAD BIND "func f size 8\n" OLD36 "| d503201f\n= 9\nend\n", "8:3: error: 9 words from +0x4 are not inside the old function of 36 bytes"},
        {HEAD BIND "func f size 4\n" OLD36 "| d503201f\nlsda x\nend\n", "8:6: error: an exception table comes behind `cfi`, without which nobody looks at it"},
        {HEAD BIND "func f size 4\n" OLD36 "| d503201f\ncfi 00\nlsda x y\nend\n", "9:8: error: the end of the line is expected, found `y`"},
        {HEAD BIND "func f size 4\n" OLD36 "| d503201f\ncfi 00\nlsda none\nlsda x\nend\n", "10:1: error: `end` is expected behind `lsda`"},
        {HEAD BIND "func f size 4\n" OLD36 "| d503201f\ncfi 00\nlsda x\ncfi 00\nend\n", "10:1: error: `end` is expected behind `lsda`"},
        {HEAD BIND "func f size 8\n" OLD36 "= f\nend\n", "7:3: error: `= +0xOFFSET WORDS` or `= WORDS` is expected, found `f`"},
        {HEAD BIND "func f size 8\n" OLD36 "= 0\nend\n", "7:3: error: 0 words from +0x0 are not inside the old function of 36 bytes"},
        {HEAD BIND "func f size 4 new\n| 94000000 call26 0x400 weak\nend\n", "6:25: error: the end of the line or a comment (`;`) is expected, found `weak`"},
        {HEAD BIND "func f size 8\n" OLD36 "= 0x2 2\nend\n", "7:3: error: `= +0xOFFSET WORDS` or `= WORDS` is expected, found `0x2`"},
        {HEAD BIND "func f size 8\n" OLD36 "= +0x2 2\nend\n", "7:3: error: the offset must be a multiple of 4"},
        {HEAD BIND "func f size 8\n" OLD36 "= -0x4 2\nend\n", "7:3: error: `= +0xOFFSET WORDS` or `= WORDS` is expected, found `-0x4`"},
        {HEAD BIND "func f size 8\n" OLD36 "= +4 2\nend\n", "7:4: error: an offset (0x...) is expected, found `4`"},
        {HEAD BIND "func f size 8\n" OLD36 "= +0xfffffffffffffffc 2\nend\n",
         "7:3: error: 2 words from +0xfffffffffffffffc are not inside the old function of 36 bytes"},
        {HEAD BIND "func f size 8\n" OLD36 "=2\nend\n", "7:1: error: `| WORD`, `= [+0xOFFSET] WORDS`, `~ [+0xOFFSET] WORDS`, `cfi`, `lsda` or `end` is expected"},
        {HEAD BIND "func f size 8\n" OLD36 "~ 2\nend\n", "7:4: error: a register and its new name (x8>x9) are expected"},
        {HEAD BIND "func f size 8\n" OLD36 "~ 2 x8\nend\n", "7:7: error: `>` and the new register are expected"},
        {HEAD BIND "func f size 8\n" OLD36 "~ 2 x8>x31\nend\n", "7:8: error: a register and its new name (x8>x9) are expected, of x0 to x30"},
        {HEAD BIND "func f size 8\n" OLD36 "~ 2 x8>x09\nend\n", "7:8: error: a register and its new name (x8>x9) are expected, of x0 to x30"},
        {HEAD BIND "func f size 8\n" OLD36 "~ 2 x123>x1\nend\n", "7:8: error: `>` and the new register are expected"},
        {HEAD BIND "func f size 8\n" OLD36 "~ 2 x8>x8\nend\n", "7:5: error: x8 is renamed to itself"},
        {HEAD BIND "func f size 8\n" OLD36 "~ 2 x8>x9 x8>x7\nend\n", "7:11: error: x8 comes too late: registers are in ascending order"},
        {HEAD BIND "func f size 8\n" OLD36 "~ 2 x8>x9 w1>w2\nend\n", "7:11: error: the end of the line or a comment (`;`) is expected, found `w1>w2`"},
        {HEAD BIND "func f size 8\n" OLD36 "= 2 x8>x9\nend\n", "7:5: error: the end of the line or a comment (`;`) is expected, found `x8>x9`"},
        {HEAD BIND "func f size 8\n" OLD36 "~ +0x20 2 x8>x9\nend\n", "7:3: error: 2 words from +0x20 are not inside the old function of 36 bytes"},
        {HEAD BIND "func f size 8 new\n~ 2 x8>x9\nend\n", "6:3: error: a new function has no old words to keep"},
        {HEAD BIND "func f size 4\n" OLD36 "= 1\ncfi \nend\n", "8:5: error: bytes (pairs of lower-case hex digits) is expected, the line ends here"},
        {HEAD BIND "func f size 4\n" OLD36 "= 1\ncfi 410\nend\n", "8:7: error: bytes (pairs of lower-case hex digits) is expected, found `0`"},
        {HEAD BIND "func f size 4\n" OLD36 "= 1\ncfi old ; x\nend\n", "8:9: error: the end of the line is expected, found `;`"},
        {HEAD BIND "func f size 4\n" OLD36 "= 1\ncfi old 41\nend\n", "8:9: error: the end of the line is expected, found `41`"},
        {HEAD BIND "func f size 4\n" OLD36 "= 1\ncfi old\ncfi old\nend\n", "9:4: error: `cfi old` stands alone"},
        {HEAD BIND "func f size 4 new\n| d503201f\ncfi old\nend\n", "7:4: error: a new function has no old call frame instructions"},
        {HEAD BIND "func f size 4\n" OLD36 "= 1\ncfi 41\ncfi old\nend\n", "9:4: error: `cfi old` stands alone"},
        {HEAD BIND "func f size 4\n" OLD36 "= 1\ncfi old\ncfi 41\nend\n", "9:4: error: `cfi old` stands alone"},
        {HEAD BIND "func f size 4\n" OLD36 "cfi old\n= 1\nend\n", "8:1: error: `cfi` comes behind the body"},
        {HEAD BIND "func f size 8 new\n= 2\nend\n", "6:3: error: a new function has no old words to keep"},
        {HEAD BIND "func f size 4\nold size 4 sha256 b250b5510c3e3c\n| d503201f\nend\n",
         "6:19: error: a SHA-256 digest (16 to 64 lower-case hex digits, an even number) is expected, found `b250b5510c3e3c`"},
        {HEAD BIND "func f size 4\nold size 4 sha256 b250b5510c3e3c200\n| d503201f\nend\n", "6:19: error: a SHA-256 digest (16 to 64 lower-case hex digits, an even number) is expected, found `b250b5510c3e3c200`"},
        {HEAD BIND "func f size 4\nold size 4 sha256 B250B5510C3E3C20\n| d503201f\nend\n",
         "6:19: error: a SHA-256 digest (16 to 64 lower-case hex digits, an even number) is expected, found `B250B5510C3E3C20`"},
        {HEAD BIND "digest sha256 b250b5510c3e3c203\n",
         "5:15: error: a SHA-256 digest (16 to 64 lower-case hex digits, an even number) is expected, found `b250b5510c3e3c203`"},
        {HEAD BIND "func f size 8 new\n= +0x0 2\nend\n", "6:3: error: a new function has no old words to keep"},
        {HEAD BIND "data d rodata size 3\n| 00 01\nend\n", "7:1: error: the data has 2 bytes, line 5 says size 3"},
        {HEAD BIND "data d text size 3\n", "5:8: error: `rodata`, `data` or `bss` is expected"},
        {HEAD BIND "data d rodata size 1\n| 00\nend\ndata d rodata size 1\n| 00\nend\n", "8:1: error: `d` is defined in line 5 already"},
        {HEAD BIND DATA4 "old 0x8 b8 1 sha256 " SHA "end\n", "6:9: error: `b1`, `b2` or `b4` is expected"},
        {HEAD BIND DATA4 "old 0x8 b2 0 sha256 " SHA "end\n", "6:12: error: the number of entries must be 1 to 8388608"},
        {HEAD BIND DATA4 "old 0x8 b2 8388609 sha256 " SHA "end\n", "6:12: error: the number of entries must be 1 to 8388608"},
        {HEAD BIND DATA4 "old 0x8 b2 2\nend\n", "6:13: error: a blank is expected, the line ends here"},
        {HEAD BIND DATA4 "old 0x8 b2 2 signed sha256 " SHA "end\n", "6:14: error: `sha256` or `unsigned` is expected"},
        {HEAD BIND DATA4 "old 0x8 b2 2 sha256 b250b551\nend\n",
         "6:21: error: a SHA-256 digest (16 to 64 lower-case hex digits, an even number) is expected, found `b250b551`"},
        {HEAD BIND DATA4 "old 0x8 b2 3 sha256 " SHA "end\n", "7:1: error: the data has 6 bytes, line 5 says size 4"},
        {HEAD BIND DATA4 "from 1 +1\nend\n", "6:1: error: `from` comes behind `old`, and in front of `entry`"},
        {HEAD BIND DATA4 "entry 1 1\nend\n", "6:1: error: `entry` comes behind `old`"},
        {HEAD BIND DATA4 OLD2 "entry 1 1\nfrom 1 +1\nend\n", "8:1: error: `from` comes behind `old`, and in front of `entry`"},
        {HEAD BIND DATA4 OLD2 "from 1 1\nend\n", "7:8: error: what is added (+N or -N) is expected"},
        {HEAD BIND DATA4 OLD2 "from 32768 +1\nend\n", "7:6: error: the number must be -32768 to 32767"},
        {HEAD BIND DATA4 OLD2 "from 1 +1\nfrom 1 +2\nend\n", "8:6: error: more than in the line before is expected"},
        {HEAD BIND DATA4 OLD2 "entry 2 1\nend\n", "7:7: error: there are but 2 entries, from 0"},
        {HEAD BIND DATA4 OLD2 "entry 1 1\nentry 0 1\nend\n", "8:7: error: more than in the line before is expected"},
        {HEAD BIND "data d bss size 4\n" OLD2 "end\n", "6:1: error: bss has no content"},
        {HEAD BIND "@ f\n- d503201f d503201f\n+ d65f03c0\nend\n", "7:11: error: 2 new words are expected, as many as old ones"},
        {HEAD BIND "@ f\n- d503201f\n+ d65f03c0 d503201f\nend\n", "7:12: error: more new words than old ones, of which there are 1"},
        {HEAD BIND "@ f\n- d503201f d503201f\n+ d65f03c0 d503201f d503201f\nend\n", "7:21: error: more new words than old ones, of which there are 2"},
        {HEAD BIND "@ f\n- d503201f d503201f\n+ 94000000 call26 g\nend\n", "7:11: error: 2 new words are expected, as many as old ones"},
        {HEAD BIND "@ f\n- d503201f 1234\n+ d65f03c0\nend\n", "6:12: error: the end of the line or a comment (`;`) is expected, found `1234`"},
        {HEAD BIND "@ f loud\n- d503201f\n+ d65f03c0\nend\n", "5:5: error: `quiet` or the end of the line is expected"},
        {HEAD BIND "@ 0x400850 quiet\n- d503201f\n+ d65f03c0\nend\n",
         "5:12: error: an address does not say which function: write it in a line `quiet 0xADDRESS`"},
        {HEAD BIND "quiet\n", "5:6: error: a blank is expected, the line ends here"},
        {HEAD BIND "quiet f+0x4\n", "5:7: error: a function has no offset"},
        {HEAD BIND "quiet 0x402\n", "5:7: error: the place is no multiple of 4"},
        {HEAD BIND "quiet f 4\n", "5:9: error: `size BYTES`, `part` or the end of the line is expected"},
        {HEAD BIND "quiet f size 8 whole\n", "5:16: error: `part` or the end of the line is expected"},
        {HEAD BIND "quiet f part size 8\n", "5:14: error: `part` or the end of the line is expected"},
        {HEAD BIND "quiet f size 0\n", "5:14: error: the size must be 1 to 16777216 bytes"},
        {HEAD BIND "quiet f size 6\n", "5:14: error: the size of a function must be a multiple of 4"},
        {HEAD BIND "quiet 0xfffffffffffffffc size 8\n", "5:7: error: the place is at the end of the address space"},
        {HEAD BIND "@ f\n- d503201f\n+ d65f03c0\nquiet f\n", "8:1: error: the site that begins in line 5 has no `end`"},
        {HEAD BIND "set n b1\n- 0x100\n+ 0x1\n", "6:3: error: the value does not fit in 1 bytes"},
        {HEAD BIND "set n b4\n- *\n+ &f\n", "7:3: error: an address (&) needs b8"},
        {HEAD BIND "set n b4\n- *\n", "6:1: error: the set that begins in line 5 has no new value"},
        {HEAD "text \xff\n", "2:6: error: byte 0xff is no UTF-8 text"},
        {HEAD "text \xed\xa0\x80\n", "2:6: error: byte 0xed is no UTF-8 text"},     /* a surrogate */
        {HEAD "text \xe0\x80\xaf\n", "2:6: error: byte 0xe0 is no UTF-8 text"},     /* overlong */
        {HEAD "text \xf4\x90\x80\x80\n", "2:6: error: byte 0xf4 is no UTF-8 text"}, /* above U+10FFFF */
        {HEAD "text \xc3\xa4\xc3\n", "2:8: error: byte 0xc3 is no UTF-8 text"},
        {"add 1234\n", "1:1: error: an address without a decimal digit needs 0x: 0xadd"},
        {"400 d503201f0\n", "1:5: error: an instruction word has at most 8 hex digits, found 9"},
        {"12345678901234567 d503201f\n", "1:1: error: an address has at most 16 hex digits, found 17"},
        {"-400 d503201f\n", "1:1: error: an address is expected, found `-400`"},
        {"402 d503201f\n", "1:1: error: address 0x402 is no multiple of 4"},
        {"400\n", "1:4: error: an instruction word is expected behind the address"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[512];
        lp_status s;
        lp_patch *p = parse(cases[i].text, 0, &s);
        snprintf(want, sizeof want, "dir/fix.lpatch:%s\n", cases[i].said);
        if (strncmp(said, want, strlen(want)) != 0) print_error("%s", cases[i].text);
        said[strlen(want) < sizeof said ? strlen(want) : 0] = 0;
        assert_string_equal(said, want);
        assert_null(p);
    }
}

static void long_lines(void **state)
{
    char text[1024] = HEAD "text      ";
    lp_status s;
    memset(text + strlen(text), 'x', 245);
    strcat(text, "\n");
    lp_patch *p = parse(text, 0, NULL);
    lp_patch_free(p);
    text[strlen(text) - 1] = 'x';
    strcat(text, "\n");
    assert_null(parse(text, 0, &s));
    assert_string_equal(said, "dir/fix.lpatch:2:256: error: the line has 256 bytes, at most 255 are allowed\n");
}

static void all_errors(void **state)
{
    char text[4096] = HEAD;
    lp_status s;
    for (int i = 0; i < 30; i++) strcat(text, "wrong line\n");
    assert_null(parse(text, 0, &s));
    assert_int_equal(s, LP_E_SYNTAX);
    assert_int_equal(count, 20);
}

static int nth(void *ctx, const struct lp_patch_seed_line *l) { return *(uint64_t *)ctx += l->addr + l->line, 0; }

static void lenient(void **state)
{
    lp_patch *p = parse("400 d503201f one\nhello world\nadd 1234\n404 d503201f\n", LP_PATCH_LENIENT, NULL);
    uint64_t sum = 0;
    assert_int_equal(count, 2);
    assert_int_equal(lp_patch_size(p), 2);
    lp_patch_seed_lines(p, nth, &sum);
    assert_int_equal(sum, 0x400 + 1 + 0x404 + 4);
    lp_patch_free(p);
    lp_status s;
    assert_null(parse(HEAD "bad line\n", LP_PATCH_LENIENT, &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(identity), cmocka_unit_test(canonical),
            cmocka_unit_test(seed_words), cmocka_unit_test(digest),
                                       cmocka_unit_test(errors),   cmocka_unit_test(long_lines),
                                               cmocka_unit_test(all_errors), cmocka_unit_test(lenient)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
