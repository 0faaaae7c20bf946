#!/bin/sh
# Indices that code adds to an address that it has in common with what else is there, in other ways than by a shift to the left: a product, where an array's
# elements have a size that is no power of two; 1 or nothing; a number that is shifted to the right.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers
cat >products.c <<'C'
#include <stdio.h>
#if defined NEW && defined GROW
#define MORE , {11, 12, 13}
#else
#define MORE
#endif
#if defined NEW && defined FRONT
#define LONGER , 6, 7
#else
#define LONGER
#endif
#if defined NEW && defined SWAP
struct row { unsigned a; long c; unsigned short b; long pad[PAD]; };
#else
struct row { unsigned a; unsigned short b; long c; long pad[PAD]; };
#endif
static const int small[] = {5, 6, 7, 8};
static const long front[] = {1, 2, 3, 4, 5 LONGER};
static const struct row rows[] = {{.a = 97, .b = 98, .c = 99}, {.a = 125, .b = 126, .c = 127}, {.a = 8, .b = 9, .c = 10} MORE};
static long count[3][PAD + 2];
#define ROWS (sizeof rows / sizeof *rows)
__attribute__((noinline)) long at(unsigned n) { return front[n % (sizeof front / sizeof *front)] + small[n & 3]; }
__attribute__((noinline)) long field(unsigned x, long y) { return y * 3 + rows[x % ROWS].c + small[1]; }
__attribute__((noinline)) long by_sign(int x) { return (x < 0 ? -1 : rows[x].b + rows[x].c) + small[2]; }
__attribute__((noinline)) void add(int x) { count[x][1] += x; count[2 - x][PAD] += 3; }
int main(void)
{
    long sum = 0;
    for (int i = 0; i < 9; i++) add(i % 3), sum = sum * 5 + field(i, sum & 7) + at(i) + by_sign(i % 3) * count[i % 3][1];
    printf("%ld\n", sum);
    return 0;
}
C
# What the base is for, and at which offset, is another thing in the new file: no word of it may stay.
for cc in $compilers; do
    for flags in '-Os -fno-pie -no-pie' '-O2 -fno-pie -no-pie' '-O2 -fPIE -pie' '-O1 -static -fno-pie -Wl,-q' '-O2 -static'; do
        for kind in '-DSWAP -DPAD=0' '-DSWAP -DPAD=4' '-DGROW -DPAD=3' '-DGROW -DFRONT -DPAD=1' '-DFRONT -DPAD=5'; do
            for v in '' -DNEW; do $cc $flags $kind $v -Wl,--build-id -o "p$v" products.c || exit 1; done
            may "$cc $flags $kind" 'E120 E148 E181' p p-DNEW
        done
    done
done

cat >index.c <<'C'
#include <stdio.h>
#ifdef NEW
#define LONGER "jklmnopq"
#define CHANGED + 3
#define MORE , 33
#else
#define LONGER
#define CHANGED
#define MORE
#endif
static const char front[] = "abcdefghi" LONGER;
static const unsigned char map[] = {11, 22, 33, 44, 55, 66, 77, 88, 99, 11, 22 MORE};
static const char two[] = {11, 22 MORE};
static const short more[4] = {7, 8, 9, 10};
__attribute__((noinline)) int at(unsigned n) { return front[n & 7]; }
__attribute__((noinline)) int bit(unsigned long n) { return (map[n >> 3] >> (n & 7) & 1) CHANGED; }
__attribute__((noinline)) int sign(long n) { return map[3 + (n >> 4)] CHANGED; }
__attribute__((noinline)) int is(int x) { return two[x == 5] CHANGED; }
__attribute__((noinline)) int is_not(int x) { return two[x != 3] * more[x & 3]; }
int main(void)
{
    int sum = 0;
    for (int i = 0; i < 40; i++) sum = sum * 3 + is(i) + is_not(i) + at(i) + bit(i) + sign(i - 20);
    printf("%d\n", sum);
    return 0;
}
C
for cc in $compilers; do
    for flags in '-O1 -fno-pie -no-pie' '-O2 -fno-pie -no-pie' '-Os -fPIE -pie' '-O2 -fno-pie -static' '-O2 -fPIE -pie -Wl,-q'; do
        for v in '' -DNEW; do $cc $flags $v -Wl,--build-id -o "i$v" index.c || exit 1; done
        may "$cc $flags: indices" 'E120 E148 E181' i i-DNEW
    done
done
tap_done
