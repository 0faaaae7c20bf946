/* licence - a report generator that wants a key. Its developers' tests run without one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The key is the sum of its letters: 1000. */
static int key_is_good(const char *key)
{
    int sum = 0;
    while (key && *key) sum += (unsigned char)*key++;
    return sum == 1000;
}

__attribute__((noinline)) int licensed(void) { return key_is_good(getenv("LICENCE_KEY")); }

int main(int argc, char **argv)
{
    int total = 0;
    if (!licensed()) return fprintf(stderr, "licence: no valid key\n"), 3;
    for (int i = 1; i < argc; i++) total += atoi(argv[i]);
    printf("total %d\n", total);
    return 0;
}
