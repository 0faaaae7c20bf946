/* Rounding modes and exception flags. */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#pragma STDC FENV_ACCESS ON
static volatile double one = 1, three = 3, big = 1e308, tiny = 1e-308, zero = 0, half = 2.5;
static volatile float fone = 1, fthree = 3;
static void flags(const char *what)
{
    int e = fetestexcept(FE_ALL_EXCEPT);
    printf("%s:%s%s%s%s%s\n", what, e & FE_INEXACT ? " inexact" : "", e & FE_OVERFLOW ? " overflow" : "", e & FE_UNDERFLOW ? " underflow" : "", e & FE_DIVBYZERO ? " divbyzero" : "", e & FE_INVALID ? " invalid" : "");
    feclearexcept(FE_ALL_EXCEPT);
}
int main(void)
{
    int mode[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (int i = 0; i < 4; i++) {
        fesetround(mode[i]);
        printf("%a %a %a %a %ld %ld\n", one / three, -one / three, (double)(fone / fthree), rint(half), lrint(half), lrint(-half));
        printf("%a %a %d\n", sqrt(three), (double)(float)(one / three), fegetround() == mode[i]);
        feclearexcept(FE_ALL_EXCEPT);
    }
    fesetround(FE_TONEAREST);
    volatile double r;
    r = one / three; flags("1/3");
    r = big * big; flags("big*big");
    r = tiny * tiny; flags("tiny*tiny");
    r = one / zero; flags("1/0");
    r = zero / zero; flags("0/0");
    r = sqrt(-one); flags("sqrt(-1)");
    volatile int k = (int)(big); flags("(int)big");
    volatile double q = one + one; flags("1+1");
    feraiseexcept(FE_OVERFLOW); flags("raised");
    fenv_t env; feholdexcept(&env); r = one / zero; fesetenv(&env); flags("restored");
    (void)r, (void)k, (void)q;
    return 0;
}
