/* make/maker.c - making a patch: changes become text (edit.c), and the parser makes the patch of it. */
#include <config.h>
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "elf/debug.h"
#include "make/maker.h"
#include "patch/disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

lp_status lp_maker_new(const lp_elf *target, lp_maker **out, struct lp_error *err)
{
    if (lp_elf_info(target)->type == 1) return lp_fail(err, LP_E_UNSUPPORTED,
            "%s is an object file; a patch is for a linked program or library", lp_elf_info(target)->name);
    struct lp_maker *m = calloc(1, sizeof *m);
    if (!m) return lp_fail(err, LP_E_NOMEM, "out of memory");
    m->elf = target;
    m->names = lp_elf_has_symtab(target) ? NULL : lp_elf_debug(target);
    if (!m->names || !lp_elf_has_symtab(m->names)) m->names = target;
    lp_status s = lp_dis_new(&m->dis, err);
    if (s == LP_OK) *out = m;
    else free(m);
    return s;
}

void lp_maker_listen(lp_maker *m, unsigned flags, lp_report_fn report, lp_report_fn warn, void *ctx)
{
    m->flags = flags;
    m->report = report, m->warn = warn, m->ctx = ctx;
}

void lp_maker_sysroot(lp_maker *m, const char *dir) { m->sysroot = dir ? lp_maker_keep(m, dir, strlen(dir)) : NULL; }

/* As much of it as a line of a patch has room for, in whole characters; what is none, as a line of the original format may have it, is a question mark. */
void lp_maker_note(lp_maker *m, const char *text)
{
    char line[LP_PATCH_LINE];
    const size_t len = strcspn(text, "\n");
    size_t n = 0;
    for (size_t i = 0, k; i < len; i += k) {
        const size_t whole = text[i] == '\r' ? 0 : lp_utf8_len(text + i, len - i);
        k = whole ? whole : 1;
        if (n + k > LP_PATCH_LINE - 2) break;
        if (whole) memcpy(line + n, text + i, k);
        else line[n] = '?';
        n += k;
    }
    m->note = n ? lp_maker_keep(m, line, n) : NULL;
}

void lp_maker_free(lp_maker *m)
{
    if (!m) return;
    for (size_t i = 0; i < m->ncarrier; i++) lp_carrier_free(m->carrier[i]);
    for (struct lp_arena_chunk *c = m->pool.arena, *next; c; c = next) next = c->next, free(c);
    free(m->carrier), free(m->made), free(m->own), free(m->file), free(m->sought), free(m->head), free(m->stale), free(m->given), free(m->wrap);
    lp_maker_close_libraries(m);
    lp_units_free(m->units), lp_uses_free(m->uses);
    lp_dis_free(m->dis);
    lp_buf_free(&m->meta), lp_buf_free(&m->items);
    free(m);
}

char *lp_maker_keep(struct lp_maker *m, const char *s, size_t n)
{
    char *p = lp_patch_alloc(&m->pool, n + 1);
    if (p && n) memcpy(p, s, n);
    return p;
}

bool lp_maker_read(struct lp_maker *m, const char *path)
{
    for (size_t i = 0; i < m->nfile; i++)
        if (strcmp(m->file[i], path) == 0) return true;
    const char **v = lp_grow(m->file, &m->file_cap, m->nfile, sizeof *v);
    if (!v || !(v[m->nfile] = lp_maker_keep(m, path, strlen(path)))) return m->file = v ? v : m->file, false;
    m->file = v;
    return m->nfile++, true;
}

void lp_maker_files(const lp_maker *m, int (*fn)(void *ctx, const char *path), void *ctx)
{
    for (size_t i = 0; i < m->nfile; i++)
        if (fn(ctx, m->file[i])) return;
}

void lp_maker_comment(struct lp_maker *m, struct lp_buf *out, uint32_t word, uint64_t pc)
{
    struct lp_dis_insn d;
    lp_dis_word(m->dis, word, pc, &d);
    lp_buf_printf(out, "  ; %s%s%s\n", d.mnemonic, d.operands[0] ? " " : "", d.operands);
}

/* A line that is there already is known by another place to whoever wrote the head. */
static void name_line(const struct lp_maker *m, const char *key, struct lp_error *why)
{
    if (why->other < 2 || why->other - 2 >= m->nhead) return;
    const struct lp_origin *o = &m->head[why->other - 2];
    if (o->file) snprintf(why->text, sizeof why->text, "`%.60s` again, it is in %.200s:%u already", key, o->file, o->line);
    else snprintf(why->text, sizeof why->text, "`%.60s` again, it is given already: %.200s", key, o->text);
}

