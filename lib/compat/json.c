/* compat/json.c - a JSON reader (RFC 8259) that keeps only the patches it finds. */
#include <config.h>
#include "compat/system.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64, MAX_KEY = 32 };

struct json {
    const char *name, *p, *end;
    unsigned line;
    unsigned depth;
    struct lp_compat_batch *batch;
};

/* A value that may be a field of a patch. */
struct scalar {
    bool is_string, is_number;
    char text[LIVEPATCH_MAX_DESCRIPTION + 4]; /* a string's beginning, or the number as written */
};

static bool bad(struct json *j, const char *what)
{
    lp_compat_fail("%s:%u: this is no JSON: %s", j->name, j->line, what);
    return false;
}

static void space(struct json *j)
{
    for (; j->p < j->end && strchr(" \t\r\n", *j->p) && *j->p; j->p++) j->line += *j->p == '\n';
}

static bool accept(struct json *j, char c)
{
    space(j);
    if (j->p == j->end || *j->p != c) return false;
    j->p++;
    return true;
}

/* ---- strings ---- */

static bool hex4(struct json *j, unsigned *v)
{
    *v = 0;
    for (int i = 0; i < 4; i++, j->p++) {
        char c = j->p < j->end ? *j->p : 0;
        int d = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (d < 0) return bad(j, "\\u wants four hex digits");
        *v = *v << 4 | (unsigned)d;
    }
    return true;
}

static void put_utf8(char *out, size_t *n, unsigned c)
{
    if (c < 0x80) out[(*n)++] = (char)c;
    else if (c < 0x800) out[(*n)++] = (char)(0xc0 | c >> 6), out[(*n)++] = (char)(0x80 | (c & 63));
    else if (c < 0x10000)
        out[(*n)++] = (char)(0xe0 | c >> 12), out[(*n)++] = (char)(0x80 | (c >> 6 & 63)), out[(*n)++] = (char)(0x80 | (c & 63));
    else
        out[(*n)++] = (char)(0xf0 | c >> 18), out[(*n)++] = (char)(0x80 | (c >> 12 & 63)),
        out[(*n)++] = (char)(0x80 | (c >> 6 & 63)), out[(*n)++] = (char)(0x80 | (c & 63));
}

/* Behind a backslash. */
static bool escape(struct json *j, unsigned *c)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char e = j->p < j->end ? *j->p++ : 0;
    const char *at = e ? strchr(from, e) : NULL;
    if (at) return *c = (unsigned char)to[at - from], true;
    if (e != 'u') return bad(j, "an unknown escape");
    if (!hex4(j, c)) return false;
    if (*c >= 0xd800 && *c < 0xdc00 && j->end - j->p >= 2 && j->p[0] == '\\' && j->p[1] == 'u') {
        unsigned low;
        j->p += 2;
        if (!hex4(j, &low)) return false;
        if (low >= 0xdc00 && low < 0xe000) return *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00), true;
    }
    if (*c == 0 || (*c >= 0xd800 && *c < 0xe000)) *c = 0xfffd; /* no text can hold these */
    return true;
}

/* The opening quote is consumed. Keeps at most size - 4 bytes; the rest is read over. */
static bool string(struct json *j, char *out, size_t size)
{
    size_t n = 0;
    for (;;) {
        if (j->p == j->end) return bad(j, "a string does not end");
        unsigned char b = (unsigned char)*j->p++;
        char one[4] = {(char)b};
        size_t len = 1;
        if (b == '"') break;
        if (b < 0x20) return bad(j, "a control character in a string");
        if (b == '\\') {
            unsigned c;
            if (!escape(j, &c)) return false;
            put_utf8(one, (len = 0, &len), c);
        }
        if (n + len < size) memcpy(out + n, one, len), n += len;
    }
    out[n] = 0;
    return true;
}

/* ---- values ---- */

static bool value(struct json *j, struct scalar *out);

static bool number(struct json *j, struct scalar *out)
{
    const char *start = j->p;
    while (j->p < j->end && strchr("+-.0123456789eE", *j->p) && *j->p) j->p++;
    size_t n = (size_t)(j->p - start);
    const char *d = start + (n && *start == '-');
    if (n == 0 || d == j->p || *d < '0' || *d > '9' || n >= sizeof out->text) return bad(j, "a value is expected");
    memcpy(out->text, start, n);
    out->text[n] = 0;
    char *end;
    strtod(out->text, &end);
    if (*end || (d[0] == '0' && d + 1 < j->p && d[1] >= '0' && d[1] <= '9')) return bad(j, "a malformed number");
    out->is_number = true;
    return true;
}

static bool literal(struct json *j)
{
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(j->end - j->p) >= n && memcmp(j->p, words[i], n) == 0) return j->p += n, true;
    }
    return bad(j, "a value is expected");
}

/* ---- patches ---- */

