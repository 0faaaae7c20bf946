/* What -O3 makes of a 3x3 convolution of bytes, a complex FFT pass and Adler-32: widening, narrowing, interleaved loads, lane sums. */
/* flags: -O3 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
enum { W = 256, H = 128, N = 4096, M = 1 << 14 };
static uint8_t in[H][W], out[H][W], bytes[M];
struct complex { float re, im; };
static struct complex x[N], w[N / 2];

static void convolve(void)
{
    for (int y = 1; y < H - 1; y++)
        for (int i = 1; i < W - 1; i++) {
            int s = in[y - 1][i - 1] + 2 * in[y - 1][i] + in[y - 1][i + 1] + 2 * in[y][i - 1] + 4 * in[y][i] + 2 * in[y][i + 1] + in[y + 1][i - 1] + 2 * in[y + 1][i] + in[y + 1][i + 1];
            out[y][i] = (uint8_t)((s + 8) >> 4);
        }
}

static void butterflies(void)
{
    for (int i = 0; i < N / 2; i++) {
        struct complex a = x[i], b = x[i + N / 2];
        float re = b.re * w[i].re - b.im * w[i].im, im = b.re * w[i].im + b.im * w[i].re;
        x[i].re = (a.re + re) * 0.70710678f, x[i].im = (a.im + im) * 0.70710678f, x[i + N / 2].re = (a.re - re) * 0.70710678f, x[i + N / 2].im = (a.im - im) * 0.70710678f;
    }
}

static uint32_t adler(void)
{
    uint32_t a = 1, b = 0;
    for (int i = 0; i < M; i += 4096) {
        uint32_t s = 0, t = 0;
        for (int k = 0; k < 4096; k++) s += bytes[i + k], t += (uint32_t)(4096 - k) * bytes[i + k];
        b = (b + 4096 * a + t) % 65521, a = (a + s) % 65521;
    }
    return b << 16 | a;
}

int main(int argc, char **argv)
{
    uint32_t sum = 0;
    for (int i = 0; i < M; i++) bytes[i] = (uint8_t)(i * 31 >> 3);
    for (int y = 0; y < H; y++) for (int i = 0; i < W; i++) in[y][i] = (uint8_t)(i * y + i);
    for (int i = 0; i < N; i++) x[i].re = (float)(i % 91), x[i].im = (float)(i % 57), w[i / 2].re = i % 3 ? 0.6f : -0.8f, w[i / 2].im = i % 3 ? 0.8f : 0.6f;
    for (int r = argc > 1 ? atoi(argv[1]) : 700; r; r--) {
        convolve();
        butterflies(), butterflies();
        bytes[r % M]++;
        sum += adler() + out[r % (H - 2) + 1][r % (W - 2) + 1];
        in[r % H][r % W] ^= (uint8_t)sum;
    }
    printf("%x %a\n", sum, (double)(x[7].re + x[99].im));
    return 0;
}
