/* make/recipe.c - recipes, lps(5): the statements of lpmake's command line, one a line, with the head of the patch. */
#include <config.h>
#include "base/error.h"
#include "base/text.h"
#include "elf/spec.h"
#include "make/maker.h"

#include <stdlib.h>
#include <string.h>

#define LP_RECIPE_STDIN "standard input"

struct recipe {
    lp_maker *m;               /* NULL: the form alone */
    const char *name;
    const char *p, *end;       /* what is not read yet */
    unsigned line;
    lp_report_fn report;
    void *ctx;
    struct lp_error *first;
    lp_status status;
    unsigned errors;
    struct lp_buf out;         /* the canonical text */
    struct lp_buf text;        /* the statement in work */
    unsigned col;
    const char *comment;       /* behind it; comment_len 0 = none */
    size_t comment_len;
};

static const char *const keys[] = {"name", "version", "summary", "text", "author", "cve", "license", "url", "requires", "replaces", "conflicts", "mode"};

static void deliver(struct recipe *r, const struct lp_error *e)
{
    if (r->errors++ == 0) {
        r->status = e->status;
        if (r->first) *r->first = *e;
    }
    if (r->report && r->errors <= LP_PATCH_ERRORS) r->report(r->ctx, e);
}

static void wrong(struct recipe *r, unsigned line, unsigned col, lp_status s, const char *text)
{
    struct lp_error e;
    lp_fail(&e, s, "%s", text);
    if (s == LP_E_SYNTAX) lp_hint(&e, "see lps(5)");
    lp_at(&e, r->name, line, col);
    deliver(r, &e);
}

static bool blank(char c) { return c == ' ' || c == '\t'; }

/* ---- lines ---- */

static bool next_line(struct recipe *r, const char **begin, const char **end)
{
    if (r->p == r->end) return false;
    const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
    *begin = r->p;
    *end = nl ? nl : r->end;
    r->p = nl ? nl + 1 : r->end;
    if (*end > *begin && (*end)[-1] == '\r') --*end;
    while (*end > *begin && blank((*end)[-1])) --*end;
    return r->line++, true;
}

/* A # that begins the line or follows a blank, outside of strings. */
static const char *find_comment(const char *p, const char *end)
{
    const char *start = p;
    for (bool quoted = false; p < end; p++) {
        if (quoted && *p == '\\' && p + 1 < end) p++;
        else if (*p == '"') quoted = !quoted;
        else if (*p == '#' && !quoted && (p == start || blank(p[-1]))) return p;
    }
    return end;
}

/* The statement of a line; false: there is none (a comment, a blank line, or an error). */
static bool take(struct recipe *r, const char *begin, const char *end)
{
    const char *p = begin;
    while (p < end && blank(*p)) p++;
    const char *hash = find_comment(p, end);
    r->comment = hash, r->comment_len = (size_t)(end - hash);
    r->col = (unsigned)(p - begin) + 1;
    while (hash > p && blank(hash[-1])) hash--;
    for (const char *q = begin; q < end;) {
        size_t n = *q && (*q >= ' ' || *q == '\t') ? lp_utf8_len(q, (size_t)(end - q)) : 0;
        if (!n) return wrong(r, r->line, (unsigned)(q - begin) + 1, LP_E_SYNTAX, "this byte is no UTF-8 text"), false;
        q += n;
    }
    r->text.len = 0;
    lp_buf_add(&r->text, p, (size_t)(hash - p));
    if (hash == p) {
        lp_buf_add(&r->out, r->comment, r->comment_len);
        lp_buf_puts(&r->out, "\n");
    }
    return hash > p;
}

static void finish_line(struct recipe *r)
{
    if (r->comment_len) lp_buf_puts(&r->out, "  "), lp_buf_add(&r->out, r->comment, r->comment_len);
    lp_buf_puts(&r->out, "\n");
}

/* ---- the head ---- */

static bool is_key(const char *s, size_t n)
{
    if (n > 2 && memcmp(s, "x-", 2) == 0) return true;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strlen(keys[i]) == n && memcmp(keys[i], s, n) == 0) return true;
    return false;
}

static void object(struct recipe *r, const char *name)
{
    lp_maker *m = r->m;
    const unsigned col = r->col + (unsigned)(name - r->text.data);
    if (!m) return;
    const struct lp_elf_info *info = lp_elf_info(m->elf);
    bool is = strcmp(name, "*") == 0 || strcmp(name, lp_base_name(info->name)) == 0 || (info->soname && strcmp(name, info->soname) == 0);
    if (m->object) wrong(r, r->line, r->col, LP_E_SYNTAX, "`object` again: a recipe is for one object");
    else if (!is) wrong(r, r->line, col, LP_E_BINDING, "the target is neither called so nor has it this DT_SONAME");
    else if (!(m->object = lp_maker_keep(m, name, strlen(name)))) wrong(r, r->line, 1, LP_E_NOMEM, "out of memory");
}

