/* How many frames backtrace() sees above a function. The C library loads libgcc_s.so.1 when that is called first. */
#include <execinfo.h>
#include <stdio.h>
#include <string.h>

int through(int way);
int inner(int way)
{
    void *frame[64];
    return 1000 * backtrace(frame, 64);
}

int main(void)
{
    char line[100];
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ready");
    while (fgets(line, sizeof line, stdin) && strncmp(line, "bye", 3)) printf("%d\n", through(0));
    return 0;
}