struct fields { struct scalar addr, word, text; };

static struct scalar *field_of(struct fields *f, const char *key)
{
    static const struct { const char *key; size_t at; } table[] = {
        {"address", offsetof(struct fields, addr)},    {"addr", offsetof(struct fields, addr)},
        {"instruction", offsetof(struct fields, word)}, {"instr", offsetof(struct fields, word)},
        {"word", offsetof(struct fields, word)},        {"description", offsetof(struct fields, text)},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(key, table[i].key) == 0) return (struct scalar *)((char *)f + table[i].at);
    return NULL;
}

/* A string is hexadecimal as in the line format, with or without 0x; a number is decimal as JSON has it. */
static bool integer(const struct scalar *s, size_t digits, uint64_t *v)
{
    const char *p = s->text;
    bool prefix = s->is_string && p[0] == '0' && (p[1] | 32) == 'x';
    if (prefix) p += 2;
    const char *set = s->is_string ? "0123456789abcdefABCDEF" : "0123456789";
    size_t n = strspn(p, set);
    if ((!s->is_string && !s->is_number) || n == 0 || p[n]) return false;
    if (s->is_string && (n > digits || (!prefix && !strpbrk(p, "0123456789")))) return false;
    if (!s->is_string && (n > 20 || (n == 20 && strcmp(p, "18446744073709551615") > 0))) return false;
    *v = strtoull(p, NULL, s->is_string ? 16 : 10);
    return true;
}

static bool take_patch(struct json *j, const struct fields *f, unsigned line)
{
    uint64_t addr, word;
    if (!integer(&f->addr, 16, &addr)) lp_compat_complain(j->batch, "%s:%u: no address (\"address\": \"0x...\")", j->name, line);
    else if (!integer(&f->word, 8, &word) || word > UINT32_MAX)
        lp_compat_complain(j->batch, "%s:%u: no instruction word (\"instruction\": \"0x........\")", j->name, line);
    else if (!lp_compat_batch_add(j->batch, addr, (uint32_t)word, line, f->text.text, f->text.is_string ? strlen(f->text.text) : 0))
        return lp_compat_fail("%s: out of memory", j->name), false;
    return true;
}

static bool elements(struct json *j, bool patches);

/* Behind '{'. `f`: where known fields go, NULL: nobody wants them. `top`: the object around everything, whose "patches" counts. */
static bool members(struct json *j, struct fields *f, bool top)
{
    if (accept(j, '}')) return true;
    do {
        char key[MAX_KEY];
        struct scalar ignored = {0}, *out = NULL;
        space(j);
        if (!accept(j, '"')) return bad(j, "a name in quotes is expected");
        if (!string(j, key, sizeof key)) return false;
        if (!accept(j, ':')) return bad(j, "':' is expected");
        if (top && strcmp(key, "patches") == 0 && accept(j, '[')) {
            if (!elements(j, true)) return false;
            continue;
        }
        if (f) out = field_of(f, key);
        if (!value(j, out ? out : &ignored)) return false;
    } while (accept(j, ','));
    return accept(j, '}') || bad(j, "',' or '}' is expected");
}

/* Behind '['. */
static bool elements(struct json *j, bool patches)
{
    if (accept(j, ']')) return true;
    do {
        space(j);
        unsigned line = j->line;
        struct scalar ignored = {0};
        if (patches && accept(j, '{')) {
            struct fields f = {0};
            if (!members(j, &f, false) || !take_patch(j, &f, line)) return false;
        } else {
            if (!value(j, &ignored)) return false;
            if (patches) lp_compat_complain(j->batch, "%s:%u: an object is expected", j->name, line);
        }
    } while (accept(j, ','));
    return accept(j, ']') || bad(j, "',' or ']' is expected");
}

static bool value(struct json *j, struct scalar *out)
{
    if (++j->depth > MAX_DEPTH) return bad(j, "nested too deeply");
    bool good;
    *out = (struct scalar){0};
    if (accept(j, '"')) good = string(j, out->text, sizeof out->text), out->is_string = true;
    else if (accept(j, '{')) good = members(j, NULL, false);
    else if (accept(j, '[')) good = elements(j, false);
    else if (j->p < j->end && (*j->p == '-' || (*j->p >= '0' && *j->p <= '9'))) good = number(j, out);
    else good = literal(j);
    j->depth--;
    return good;
}

int lp_compat_parse_json(const char *name, const char *text, size_t len, struct lp_compat_batch *b)
{
    struct json j = {name, text, text + len, 1, 0, b};
    bool good;
    if (accept(&j, '[')) good = elements(&j, true);
    else if (accept(&j, '{')) good = members(&j, NULL, true);
    else return bad(&j, "an array of patches is expected"), -1;
    if (!good) return -1;
    space(&j);
    return j.p == j.end ? 0 : (bad(&j, "something follows the end"), -1);
}
