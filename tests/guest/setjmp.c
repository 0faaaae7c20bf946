/* setjmp/longjmp through many frames; sigsetjmp; saved FP registers. */
#include <setjmp.h>
#include <stdio.h>
static jmp_buf top;
static double deep(int n, double d)
{
    double keep = d * 1.5;
    if (n == 0) longjmp(top, 7);
    double r = deep(n - 1, keep + n);
    return r + keep;
}
int main(void)
{
    volatile int tries = 0;
    register double f = 3.75;
    int v = setjmp(top);
    printf("setjmp %d tries %d\n", v, tries);
    if (tries < 3) { tries++; printf("%f\n", deep(50 * tries, f)); }
    sigjmp_buf s;
    volatile int k = 0;
    if (sigsetjmp(s, 1) < 5) siglongjmp(s, ++k);
    printf("%d %f\n", k, f);
    return 3;
}
