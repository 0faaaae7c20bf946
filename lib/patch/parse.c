/* patch/parse.c - text to patch: lines, meta, objects; the canonical text is made along the way. */
#include <config.h>
#include "patch/block.h"
#include "base/text.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LP_PATCH_STDIN "standard input"

enum { ONCE = 1, RELATION = 2, MODE = 4, EXTRA = 8 };
static const struct { const char *key; unsigned kind; } keys[] = {
    {"name", ONCE}, {"version", ONCE}, {"summary", ONCE}, {"text", 0}, {"author", 0}, {"cve", 0}, {"license", ONCE}, {"url", 0},
    {"requires", RELATION}, {"replaces", RELATION}, {"conflicts", RELATION}, {"mode", ONCE | MODE},
};

void *lp_patch_alloc(struct lp_patch *p, size_t size)
{
    struct lp_arena_chunk *c = p->arena;
    size = (size + 15) & ~(size_t)15;
    if (!c || c->size - c->used < size) {
        size_t want = !c ? 512 : c->size < 32768 ? 2 * c->size : 32768; /* most patches are small, and there may be many */
        if (want < size) want = size;
        c = calloc(1, sizeof *c + want);
        if (!c) return NULL;
        c->size = want;
        c->next = p->arena;
        p->arena = c;
    }
    c->used += size;
    return c->bytes + (c->used - size);
}

/* ---- meta ---- */

static bool dotted(const char *v)
{
    bool digit = false;
    for (; *v; v++) {
        if (*v >= '0' && *v <= '9') digit = true;
        else if (*v == '.' && digit) digit = false;
        else return false;
    }
    return digit;
}

/* NAME [OP VERSION] */
static bool relation(struct lp_parse *ps, const char *key)
{
    static const char *const ops[] = {"<", "<=", "=", ">=", ">"};
    struct lp_relation r = {.kind = *key == 'c' ? LP_CONFLICTS : key[2] == 'q' ? LP_REQUIRES : LP_REPLACES, .line = ps->lex.line};
    const char *t;
    size_t n = lp_lex_token(&ps->lex, &t);
    if (!(r.name = lp_lex_copy(ps, t, n))) return false;
    if (!lp_lex_end(&ps->lex)) {
        const char *at = ps->lex.p;
        for (size_t i = 0; i < 5 && !r.op; i++)
            if (lp_lex_word(&ps->lex, ops[i])) r.op = ops[i];
        if (!r.op) return lp_lex_fail(ps, at, LP_E_SYNTAX, "one of < <= = >= > is expected");
        if (!lp_lex_need_ws(ps)) return false;
        n = lp_lex_token(&ps->lex, &t);
        if (!(r.version = lp_lex_copy(ps, t, n))) return false;
        if (!dotted(r.version)) return lp_lex_fail(ps, t, LP_E_SYNTAX, "`%.60s` is no version (dotted decimals)", r.version);
        if (!lp_lex_need_end(ps)) return false;
    }
    lp_buf_puts(&ps->canon, r.name);
    if (r.op) lp_buf_printf(&ps->canon, " %s %s", r.op, r.version);
    struct lp_relation *v = lp_grow(ps->patch->relation, &ps->relation_cap, ps->patch->nrelation, sizeof *v);
    if (!v) return lp_lex_nomem(ps);
    ps->patch->relation = v;
    v[ps->patch->nrelation++] = r;
    return true;
}

static bool duration(struct lp_parse *ps, uint32_t *ms)
{
    const char *at = ps->lex.p;
    uint64_t n;
    unsigned scale = 0;
    size_t digits = 0;
    while (digits < 10 && at + digits < ps->lex.end && at[digits] >= '0' && at[digits] <= '9') digits++;
    struct lp_lex unit = ps->lex;
    unit.p += digits;
    if (digits && lp_lex_word(&unit, "ms")) scale = 1;
    else if (digits && lp_lex_word(&unit, "s")) scale = 1000;
    if (!scale) return lp_lex_fail(ps, at, LP_E_SYNTAX, "a duration (5s or 500ms) is expected");
    n = strtoull(at, NULL, 10);
    if (n == 0 || n * scale > 86400000) return lp_lex_fail(ps, at, LP_E_SYNTAX, "the duration must be 1ms to 86400s");
    *ms = (uint32_t)(n * scale);
    lp_buf_printf(&ps->canon, "%llu%s", (unsigned long long)n, scale == 1 ? "ms" : "s");
    ps->lex.p = unit.p;
    return true;
}

