/* make/replace.c - replace from FILE[:SYMBOL]: a function of an object file becomes a func of the patch, and
 * what it needs comes along. */
#include <config.h>
#include "base/bits.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/similar.h"
#include "base/text.h"
#include "elf/spec.h"
#include "make/replace.h"
#include "patch/landing.h"

#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

lp_status lp_carry_nomem(struct lp_error *err) { return lp_fail(err, LP_E_NOMEM, "out of memory"); }

lp_status lp_carry_fail(const struct lp_carrying *x, struct lp_error *err, lp_status s, const char *fmt, ...)
{
    char text[480];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return lp_edit_fail(err, x->e, x->arg, s, "%.100s: %s", x->c ? x->c->path : "object", text);
}

void lp_carrier_free(struct lp_carrier *c)
{
    if (!c) return;
    lp_objfile_free(c->o);
    lp_elf_close(c->elf);
    free(c->piece), free(c->replaced), free(c->owned), lp_users_free(c->users), free(c->started), free(c->told), free(c);
}

/* ---- the object file ---- */

/* As it is named; else beside the recipe. */
static const char *find_file(struct lp_maker *m, const struct lp_edit *e, const char *name)
{
    const char *recipe = e->from.file;
    if (!recipe || *name == '/' || access(name, F_OK) == 0) return name;
    size_t dir = (size_t)(lp_base_name(recipe) - recipe);
    char *path = lp_maker_keep(m, recipe, dir + strlen(name));
    if (path) strcpy(path + dir, name);
    return path && access(path, F_OK) == 0 ? path : name;
}

/* What a change in front looks for elsewhere, or takes for nothing, must not come now. */
static lp_status check_sought(const struct lp_carrying *x, struct lp_error *err)
{
    for (size_t i = 0; i < x->m->nsought; i++)
        for (size_t k = 1; k < x->c->o->nsym; k++) {
            const struct lp_objsym *s = &x->c->o->sym[k];
            if (s->bind != STB_LOCAL && s->section != SHN_UNDEF && strcmp(s->name, x->m->sought[i]) == 0)
                return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "it defines `%.100s`, which a change in front of it needs: name this object in front of that, "
                                     "or make one object of them, `aarch64-linux-gnu-ld -r -o ALL.o ...`", s->name);
        }
    return LP_OK;
}

/* What is given instead of an object file, by its first bytes. */
static const struct { const char *magic, *hint; } others[] = {
    {"BC\xc0\xde", "it is LLVM's code for link-time optimisation: compile it with -fno-lto"},
    {"\xde\xc0\x17\x0b", "it is LLVM's code for link-time optimisation: compile it with -fno-lto"},
    {"!<arch>\n__.PKG", "it is an object of Go, which Go's linker alone reads: write the function in C, or build the program anew for lpdiff"},
    {"!<arch>\n", "it is an archive: take the object out of it, `ar x ARCHIVE OBJECT`"},
    {"", "an object file is expected, as `aarch64-linux-gnu-gcc -O2 -c FILE.c` makes it of C"},
};

static void hint_other(const char *path, struct lp_error *err)
{
    char head[17] = "";
    FILE *f = fopen(path, "r");
    size_t i = 0, n = f ? fread(head, 1, 16, f) : 0;
    if (f) fclose(f);
    if (!n || memcmp(head, "\177ELF", 4) == 0) return;
    while (strncmp(head, others[i].magic, strlen(others[i].magic)) != 0) i++;
    lp_hint(err, "%s", others[i].hint);
}

