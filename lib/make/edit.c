/* make/edit.c - one change: where it is, what the words become, and its text in the patch. */
#include <config.h>
#include "a64/a64.h"
#include "base/bits.h"
#include "base/error.h"
#include "base/hash.h"
#include "elf/debug.h"
#include "elf/dynamic.h"
#include "elf/line.h"
#include "elf/spec.h"
#include "make/maker.h"
#include "patch/landing.h"
#include "patch/plan.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- messages ---- */

static void locate(struct lp_error *err, const struct lp_origin *from, const char *at)
{
    if (!err || !from->file) return;
    size_t n = strlen(from->text);
    lp_at(err, from->file, from->line, from->col + (at && at >= from->text && at <= from->text + n ? (unsigned)(at - from->text) : 0));
}

lp_status lp_edit_fail(struct lp_error *err, const struct lp_edit *e, const char *at, lp_status s, const char *fmt, ...)
{
    char text[560];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (e->from.file || !e->from.text) lp_fail(err, s, "%s", text);
    else lp_fail(err, s, "%.200s: %s", e->from.text, text);
    if (s == LP_E_SYNTAX) lp_hint(err, "see lpmake(1)");
    locate(err, &e->from, at);
    return s;
}

lp_status lp_edit_inherit(struct lp_error *err, const struct lp_edit *e, const char *at)
{
    struct lp_error inner;
    if (!err) return LP_E_INTERNAL;
    if (!e->from.file) return err->status;
    inner = *err;
    lp_fail(err, inner.status, "%s%s%s", inner.where, inner.where[0] ? ": " : "", inner.text);
    memcpy(err->hint, inner.hint, sizeof err->hint);
    err->sys = inner.sys;
    locate(err, &e->from, at);
    return err->status;
}

void lp_edit_warn(struct lp_maker *m, const struct lp_origin *from, const char *fmt, ...)
{
    char text[560];
    struct lp_error w;
    va_list ap;
    if (!m->warn) return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (from->file || !from->text) lp_fail(&w, LP_OK, "%s", text);
    else lp_fail(&w, LP_OK, "%.100s: %s", from->text, text);
    locate(&w, from, NULL);
    m->warn(m->ctx, &w);
}

bool lp_edit_add(struct lp_edit *e, uint32_t word, const char *reloc, const char *target)
{
    struct lp_edit_word *v = lp_grow(e->word, &e->cap, e->n, sizeof *v);
    if (!v) return false;
    e->word = v;
    v[e->n++] = (struct lp_edit_word){word, reloc, target};
    return true;
}

static lp_status nomem(struct lp_error *err) { return lp_fail(err, LP_E_NOMEM, "out of memory"); }

/* ---- places ---- */

bool lp_edit_hex(const char **p, uint64_t *out)
{
    char *end;
    if ((*p)[0] != '0' || (*p)[1] != 'x' || !strchr("0123456789abcdefABCDEF", (*p)[2]) || !(*p)[2]) return false;
    errno = 0;
    *out = strtoull(*p, &end, 16);
    *p = end;
    return errno == 0;
}

static void put_place(const lp_elf *names, const struct lp_elf_symbol *sym, uint64_t addr, struct lp_buf *out)
{
    char spec[600];
    bool named = sym && lp_elf_symbol_spec(names, sym, spec, sizeof spec) < (int)sizeof spec;
    if (!named) lp_buf_printf(out, "0x%llx", (unsigned long long)addr);
    else if (addr == sym->value) lp_buf_puts(out, spec);
    else lp_buf_printf(out, "%s+0x%llx", spec, (unsigned long long)(addr - sym->value));
}

void lp_edit_place(const struct lp_maker *m, uint64_t addr, struct lp_buf *out) { put_place(m->elf, lp_elf_symbol_at(m->elf, addr), addr, out); }

void lp_edit_say(const struct lp_maker *m, uint64_t addr, struct lp_buf *out)
{
    const struct lp_elf_symbol *sym = lp_maker_symbol_at(m, addr);
    put_place(lp_maker_owns(m, sym) ? m->elf : m->names, lp_maker_names(m, sym) ? sym : NULL, addr, out);
}