/* symbol NAME 0xADDRESS | SYMBOL */
static void symbol(struct recipe *r, char *name)
{
    struct lp_error e;
    size_t n = strcspn(name, " \t");
    const char *at = name + n + strspn(name + n, " \t");
    const struct lp_edit here = {.from = {.file = r->name, .text = r->text.data, .line = r->line, .col = r->col}};
    const char *spec = lp_spec_scan(at, strlen(at), NULL) == strlen(at) ? at : NULL;
    const struct lp_elf_symbol *sym = NULL;
    uint64_t addr = 0;
    if (!*at || (!spec && (!lp_edit_hex(&at, &addr) || *at))) {
        wrong(r, r->line, r->col + (unsigned)(at - r->text.data), LP_E_SYNTAX, "`symbol NAME 0xADDRESS`, or another symbol, is expected");
        return;
    }
    name[n] = 0;
    lp_status s = r->m && spec ? lp_maker_find(r->m, spec, &sym, &e) : LP_OK;
    if (r->m && s == LP_OK) s = lp_maker_name(r->m, name, sym ? sym->value : addr, &e);
    if (s != LP_OK) lp_edit_inherit(&e, &here, name), deliver(r, &e);
    if (spec) lp_buf_printf(&r->out, "symbol    %s %s", name, spec);
    else lp_buf_printf(&r->out, "symbol    %s 0x%llx", name, (unsigned long long)addr);
    finish_line(r);
}

static void meta(struct recipe *r, const char *key, const char *value)
{
    struct lp_error e;
    const struct lp_origin from = {.file = r->name, .line = r->line, .col = r->col};
    if (r->m && lp_maker_head(r->m, &from, r->col + (unsigned)(value - key), key, value, &e) != LP_OK) deliver(r, &e);
}

/* KEY VALUE, object NAME, optional, symbol NAME 0xADDRESS. False: it is a change. */
static bool head(struct recipe *r)
{
    char *s = r->text.data;
    size_t n = strcspn(s, " \t="), rest = n + strspn(s + n, " \t");
    bool is_object = n == 6 && memcmp(s, "object", 6) == 0, is_symbol = n == 6 && memcmp(s, "symbol", 6) == 0;
    bool is_optional = n == 8 && memcmp(s, "optional", 8) == 0;
    if (s[rest] == '=' || !(is_object || is_symbol || is_optional || is_key(s, n))) return false;
    if (!s[rest] != is_optional) {
        wrong(r, r->line, r->col + (unsigned)n, LP_E_SYNTAX, is_optional ? "`optional` stands alone" : "a value is expected");
        return true;
    }
    if (is_symbol) return symbol(r, s + rest), true;
    s[n] = 0;
    if (is_object) object(r, s + rest);
    else if (is_optional && r->m) r->m->optional = true;
    else if (!is_optional) meta(r, s, s + rest);
    lp_buf_printf(&r->out, is_optional ? "%s" : n >= 10 ? "%s %s" : "%-10s%s", s, s + rest);
    finish_line(r);
    return true;
}

/* ---- changes ---- */

/* Where the place ends: at the first = outside of strings. NULL: there is none. */
static const char *equals(const char *s)
{
    for (bool quoted = false; *s; s++) {
        if (quoted && *s == '\\' && s[1]) s++;
        else if (*s == '"') quoted = !quoted;
        else if (*s == '=' && !quoted) return s;
    }
    return NULL;
}

static void print_change(struct recipe *r, const char *eq)
{
    const char *s = r->text.data, *change = eq + 1 + strspn(eq + 1, " \t");
    size_t place = (size_t)(eq - s), word = strcspn(change, " \t\"{");
    while (place && blank(s[place - 1])) place--;
    const char *arg = change + word + strspn(change + word, " \t");
    lp_buf_add(&r->out, s, place);
    lp_buf_puts(&r->out, " = ");
    lp_buf_add(&r->out, change, word);
    if (*arg) lp_buf_printf(&r->out, " %s", arg);
    finish_line(r);
}

/* Everything up to a line that is }. Assembly is kept as it is, but for the blanks at the ends of lines. False: there is no end. */
static bool block(struct recipe *r, struct lp_buf *body)
{
    const char *p, *end;
    unsigned start = r->line;
    while (next_line(r, &p, &end)) {
        while (p < end && blank(*p)) p++;
        if (end - p == 1 && *p == '}') return lp_buf_puts(&r->out, "}\n"), true;
        lp_buf_add(body, p, (size_t)(end - p));
        lp_buf_puts(body, "\n");
        lp_buf_puts(&r->out, p < end ? "    " : "");
        lp_buf_add(&r->out, p, (size_t)(end - p));
        lp_buf_puts(&r->out, "\n");
    }
    wrong(r, start, r->col, LP_E_SYNTAX, "`asm {` without a line that is `}`");
    return false;
}

