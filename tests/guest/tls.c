/* Thread-local variables, initialised and not; constructors, destructors, atexit order. */
#include <stdio.h>
#include <stdlib.h>
static __thread int a = 7; static __thread char b[100]; __thread double c = 2.5;
__attribute__((constructor)) static void first(void) { puts("constructor"); }
__attribute__((destructor)) static void last(void) { puts("destructor"); }
static void one(void) { puts("atexit one"); } static void two(void) { puts("atexit two"); }
int main(void) { atexit(one), atexit(two); a += 3; b[99] = (char)a; c *= a; printf("%d %d %d %g\n", a, b[99], b[0], c); exit(11); }
