/* elf/spec.c - reading and writing symbol specs and C string literals. */
#include <config.h>
#include "base/hash.h"
#include "elf/spec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool ident_start(char c) { return alpha(c) || c == '.' || c == '$'; }
static bool ident_char(char c) { return ident_start(c) || digit(c); }

static size_t ident_len(const char *s, size_t n)
{
    size_t i = 0;
    if (n && ident_start(s[0]))
        while (i < n && ident_char(s[i])) i++;
    return i;
}

bool lp_is_ident(const char *s, size_t n) { return n && ident_len(s, n) == n; }

bool lp_is_plt_name(const char *name)
{
    const size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, "@plt") == 0;
}

static const char escapes[] = "n\nt\tr\ra\ab\bf\fv\v\\\\\"\"'\'??";

/* One escape sequence behind the backslash; its length, 0 if it is none. */
static size_t escape(const char *s, size_t n, char *out)
{
    if (!n) return 0;
    if (s[0] == 'x') {
        size_t i = 1;
        unsigned v = 0;
        while (i < n && i < 3 && lp_hex_digit(s[i]) >= 0) v = v * 16 + (unsigned)lp_hex_digit(s[i++]);
        *out = (char)v;
        return i > 1 ? i : 0;
    }
    if (s[0] >= '0' && s[0] <= '7') {
        size_t i = 0;
        unsigned v = 0;
        while (i < n && i < 3 && s[i] >= '0' && s[i] <= '7') v = v * 8 + (unsigned)(s[i++] - '0');
        *out = (char)v;
        return v <= 255 ? i : 0;
    }
    for (size_t i = 0; escapes[i]; i += 2)
        if (escapes[i] == s[0]) return *out = escapes[i + 1], 1;
    return 0;
}

size_t lp_unquote(const char *s, size_t n, struct lp_buf *out)
{
    if (n < 2 || s[0] != '"') return 0;
    for (size_t i = 1; i < n;) {
        char c = s[i++];
        if (c == '"') return i;
        if (c == '\\') {
            size_t len = escape(s + i, n - i, &c);
            if (!len) return 0;
            i += len;
        }
        if (out) lp_buf_add(out, &c, 1);
    }
    return 0;
}

/* Three octal digits end by themselves, whatever follows; a lone 0 byte at the end or before no digit is \0. */
void lp_quote(struct lp_buf *out, const char *s, size_t n)
{
    lp_buf_puts(out, "\"");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        const char *short_form = c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : c == '\\' ? "\\\\" : c == '"' ? "\\\"" : NULL;
        if (short_form) lp_buf_puts(out, short_form);
        else if (c == 0 && (i + 1 == n || !digit(s[i + 1]))) lp_buf_puts(out, "\\0");
        else if (c < 32 || c > 126) lp_buf_printf(out, "\\%03o", c);
        else lp_buf_add(out, s + i, 1);
    }
    lp_buf_puts(out, "\"");
}

/* "+0x10" or "-0x10" at the end of a file name belongs to the place, not to the name. */
static size_t without_offset(const char *s, size_t n)
{
    size_t i = n;
    while (i && lp_hex_digit(s[i - 1]) >= 0) i--;
    if (i == n || i < 3 || s[i - 1] != 'x' || s[i - 2] != '0' || (s[i - 3] != '+' && s[i - 3] != '-')) return n;
    return i - 3;
}

/* lpmake's changes have `=` behind the place: a file's name with one is quoted. */
static size_t token_len(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && (unsigned char)s[i] > 32 && s[i] != 127 && s[i] != '=') i++;
    return without_offset(s, i);
}

static char *copy(const char *s, size_t n) { return strndup(s, n); }

/* ident or literal; its length, 0 = none (a literal with a 0 byte in it is no name). */
static size_t name_part(const char *s, size_t n, size_t plain, char **out)
{
    if (n && s[0] == '"') {
        struct lp_buf b = {0};
        size_t len = lp_unquote(s, n, &b), bytes = b.len;
        char *text = lp_buf_take(&b, NULL);
        bool good = len && text && bytes && strlen(text) == bytes;
        if (out && good) *out = text;
        else free(text);
        return good ? len : 0;
    }
    if (plain && out) *out = copy(s, plain);
    return plain;
}

static bool add_plt(char **name)
{
    size_t n = strlen(*name);
    char *p = realloc(*name, n + 5);
    if (!p) return false;
    memcpy(p + n, "@plt", 5);
    *name = p;
    return true;
}

size_t lp_spec_scan(const char *s, size_t n, struct lp_spec *out)
{
    struct lp_spec none = {0}, *o = out ? out : &none;
    *o = none;
    size_t i = name_part(s, n, ident_len(s, n), &o->name), len;
    if (!i) return 0;
    if (i < n && s[i] == '@') {
        const size_t at = i + 1 + (i + 1 < n && s[i + 1] == '@'); /* @@: the default version, as nm has it */
        len = 0;
        while (at + len < n && ident_char(s[at + len])) len++;
        if (!len && at < n && s[at] == '*') len = 1; /* of no version */
        if (len == 3 && memcmp(s + i, "@plt", 4) == 0) {
            if (o->name && !add_plt(&o->name)) len = 0;
        } else if (len) {
            o->version = copy(s + at, len);
        }
        if (len) i = at + len;
    }
    if (i + 1 < n && s[i] == '#' && digit(s[i + 1])) {
        for (len = 1; i + len < n && digit(s[i + len]) && len <= 10; len++) o->ordinal = o->ordinal * 10 + (unsigned)(s[i + len] - '0');
        i += len;
    }
    if (i + 1 < n && s[i] == '!') {
        len = name_part(s + i + 1, n - i - 1, token_len(s + i + 1, n - i - 1), &o->file);
        if (len) i += 1 + len;
    }
    if (!out) lp_spec_free(&none);
    return i;
}

void lp_spec_free(struct lp_spec *spec)
{
    free(spec->name), free(spec->version), free(spec->file);
    *spec = (struct lp_spec){0};
}

void lp_spec_print(struct lp_buf *out, const char *name, const char *version, unsigned long ordinal, const char *file)
{
    size_t n = strlen(name);
    const bool plt = lp_is_plt_name(name);
    if (plt) n -= 4;
    if (lp_is_ident(name, n)) lp_buf_add(out, name, n);
    else lp_quote(out, name, n);
    if (plt) lp_buf_puts(out, "@plt");
    if (version) lp_buf_printf(out, "@%s", version);
    if (ordinal) lp_buf_printf(out, "#%lu", ordinal);
    if (!file) return;
    lp_buf_puts(out, "!");
    if (*file && file[0] != '"' && token_len(file, strlen(file)) == strlen(file)) lp_buf_puts(out, file);
    else lp_quote(out, file, strlen(file));
}