/* One of several words; -1 after an error. */
static int choice(struct lp_parse *ps, const char *const *words, int n, const char *expected)
{
    for (int i = 0; i < n; i++)
        if (lp_lex_word(&ps->lex, words[i])) return lp_buf_puts(&ps->canon, words[i]), i;
    lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "%s is expected", expected);
    return -1;
}

static bool mode(struct lp_parse *ps)
{
    static const char *const kinds[] = {"now", "quiesce", "lazy"}, *const others[] = {"fail", "lazy", "force"};
    struct lp_mode *m = &ps->patch->mode;
    int k = choice(ps, kinds, 3, "quiesce, lazy or now");
    if (k < 0) return false;
    m->kind = (enum lp_mode_kind)(k + 1);
    m->line = ps->lex.line;
    if (lp_lex_end(&ps->lex)) return true;
    if (lp_lex_word(&ps->lex, "deadline")) {
        lp_buf_puts(&ps->canon, " deadline ");
        if (!lp_lex_need_ws(ps) || !duration(ps, &m->deadline_ms)) return false;
        if (lp_lex_end(&ps->lex)) return true;
    }
    if (!lp_lex_word(&ps->lex, "else")) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "`deadline`, `else` or the end of the line is expected");
    lp_buf_puts(&ps->canon, " else ");
    if (!lp_lex_need_ws(ps) || (k = choice(ps, others, 3, "fail, lazy or force")) < 0) return false;
    m->otherwise = (enum lp_else_kind)k;
    return lp_lex_need_end(ps);
}

static bool add_meta(struct lp_parse *ps, const char *key, const char *value, bool once)
{
    struct lp_patch *p = ps->patch;
    for (size_t i = 0; once && i < p->nmeta; i++)
        if (strcmp(p->meta[i].key, key) == 0)
            return ps->other = p->meta[i].line, lp_lex_fail(ps, NULL, LP_E_SYNTAX, "`%s` again, it is in line %u already", key, ps->other);
    if (p->nmeta >= 10000) return lp_lex_fail(ps, NULL, LP_E_SYNTAX, "too many lines before the first object");
    struct lp_meta *v = lp_grow(p->meta, &ps->meta_cap, p->nmeta, sizeof *v);
    if (!v) return lp_lex_nomem(ps);
    p->meta = v;
    v[p->nmeta++] = (struct lp_meta){key, value, ps->lex.line};
    if (strcmp(key, "name") == 0) p->name = value;
    if (strcmp(key, "version") == 0) p->version = value;
    return true;
}

/* The rest of the line without blanks at its ends, as it is. */
static const char *value_text(struct lp_parse *ps)
{
    struct lp_lex *l = &ps->lex;
    size_t n = (size_t)(l->end - l->p);
    while (n && (l->p[n - 1] == ' ' || l->p[n - 1] == '\t')) n--;
    return lp_lex_copy(ps, l->p, n);
}

static bool meta_value(struct lp_parse *ps, const char *key, unsigned kind)
{
    const char *at = ps->lex.p, *value = value_text(ps);
    if (!value) return false;
    if (!add_meta(ps, key, value, kind & ONCE)) return false;
    if (kind & RELATION) return relation(ps, key);
    if (kind & MODE) return mode(ps);
    if (strcmp(key, "name") == 0 && strpbrk(value, " \t")) return lp_lex_fail(ps, at, LP_E_SYNTAX, "a name has no blanks in it");
    if (strcmp(key, "version") == 0 && !dotted(value)) return lp_lex_fail(ps, at, LP_E_SYNTAX, "`%.60s` is no version (dotted decimals)", value);
    lp_buf_puts(&ps->canon, value);
    return true;
}

