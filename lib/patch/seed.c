/* patch/seed.c - the original format's lines: ADDRESS WORD [description]. */
#include <config.h>
#include "base/hash.h"
#include "patch/block.h"

#include <stdio.h>
#include <string.h>

/* [0x]hex{1,max}: what the original's strtoul-like scan takes, but no more digits than fit. */
static bool number(struct lp_parse *ps, const char *what, size_t max, uint64_t *out, bool *plain)
{
    struct lp_lex *l = &ps->lex;
    const char *start = l->p, *digits;
    bool prefix = l->end - l->p >= 2 && l->p[0] == '0' && (l->p[1] | 32) == 'x', decimal = false;
    if (prefix) l->p += 2;
    digits = l->p;
    uint64_t v = 0;
    for (; l->p < l->end && lp_hex_digit(*l->p) >= 0; l->p++) {
        if ((size_t)(l->p - digits) < max) v = v << 4 | (uint64_t)lp_hex_digit(*l->p);
        decimal |= *l->p <= '9';
    }
    size_t n = (size_t)(l->p - digits);
    bool delimited = l->p == l->end || *l->p == ' ' || *l->p == '\t';
    if (!n || !delimited) {
        const char *t;
        l->p = start;
        size_t len = lp_lex_token(l, &t);
        return lp_lex_fail(ps, start, LP_E_SYNTAX, "%s is expected, found `%.*s`", what, (int)(len > 60 ? 60 : len), t);
    }
    if (n > max) return lp_lex_fail(ps, start, LP_E_SYNTAX, "%s has at most %zu hex digits, found %zu", what, max, n);
    *out = v;
    if (plain) *plain = !prefix && !decimal;
    return true;
}

/* Bare hex that could be a word of English stays marked as a number. */
static void print(struct lp_parse *ps, uint64_t addr, uint32_t word, const char *text)
{
    char bare[20];
    snprintf(bare, sizeof bare, "%llx", (unsigned long long)addr);
    lp_buf_printf(&ps->canon, "%s%s %08x%s%s", strpbrk(bare, "0123456789") ? "" : "0x", bare, word, *text ? " " : "", text);
}

bool lp_block_seed(struct lp_parse *ps)
{
    struct lp_lex *l = &ps->lex;
    uint64_t addr, word;
    bool plain;
    lp_lex_ws(l);
    const char *at = l->p;
    if (!number(ps, "an address", 16, &addr, &plain)) return false;
    if (plain) return lp_lex_fail(ps, at, LP_E_SYNTAX, "an address without a decimal digit needs 0x: 0x%llx", (unsigned long long)addr);
    if (!lp_lex_ws(l)) return lp_lex_fail(ps, l->p, LP_E_SYNTAX, "an instruction word is expected behind the address");
    const char *word_at = l->p;
    if (l->p == l->end) return lp_lex_fail(ps, l->p, LP_E_SYNTAX, "an instruction word is expected behind the address");
    if (!number(ps, "an instruction word", 8, &word, NULL)) return false;
    if (addr & 3) return lp_lex_fail(ps, at, LP_E_ADDRESS, "address 0x%llx is no multiple of 4", (unsigned long long)addr);
    if (!lp_block_check_word(ps, word_at, (uint32_t)word)) return false;
    lp_lex_ws(l);
    size_t n = (size_t)(l->end - l->p);
    if (n > LP_PATCH_LINE) n = LP_PATCH_LINE; /* the original reads %255[^\n] */
    while (n && (l->p[n - 1] == ' ' || l->p[n - 1] == '\t')) n--;
    const char *text = n ? lp_lex_copy(ps, l->p, n) : "";
    if (!text) return false;
    struct lp_item it = {.kind = LP_ITEM_SEED, .line = l->line, .object = ps->patch->nobject ? (uint32_t)ps->patch->nobject - 1 : 0,
                         .place = {NULL, addr}, .seed = {(uint32_t)word, text}};
    print(ps, addr, (uint32_t)word, text);
    return lp_block_add_item(ps, &it);
}
