#!/bin/sh
# Stripped files, tables of constants: nothing says where they end. Code names rows one by one, a pointer leads into the middle, an address is the end of
# one and the start of the next, fields look like texts. Where a table grows there is a patch that is right, or none.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
becomes=--heuristic
# right NAME: old and new; a patch that does what the new file does, or none for one of the reasons in $may
may=
right() { may "$1" "$may" old new; }
# all SOURCE FLAGS...: by each of these lists of flags
all()
{
    source=$1
    shift
    for flags; do
        "$CROSS_CC" -w $flags -s -Wl,--build-id -o old "$source" && "$CROSS_CC" -w $flags -DNEW -s -Wl,--build-id -o new "$source" || exit 1
        right "$source $flags"
    done
}

# ---- rows that code names, of a table that other code gets by a pointer in a constant and goes through ----
cat >rows.c <<'C'
#include <stdio.h>
struct opt { const char *name; int v; };
static const struct opt opts[] = {{"one", 1}, {"two", 2},
#ifdef NEW
    {"three", 3},
#endif
    {0, 0}};
static const struct { const struct opt *o; const char *name; } groups[] = {{opts, "all"}, {opts, "every"}};
__attribute__((noinline)) int one(const struct opt *o) { return o->name ? o->v + o->name[0] : 7; }
__attribute__((noinline)) int named(void)
{
    return one(&opts[0]) * 3 + one(&opts[1]) * 5
#ifdef NEW
           + one(&opts[2]) * 9
#endif
        ;
}
__attribute__((noinline)) int walk(int g)
{
    int r = 0;
    for (const struct opt *o = groups[g & 1].o; o->name; o++) r = r * 10 + o->v;
    return r;
}
int main(void)
{
    for (int i = 0; i < 4; i++) printf("%d %d %s\n", named(), walk(i), groups[i & 1].name);
    return 0;
}
C
all rows.c -O0 -Og -O2 '-O2 -fno-section-anchors' '-Os -fdata-sections'

# ---- pointers to rows and to the end, in constants; fields that look like texts; loops over one field, backwards ----
cat >ranges.c <<'C'
#include <stdio.h>
struct point { unsigned a; unsigned char b; unsigned short c; };
static const struct point points[] = {{625070256, 89, 20340}, {564618, 106, 14692}, {9, 95, 46065},
#ifdef NEW
    {77, 3, 12},
#endif
};
static const unsigned grid[][4] = {{187946, 261854, 1, 3}, {3, 53811, 1, 3}, {110666, 742987, 192092, 1}};
enum { N = sizeof points / sizeof *points, M = sizeof grid / sizeof *grid };
static const struct { const struct point *first, *end; } ranges[] = {{&points[2], points + N}, {&points[1], points + N}, {&points[0], points + N}};
__attribute__((noinline)) unsigned range(unsigned x)
{
    for (const struct point *p = ranges[x % 3].first; p < ranges[x % 3].end; p++) x = x * 5 + p->a + p->b * 7 + p->c;
    return x;
}
__attribute__((noinline)) unsigned row(unsigned x) { return points[x % N].c + points[1].b; }
__attribute__((noinline)) unsigned back(unsigned x)
{
    for (unsigned i = N; i-- > 0;) x = x * 3 + points[i].b;
    return x;
}
__attribute__((noinline)) unsigned column(unsigned x)
{
    for (unsigned i = 0; i < M; i++) x = x * 3 + grid[i][2];
    return x;
}
int main(void)
{
    for (unsigned i = 0; i < 9; i++) printf("%u %u %u %u\n", range(i), row(i), back(i), column(i));
    return 0;
}
C
may=E148
all ranges.c -O0 -Og -O2 '-O2 -fno-pie -no-pie' '-O2 -static -fno-pie'
may=

