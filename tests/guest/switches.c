/* Dense, sparse and string-like switches: jump tables of every entry width. */
#include <stdio.h>
static int dense(int v)
{
    switch (v) {
#define C(n) case n: return (n) * 7 ^ 3;
#define C8(n) C(n) C(n + 1) C(n + 2) C(n + 3) C(n + 4) C(n + 5) C(n + 6) C(n + 7)
        C8(0) C8(8) C8(16) C8(24) C8(32) C8(40) C8(48) C8(56)
    case 100: case 101: case 105: return -5;
    default: return v;
    }
}
static const char *sparse(unsigned long v)
{
    switch (v) {
    case 1: return "one"; case 1000: return "thousand"; case 1000000: return "million"; case 0xffffffffffffffff: return "max"; case 1UL << 40: return "tera";
    default: return "other";
    }
}
static int walk(const char *s)
{
    int st = 0, n = 0;
    for (; *s; s++) switch (st) {
        case 0: switch (*s) { case 'a': st = 1; break; case 'b': st = 2; break; case ' ': break; default: st = 5; } break;
        case 1: st = *s == 'a' ? 1 : *s == 'b' ? 3 : 0; break;
        case 2: n += 2; st = *s >= '0' && *s <= '9' ? 4 : 0; break;
        case 3: n += 3; st = 0; break;
        case 4: n += *s - '0'; if (*s == ' ') st = 0; break;
        case 5: n ^= 0x55; st = *s == ' ' ? 0 : 5; break;
    }
    return n * 10 + st;
}
static int effects(int op, int a, int b)
{
    switch (op) { case 0: return a + b; case 1: return a - b; case 2: return a * b; case 3: return b ? a / b : 0; case 4: return a & b; case 5: return a | b; case 6: a ^= b; /* fall through */ case 7: return a << (b & 7); case 8: return a >> (b & 7); default: return -1; }
}
int main(void)
{
    long sum = 0;
    for (int i = -5; i < 110; i++) sum = sum * 31 + dense(i);
    printf("%ld %s %s %s %s %s\n", sum, sparse(1), sparse(1000), sparse(~0UL), sparse(1UL << 40), sparse(7));
    printf("%d %d\n", walk("aab b9 xyz ab b12 "), walk("bbbb aaaab"));
    for (int i = 0; i < 10; i++) printf("%d ", effects(i, 1234, 13 + i));
    puts("");
    return 0;
}