static bool meta(struct lp_parse *ps)
{
    const char *t;
    size_t n = lp_lex_token(&ps->lex, &t), i = 0;
    bool extra = n > 2 && memcmp(t, "x-", 2) == 0;
    while (i < sizeof keys / sizeof *keys && (strlen(keys[i].key) != n || memcmp(keys[i].key, t, n) != 0)) i++;
    if (i == sizeof keys / sizeof *keys && !extra) return lp_lex_fail(ps, t, LP_E_SYNTAX, "unknown key `%.*s`", (int)(n > 60 ? 60 : n), t);
    if (!lp_lex_ws(&ps->lex) || ps->lex.p == ps->lex.end) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX,
            "`%.*s` needs a value", (int)(n > 60 ? 60 : n), t);
    lp_lex_key(ps, t, n);
    if (!extra) return meta_value(ps, keys[i].key, keys[i].kind);
    const char *key = lp_lex_copy(ps, t, n);
    return key && meta_value(ps, key, EXTRA);
}

/* ---- objects ---- */

static struct lp_object *current(struct lp_parse *ps) { return &ps->patch->object[ps->patch->nobject - 1]; }

static void close_binding(struct lp_parse *ps)
{
    if (!ps->in_binding) return;
    ps->in_binding = false;
    const struct lp_object *o = current(ps);
    if (!o->build_id && !o->sha256) lp_lex_fail_line(ps, o->line, LP_E_SYNTAX, "object `%s` needs a build-id or a file-sha256", o->name);
}

static bool object(struct lp_parse *ps)
{
    const char *t;
    close_binding(ps);
    if (!lp_lex_need_ws(ps)) return false;
    const char *at = ps->lex.p;
    size_t n = lp_lex_token(&ps->lex, &t);
    if (!n) return lp_lex_fail(ps, at, LP_E_SYNTAX, "the name of an object or * is expected");
    struct lp_object o = {.name = lp_lex_copy(ps, t, n), .line = ps->lex.line};
    if (!o.name) return false;
    struct lp_object *v = lp_grow(ps->patch->object, &ps->object_cap, ps->patch->nobject, sizeof *v);
    if (!v) return lp_lex_nomem(ps);
    ps->patch->object = v;
    for (size_t i = 0; i < ps->patch->nobject; i++)
        if (strcmp(v[i].name, o.name) == 0) lp_lex_fail(ps, at, LP_E_SYNTAX, "object `%s` again, it is in line %u already", o.name, v[i].line);
    if (ps->patch->nobject >= 4096) return lp_lex_fail(ps, at, LP_E_SYNTAX, "too many objects");
    v[ps->patch->nobject++] = o;
    ps->in_binding = true;
    ps->state = LP_ST_ITEMS;
    lp_lex_key(ps, "object", 6);
    lp_buf_puts(&ps->canon, o.name);
    return lp_lex_need_end(ps);
}

static bool digest_bytes(struct lp_parse *ps, const char *key, size_t min, size_t max, const uint8_t **out, size_t *len)
{
    const char *t;
    if (!lp_lex_need_ws(ps)) return false;
    size_t n = lp_lex_token(&ps->lex, &t);
    uint8_t *b = lp_patch_alloc(ps->patch, n / 2 + 1);
    if (!b) return lp_lex_nomem(ps);
    ps->lex.p = t;
    if (n & 1 || n / 2 < min || n / 2 > max) {
        if (min == max) return lp_lex_fail(ps, t, LP_E_SYNTAX, "%s has %zu hex digits, found %zu", key, 2 * min, n);
        return lp_lex_fail(ps, t, LP_E_SYNTAX, "%s has an even number of hex digits, %zu to %zu, found %zu", key, 2 * min, 2 * max, n);
    }
    if (!lp_lex_bytes(ps, "lower-case hex digits", n / 2, b)) return false;
    if (*out) return lp_lex_fail(ps, NULL, LP_E_SYNTAX, "`%s` again", key);
    *out = b;
    if (len) *len = n / 2;
    lp_lex_key(ps, key, strlen(key));
    lp_buf_add(&ps->canon, t, n);
    return lp_lex_need_end(ps);
}

static bool flag(struct lp_parse *ps, const char *key, bool *out)
{
    if (*out) return lp_lex_fail(ps, NULL, LP_E_SYNTAX, "`%s` again", key);
    return *out = true;
}

