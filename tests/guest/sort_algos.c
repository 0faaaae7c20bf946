/* Heap, shell, radix and quick sort must agree. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#define N 5000
static uint32_t in[N], v[N], t[N];
static void heap(void) { for (int s = N / 2 - 1, e = N; e > 1;) { int r; if (s >= 0) r = s--; else { uint32_t x = v[--e]; v[e] = v[0]; v[0] = x; r = 0; } for (int c; (c = 2 * r + 1) < e; r = c) { if (c + 1 < e && v[c] < v[c + 1]) c++; if (v[r] >= v[c]) break; uint32_t x = v[r]; v[r] = v[c]; v[c] = x; } } }
static void shell(void) { for (int g = N / 2; g; g /= 2) for (int i = g; i < N; i++) for (int j = i; j >= g && v[j - g] > v[j]; j -= g) { uint32_t x = v[j]; v[j] = v[j - g]; v[j - g] = x; } }
static void radix(void) { for (int b = 0; b < 32; b += 8) { int c[257] = {0}; for (int i = 0; i < N; i++) c[(v[i] >> b & 255) + 1]++; for (int i = 0; i < 256; i++) c[i + 1] += c[i]; for (int i = 0; i < N; i++) t[c[v[i] >> b & 255]++] = v[i]; memcpy(v, t, sizeof v); } }
static void quick(int l, int r) { while (l < r) { uint32_t p = v[(l + r) / 2]; int i = l, j = r; while (i <= j) { while (v[i] < p) i++; while (v[j] > p) j--; if (i <= j) { uint32_t x = v[i]; v[i++] = v[j]; v[j--] = x; } } quick(l, j); l = i; } }
int main(void) { uint32_t s = 9; for (int i = 0; i < N; i++) in[i] = s = s * 1664525 + 1013904223; for (int k = 0; k < 4; k++) { memcpy(v, in, sizeof v); k == 0 ? heap() : k == 1 ? shell() : k == 2 ? radix() : quick(0, N - 1); uint64_t h = 0; for (int i = 0; i < N; i++) h = h * 31 + v[i]; printf("%016llx\n", (unsigned long long)h); } return 0; }
