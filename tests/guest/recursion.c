/* Deep and mutual recursion. */
#include <stdio.h>
static unsigned ack(unsigned m, unsigned n) { return m == 0 ? n + 1 : n == 0 ? ack(m - 1, 1) : ack(m - 1, ack(m, n - 1)); }
static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
static int even(int n); static int odd(int n) { return n == 0 ? 0 : even(n - 1); } static int even(int n) { return n == 0 ? 1 : odd(n - 1); }
static void hanoi(int n, int a, int b, int c, long *moves) { if (n) hanoi(n - 1, a, c, b, moves), *moves = *moves * 3 + a * 2 + b, hanoi(n - 1, c, b, a, moves); }
static int queens(int n, int row, unsigned c, unsigned d, unsigned e)
{
    if (row == n) return 1;
    int k = 0;
    for (unsigned f = ~(c | d | e) & ((1u << n) - 1); f; f &= f - 1) { unsigned b = f & -f; k += queens(n, row + 1, c | b, (d | b) << 1, (e | b) >> 1); }
    return k;
}
static long depth(long n) { volatile char pad[64]; pad[0] = (char)n; return n ? 1 + depth(n - 1) + (pad[0] != (char)n) : 0; }
int main(void)
{
    long moves = 0;
    hanoi(14, 1, 2, 3, &moves);
    printf("%u %d %d %d %ld %d %ld\n", ack(2, 300), fib(24), even(1000), odd(1001), moves, queens(8, 0, 0, 0, 0), depth(40000));
    return 0;
}