# ---- the first access is behind what an index is added to, in a table that grew whose first row others have ----
cat >infield.c <<'C'
#include <stdio.h>
struct row { long a; char b; };
struct two { int a, b; };
static const struct row others[4] = {{219596, 55}, {89952, 89}, {760192, 97}, {940158, 6}};
static const struct two twos[] = {
    {917969, 132518}, {963576, 382519}, {595713, 723640}, {853741, 506437}, {848819, 926392},
    {547673, 514149}, {863495, 939813}, {704933, 566218}, {240665, 483275}, {202188, 137629},
    {242573, 618922}, {327527, 370512}, {804686, 557348}, {916811, 757088}, {996769, 415648},
    {541606, 631882}, {973964, 504610}, {701906, 467956}, {660047, 713494}, {527374, 712632},
#ifdef NEW
    {94812, 219484},
#endif
};
enum { N = sizeof twos / sizeof *twos };
__attribute__((noinline)) static unsigned sum(const struct two *p, const struct two *e)
{
    unsigned z = 1;
    for (; p != e; p++) z = z * 3 + p->b;
    return z;
}
__attribute__((noinline)) unsigned all(unsigned x)
{
    unsigned z = x * 63u + sum(twos, twos + N);
    for (const struct row *q = others; q != others + 4; q++) z = z * 5 + q->b;
    return z;
}
int main(void)
{
    for (unsigned x = 1; x < 7; x += 2) printf("%u\n", all(x));
    return 0;
}
C
all infield.c '-Os -fno-pie -no-pie' -Os

# ---- a field whose byte in the first row looks like a text: rows have changed places ----
cat >swapped.c <<'C'
#include <stdio.h>
struct pt { unsigned a; unsigned char b; unsigned short c; };
#ifdef NEW
static const struct pt points[] = {{605443, 47, 36884}, {113381276, 191, 22295}, {2, 179, 24263}, {0, 0, 0}};
#else
static const struct pt points[] = {{605443, 47, 36884}, {2, 179, 24263}, {113381276, 191, 22295}, {0, 0, 0}};
#endif
__attribute__((noinline)) unsigned both(unsigned x, unsigned y)
{
    unsigned z = x * 866 + y;
    for (unsigned i = 0; i < 3; i++) z = z * 3 + points[i].a + points[i].b * 7 + points[i].c;
    return z + points[(x + 41) % 3].c + points[2].c;
}
__attribute__((noinline)) unsigned letter(unsigned x, unsigned y) { return x * 449 + y + points[(x + 73) % 3].b + points[2].b; }
int main(void)
{
    for (unsigned k = 0; k < 24; k++) printf("%u %u\n", both(k * k, k * 5 % 13), letter(k * k, k * 5 % 13));
    return 0;
}
C
all swapped.c '-Os -fno-section-anchors' '-O2 -fno-section-anchors' -O1

# ---- in place, a word is changed that adds to what another one makes, which comes along ----
cat >twice.c <<'C'
#include <stdio.h>
struct three { unsigned a, b; int c; };
static const struct three threes[4] = {{992851, 798374, 196867}, {550526, 297092, 661931}, {108189, 790142, 274064}, {425599, 345922, 486934}};
#ifdef NEW
static const int added[3] = {169704, 215427, 1033889};
#endif
static const int numbers[8] = {966802, 412983, 784594, 984209, 670625, 242204, 138892, 558421};
__attribute__((noinline)) static unsigned back(unsigned x)
{
    unsigned z = x * 683u;
    for (const struct three *q = threes + 4; q != threes;) z = z * 7 + (--q)->c;
    if (z == 683) puts("odd");
    return z;
}
__attribute__((noinline)) static unsigned both(unsigned x)
{
    unsigned z = x * 543u;
    for (const int *q = numbers, *p = numbers + 8; q < p; q++) z = z * 3 + *q - *--p;
#ifdef NEW
    for (unsigned j = x % 4; j-- > 0;) z = z * 3 + added[j];
#endif
    return z;
}
int main(int argc, char **argv)
{
    for (unsigned x = argc; x < 7; x += 2) printf("%u %u\n", back(x), both(x));
    return 0;
}
C
all twice.c '-Os -fPIE -pie' '-Os -fno-pie -no-pie'

# ---- an index below 0 from behind the last constant, where the unwinder's data is ----
cat >pastall.c <<'C'
#include <stdio.h>
struct row { unsigned char a; double b; };
static const struct row rows[] = {{185, 4929.5}, {186, 8151.5}, {111, 886.5}, {86, 1698.5}, {179, 7228.5}, {110, 5645.5}, {26, 1089.5}, {106, 7093.5}, {178, 35.5},
#ifndef NEW
    {9, 16.5},
#endif
    {21, 9601.5}, {68, 8175.5}};