static lp_status open_carrier(struct lp_carrying *x, const char *name, struct lp_error *err)
{
    struct lp_maker *m = x->m;
    const char *path = find_file(m, x->e, name);
    for (size_t i = 0; i < m->ncarrier && !x->c; i++)
        if (strcmp(m->carrier[i]->path, path) == 0) x->c = m->carrier[i];
    if (x->c) return LP_OK;
    struct lp_carrier **v = lp_grow(m->carrier, &m->carrier_cap, m->ncarrier, sizeof *v), *c = v ? calloc(1, sizeof *c) : NULL;
    m->carrier = v ? v : m->carrier;
    if (!c || !lp_maker_read(m, path)) return free(c), lp_carry_nomem(err);
    c->path = path;
    lp_status s = lp_elf_open(path, &c->elf, err);
    if (s == LP_OK) s = lp_objfile_open(c->elf, &c->o, err);
    if (s != LP_OK) {
        if (err) hint_other(path, err);
        return lp_carrier_free(c), lp_edit_inherit(err, x->e, x->arg), s;
    }
    v[m->ncarrier++] = x->c = c;
    return check_sought(x, err);
}

/* from FILE[:SYMBOL], each quoted if need be. */
static lp_status parse_arg(struct lp_carrying *x, const char **file, const char **symbol, struct lp_error *err)
{
    struct lp_buf b = {0};
    const char *p = x->arg, *colon;
    size_t n = strcspn(p, " \t");
    *symbol = NULL;
    if (n != 4 || memcmp(p, "from", 4) != 0) return lp_edit_fail(err, x->e, p, LP_E_SYNTAX, "`replace from FILE[:SYMBOL]` is expected");
    p += n + strspn(p + n, " \t");
    n = *p == '"' ? lp_unquote(p, strlen(p), &b) : 0;
    if (!n) {
        colon = strrchr(p, ':');
        n = colon && lp_spec_scan(colon + 1, strlen(colon + 1), NULL) == strlen(colon + 1) && colon[1] ? (size_t)(colon - p) : strlen(p);
        lp_buf_add(&b, p, n);
    }
    *file = b.data ? lp_maker_keep(x->m, b.data, b.len) : NULL;
    lp_buf_free(&b);
    if (p[n] == ':') *symbol = p + n + 1;
    if (!n || (p[n] && p[n] != ':') || (*symbol && !**symbol)) return lp_edit_fail(err, x->e, p, LP_E_SYNTAX, "`replace from FILE[:SYMBOL]` is expected");
    return *file ? LP_OK : lp_carry_nomem(err);
}

static lp_status no_source(const struct lp_carrying *x, const char *name, bool lto, struct lp_error *err)
{
    const struct lp_objfile *o = x->c->o;
    struct lp_similar near = {.name = name};
    for (size_t i = 1; i < o->nsym; i++) {
        if (o->sym[i].type != STT_FUNC || o->sym[i].section == SHN_UNDEF) continue;
        lp_similar_look(&near, o->sym[i].name);
        lto = false; /* it has code besides */
    }
    if (lto) {
        lp_carry_fail(x, err, LP_E_SYMBOL, "it has no function `%.200s`: it has no code before the linker makes some of it (-flto)", name);
        return lp_hint(err, "compile it with -fno-lto"), LP_E_SYMBOL;
    }
    lp_carry_fail(x, err, LP_E_SYMBOL, "it has no function `%.200s`", name);
    if (!lp_similar_hint(&near, err)) lp_hint(err, "`replace from FILE:SYMBOL` names another one; lpdis %.100s lists them", x->c->path);
    return LP_E_SYMBOL;
}

/* The function in the object: by name, and there is one of it. */
static lp_status find_source(struct lp_carrying *x, const char *name, const struct lp_objsym **out, struct lp_error *err)
{
    const struct lp_objfile *o = x->c->o;
    bool lto = false;
    *out = NULL;
    for (size_t i = 0; i < o->nsec; i++) lto |= strncmp(o->sec[i].head->name, ".gnu.lto_", 9) == 0;
    for (size_t i = 1; i < o->nsym; i++) {
        const struct lp_objsym *s = &o->sym[i];
        if (s->type != STT_FUNC || s->section == SHN_UNDEF || s->section >= LP_OBJ_RESERVED || strcmp(s->name, name) != 0) continue;
        if (*out) return lp_carry_fail(x, err, LP_E_AMBIGUOUS, "it has two functions `%.200s`", name);
        *out = s;
    }
    if (!*out) return no_source(x, name, lto, err);
    if (!(*out)->size || (*out)->size & 3) return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "the function `%.200s` has no size", name);
    return LP_OK;
}