static const char *bare(const struct lp_error *e) { return e->text + (strncmp(e->text, "error: ", 7) == 0 ? 7 : 0); }

/* The parser judges the whole head, so that the error comes at once and is about the line that is new. */
lp_status lp_maker_head(lp_maker *m, const struct lp_origin *from, unsigned value_col, const char *key, const char *value, struct lp_error *err)
{
    struct lp_buf b = {0};
    lp_patch *p;
    struct lp_error why;
    if (!*key || strpbrk(key, " \t\r\n#") || strpbrk(value, "\r\n") || strcmp(key, "object") == 0 || strcmp(key, "digest") == 0) {
        lp_fail(err, LP_E_SYNTAX, "meta `%.60s`: a key is one word, its value one line", key);
        if (from->file) lp_at(err, from->file, from->line, from->col);
        return LP_E_SYNTAX;
    }
    struct lp_origin *v = lp_grow(m->head, &m->head_cap, m->nhead, sizeof *v);
    m->head = v ? v : m->head;
    lp_buf_puts(&b, "lpatch 1\n");
    lp_buf_add(&b, m->meta.data, m->meta.len);
    lp_buf_printf(&b, "%s %s\n", key, value);
    lp_status s = b.failed || !v ? lp_fail(&why, LP_E_NOMEM, "error: out of memory") : lp_patch_parse("meta", b.data, b.len, 0, NULL, NULL, &p, &why);
    lp_buf_free(&b);
    const char *kept = from->file || s != LP_OK ? NULL : lp_maker_keep(m, from->text, strlen(from->text));
    if (s == LP_OK && !from->file && !kept) {
        lp_patch_free(p);
        s = lp_fail(&why, LP_E_NOMEM, "error: out of memory");
    }
    if (s == LP_OK) {
        v[m->nhead++] = (struct lp_origin){from->file, kept, from->line, from->col};
        m->meta.len = 0;
        lp_buf_add(&m->meta, p->text + strlen("lpatch 1\n"), p->text_len - strlen("lpatch 1\n"));
        m->named |= strcmp(key, "name") == 0;
        lp_patch_free(p);
        return s;
    }
    name_line(m, key, &why);
    lp_fail(err, s == LP_E_NOMEM ? s : LP_E_SYNTAX, "meta `%.60s`: %s", key, bare(&why));
    size_t in_value = strlen(key) + 2;
    if (from->file) lp_at(err, from->file, from->line, why.col >= in_value ? value_col + why.col - (unsigned)in_value : from->col);
    return s == LP_E_NOMEM ? s : LP_E_SYNTAX;
}

lp_status lp_maker_meta(lp_maker *m, const char *key, const char *value, struct lp_error *err)
{
    char text[300];
    snprintf(text, sizeof text, "%.60s %.200s", key, value);
    return lp_maker_head(m, &(struct lp_origin){.text = text}, 0, key, value, err);
}

static void header(const lp_maker *m, struct lp_buf *b)
{
    const struct lp_elf_info *info = lp_elf_info(m->elf);
    const char *name = m->object ? m->object : info->soname ? info->soname : lp_base_name(info->name);
    char hex[129];
    uint8_t sha[32];
    lp_buf_puts(b, "lpatch 1\n");
    if (!m->named && m->default_name) lp_buf_printf(b, "name      %s\n", m->default_name);
    lp_buf_add(b, m->meta.data, m->meta.len);
    lp_buf_printf(b, "\nobject    %s\n", strpbrk(name, " \t\n\r") ? "*" : name);
    if (info->build_id) {
        lp_hex(hex, info->build_id, info->build_id_len);
        lp_buf_printf(b, "build-id  %s\n", hex);
    } else {
        lp_elf_sha256(m->elf, sha);
        lp_hex(hex, sha, 32);
        lp_buf_printf(b, "file-sha256 %s\n", hex);
    }
    lp_buf_puts(b, "machine   aarch64\n");
    if (m->optional) lp_buf_puts(b, "optional\n");
}

/* What is wrong with a line of the patch is said of the change that it comes from. */
struct judging { lp_maker *m; uint32_t before; unsigned errors; struct lp_error *first; };

static const struct lp_made *made_in(const struct judging *j, unsigned line)
{
    size_t i = j->m->nmade;
    while (i && j->m->made[i - 1].line + j->before > line) i--;
    return i && line > j->before ? &j->m->made[i - 1] : NULL;
}

