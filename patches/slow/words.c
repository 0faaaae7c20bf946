/* words - answers, line by line, how many different words it has read so far. Each answer has how many comparisons it took. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX = 4096 };
char *words[MAX];
int count;
long compared;

/* Is it known? If not, it is from now on. */
__attribute__((noinline)) int known(const char *word)
{
    for (int i = 0; i < count; i++) {
        compared++;
        if (strcmp(words[i], word) == 0) return 1;
    }
    if (count < MAX) words[count++] = strdup(word);
    return 0;
}

int main(void)
{
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        compared = 0;
        known(line);
        printf("%d words, %ld compared\n", count, compared);
        fflush(stdout);
    }
    return 0;
}
