/* Bit tricks: rotates, counts, byte swaps, bit-fields, signed and unsigned shifts. */
#include <stdint.h>
#include <stdio.h>
struct bf { unsigned a : 3, b : 7, c : 22; signed d : 5; uint64_t e : 43; int64_t f : 21; };
int main(void)
{
    uint64_t v = 0x9e3779b97f4a7c15u;
    struct bf s = {0};
    for (int i = 0; i < 100; i++) {
        uint32_t w = (uint32_t)v;
        printf("%d %d %d %d %d %d %d ", __builtin_clzll(v | 1), __builtin_ctzll(v | 1ull << 63), __builtin_popcountll(v), __builtin_clz(w | 1), __builtin_ctz(w | 1u << 31), __builtin_parityll(v), __builtin_ffsll((long long)v));
        printf("%llx %x %x ", (unsigned long long)__builtin_bswap64(v), __builtin_bswap32(w), __builtin_bswap16((uint16_t)w));
        printf("%llx %x ", (unsigned long long)(v >> (i & 63) | v << (-i & 63)), w << (i & 31) | w >> (-i & 31));
        printf("%lld %d %d ", (long long)((int64_t)v >> (i & 63)), (int)w >> (i & 31), (int8_t)v);
        s.a += i, s.b ^= w, s.c = s.c * 3 + w, s.d = (int)(w & 31) - 16, s.e = v >> 5, s.f = (int64_t)v;
        printf("%u %u %u %d %llx %lld\n", s.a, s.b, s.c, s.d, (unsigned long long)s.e, (long long)s.f);
        v = v * 6364136223846793005u + 1442695040888963407u;
    }
    return 0;
}
