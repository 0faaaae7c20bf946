/* Variable arguments of every class: general and SIMD registers, stack, structs, long double. */
#include <stdarg.h>
#include <stdio.h>
struct p { int x, y; };
struct hfa { double a, b, c; };
struct big { long v[5]; };
static void take(const char *f, ...)
{
    va_list ap, cp;
    va_start(ap, f);
    va_copy(cp, ap);
    for (int pass = 0; pass < 2; pass++) {
        va_list *u = pass ? &cp : &ap;
        for (const char *c = f; *c; c++)
            switch (*c) {
            case 'i': printf("%d ", va_arg(*u, int)); break;
            case 'l': printf("%ld ", va_arg(*u, long)); break;
            case 'd': printf("%g ", va_arg(*u, double)); break;
            case 'L': printf("%Lg ", va_arg(*u, long double)); break;
            case 's': printf("%s ", va_arg(*u, char *)); break;
            case 'p': { struct p v = va_arg(*u, struct p); printf("{%d,%d} ", v.x, v.y); break; }
            case 'h': { struct hfa v = va_arg(*u, struct hfa); printf("{%g,%g,%g} ", v.a, v.b, v.c); break; }
            case 'b': { struct big v = va_arg(*u, struct big); printf("{%ld,%ld} ", v.v[0], v.v[4]); break; }
            }
        puts("");
    }
    va_end(ap), va_end(cp);
}
int main(void)
{
    struct p p = {1, 2}; struct hfa h = {1.5, 2.5, 3.5}; struct big b = {{9, 8, 7, 6, 5}};
    take("iiiiiiiiii", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    take("dddddddddd", 1., 2., 3., 4., 5., 6., 7., 8., 9., 10.);
    take("idsLphblidsLphb", 1, 2.5, "s", 3.25L, p, h, b, 1L << 40, -1, -2.5, "t", -3.25L, p, h, b);
    take("LLLLLLLLLL", 1.L, 2.L, 3.L, 4.L, 5.L, 6.L, 7.L, 8.L, 9.L, 10.L);
    return 0;
}
