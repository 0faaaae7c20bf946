/* 128-bit arithmetic: add, multiply, shift, divide, compare, convert. */
#include <stdio.h>
typedef unsigned __int128 u128; typedef __int128 s128;
static void put(u128 v) { printf("%016llx%016llx ", (unsigned long long)(v >> 64), (unsigned long long)v); }
int main(void)
{
    u128 a = ((u128)0x0123456789abcdef << 64) | 0xfedcba9876543210, b = ((u128)0xf << 100) | 12345;
    for (int i = 0; i < 40; i++) {
        put(a + b), put(a - b), put(a * b), put(a / (b | 1)), put(a % (b | 1)), put(a << (i * 3)), put(a >> (i * 3)), put((u128)((s128)a >> i));
        put((u128)((s128)a / (s128)(b | 1))), put((u128)(s128)(double)(s128)a), put(~a ^ b);
        printf("%d%d%d %a %a\n", a < b, a == b, (s128)a < (s128)b, (double)a, (double)(float)(s128)b);
        a = a * 0x5851f42d4c957f2dULL + 0x14057b7ef767814fULL, b = (b << 7 | b >> 121) ^ a;
    }
    return 0;
}