__attribute__((noinline)) static unsigned back(const struct row *p, const struct row *e)
{
    unsigned z = 1;
    for (; p >= e; p--) z = z * 3 + (unsigned)(long)p->b;
    return z;
}
__attribute__((noinline)) static unsigned one(unsigned x)
{
    unsigned z = x * 239u;
#ifdef NEW
    z = z * 3 + back(rows + 10, rows);
#endif
    return z;
}
int main(int argc, char **argv)
{
    for (unsigned x = argc; x < 7; x += 2) printf("f3 %u\n", one(x));
    return 0;
}
C
all pastall.c '-Os -fPIE -pie -fdata-sections -ffunction-sections -Wl,--gc-sections'

# ---- a loop goes on from where another one stopped, which is known to be the end only after its last step ----
cat >goeson.c <<'C'
#include <stdio.h>
static const unsigned t[20] = {387463, 250705, 780392, 488242, 697201, 357866, 374569, 876931, 910788, 240775, 993295, 766997, 827228, 354623, 560117, 644362,
    635691, 682105, 422097, 476670};
static const struct row { short a; char b; } rows[7] = {{5320, 87}, {8537, 82}, {7560, 72}, {4973, 96}, {9504, 24}, {995, 56}, {4198, 82}};
static const struct { char a; short b; int c, d; } pairs[2] = {{18, 1665, 608321, 1001273}, {49, 3515, 291330, 69997}};
__attribute__((noinline)) static unsigned differences(unsigned x)
{
    unsigned z = x * 116u, s = 0;
    for (unsigned j = 2; j > 0; j--) z = z * 3 + (unsigned)pairs[j - 1].b * j;
    for (unsigned j = 1; j < 20; j++) z = z * 3 + (t[j] - t[j - 1]);
    for (unsigned j = 0; j < 7; j++) s += (unsigned)(long)rows[j].a;
    return z * 3 + s;
}
__attribute__((noinline)) static unsigned changed(unsigned x)
{
    unsigned z = x * 896u, s = 0;
    for (unsigned j = 0; j < 2; j++) s += (unsigned)pairs[j].d;
    z = z * 3 + s;
#ifdef NEW
    z += (unsigned)pairs[0].a == x % 83;
#else
    for (unsigned j = x & 1; j < 2; j++) z += (unsigned)pairs[(j + x) & 1].a;
#endif
    for (unsigned j = 7; j > 0; j--) z = z * 3 + (unsigned)rows[j - 1].b * j;
    return z + (unsigned)(long)(x % 1000 * 896.345);
}
__attribute__((noinline)) static unsigned twice(unsigned x)
{
    unsigned z = x * 160u;
    const struct row *volatile b = rows;
    for (const struct row *q = rows + 7; q != b;) q--, z = z * 3 + (unsigned)(long)q->a;
    for (const unsigned *q = t + 20; q != t;) --q, z = z * 7 + *q;
    for (const unsigned *q = t, *p = t + 20; q < p; q++) p--, z = z * 3 + *q - *p;
    return z;
}
int main(int argc, char **argv)
{
    for (unsigned x = argc; x < 7; x += 2) printf("%u %u %u\n", differences(x), changed(x), twice(x));
    return 0;
}
C
all goeson.c '-O2 -fno-pie -no-pie' -O2

# ---- the end of a loop over a field is there, which was unrolled ----
cat >unrolled.c <<'C'
#include <stdio.h>
struct row { int a; long b; int c; };
static const struct row rows[20] = {{565401, 92320, 289797}, {472716, 106388, 34788}, {109571, 66052, 296728}, {638569, 390731, 701555}, {407215, 319567, 327512},
    {117041, 605745, 706483}, {18555, 608817, 970314}, {916399, 838285, 44146}, {811639, 153911, 340017}, {550300, 779117, 787734}, {51135, 59977, 585103},
    {909049, 127114, 552493}, {374993, 724532, 553373}, {363226, 984777, 6232}, {700011, 185678, 769908}, {52649, 717553, 176785}, {625051, 751288, 1052851},
    {54807, 1028600, 645621}, {12119, 189444, 727129}, {640488, 963908, 873492}};
