/* Five bodies in scalar double. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
static double p[5][7] = {{0, 0, 0, 0, 0, 0, 39.47}, {4.84, -1.16, -.10, .606, 2.81, -.02, .037}, {8.34, 4.12, -.4, -1.01, 1.82, .008, .011}, {12.89, -15.11, -.22, 1.08, .868, -.01, .0017}, {15.37, -25.9, .179, .979, .594, -.034, .002}};
int main(int argc, char **argv)
{
    for (int s = argc > 1 ? atoi(argv[1]) : 600000; s; s--) {
        for (int i = 0; i < 5; i++)
            for (int j = i + 1; j < 5; j++) {
                double x = p[i][0] - p[j][0], y = p[i][1] - p[j][1], z = p[i][2] - p[j][2], d = x * x + y * y + z * z, m = .001 / (d * sqrt(d));
                p[i][3] -= x * p[j][6] * m, p[i][4] -= y * p[j][6] * m, p[i][5] -= z * p[j][6] * m;
                p[j][3] += x * p[i][6] * m, p[j][4] += y * p[i][6] * m, p[j][5] += z * p[i][6] * m;
            }
        for (int i = 0; i < 5; i++)
            for (int k = 0; k < 3; k++) p[i][k] += .001 * p[i][k + 3];
    }
    printf("%a\n", p[0][0]);
    return 0;
}
