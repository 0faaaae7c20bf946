/* unit/cfi_rows.c - what elf/cfi.c says about addresses of a file, in the words of `readelf --debug-dump=frames-interp`, for cfi.sh.
 * Standard input: one address a line, in hexadecimal, as readelf prints them. */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "elf/cfi.h"

static const char *name(unsigned r, char *buf, size_t size)
{
    if (r == LP_CFI_SP) return "sp";
    snprintf(buf, size, r == LP_CFI_LR ? "ra" : "x%u", r);
    return buf;
}

static void print(const struct lp_cfi *c)
{
    char buf[8], from[8];
    if (c->cfa.kind == LP_CFI_EXPRESSION) printf(" exp");
    else printf(" %s%+lld", name(c->cfa.reg, buf, sizeof buf), (long long)c->cfa.off);
    for (unsigned r = 0; r < LP_CFI_REGS; r++) {
        const struct lp_cfi_rule *rule = &c->reg[r];
        const char *reg = name(r, buf, sizeof buf);
        if (rule->kind == LP_CFI_OFFSET) printf(" %s=c%+lld", reg, (long long)rule->off);
        if (rule->kind == LP_CFI_VALUE) printf(" %s=v%+lld", reg, (long long)rule->off);
        if (rule->kind == LP_CFI_REGISTER) printf(" %s=%s", reg, name(rule->reg, from, sizeof from));
        if (rule->kind == LP_CFI_EXPRESSION) printf(" %s=exp", reg);
    }
}

int main(int argc, char **argv)
{
    char line[64];
    lp_elf *elf = NULL;
    struct lp_error err;
    if (argc != 2 || lp_elf_open(argv[1], &elf, &err) != LP_OK) return fprintf(stderr, "cfi_rows: %s\n", argc == 2 ? err.text : "one file"), 2;
    while (fgets(line, sizeof line, stdin)) {
        struct lp_cfi c;
        line[strcspn(line, "\n")] = 0;
        printf("%s", line);
        if (lp_elf_cfi(elf, strtoull(line, NULL, 16), &c)) print(&c);
        else printf(" none");
        putchar('\n');
    }
    lp_elf_close(elf);
    return 0;
}