__attribute__((noinline)) unsigned column(unsigned x)
{
    unsigned z = x * 370u;
    for (unsigned j = 0; j < 20; j++) z += rows[j].b;
    return z;
}
__attribute__((noinline)) unsigned other(unsigned x)
{
    unsigned z = x * 997u;
#ifdef NEW
    for (unsigned j = x % 2; j < 20; j += 2) z = z * 3 + rows[j].c;
#endif
    return z;
}
__attribute__((noinline)) unsigned back(unsigned x)
{
    unsigned z = x * 203u;
    for (const struct row *q = rows + 20 - 1; q >= rows; q--) z = z * 5 + q->c;
    return z;
}
int main(int argc, char **argv)
{
    for (unsigned x = argc; x < 7; x += 2) printf("%u %u %u\n", back(x), column(x), other(x));
    return 0;
}
C
all unrolled.c '-O1 -fno-pie -no-pie -flto -fdata-sections -ffunction-sections -Wl,--gc-sections -funroll-loops'

# ---- a loop goes back to as far in front of the table as another one goes through it: code is there ----
cat >infront.c <<'C'
#include <stdio.h>
struct row { unsigned short a; float b; double c, d; };
static const struct row rows[] = {{12, 9.9f, 0, 5.5}, {55323, 139.9f, 56.6, 12.2}, {2, 277.7f, 6.6, 2.2}, {29116, 4.4f, 11.1, 6.6}, {19646, 667.7f, 510, 326.6},
    {2, 8.8f, 7.7, 10}, {40418, 9.9f, 13.3, 4.4}, {5, 294.4f, 70, 11.1}, {6, 13.3f, 10, 457.7}, {24238, 4.4f, 309.9, 352.2},
#ifdef NEW
    {9, 74.4f, 0, 5.5},
#endif
};
enum { N = sizeof rows / sizeof *rows };
__attribute__((noinline)) unsigned back(unsigned x)
{
    for (int i = N - 1; i >= 0; i--) x = x * 3 + rows[i].a;
    return x;
}
__attribute__((noinline)) unsigned one(unsigned x) { return (unsigned)rows[x % N].d + x; }
int main(void)
{
    for (unsigned i = 0; i < 9; i++) printf("%u %u\n", back(i), one(i));
    return 0;
}
C
may=E181
all infront.c -O2 '-O2 -fno-pie -no-pie' '-O2 -fno-pie -no-pie -fno-section-anchors'
may=

# ---- an array of which nothing but the end is used, which is where the next one begins ----
cat >ends.c <<'C'
#include <stdio.h>
static const unsigned char bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
#ifdef NEW
    17, 18, 19, 20, 21, 22, 23, 24
#endif
};
static const unsigned char behind[] = {90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 90, 91, 92, 93, 94, 95};
__attribute__((noinline)) int last_of(const unsigned char *end) { return end[-1]; }
__attribute__((noinline)) int user(void) { return last_of(bytes + sizeof bytes); }
__attribute__((noinline)) int more(int n) { return behind[n & 15]; }
int main(int argc, char **argv) { return printf("%d %d\n", user(), more(argc)) < 0; }
C
all ends.c -O0 '-O0 -fno-pie -no-pie'

# ---- an array of short texts: constants beside others that are texts, too, but for an index; in a static program as well ----
cat >names.c <<'C'
#include <stdio.h>
static const char names[][8] = {"mu", "xi", "rho", "mu", "gamma",
#ifdef NEW
    "gamma",
#endif
    "kappa"};