/* file.c:12 or "file name":12; what it is long, 0 = it is none. */
static size_t line_place(const char *p, struct lp_buf *file, unsigned *line)
{
    size_t n = *p == '"' ? lp_unquote(p, strlen(p), file) : 0, digits;
    if (!n) {
        size_t end = strcspn(p, "= \t");
        for (n = end; n && isdigit((unsigned char)p[n - 1]); n--) continue;
        if (n == end || n < 2 || p[n - 1] != ':') return 0;
        lp_buf_add(file, p, --n);
    }
    if (p[n] != ':' || !(digits = strspn(p + n + 1, "0123456789")) || digits > 9) return 0;
    *line = (unsigned)strtoul(p + n + 1, NULL, 10);
    return n + 1 + digits;
}

static void warn_other_copies(struct lp_maker *m, const struct lp_edit *e, const struct lp_line_copies *c)
{
    struct lp_buf b = {0};
    for (size_t i = 1; i < c->n && b.len < 300; i++) {
        lp_buf_puts(&b, i > 1 ? ", " : "");
        lp_edit_say(m, c->v[i].addr, &b);
    }
    if (b.data) lp_edit_warn(m, &e->from, "the line has %zu copies; this change is at %s, the others are at %s", c->n, e->place.data, b.data);
    lp_buf_free(&b);
}

static lp_status place_of_line(lp_maker *m, struct lp_edit *e, const char *file, unsigned line, struct lp_error *err)
{
    struct lp_line_copies c;
    lp_status s = lp_line_copies(m->elf, file, line, &c, err);
    if (s != LP_OK) return lp_edit_inherit(err, e, e->from.text), s;
    e->addr = c.v[0].addr;
    e->by_line = true;
    lp_edit_place(m, e->addr, &e->place);
    if (c.n > 1) warn_other_copies(m, e, &c);
    free(c.v);
    return LP_OK;
}

/* A symbol's spec, or a name with :: in it, of which the symbol table says how it is spelt there. */
static size_t symbol_len(const char *p)
{
    size_t n = lp_spec_scan(p, strlen(p), NULL);
    while (n && p[n] == ':' && p[n + 1] == ':') n += 2 + strcspn(p + n + 2, ":+= \t");
    return n;
}

static void warn_behind(struct lp_maker *m, const struct lp_edit *e)
{
    struct lp_buf b = {0};
    if (!e->sym->size || e->addr - e->sym->value < e->sym->size) return;
    lp_edit_say(m, e->addr, &b);
    if (b.data) lp_edit_warn(m, &e->from, "%s has %llu bytes, and this place is behind its end: %s", e->sym->name, (unsigned long long)e->sym->size, b.data);
    lp_buf_free(&b);
}

static lp_status place_of_symbol(lp_maker *m, struct lp_edit *e, const char **p, struct lp_error *err)
{
    uint64_t off = 0;
    size_t n = symbol_len(*p);
    if (!n) return lp_edit_fail(err, e, *p, LP_E_SYNTAX, "SYMBOL[+0xOFFSET]=CHANGE, 0xADDRESS=CHANGE or FILE:LINE=CHANGE is expected");
    char *spec = lp_maker_keep(m, *p, n);
    if (!spec) return nomem(err);
    lp_status s = lp_maker_find(m, spec, &e->sym, err);
    if (s != LP_OK) return lp_edit_inherit(err, e, *p), s;
    bool own = lp_maker_owns(m, e->sym);
    if (e->sym->type == STT_TLS) return lp_edit_fail(err, e, *p, LP_E_UNSUPPORTED, "`%s` is thread-local: each thread has its own, and no "
                                                     "place in the file is all of them", spec);
    if (own) lp_buf_puts(&e->place, spec);
    e->name = e->sym->name;
    *p += n;
    if (**p == '+' && (++*p, !lp_edit_hex(p, &off))) return lp_edit_fail(err, e, *p, LP_E_SYNTAX, "an offset is written +0x...");
    e->addr = e->sym->value + off;
    if (own && off) lp_buf_printf(&e->place, "+0x%llx", (unsigned long long)off);
    warn_behind(m, e);
    return LP_OK;
}

