/* make/set.c - set b1|b2|b4|b8 NUMBER, set b8 &SYMBOL, set "TEXT": data of the program get another value. */
#include <config.h>
#include "base/bits.h"
#include "base/error.h"
#include "elf/spec.h"
#include "make/maker.h"

#include <string.h>

enum { IN_A_LINE = 64 }; /* bytes; a line of a patch has 255 characters */

/* b1 to b8, and the number, which fits it unsigned or signed. */
static bool parse_number(const char *arg, unsigned *len, uint64_t *value)
{
    if (arg[0] != 'b' || !strchr("1248", arg[1]) || !arg[1] || !strchr(" \t", arg[2]) || !arg[2]) return false;
    *len = (unsigned)(arg[1] - '0');
    arg += 2 + strspn(arg + 2, " \t");
    if (!lp_edit_value(arg, value)) return false;
    const uint64_t top = *len == 8 ? 0 : *value >> 8 * *len, all = *len == 8 ? 0 : UINT64_MAX >> 8 * *len;
    const bool negative = *arg == '-' && top == all && (*len == 8 || *value >> (8 * *len - 1) & 1);
    if (top && !negative) return false;
    *value &= UINT64_MAX >> (64 - 8 * *len);
    return true;
}

/* What the dynamic linker fills is no number in the file. */
static const struct lp_elf_reloc *filler(const struct lp_maker *m, uint64_t at, uint64_t len)
{
    size_t n;
    const struct lp_elf_reloc *v = lp_elf_relocs(m->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (v[i].at < at + len && at < v[i].at + 8) return &v[i];
    return NULL;
}

static lp_status check_filled(const struct lp_edit *e, const struct lp_elf_reloc *by, bool address, struct lp_error *err)
{
    const bool copy = by->name && strcmp(by->name, "copy") == 0;
    if (copy)
        return lp_edit_fail(err, e, NULL, LP_E_UNSUPPORTED, "the dynamic linker fills this in at every start: it is the program's copy of a library's "
                            "variable");
    if (!address)
        return lp_edit_fail(err, e, NULL, LP_E_UNSUPPORTED, "there is an address here, which the dynamic linker fills in: `set b8 &SYMBOL` makes it "
                            "another one");
    if (by->at == e->addr && by->name) return LP_OK;
    return lp_edit_fail(err, e, NULL, LP_E_UNSUPPORTED, "the dynamic linker fills this in at every start, with %s that begins at 0x%llx",
                        by->name ? "an address" : "something", (unsigned long long)by->at);
}

/* fills: not NULL if an address takes the place of one. */
static lp_status check(struct lp_maker *m, struct lp_edit *e, const char *arg, uint64_t len, uint8_t *old, const struct lp_elf_reloc **fills,
                       struct lp_error *err)
{
    const struct lp_elf_reloc *by = filler(m, e->addr, len);
    const struct lp_elf_symbol *s = e->sym;
    if (lp_elf_is_text(m->elf, e->addr) || lp_elf_is_text(m->elf, e->addr + len - 1))
        return lp_edit_fail(err, e, NULL, LP_E_ADDRESS, "there is code at this place: `set` is for data, `word` and `asm` are for code");
    if (s && s->size && (e->addr - s->value > s->size || len > s->size - (e->addr - s->value)))
        return lp_edit_fail(err, e, arg, LP_E_RANGE, "needs %llu bytes, %s has %llu left", (unsigned long long)len, s->name,
                            (unsigned long long)(s->size > e->addr - s->value ? s->size - (e->addr - s->value) : 0));
    lp_status st = lp_elf_read(m->elf, e->addr, old, len, err);
    if (st != LP_OK) return lp_edit_inherit(err, e, NULL), st;
    if (fills) *fills = by;
    return by ? check_filled(e, by, fills, err) : LP_OK;
}

static void put_place(const struct lp_maker *m, const struct lp_edit *e, uint64_t off, struct lp_buf *out)
{
    lp_buf_puts(out, "\nset ");
    if (off) lp_edit_place(m, e->addr + off, out);
    else lp_buf_add(out, e->place.data, e->place.len);
}

static void put_bytes(struct lp_buf *out, char mark, const uint8_t *p, uint64_t n)
{
    lp_buf_printf(out, "%c", mark);
    for (uint64_t i = 0; i < n; i++) lp_buf_printf(out, " %02x", p[i]);
    lp_buf_puts(out, "\n");
}

static lp_status set_number(struct lp_maker *m, struct lp_edit *e, const char *arg, unsigned len, uint64_t value, struct lp_error *err)
{
    uint8_t old[8] = {0};
    lp_status s = check(m, e, arg, len, old, NULL, err);
    if (s != LP_OK) return s;
    put_place(m, e, 0, &m->items);
    lp_buf_printf(&m->items, " b%u\n- 0x%llx\n+ 0x%llx\n", len, (unsigned long long)lp_le64(old), (unsigned long long)value);
    return LP_OK;
}

/* Nothing says what is beside an object, or stays there. Its end is an address that programs use. */
static void warn_outside(struct lp_maker *m, const struct lp_edit *e, const char *name, bool before, uint64_t by)
{
    const struct lp_elf_symbol *s;
    struct lp_buf b = {0};
    if (!by || lp_maker_find(m, name, &s, NULL) != LP_OK || !s->size || (!before && by <= s->size)) return;
    lp_edit_say(m, before ? s->value - by : s->value + by, &b);
    if (b.data) lp_edit_warn(m, &e->from, "%s has %llu bytes, and the new address is outside of it: %s", name, (unsigned long long)s->size, b.data);
    lp_buf_free(&b);
}

/* SYMBOL, or an address, with +0x... or -0x... behind it: something of the program, of what other changes bring, or of a library. */
static lp_status address_of(struct lp_maker *m, struct lp_edit *e, const char *arg, struct lp_buf *out, struct lp_error *err)
{
    const char *p = arg, *sign = arg;
    uint64_t at, by = 0;
    bool weak = false, own = false;
    size_t n = *arg == '0' && lp_edit_hex(&p, &at) ? (size_t)(p - arg) : lp_spec_scan(arg, strlen(arg), NULL);
    sign += n;
    p = sign + 1;
    if (!n || (*sign && ((*sign != '+' && *sign != '-') || !lp_edit_hex(&p, &by) || *p)))
        return lp_edit_fail(err, e, arg, LP_E_SYNTAX, "`set b8 &SYMBOL`, with +0x... or -0x... behind it, is expected");
    char *name = lp_maker_keep(m, arg, n);
    if (!name) return lp_fail(err, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < m->nown; i++) own |= strcmp(m->own[i], name) == 0;
    lp_buf_puts(out, "&");
    lp_status s = own || *arg == '0' ? LP_OK : lp_edit_symbol(m, e, arg, name, &weak, out, err);
    if (own || *arg == '0') lp_buf_puts(out, name);
    if (by) lp_buf_puts(out, sign);
    if (s == LP_OK && !own) warn_outside(m, e, name, *sign == '-', by);
    return s;
}

/* What is expected: the address that the dynamic linker makes of the object's own one; what it takes from elsewhere is not known. */
static void put_old_address(const struct lp_elf_reloc *by, uint64_t old, struct lp_buf *out)
{
    const bool own = by && strcmp(by->name, "relative") == 0;
    if (by && !own) lp_buf_puts(out, "- *\n");
    else lp_buf_printf(out, own ? "- &0x%llx\n" : "- 0x%llx\n", (unsigned long long)(own ? (uint64_t)by->addend : old));
}

static lp_status set_address(struct lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err)
{
    uint8_t old[8] = {0};
    const struct lp_elf_reloc *by;
    struct lp_buf to = {0};
    lp_status s = check(m, e, NULL, 8, old, &by, err);
    if (s == LP_OK) s = address_of(m, e, arg, &to, err);
    if (s == LP_OK && to.failed) s = lp_fail(err, LP_E_NOMEM, "out of memory");
    if (s == LP_OK) {
        put_place(m, e, 0, &m->items);
        lp_buf_puts(&m->items, " b8\n");
        put_old_address(by, lp_le64(old), &m->items);
        lp_buf_printf(&m->items, "+ %s\n", to.data);
    }
    lp_buf_free(&to);
    return s;
}

/* "b8 &SYMBOL": the symbol, or NULL. */
static const char *is_address(const char *arg)
{
    if (strncmp(arg, "b8", 2) != 0 || !strchr(" \t", arg[2]) || !arg[2]) return NULL;
    arg += 2 + strspn(arg + 2, " \t");
    return *arg == '&' ? arg + 1 : NULL;
}

/* Where the old text ended, the new one goes on, into what is behind it. */
static void warn_endless(struct lp_maker *m, const struct lp_edit *e, const uint8_t *old, const struct lp_buf *text)
{
    uint8_t next = 0;
    if (!memchr(old, 0, text->len) || memchr(text->data, 0, text->len)) return;
    if (lp_elf_read(m->elf, e->addr + text->len, &next, 1, NULL) == LP_OK && !next) return;
    lp_edit_warn(m, &e->from, "the old text has its end (\\0) among these bytes, and the new one has none, nor is one behind them");
}

static lp_status set_text(struct lp_maker *m, struct lp_edit *e, const char *arg, const struct lp_buf *text, struct lp_error *err)
{
    uint8_t *old = lp_patch_alloc(&m->pool, text->len);
    if (!old) return lp_fail(err, LP_E_NOMEM, "out of memory");
    lp_status s = check(m, e, arg, text->len, old, NULL, err);
    if (s == LP_OK) warn_endless(m, e, old, text);
    for (uint64_t i = 0, n; i < text->len && s == LP_OK; i += n) {
        n = text->len - i < IN_A_LINE ? text->len - i : IN_A_LINE;
        put_place(m, e, i, &m->items);
        lp_buf_printf(&m->items, " bytes %llu\n", (unsigned long long)n);
        put_bytes(&m->items, '-', old + i, n);
        put_bytes(&m->items, '+', (const uint8_t *)text->data + i, n);
    }
    return s;
}

lp_status lp_edit_set(struct lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err)
{
    struct lp_buf text = {0};
    unsigned len;
    uint64_t value;
    lp_status s;
    size_t n = *arg == '"' ? lp_unquote(arg, strlen(arg), &text) : 0;
    if (text.failed) s = lp_fail(err, LP_E_NOMEM, "out of memory");
    else if (n && !arg[n] && text.len) s = set_text(m, e, arg, &text, err);
    else if (!n && is_address(arg)) s = set_address(m, e, is_address(arg), err);
    else if (!n && parse_number(arg, &len, &value)) s = set_number(m, e, arg, len, value, err);
    else s = lp_edit_fail(err, e, arg, LP_E_SYNTAX, "`set b1|b2|b4|b8 NUMBER`, of so many bytes, `set b8 &SYMBOL` or `set \"TEXT\"` is expected");
    lp_buf_free(&text);
    if (s == LP_OK) lp_warn_unread(m, e);
    return s;
}