/* 1 a binding line, 0 none, -1 an error. */
static int binding(struct lp_parse *ps)
{
    struct lp_object *o = current(ps);
    if (lp_lex_word(&ps->lex, "build-id")) return digest_bytes(ps, "build-id", 1, 64, &o->build_id, &o->build_id_len) ? 1 : -1;
    if (lp_lex_word(&ps->lex, "file-sha256")) return digest_bytes(ps, "file-sha256", 32, 32, &o->sha256, NULL) ? 1 : -1;
    if (lp_lex_word(&ps->lex, "machine")) {
        if (!lp_lex_need_ws(ps)) return -1;
        if (!lp_lex_word(&ps->lex, "aarch64")) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "`aarch64` is expected") ? 1 : -1;
        lp_buf_puts(&ps->canon, "machine   aarch64");
        return flag(ps, "machine", &o->machine) && lp_lex_need_end(ps) ? 1 : -1;
    }
    if (!lp_lex_word(&ps->lex, "optional")) return 0;
    lp_buf_puts(&ps->canon, "optional");
    return flag(ps, "optional", &o->optional) && lp_lex_need_end(ps) ? 1 : -1;
}

static bool digest(struct lp_parse *ps)
{
    uint8_t want[32], got[32];
    size_t n;
    char hex[65];
    ps->seen_digest = true;
    if (ps->state != LP_ST_META) close_binding(ps);
    ps->state = LP_ST_END;
    if (!lp_lex_need_ws(ps)) return false;
    if (!lp_lex_word(&ps->lex, "sha256")) return lp_lex_fail(ps, ps->lex.p, LP_E_SYNTAX, "`sha256` is expected");
    if (!lp_lex_need_ws(ps)) return false;
    const char *at = ps->lex.p;
    if (!lp_lex_sha256(ps, want, &n) || !lp_lex_need_end(ps)) return false;
    lp_sha256(ps->text, (size_t)(ps->lex.begin - ps->text), got);
    lp_hex(hex, got, n);
    if (memcmp(got, want, n) != 0 && !(ps->flags & LP_PATCH_NO_DIGEST)) return lp_lex_fail(ps, at, LP_E_DIGEST,
            "the digest is wrong: the text has sha256 %s", hex);
    lp_sha256(ps->out.data ? ps->out.data : "", ps->out.len, got);
    lp_hex(hex, got, n);
    lp_buf_printf(&ps->canon, "digest    sha256 %s", hex);
    return true;
}

/* ---- lines ---- */

static bool starts_item(const struct lp_lex *l)
{
    struct lp_lex c = *l;
    if (l->end - l->p >= 2 && l->p[0] == '@' && l->p[1] == ' ') return true;
    static const char *const words[] = {"func", "data", "set", "quiet", "object", "digest"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lp_lex_word(&c, words[i])) return true;
    return false;
}

static bool item(struct lp_parse *ps)
{
    struct lp_lex *l = &ps->lex;
    if (ps->in_binding) {
        int b = binding(ps);
        if (b) return b > 0;
        close_binding(ps);
    }
    if (l->end - l->p >= 2 && l->p[0] == '@' && l->p[1] == ' ') return lp_block_open_site(ps);
    if (lp_lex_word(l, "func")) return lp_block_open_func(ps);
    if (lp_lex_word(l, "data")) return lp_block_open_data(ps);
    if (lp_lex_word(l, "set")) return lp_block_open_set(ps);
    if (lp_lex_word(l, "quiet")) return lp_block_quiet(ps);
    if ((*l->p >= '0' && *l->p <= '9') || *l->p == ' ' || *l->p == '\t') return lp_block_seed(ps);
    const char *t, *at = l->p;
    size_t n = lp_lex_token(l, &t);
    bool hex = n != 0;
    for (size_t i = 0; i < n; i++) hex &= (t[i] >= '0' && t[i] <= '9') || ((t[i] | 32) >= 'a' && (t[i] | 32) <= 'f');
    l->p = at;
    if (hex) return lp_block_seed(ps);
    return lp_lex_fail(ps, at, LP_E_SYNTAX, "unknown keyword `%.*s`", (int)(n > 60 ? 60 : n), t);
}

