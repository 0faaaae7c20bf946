/* test_simd.c - AdvSIMD integer instructions: at least one vector of each family, edges of saturation and rounding (Arm ARM C7.2). */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "a64/a64.h"
#include "exec/cpu.h"
#include "exec/run.h"

/* V0 is the destination, V1 and V2 the sources, X3 = 0x8899aabbccddeeff. Vectors are written high half first. */
#define V(hi, lo) {lo, hi}
#define ZERO V(0, 0)
#define ONES V(UINT64_MAX, UINT64_MAX)
struct vector {
    const char *text;
    uint32_t word;
    uint64_t d[2], n[2], m[2], want[2];
    bool qc;
};

static const struct vector copy[] = {
    {"dup v0.16b, v1.b[5]", 0x4e0b0420, ONES,
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), ZERO, V(0x0505050505050505, 0x0505050505050505), 0},
    {"dup v0.4h, v1.h[7]", 0x0e1e0420, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0000000000000000, 0x0123012301230123), 0},
    {"dup v0.2d, x3", 0x4e080c60, ZERO,
     ZERO, ZERO, V(0x8899aabbccddeeff, 0x8899aabbccddeeff), 0},
    {"dup d0, v1.d[1]", 0x5e180420, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0000000000000000, 0x0123456789abcdef), 0},
    {"mov v0.b[15], w3", 0x4e1f1c60, V(0x0123456789abcdef, 0xfedcba9876543210),
     ZERO, ZERO, V(0xff23456789abcdef, 0xfedcba9876543210), 0},
    {"mov v0.s[1], v1.s[3]", 0x6e0c6420, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0f0e0d0c0b0a0908, 0x0123456703020100), 0},
    {"ext v0.16b, v1.16b, v2.16b, #3", 0x6e021820, ZERO,
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x1211100f0e0d0c0b, 0x0a09080706050403), 0},
    {"ext v0.8b, v1.8b, v2.8b, #7", 0x2e023820, ONES,
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x0000000000000000, 0x1615141312111007), 0},
    {"tbl v0.16b, {v1.16b, v2.16b}, v0.16b", 0x4e002020, V(0x1f20ff0f10000102, 0x1e1d1c1b1a191817),
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x1f00000f10000102, 0x1e1d1c1b1a191817), 0},
    {"tbx v0.8b, {v1.16b}, v2.8b", 0x0e021020, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x0000000000000000, 0x0010ff0f10000102), V(0x0000000000000000, 0x10ffff01ff103254), 0},
    {"uzp1 v0.8h, v1.8h, v2.8h", 0x4e421820, ZERO,
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x1d1c191815141110, 0x0d0c090805040100), 0},
    {"uzp2 v0.8b, v1.8b, v2.8b", 0x0e025820, ONES,
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x0000000000000000, 0x1715131107050301), 0},
    {"trn1 v0.4s, v1.4s, v2.4s", 0x4e822820, ZERO,
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x1b1a19180b0a0908, 0x1312111003020100), 0},
    {"trn2 v0.16b, v1.16b, v2.16b", 0x4e026820, ZERO,
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x1f0f1d0d1b0b1909, 0x1707150513031101), 0},
    {"zip1 v0.2d, v1.2d, v2.2d", 0x4ec23820, ZERO,
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x1716151413121110, 0x0706050403020100), 0},
    {"zip2 v0.8b, v1.8b, v2.8b", 0x0e027820, ONES,
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x0000000000000000, 0x1707160615051404), 0},
};
static const struct vector immediate[] = {
    {"movi v0.16b, #0xa5", 0x4f05e4a0, ZERO,
     ZERO, ZERO, V(0xa5a5a5a5a5a5a5a5, 0xa5a5a5a5a5a5a5a5), 0},
    {"movi v0.2s, #0x5a, lsl #24", 0x0f026740, ONES,
     ZERO, ZERO, V(0x0000000000000000, 0x5a0000005a000000), 0},
    {"movi v0.4s, #0x12, msl #16", 0x4f00d640, ZERO,
     ZERO, ZERO, V(0x0012ffff0012ffff, 0x0012ffff0012ffff), 0},
    {"movi d0, #0xff00ff0000ffff00", 0x2f05e4c0, ONES,
     ZERO, ZERO, V(0x0000000000000000, 0xff00ff0000ffff00), 0},
    {"mvni v0.8h, #0x80, lsl #8", 0x6f04a400, ZERO,
     ZERO, ZERO, V(0x7fff7fff7fff7fff, 0x7fff7fff7fff7fff), 0},
    {"orr v0.4s, #0x81, lsl #8", 0x4f043420, V(0x0123456789abcdef, 0xfedcba9876543210),
     ZERO, ZERO, V(0x0123c56789abcdef, 0xfedcbb987654b310), 0},
    {"bic v0.4h, #0xff, lsl #8", 0x2f07b7e0, ONES,
     ZERO, ZERO, V(0x0000000000000000, 0x00ff00ff00ff00ff), 0},
    {"fmov v0.4s, #1.0", 0x4f03f600, ZERO,
     ZERO, ZERO, V(0x3f8000003f800000, 0x3f8000003f800000), 0},
    {"fmov v0.2d, #-0.125", 0x6f06f400, ZERO,
     ZERO, ZERO, V(0xbfc0000000000000, 0xbfc0000000000000), 0},
    {"fmov v0.4h, #31.0", 0x0f01ffe0, ONES,
     ZERO, ZERO, V(0x0000000000000000, 0x4fc04fc04fc04fc0), 0},
};
static const struct vector logical[] = {
    {"and v0.16b, v1.16b, v2.16b", 0x4e221c20, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x01020504090a0908, 0x1614101012101010), 0},
    {"bic v0.8b, v1.8b, v2.8b", 0x0e621c20, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x0000000000000000, 0xe8c8aa8864442200), 0},
    {"orr v0.16b, v1.16b, v2.16b", 0x4ea21c20, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x1f3f5d7f9bbbddff, 0xffdebf9c77563310), 0},
    {"orn v0.16b, v1.16b, v2.16b", 0x4ee21c20, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0xe1e3e7e7edefefef, 0xfefdfafbfefdfeff), 0},
    {"eor v0.16b, v1.16b, v2.16b", 0x6e221c20, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x1e3d587b92b1d4f7, 0xe9caaf8c65462300), 0},
    {"bsl v0.16b, v1.16b, v2.16b", 0x6e621c20, V(0x0123456789abcdef, 0xfedcba9876543210),
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x1f1e1d1c1b1a1918, 0x0706050403020100), 0},
    {"bit v0.16b, v1.16b, v2.16b", 0x6ea21c20, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x0123456789abcdef, 0xfedcba9876543210), V(0x0f0e0d0c0b0a0908, 0x1716151413121110), 0},
    {"bif v0.16b, v1.16b, v2.16b", 0x6ee21c20, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x0123456789abcdef, 0xfedcba9876543210), V(0x1f1e1d1c1b1a1918, 0x0706050403020100), 0},
};
static const struct vector three_same[] = {
    {"add v0.8h, v1.8h, v2.8h", 0x4e628420, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0000000000040006, 0xfffe000000008000), 0},
    {"sub d0, d1, d2", 0x7ee28420, ONES,
     ZERO, V(0x0000000000000000, 0x0000000000000001), V(0x0000000000000000, 0xffffffffffffffff), 0},
    {"shadd v0.4s, v1.4s, v2.4s", 0x4ea20420, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x80000000ffffffff, 0x4000000000000000), 0},
    {"uhadd v0.4s, v1.4s, v2.4s", 0x6ea20420, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x800000007fffffff, 0x4000000080000000), 0},
    {"srhadd v0.8h, v1.8h, v2.8h", 0x4e621420, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x8000000000020003, 0xffff000000004000), 0},
    {"urhadd v0.8h, v1.8h, v2.8h", 0x6e621420, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x8000800000020003, 0xffff800080004000), 0},
    {"shsub v0.4s, v1.4s, v2.4s", 0x4ea22420, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x000000007fffffff, 0xc0000001ffffffff), 0},
    {"uhsub v0.4s, v1.4s, v2.4s", 0x6ea22420, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x00000000ffffffff, 0xc00000017fffffff), 0},
    {"sqadd v0.8h, v1.8h, v2.8h", 0x4e620c20, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x8000000000040006, 0xfffe000000007fff), 1},
    {"uqadd v0.2d, v1.2d, v2.2d", 0x6ee20c20, ZERO,
     V(0x8000000000000000, 0x7fffffffffffffff), V(0x0000000000000001, 0x0000000000000001), V(0x8000000000000001, 0x8000000000000000), 0},
    {"sqsub b0, b1, b2", 0x5e222c20, ONES,
     V(0x0000000000000000, 0x0000000000000080), V(0x0000000000000000, 0x0000000000000001), V(0x0000000000000000, 0x0000000000000080), 1},
    {"uqsub v0.4s, v1.4s, v2.4s", 0x6ea22c20, ZERO,
     V(0x8000000080000000, 0x7fffffff00000001), V(0x800000007fffffff, 0x00000001ffffffff), V(0x0000000000000001, 0x7ffffffe00000000), 1},
    {"cmgt v0.8h, v1.8h, v2.8h", 0x4e623420, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0000ffff00000000, 0x0000000000000000), 0},
    {"cmhi v0.8h, v1.8h, v2.8h", 0x6e623420, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0000000000000000, 0x0000ffffffff0000), 0},
    {"cmge v0.4s, v1.4s, v2.4s", 0x4ea23c20, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0xffffffffffffffff, 0x0000000000000000), 0},
    {"cmhs v0.4s, v1.4s, v2.4s", 0x6ea23c20, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0xffffffff00000000, 0x00000000ffffffff), 0},
    {"cmtst v0.16b, v1.16b, v2.16b", 0x4e228c20, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0xffffffffffffffff, 0xffff0000ff000000), 0},
    {"cmeq v0.4h, v1.4h, v2.4h", 0x2e628c20, ONES,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0000000000000000, 0xffff00000000ffff), 0},
    {"sshl v0.16b, v1.16b, v2.16b", 0x4e224420, ZERO,
     V(0x8080808080808080, 0x7f7f7f7f01010101), V(0xfff9f8f701070880, 0xff01fe02070809f0), V(0xc0ffffff000000ff, 0x3ffe1ffc80000000), 0},
    {"ushl v0.2d, v1.2d, v2.2d", 0x6ee24420, ZERO,
     V(0x8000000000000000, 0x7fffffffffffffff), V(0x00000000000000c1, 0x000000000000003f), V(0x0000000000000001, 0x8000000000000000), 0},
    {"sqshl v0.8h, v1.8h, v2.8h", 0x4e624c20, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x0001000f00110000, 0x000100ff00010001), V(0x80007fff7fff0002, 0xfffec00080007fff), 1},
    {"uqshl s0, s1, s2", 0x7ea24c20, ONES,
     V(0x0000000000000000, 0x0000000080000000), V(0x0000000000000000, 0x0000000000000001), V(0x0000000000000000, 0x00000000ffffffff), 1},
    {"srshl v0.8h, v1.8h, v2.8h", 0x4e625420, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x00f000ff00ff00fe, 0x00ff00f100f000ef), V(0x0000400000010001, 0x0000ffff00000000), 0},
    {"urshl v0.2d, v1.2d, v2.2d", 0x6ee25420, ZERO,
     V(0x8000000000000000, 0x7fffffffffffffff), V(0x00000000000000c0, 0x00000000000000c1), V(0x0000000000000001, 0x0000000000000001), 0},
    {"sqrshl v0.4s, v1.4s, v2.4s", 0x4ea25c20, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x000000e0000000ff, 0x000000e100000021), V(0x0000000040000000, 0x0000000080000000), 1},
    {"uqrshl v0.16b, v1.16b, v2.16b", 0x6e225c20, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0xffffffffffffffff, 0xffffffffffff6410), 1},
    {"smax v0.8h, v1.8h, v2.8h", 0x4e626420, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x80007fff00030004, 0xffff7fff40004000), 0},
    {"umax v0.8h, v1.8h, v2.8h", 0x6e626420, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x8000800100030004, 0xffff8001c0004000), 0},
    {"smin v0.4s, v1.4s, v2.4s", 0x4ea26c20, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x8000000080000000, 0x00000001ffffffff), 0},
    {"umin v0.4s, v1.4s, v2.4s", 0x6ea26c20, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x800000007fffffff, 0x0000000100000001), 0},
    {"sabd v0.4s, v1.4s, v2.4s", 0x4ea27420, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x00000000ffffffff, 0x7ffffffe00000002), 0},
    {"uabd v0.4s, v1.4s, v2.4s", 0x6ea27420, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x0000000000000001, 0x7ffffffefffffffe), 0},
    {"saba v0.8h, v1.8h, v2.8h", 0x4e627c20, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0f0e0d0a0b0c090a, 0x0706050283020100), 0},
    {"uaba v0.16b, v1.16b, v2.16b", 0x6e227c20, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x2d133557799bbddf, 0xeeccaa8866442200), 0},
    {"mla v0.4s, v1.4s, v2.4s", 0x4ea29420, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x0f0e0d0c8b0a0908, 0x87060503030200ff), 0},
    {"mls v0.8h, v1.8h, v2.8h", 0x6e629420, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0f0e0d0d0b070900, 0x0705050503020100), 0},
    {"mul v0.16b, v1.16b, v2.16b", 0x4e229c20, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x1f1ad144735e0568, 0xd2e842e0c2e85200), 0},
    {"pmul v0.16b, v1.16b, v2.16b", 0x6e229c20, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x1fe229d443be7588, 0x1a08f2e0fae81200), 0},
    {"smaxp v0.8h, v1.8h, v2.8h", 0x4e62a420, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x800100047fff4000, 0x7fff0002ffff4000), 0},
    {"umaxp v0.16b, v1.16b, v2.16b", 0x6e22a420, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x1f1d1b1917151311, 0x2367abeffeba7632), 0},
    {"sminp v0.2s, v1.2s, v2.2s", 0x0ea2ac20, ONES,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x0000000000000000, 0x00000001ffffffff), 0},
    {"uminp v0.8h, v1.8h, v2.8h", 0x6e62ac20, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x800000037fff4000, 0x7fff000180014000), 0},
    {"addp v0.4s, v1.4s, v2.4s", 0x4ea2bc20, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x0000000080000000, 0xffffffff00000000), 0},
    {"sqdmulh v0.8h, v1.8h, v2.8h", 0x4e62b420, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x7fff800100000000, 0x00008001e0002000), 1},
    {"sqrdmulh s0, s1, s2", 0x7ea2b420, ONES,
     V(0x0000000000000000, 0x0000000080000000), V(0x0000000000000000, 0x0000000080000000), V(0x0000000000000000, 0x000000007fffffff), 1},
    {"sqrdmlah v0.8h, v1.8h, v2.8h", 0x6e428420, V(0x80007fff00010002, 0xffff8001c0004000),
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0000000100010002, 0xffff8000a0006000), 1},
    {"sqrdmlsh v0.4s, v1.4s, v2.4s", 0x6e828c20, V(0x800000007fffffff, 0x00000001ffffffff),
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x800000007fffffff, 0x00000000ffffffff), 1},
    {"sdot v0.4s, v1.16b, v2.16b", 0x4e829420, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x0123456789abcdef, 0xfedcba9876543210), ONES, V(0x0f0e0c3c0b0a0a18, 0x070605d80301fff4), 0},
    {"udot v0.2s, v1.8b, v2.8b", 0x2e829420, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), ONES, V(0x0000000000000000, 0x000328d300010af3), 0},
};
static const struct vector three_different[] = {
    {"saddl v0.4s, v1.4h, v2.4h", 0x0e620020, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0xfffffffe00000000, 0x0000000000008000), 0},
    {"uaddl2 v0.8h, v1.16b, v2.16b", 0x6e220020, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), ONES, V(0x0100012201440166, 0x018801aa01cc01ee), 0},
    {"saddw2 v0.2d, v1.2d, v2.4s", 0x4ea21020, ZERO,
     V(0x8000000000000000, 0x7fffffffffffffff), V(0x800000007fffffff, 0x00000001ffffffff), V(0x7fffffff80000000, 0x800000007ffffffe), 0},
    {"uaddw v0.4s, v1.4s, v2.4h", 0x2e621020, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000ffff80008000, 0x0000c00100003fff), 0},
    {"ssubl v0.2d, v1.2s, v2.2s", 0x0ea22020, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0xffffffff80000002, 0xfffffffffffffffe), 0},
    {"usubl v0.8h, v1.8b, v2.8b", 0x2e222020, ZERO,
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0xfff0fff0fff0fff0, 0xfff0fff0fff0fff0), 0},
    {"ssubw v0.8h, v1.8h, v2.8b", 0x0e223020, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x0123456789abcdef, 0xfedcba9876543210), V(0x800280230047006a, 0xff897fadbfce3ff0), 0},
    {"usubw2 v0.2d, v1.2d, v2.4s", 0x6ea23020, ZERO,
     V(0x8000000000000000, 0x7fffffffffffffff), V(0x800000007fffffff, 0x00000001ffffffff), V(0x7fffffff80000000, 0x7fffffff80000000), 0},
    {"addhn v0.4h, v1.4s, v2.4s", 0x0e624020, ONES,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x0000000000000000, 0x0000ffff80000000), 0},
    {"raddhn2 v0.16b, v1.8h, v2.8h", 0x6e224020, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0000000000000080, 0x0706050403020100), 0},
    {"subhn v0.2s, v1.2d, v2.2d", 0x0ea26020, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x8000000000000000, 0x7fffffffffffffff), V(0x0000000000000000, 0x812345677edcba98), 0},
    {"rsubhn v0.8b, v1.8h, v2.8h", 0x2e226020, ONES,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0000000000000000, 0x0000000000008000), 0},
    {"sabal v0.4s, v1.4h, v2.4h", 0x0e625020, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0f0e0d0c0b0b0906, 0x0706850403020100), 0},
    {"uabdl2 v0.8h, v1.16b, v2.16b", 0x6e227020, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0x000e00150038005b, 0x007e00a100c400e7), 0},
    {"smlal v0.4s, v1.4h, v2.4h", 0x0e628020, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0f0e0d0dcb0b0907, 0xf706050413020100), 0},
    {"umlsl2 v0.2d, v1.4s, v2.4s", 0x6ea2a020, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0xcf0e0d0c0b0a0908, 0xc706050483020100), 0},
    {"smull v0.2d, v1.2s, v2.2s", 0x0ea2c020, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x000000007fffffff, 0xffffffffffffffff), 0},
    {"umull2 v0.4s, v1.8h, v2.8h", 0x6e62c020, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x400000003fffffff, 0x0000000300000008), 0},
    {"sqdmull2 v0.4s, v1.8h, v2.8h", 0x4e62d020, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x7fffffff8001fffe, 0x0000000600000010), 1},
    {"sqdmlal v0.2d, v1.2s, v2.2s", 0x0ea29020, V(0x8000000000000000, 0x7fffffffffffffff),
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x80000000fffffffe, 0x7ffffffffffffffd), 0},
    {"sqdmlsl d0, s1, s2", 0x5ea2b020, V(0x8000000000000000, 0x7fffffffffffffff),
     V(0x0000000000000000, 0x0000000080000000), V(0x0000000000000000, 0x000000007fffffff), V(0x0000000000000000, 0x7fffffffffffffff), 1},
    {"pmull v0.8h, v1.8b, v2.8b", 0x0e22e020, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0x0d1a0f0809f20be0, 0x07fa05e803120100), 0},
    {"pmull2 v0.1q, v1.2d, v2.2d", 0x4ee2e020, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), ONES, V(0x00e13cdd789944a5, 0x00e13cdd789944a5), 0},
};
static const struct vector two_registers[] = {
    {"rev64 v0.8h, v1.8h", 0x4e600820, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0xcdef89ab45670123, 0x32107654ba98fedc), 0},
    {"rev32 v0.16b, v1.16b", 0x6e200820, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x67452301efcdab89, 0x98badcfe10325476), 0},
    {"rev16 v0.8b, v1.8b", 0x0e201820, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0000000000000000, 0xdcfe98ba54761032), 0},
    {"saddlp v0.8h, v1.16b", 0x4e202820, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x002400acff34ffbc, 0xffdaff5200ca0042), 0},
    {"uadalp v0.2d, v1.4s", 0x6ea06820, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x0f0e0d0d0b0a0907, 0x0706050503020100), 0},
    {"suqadd v0.8h, v1.8h", 0x4e603820, V(0x80007fff00010002, 0xffff8001c0004000),
     V(0x8000800100030004, 0xffff7fff40004000), ZERO, V(0x00007fff00040006, 0x7fff000000007fff), 1},
    {"usqadd v0.4s, v1.4s", 0x6ea03820, V(0x8000000080000000, 0x7fffffff00000001),
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x00000000ffffffff, 0x8000000000000000), 0},
    {"cls v0.8h, v1.8h", 0x4e604820, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0x00000000000e000d, 0x000f000000010000), 0},
    {"clz v0.4s, v1.4s", 0x6ea04820, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x0000000000000001, 0x0000001f00000000), 0},
    {"cnt v0.16b, v1.16b", 0x4e205820, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0103030503050507, 0x0705050305030301), 0},
    {"mvn v0.8b, v1.8b", 0x2e205820, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0000000000000000, 0x0123456789abcdef), 0},
    {"rbit v0.16b, v1.16b", 0x6e605820, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x80c4a2e691d5b3f7, 0x7f3b5d196e2a4c08), 0},
    {"sqabs v0.8h, v1.8h", 0x4e607820, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0x7fff7fff00010002, 0x00017fff40004000), 1},
    {"sqneg d0, d1", 0x7ee07820, ONES,
     V(0x0000000000000000, 0x8000000000000000), ZERO, V(0x0000000000000000, 0x7fffffffffffffff), 1},
    {"abs v0.2d, v1.2d", 0x4ee0b820, ZERO,
     V(0x8000000000000000, 0x7fffffffffffffff), ZERO, V(0x8000000000000000, 0x7fffffffffffffff), 0},
    {"neg v0.4s, v1.4s", 0x6ea0b820, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x8000000080000001, 0xffffffff00000001), 0},
    {"cmgt v0.8h, v1.8h, #0", 0x4e608820, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0x0000ffffffffffff, 0x000000000000ffff), 0},
    {"cmge v0.8h, v1.8h, #0", 0x6e608820, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0x0000ffffffffffff, 0x000000000000ffff), 0},
    {"cmeq v0.16b, v1.16b, #0", 0x4e209820, ZERO,
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), ZERO, V(0x0000000000000000, 0x00000000000000ff), 0},
    {"cmle v0.8h, v1.8h, #0", 0x6e609820, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0xffff000000000000, 0xffffffffffff0000), 0},
    {"cmlt d0, d1, #0", 0x5ee0a820, ONES,
     V(0x0000000000000000, 0x8000000000000000), ZERO, V(0x0000000000000000, 0xffffffffffffffff), 0},
    {"xtn v0.8b, v1.8h", 0x0e212820, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0000000000000000, 0x2367abefdc985410), 0},
    {"sqxtn v0.4h, v1.4s", 0x0e614820, ONES,
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x0000000000000000, 0x80007fff0001ffff), 1},
    {"sqxtun2 v0.16b, v1.8h", 0x6e212820, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0x00ff0102000000ff, 0x0706050403020100), 1},
    {"uqxtn s0, d1", 0x7ea14820, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0000000000000000, 0x00000000ffffffff), 1},
    {"shll2 v0.4s, v1.8h, #16", 0x6e613820, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0123000045670000, 0x89ab0000cdef0000), 0},
};
static const struct vector across[] = {
    {"addv b0, v1.16b", 0x4e31b820, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0000000000000000, 0x00000000000000f8), 0},
    {"saddlv s0, v1.8h", 0x4e703820, ONES,
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0x0000000000000000, 0x00000000ffff8002), 0},
    {"uaddlv d0, v1.4s", 0x6eb03820, ONES,
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x0000000000000000, 0x00000001ffffffff), 0},
    {"smaxv h0, v1.8h", 0x4e70a820, ONES,
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0x0000000000000000, 0x0000000000007fff), 0},
    {"umaxv b0, v1.8b", 0x2e30a820, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0000000000000000, 0x00000000000000fe), 0},
    {"sminv s0, v1.4s", 0x4eb1a820, ONES,
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x0000000000000000, 0x0000000080000000), 0},
    {"uminv h0, v1.4h", 0x2e71a820, ONES,
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0x0000000000000000, 0x0000000000004000), 0},
    {"addp d0, v1.2d", 0x5ef1b820, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0000000000000000, 0xffffffffffffffff), 0},
};
static const struct vector shift[] = {
    {"sshr v0.8h, v1.8h, #16", 0x4f100420, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0xffff000000000000, 0xffffffffffff0000), 0},
    {"ushr v0.2d, v1.2d, #64", 0x6f400420, ZERO,
     V(0x8000000000000000, 0x7fffffffffffffff), ZERO, ZERO, 0},
    {"ssra v0.4s, v1.4s, #4", 0x4f3c1420, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x070e0d0c130a0907, 0x07060504030200ff), 0},
    {"usra d0, d1, #1", 0x7f7f1420, ONES,
     V(0x8000000000000000, 0x7fffffffffffffff), ZERO, V(0x0000000000000000, 0x3ffffffffffffffe), 0},
    {"srshr v0.16b, v1.16b, #1", 0x4f0f2420, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x01122334c5d6e7f8, 0xffeeddcc3b2a1908), 0},
    {"urshr v0.2d, v1.2d, #64", 0x6f402420, ZERO,
     V(0x8000000000000000, 0x7fffffffffffffff), ZERO, V(0x0000000000000001, 0x0000000000000000), 0},
    {"srsra v0.8h, v1.8h, #3", 0x4f1d3420, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0xff0e1d0c0b0a0908, 0x0706f504fb020900), 0},
    {"ursra v0.4s, v1.4s, #32", 0x6f203420, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x0f0e0d0d0b0a0908, 0x0706050403020101), 0},
    {"sri v0.16b, v1.16b, #3", 0x6f0d4420, V(0x0123456789abcdef, 0xfedcba9876543210),
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), ZERO, V(0x0121416181a1c1e1, 0xe0c0a08060402000), 0},
    {"sli v0.4s, v1.4s, #8", 0x6f285420, V(0x0123456789abcdef, 0xfedcba9876543210),
     V(0x0f0e0d0c0b0a0908, 0x0706050403020100), ZERO, V(0x0e0d0c670a0908ef, 0x0605049802010010), 0},
    {"shl v0.2d, v1.2d, #63", 0x4f7f5420, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x8000000000000000, 0x0000000000000000), 0},
    {"sqshl v0.8h, v1.8h, #1", 0x4f117420, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0x80007fff00020004, 0xfffe800080007fff), 1},
    {"uqshl b0, b1, #7", 0x7f0f7420, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0000000000000000, 0x00000000000000ff), 1},
    {"sqshlu v0.4s, v1.4s, #0", 0x6f206420, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x000000007fffffff, 0x0000000100000000), 1},
    {"shrn v0.8b, v1.8h, #4", 0x0f0c8420, ONES,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x0000000000000000, 0x12569adeeda96521), 0},
    {"rshrn2 v0.4s, v1.2d, #32", 0x4f208c20, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0x01234568fedcba98, 0x0706050403020100), 0},
    {"sqshrn v0.4h, v1.4s, #1", 0x0f1f9420, ONES,
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x0000000000000000, 0x80007fff0000ffff), 1},
    {"sqrshrn s0, d1, #32", 0x5f209c20, ONES,
     V(0x8000000000000000, 0x7fffffffffffffff), ZERO, V(0x0000000000000000, 0x000000007fffffff), 1},
    {"sqshrun v0.8b, v1.8h, #8", 0x2f088420, ONES,
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0x0000000000000000, 0x007f000000000040), 1},
    {"sqrshrun2 v0.16b, v1.8h, #1", 0x6f0f8c20, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x80007fff00010002, 0xffff8001c0004000), ZERO, V(0x00ff0101000000ff, 0x0706050403020100), 1},
    {"uqshrn h0, s1, #16", 0x7f109420, ONES,
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x0000000000000000, 0x000000000000ffff), 0},
    {"uqrshrn v0.2s, v1.2d, #1", 0x2f3f9c20, ONES,
     V(0x8000000000000000, 0x7fffffffffffffff), ZERO, V(0x0000000000000000, 0xffffffffffffffff), 1},
    {"sshll v0.8h, v1.8b, #7", 0x0f0fa420, ZERO,
     V(0x0123456789abcdef, 0xfedcba9876543210), ZERO, V(0xff00ee00dd00cc00, 0x3b002a0019000800), 0},
    {"ushll2 v0.2d, v1.4s, #0", 0x6f20a420, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), ZERO, V(0x0000000080000000, 0x000000007fffffff), 0},
};
static const struct vector element[] = {
    {"mul v0.8h, v1.8h, v2.h[7]", 0x4f728820, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0000800080000000, 0x8000800000000000), 0},
    {"mla v0.4s, v1.4s, v2.s[3]", 0x6fa20820, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x0f0e0d0c8b0a0908, 0x8706050483020100), 0},
    {"mls v0.4h, v1.4h, v2.h[1]", 0x2f524020, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0000000000000000, 0x4706c50403020100), 0},
    {"smull v0.4s, v1.4h, v2.h[2]", 0x0f62a020, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0xffff8001c000ffff, 0xe00040001fffc000), 0},
    {"umlal2 v0.2d, v1.4s, v2.s[1]", 0x6fa22020, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x4f0e0d0b8b0a0908, 0x4706050303020101), 0},
    {"smlsl v0.4s, v1.4h, v2.h[3]", 0x0f726020, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0f0e0d0b0b098909, 0x0705c50403024100), 0},
    {"sqdmull v0.2d, v1.2s, v2.s[2]", 0x0f82b820, ZERO,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0xffffffff00000000, 0x0000000100000000), 0},
    {"sqdmlal2 v0.4s, v1.8h, v2.h[7]", 0x4f723820, V(0x800000007fffffff, 0x00000001ffffffff),
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0xffffffff0000ffff, 0xffff0001fffdffff), 1},
    {"sqdmlsl s0, h1, v2.h[7]", 0x5f727820, V(0x800000007fffffff, 0x00000001ffffffff),
     V(0x8000800100030004, 0xffff7fff40004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0000000000000000, 0x000000003fffffff), 0},
    {"sqdmulh v0.8h, v1.8h, v2.h[7]", 0x4f72c820, ZERO,
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x7fff8001fffffffe, 0x00017fff4000c000), 1},
    {"sqrdmulh s0, s1, v2.s[3]", 0x5fa2d820, ONES,
     V(0x800000007fffffff, 0x00000001ffffffff), V(0x8000000080000000, 0x7fffffff00000001), V(0x0000000000000000, 0x0000000000000001), 0},
    {"sqrdmlah v0.8h, v1.8h, v2.h[7]", 0x6f72d820, V(0x80007fff00010002, 0xffff8001c0004000),
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), ZERO, 0},
    {"sqrdmlsh h0, h1, v2.h[6]", 0x7f62f820, V(0x80007fff00010002, 0xffff8001c0004000),
     V(0x80007fff00010002, 0xffff8001c0004000), V(0x8000800100030004, 0xffff7fff40004000), V(0x0000000000000000, 0x0000000000007fff), 1},
    {"sdot v0.4s, v1.16b, v2.4b[1]", 0x4fa2e020, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x8000800100030004, 0xffff7fff40004000), V(0x0f0e2ebc0b09f098, 0x0705e2d8030218f4), 0},
    {"udot v0.2s, v1.8b, v2.4b[3]", 0x2fa2e820, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0x0123456789abcdef, 0xfedcba9876543210), V(0x8000800100030004, 0xffff7fff40004000), V(0x0000000000000000, 0x0706e19c03025510), 0},
};

