/* flags: -fno-builtin -fno-tree-loop-distribute-patterns */
/* Every memory, string and wide-string function of glibc over alignments and lengths, at both ends of an area between two pages that nobody may
 * touch (what reads too far is killed), against plain loops. Prints, per function, how many calls and a digest of results; mismatches first.
 *
 *     strfuncs [0|1|2]     how much
 *     strfuncs where       the address of each function that was chosen at start (IFUNC)
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

typedef unsigned char u8;
enum { AREA = 1 << 14, HUGE_AREA = 1 << 21, GUARD = 1 << 16 };
static u8 *lo[3], *hi[3], *model; /* three areas between guards, and room for what the plain loops make of them */
static int level;
static unsigned long calls, wrong;
static uint64_t digest = 0xcbf29ce484222325u, state = 1;

static void note(uint64_t v) { digest = (digest ^ v) * 0x100000001b3u, digest ^= digest >> 29; }
static unsigned any(void) { return (unsigned)((state = state * 6364136223846793005u + 1442695040888963407u) >> 40); }
static int sign(long v) { return (v > 0) - (v < 0); }

static void check(const char *name, int good, size_t n, size_t a)
{
    calls++;
    if (good) return;
    if (wrong++ < 20) printf("WRONG %s: length %zu, place %zu\n", name, n, a);
}

static void tell(const char *name)
{
    printf("%-12s %8lu %016llx\n", name, calls, (unsigned long long)digest);
    fflush(stdout);
    calls = 0;
    digest = 0xcbf29ce484222325u;
}

static u8 *guarded(size_t size)
{
    u8 *p = mmap(NULL, size + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + GUARD, size, PROT_READ | PROT_WRITE) != 0) exit(9);
    return p + GUARD;
}

/* ---- lengths and places ---- */
static size_t next(size_t n)
{
    static const unsigned upto[] = {40, 140, 300};
    if (n < upto[level]) return n + 1;
    return n + n / (level == 2 ? 16 : 4) + 1;
}
enum { PLACES = 24 };
static size_t places(void) { return level == 2 ? 2 * PLACES : level ? 20 : 8; }
/* place I of AREA k for SIZE bytes, a multiple of UNIT from its start (even) or its end (odd) */
static u8 *place(int k, size_t i, size_t size, size_t unit) { return i & 1 ? hi[k] - size - (i >> 1) * unit : lo[k] + (i >> 1) * unit; }
/* another alignment for the second operand */
static size_t other(size_t i, size_t n) { return (i * 7 + n * 3) % (2 * PLACES); }

static void copy(u8 *d, const u8 *s, size_t n) { for (size_t i = 0; i < n; i++) d[i] = s[i]; }
static int equal(const u8 *a, const u8 *b, size_t n)
{
    for (size_t i = 0; i < n; i++) if (a[i] != b[i]) return 0;
    return 1;
}
static void scramble(u8 *p, size_t n) { for (size_t i = 0; i < n; i++) p[i] = (u8)any(); }

/* A window around what a function writes: compared whole, so a byte too much shows. */
static u8 *window;
static size_t window_size;
static void watch(int k, u8 *p, size_t n)
{
    u8 *from = p - lo[k] > 70 ? p - 70 : lo[k], *to = hi[k] - (p + n) > 70 ? p + n + 70 : hi[k];
    window = from, window_size = (size_t)(to - from);
    scramble(window, window_size);
    copy(model, window, window_size);
}
static u8 *modelled(u8 *p) { return model + (p - window); }
static int as_modelled(void) { return equal(window, model, window_size); }

/* ---- memory ---- */
static void t_copies(void)
{
    static void *(*const f[])(void *, const void *, size_t) = {memcpy, mempcpy, memmove};
    static const char *const name[] = {"memcpy", "mempcpy", "memmove"};
    for (int w = 0; w < 3; w++) {
        for (size_t n = 0; n <= 1500; n = next(n))
            for (size_t i = 0; i < places(); i++) {
                u8 *s = place(0, i, n, 1), *d = place(1, other(i, n), n, 1);
                scramble(s, n), watch(1, d, n), copy(modelled(d), s, n);
                void *r = f[w](d, s, n);
                check(name[w], r == (w == 1 ? d + n : d) && as_modelled(), n, i);
                note(window[window_size / 2]);
            }
        tell(name[w]);
    }
}