/* The place; then `=`, perhaps between blanks. */
static lp_status parse_place(lp_maker *m, struct lp_edit *e, struct lp_error *err)
{
    const char *p = e->from.text;
    struct lp_buf file = {0};
    unsigned line;
    lp_status s = LP_OK;
    size_t n = line_place(p, &file, &line);
    if (n) s = place_of_line(m, e, file.data ? file.data : "", line, err), p += n;
    else if (*p != '0') s = place_of_symbol(m, e, &p, err);
    else if (!lp_edit_hex(&p, &e->addr)) s = lp_edit_fail(err, e, p, LP_E_SYNTAX, "an address is written 0x...");
    lp_buf_free(&file);
    if (s != LP_OK) return s;
    if (!e->place.len) lp_buf_printf(&e->place, "0x%llx", (unsigned long long)e->addr);
    p += strspn(p, " \t");
    if (*p != '=') return lp_edit_fail(err, e, p, LP_E_SYNTAX, "`=` is expected behind the place");
    p++;
    e->change = p + strspn(p, " \t");
    e->sym = lp_maker_symbol_at(m, e->addr);
    return LP_OK;
}

/* ---- changes ---- */

/* What an indirect call needs at a guarded entry must stay there (Arm ARM D8.4.5); PACIxSP is one but would sign x30. */
static lp_status keep_landing_pad(lp_maker *m, struct lp_edit *e, struct lp_error *err)
{
    uint32_t w;
    lp_status s = lp_elf_read(m->elf, e->addr, &w, 4, err);
    if (s != LP_OK) return lp_edit_inherit(err, e, NULL), s;
    w = lp_le32(&w);
    if (!(lp_elf_info(m->elf)->gnu_property & 1) || !e->sym || e->sym->value != e->addr) return s;
    if ((w = lp_landing_pad(w)) != 0 && !lp_edit_add(e, w, NULL, NULL)) return nomem(err);
    return LP_OK;
}

/* Decimal or 0x..., perhaps negative. A leading 0 is refused: it means octal to some and nothing to others. */
bool lp_edit_value(const char *arg, uint64_t *value)
{
    bool minus = *arg == '-', hex;
    char *end;
    arg += minus;
    hex = arg[0] == '0' && (arg[1] == 'x' || arg[1] == 'X');
    if (hex ? !isxdigit((unsigned char)arg[2]) : !isdigit((unsigned char)*arg) || (*arg == '0' && arg[1])) return false;
    errno = 0;
    unsigned long long v = strtoull(arg, &end, hex ? 16 : 10);
    if (errno || *end || (minus && v > UINT64_C(1) << 63)) return false;
    *value = minus ? -(uint64_t)v : v;
    return true;
}

static lp_status change_nop(lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err)
{
    (void)m, (void)arg;
    return lp_edit_add(e, LP_A64_NOP, NULL, NULL) ? LP_OK : nomem(err);
}

static lp_status change_ret(lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err)
{
    uint64_t value = 0;
    uint32_t mov[4];
    lp_status s = keep_landing_pad(m, e, err);
    if (s != LP_OK) return s;
    if (*arg && !lp_edit_value(arg, &value)) return lp_edit_fail(err, e, arg, LP_E_SYNTAX, "`ret` takes one number, decimal or 0x...");
    unsigned n = *arg ? lp_a64_mov_imm(mov, 0, value) : 0;
    for (unsigned i = 0; i < n; i++)
        if (!lp_edit_add(e, mov[i], NULL, NULL)) return nomem(err);
    return lp_edit_add(e, LP_A64_RET, NULL, NULL) ? LP_OK : nomem(err);
}