static void run_word(struct lp_cpu *cpu, uint32_t word)
{
    struct lp_op op;
    const unsigned row = lp_a64_decode(word, 0, LP_A64_ALL, &op);
    assert_int_not_equal(row, A64_UNDEFINED);
    lp_op_table[row].plain(cpu, &op);
}

static void load(struct lp_cpu *cpu, const struct vector *v)
{
    memset(cpu, 0, sizeof *cpu);
    cpu->x[3] = UINT64_C(0x8899aabbccddeeff);
    memcpy(cpu->v[0].d, v->d, 16);
    memcpy(cpu->v[1].d, v->n, 16);
    memcpy(cpu->v[2].d, v->m, 16);
}

static void run_vectors(const struct vector *v, size_t n)
{
    static struct lp_cpu cpu;
    for (; n-- > 0; v++) {
        load(&cpu, v);
        run_word(&cpu, v->word);
        if (memcmp(cpu.v[0].d, v->want, 16) != 0)
            fail_msg("%s: %016llx_%016llx instead of %016llx_%016llx", v->text, (unsigned long long)cpu.v[0].d[1], (unsigned long long)cpu.v[0].d[0],
                     (unsigned long long)v->want[1], (unsigned long long)v->want[0]);
        if (cpu.fpsr != (v->qc ? UINT32_C(1) << 27 : 0))
            fail_msg("%s: FPSR %08x", v->text, (unsigned)cpu.fpsr);
    }
}
static void test_copy(void **state) { run_vectors(copy, sizeof copy / sizeof copy[0]); }
static void test_immediate(void **state) { run_vectors(immediate, sizeof immediate / sizeof immediate[0]); }
static void test_logical(void **state) { run_vectors(logical, sizeof logical / sizeof logical[0]); }
static void test_three_same(void **state) { run_vectors(three_same, sizeof three_same / sizeof three_same[0]); }
static void test_three_different(void **state) { run_vectors(three_different, sizeof three_different / sizeof three_different[0]); }
static void test_two_registers(void **state) { run_vectors(two_registers, sizeof two_registers / sizeof two_registers[0]); }
static void test_across(void **state) { run_vectors(across, sizeof across / sizeof across[0]); }
static void test_shift(void **state) { run_vectors(shift, sizeof shift / sizeof shift[0]); }
static void test_element(void **state) { run_vectors(element, sizeof element / sizeof element[0]); }