static void overlap(size_t n, u8 *d, u8 *s, size_t i)
{
    u8 *from = d < s ? d : s, *to = (d < s ? s : d) + n;
    watch(0, from, (size_t)(to - from));
    u8 *md = modelled(d), *ms = modelled(s);
    if (d < s) for (size_t k = 0; k < n; k++) md[k] = ms[k];
    else for (size_t k = n; k-- > 0;) md[k] = ms[k];
    void *r = memmove(d, s, n);
    check("memmove", r == d && as_modelled(), n, i);
}

static void t_overlaps(void)
{
    for (size_t n = 0; n <= 1000; n = next(n + (level < 2 ? 4 : 1)))
        for (size_t gap = 0; gap < 140; gap += gap < 20 ? 1 : level == 2 ? 7 : 41) {
            overlap(n, lo[0] + gap % 19, lo[0] + gap % 19 + gap, gap), overlap(n, lo[0] + gap % 19 + gap, lo[0] + gap % 19, gap);
            overlap(n, hi[0] - n - gap, hi[0] - n, gap), overlap(n, hi[0] - n, hi[0] - n - gap, gap);
        }
    tell("overlaps");
}

static void t_memset(void)
{
    for (size_t n = 0; n <= 6000; n = next(n))
        for (size_t i = 0; i < places(); i++) {
            u8 *d = place(1, i, n, 1), value = i % 3 ? (u8)(n * 37 + i) : 0;
            watch(1, d, n);
            for (size_t k = 0; k < n; k++) modelled(d)[k] = value;
            void *r = memset(d, value | 0x5500, n);
            check("memset", r == d && as_modelled(), n, i);
            if (value) continue;
            scramble(d, n), bzero(d, n);
            check("bzero", as_modelled(), n, i);
            scramble(d, n), explicit_bzero(d, n);
            check("bzero", as_modelled(), n, i);
        }
    tell("memset");
}

/* Blocks of which the loops with prefetch, non-temporal pairs and DC ZVA are made */
static void t_large(void)
{
    u8 *a = guarded(HUGE_AREA), *b = guarded(HUGE_AREA);
    for (size_t n = 2000; n < HUGE_AREA - 100; n = n * (level ? 3 : 7) + 123) {
        u8 *s = a + HUGE_AREA - n - n % 5, *d = b + n % 33;
        for (size_t i = 0; i < n; i += 61) s[i] = (u8)any();
        memcpy(d, s, n);
        check("large", equal(d, s, n), n, 0);
        memmove(d + 40, d, n);
        check("large", equal(d + 40, s, n), n, 1);
        memmove(d + 9, d + 40, n);
        check("large", equal(d + 9, s, n) && memcmp(d + 9, s, n) == 0, n, 2);
        d[9 + n - 1] ^= 1;
        check("large", memcmp(d + 9, s, n) != 0, n, 3);
        memset(b + HUGE_AREA - n, 0, n);
        int zero = 1;
        for (size_t i = 0; i < n; i++) zero &= b[HUGE_AREA - n + i] == 0;
        check("large", zero, n, 4);
        b[HUGE_AREA - 1] = 1;
        check("large", memchr(b + HUGE_AREA - n, 1, n) == b + HUGE_AREA - 1 && strlen((char *)b + HUGE_AREA - n) == 0, n, 5);
    }
    munmap(a, HUGE_AREA), munmap(b, HUGE_AREA);
    tell("large");
}

static void t_memcmp(void)
{
    for (size_t n = 0; n <= 700; n = next(n))
        for (size_t i = 0; i < places(); i++) {
            u8 *s = place(0, i, n, 1), *d = place(1, other(i, n), n, 1);
            scramble(s, n), copy(d, s, n);
            check("memcmp", memcmp(s, d, n) == 0 && bcmp(s, d, n) == 0, n, i);
            if (!n) continue;
            size_t at = any() % n, tail = at + 1 < n ? at + 1 + any() % (n - at - 1) : at;
            d[at] ^= (u8)(1u << any() % 8), d[tail] = (u8)any(); /* the first difference counts */
            int want = 0;
            for (size_t k = 0; k < n && !want; k++) want = s[k] - d[k];
            check("memcmp", sign(memcmp(s, d, n)) == sign(want) && !bcmp(s, d, n) == !want, n, i);
            note((uint64_t)sign(want));
        }
    tell("memcmp");
}