/* ---- the function that it replaces ---- */

static lp_status check_place(struct lp_carrying *x, struct lp_error *err)
{
    const struct lp_elf_symbol *s = x->e->sym;
    const char *at = x->e->from.text;
    if (!s || s->type != STT_FUNC) return lp_edit_fail(err, x->e, at, LP_E_ADDRESS, "`replace` needs a function, and there is none at this place");
    if (s->value != x->e->addr) return lp_edit_fail(err, x->e, at, LP_E_ADDRESS, "`replace` needs the start of a function; this is inside of %s", s->name);
    if (s->size < 4) return lp_edit_fail(err, x->e, at, LP_E_UNSUPPORTED, "the size of %s is not known", s->name);
    size_t n = strlen(s->name);
    if (n > 4 && strcmp(s->name + n - 4, "@plt") == 0)
        return lp_edit_fail(err, x->e, at, LP_E_UNSUPPORTED,
                            "%s is a PLT stub, the way to another object's function: replace that in its "
                            "object, or branch here with `b`",
                            s->name);
    return LP_OK;
}

static lp_status old_line(struct lp_carrying *x, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_elf_symbol *s = x->e->sym;
    uint8_t sha[32], *old = malloc(s->size);
    char hex[65];
    if (!old) return lp_carry_nomem(err);
    lp_status st = lp_elf_read(x->m->elf, s->value, old, s->size, err);
    if (st == LP_OK) {
        lp_sha256(old, s->size, sha);
        lp_hex(hex, sha, 32);
        lp_buf_printf(out, "old size %llu sha256 %s\n", (unsigned long long)s->size, hex);
    } else {
        lp_edit_inherit(err, x->e, NULL);
    }
    free(old);
    return st;
}

static struct lp_replaced *add_replaced(struct lp_carrying *x, const struct lp_objsym *sym)
{
    struct lp_carrier *c = x->c;
    char name[300];
    struct lp_replaced *v = lp_grow(c->replaced, &c->replaced_cap, c->nreplaced, sizeof *v);
    if (!v) return NULL;
    c->replaced = v;
    snprintf(name, sizeof name, "%.280s.new", sym->name);
    v[c->nreplaced] = (struct lp_replaced){sym, lp_maker_keep(x->m, x->e->place.data, x->e->place.len), lp_carry_name(x->m, name), x->e->sym->name, false};
    return v[c->nreplaced].place && v[c->nreplaced].body ? &v[c->nreplaced++] : NULL;
}

/* ---- what it brings ---- */

/* Pieces refer to others, which come behind them. */
static lp_status carry_own(struct lp_carrying *x, struct lp_buf *data, struct lp_buf *code, struct lp_error *err)
{
    lp_status s = LP_OK;
    for (size_t i = 0; i < x->c->npiece && s == LP_OK; i++) {
        struct lp_piece p = x->c->piece[i];
        if (p.done) continue;
        x->c->piece[i].done = true;
        if (!p.function) {
            s = lp_carry_data(x, &p, data, err);
            continue;
        }
        const struct lp_objsym *f = lp_objfile_cover(x->c->o, p.section, p.start);
        lp_buf_printf(code, "\nfunc %s size %llu new\n", p.name, (unsigned long long)(p.end - p.start));
        s = lp_carry_body(x, p.section, p.start, p.end, code, err);
        if (f && s == LP_OK) s = lp_carry_cfi(x, f, code, err);
        lp_buf_puts(code, "end\n");
    }
    return s;
}

/* One that has pieces to be carried; NULL = all is done. */
static struct lp_carrier *undone(const struct lp_maker *m)
{
    for (size_t i = 0; i < m->ncarrier; i++)
        for (size_t k = 0; k < m->carrier[i]->npiece; k++)
            if (!m->carrier[i]->piece[k].done) return m->carrier[i];
    return NULL;
}