static bool v1_line(struct lp_parse *ps)
{
    struct lp_lex *l = &ps->lex;
    if (ps->state == LP_ST_END) return lp_lex_fail(ps, NULL, LP_E_SYNTAX, "nothing may follow the digest");
    if (ps->state > LP_ST_ITEMS && starts_item(l)) lp_block_unfinished(ps);
    if (ps->state > LP_ST_ITEMS) return lp_block_line(ps);
    if (lp_lex_word(l, "object")) return object(ps);
    if (lp_lex_word(l, "digest")) return digest(ps);
    return ps->state == LP_ST_META ? meta(ps) : item(ps);
}

static bool utf8(struct lp_parse *ps)
{
    const char *p = ps->lex.p, *end = ps->lex.end;
    while (p < end) {
        const bool bad = !*p || *p == '\r';
        const size_t n = bad ? 0 : !(*p & 0x80) ? 1 : lp_utf8_len(p, (size_t)(end - p));
        if (!n) return lp_lex_fail(ps, p, LP_E_SYNTAX, "byte 0x%02x is no UTF-8 text", (unsigned char)*p);
        p += n;
    }
    return true;
}

static void line(struct lp_parse *ps)
{
    struct lp_lex *l = &ps->lex;
    bool seed = ps->patch->seed;
    size_t n = (size_t)(l->end - l->begin), max = seed ? 2 * LP_PATCH_LINE + 1 : LP_PATCH_LINE;
    ps->canon.len = 0;
    if (n > max) {
        lp_lex_fail(ps, l->begin + max, LP_E_SYNTAX, "the line has %zu bytes, at most %zu are allowed", n, max);
        return;
    }
    if (seed ? memchr(l->p, 0, n) != NULL : !utf8(ps)) {
        if (seed) lp_lex_fail(ps, NULL, LP_E_SYNTAX, "the line contains a 0 byte");
        return;
    }
    struct lp_lex at = *l;
    bool empty = lp_lex_end(&at);
    if (empty || at.p[0] == '#') {
        lp_lex_emit_verbatim(ps);
        return;
    }
    if (seed ? lp_block_seed(ps) : v1_line(ps)) lp_lex_emit(ps);
    else ps->broken = true;
}

/* The next line of the text; false at its end. */
static bool next_line(struct lp_parse *ps, const char **at, const char *end)
{
    if (*at == end) return false;
    const char *nl = memchr(*at, '\n', (size_t)(end - *at)), *stop = nl ? nl : end;
    ps->lex = (struct lp_lex){*at, *at, stop > *at && stop[-1] == '\r' ? stop - 1 : stop, ps->lex.line + 1};
    *at = nl ? nl + 1 : end;
    return true;
}

static void first_line(struct lp_parse *ps, const char **at, const char *end)
{
    const char *start = *at;
    ps->patch->seed = true;
    if (!next_line(ps, at, end)) return;
    struct lp_lex *l = &ps->lex;
    if (!lp_lex_word(l, "lpatch")) {
        ps->lex.line = 0;
        *at = start;
        return;
    }
    ps->patch->seed = false;
    if (!lp_lex_ws(l) || !lp_lex_word(l, "1") || !lp_lex_end(l))
        lp_lex_fail(ps, l->p, LP_E_UNSUPPORTED, "unsupported version of the format, this program knows `lpatch 1`");
    lp_buf_puts(&ps->out, "lpatch 1\n");
}

static void run(struct lp_parse *ps, const char *text, size_t len)
{
    const char *at = text, *end = text + len;
    first_line(ps, &at, end);
    if (ps->status == LP_E_UNSUPPORTED) return;
    while (next_line(ps, &at, end)) line(ps);
    if (ps->state > LP_ST_ITEMS && ps->state != LP_ST_END) lp_block_unfinished(ps);
    close_binding(ps);
    lp_check_parsed(ps);
}

/* The file's base name without .lpatch. */
static const char *default_name(struct lp_patch *p)
{
    const char *base = lp_base_name(p->file);
    size_t n = strlen(base);
    uint8_t sha[32];
    char made[] = "patch-00000000";
    if (strcmp(base, LP_PATCH_STDIN) == 0) { /* two patches from a pipe are two patches */
        lp_sha256(p->text ? p->text : "", p->text_len, sha);
        lp_hex(made + 6, sha, 4);
        base = made, n = strlen(made);
    }
    if (n > 7 && strcmp(base + n - 7, ".lpatch") == 0) n -= 7;
    char *copy = lp_patch_alloc(p, n + 1);
    if (copy) memcpy(copy, base, n);
    return copy;
}