/* The line of the patch that this one overlaps, as whoever wrote the change knows it. */
static void name_other(const struct judging *j, unsigned line, char *text, size_t size)
{
    const struct lp_made *other = line ? made_in(j, line) : NULL;
    if (!other) return;
    if (other->from.file) snprintf(text, size, "this place overlaps the one in %.200s:%u", other->from.file, other->from.line);
    else if (other->from.text) snprintf(text, size, "this place overlaps that of `%.200s`", other->from.text);
}

static void judge(void *ctx, const struct lp_error *why)
{
    struct judging *j = ctx;
    const lp_maker *m = j->m;
    struct lp_error e = *why;
    const struct lp_made *made = made_in(j, why->line);
    const struct lp_edit from = {.from = made ? made->from : (struct lp_origin){0}};
    char text[sizeof why->text];
    snprintf(text, sizeof text, "%s", bare(why));
    if (why->status == LP_E_OVERLAP) name_other(j, why->other, text, sizeof text);
    if (made) lp_edit_fail(&e, &from, NULL, why->status, "%s", text);
    if (why->hint[0]) memcpy(e.hint, why->hint, sizeof e.hint);
    if (j->errors++ == 0 && j->first) *j->first = e;
    if (m->report) m->report(m->ctx, &e);
}

/* What a running program takes and its file does not. Symbols that it lacks are warned of where they are named (edit.c). */
static void judge_file(void *ctx, const struct lp_error *why)
{
    const struct judging *j = ctx;
    const struct lp_made *made = made_in(j, why->line);
    const struct lp_origin none = {0};
    if (why->status != LP_E_SYMBOL && lp_edit_first_time(j->m, bare(why)))
        lp_edit_warn(j->m, made ? &made->from : &none, "it cannot go into the file itself: %s", bare(why));
}

static void judge_idle(void *ctx, uint32_t line)
{
    const struct judging *j = ctx;
    const struct lp_made *made = made_in(j, line);
    if (made) lp_edit_warn(j->m, &made->from, "it changes nothing: the new code is what is there");
}

static uint32_t lines_of(const struct lp_buf *b)
{
    uint32_t n = 0;
    for (size_t i = 0; i < b->len; i++) n += b->data[i] == '\n';
    return n;
}

static lp_status parse(lp_maker *m, struct judging *j, lp_patch **out, struct lp_error *err)
{
    struct lp_buf b = {0};
    header(m, &b);
    j->before = lines_of(&b);
    lp_buf_add(&b, m->items.data, m->items.len);
    lp_buf_printf(&b, "\ndigest    sha256 %064d\n", 0);
    lp_status s = b.failed ? lp_fail(err, LP_E_NOMEM, "out of memory") : LP_OK;
    unsigned flags = LP_PATCH_NO_DIGEST | (m->flags & LP_MAKER_RAW ? LP_PATCH_RAW : 0);
    if (s == LP_OK) s = lp_patch_parse("the new patch", b.data, b.len, flags, judge, j, out, NULL);
    lp_buf_free(&b);
    if (s == LP_OK && (s = lp_patch_check(*out, m->elf, judge, j, NULL)) != LP_OK) lp_patch_free(*out);
    return s;
}

lp_status lp_maker_finish(lp_maker *m, lp_patch **out, struct lp_error *err)
{
    struct judging j = {m, 0, 0, err};
    if (!m->items.len) {
        lp_fail(err, LP_E_SYNTAX, "there is no change: PLACE=CHANGE is expected");
        lp_hint(err, "see lps(5)");
        return lp_at(err, m->recipe, 0, 0), LP_E_SYNTAX;
    }
    lp_status s = parse(m, &j, out, err);
    if (s == LP_OK) lp_warn_branches(m), lp_warn_clones(m), lp_warn_stale(m), lp_warn_fresh(m),
        lp_warn_remade(m), lp_warn_unused(m), lp_warn_signs(m, *out), lp_warn_stacks(m, *out);
    /* Go's compiler keeps nothing over a call, nor drops one. */
    if (s == LP_OK && !lp_maker_is_go(m)) lp_warn_held(m, *out), lp_warn_pure(m, *out), lp_warn_relied(m, *out);
    if (s == LP_OK && m->nwrap) {
        lp_patch_free(*out);
        s = lp_wrap_all(m, j.before) ? parse(m, &j, out, err) : lp_fail(err, LP_E_NOMEM, "out of memory");
    }
    if (s == LP_OK && m->warn) lp_disk_try(m->elf, *out, judge_file, judge_idle, &j);
    return s;
}
