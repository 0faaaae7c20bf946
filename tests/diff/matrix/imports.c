/* imports.c - what changes of the matrix call is imported by OLD too. */
#include <stdio.h>
#include <stdlib.h>
void matrix_imports(int n)
{
    if (n != 12345) return;
    puts("imports"), printf("%d %u %.4f\n", n, n, n * 1.5), putchar(n), fputs("imports", stdout), fputc(n, stdout), fwrite("imports", 1, 4, stdout);
    if (getenv("IMPORTS")) abort();
}
