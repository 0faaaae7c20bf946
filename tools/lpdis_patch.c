/* tools/lpdis_patch.c - a patch file with its instructions in words. */
#include <config.h>
#include "lpdis.h"
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which words of a block are instructions: those of sites and bodies, not the bytes of data and sets. */
enum kind { OUTSIDE, SITE, BODY, DATA, SET };
enum { LINE_MAX_BYTES = 255 }; /* lpatch(5) */
struct block {
    enum kind kind;
    uint64_t addr;                        /* of the next word */
    char name[LINE_MAX_BYTES + 1];        /* "main+0x8", "func parse", "data .msg", "set limit" */
    char is[LINE_MAX_BYTES + 1];          /* of data and sets: what comes behind the name */
    char old_value[LINE_MAX_BYTES + 1];   /* of a set */
    char old_words[LINE_MAX_BYTES + 1];   /* of a site: a line of several, before that of the new ones */
};

/* The name of a block: up to its size, which is behind the last blank that begins such a thing. */
static void name_block(struct block *b, const char *line)
{
    static const char *const marks[] = {" size ", " rodata ", " data ", " bss ", " b1", " b2", " b4", " b8", " bytes "};
    const char *end = line + strlen(line);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        for (const char *p = strstr(line + 5, marks[i]); p; p = strstr(p + 1, marks[i]))
            if (p < end && line[0] != '@' && !strchr(p, '"')) end = p; /* not within a quoted name */
    snprintf(b->name, sizeof b->name, "%.*s", (int)(end - line), line);
    snprintf(b->is, sizeof b->is, "%s", *end ? end + 1 : "");
}

/* Without the word behind the place. */
static void name_site(struct block *b, const char *place)
{
    static const char quiet[] = " quiet";
    const size_t n = strlen(place), m = sizeof quiet - 1;
    const size_t end = n > m && strcmp(place + n - m, quiet) == 0 ? n - m : n;
    snprintf(b->name, sizeof b->name, "%.*s", (int)end, place);
    b->old_words[0] = 0;
}

static void enter_block(struct block *b, const char *line)
{
    static const struct { const char *word; enum kind kind; } words[] = {{"@ ", SITE}, {"func ", BODY}, {"data ", DATA}, {"set ", SET}, {"end", OUTSIDE}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strncmp(line, words[i].word, strlen(words[i].word)) != 0) continue;
        b->kind = words[i].kind;
        b->addr = b->kind == SITE && strncmp(line + 2, "0x", 2) == 0 ? strtoull(line + 2, NULL, 16) : 0;
        if (b->kind == SITE) name_site(b, line + 2);
        else if (b->kind != OUTSIDE) name_block(b, line);
        return;
    }
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

/* Records of data: each line of new ones (of .bss there is but the first), and each set. */
static void data_line(struct block *b, const char *line)
{
    static const char *const kinds[][2] = {{"| ", "bytes"}, {"\"", "string"}, {"rel ", "rel"}, {"zero ", "zero"},
                                         {"old ", "old"}, {"from ", "from"}, {"entry ", "entry"}, {"data ", "bss"}};
    const char *cut = line[0] == '"' ? NULL : strstr(line, "  ;");
    char text[LINE_MAX_BYTES + 1];
    snprintf(text, sizeof text, "%.*s", (int)(cut ? (size_t)(cut - line) : strlen(line)), line);
    if (b->kind == SET && line[0] == '-') snprintf(b->old_value, sizeof b->old_value, "%s", text + 2);
    if (b->kind == SET && line[0] == '+') {
        out_record("set");
        out_str("place", b->name + 4);
        out_str("size", b->is);
        out_str("old", b->old_value);
        out_str("new", text + 2);
        out_end();
    }
    for (size_t i = 0; b->kind == DATA && i < sizeof kinds / sizeof *kinds; i++) {
        bool bss = kinds[i][0][0] == 'd';
        if (strncmp(line, kinds[i][0], strlen(kinds[i][0])) != 0 || (bss && strncmp(b->is, "bss", 3) != 0)) continue;
        out_record("data");
        out_str("name", b->name + 5);
        out_str("section", b->is);
        out_str("kind", kinds[i][1]);
        out_str("text", i == 1 ? text : bss ? "" : text + strlen(kinds[i][0]));
        out_end();
    }
}

