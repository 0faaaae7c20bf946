/* patch/lexer.c - tokens of a patch line. */
#include <config.h>
#include "patch/lexer.h"
#include "elf/spec.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void deliver(struct lp_parse *ps, struct lp_error *e, uint32_t line, unsigned col)
{
    lp_at(e, ps->patch->file, line, col);
    e->other = ps->other, ps->other = 0;
    if (ps->errors++ == 0) {
        ps->status = e->status;
        if (ps->first) *ps->first = *e;
    }
    if (ps->report && ps->errors <= LP_PATCH_ERRORS) ps->report(ps->ctx, e);
}

bool lp_lex_fail(struct lp_parse *ps, const char *at, lp_status s, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct lp_error e;
    lp_fail(&e, s, "error: %s", text);
    deliver(ps, &e, ps->lex.line, at ? (unsigned)(at - ps->lex.begin) + 1 : 1);
    return false;
}

bool lp_lex_fail_line(struct lp_parse *ps, uint32_t line, lp_status s, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct lp_error e;
    lp_fail(&e, s, "error: %s", text);
    deliver(ps, &e, line, 1);
    return false;
}

bool lp_lex_nomem(struct lp_parse *ps) { return lp_lex_fail(ps, NULL, LP_E_NOMEM, "out of memory"); }

