/* Structs by value of every size, returned and passed; unions; function pointers. */
#include <stdio.h>
#include <string.h>
#define S(n) struct s##n { unsigned char c[n]; }; static struct s##n f##n(struct s##n a, int k) { for (int i = 0; i < n; i++) a.c[i] = (unsigned char)(a.c[i] * 3 + k + i); return a; } \
    static unsigned t##n(void) { struct s##n a; for (int i = 0; i < n; i++) a.c[i] = (unsigned char)(i + n); for (int j = 0; j < 5; j++) a = f##n(a, j); unsigned h = 0; for (int i = 0; i < n; i++) h = h * 31 + a.c[i]; return h; }
S(1) S(2) S(3) S(4) S(5) S(7) S(8) S(9) S(12) S(15) S(16) S(17) S(24) S(31) S(32) S(33) S(64) S(100)
struct f2 { float a, b; }; struct d4 { double a, b, c, d; };
static struct f2 ff(struct f2 v) { return (struct f2){v.b * 2, v.a + 1}; }
static struct d4 fd(struct d4 v, struct f2 w) { return (struct d4){v.d, v.c + w.a, v.b, v.a - w.b}; }
union u { double d; unsigned long l; float f[2]; };
int main(void)
{
    unsigned (*t[])(void) = {t1, t2, t3, t4, t5, t7, t8, t9, t12, t15, t16, t17, t24, t31, t32, t33, t64, t100};
    for (unsigned i = 0; i < sizeof t / sizeof *t; i++) printf("%08x ", t[i]());
    struct f2 f = ff((struct f2){1.5f, 2.5f}); struct d4 d = fd((struct d4){1, 2, 3, 4}, f);
    union u u = {.d = -1.5};
    printf("\n%g %g %g %g %g %g %lx %g\n", (double)f.a, (double)f.b, d.a, d.b, d.c, d.d, u.l, (double)u.f[1]);
    return 0;
}
