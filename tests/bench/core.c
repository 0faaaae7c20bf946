/* Integer work as embedded benchmarks have it: list processing, a small matrix, a state machine, a CRC over everything. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint16_t crc16(uint16_t crc, uint16_t v)
{
    for (int i = 0; i < 16; i++) {
        unsigned bit = (crc ^ v) & 1;
        crc >>= 1, v >>= 1;
        if (bit) crc ^= 0xa001;
    }
    return crc;
}

struct node { struct node *next; int16_t key, data; };
static struct node pool[80];

static struct node *find(struct node *l, int16_t key)
{
    while (l && l->key != key) l = l->next;
    return l;
}

static struct node *reverse(struct node *l)
{
    struct node *r = NULL;
    while (l) {
        struct node *n = l->next;
        l->next = r, r = l, l = n;
    }
    return r;
}

static struct node *merge_sort(struct node *list, int by_data)
{
    for (int width = 1;; width *= 2) {
        struct node *p = list, *tail = NULL;
        int merges = 0;
        list = NULL;
        while (p) {
            struct node *q = p;
            int ps = 0, qs = width;
            merges++;
            for (int i = 0; i < width && q; i++) ps++, q = q->next;
            while (ps > 0 || (qs > 0 && q)) {
                struct node *e;
                if (ps && (!qs || !q || (by_data ? p->data <= q->data : p->key <= q->key))) e = p, p = p->next, ps--;
                else e = q, q = q->next, qs--;
                if (tail) tail->next = e;
                else list = e;
                tail = e;
            }
            p = q;
        }
        tail->next = NULL;
        if (merges <= 1) return list;
    }
}

static uint16_t lists(uint16_t crc, int seed)
{
    struct node *l = NULL;
    for (int i = 0; i < 80; i++) {
        pool[i].key = (int16_t)((i * 37 + seed) % 80), pool[i].data = (int16_t)(i * i ^ seed);
        pool[i].next = l, l = &pool[i];
    }
    for (int k = 0; k < 60; k++) {
        struct node *f = find(l, (int16_t)((k * 7 + seed) % 90));
        l = reverse(l);
        crc = crc16(crc, (uint16_t)(f ? f->data : k));
    }
    l = merge_sort(l, 1);
    l = merge_sort(l, 0);
    for (struct node *n = l; n; n = n->next) crc = crc16(crc, (uint16_t)n->data);
    return crc;
}

enum { M = 12 };
static uint16_t matrix(uint16_t crc, int16_t seed)
{
    static int16_t a[M][M], b[M][M];
    static int32_t c[M][M];
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++) a[i][j] = (int16_t)(seed + i * j), b[i][j] = (int16_t)(seed ^ (i + j));
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++) {
            int32_t s = 0;
            for (int k = 0; k < M; k++) s += (int32_t)a[i][k] * b[k][j];
            c[i][j] = s;
        }
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++) crc = crc16(crc, (uint16_t)(c[i][j] >> 2 & 0xff));
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++) {
            int32_t s = 0;
            for (int k = 0; k < M; k++) {
                int32_t t = (int32_t)a[i][k] * b[k][j];
                s += (t >> 2 & 15) * (t >> 5 & 127);
            }
            c[i][j] = s;
        }
    return crc16(crc, (uint16_t)c[M - 1][M / 2]);
}

enum state { START, SIGN, INT, POINT, FRAC, EXP, EXPSIGN, EXPDIGIT, BAD, STATES };
static enum state number(const char **s, uint32_t *count)
{
    enum state st = START;
    const char *p = *s;
    for (; *p && *p != ','; p++) {
        int digit = *p >= '0' && *p <= '9';
        count[st]++;
        switch (st) {
        case START: st = digit ? INT : *p == '+' || *p == '-' ? SIGN : *p == '.' ? POINT : BAD; break;
        case SIGN: st = digit ? INT : *p == '.' ? POINT : BAD; break;
        case INT: st = *p == '.' ? FRAC : digit ? INT : BAD; break;
        case POINT: case FRAC: st = digit ? FRAC : *p == 'e' || *p == 'E' ? EXP : BAD; break;
        case EXP: st = *p == '+' || *p == '-' ? EXPSIGN : BAD; break;
        case EXPSIGN: case EXPDIGIT: st = digit ? EXPDIGIT : BAD; break;
        default: break;
        }
    }
    *s = *p ? p + 1 : p;
    return st;
}

static uint16_t machine(uint16_t crc, int seed)
{
    static char text[] = "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,+0.6e-12,T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^,";
    uint32_t count[STATES] = {0}, final[STATES] = {0};
    for (int pass = 0; pass < 2; pass++) {
        for (const char *p = text; *p;) final[number(&p, count)]++;
        for (unsigned i = (unsigned)seed % 7; i < sizeof text - 1; i += 7 + (unsigned)seed % 3)
            if (text[i] != ',') text[i] ^= 1;
    }
    for (int i = 0; i < STATES; i++) crc = crc16(crc, (uint16_t)count[i]), crc = crc16(crc, (uint16_t)final[i]);
    return crc;
}

int main(int argc, char **argv)
{
    uint16_t crc = 0;
    for (int i = 0, n = argc > 1 ? atoi(argv[1]) : 10000; i < n; i++) crc = lists(crc, i & 63), crc = matrix(crc, (int16_t)i), crc = machine(crc, i & 15);
    printf("%04x\n", crc);
    return 0;
}
