/* Linked list: build, reverse, merge-sort, search. */
#include <stdio.h>
#include <stdlib.h>
struct n { struct n *next; int v; };
static struct n *merge(struct n *a, struct n *b) { struct n h, *t = &h; while (a && b) { struct n **m = a->v <= b->v ? &a : &b; t = t->next = *m; *m = (*m)->next; } t->next = a ? a : b; return h.next; }
static struct n *sort(struct n *l) { if (!l || !l->next) return l; struct n *s = l, *f = l->next; while (f && f->next) s = s->next, f = f->next->next; struct n *r = s->next; s->next = NULL; return merge(sort(l), sort(r)); }
int main(void)
{
    struct n *l = NULL; unsigned s = 7;
    for (int i = 0; i < 30000; i++) { struct n *e = malloc(sizeof *e); e->v = (int)((s = s * 69069 + 1) >> 12); e->next = l; l = e; }
    l = sort(l);
    struct n *r = NULL; long sum = 0; int k = 0;
    while (l) { struct n *e = l; l = l->next; e->next = r; r = e; sum += (long)e->v * (++k % 97); }
    printf("%d %ld\n", r->v, sum);
    return 0;
}