static void t_memchr(void)
{
    for (size_t n = 0; n <= 700; n = next(n))
        for (size_t i = 0; i < places(); i++) {
            u8 *p = place(0, i, n, 1), c = (u8)any();
            for (size_t k = 0; k < n; k++) p[k] = (u8)any(), p[k] += p[k] == c;
            /* what is sought also stands just outside */
            if (p > lo[0]) p[-1] = c;
            if (p + n < hi[0]) p[n] = c;
            check("memchr", memchr(p, c, n) == NULL && memrchr(p, c, n) == NULL, n, i);
            if (!n) continue;
            size_t first = any() % n, last = first + any() % (n - first);
            p[first] = p[last] = c;
            check("memchr", memchr(p, c | 0x700, n) == p + first && memrchr(p, c, n) == p + last && rawmemchr(p, c) == p + first, n, i);
            check("memchr", memchr(p, c, SIZE_MAX) == p + first && memchr(p, c, first) == NULL && memrchr(p + last + 1, c, n - last - 1) == NULL, n, i);
            u8 *d = lo[1] + n % 16;
            void *r = memccpy(d, p, c, n);
            check("memccpy", r == d + first + 1 && equal(d, p, first + 1), n, i);
            note(first), note(last);
        }
    tell("memchr");
}

static void *plain_memmem(const u8 *h, size_t n, const u8 *x, size_t m)
{
    for (size_t i = 0; i + m <= n; i++) if (equal(h + i, x, m)) return (void *)(h + i);
    return NULL;
}

static void t_search(void)
{
    for (size_t n = 0; n <= 330; n = next(n + (level < 2 ? 4 : 1)))
        for (size_t m = 0; m <= n + 1 && m < 300; m = m < 6 ? m + 1 : m * 2 - 3) {
            u8 *h = place(0, n & 1, n + 1, 1), *x = place(1, m & 1, m + 1, 1);
            for (size_t k = 0; k < n; k++) h[k] = (u8)("ab"[any() % 2] - 32 * (any() % 9 == 0));
            for (size_t k = 0; k < m; k++) x[k] = (u8)"ab"[any() % 2];
            h[n] = x[m] = 0;
            if (n > m && any() % 4) copy(x, h + any() % (n - m + 1), m);
            void *want = plain_memmem(h, n, x, m);
            check("memmem", memmem(h, n, x, m) == want, n, m);
            check("strstr", strstr((char *)h, (char *)x) == (char *)want, n, m);
            note(want ? (uint64_t)((u8 *)want - h) : 999);
            copy(model, h, n + 1);
            for (size_t k = 0; k < n; k++) h[k] |= 32;
            want = plain_memmem(h, n, (x[0] |= 32 * (m > 0), x), m);
            for (size_t k = 0; k < m; k++) x[k] |= 32;
            want = plain_memmem(h, n, x, m);
            copy(h, model, n + 1);
            check("strcasestr", strcasestr((char *)h, (char *)x) == (char *)want, n, m);
        }
    tell("searches");
}

/* ---- strings ---- */
static void text(u8 *p, size_t n)
{
    for (size_t k = 0; k < n; k++) p[k] = (u8)any(), p[k] += p[k] == 0;
    p[n] = 0;
}

static void t_strlen(void)
{
    for (size_t n = 0; n <= 1500; n = next(n))
        for (size_t i = 0; i < places(); i++) {
            u8 *p = place(0, i, n + 1, 1);
            text(p, n);
            if (p > lo[0]) p[-1] = (u8)(i & 2 ? 0 : 1);
            size_t some = any() % (n + 1);
            check("strlen", strlen((char *)p) == n && strnlen((char *)p, n + some) == n && strnlen((char *)p, some) == some, n, i);
            check("strnlen", strnlen((char *)p, SIZE_MAX) == n && strnlen((char *)p, n + 1) == n, n, i);
            p = place(0, i, n, 1); /* no end within reach */
            for (size_t k = 0; k < n; k++) p[k] |= 1;
            check("strnlen", strnlen((char *)p, n) == n, n, i);
        }
    tell("strlen");
}

