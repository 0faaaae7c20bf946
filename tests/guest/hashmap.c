/* Open-addressing hash map with string keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static struct { char *k; int v; } tab[1 << 14];
static unsigned hash(const char *s) { unsigned h = 5381; while (*s) h = h * 33 ^ (unsigned char)*s++; return h; }
static int *at(const char *k) { unsigned i = hash(k) & ((1 << 14) - 1); while (tab[i].k && strcmp(tab[i].k, k)) i = (i + 1) & ((1 << 14) - 1); if (!tab[i].k) tab[i].k = strdup(k); return &tab[i].v; }
int main(void)
{
    char b[32]; unsigned s = 3;
    for (int i = 0; i < 100000; i++) { s = s * 1664525 + 1013904223; snprintf(b, sizeof b, "key-%x", (s >> 16) % 9000); *at(b) += i; }
    long n = 0, sum = 0;
    for (int i = 0; i < 1 << 14; i++) if (tab[i].k) n++, sum = sum * 7 + tab[i].v;
    printf("%ld %ld %d\n", n, sum, *at("key-1f"));
    return 0;
}
