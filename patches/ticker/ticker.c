/* ticker - a program with a bug that one would like to fix without stopping it.
 *
 * Every 100 ms it takes a reading and prints it if valid() agrees.  valid() should accept 0..100, but somebody wrote
 * `>` where `>=` was meant and forgot the upper bound altogether: a broken sensor's 999 goes through, a true 0 does not. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

__attribute__((noinline)) int valid(int reading)
{
    return reading > 0;
}

/* What valid() should have been: linked in, called by nobody, so that a patch can branch to it. */
__attribute__((noinline, used)) int valid_range(int reading)
{
    return reading >= 0 && reading <= 100;
}

int main(int argc, char **argv)
{
    static const int readings[] = {0, 21, 999};
    long ticks = argc > 1 ? atol(argv[1]) : -1;
    for (long tick = 0; ticks < 0 || tick < ticks; tick++) {
        int r = readings[tick % 3];
        printf("tick %ld: reading %3d %s\n", tick, r, valid(r) ? "accepted" : "rejected");
        fflush(stdout);
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    }
    return 0;
}