enum { N = sizeof names / sizeof *names };
static inline unsigned hash(const char *s)
{
    unsigned h = 7;
    while (*s) h = h * 31 + (unsigned char)*s++;
    return h;
}
__attribute__((noinline)) unsigned any(unsigned x) { return hash(names[(x + 69) % N]) + hash(names[N - 1]); }
__attribute__((noinline)) unsigned other(unsigned x) { return hash(names[(x + 23) % N]) * 3 + hash(names[N - 1]); }
int main(void)
{
    for (unsigned i = 0; i < 9; i++) printf("%u %u\n", any(i), other(i));
    return 0;
}
C
all names.c -O2 '-O2 -fdata-sections -fno-pie -no-pie' '-O2 -fno-section-anchors -static-pie -fPIE'

# ---- numbers below 2^24, each with a zero behind it: they look like short texts, but no text is near ----
cat >like.c <<'C'
#include <stdio.h>
struct item { unsigned v; int i; };
static const struct item items[] = {{736044, 0}, {42172, 1}, {421277, 2}};
static const unsigned char front[] = {164, 88, 127, 216, 21, 68, 219, 4, 141, 173, 78, 171};
static const unsigned char bytes[] = {127, 80, 232, 143, 249, 159,
#ifdef NEW
    33, 12, 3, 3, 3, 99,
#endif
};
static const struct { const struct item *p; unsigned n; } parts[] = {{&items[2], 1}, {&items[1], 2}};
enum { N = sizeof items / sizeof *items };
__attribute__((noinline)) unsigned sum(const struct item *p, const struct item *e)
{
    unsigned z = 1;
    while (p < e) z = z * 7 + p->v + (unsigned)p->i, p++;
    return z;
}
__attribute__((noinline)) unsigned all(unsigned x) { return sum(items, items + N) + x; }
__attribute__((noinline)) unsigned part(unsigned x)
{
    for (unsigned i = 0, k = x & 1; i < parts[k].n; i++) x = x * 5 + parts[k].p[i].v;
    return x;
}
__attribute__((noinline)) unsigned either(unsigned x)
{
    const unsigned char *p = x & 1 ? &front[7] : &front[10];
    return *p;
}
__attribute__((noinline)) unsigned any(unsigned x) { return bytes[x % sizeof bytes]; }
int main(void)
{
    for (unsigned i = 0; i < 13; i++) printf("%u %u %u %u\n", all(i), part(i), either(i), any(i));
    return 0;
}
C
all like.c -O0 -O2

# ---- a pointer into the array changes, and who has it has the end, too, where nothing begins or what is the same as before ----
cat >last.c <<'C'
#include <stdio.h>
struct item { unsigned v; int i; };
static const struct item items[] = {{252669, 1}, {175236, 0}, {996303, 2}, {542588, 2}, {69759, 0}, {820771, 1}, {844400, 2}, {1025604, 2}};
enum { N = sizeof items / sizeof *items };
static const struct { const struct item *p, *e; } ranges[] = {{&items[3], items + N},
#ifdef NEW
    {&items[1], items + N},
#else
    {&items[0], items + N},
#endif
    {&items[2], items + N}, {&items[0], items + N}};
__attribute__((noinline)) unsigned range(unsigned x)
{
    unsigned z = x;
    for (const struct item *p = ranges[x % 4].p; p < ranges[x % 4].e; p++) z = z * 5 + p->v + (unsigned)p->i;
    return z;
}
int main(void)
{
    for (unsigned i = 0; i < 9; i++) printf("%u\n", range(i));
    return 0;
}
C
may=E148
all last.c -O0 -Os '-O2 -static-pie -fPIE'
may=

# ---- a loop over a field stops in the middle of what is behind the array: a word that is an address ----
cat >field.c <<'C'
#include <stdio.h>
struct point { unsigned a; unsigned char b; unsigned short c; };
static const struct point other[] = {{2, 146, 57078}, {145513182, 120, 10493}, {585236, 175, 23965}, {5, 120, 6598}};
static const struct point points[] = {{824211314, 130, 18378}, {100014409, 52, 47251}, {15, 112, 57872}, {174809075, 83, 11818}, {11, 177, 42286}, {365386, 20, 8967},
#ifdef NEW
    {111126, 158, 13002},
#endif
};
enum { N = sizeof points / sizeof *points };
static const struct { const struct point *p, *e; } ranges[] = {{&points[4], points + N}, {&points[3], points + N}};
__attribute__((noinline)) unsigned others(unsigned x) { return other[x % 4].c; }
__attribute__((noinline)) unsigned column(unsigned x)
{
    for (unsigned i = 0; i < N; i++) x = x * 3 + points[i].b;
    return x;
}
__attribute__((noinline)) unsigned range(unsigned x)
{
    unsigned z = x;
    for (const struct point *p = ranges[x % 2].p; p < ranges[x % 2].e; p++) z = z * 5 + p->a + p->b * 7 + p->c;
    return z;
}
int main(void)
{
    for (unsigned i = 0; i < 9; i++) printf("%u %u %u\n", others(i), column(i), range(i));
    return 0;
}
C
may=E147
all field.c '-O2 -fno-pie -no-pie' '-O2 -fno-pie -static'
may=