static void read_change(struct recipe *r)
{
    struct lp_error err;
    struct lp_buf body = {0};
    const char *s = r->text.data, *eq = equals(s);
    struct lp_edit e = {.body_line = r->line + 1, .from = {r->name, s, r->line, r->col}};
    if (!eq) {
        wrong(r, r->line, r->col, LP_E_SYNTAX, "PLACE = CHANGE, a line of the head (name, version, summary ...) or `object NAME` is expected");
        return;
    }
    print_change(r, eq);
    const char *word = eq + 1 + strspn(eq + 1, " \t"), *brace = strncmp(word, "asm", 3) == 0 ? word + 3 + strspn(word + 3, " \t") : "";
    bool is_block = strcmp(brace, "{") == 0, good = !is_block || block(r, &body);
    if (is_block) e.body = body.data ? body.data : "";
    if (good && r->m && lp_maker_statement(r->m, &e, &err) != LP_OK) deliver(r, &err);
    lp_buf_free(&body);
}

/* What a note is for that was given before the recipe, is its first change, right or not. */
static void change(struct recipe *r)
{
    read_change(r);
    if (r->m) r->m->note = NULL;
}

static lp_status read_recipe(struct recipe *r)
{
    const char *begin, *end;
    while (next_line(r, &begin, &end) && r->status != LP_E_NOMEM) {
        if (!take(r, begin, end)) continue;
        if (r->text.failed) wrong(r, r->line, 1, LP_E_NOMEM, "out of memory");
        else if (!head(r)) change(r);
    }
    if (r->out.failed) wrong(r, r->line, 1, LP_E_NOMEM, "out of memory");
    lp_buf_free(&r->text);
    return r->status;
}

/* What is refused as a whole: reported, as every error is. */
static bool is_no_recipe(const struct recipe *r)
{
    const size_t len = (size_t)(r->end - r->p);
    struct lp_error err;
    for (size_t i = 0; i < len && len <= LP_PATCH_MAX; i++)
        if (!strchr(" \t\r\n", r->p[i]) || !r->p[i]) return false;
    if (len > LP_PATCH_MAX) lp_fail(&err, LP_E_SYNTAX, "longer than %u bytes", LP_PATCH_MAX);
    else lp_fail(&err, LP_E_SYNTAX, "it is empty: a recipe is expected, with lines of PLACE = CHANGE"), lp_hint(&err, "see lps(5)");
    lp_at(&err, r->name, 0, 0);
    if (r->first) *r->first = err;
    if (r->report) r->report(r->ctx, &err);
    return true;
}

/* fix.lps makes a patch that is called fix. */
static const char *default_name(lp_maker *m, const char *path)
{
    const char *base = lp_base_name(path);
    size_t n = strlen(base);
    if (strcmp(path, "-") == 0 || strcmp(path, LP_RECIPE_STDIN) == 0) return NULL;
    if (n > 4 && strcmp(base + n - 4, ".lps") == 0) n -= 4;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)base[i] <= ' ' || (unsigned char)base[i] >= 127) return NULL;
    return n ? lp_maker_keep(m, base, n) : NULL;
}

lp_status lp_maker_recipe(lp_maker *m, const char *name, const char *text, size_t len, struct lp_error *err)
{
    const char *shown = lp_maker_keep(m, name, strlen(name));
    struct recipe r = {.m = m, .name = shown, .p = text, .end = text + len, .report = m->report, .ctx = m->ctx, .first = err};
    if (!shown) return lp_fail(err, LP_E_NOMEM, "out of memory");
    if (is_no_recipe(&r)) return LP_E_SYNTAX;
    if (strcmp(name, LP_RECIPE_STDIN) != 0 && !lp_maker_read(m, shown)) return lp_fail(err, LP_E_NOMEM, "out of memory");
    m->recipe = shown;
    if (!m->default_name) m->default_name = default_name(m, name);
    lp_status s = read_recipe(&r);
    lp_buf_free(&r.out);
    return s;
}

lp_status lp_recipe_format(const char *name, const char *text, size_t len, lp_report_fn report, void *ctx, char **out, size_t *out_len, struct lp_error *err)
{
    struct recipe r = {.name = name, .p = text, .end = text + len, .report = report, .ctx = ctx, .first = err};
    if (is_no_recipe(&r)) return LP_E_SYNTAX;
    lp_status s = read_recipe(&r);
    if (s == LP_OK && !(*out = lp_buf_take(&r.out, out_len))) s = lp_fail(err, LP_E_NOMEM, "out of memory");
    lp_buf_free(&r.out);
    return s;
}
