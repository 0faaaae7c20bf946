/* New bodies, compiled as a library's are: their relocations become those of the patch. */
#include <stdlib.h>
extern int shared_count, other_count, fresh_count;
extern __thread int tls_seen;
extern int chosen(int), helper(int);
int work(int v)
{
    tls_seen += 1;
    fresh_count += 1;
    return helper(v) + shared_count * 100 + other_count * 1000 + tls_seen * 10000 + chosen(0) * 100 + abs(-1) + (int)labs(7) + fresh_count;
}
int plug(int v) { return v + 200; }
#ifdef OWN_TLS
int own(int v) { return v + shared_count * 10 + tls_seen * 100 + abs(-3); }
#else
int own(int v) { return v + shared_count * 10 + abs(-3); }
#endif
char *getenv(const char *name) { return (char *)name; }