static void t_strchr(void)
{
    for (size_t n = 0; n <= 500; n = next(n))
        for (size_t i = 0; i < places(); i++) {
            u8 *p = place(0, i, n + 1, 1), c = (u8)(any() | 1);
            for (size_t k = 0; k < n; k++) p[k] = (u8)(c ^ (2 + any() % 8 * 4)), p[k] += p[k] == 0;
            p[n] = 0;
            if (p > lo[0]) p[-1] = c;
            if (p + n + 1 < hi[0]) p[n + 1] = c;
            char *s = (char *)p;
            check("strchr", strchr(s, c) == NULL && strrchr(s, c) == NULL && strchrnul(s, c) == s + n, n, i);
            check("strchr", strchr(s, 0) == s + n && strrchr(s, 0) == s + n && strchrnul(s, 0) == s + n && rawmemchr(s, 0) == s + n, n, i);
            if (!n) continue;
            size_t first = any() % n, last = first + any() % (n - first);
            p[first] = p[last] = c;
            check("strchr", strchr(s, c) == s + first && strrchr(s, c) == s + last && strchrnul(s, c) == s + first && index(s, c) == s + first && rindex(s, c) == s + last, n, i);
            note(first), note(last);
        }
    tell("strchr");
}

static void t_strcpy(void)
{
    for (size_t n = 0; n <= 600; n = next(n))
        for (size_t i = 0; i < places(); i++) {
            u8 *s = place(0, i, n + 1, 1), *d = place(1, other(i, n), n + 1, 1);
            text(s, n), watch(1, d, n + 1), copy(modelled(d), s, n + 1);
            char *r = strcpy((char *)d, (char *)s);
            check("strcpy", (u8 *)r == d && as_modelled(), n, i);
            scramble(d, n + 1), r = stpcpy((char *)d, (char *)s);
            check("stpcpy", (u8 *)r == d + n && as_modelled(), n, i);
            size_t m = any() % (n * 2 + 3), kept = m < n ? m : n; /* the same, at most m and padded with zeros */
            d = place(1, other(i, n + 1), m, 1), watch(1, d, m), copy(modelled(d), s, kept);
            for (size_t k = kept; k < m; k++) modelled(d)[k] = 0;
            r = strncpy((char *)d, (char *)s, m);
            check("strncpy", (u8 *)r == d && as_modelled(), n, i);
            scramble(d, m), r = stpncpy((char *)d, (char *)s, m);
            check("stpncpy", (u8 *)r == d + kept && as_modelled(), n, i);
            note(m), note(window[0]);
        }
    tell("strcpy");
}

static void t_strcat(void)
{
    for (size_t n = 0; n <= 300; n = next(n + (level < 2 ? 2 : 0)))
        for (size_t i = 0; i < places(); i++) {
            size_t head = any() % 50, m = any() % (n + 4), kept = m < n ? m : n;
            u8 *s = place(0, i, n + 1, 1), *d = place(1, other(i, n), head + n + 1, 1);
            text(s, n), watch(1, d, head + n + 1), text(d, head), copy(modelled(d), d, head), copy(modelled(d) + head, s, n + 1);
            char *r = strcat((char *)d, (char *)s);
            check("strcat", (u8 *)r == d && as_modelled(), n, i);
            d = place(1, other(i, n), head + kept + 1, 1), watch(1, d, head + kept + 1), text(d, head), copy(modelled(d), d, head), copy(modelled(d) + head, s, kept);
            modelled(d)[head + kept] = 0;
            r = strncat((char *)d, (char *)s, m);
            check("strncat", (u8 *)r == d && as_modelled(), n, i);
            note(m);
        }
    tell("strcat");
}

static int plain_cmp(const u8 *a, const u8 *b, size_t m, int fold)
{
    for (size_t k = 0; k < m; k++) {
        int x = a[k], y = b[k];
        if (fold && x >= 'A' && x <= 'Z') x += 32;
        if (fold && y >= 'A' && y <= 'Z') y += 32;
        if (x != y || !x) return x - y;
    }
    return 0;
}