static bool blank(char c) { return c == ' ' || c == '\t'; }
static int lower_hex(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

bool lp_lex_ws(struct lp_lex *l)
{
    const char *start = l->p;
    while (l->p < l->end && blank(*l->p)) l->p++;
    return l->p > start;
}

bool lp_lex_end(struct lp_lex *l)
{
    lp_lex_ws(l);
    return l->p == l->end;
}

bool lp_lex_char(struct lp_lex *l, char c)
{
    if (l->p == l->end || *l->p != c) return false;
    l->p++;
    return true;
}

size_t lp_lex_token(struct lp_lex *l, const char **out)
{
    *out = l->p;
    while (l->p < l->end && !blank(*l->p)) l->p++;
    return (size_t)(l->p - *out);
}

bool lp_lex_word(struct lp_lex *l, const char *word)
{
    const char *start = l->p, *t;
    if (start == l->end || *start != *word) return false; /* mostly it is another word */
    size_t n = lp_lex_token(l, &t);
    if (n == strlen(word) && memcmp(t, word, n) == 0) return true;
    l->p = start;
    return false;
}

static int shown(const struct lp_lex *l)
{
    struct lp_lex copy = *l;
    const char *t;
    size_t n = lp_lex_token(&copy, &t);
    return (int)(n > 60 ? 60 : n);
}

static bool expected(struct lp_parse *ps, const char *what)
{
    struct lp_lex *l = &ps->lex;
    if (l->p == l->end) return lp_lex_fail(ps, l->p, LP_E_SYNTAX, "%s is expected, the line ends here", what);
    if (blank(*l->p)) return lp_lex_fail(ps, l->p, LP_E_SYNTAX, "%s is expected, found a blank", what);
    return lp_lex_fail(ps, l->p, LP_E_SYNTAX, "%s is expected, found `%.*s`", what, shown(l), l->p);
}

bool lp_lex_need_ws(struct lp_parse *ps) { return lp_lex_ws(&ps->lex) || expected(ps, "a blank"); }
bool lp_lex_need_end(struct lp_parse *ps) { return lp_lex_end(&ps->lex) || expected(ps, "the end of the line"); }

bool lp_lex_num(struct lp_parse *ps, const char *what, uint64_t *out)
{
    struct lp_lex *l = &ps->lex;
    const char *start = l->p;
    uint64_t v = 0;
    while (l->p < l->end && *l->p >= '0' && *l->p <= '9' && l->p - start < 10) v = v * 10 + (uint64_t)(*l->p++ - '0');
    if (l->p > start && (l->p == l->end || *l->p == ' ' || *l->p == '\t')) return *out = v, true;
    l->p = start;
    return expected(ps, what);
}

bool lp_lex_hex(struct lp_parse *ps, const char *what, uint64_t *out)
{
    struct lp_lex *l = &ps->lex;
    const char *start = l->p;
    uint64_t v = 0;
    size_t n = 0;
    if (lp_lex_char(l, '0') && lp_lex_char(l, 'x'))
        for (; l->p < l->end && lower_hex(*l->p) >= 0; l->p++, n++) v = v << 4 | (uint64_t)lower_hex(*l->p);
    if (n >= 1 && n <= 16) return *out = v, true;
    l->p = start;
    return expected(ps, what);
}

bool lp_lex_word32(struct lp_parse *ps, uint32_t *out)
{
    struct lp_lex *l = &ps->lex;
    const char *start = l->p;
    uint32_t v = 0;
    size_t n = 0;
    for (; l->p < l->end && lower_hex(*l->p) >= 0; l->p++, n++) v = v << 4 | (uint32_t)lower_hex(*l->p);
    if (n == 8) return *out = v, true;
    l->p = start;
    return expected(ps, "an instruction word (8 lower-case hex digits)");
}

bool lp_lex_bytes(struct lp_parse *ps, const char *what, size_t n, uint8_t *out)
{
    struct lp_lex *l = &ps->lex;
    for (size_t i = 0; i < n; i++, l->p += 2) {
        if (l->end - l->p < 2 || lower_hex(l->p[0]) < 0 || lower_hex(l->p[1]) < 0) return expected(ps, what);
        out[i] = (uint8_t)(lower_hex(l->p[0]) << 4 | lower_hex(l->p[1]));
    }
    return true;
}

bool lp_lex_sha256(struct lp_parse *ps, uint8_t out[32], size_t *n)
{
    static const char what[] = "a SHA-256 digest (16 to 64 lower-case hex digits, an even number)";
    struct lp_lex l = ps->lex;
    const char *token;
    const size_t digits = lp_lex_token(&l, &token);
    *n = digits / 2;
    if (*n < LP_SHA_LEAST || *n > 32 || digits % 2) return expected(ps, what);
    return lp_lex_bytes(ps, what, *n, out);
}

char *lp_lex_copy(struct lp_parse *ps, const char *s, size_t n)
{
    char *p = lp_patch_alloc(ps->patch, n + 1);
    if (p) memcpy(p, s, n);
    else lp_lex_nomem(ps);
    return p;
}

bool lp_lex_symbol(struct lp_parse *ps, const char **out)
{
    struct lp_lex *l = &ps->lex;
    size_t n = lp_spec_scan(l->p, (size_t)(l->end - l->p), NULL);
    if (!n) return expected(ps, "a symbol or an address (0x...)");
    *out = lp_lex_copy(ps, l->p, n);
    l->p += n;
    return *out != NULL;
}

bool lp_lex_place(struct lp_parse *ps, struct lp_place *out)
{
    struct lp_lex *l = &ps->lex;
    *out = (struct lp_place){0};
    if (l->p < l->end && *l->p == '0') return lp_lex_hex(ps, "a symbol or an address (0x...)", &out->off);
    if (!lp_lex_symbol(ps, &out->symbol)) return false;
    return !lp_lex_char(l, '+') || lp_lex_hex(ps, "an offset (0x...)", &out->off);
}

bool lp_lex_expr(struct lp_parse *ps, struct lp_expr *out)
{
    struct lp_lex *l = &ps->lex;
    uint64_t off = 0;
    *out = (struct lp_expr){0};
    if (l->p < l->end && *l->p == '0' ? !lp_lex_hex(ps, "a symbol or an address (0x...)",
            &out->addr) : !lp_lex_symbol(ps, &out->symbol)) return false;
    bool minus = l->p < l->end && *l->p == '-';
    if (!lp_lex_char(l, '+') && !lp_lex_char(l, '-')) return true;
    const char *at = l->p;
    if (!lp_lex_hex(ps, "an offset (0x...)", &off)) return false;
    if (off > INT64_MAX) return lp_lex_fail(ps, at, LP_E_SYNTAX, "the offset is too large");
    out->addend = minus ? -(int64_t)off : (int64_t)off;
    return true;
}

void lp_print_place(struct lp_buf *out, const struct lp_place *place)
{
    if (!place->symbol) lp_buf_printf(out, "0x%llx", (unsigned long long)place->off);
    else if (place->off) lp_buf_printf(out, "%s+0x%llx", place->symbol, (unsigned long long)place->off);
    else lp_buf_puts(out, place->symbol);
}

static void print_expr(struct lp_buf *out, const struct lp_expr *e)
{
    if (e->symbol) lp_buf_puts(out, e->symbol);
    else lp_buf_printf(out, "0x%llx", (unsigned long long)e->addr);
    if (e->addend) lp_buf_printf(out, "%c0x%llx", e->addend < 0 ? '-' : '+', (unsigned long long)(e->addend < 0 ? -e->addend : e->addend));
}

bool lp_lex_fixup(struct lp_parse *ps, const struct lp_fixup **out)
{
    struct lp_lex *l = &ps->lex, before = *l;
    const char *t;
    if (!lp_lex_ws(l) || l->p == l->end || *l->p == ';') {
        *l = before;
        return true;
    }
    const char *at = l->p;
    size_t n = lp_lex_token(l, &t);
    struct lp_fixup *f = lp_patch_alloc(ps->patch, sizeof *f);
    if (!f) return lp_lex_nomem(ps);
    f->reloc = lp_reloc_named(t, n);
    if (!f->reloc || f->reloc->op == LP_REL_DYNAMIC || f->reloc->op == LP_REL_NONE)
        return lp_lex_fail(ps, at, LP_E_SYNTAX, "unknown relocation `%.*s`", (int)(n > 60 ? 60 : n), t);
    if (!lp_lex_need_ws(ps) || !lp_lex_expr(ps, &f->expr)) return false;
    before = *l;
    f->expr.weak = f->expr.symbol && lp_lex_ws(l) && lp_lex_word(l, "weak");
    if (!f->expr.weak) *l = before;
    lp_buf_printf(&ps->canon, " %s ", f->reloc->name);
    print_expr(&ps->canon, &f->expr);
    if (f->expr.weak) lp_buf_puts(&ps->canon, " weak");
    *out = f;
    return true;
}

bool lp_lex_comment_end(struct lp_parse *ps)
{
    struct lp_lex *l = &ps->lex;
    const char *start = l->p;
    lp_lex_ws(l);
    if (l->p == l->end) return true;
    if (l->p == start || *l->p != ';') return expected(ps, "the end of the line or a comment (`;`)");
    size_t gap = (size_t)(l->p - start);
    bool as_written = gap >= 2 && !memchr(start, '\t', gap);
    if (as_written) lp_buf_add(&ps->canon, start, gap);
    else lp_buf_puts(&ps->canon, "  ");
    lp_buf_add(&ps->canon, l->p, (size_t)(l->end - l->p));
    l->p = l->end;
    return true;
}

void lp_lex_emit_verbatim(struct lp_parse *ps)
{
    lp_buf_add(&ps->out, ps->lex.begin, (size_t)(ps->lex.end - ps->lex.begin));
    lp_buf_puts(&ps->out, "\n");
}

void lp_lex_emit(struct lp_parse *ps)
{
    if (ps->canon.len > LP_PATCH_LINE) {
        lp_lex_emit_verbatim(ps);
        return;
    }
    lp_buf_add(&ps->out, ps->canon.data, ps->canon.len);
    lp_buf_puts(&ps->out, "\n");
}

void lp_lex_key(struct lp_parse *ps, const char *key, size_t n) { lp_buf_printf(&ps->canon, "%-*.*s%s", 10, (int)n, key, n >= 10 ? " " : ""); }