# ---- pairs of pointers that code gets at once and compares: they are what it reads from there, and no bounds of a section ----
if have_arm64_clang; then
    cat >pairs.c <<'C'
#include <stdio.h>
struct item { unsigned v; int i; };
static const struct item items[] = {{339958, 0}, {113007, 0}, {609664, 1}, {561053, 2}, {168068, 0},
#ifndef NEW
    {897667, 2},
#endif
    {747928, 2}, {545430, 1}};
enum { N = sizeof items / sizeof *items };
static const struct { const struct item *p, *e; } ranges[] = {{items + 5, items + N}, {items + 5, items + N}, {items + 5, items + N}, {items + 2, items + N}};
__attribute__((noinline)) unsigned f(unsigned x)
{
    unsigned z = x * 464;
    for (const struct item *o = ranges[x % 4].p; o < ranges[x % 4].e; o++) z = z * 5 + o->v + (unsigned)o->i;
    return z;
}
int main(void)
{
    for (unsigned i = 0; i < 8; i++) printf("%u\n", f(i));
    return 0;
}
C
    may=E148
    for how in -O2 -Os; do
        arm64_clang -w $how -fPIE -pie -s -Wl,--build-id -o old pairs.c && arm64_clang -w $how -fPIE -pie -DNEW -s -Wl,--build-id -o new pairs.c || exit 1
        right "clang $how: pairs of pointers"
    done
    may=
else
    skip "pairs of pointers, by LLVM" "no clang for AArch64"
fi

# ---- the same table grew into padding, so that nothing else moved: its first rows are in their places, and lead to the old one ----
all field.c '-O0 -fno-pie -static' -O0

# ---- a new loop compares with the end of what comes along with its neighbours: its start is made of an anchor that the old file has, too ----
cat >anchor.c <<'C'
#include <stdio.h>
struct pt { unsigned a; unsigned char b; unsigned short c; };
static inline unsigned H(const char *s) { unsigned h = 7; while (*s) h = h * 31 + (unsigned char)*s++; return h; }
static const unsigned others[] = {268475541, 9054, 7074, 168374146, 22254, 36284, 426371238, 1068012422, 785420978, 495371754, 6, 48327, 476920769, 18588, 4, 13700, 2, 0};
static const struct pt points[] = {{1050342713, 24, 1865}, {3, 62, 59786}, {339867896, 21, 49600}, {1, 84, 47322}};
static const unsigned grid[][4] = {{555210, 1008300, 555253, 7}, {810058, 546126, 865509, 488298}, {680686, 5, 7, 270614}, {0, 0, 0, 0}};
static const struct { const struct pt *p; unsigned n; const char *s; } last[] = {{&points[3], 1, "delta"}};
__attribute__((noinline)) unsigned sum(unsigned x, unsigned y)
{
    unsigned z = x * 807 + y;
    for (unsigned i = 0; i < last[x % 1].n; i++) z = z * 5 + last[x % 1].p[i].a + last[x % 1].p[i].b * 7 + last[x % 1].p[i].c + H(last[y % 1].s);
#ifdef NEW
    for (const struct pt *q = points + 2; q < points + 4; q++) z = z * 3 + q->c;
#endif
    return z;
}
int main(void)
{
    for (unsigned k = 0; k < 24; k++) printf("%u\n", sum(k * k, k * 5 % 13));
    return 0;
}
C
all anchor.c '-Og -fPIE -pie'

tap_done
