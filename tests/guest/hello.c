/* Arguments, environment, exit status. */
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    printf("Hello, world\n");
    for (int i = 1; i < argc; i++) printf("argv[%d]=%s\n", i, argv[i]);
    const char *e = getenv("LP_TEST");
    printf("LP_TEST=%s\n", e ? e : "(unset)");
    return 42;
}
