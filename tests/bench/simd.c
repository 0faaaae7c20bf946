/* AdvSIMD as it is written by hand: a transpose by TRN and ZIP, a 16-bit DCT with SQRDMULH, table look-ups, saturating sums, CRC32 and AES rounds. */
/* flags: -O3 -march=armv8-a+crc+crypto */
#include <arm_acle.h>
#include <arm_neon.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
enum { N = 1 << 14 };
static uint8_t a[N], b[N];
static int16_t s[N];

static void transpose(int16x8_t v[8])
{
    int16x8x2_t p = vtrnq_s16(v[0], v[1]), q = vtrnq_s16(v[2], v[3]), r = vtrnq_s16(v[4], v[5]), t = vtrnq_s16(v[6], v[7]);
    int16x8_t w[8] = {p.val[0], p.val[1], q.val[0], q.val[1], r.val[0], r.val[1], t.val[0], t.val[1]};
    for (int i = 0; i < 2; i++) {
        int32x4x2_t e = vtrnq_s32(vreinterpretq_s32_s16(w[i]), vreinterpretq_s32_s16(w[i + 2])), f = vtrnq_s32(vreinterpretq_s32_s16(w[i + 4]), vreinterpretq_s32_s16(w[i + 6]));
        v[i] = vreinterpretq_s16_s64(vzip1q_s64(vreinterpretq_s64_s32(e.val[0]), vreinterpretq_s64_s32(f.val[0])));
        v[i + 2] = vreinterpretq_s16_s64(vzip1q_s64(vreinterpretq_s64_s32(e.val[1]), vreinterpretq_s64_s32(f.val[1])));
        v[i + 4] = vreinterpretq_s16_s64(vzip2q_s64(vreinterpretq_s64_s32(e.val[0]), vreinterpretq_s64_s32(f.val[0])));
        v[i + 6] = vreinterpretq_s16_s64(vzip2q_s64(vreinterpretq_s64_s32(e.val[1]), vreinterpretq_s64_s32(f.val[1])));
    }
}

static void columns(int16x8_t v[8])
{
    for (int i = 0; i < 4; i++) {
        int16x8_t sum = vqaddq_s16(v[i], v[7 - i]), diff = vqsubq_s16(v[i], v[7 - i]);
        v[i] = vrhaddq_s16(sum, vqrdmulhq_n_s16(diff, 12540)), v[7 - i] = vqrdmulhq_n_s16(vmlaq_n_s16(diff, sum, 3), 23170);
    }
}

static void blocks(void)
{
    for (int i = 0; i < N; i += 64) {
        int16x8_t v[8];
        for (int k = 0; k < 8; k++) v[k] = vld1q_s16(s + i + k * 8);
        columns(v), transpose(v), columns(v), transpose(v);
        for (int k = 0; k < 8; k++) vst1q_s16(s + i + k * 8, v[k]);
    }
}

static uint32_t tables(uint8x16x2_t t)
{
    uint16x8_t total = vdupq_n_u16(0);
    for (int i = 0; i < N; i += 48) {
        uint8x16x3_t p = vld3q_u8(a + i % (N - 48));
        uint8x16_t y = vqtbl2q_u8(t, vandq_u8(p.val[0], vdupq_n_u8(37))), d = vabdq_u8(p.val[1], p.val[2]);
        total = vpadalq_u8(total, vqaddq_u8(y, vextq_u8(d, y, 3)));
        p.val[0] = vbslq_u8(vcgtq_u8(y, d), y, d), p.val[1] = vrev64q_u8(y);
        vst3q_u8(b + i % (N - 48), p);
    }
    return vaddlvq_u16(total);
}

static uint32_t rounds(uint8x16_t k)
{
    uint8x16_t x = vld1q_u8(a);
    uint32_t crc = ~0u;
    for (int i = 0; i < N; i += 16) {
        x = vaesmcq_u8(vaeseq_u8(veorq_u8(x, vld1q_u8(b + i)), k));
        crc = __crc32d(crc, vgetq_lane_u64(vreinterpretq_u64_u8(x), 0) ^ vgetq_lane_u64(vreinterpretq_u64_u8(x), 1));
    }
    return crc;
}

int main(int argc, char **argv)
{
    for (int i = 0; i < N; i++) a[i] = (uint8_t)(i * 7), b[i] = (uint8_t)(i * 13), s[i] = (int16_t)(i * 23);
    uint8x16x2_t t = {{vld1q_u8(a + 3), vld1q_u8(b + 5)}};
    uint32_t sum = 0;
    for (int r = argc > 1 ? atoi(argv[1]) : 1500; r; r--) {
        blocks();
        sum += tables(t) + rounds(vdupq_n_u8((uint8_t)r));
        a[r % N] = (uint8_t)sum;
    }
    printf("%x %d\n", sum, s[99]);
    return 0;
}
