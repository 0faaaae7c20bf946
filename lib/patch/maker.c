/* patch/maker.c - making a patch: changes become text, and the parser makes the patch of it. */
#include <config.h>
#include "patch/model.h"
#include "a64/a64.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "elf/spec.h"
#include <arm64lp/dis.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lp_maker {
    const lp_elf *elf;
    struct lp_buf meta, items;
    lp_dis *dis;
};

lp_status lp_maker_new(const lp_elf *target, lp_maker **out, struct lp_error *err)
{
    if (lp_elf_info(target)->type == 1) return lp_fail(err, LP_E_UNSUPPORTED,
            "%s is an object file; a patch is for a linked program or library", lp_elf_info(target)->name);
    struct lp_maker *m = calloc(1, sizeof *m);
    if (!m) return lp_fail(err, LP_E_NOMEM, "out of memory");
    m->elf = target;
    lp_status s = lp_dis_new(&m->dis, err);
    if (s == LP_OK) *out = m;
    else free(m);
    return s;
}

void lp_maker_free(lp_maker *m)
{
    if (!m) return;
    lp_dis_free(m->dis);
    lp_buf_free(&m->meta), lp_buf_free(&m->items);
    free(m);
}

/* The parser judges the line alone, so that the error comes at once and is about it. */
lp_status lp_maker_meta(lp_maker *m, const char *key, const char *value, struct lp_error *err)
{
    struct lp_buf b = {0};
    lp_patch *p;
    struct lp_error why;
    if (!*key || strpbrk(key, " \t\r\n#") || strpbrk(value, "\r\n") || strcmp(key, "object") == 0 || strcmp(key, "digest") == 0)
        return lp_fail(err, LP_E_SYNTAX, "meta `%.60s`: a key is one word, its value one line", key);
    lp_buf_printf(&b, "lpatch 1\n%s %s\n", key, value);
    lp_status s = b.failed ? lp_fail(&why, LP_E_NOMEM, "error: out of memory") : lp_patch_parse("meta", b.data, b.len, 0, NULL, NULL, &p, &why);
    if (s == LP_OK) {
        lp_buf_add(&m->meta, p->text + strlen("lpatch 1\n"), p->text_len - strlen("lpatch 1\n"));
        lp_patch_free(p);
    } else {
        s = lp_fail(err, LP_E_SYNTAX, "meta `%.60s`: %s", key, why.text + strlen("error: "));
    }
    lp_buf_free(&b);
    return s;
}

struct edit {
    const char *text;           /* the whole change, for messages */
    const char *change;
    uint64_t addr;
    struct lp_buf place;        /* as it is written in the patch */
    const struct lp_elf_symbol *sym; /* that covers the place, or NULL */
    uint32_t word[8];
    unsigned n;
    const char *reloc;          /* of the last word, or NULL */
    char target[512];
};

static lp_status wrong(struct lp_error *err, const struct edit *e, lp_status s,
        const char *why) { return lp_fail(err, s, "%.200s: %s", e->text, why); }

static bool parse_hex(const char **p, uint64_t *out)
{
    char *end;
    if ((*p)[0] != '0' || (*p)[1] != 'x' || !strchr("0123456789abcdefABCDEF", (*p)[2]) || !(*p)[2]) return false;
    errno = 0;
    *out = strtoull(*p, &end, 16);
    *p = end;
    return errno == 0;
}

