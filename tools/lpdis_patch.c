/* tools/lpdis_patch.c - a patch file with its instructions in words. */
#include <config.h>
#include "lpdis.h"
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which words of a block are instructions: those of sites and bodies, not the bytes of data and sets. */
enum block { OUTSIDE, SITE, BODY, BYTES };
enum { LINE_MAX_BYTES = 255 }; /* lpatch(5) */

static enum block block_of(const char *line, enum block now, uint64_t *addr)
{
    if (strncmp(line, "@ ", 2) == 0) {
        *addr = strncmp(line + 2, "0x", 2) == 0 ? strtoull(line + 2, NULL, 16) : 0;
        return SITE;
    }
    if (strncmp(line, "func ", 5) == 0) return *addr = 0, BODY;
    if (strncmp(line, "data ", 5) == 0 || strncmp(line, "set ", 4) == 0) return BYTES;
    return strncmp(line, "end", 3) == 0 ? OUTSIDE : now;
}

/* The word that stands at `p`, exactly 8 digits. */
static bool word_token(const char *p, uint32_t *word)
{
    if (strspn(p, "0123456789abcdef") != 8 || (p[8] && p[8] != ' ')) return false;
    *word = (uint32_t)strtoul(p, NULL, 16);
    return true;
}

/* A line of the original format: ADDRESS WORD. */
static bool seed_line(const char *line, uint64_t *addr, uint32_t *word)
{
    char *end;
    if (!strchr("0123456789abcdef", line[0]) || !line[0]) return false;
    *addr = strtoull(line, &end, 16);
    return *end == ' ' && word_token(end + 1, word);
}

/* The line as it stands, with the instruction of its word behind it unless it has a comment. */
static void annotate(struct lpdis_view *v, const char *line, bool insn, char mark, uint64_t at, uint32_t word)
{
    static const char blanks[] = "                                    ";
    struct lp_dis_insn text;
    size_t n = strlen(line);
    out_text(line);
    if (insn && !strchr(line, ';')) {
        lp_dis_word(v->dis, word, at, &text);
        v->undefined += !text.defined && mark != '-';
        if (n < sizeof blanks - 1) out_puts(blanks + n);
        out_puts(" ; ");
        out_puts(text.mnemonic);
        if (text.operands[0]) out_puts(" "), out_puts(text.operands);
    }
    out_puts("\n");
}

static void patch_line(struct lpdis_view *v, const char *line, enum block b, uint64_t *addr)
{
    uint32_t word = 0;
    uint64_t seed = 0;
    bool marked = (b == SITE && (line[0] == '-' || line[0] == '+')) || (b == BODY && line[0] == '|');
    bool insn = marked && line[1] == ' ' && word_token(line + 2, &word);
    bool is_seed = !insn && b == OUTSIDE && seed_line(line, &seed, &word);
    uint64_t at = is_seed ? seed : *addr;
    char mark = line[0] == '-' || line[0] == '+' ? line[0] : line[0] == '|' ? '+' : ' ';
    if (cli.format == OUT_TEXT) annotate(v, line, insn || is_seed, mark, at, word);
    else if (insn || is_seed) lpdis_line(v, &(struct lpdis_line){.mark = mark, .size = 4, .addr = at, .word = word});
    if (insn && mark == '+') *addr += 4;
}

/* Bodies have several words in a line: here each has its own. */
static void patch_lines(struct lpdis_view *v, const char *line, enum block b, uint64_t *addr)
{
    char one[LINE_MAX_BYTES + 1];
    uint32_t word;
    if (b != BODY || strncmp(line, "| ", 2) != 0) {
        patch_line(v, line, b, addr);
        return;
    }
    const char *p = line + 2;
    for (; word_token(p, &word) && p[8] && word_token(p + 9, &word); p += 9) {
        snprintf(one, sizeof one, "| %.8s", p);
        patch_line(v, one, b, addr);
    }
    snprintf(one, sizeof one, "| %s", p);
    patch_line(v, one, b, addr);
}

lp_status lpdis_patch(struct lpdis_view *v, const lp_patch *p, struct lp_error *err)
{
    size_t len;
    char *text = lp_patch_print(p, &len);
    if (!text) {
        *err = (struct lp_error){.status = LP_E_NOMEM, .text = "out of memory"};
        return LP_E_NOMEM;
    }
    enum block b = OUTSIDE;
    uint64_t addr = 0;
    char *save = NULL;
    /* strtok_r would swallow blank lines. */
    for (char *line = text; line; line = save) {
        save = strchr(line, '\n');
        if (save) *save++ = 0;
        if (!save && !*line) break;
        b = block_of(line, b, &addr);
        patch_lines(v, line, b, &addr);
    }
    free(text);
    return LP_OK;
}