/* UMOV and SMOV write general registers; register 31 is thrown away. */
static void test_to_general(void **state)
{
    static const struct { uint32_t word; uint64_t want; } moves[] = {
        {0x0e1f3c20, UINT64_C(0x0000000000000081)}, /* umov w0, v1.b[15] */
        {0x0e0e3c20, UINT64_C(0x000000000000fedc)}, /* umov w0, v1.h[3] */
        {0x0e0c3c20, UINT64_C(0x00000000fedcba98)}, /* mov w0, v1.s[1] */
        {0x4e183c20, UINT64_C(0x8123456789abcdef)}, /* mov x0, v1.d[1] */
        {0x0e1f2c20, UINT64_C(0x00000000ffffff81)}, /* smov w0, v1.b[15] */
        {0x4e0f2c20, UINT64_C(0xfffffffffffffffe)}, /* smov x0, v1.b[7] */
        {0x0e1e2c20, UINT64_C(0x00000000ffff8123)}, /* smov w0, v1.h[7] */
        {0x4e022c20, UINT64_C(0x0000000000003210)}, /* smov x0, v1.h[0] */
        {0x4e1c2c20, UINT64_C(0xffffffff81234567)}, /* smov x0, v1.s[3] */
    };
    struct lp_cpu cpu = {.x = {0}};
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        cpu.x[0] = UINT64_MAX;
        cpu.v[1].d[0] = UINT64_C(0xfedcba9876543210);
        cpu.v[1].d[1] = UINT64_C(0x8123456789abcdef);
        run_word(&cpu, moves[i].word);
        assert_int_equal(cpu.x[0], moves[i].want);
    }
    run_word(&cpu, 0x0e013c3f); /* umov wzr, v1.b[0] */
    assert_int_equal(cpu.x[LP_SLOT_ZR], 0);
}

