/* IFUNCs: one that is called, by two names of it, for each of which the linker makes a PLT entry, one that only a pointer leads to, one that nothing uses. */
#include <stdio.h>
static int one(int v) { return v + 1; }
static int two(int v) { return v * 2 + 2; }
static int three(int v) { return v + 5; }
static int (*pick_one(void))(int) { return one; }
static int (*pick_two(void))(int) { return two; }
static int (*pick_three(void))(int) { return three; }
int called(int) __attribute__((ifunc("pick_two")));
int also(int) __attribute__((ifunc("pick_two")));
int pointed(int) __attribute__((ifunc("pick_one")));
int unused(int) __attribute__((ifunc("pick_three")));
int (*volatile pointer)(int) = pointed;
__attribute__((noinline)) int work(int v) { return called(v) + 10; }
__attribute__((noinline)) int by_alias(int v) { return also(v); }
int main(void) { return printf("%d %d\n", work(1) + by_alias(0) - 2, pointer(1)) < 0; }
