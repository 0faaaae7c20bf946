/* spelling.c - the instruction of a line in one spelling: lower case, no blanks, comments and symbols; numbers in one base; CS and CC for HS and LO; the
 * registers of a list one by one; a target as an address. */
#include "compare.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word with a target in its last operand (Arm ARM C4.1), and ADR. */
static bool is_adr(uint32_t w) { return (w & 0x9f000000) == 0x10000000; }
static bool has_target(uint32_t w)
{
    return (w & 0x7c000000) == 0x14000000 || (w & 0xff000000) == 0x54000000 || (w & 0x7c000000) == 0x34000000 || (w & 0x1f000000) == 0x10000000 ||
           (w & 0x3b000000) == 0x18000000;
}

/* Length of the text that counts. */
static size_t significant(const char *text)
{
    static const char *const ends[] = {"//", "\t;", " ; ", " <"};
    size_t n = strlen(text);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *p = strstr(text, ends[i]);
        if (p && p > text && (size_t)(p - text) < n) n = (size_t)(p - text);
    }
    while (n && isspace((unsigned char)text[n - 1])) n--;
    return n;
}

/* One operand, or a part of it between brackets. */
static void put_number(const char *t, bool narrow, bool target, const struct word *w, char *out)
{
    char *end;
    if (target) {
        bool relative = is_adr(w->word) && *t == '#' && strncmp(t, "#0x", 3) != 0;
        uint64_t v = relative ? w->addr + strtoull(t + 1, &end, 10) : strtoull(t + (*t == '#'), &end, 16);
        if (!*end) sprintf(out, "%" PRIx64, v);
        else strcpy(out, t);
        return;
    }
    const char *hash = strchr(t, '#');
    if (!hash) hash = *t == '-' || isdigit((unsigned char)*t) ? t - 1 : NULL;
    if (!hash) {
        strcpy(out, strcmp(t, "hs") == 0 ? "cs" : strcmp(t, "lo") == 0 ? "cc" : t);
        return;
    }
    int before = hash >= t ? (int)(hash - t) : 0;
    if (strchr(hash + 1, '.')) sprintf(out, "%.*s%.9g", before, t, strtod(hash + 1, NULL));
    else {
        uint64_t v = strtoull(hash + 1, NULL, 0);
        sprintf(out, "%.*s%" PRIu64, before, t, narrow ? (uint32_t)v : v);
    }
}

/* "v20.16b-v23.16b": each. */
static bool put_list(const char *t, char *out)
{
    unsigned a, b;
    char kind[8], kind2[8];
    if (sscanf(t, "v%u%7[.0-9a-z]-v%u%7[.0-9a-z]", &a, kind, &b, kind2) != 4 || strcmp(kind, kind2) != 0 || a > 31 || b > 31) return false;
    for (;; a = (a + 1) % 32) {
        out += sprintf(out, "v%u%s", a, kind);
        if (a == b) return true;
        *out++ = ',';
    }
}

void spell(const struct word *w, char out[256])
{
    size_t n = significant(w->text), o = 0, i = 0;
    char token[128], text[160];
    const char *t = w->text;
    if (n > 150 || strncmp(t, ".inst", 5) == 0 || strncmp(t, "<unknown>", 9) == 0) {
        snprintf(out, 256, strstr(t, "undefined") || *t != '.' ? "undefined" : "%.40s", strstr(t, " ; ") ? strstr(t, " ; ") + 3 : "long");
        return;
    }
    for (; i < n && !isspace((unsigned char)t[i]); i++) out[o++] = (char)tolower((unsigned char)t[i]);
    out[o] = 0;
    const bool conditional = o > 2 && (out[1] == '.' || out[2] == '.'); /* B.cond, BC.cond */
    if (o >= 2 && strcmp(out + o - 2, "hs") == 0 && conditional) strcpy(out + o - 2, "cs");
    if (o >= 2 && strcmp(out + o - 2, "lo") == 0 && conditional) strcpy(out + o - 2, "cc");
    out[o++] = ' ';
    bool narrow = false;
    size_t first = o;
    while (i < n) {
        size_t k = 0;
        for (; i < n && !strchr(",[]{}!", t[i]) && k < sizeof token - 1; i++)
            if (!isspace((unsigned char)t[i])) token[k++] = (char)tolower((unsigned char)t[i]);
        token[k] = 0;
        if (k) {
            if (o == first) narrow = token[0] == 'w';
            if (!put_list(token, text)) put_number(token, narrow, i == n && has_target(w->word), w, text);
            if (o + strlen(text) > 240) break;
            o += (size_t)sprintf(out + o, "%s", text);
        }
        if (i < n) out[o++] = t[i++];
    }
    out[o] = 0;
}
