/* A program in many versions: what each macro changes is what lpdiff.sh asks about. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef SHIFT /* the same program in another layout */
static const char shift_text[] = "some room that moves the constants behind it";
static int shift_room[37] = {1};
const char *shift_function(int n) { return shift_text + shift_room[n]; }
#endif
#ifdef TLS
__thread int per_thread[TLS];
int thread_use(int n) { return per_thread[n]++; }
#endif
#ifdef CONSTRUCTOR
__attribute__((constructor)) static void early(void) { puts("early"); }
#endif
#ifndef TABLE
#define TABLE {"alpha", 1}, {"beta", 2}
#endif
#ifndef START
#define START 5
#endif
#ifndef ROOM
#define ROOM 8
#endif
typedef int (*handler)(const char *, int);
struct rule { const char *key; int weight; };
const struct rule rules[] = {TABLE};
int total = START;
static const double weights[] = {0.5, 1.25, 1e10};
static int room[ROOM];
__attribute__((noinline, cold)) static void fail(const char *why)
{
    printf("fail: %s\n", why);
    exit(3);
}
__attribute__((noinline)) int on_add(const char *s, int n)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(s, rules[i].key) == 0) return total += rules[i].weight * n;
    if (n > 100) fail("too much");
    return -1;
}
#ifdef FIX
static const int limits[] = {10, 20, 30};
__attribute__((noinline)) static int limited(int n, int which) { return n > limits[which] ? limits[which] : n; }
#endif
__attribute__((noinline)) int on_sub(const char *s, int n)
{
#ifdef FIX
    n = limited(n, (int)strlen(s) % 3);
#endif
    total -= n;
    room[n & 7]++;
    if (total < -1000) fail("too little");
    return total;
}
static handler handlers[] = {on_add, on_sub};
__attribute__((noinline)) int dispatch(int op, const char *s, int n)
{
    switch (op) {
    case 'a': return handlers[0](s, n);
    case 'b': return handlers[1](s, n);
    case 'c': puts("clear"); total = 0; return room[n & 7];
    case 'd': puts("double"); total *= 2; return total;
    case 'e': puts(s); return n;
    case 'f': printf("%s %d\n", s, n); return n + 1;
#ifdef FIX
    case 'g': printf("guard %s\n", s); return limited(n, 0);
#else
    case 'g': return n * n;
#endif
    case 'h': return (int)strlen(s);
    case 'i': return n ? 100 / n : 0;
    case 'j': return s[0];
    default: return -2;
    }
}
#ifdef IMPORT
int other(const char *s) { return (int)strtoul(s, NULL, 16); }
#else
int other(const char *s) { return atoi(s); }
#endif
int main(int argc, char **argv)
{
    for (int i = 1; i + 2 < argc; i += 3) printf("%d\n", dispatch(argv[i][0], argv[i + 1], other(argv[i + 2])));
    printf("%g\n", weights[0] + weights[argc % 3] * total);
    return 0;
}
