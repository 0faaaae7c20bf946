/* making/app.c - what lpmake's tests change: one line of output for each function, made from its result. */
#include <stdio.h>
#include <string.h>
#define KEEP __attribute__((noinline, noclone, noipa))
int limit = 10;
static int calls;
int shared[4] = {1, 2, 3, 4};
static const int table[4] = {10, 20, 30, 40};
static const char *const names[] = {"zero", "one", "two"};
__thread int depth = 5;
static __thread int inner = 7;

static inline __attribute__((always_inline)) int clamp(int v)
{
    if (v > limit)
        return limit;
    return v;
}
KEEP int check(int v)
{
    int r = clamp(v);
    return r + 1;
}
KEEP int twice(int v) { return 2 * clamp(v + 1); }
KEEP static int helper(int v)
{
    calls++;
    return v + limit;
}
KEEP int parse(const char *s, int n)
{
    depth++, inner++;
    return helper(n) + s[0] - '0' + inner + table[n & 3];
}
KEEP const char *name_of(int i) { return names[i % 3]; }
KEEP int counted(int v)
{
    static int count;
    count += v;
    return count;
}
KEEP int calc(int v) { return helper(v) * 3; }
KEEP int other(int v) { return v - 1; }
int (*volatile pointer)(int) = check;

int main(int argc, char **argv)
{
    int n = argc > 1 ? 2 : 1;
    for (int i = 0; i < n; i++) {
        printf("check %d\n", check(3));
        printf("twice %d\n", twice(3));
        printf("parse %d\n", parse("4", 5));
        printf("name %s\n", name_of(i));
        printf("counted %d\n", counted(2));
        printf("calc %d\n", calc(1));
        printf("other %d\n", other(9));
        printf("pointer %d\n", pointer(20));
        printf("calls %d depth %d shared %d\n", calls, depth, shared[0]);
    }
    return 0;
}
