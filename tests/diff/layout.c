/* layout.c - what refers to much: tables of texts and functions, a switch, thread-local and static data, a library's functions. For same.sh and hostile.sh. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int first = 1, second = 2, third;
static long table[32] = {3, 1, 4, 1, 5, 9, 2, 6};
static _Thread_local int own = 7, other;
static const double weight[] = {0.5, 0.25, 1e9, 3.25};
static const char *const word[] = {"zero", "one", "two", "three", "four"};
_Thread_local long layout_shared_tls;
int layout_global = 12;

static int twice(int n) { return 2 * n + first; }
static int thrice(int n) { return 3 * n + second; }
static int (*const turn[])(int) = {twice, thrice, abs};
int (*layout_pointer)(int) = thrice;

__attribute__((noinline)) static int choose(int n)
{
    switch (n) {
    case 0: return first + third;
    case 1: return printf("%s\n", word[1]);
    case 2: return (int)strlen(word[n]);
#ifdef CHANGED
    case 3: return own += turn[2](first) + (int)strlen("three");
#else
    case 3: return own++;
#endif
    case 4: return turn[n % 3](n);
    case 5: return second++;
    case 6: return (int)(weight[n % 4] * sqrt(n));
    case 7: return (int)layout_shared_tls + layout_global;
    case 8: return other--;
    case 9: return puts("nine") + puts("zero");
    default: return -1;
    }
}

int layout_work(int n)
{
    long sum = 0;
    for (int i = 0; i < n; i++) {
        table[i & 31] += choose(i % 12) + layout_pointer(i);
        sum += table[(i * 7) & 31];
    }
    third = (int)sum;
    return fprintf(stderr, "%ld %d %d\n", sum, first, second);
}

__attribute__((constructor)) static void begin(void) { first++; }
