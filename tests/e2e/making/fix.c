/* making/fix.c - new code for app.c. What app.c has is the program's; the rest is new. */
#include <stdio.h>
#include <string.h>
#define KEEP __attribute__((noinline, noclone, noipa))
extern int limit;
extern int shared[4];
static int calls;                       /* the program's */
static int fixes;                       /* new, .bss */
static int steps[2] = {100, 200};       /* new, .data */
static const int table[4] = {10, 20, 30, 40};   /* equal: the program's */
static const int weights[3] = {7, 8, 9};        /* new, .rodata */
static const char *const words[] = {"nil", "uno", "due"}; /* new, with relocations */
extern __thread int depth;
static __thread int inner = 7;
int check(int v);

KEEP static int helper(int v)
{
    calls++;
    return v + limit;
}
KEEP static int fresh(int v)
{
    fixes++;
    steps[v & 1]++;
    return weights[v % 3] * 1000 + steps[v & 1];
}
/* Everything at once. */
KEEP int parse(const char *s, int n)
{
    depth += 10, inner += 2;
    shared[0] += fixes + 1;
    printf("  fixed %s, %d\n", s, check(1));
    return helper(n) + fresh(n) + inner + table[n & 3];
}
KEEP const char *name_of(int i) { return words[i % 3]; }
KEEP int counted(int v)
{
    static int count;                   /* count.0, whatever its number is in the program */
    count += 10 * v;
    return count;
}
/* A table of addresses in the middle of the function. */
KEEP int calc(int v)
{
    static const void *const where[] = {&&zero, &&one, &&two};
    goto *where[v % 3];
zero:
    return -1;
one:
    return 1000 + limit;
two:
    return -2;
}
/* A switch that becomes a jump table, and a part that is cold. */
__attribute__((cold, noinline)) static int rare(int v) { return v + 5; }
KEEP int other(int v)
{
    switch (v) {
    case 1: return calls + 3;
    case 2: return limit;
    case 3: return shared[1];
    case 4: return rare(v);
    case 5: return -5;
    case 6: return steps[1];
    case 7: return 70;
    case 8: return shared[2] * 8;
    case 9: return 90 + shared[3];
    default: return rare(v) + fresh(v);
    }
}
/* The address of a function that stays, of one that is new, and of the one that is replaced. */
extern int (*volatile pointer)(int);
KEEP int twice(int v)
{
    int (*volatile f)(int) = fresh, (*volatile g)(int) = check, (*volatile self)(int) = twice;
    return f(v) + g(2) + (self == twice) + (pointer == check);
}