/* symbol[+0x...] or 0x...; then `=`. */
static lp_status parse_place(lp_maker *m, struct edit *e, struct lp_error *err)
{
    const char *p = e->text;
    uint64_t off = 0;
    if (*p == '0') {
        if (!parse_hex(&p, &e->addr)) return wrong(err, e, LP_E_SYNTAX, "an address is written 0x...");
    } else {
        size_t n = lp_spec_scan(p, strlen(p), NULL);
        if (!n) return wrong(err, e, LP_E_SYNTAX, "SYMBOL[+0xOFFSET]=CHANGE or 0xADDRESS=CHANGE is expected");
        char *spec = strndup(p, n);
        if (!spec) return lp_fail(err, LP_E_NOMEM, "out of memory");
        lp_status s = lp_elf_find(m->elf, spec, &e->sym, err);
        lp_buf_puts(&e->place, spec);
        free(spec);
        if (s != LP_OK) return s;
        p += n;
        if (*p == '+' && (p++, !parse_hex(&p, &off))) return wrong(err, e, LP_E_SYNTAX, "an offset is written +0x...");
        e->addr = e->sym->value + off;
        if (off) lp_buf_printf(&e->place, "+0x%llx", (unsigned long long)off);
    }
    if (!e->place.len) lp_buf_printf(&e->place, "0x%llx", (unsigned long long)e->addr);
    if (*p != '=') return wrong(err, e, LP_E_SYNTAX, "`=` is expected behind the place");
    e->change = p + 1;
    if (e->addr & 3) return wrong(err, e, LP_E_ADDRESS, "the place is no multiple of 4");
    e->sym = lp_elf_symbol_at(m->elf, e->addr);
    return LP_OK;
}

/* What an indirect call needs at a guarded entry must stay there (Arm ARM D8.4.5); PACIxSP is one but would sign x30. */
static lp_status keep_landing_pad(lp_maker *m, struct edit *e, struct lp_error *err)
{
    uint32_t w;
    lp_status s = lp_elf_read(m->elf, e->addr, &w, 4, err);
    if (s != LP_OK || !(lp_elf_info(m->elf)->gnu_property & 1) || !e->sym || e->sym->value != e->addr) return s;
    if (w == 0xd503245f || w == 0xd503249f || w == 0xd50324df) e->word[e->n++] = w;
    if (w == 0xd503233f || w == 0xd503237f) e->word[e->n++] = 0xd503245f;
    return LP_OK;
}

/* Decimal or 0x..., perhaps negative. A leading 0 is refused: it means octal to some and nothing to others. */
static bool parse_value(const char *arg, uint64_t *value)
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

static lp_status change_ret(lp_maker *m, struct edit *e, const char *arg, struct lp_error *err)
{
    uint64_t value = 0;
    lp_status s = keep_landing_pad(m, e, err);
    if (s != LP_OK) return s;
    if (*arg && !parse_value(arg, &value)) return wrong(err, e, LP_E_SYNTAX, "`ret` takes one number, decimal or 0x...");
    if (*arg) e->n += lp_a64_mov_imm(e->word + e->n, 0, value);
    e->word[e->n++] = LP_A64_RET;
    return LP_OK;
}

static lp_status change_branch(lp_maker *m, struct edit *e, const char *arg, bool link, struct lp_error *err)
{
    const struct lp_elf_symbol *to;
    const char *p = arg;
    uint64_t addr;
    uint32_t w;
    lp_status s = link ? LP_OK : keep_landing_pad(m, e, err);
    if (s != LP_OK) return s;
    if (*arg == '0') {
        if (!parse_hex(&p, &addr) || *p) return wrong(err, e, LP_E_SYNTAX, "an address is written 0x...");
    } else {
        if ((s = lp_elf_find(m->elf, arg, &to, err)) != LP_OK) return s;
        addr = to->value;
        if (to->type == 10) return wrong(err, e, LP_E_UNSUPPORTED, "the target is an IFUNC: branch to its @plt entry");
    }
    if (!(link ? lp_a64_bl : lp_a64_b)(&w, e->addr + 4 * e->n, addr)) return wrong(err, e, LP_E_RANGE,
            "the target is out of a branch's range of 128 MiB, or no multiple of 4");
    e->reloc = link ? "call26" : "jump26";
    e->word[e->n++] = link ? 0x94000000 : 0x14000000;
    snprintf(e->target, sizeof e->target, "%s", arg);
    return LP_OK;
}

static lp_status change_word(struct edit *e, const char *arg, struct lp_error *err)
{
    uint64_t v;
    if (!parse_hex(&arg, &v) || *arg || v > UINT32_MAX) return wrong(err, e, LP_E_SYNTAX, "`word` takes one number 0x... of 32 bits");
    e->word[e->n++] = (uint32_t)v;
    return LP_OK;
}