/* What the program imports, or can: one that it names with a version, or that a library of it has. */
static bool is_import(lp_maker *m, const char *name, enum lp_import *has)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(m->elf);
    struct lp_buf spec = {0};
    *has = LP_IMPORT_NOBODY;
    if (!d->at || !d->nneeded || lp_is_plt_name(name)) return d->at && lp_dynsym_wanted(d, name, NULL);
    if (lp_dynsym_wanted(d, name, NULL) || strchr(name, '@')) return true;
    *has = lp_maker_import(m, name, &spec);
    lp_buf_free(&spec);
    return *has == LP_IMPORT_FOUND;
}

static void hint_import(const lp_maker *m, const char *name, enum lp_import has, struct lp_error *err)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(m->elf);
    if (lp_is_plt_name(name)) lp_hint(err, "the program has no PLT entry of this name; without `@plt` it may become a new import");
    else if (!d->at || !d->nneeded || (err && strstr(err->hint, "did you mean"))) return;
    else if (has == LP_IMPORT_UNKNOWN) lp_hint(err, "if a library of the program has it: those are not all found here, and `-L DIR` says where they are");
    else lp_hint(err, "no library that the program needs has it: `patchelf --add-needed` has it need one, and `replace from` brings functions along");
}

/* How the patch names the function, and where it is: *at 0 = the patch's reader finds out (imports, and IFUNCs, which are called by their PLT entries). */
static lp_status branch_target(struct lp_maker *m, const struct lp_edit *e, const char *arg, struct lp_buf *out, uint64_t *at, struct lp_error *err)
{
    const struct lp_elf_symbol *to = NULL;
    enum lp_import has = LP_IMPORT_NOBODY;
    bool weak = false;
    lp_status s = lp_maker_find(m, arg, &to, err);
    if (s == LP_E_SYMBOL && is_import(m, arg, &has)) return lp_edit_symbol(m, e, arg, arg, &weak, out, err);
    if (s != LP_OK) lp_edit_inherit(err, e, arg);
    if (s == LP_E_SYMBOL) hint_import(m, arg, has, err);
    if (s != LP_OK) return s;
    if (lp_maker_owns(m, to)) lp_buf_puts(out, arg);
    else lp_buf_printf(out, "0x%llx", (unsigned long long)to->value);
    *at = to->type == STT_GNU_IFUNC ? 0 : to->value;
    return s;
}

static lp_status change_branch(lp_maker *m, struct lp_edit *e, const char *arg, bool link, struct lp_error *err)
{
    struct lp_buf target = {0};
    const char *p = arg;
    uint64_t addr = 0;
    uint32_t w;
    lp_status s = link ? LP_OK : keep_landing_pad(m, e, err);
    if (s == LP_OK && *arg == '0') {
        if (!lp_edit_hex(&p, &addr) || *p) s = lp_edit_fail(err, e, arg, LP_E_SYNTAX, "an address is written 0x...");
        else lp_buf_puts(&target, arg);
    } else if (s == LP_OK) s = branch_target(m, e, arg, &target, &addr, err);
    if (s == LP_OK && (addr || *arg == '0') && !(link ? lp_a64_bl : lp_a64_b)(&w, e->addr + 4 * e->n, addr))
        s = lp_edit_fail(err, e, arg, LP_E_RANGE, "the target is out of a branch's range of 128 MiB, or no multiple of 4");
    char *kept = s == LP_OK && !target.failed ? lp_maker_keep(m, target.data, target.len) : NULL;
    lp_buf_free(&target);
    if (s != LP_OK) return s;
    return kept && lp_edit_add(e, link ? 0x94000000 : 0x14000000, link ? "call26" : "jump26", kept) ? LP_OK : nomem(err);
}

static lp_status change_b(lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err) { return change_branch(m, e, arg, false, err); }
static lp_status change_bl(lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err) { return change_branch(m, e, arg, true, err); }

static lp_status change_word(lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err)
{
    uint64_t v;
    const char *p = arg;
    (void)m;
    if (!lp_edit_hex(&p, &v) || *p || v > UINT32_MAX) return lp_edit_fail(err, e, arg, LP_E_SYNTAX, "`word` takes one number 0x... of 32 bits");
    return lp_edit_add(e, (uint32_t)v, NULL, NULL) ? LP_OK : nomem(err);
}