/* How many words of the old body a line keeps. */
static unsigned long kept_words(const struct block *b, const char *line)
{
    if (b->kind != BODY || (line[0] != '=' && line[0] != '~') || line[1] != ' ') return 0;
    const char *p = line[2] == '+' ? strchr(line + 3, ' ') : line + 1;
    return p ? strtoul(p, NULL, 10) : 0;
}

static void patch_line(struct lpdis_view *v, const char *line, struct block *b)
{
    uint32_t word = 0;
    uint64_t seed = 0;
    bool marked = (b->kind == SITE && (line[0] == '-' || line[0] == '+')) || (b->kind == BODY && line[0] == '|');
    bool insn = marked && line[1] == ' ' && word_token(line + 2, &word);
    bool is_seed = !insn && b->kind == OUTSIDE && seed_line(line, &seed, &word);
    uint64_t at = is_seed ? seed : b->addr;
    char mark = line[0] == '-' || line[0] == '+' ? line[0] : line[0] == '|' ? '+' : ' ';
    if (cli.format == OUT_TEXT) annotate(v, line, insn || is_seed, mark, at, word);
    else if (insn || is_seed) lpdis_line(v, &(struct lpdis_line){.mark = mark, .size = 4, .addr = at, .word = word, .in = insn ? b->name : NULL});
    else data_line(b, line);
    b->addr += 4 * (insn && mark == '+' ? 1 : kept_words(b, line));
}

static void one_word(struct lpdis_view *v, const char *line, const char *word, int n, struct block *b)
{
    char one[LINE_MAX_BYTES + 1];
    snprintf(one, sizeof one, "%c %.*s", line[0], n < LINE_MAX_BYTES - 2 ? n : LINE_MAX_BYTES - 2, word);
    patch_line(v, one, b);
}

/* Are there two words at `p`? */
static bool two_words(const char *p)
{
    uint32_t word;
    return word_token(p, &word) && p[8] && word_token(p + 9, &word);
}

/* Bodies have several words in a line, and sites: here each has its own, an old one in front of its new one. */
static void patch_lines(struct lpdis_view *v, const char *line, struct block *b)
{
    const bool body = b->kind == BODY && strncmp(line, "| ", 2) == 0, site = b->kind == SITE && (line[0] == '-' || line[0] == '+') && line[1] == ' ';
    if (!(body || site) || !(two_words(line + 2) || b->old_words[0])) {
        patch_line(v, line, b);
        return;
    }
    if (line[0] == '-') {
        snprintf(b->old_words, sizeof b->old_words, "%s", line);
        return;
    }
    const char *p = line + 2, *old = b->old_words[0] ? b->old_words + 2 : NULL;
    for (bool more = true; more; p += 9) {
        more = two_words(p);
        if (old) one_word(v, b->old_words, old, more ? 8 : LINE_MAX_BYTES, b), old += 9;
        one_word(v, line, p, more ? 8 : LINE_MAX_BYTES, b);
    }
    b->old_words[0] = 0;
}

lp_status lpdis_patch(struct lpdis_view *v, const lp_patch *p, struct lp_error *err)
{
    size_t len;
    char *text = lp_patch_print(p, &len);
    if (!text) {
        *err = (struct lp_error){.status = LP_E_NOMEM, .text = "out of memory"};
        return LP_E_NOMEM;
    }
    struct block b = {.kind = OUTSIDE};
    char *save = NULL;
    /* strtok_r would swallow blank lines. */
    for (char *line = text; line; line = save) {
        save = strchr(line, '\n');
        if (save) *save++ = 0;
        if (!save && !*line) break;
        enter_block(&b, line);
        patch_lines(v, line, &b);
    }
    free(text);
    return LP_OK;
}