/* By its form a file of the original format, but mostly what a command that failed has left. */
static void refuse_empty(struct lp_parse *ps)
{
    ps->errors++;
    ps->status = lp_fail(ps->first, LP_E_SYNTAX, "it is empty, which is no patch: did the command that was to write it fail, or find no difference?");
    lp_at(ps->first, ps->patch->file, 0, 0);
    if (ps->report) ps->report(ps->ctx, ps->first);
}

lp_status lp_patch_parse(const char *name, const char *text, size_t len, unsigned flags, lp_report_fn report, void *ctx, lp_patch **out,
                         struct lp_error *err)
{
    struct lp_patch *p = calloc(1, sizeof *p);
    struct lp_error first;
    struct lp_parse ps = {.patch = p, .flags = flags, .report = report, .ctx = ctx, .first = &first, .text = text};
    if (p) p->file = strdup(name);
    if (!p || !p->file) return lp_patch_free(p), lp_fail(err, LP_E_NOMEM, "out of memory");
    if (len > LP_PATCH_MAX) lp_lex_fail(&ps, NULL, LP_E_SYNTAX, "a patch has at most %u bytes", LP_PATCH_MAX);
    else run(&ps, text, len);
    if (p->seed && !p->nitem && !ps.errors && !(flags & LP_PATCH_LENIENT)) refuse_empty(&ps);
    p->text = lp_buf_take(&ps.out, &p->text_len);
    if (!p->name) p->name = default_name(p);
    if (!p->text || !p->name || ps.canon.failed || ps.cfi.failed) lp_lex_nomem(&ps);
    lp_buf_free(&ps.canon), lp_buf_free(&ps.cfi);
    free(ps.change), free(ps.chunk);
    if (ps.errors && !(p->seed && flags & LP_PATCH_LENIENT && p->text && p->name)) {
        lp_patch_free(p);
        if (err) *err = first;
        return ps.status;
    }
    *out = p;
    return LP_OK;
}

/* What was in a file. */
static lp_status parse_read(const char *name, char *text, size_t len, unsigned flags, lp_report_fn report, void *ctx, lp_patch **out, struct lp_error *err)
{
    lp_status s;
    if (len >= 4 && memcmp(text, "\177ELF", 4) == 0 && !(flags & LP_PATCH_LENIENT)) {
        s = lp_fail(err, LP_E_SYNTAX, "it is an ELF file, not a patch");
        lp_at(err, name, 0, 0);
        lp_hint(err, "where a command takes both, the ELF file comes first and the patches follow");
    } else {
        s = lp_patch_parse(name, text, len, flags, report, ctx, out, err);
    }
    free(text);
    return s;
}

lp_status lp_patch_read(const char *path, unsigned flags, lp_report_fn report, void *ctx, lp_patch **out, struct lp_error *err)
{
    char *text;
    size_t len;
    lp_status s = lp_file_read(path, LP_PATCH_MAX, &text, &len, err);
    return s == LP_OK ? parse_read(strcmp(path, "-") == 0 ? LP_PATCH_STDIN : path, text, len, flags, report, ctx, out, err) : s;
}

lp_status lp_patch_read_fd(int fd, const char *name, lp_patch **out, struct lp_error *err)
{
    char *text;
    size_t len;
    lp_status s = lp_fd_read(fd, name, LP_PATCH_MAX, &text, &len, err);
    if (s == LP_OK) s = parse_read(name, text, len, 0, NULL, NULL, out, err);
    if (s != LP_OK || (*out)->nitem) return s;
    lp_patch_free(*out);
    *out = NULL;
    lp_fail(err, LP_E_SYNTAX, "it changes nothing: has the rest been cut off?");
    return lp_at(err, name, 0, 0), LP_E_SYNTAX;
}

void lp_patch_free(lp_patch *p)
{
    if (!p) return;
    for (struct lp_arena_chunk *c = p->arena, *next; c; c = next) next = c->next, free(c);
    free(p->file), free(p->text), free(p->meta), free(p->relation), free(p->object), free(p->item), free(p->quiet), free(p);
}
