/* unit/line_rows.c - what elf/line.c says of a file, for lines.sh: "at ADDRESS FILE:LINE" for each address that is asked for, "row ADDRESS FILE:LINE" for
 * each row of the tables, "inlined ADDRESS END NAME LINE DEPTH" for each range of a copy. Standard input: one address a line, in hexadecimal. */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include "elf/line.h"

int main(int argc, char **argv)
{
    lp_elf *e;
    struct lp_error err;
    const struct lp_elf_line *row;
    const struct lp_elf_inlined *in;
    char line[64];
    size_t n;
    if (argc != 2 || lp_elf_open(argv[1], &e, &err) != LP_OK) return 2;
    while (fgets(line, sizeof line, stdin)) {
        uint64_t at = strtoull(line, NULL, 16);
        const struct lp_elf_line *r = lp_elf_line_at(e, at);
        printf("at %llx %s:%u\n", (unsigned long long)at, r ? r->file : "??", r ? r->line : 0);
    }
    int status = 0;
    if (lp_elf_lines(e, &row, &n, &err) != LP_OK) n = 0, status = printf("%s\n", err.text) > 0;
    for (size_t i = 0; i < n; i++) printf("row %llx %s:%u\n", (unsigned long long)row[i].addr, row[i].file, row[i].line);
    if (status == 0 && lp_elf_inlined(e, &in, &n, &err) != LP_OK) n = 0, status = 1;
    for (size_t i = 0; i < n; i++)
        printf("inlined %llx %llx %s %u %u\n", (unsigned long long)in[i].addr, (unsigned long long)in[i].end, in[i].name, in[i].call_line, in[i].depth);
    lp_elf_close(e);
    return status;
}