enum { NO_ARG = 1, NEEDS_ARG = 2, LEAVES = 4, MAY_BE_DATA = 8 };
static const struct change {
    const char *word;
    lp_status (*make)(lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err);
    unsigned flags;
} changes[] = {
    {"nop", change_nop, NO_ARG}, {"ret", change_ret, LEAVES}, {"b", change_b, NEEDS_ARG | LEAVES}, {"bl", change_bl, NEEDS_ARG},
    {"word", change_word, NEEDS_ARG | MAY_BE_DATA}, {"asm", lp_edit_asm, NEEDS_ARG}, {"replace", lp_edit_replace, NEEDS_ARG}, {"set", lp_edit_set, NEEDS_ARG},
};

static const struct change *find_change(const struct lp_edit *e, const char **arg)
{
    size_t n = strcspn(e->change, " \t\"{");
    *arg = e->change + n + strspn(e->change + n, " \t");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const struct change *c = &changes[i];
        if (strlen(c->word) != n || memcmp(c->word, e->change, n) != 0) continue;
        return (**arg && c->flags & NO_ARG) || (!**arg && c->flags & NEEDS_ARG) ? NULL : c;
    }
    return NULL;
}

/* ---- the text ---- */

static lp_status suits(lp_maker *m, struct lp_edit *e, unsigned flags, uint32_t *old, struct lp_error *err)
{
    const struct lp_elf_symbol *sym = e->sym;
    uint64_t left = sym ? sym->value + sym->size - e->addr : 0;
    if (sym && sym->size && left < 4 * (uint64_t)e->n)
        return lp_edit_fail(err, e, NULL, LP_E_RANGE, "needs %zu words, %s has %llu left", e->n, sym->name, (unsigned long long)left / 4);
    lp_status s = lp_elf_read(m->elf, e->addr, old, 4 * e->n, err);
    if (s != LP_OK) return lp_edit_inherit(err, e, NULL), s;
    for (size_t i = 0; i < e->n; i++) old[i] = lp_le32(old + i);
    for (size_t i = 0; i < e->n; i++) {
        if (lp_elf_is_code(m->elf, e->addr + 4 * i)) continue;
        if (!lp_elf_is_text(m->elf, e->addr + 4 * i)) {
            lp_edit_fail(err, e, NULL, LP_E_ADDRESS, "there is no code at this place");
            if (sym && sym->type == STT_OBJECT) lp_hint(err, "`%.100s` is data, which is changed by `set`: lpmake(1)", sym->name);
            return LP_E_ADDRESS;
        }
        if (!(flags & MAY_BE_DATA)) return lp_edit_fail(err, e, NULL, LP_E_ADDRESS, "there is data among the code at this place, a jump table or a literal");
        lp_edit_warn(m, &e->from, "the word is data among the code, a jump table or a literal, and no instruction");
        break;
    }
    return LP_OK;
}

static lp_status emit(lp_maker *m, struct lp_edit *e, unsigned flags, struct lp_error *err)
{
    uint32_t *old = malloc(4 * e->n + 4);
    if (!old) return nomem(err);
    lp_status s = suits(m, e, flags, old, err);
    if (s == LP_OK) lp_buf_puts(&m->items, "\n");
    if (s == LP_OK && e->by_line) lp_buf_printf(&m->items, "# %.*s\n", (int)strcspn(e->from.text, "= \t"), e->from.text);
    if (s == LP_OK && m->note) lp_buf_printf(&m->items, "# %s\n", m->note);
    if (s == LP_OK) lp_buf_printf(&m->items, "@ %s\n", e->place.data);
    for (size_t i = 0; i < e->n && s == LP_OK; i++) {
        uint64_t pc = e->addr + 4 * i;
        lp_buf_printf(&m->items, "- %08x", old[i]);
        lp_maker_comment(m, &m->items, old[i], pc);
        lp_buf_printf(&m->items, "+ %08x", e->word[i].word);
        if (e->word[i].reloc) lp_buf_printf(&m->items, " %s %s\n", e->word[i].reloc, e->word[i].target);
        else lp_maker_comment(m, &m->items, e->word[i].word, pc);
    }
    if (s == LP_OK) lp_buf_puts(&m->items, "end\n");
    free(old);
    return s;
}

