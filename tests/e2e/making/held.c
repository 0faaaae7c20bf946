/* Callers of note() and keep() that hold registers over the call, if the compiler may look at what those change (gcc -O2 -fipa-ra). */
#include <stdio.h>
int total;
double last;
__attribute__((noinline)) static void note(int v) { total += v; }
__attribute__((noinline)) static void keep(double v) { last = v; }
__attribute__((noinline)) int twice(int a, int b) { note(a); return a * 16 + b; }
__attribute__((noinline)) double half(double x, double y) { keep(x); return x + y; }
__attribute__((noinline)) int outer(int a, int b) { return twice(a, b) + a; }
/* Its callers hold nothing: it calls what the compiler does not know. */
__attribute__((noinline)) int shown(int a) { printf("shown %d\n", a); return a + 1; }
__attribute__((noinline)) int both(int a, int b) { int c = shown(a); return c * 16 + b; }
__attribute__((noinline)) void doubles(int n) { printf("%g\n", half(n, 2)); }
int main(int argc, char **argv)
{
    (void)argv;
    printf("%d\n", outer(argc, argc + 1));
    doubles(argc);
    printf("%d\n", both(argc, argc + 1));
    return total;
}
