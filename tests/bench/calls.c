/* calls MILLIONS: so many calls of a function, which a patch (patching.sh) makes the same again somewhere else. INSTRUCTIONS run for each call. */
#include <stdlib.h>

enum { INSTRUCTIONS = 9 };
__asm__(".text\n\t.type called, %function\n\t.global called\n"
        "called:\tldr x1, [x1]\n\tadd x0, x0, x1\n\tret\n\t.size called, . - called");

int main(int argc, char **argv)
{
    unsigned long n = (argc > 1 ? strtoul(argv[1], NULL, 10) : 1) * 1000000, v = 0, cell = 1, *p = &cell;
    __asm__ volatile("1:\tmov x0, %0\n\tmov x1, %2\n\tbl called\n\tmov %0, x0\n\tsubs %1, %1, #1\n\tb.ne 1b"
                     : "+r"(v), "+r"(n) : "r"(p) : "x0", "x1", "x30", "cc", "memory");
    return v == 0;
}