static bool remember(lp_maker *m, const struct lp_edit *e, enum lp_made_kind kind)
{
    struct lp_made *v = lp_grow(m->made, &m->made_cap, m->nmade, sizeof *v);
    if (!v) return false;
    m->made = v;
    struct lp_origin from = e->from;
    from.text = lp_maker_keep(m, e->from.text, strlen(e->from.text));
    v[m->nmade++] = (struct lp_made){from, e->addr, e->n, m->lines + 1, kind};
    return from.text != NULL;
}

/* Nothing stays of a change that is wrong. */
static lp_status settle(lp_maker *m, size_t before, lp_status s, struct lp_error *err)
{
    if (s == LP_OK && m->items.failed) s = nomem(err);
    if (s != LP_OK && !m->items.failed && m->items.data) m->items.data[m->items.len = before] = 0;
    for (size_t i = before; i < m->items.len; i++) m->lines += m->items.data[i] == '\n';
    return s;
}

static lp_status no_change(const struct lp_edit *e, struct lp_error *err)
{
    uint64_t value;
    lp_edit_fail(err, e, e->change, LP_E_SYNTAX,
                 "a change is nop, ret [VALUE], b SYMBOL, bl SYMBOL, word 0x..., asm \"...\", replace from FILE[:SYMBOL] or set ...");
    if (lp_edit_value(e->change, &value))
        lp_hint(err, "`word 0x...` puts another instruction there, `ret %.40s` makes a function return this; `set b4 %.40s` changes data",
                e->change, e->change);
    return LP_E_SYNTAX;
}

lp_status lp_maker_statement(lp_maker *m, struct lp_edit *e, struct lp_error *err)
{
    const char *arg = "";
    const struct change *c = NULL;
    size_t before = m->items.len, nmade = m->nmade;
    lp_status s = parse_place(m, e, err);
    if (s == LP_OK && !(c = find_change(e, &arg))) s = no_change(e, err);
    const bool replaces = c && c->make == lp_edit_replace, sets = c && c->make == lp_edit_set;
    if (s == LP_OK && !sets && e->addr & 3) s = lp_edit_fail(err, e, e->from.text, LP_E_ADDRESS, "the place is no multiple of 4");
    if (s == LP_OK) s = c->make(m, e, arg, err);
    bool leaves = c && c->flags & LEAVES, whole = leaves && e->sym && e->sym->value == e->addr;
    if (s == LP_OK && !remember(m, e, replaces ? LP_MADE_FUNC : whole ? LP_MADE_WHOLE : LP_MADE_SITE)) s = nomem(err);
    if (s == LP_OK && !replaces && !sets) s = emit(m, e, c->flags, err);
    if (s == LP_OK && !sets) lp_warn_place(m, e);
    if (s == LP_OK && !replaces) lp_warn_words(m, e, leaves), lp_warn_shared(m, e, NULL, NULL);
    if (s != LP_OK) m->nmade = nmade;
    m->note = NULL;
    free(e->word);
    lp_buf_free(&e->place);
    return settle(m, before, s, err);
}

lp_status lp_maker_change(lp_maker *m, const char *change, struct lp_error *err)
{
    struct lp_edit e = {.from = {.text = change}};
    return lp_maker_statement(m, &e, err);
}

/* ---- symbols that assembler and compiler name ---- */

bool lp_edit_first_time(lp_maker *m, const char *name)
{
    for (size_t i = 0; i < m->nsought; i++)
        if (strcmp(m->sought[i], name) == 0) return false;
    const char **v = lp_grow(m->sought, &m->sought_cap, m->nsought, sizeof *v);
    m->sought = v ? v : m->sought;
    if (!v || !(v[m->nsought] = lp_maker_keep(m, name, strlen(name)))) return false;
    return m->nsought++, true;
}

