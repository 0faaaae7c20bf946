/* A library that needs no other, all of whose pointers can be packed (DT_RELR): two next to each other, and some that are far away. */
static int one(int v) { return v + 1; }
static int two(int v) { return v * 2; }
int other(int v) { return v + 100; }
int twice(int v) { return v * 2; }
int (*table[])(int) = {one, two, other, one, two};
int (*far[200])(int) = {[0] = one, [64] = two, [130] = one, [199] = two};
int work(int v)
{
    int s = 0;
    for (int i = 0; i < 5; i++) s = s * 10 + table[i](v);
    for (int i = 0; i < 200; i++)
        if (far[i]) s = s * 3 + far[i](v);
    return s;
}
