/* printf of integers: every length and flag. */
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
int main(void)
{
    long long v[] = {0, 1, -1, 42, -42, INT_MAX, INT_MIN, LLONG_MAX, LLONG_MIN, 0xdeadbeef};
    for (unsigned i = 0; i < sizeof v / sizeof *v; i++) {
        printf("[%d][%i][%5d][%-5d][%05d][%+d][% d]\n", (int)v[i], (int)v[i], (int)v[i], (int)v[i], (int)v[i], (int)v[i], (int)v[i]);
        printf("[%u][%x][%X][%#x][%o][%#o][%08x]\n", (unsigned)v[i], (unsigned)v[i], (unsigned)v[i], (unsigned)v[i], (unsigned)v[i], (unsigned)v[i], (unsigned)v[i]);
        printf("[%hhd][%hd][%ld][%lld][%jd][%zu][%td]\n", (signed char)v[i], (short)v[i], (long)v[i], v[i], (intmax_t)v[i], (size_t)v[i], (ptrdiff_t)v[i]);
        printf("[%20lld][%-20lld][%+.15lld][%'lld][%.0lld]\n", v[i], v[i], v[i], v[i], v[i]);
        printf("[%*.*d][%" PRIx64 "]\n", 12, 6, (int)v[i], (uint64_t)v[i]);
    }
    printf("%c|%5c|%-5c|%s|%10s|%-10s|%.3s|%10.2s|%%\n", 'a', 'b', 'c', "str", "right", "left", "truncate", "xyz");
    printf("%p %p\n", (void *)0, (void *)0x1234);
    int n;
    printf("abc%n", &n);
    printf(" %d\n", n);
    char buf[16];
    int k = snprintf(buf, sizeof buf, "%s", "a string that is too long");
    printf("%d %s\n", k, buf);
    printf("%2$s %1$s\n", "world", "hello");
    printf("%ls\n", L"wide");
    return 0;
}