static void t_strcmp(void)
{
    for (size_t n = 0; n <= 500; n = next(n))
        for (size_t i = 0; i < places(); i++) {
            u8 *s = place(0, i, n + 1, 1), *d = place(1, other(i, n), n + 1, 1);
            text(s, n), copy(d, s, n + 1);
            const char *a = (char *)s, *b = (char *)d;
            check("strcmp", strcmp(a, b) == 0 && strncmp(a, b, n + 9) == 0 && strcasecmp(a, b) == 0, n, i);
            if (!n) continue;
            size_t at = any() % n, m = any() % (n + 3);
            d[at] = (u8)(any() % 3 ? any() : any() % 2 ? 0 : d[at] ^ 32);
            int want = plain_cmp(s, d, SIZE_MAX, 0), upto = plain_cmp(s, d, m, 0);
            check("strcmp", sign(strcmp(a, b)) == sign(want) && sign(strcmp(b, a)) == -sign(want), n, i);
            check("strncmp", sign(strncmp(a, b, m)) == sign(upto) && sign(strncmp(a, b, SIZE_MAX)) == sign(want), n, i);
            check("strcasecmp", sign(strcasecmp(a, b)) == sign(plain_cmp(s, d, SIZE_MAX, 1)) && sign(strncasecmp(a, b, m)) == sign(plain_cmp(s, d, m, 1)), n, i);
            note((uint64_t)sign(want)), note((uint64_t)sign(upto));
            /* no end within m: neither may read on */
            s = place(0, i, n, 1), d = place(1, i, n, 1);
            for (size_t k = 0; k < n; k++) s[k] |= 1, d[k] = s[k];
            check("strncmp", strncmp((char *)s, (char *)d, n) == 0 && strncasecmp((char *)s, (char *)d, n) == 0, n, i);
        }
    tell("strcmp");
}

static void t_spans(void)
{
    for (size_t n = 0; n <= 250; n = next(n + 1))
        for (size_t i = 0; i < places(); i++) {
            size_t m = any() % 12;
            u8 *s = place(0, i, n + 1, 1), *set = place(1, i, m + 1, 1);
            for (size_t k = 0; k < n; k++) s[k] = (u8)('a' + any() % 4);
            for (size_t k = 0; k < m; k++) set[k] = (u8)('a' + any() % 6);
            s[n] = set[m] = 0;
            size_t span = 0, anti = 0;
            while (s[span] && plain_memmem(set, m, s + span, 1)) span++;
            while (s[anti] && !plain_memmem(set, m, s + anti, 1)) anti++;
            const char *a = (char *)s, *b = (char *)set;
            check("spans", strspn(a, b) == span && strcspn(a, b) == anti && strpbrk(a, b) == (s[anti] ? a + anti : NULL), n, i);
            note(span), note(anti);
        }
    tell("spans");
}

/* ---- wide strings: positions in wchar_t ---- */
static wchar_t *wplace(int k, size_t i, size_t n) { return (wchar_t *)(void *)place(k, i, n * sizeof(wchar_t), sizeof(wchar_t)); }
static void wtext(wchar_t *p, size_t n, unsigned alphabet)
{
    for (size_t k = 0; k < n; k++) p[k] = (wchar_t)(0x10041 + any() % alphabet);
    p[n] = 0;
}

static void t_wide(void)
{
    for (size_t n = 0; n <= 200; n = next(n + 2))
        for (size_t i = 0; i < places(); i++) {
            wchar_t *s = wplace(0, i, n + 1), *d = wplace(1, other(i, n), n + 1), c = 0x10040;
            wtext(s, n, 5);
            check("wcslen", wcslen(s) == n && wcsnlen(s, n / 2) == n / 2 && wcsnlen(s, n + 5) == n, n, i);
            check("wcscpy", wcscpy(d, s) == d && equal((u8 *)d, (u8 *)s, (n + 1) * 4) && wcpcpy(d, s) == d + n, n, i);
            check("wcscmp", wcscmp(s, d) == 0 && wcsncmp(s, d, n) == 0 && wmemcmp(s, d, n) == 0 && wcscasecmp(s, d) == 0, n, i);
            check("wcschr", wcschr(s, c) == NULL && wcsrchr(s, c) == NULL && wcschrnul(s, c) == s + n && wmemchr(s, c, n) == NULL && wcschr(s, 0) == s + n, n, i);
            wmemset(d, 7, n), wmemcpy(d, s, n), wmemmove(d, s, n);
            check("wmemcpy", equal((u8 *)d, (u8 *)s, n * 4) && wmempcpy(d, s, n) == d + n, n, i);
            if (!n) continue;
            size_t first = any() % n, last = first + any() % (n - first);
            s[first] = s[last] = c;
            check("wcschr", wcschr(s, c) == s + first && wcsrchr(s, c) == s + last && wcschrnul(s, c) == s + first && wmemchr(s, c, n) == s + first, n, i);
            check("wcscmp", wcscmp(s, d) < 0 && wmemcmp(d, s, n) > 0 && wcsncmp(s, d, first) == 0 && wcsncmp(d, s, first + 1) > 0 && wcscasecmp(s, d) < 0, n, i);
            wchar_t set[2] = {c, 0};
            check("wcsspn", wcscspn(s, set) == first && wcspbrk(s, set) == s + first && wcsspn(s + first, set) >= 1 && wcsstr(s, set) == s + first, n, i);
            wmemset(d, 0x1234, n);
            wcsncpy(d, s, first + 1);
            check("wcsncpy", equal((u8 *)d, (u8 *)s, (first + 1) * 4) && wcpncpy(d, s, n) == d + n, n, i);
            wchar_t *e = wplace(2, i, 5 + n + 1);
            wtext(e, 5, 9), wcscat(e, s);
            check("wcscat", wcslen(e) == n + 5 && equal((u8 *)(e + 5), (u8 *)s, (n + 1) * 4), n, i);
            e[5] = 0, wcsncat(e, s, first);
            check("wcsncat", wcslen(e) == first + 5 && wcsncasecmp(e + 5, s, first) == 0, n, i);
            note(first);
        }
    tell("wide");
}