static lp_status parse_change(lp_maker *m, struct edit *e, struct lp_error *err)
{
    size_t n = strcspn(e->change, " \t");
    const char *arg = e->change + n + strspn(e->change + n, " \t");
    bool has = *arg != 0;
    if (n == 3 && memcmp(e->change, "nop", 3) == 0 && !has) return e->word[e->n++] = LP_A64_NOP, LP_OK;
    if (n == 3 && memcmp(e->change, "ret", 3) == 0) return change_ret(m, e, arg, err);
    if (n == 1 && *e->change == 'b' && has) return change_branch(m, e, arg, false, err);
    if (n == 2 && memcmp(e->change, "bl", 2) == 0 && has) return change_branch(m, e, arg, true, err);
    if (n == 4 && memcmp(e->change, "word", 4) == 0 && has) return change_word(e, arg, err);
    return wrong(err, e, LP_E_SYNTAX, "a change is nop, ret [VALUE], b SYMBOL, bl SYMBOL or word 0x...");
}

static void comment(lp_maker *m, uint32_t word, uint64_t pc)
{
    struct lp_dis_insn d;
    lp_dis_word(m->dis, word, pc, &d);
    lp_buf_printf(&m->items, "  ; %s%s%s\n", d.mnemonic, d.operands[0] ? " " : "", d.operands);
}

static lp_status emit(lp_maker *m, struct edit *e, struct lp_error *err)
{
    uint32_t old[8];
    if (e->sym && e->sym->size && e->sym->value + e->sym->size - e->addr < 4 * (uint64_t)e->n) {
        lp_fail(err, LP_E_RANGE, "%.200s: needs %u words, %s has %llu left", e->text, e->n, e->sym->name,
                (unsigned long long)(e->sym->value + e->sym->size - e->addr) / 4);
        return LP_E_RANGE;
    }
    lp_status s = lp_elf_read(m->elf, e->addr, old, 4 * e->n, err);
    if (s != LP_OK) return s;
    for (unsigned i = 0; i < e->n; i++)
        if (!lp_elf_is_code(m->elf, e->addr + 4 * i)) return wrong(err, e, LP_E_ADDRESS, "there is no code at this place");
    lp_buf_printf(&m->items, "\n@ %s\n", e->place.data);
    for (unsigned i = 0; i < e->n; i++) {
        uint64_t pc = e->addr + 4 * i;
        lp_buf_printf(&m->items, "- %08x", old[i]);
        comment(m, old[i], pc);
        lp_buf_printf(&m->items, "+ %08x", e->word[i]);
        if (e->reloc && i + 1 == e->n) lp_buf_printf(&m->items, " %s %s\n", e->reloc, e->target);
        else comment(m, e->word[i], pc);
    }
    lp_buf_puts(&m->items, "end\n");
    return m->items.failed ? lp_fail(err, LP_E_NOMEM, "out of memory") : LP_OK;
}

lp_status lp_maker_change(lp_maker *m, const char *change, struct lp_error *err)
{
    struct edit e = {.text = change};
    lp_status s = parse_place(m, &e, err);
    if (s == LP_OK) s = parse_change(m, &e, err);
    if (s == LP_OK) s = emit(m, &e, err);
    lp_buf_free(&e.place);
    return s;
}

static void header(const lp_maker *m, struct lp_buf *b)
{
    const struct lp_elf_info *info = lp_elf_info(m->elf);
    const char *name = info->soname ? info->soname : lp_base_name(info->name);
    char hex[129];
    uint8_t sha[32];
    lp_buf_puts(b, "lpatch 1\n");
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
}

lp_status lp_maker_finish(lp_maker *m, lp_patch **out, struct lp_error *err)
{
    struct lp_buf b = {0};
    header(m, &b);
    lp_buf_add(&b, m->items.data, m->items.len);
    lp_buf_printf(&b, "\ndigest    sha256 %064d\n", 0);
    lp_status s = b.failed ? lp_fail(err, LP_E_NOMEM, "out of memory") : LP_OK;
    if (s == LP_OK) s = lp_patch_parse("the new patch", b.data, b.len, LP_PATCH_NO_DIGEST, NULL, NULL, out, err);
    lp_buf_free(&b);
    if (s == LP_OK && (s = lp_patch_check(*out, m->elf, NULL, NULL, err)) != LP_OK) lp_patch_free(*out);
    return s;
}
