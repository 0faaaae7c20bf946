/* Matrix products in int, float, double: loops that -O3 vectorises. */
#include <stdio.h>
#define N 40
static int ia[N][N], ib[N][N], ic[N][N]; static float fa[N][N], fb[N][N], fc[N][N]; static double da[N][N], db[N][N], dc[N][N]; static short sa[N * N], sb[N * N]; static unsigned char ua[N * N], ub[N * N];
int main(void)
{
    for (int i = 0; i < N; i++) for (int j = 0; j < N; j++) {
        ia[i][j] = i * 3 - j * 7, ib[i][j] = (i ^ j) - 11, fa[i][j] = i / 3.0f, fb[i][j] = j - i * 0.5f, da[i][j] = 1.0 / (i + j + 1), db[i][j] = i - j;
        sa[i * N + j] = (short)(i * j * 13), sb[i * N + j] = (short)(i - j * 5), ua[i * N + j] = (unsigned char)(i * 7 + j), ub[i * N + j] = (unsigned char)(j * 3);
    }
    for (int i = 0; i < N; i++) for (int j = 0; j < N; j++) for (int k = 0; k < N; k++) ic[i][j] += ia[i][k] * ib[k][j], fc[i][j] += fa[i][k] * fb[k][j], dc[i][j] += da[i][k] * db[k][j];
    long is = 0, ss = 0, us = 0; double fs = 0, ds = 0; int mx = 0, mn = 0;
    for (int i = 0; i < N; i++) for (int j = 0; j < N; j++) is += ic[i][j] * (i + 1), fs += fc[i][j], ds += dc[i][j], mx = ic[i][j] > mx ? ic[i][j] : mx, mn = ic[i][j] < mn ? ic[i][j] : mn;
    for (int i = 0; i < N * N; i++) ss += sa[i] * sb[i], us += ua[i] > ub[i] ? ua[i] - ub[i] : ub[i] - ua[i], ua[i] = (unsigned char)((ua[i] + ub[i] + 1) >> 1);
    for (int i = 0; i < N * N; i++) us = us * 3 + ua[i];
    printf("%ld %a %a %ld %ld %d %d\n", is, fs, ds, ss, us, mx, mn);
    return 0;
}