/* A stripped program may have a function of this name that nobody sees. */
static void warn_found(lp_maker *m, const struct lp_edit *e, const char *name, const char *spec)
{
    if (lp_elf_has_symtab(m->names) || !lp_edit_first_time(m, name)) return;
    lp_edit_warn(m, &e->from, "`%s` is not among the program's imports, and is taken to be %s. If the program, which is stripped, has it itself, "
                 "`symbol NAME 0xADDRESS` in a recipe says where", name, spec);
}

/* All libraries that the program needs are known, and none has it. */
static void warn_nobodys(lp_maker *m, const struct lp_edit *e, const char *name)
{
    const char *of, *old = lp_maker_import_old(m, name, &of);
    struct lp_buf b = {0};
    if (old) lp_buf_printf(&b, "%s has it in an old version alone, %s, which linkers do not take", of, old);
    else if (strcmp(name, "__stack_chk_guard") == 0) lp_buf_puts(&b, "Compile with -fno-stack-protector");
    else if (strcmp(name, "__tls_get_addr") == 0) lp_buf_puts(&b, "Compile with -mtls-dialect=desc");
    else lp_buf_puts(&b, "A static library's comes along by `gcc -r -nostdlib -o ALL.o FIX.o -lNAME`, and `patchelf --add-needed` has the program need a "
                         "shared one");
    lp_edit_warn(m, &e->from, "`%s` is neither in the program nor among its imports, and no library that it needs has it: the file cannot have this patch, and "
                 "a running program only if it has loaded one that does. %s", name, b.data ? b.data : "");
    lp_buf_free(&b);
}

static void warn_sought(lp_maker *m, const struct lp_edit *e, const char *name, bool weak, bool libraries, enum lp_import has)
{
    if (!lp_edit_first_time(m, name)) return;
    char checked[120];
    snprintf(checked, sizeof checked, "__%.80s_chk", name);
    const bool fortified = lp_dynsym_wanted(lp_elf_dynamic_part(m->elf), checked, NULL);
    if (!libraries) lp_edit_warn(m, &e->from, "the program has no `%s`, which is weak: as for a linker it is 0, and a call of it does nothing", name);
    else if (has == LP_IMPORT_NOBODY && !weak && lp_elf_has_symtab(m->names)) warn_nobodys(m, e, name);
    else lp_edit_warn(m, &e->from, "`%s` is neither in the program nor among its imports, and not in a library of it that is found here (-L): it is looked for "
                      "when the patch is applied%s, and the file itself cannot have this patch%s", name,
                      weak ? " (and is 0 if none has it, as it is weak)" : "",
                      strcmp(name, "__tls_get_addr") == 0 ? ": compile with -mtls-dialect=desc" :
                      fortified ? ": the program calls its checked form, as what is compiled with -O2 -D_FORTIFY_SOURCE=2 does" :
                      lp_elf_has_symtab(m->names) ? "" : ". If the program, which is stripped, has it itself, `symbol NAME 0xADDRESS` in a recipe says where");
}

/* As a linker writes it: a symbol without a version, which a library may come to have. */
static void put_nobodys(lp_maker *m, const struct lp_edit *e, const char *name, struct lp_buf *spec)
{
    spec->len = 0;
    lp_spec_print(spec, name, "*", 0, NULL);
    if (lp_edit_first_time(m, name))
        lp_edit_warn(m, &e->from, "neither the program nor a library of it has `%s`, which is weak: as for a linker it is 0, until one has it", name);
}

/* __multf3, __divti3, __aarch64_ldadd4_relax: functions of the compiler's own library, of which each program has its own. */
const char *lp_edit_helper(const char *name)
{
    static const char modes[][3] = {"si", "di", "ti", "hf", "sf", "df", "tf", "hc", "sc", "dc", "tc"};
    size_t n = strlen(name);
    if (strncmp(name, "__aarch64_", 10) == 0)
        return "it is of the compiler's library: compile with -mno-outline-atomics, or take it along by `gcc -r -nostdlib -o ALL.o FIX.o -lgcc`";
    if (n && name[n - 1] >= '2' && name[n - 1] <= '4') n--;
    bool helper = false;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) helper |= n > 5 && memcmp(name + n - 2, modes[i], 2) == 0;
    return helper && strncmp(name, "__", 2) == 0 ? "it is of the compiler's library: take it along by `gcc -r -nostdlib -o ALL.o FIX.o -lgcc`" : NULL;
}

