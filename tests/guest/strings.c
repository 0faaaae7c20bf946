/* The string functions on every alignment and small size. */
#include <stdio.h>
#include <stdint.h>
#include <string.h>
static uint32_t h = 2166136261u;
static void mix(uint64_t v) { for (int i = 0; i < 8; i++, v >>= 8) h = (h ^ (v & 255)) * 16777619u; }
int main(void)
{
    static char a[512], b[512];
    for (int off = 0; off < 32; off++)
        for (int n = 0; n < 130; n += n < 40 ? 1 : 7) {
            memset(a, 'x', sizeof a);
            for (int i = 0; i < n; i++) a[off + i] = (char)('a' + (i * 7 + off) % 26);
            a[off + n] = 0;
            memset(b, 'y', sizeof b);
            strcpy(b + (off ^ 5), a + off);
            mix(strlen(b + (off ^ 5)));
            mix((uint64_t)(strcmp(a + off, b + (off ^ 5)) == 0));
            b[(off ^ 5) + n / 2] ^= 1;
            int c = strcmp(a + off, b + (off ^ 5));
            mix((uint64_t)(c > 0) * 2 + (c < 0));
            c = strncmp(a + off, b + (off ^ 5), (size_t)n / 2);
            mix((uint64_t)(c != 0));
            char *p = strchr(a + off, 'k'), *q = strrchr(a + off, 'k');
            mix(p ? (uint64_t)(p - a) : 999), mix(q ? (uint64_t)(q - a) : 999);
            p = memchr(a, 0, sizeof a);
            mix((uint64_t)(p - a));
            mix(strspn(a + off, "abcdefghij")), mix(strcspn(a + off, "z"));
            mix(strnlen(a + off, 17));
        }
    printf("%08x\n", h);
    char s[] = "one,two;;three four";
    for (char *t = strtok(s, ",; "); t; t = strtok(NULL, ",; ")) printf("[%s]", t);
    printf("\n%s %s\n", strstr("needle in a haystack needle", "hay"), strpbrk("hello world", "wo"));
    char d[64] = "abc";
    strcat(d, "def"), strncat(d, "ghijkl", 3);
    puts(d);
    printf("%d %d\n", strcasecmp("HeLLo", "hEllO"), strncasecmp("abcX", "ABCy", 3));
    return 0;
}
