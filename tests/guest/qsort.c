/* qsort, bsearch, stable merge of structs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct rec { int key; char name[12]; double w; };
static int cmp_int(const void *a, const void *b) { int x = *(const int *)a, y = *(const int *)b; return (x > y) - (x < y); }
static int cmp_rec(const void *a, const void *b) { const struct rec *x = a, *y = b; return x->key != y->key ? x->key - y->key : strcmp(x->name, y->name); }
static int cmp_str(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
int main(void)
{
    enum { N = 20000 };
    static int v[N];
    unsigned s = 12345;
    for (int i = 0; i < N; i++) v[i] = (int)((s = s * 1103515245u + 12345u) >> 8) - 8000000;
    qsort(v, N, sizeof *v, cmp_int);
    for (int i = 0; i < N; i += 1777) printf("%d ", v[i]);
    int *f = bsearch(&v[777], v, N, sizeof *v, cmp_int);
    printf("\nfound %d\n", *f == v[777]);
    static struct rec r[500];
    for (int i = 0; i < 500; i++) {
        r[i].key = (int)((s = s * 1103515245u + 12345u) >> 16) % 50;
        snprintf(r[i].name, sizeof r[i].name, "n%u", s >> 20);
        r[i].w = r[i].key / 7.0;
    }
    qsort(r, 500, sizeof *r, cmp_rec);
    for (int i = 0; i < 500; i += 61) printf("%d %s %.4f\n", r[i].key, r[i].name, r[i].w);
    const char *w[] = {"pear", "apple", "fig", "banana", "cherry", "date"};
    qsort(w, 6, sizeof *w, cmp_str);
    for (int i = 0; i < 6; i++) printf("%s ", w[i]);
    puts("");
    return 0;
}