/* Has the program the compiler's library in a shared one, which does not have those of atomic instructions? */
static bool shares_helpers(const struct lp_dynamic *d, const char *name)
{
    for (size_t i = 0; i < d->nneeded; i++)
        if (strncmp(d->needed[i], "libgcc_s.so", 11) == 0) return strncmp(name, "__aarch64_", 10) != 0;
    return false;
}

/* An import, or a symbol that nobody knows yet: only a program with a dynamic linker can find it. *weak: and need not. */
static lp_status imported(lp_maker *m, const struct lp_edit *e, const char *name, bool *weak, struct lp_buf *spec, struct lp_error *err)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(m->elf);
    bool known = lp_dynsym_wanted(d, name, NULL) || strcmp(name, "_GLOBAL_OFFSET_TABLE_") == 0 || strcmp(name, "_TLS_MODULE_BASE_") == 0;
    const bool libraries = d->at && d->nneeded, alone = !d->at || lp_plan_alone(m->elf);
    if (known) return *weak = false, LP_OK;
    if ((!libraries || (lp_edit_helper(name) && !shares_helpers(d, name))) && !*weak) return LP_E_SYMBOL;
    const bool said = strchr(name, '@');
    const enum lp_import has = alone || said ? LP_IMPORT_UNKNOWN : lp_maker_import(m, name, spec); /* none is needed: nobody has it yet */
    if (has == LP_IMPORT_FOUND) warn_found(m, e, name, spec->data);
    else if (has == LP_IMPORT_NOBODY && *weak) put_nobodys(m, e, name, spec);
    else if (!libraries || !said) warn_sought(m, e, name, *weak, libraries, has);
    if (err) *err = (struct lp_error){0};
    return LP_OK;
}

/* Of several, the one that is not local is what a linker would take. */
static bool only_global(const lp_maker *m, const char *name, char *spec, size_t size)
{
    size_t n;
    const struct lp_elf_symbol *v = lp_elf_symbols(m->elf, &n), *hit = NULL;
    for (size_t i = 0; i < n; i++) {
        if (v[i].bind == STB_LOCAL || strcmp(v[i].name, name) != 0) continue;
        if (hit && hit->value != v[i].value) return false;
        hit = &v[i];
    }
    return hit && lp_elf_symbol_spec(m->elf, hit, spec, size) < (int)size;
}

lp_status lp_edit_symbol(lp_maker *m, const struct lp_edit *e, const char *at, const char *name, bool *weak, struct lp_buf *out,
                         struct lp_error *err)
{
    struct lp_buf spec = {0};
    const struct lp_elf_symbol *sym;
    size_t n = strlen(name);
    if (lp_spec_scan(name, n, NULL) == n) lp_buf_puts(&spec, name);
    else lp_spec_print(&spec, name, NULL, 0, NULL);
    lp_status s = spec.failed ? nomem(err) : lp_maker_find(m, spec.data, &sym, err);
    if (s == LP_OK && !lp_maker_owns(m, sym)) spec.len = 0, lp_buf_printf(&spec, "0x%llx", (unsigned long long)sym->value);
    if (s != LP_E_SYMBOL) *weak = false;
    else s = imported(m, e, name, weak, &spec, err);
    char global[600];
    if (s == LP_E_AMBIGUOUS && only_global(m, name, global, sizeof global)) lp_buf_puts(out, global), s = LP_OK;
    else if (s == LP_OK) lp_buf_puts(out, spec.data);
    else if (s != LP_E_NOMEM) lp_edit_inherit(err, e, at);
    if (s == LP_E_SYMBOL && lp_edit_helper(name)) lp_hint(err, "%s", lp_edit_helper(name));
    lp_buf_free(&spec);
    return s;
}
