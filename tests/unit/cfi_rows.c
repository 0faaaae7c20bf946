/* unit/cfi_rows.c - what elf/cfi.c says about addresses of a file, in the words of `readelf --debug-dump=frames-interp`, for cfi.sh.
 * Standard input: one address a line, in hexadecimal, as readelf prints them. plain, moved: by the instructions that a patch would have. */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
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

/* The rules at an address by what lp_cfi_plain() or lp_cfi_move() makes of its function. The latter for a body that has each word twice. */
static bool rewritten(const lp_elf *elf, uint64_t addr, bool move, struct lp_cfi *c)
{
    struct lp_fde f;
    struct lp_buf b = {0};
    if (!lp_elf_fde(elf, addr, &f)) return false;
    if (f.cie.ra != LP_CFI_LR) return !lp_cfi_plain(&f, &b) && !lp_cfi_move(&f, NULL, 0, &b) && lp_elf_cfi(elf, addr, c); /* glibc's _dl_tlsdesc_return */
    const size_t n = (f.end - f.start) / 4;
    uint32_t *from = malloc((2 * n + 1) * sizeof *from);
    for (size_t i = 0; from && i < n; i++) from[i] = from[n + i] = (uint32_t)i;
    bool good = from && (move ? lp_cfi_move(&f, from, 2 * n, &b) : lp_cfi_plain(&f, &b));
    struct lp_cfi first;
    const uint64_t at = addr - f.start;
    good = good && lp_cfi_run_plain((const uint8_t *)b.data, b.len, at, c);
    if (good && move) good = lp_cfi_run_plain((const uint8_t *)b.data, b.len, at + 4 * n, &first) && memcmp(&first, c, sizeof first) == 0;
    free(from), lp_buf_free(&b);
    return good;
}

int main(int argc, char **argv)
{
    char line[64];
    const char *how = argc == 3 ? argv[2] : "";
    lp_elf *elf = NULL;
    struct lp_error err;
    if (argc < 2 || lp_elf_open(argv[1], &elf, &err) != LP_OK) return fprintf(stderr, "cfi_rows: %s\n", argc >= 2 ? err.text : "FILE [plain|moved]"), 2;
    while (fgets(line, sizeof line, stdin)) {
        struct lp_cfi c;
        line[strcspn(line, "\n")] = 0;
        printf("%s", line);
        uint64_t addr = strtoull(line, NULL, 16);
        if (*how ? rewritten(elf, addr, *how == 'm', &c) : lp_elf_cfi(elf, addr, &c)) print(&c);
        else printf(" none");
        putchar('\n');
    }
    lp_elf_close(elf);
    return 0;
}