/* The rest, which is made of the above */
static void t_others(void)
{
    char b[200], *save, *s = b;
    strcpy(b, "one,two;;three , four");
    for (char *t; (t = strsep(&s, ",;"));) note((uint64_t)(t - b)), note(strlen(t));
    strcpy(b, "one,two;;three , four");
    for (char *t = strtok_r(b, ",; ", &save); t; t = strtok_r(NULL, ",; ", &save)) note((uint64_t)(t - b)), note(strlen(t));
    check("strverscmp", strverscmp("a9", "a10") < 0 && strverscmp("a01", "a1") < 0 && strcoll("a", "b") < 0, 0, 0);
    char *copy1 = strdup(b), *copy2 = strndup("abcdef", 3);
    check("strdup", !strcmp(copy1, b) && !strcmp(copy2, "abc") && strlen(strfry(strcpy(b, "xyz"))) == 3, 0, 0);
    swab("badcfe", b, 6), memfrob(b, 6), memfrob(b, 6);
    check("swab", !memcmp(b, "abcdef", 6), 0, 0);
    free(copy1), free(copy2);
    tell("others");
}

/* ---- which ones were chosen ---- */
#define EACH(F) F(memcpy) F(memmove) F(memset) F(memchr) F(strlen) F(memcmp) F(strcmp) F(strchr) F(memrchr) F(strcpy) F(rawmemchr) F(strnlen) F(strrchr) F(strncmp)
/* In a static program the address of an IFUNC is that of its stub: BTI c (or not), ADRP x16, LDR x17 (or x16), ... The slot that it loads has the choice. */
static uintptr_t chosen(const uint32_t *stub)
{
    stub += *stub == 0xd503245f;
    if ((stub[0] & 0x9f00001f) != 0x90000010 || (stub[1] & 0xffc003e0) != 0xf9400200) return (uintptr_t)stub;
    int64_t page = (int64_t)((uint64_t)(stub[0] >> 5 & 0x7ffff) << 45) >> 31 | (int64_t)(stub[0] >> 29 & 3) << 12;
    return *(uintptr_t *)(((uintptr_t)stub & ~(uintptr_t)4095) + (uintptr_t)page + (stub[1] >> 10 & 0xfff) * 8);
}

static int where(void)
{
#define ROW(f) {#f, (const void *)f},
    static const struct { const char *name; const void *at; } row[] = {EACH(ROW)};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) printf("%s %016lx\n", row[i].name, (unsigned long)chosen(row[i].at));
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "where")) return where();
    level = argc > 1 ? atoi(argv[1]) : 0;
    if (level < 0 || level > 2) return 2;
    for (int k = 0; k < 3; k++) lo[k] = guarded(AREA), hi[k] = lo[k] + AREA;
    model = guarded(AREA);
    t_copies(), t_overlaps(), t_memset(), t_large(), t_memcmp(), t_memchr(), t_search();
    t_strlen(), t_strchr(), t_strcpy(), t_strcat(), t_strcmp(), t_spans(), t_wide(), t_others();
    printf("%lu wrong\n", wrong);
    return wrong != 0;
}
