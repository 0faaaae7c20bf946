/* diff/flow_a.c - code whose addresses are hard to follow; for flow.sh, which compares with the linker's relocations. Never run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP __attribute__((noinline, noclone))
static int small[16], table[300], rest[5000];
static char text[64];
static const char *const names[] = {"alpha", "beta", "gamma", "delta", "epsilon"};
static struct pair { int a, b; long c; } pairs[8], one, other;
static double reals[12];
int shared[40];
extern int outside[40];
__thread int mine;
static __thread long own[2000];
extern __thread int theirs;
int use(const void *p, ...);

/* Callers of this one know which registers it leaves alone (-fipa-ra). */
static KEEP int leaves_alone(int a) { return a * 3 + 1; }
KEEP int kept(int n)
{
    int s = small[1] + leaves_alone(n);
    s += small[2] * leaves_alone(s) + table[3];
    if (s > 7) s ^= rest[1] + leaves_alone(s * 2) + rest[2];
    return s + shared[3];
}

/* Section anchors: several variables behind one base. */
KEEP int anchors(int i)
{
    small[1]++, small[3] += i, table[7] ^= small[1];
    one.a = other.b, one.c = other.c + 1, reals[3] *= reals[5];
    return small[2] + table[i] + one.b + rest[4000];
}

/* Tables of bytes, halves and words; of all values; of none that is bounded. */
KEEP int small_switch(unsigned c, int x)
{
    switch (c) {
    case 3: return x + small[0]; case 4: return x * table[1]; case 5: return use(text); case 6: return x - one.a; case 7: return use(&pairs[1]);
    case 8: return use("eight"); case 9: return x << 3; case 12: return table[5]++; case 13: return x % 7; default: return 0;
    }
}
#define WORK(n) case n: small[(n) % 16] += x * (n); use(names[(n) % 5], x, n, text); reals[(n) % 12] += (n); table[(n) * 7 % 300] ^= x; use("case " #n, x); break;
#define TEN(n) WORK(n) WORK(n + 1) WORK(n + 2) WORK(n + 3) WORK(n + 4) WORK(n + 5) WORK(n + 6) WORK(n + 7) WORK(n + 8) WORK(n + 9)
KEEP void large_switch(int c, int x)
{
    switch (c) { TEN(10) TEN(20) TEN(30) TEN(40) default: use("none"); }
}
KEEP int loop_switch(const unsigned char *p)
{
    int x = 0;
    for (;; p++)
        switch (*p & 7) {
        case 0: x += small[1]; break; case 1: x ^= table[9]; break; case 2: use(text, x); break; case 3: x *= 3; break; case 4: x -= one.a; break;
        case 5: return x; case 6: x += use("six"); break; case 7: x = -x; break;
        }
}
KEEP int nested(int a, int b)
{
    switch (a) {
    case 0: return small[3]; case 1: return table[2]; case 2: return use(text); case 3: return b; case 5: return rest[77];
    case 4:
        switch (b) {
        case 10: return use("ten"); case 11: return small[1]; case 12: return one.b; case 13: return use(&other); case 14: return table[0]; case 15: return 3;
        case 16: return shared[1];
        }
    }
    return -1;
}
KEEP int computed(const unsigned char *p)
{
    static const void *const to[] = {&&add, &&sub, &&put, &&end};
    int x = 0;
    goto *to[*p++ & 3];
add: x += small[4]; goto *to[*p++ & 3];
sub: x -= table[4]; goto *to[*p++ & 3];
put: use(text, x); goto *to[*p++ & 3];
end: return x;
}

/* More addresses than registers: pages and addresses go to the stack and come back. */
KEEP long spills(long a, long b, long c, long d)
{
    long s = 0;
    for (int i = 0; i < 100; i++) {
        s += small[i % 16] * a + table[i] * b + rest[i] * c + pairs[i % 8].c * d + (long)reals[i % 12] + own[i] + shared[i % 40] + outside[i % 40];
        use(text, s), use(&one, a), use(&other, b), use("in the loop", c), use(names[i % 5], d), use(&pairs[i % 8], s);
        mine += (int)s, theirs++, small[(i + 1) % 16]++, text[i % 64] = (char)s, table[i]--, rest[i + 1] ^= 5;
        if (s % 3 == 0) one.c += a * b, other.c -= c * d, reals[3] += 1.5, own[i + 1]++;
    }
    return s;
}
KEEP long big_frame(int n)
{
    volatile long frame[9000];
    const char *p = n & 1 ? text : "odd";
    for (int i = 0; i < 9000; i++) frame[i] = small[i % 16] + use(p);
    use(text, frame[n % 9000]), use(p, 1), use(&one, 2);
    return frame[17] + table[3] + shared[2];
}
KEEP int dynamic(int n)
{
    char *p = __builtin_alloca((size_t)n);
    memset(p, n, (size_t)n);
    for (int i = 0; i < n; i++) p[i] = (char)(text[i % 64] + small[i % 16] + use(p, &one));
    return p[n / 2] + table[n % 300];
}
KEEP int aligned(int n)
{
    _Alignas(64) char buf[256];
    memset(buf, n, sizeof buf);
    use(buf, text), use(&one, table);
    return buf[n] + small[n % 16];
}

/* Joins: one of several addresses, an address or nothing. */
KEEP int joins(int n, const struct pair *given)
{
    const struct pair *p = n > 5 ? &one : n > 2 ? &other : given, *q = n & 1 ? &one : &pairs[3];
    const char *s = n == 1 ? "one" : n == 2 ? "two" : n == 3 ? "three" : n == 4 ? text : n == 5 ? "five" : names[n % 5];
    if (p != NULL) p++;
    use(s, q->b);
    return p->b + q->a + s[1] + (int)q->c;
}
KEEP int walk(void)
{
    int s = 0;
    for (const int *p = table; p < table + 300; p += 3) s += p[0] * p[2] - p[1];
    for (const struct pair *p = pairs + 7; p >= pairs; p--) s ^= p->a + p->b;
    for (unsigned i = 0; i < 5; i++) s += names[i][i];
    return s;
}
KEEP int tls(int n)
{
    mine += n, own[3] += mine, theirs ^= n;
    for (int i = 0; i < n; i++) own[i]++, use(&own[i], &mine, &theirs);
    return mine + (int)own[1999];
}
KEEP int jumps(int n)
{
    static jmp_buf env;
    const char *volatile s = text;
    if (setjmp(env)) return use(s) + small[0];
    if (n > 3) longjmp(env, 1);
    return table[n] + use("through");
}
KEEP int many(int n, ...)
{
    va_list ap;
    int s = 0;
    va_start(ap, n);
    while (n--) s += va_arg(ap, int) + (int)va_arg(ap, double) + small[n];
    va_end(ap);
    return s;
}
KEEP int fails(int n)
{
    if (n < 0) { fprintf(stderr, "%s\n", names[1]); abort(); }
    if (n > 100) { puts(text); exit(small[3]); }
    return table[n] + use("fine");
}
int main(int argc, char **argv)
{
    large_switch(argc, 3);
    return (int)(kept(argc) + anchors(argc) + small_switch((unsigned)argc, 1) + loop_switch((const void *)argv[0]) + nested(argc, 2) + computed((const void *)argv[0])
        + spills(1, 2, 3, argc) + big_frame(argc) + dynamic(argc) + aligned(argc) + joins(argc, NULL) + walk() + tls(argc) + jumps(argc) + many(1, 2, 3.0) + fails(argc));
}
