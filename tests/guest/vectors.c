/* GCC vector extensions: arithmetic, comparison, shuffle and conversion on every lane size. */
#include <stdint.h>
#include <stdio.h>
#define V(t, n, name) typedef t name __attribute__((vector_size(n)));
V(int8_t, 16, b16) V(uint8_t, 16, ub16) V(int16_t, 16, h8) V(uint16_t, 16, uh8) V(int32_t, 16, s4) V(uint32_t, 16, us4) V(int64_t, 16, d2) V(float, 16, f4) V(double, 16, df2) V(int8_t, 8, b8) V(int16_t, 8, h4) V(int32_t, 8, s2)
static unsigned h = 17;
static void mix(const void *p, int n) { const uint8_t *b = p; while (n--) h = h * 31 + *b++; }
#define OPS(T) { T a, b; uint8_t *x = (void *)&a, *y = (void *)&b; for (unsigned i = 0; i < sizeof(T); i++) x[i] = (uint8_t)(i * 73 + 9), y[i] = (uint8_t)(i * 31 ^ 0x5a); T r[] = {a + b, a - b, a * b, a & b, a | b, a ^ b, ~a, -a, (T)(a > b), (T)(a == b), (T)(a <= b), a << 3, a >> 2, a << (b & 7), a >> (b & 7)}; for (unsigned i = 0; i < sizeof r / sizeof *r; i++) mix(&r[i], sizeof(T)); printf("%08x\n", h); }
#define FOPS(T) { T a, b; for (unsigned i = 0; i < sizeof(T) / sizeof a[0]; i++) a[i] = i * 1.25f - 1, b[i] = 3 - i * .5f; T r[] = {a + b, a - b, a * b, a / b, -a, a > b ? a : b}; for (unsigned i = 0; i < sizeof r / sizeof *r; i++) mix(&r[i], sizeof(T)); printf("%08x\n", h); }
int main(void)
{
    OPS(b16) OPS(ub16) OPS(h8) OPS(uh8) OPS(s4) OPS(us4) OPS(d2) OPS(b8) OPS(h4) OPS(s2)
    f4 fa = {1.5f, -2.5f, 1e10f, -0.f}, fb = {2, 3, 4, 5}; s4 m = fa > fb; mix(&m, 16); f4 fr[] = {fa + fb, fa * fb, fa / fb, fa - fb}; mix(fr, 64); s4 c = __builtin_convertvector(fb, s4); mix(&c, 16); df2 da = {1.5, -2.25}, db = {3, .1}; df2 dr[] = {da + db, da * db, da / db}; mix(dr, 48); d2 dc = __builtin_convertvector(da, d2); mix(&dc, 16);
    s4 sh = __builtin_shuffle((s4){1, 2, 3, 4}, (s4){5, 6, 7, 8}, (s4){7, 0, 5, 2}); mix(&sh, 16); ub16 bs = __builtin_shuffle((ub16){9, 8, 7, 6, 5, 4, 3, 2, 1}, (ub16){15, 0, 14, 1, 13, 2, 12, 3, 11, 4, 10, 5, 9, 6, 8, 7}); mix(&bs, 16); printf("%08x\n", h);
    return 0;
}