/* A destination that is also a source. */
static void test_overlap(void **state)
{
    static struct lp_cpu cpu;
    cpu.v[0].d[0] = UINT64_C(0x0706050403020100);
    cpu.v[0].d[1] = UINT64_C(0x0f0e0d0c0b0a0908);
    run_word(&cpu, 0x4e003800); /* zip1 v0.16b, v0.16b, v0.16b */
    assert_int_equal(cpu.v[0].d[0], UINT64_C(0x0303020201010000));
    assert_int_equal(cpu.v[0].d[1], UINT64_C(0x0707060605050404));
    run_word(&cpu, 0x6e20c000); /* umull2 v0.8h, v0.16b, v0.16b */
    assert_int_equal(cpu.v[0].d[0], UINT64_C(0x0019001900100010));
    assert_int_equal(cpu.v[0].d[1], UINT64_C(0x0031003100240024));
    run_word(&cpu, 0x4e212800); /* xtn2 v0.16b, v0.8h */
    assert_int_equal(cpu.v[0].d[0], UINT64_C(0x0019001900100010));
    assert_int_equal(cpu.v[0].d[1], UINT64_C(0x3131242419191010));
}

/* FPSR.QC is sticky, and a lane that is no part of the operation cannot set it. */
static void test_qc(void **state)
{
    static struct lp_cpu cpu;
    cpu.v[1].d[1] = cpu.v[2].d[1] = UINT64_C(0x7fffffffffffffff);
    run_word(&cpu, 0x0e220c20); /* sqadd v0.8b, v1.8b, v2.8b */
    assert_int_equal(cpu.fpsr, 0);
    cpu.v[1].d[0] = UINT64_C(0x7f00);
    cpu.v[2].d[0] = UINT64_C(0x7f00);
    run_word(&cpu, 0x5e220c20); /* sqadd b0, b1, b2 */
    assert_int_equal(cpu.fpsr, 0);
    run_word(&cpu, 0x0e220c20);
    assert_int_equal(cpu.fpsr, UINT32_C(1) << 27);
    run_word(&cpu, 0x5e220c20);
    assert_int_equal(cpu.fpsr, UINT32_C(1) << 27);
}