/* Those of other objects, too: each may ask for more of any. */
static lp_status carry_pieces(struct lp_carrying *x, struct lp_buf *data, struct lp_buf *code, struct lp_error *err)
{
    lp_status s = carry_own(x, data, code, err);
    struct lp_carrying other = *x;
    while (s == LP_OK && (other.c = undone(x->m)) != NULL) s = carry_own(&other, data, code, err);
    return s;
}

/* A body into whose middle data or other functions lead is a new function, and the old entry leads to it. */
static lp_status compose(struct lp_carrying *x, const struct lp_replaced *r, const struct lp_buf *body, struct lp_buf *out, struct lp_error *err)
{
    unsigned long long size = r->sym->size;
    if (r->inside) lp_buf_printf(out, "\nfunc %s size %llu new\n", r->body, size);
    else lp_buf_printf(out, "\nfunc %s size %llu\n", r->place, size);
    if (!r->inside) {
        lp_status s = old_line(x, out, err);
        if (s != LP_OK) return s;
    }
    lp_buf_add(out, body->data, body->len);
    lp_buf_puts(out, "end\n");
    if (!r->inside) return LP_OK;
    lp_buf_printf(out, "\nfunc %s size 4\n", r->place);
    lp_status s = old_line(x, out, err);
    lp_buf_printf(out, "| 14000000 jump26 %s\nend\n", r->body);
    return s;
}

static lp_status carry(struct lp_carrying *x, const struct lp_objsym *sym, struct lp_error *err)
{
    struct lp_buf data = {0}, code = {0}, body = {0}, text = {0};
    x->c->of = x->e->sym;
    struct lp_replaced *r = add_replaced(x, sym);
    size_t index = x->c->nreplaced - 1;
    lp_status s = r ? lp_carry_body(x, sym->section, sym->value, sym->value + sym->size, &body, err) : lp_carry_nomem(err);
    if (s == LP_OK) s = carry_pieces(x, &data, &code, err);
    if (s == LP_OK) s = lp_carry_cfi(x, sym, &body, err);
    if (s == LP_OK) s = compose(x, &x->c->replaced[index], &body, &text, err);
    if (s == LP_OK && (data.failed || code.failed || body.failed || text.failed)) s = lp_carry_nomem(err);
    if (s == LP_OK)
        lp_buf_add(&x->m->items, data.data, data.len), lp_buf_add(&x->m->items, code.data, code.len),
            lp_buf_add(&x->m->items, text.data, text.len);
    lp_buf_free(&data), lp_buf_free(&code), lp_buf_free(&body), lp_buf_free(&text);
    return s;
}

lp_status lp_edit_replace(struct lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err)
{
    struct lp_carrying x = {.m = m, .e = e, .arg = arg};
    const char *file = NULL, *name = NULL;
    const struct lp_objsym *sym;
    uint32_t word = 0;
    lp_status s = check_place(&x, err);
    if (s == LP_OK) s = parse_arg(&x, &file, &name, err);
    if (s == LP_OK && !name && !e->name && !lp_maker_names(m, e->sym))
        s = lp_edit_fail(err, e, arg, LP_E_SYNTAX, "the program has no name for this function: `replace from FILE:SYMBOL` says which of the object it is");
    if (s == LP_OK) s = open_carrier(&x, file, err);
    if (s == LP_OK) s = find_source(&x, name ? name : e->name ? e->name : e->sym->name, &sym, err);
    if (s == LP_OK) s = carry(&x, sym, err);
    if (s != LP_OK) return s;
    lp_elf_read(m->elf, e->addr, &word, 4, NULL);
    word = lp_le32(&word);
    bool pad = lp_elf_info(m->elf)->gnu_property & 1 && lp_landing_pad(word);
    e->n = pad ? 2 : 1; /* what the engine writes there */
    lp_warn_shared(m, e, x.c, sym);
    return LP_OK;
}
