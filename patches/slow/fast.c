/* fast.c - known() with a hash table of its own. The first call puts what the program has read so far into it. */
#include <string.h>

enum { MAX = 4096, SLOTS = 2 * MAX };
extern char *words[MAX];
extern int count;
extern long compared;
char *strdup(const char *s);

static unsigned short slot[SLOTS]; /* index into words + 1; 0 = free */
static int done;

static unsigned find(const char *word)
{
    unsigned h = 5381;
    for (const char *p = word; *p; p++) h = h * 33 + (unsigned char)*p;
    for (h %= SLOTS; slot[h]; h = (h + 1) % SLOTS) {
        compared++;
        if (strcmp(words[slot[h] - 1], word) == 0) break;
    }
    return h;
}

int known(const char *word)
{
    for (; done < count; done++) slot[find(words[done])] = (unsigned short)(done + 1);
    compared = 0;
    unsigned h = find(word);
    if (slot[h]) return 1;
    if (count < MAX) {
        words[count++] = strdup(word);
        slot[h] = (unsigned short)count;
        done = count;
    }
    return 0;
}