/* Reserved encodings are undefined. */
static void test_reserved(void **state)
{
    static const uint32_t words[] = {
        0x0ee28420, /* add v0.1d, v1.1d, v2.1d: one doubleword needs the scalar form */
        0x4ee20420, /* shadd v0.2d */
        0x4e00040f, /* dup with imm5 = 0 */
        0x2e026820, /* ext v0.8b, v1.8b, v2.8b, #13 */
        0x0f400420, /* sshr of a doubleword with Q = 0 */
        0x4ee2d020, /* sqdmull of doublewords */
        0x0eb1b820, /* addv of two words */
        0x4e22b420, /* sqdmulh of bytes */
        0x0f00f400 | 1u << 29, /* fmov v0.1d, #imm */
    };
    struct lp_op op;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_int_equal(lp_a64_decode(words[i], 0, LP_A64_ALL, &op), A64_UNDEFINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy), cmocka_unit_test(test_immediate), cmocka_unit_test(test_logical), cmocka_unit_test(test_three_same), cmocka_unit_test(test_three_different),
        cmocka_unit_test(test_two_registers), cmocka_unit_test(test_across), cmocka_unit_test(test_shift), cmocka_unit_test(test_element),
        cmocka_unit_test(test_to_general), cmocka_unit_test(test_overlap), cmocka_unit_test(test_qc), cmocka_unit_test(test_reserved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
