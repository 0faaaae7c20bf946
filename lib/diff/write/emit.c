/* diff/write/emit.c - EMIT: the text of the patch, and the patch that the parser makes of it. */
#include <config.h>
#include "diff/write/write.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* No name, or that of a descriptor, as of <(...). */
static bool is_nameless(const char *path)
{
    static const char *const at[] = {"/dev/fd/", "/dev/stdin", "/proc/"};
    const char *name = lp_base_name(path);
    bool of = strpbrk(name, " \t\n\r") || !*name || *name == '-';
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) of |= strncmp(path, at[i], strlen(at[i])) == 0;
    return of;
}

/* Bytes of the build-id that tell the old file: its start, unless whoever gave the new file its own gave it the same one. */
static size_t build_id_len(const lp_diff *d)
{
    const struct lp_elf_info *o = lp_elf_info(OLD(d)->elf), *n = lp_elf_info(NEW(d)->elf);
    const size_t least = LP_BUILD_ID_LEAST;
    const bool alike = n->build_id && n->build_id_len >= least && o->build_id_len >= least && memcmp(o->build_id, n->build_id, least) == 0;
    return alike || o->build_id_len < least ? o->build_id_len : least;
}

static void print_header(const lp_diff *d, struct lp_buf *b)
{
    const struct lp_elf_info *info = lp_elf_info(OLD(d)->elf);
    const char *name = info->soname ? info->soname : is_nameless(info->name) ? "*" : lp_base_name(info->name);
    char hex[129];
    uint8_t sha[32];
    lp_buf_printf(b, "lpatch 1\nobject    %s\n", strpbrk(name, " \t\n\r") || !*name ? "*" : name);
    if (info->build_id) {
        lp_hex(hex, info->build_id, build_id_len(d));
        lp_buf_printf(b, "build-id  %s\n", hex);
    } else {
        lp_elf_sha256(OLD(d)->elf, sha);
        lp_hex(hex, sha, 32);
        lp_buf_printf(b, "file-sha256 %s\n", hex);
    }
}

static void emit_function(lp_diff *d, uint32_t i)
{
    const struct lp_atom *b = &NEW(d)->atom[i];
    if (lp_emit_as_before(d, i)) return;
    if (b->pair == LP_NONE || (b->by_entry && !b->in_place)) lp_emit_new_function(d, i);
    else if (b->in_place) lp_emit_in_place(d, b->pair);
    else lp_emit_function(d, b->pair);
    lp_emitted(d);
}

static void emit_functions(lp_diff *d)
{
    lp_next_round(d);
    for (uint32_t i = 0; i < OLD(d)->natom; i++) {
        const struct lp_atom *a = &OLD(d)->atom[i];
        if (lp_is_code_atom(a) && a->included && a->state == LP_DIFF_CHANGED) emit_function(d, a->pair);
    }
    for (uint32_t i = 0; i < NEW(d)->natom; i++) {
        const struct lp_atom *b = &NEW(d)->atom[i];
        if (lp_is_code_atom(b) && b->included && b->pair == LP_NONE) emit_function(d, i);
    }
}

/* Data may need other data. */
static void emit_data(lp_diff *d, bool last)
{
    struct lp_side *s = NEW(d);
    for (bool more = true; more && !d->nomem;) {
        struct lp_text_seen text = {0};
        more = false;
        for (uint32_t i = 0; i < s->natom; i++) {
            if (!s->atom[i].carry || (!last && (lp_joins_text(d, &text, i) || lp_joins_table(d, i))) || s->atom[i].carried) continue;
            s->atom[i].carried = more = true;
            lp_emit_carried(d, i);
        }
    }
}

/* All items; d->items is the text without its head. last: they are not emitted again. */
static void emit_items(lp_diff *d, bool last)
{
    d->items.len = 0;
    for (uint32_t i = 0; i < NEW(d)->natom; i++) NEW(d)->atom[i].carry = NEW(d)->atom[i].carried = NEW(d)->atom[i].tail = NEW(d)->atom[i].aimed = false;
    emit_functions(d);
    lp_emit_changed_data(d);
    emit_data(d, last);
}

static lp_status parse(lp_diff *d, struct lp_error *err)
{
    struct lp_buf b = {0};
    print_header(d, &b);
    lp_buf_add(&b, d->items.data, d->items.len);
    if (b.len > LP_PATCH_MAX) {
        lp_diff_refuse(d, NEW(d), LP_E180, "the new file", "what is new in it takes more than the 67108864 bytes of text that a patch may have");
        return lp_buf_free(&b), LP_OK;
    }
    lp_status s = b.failed || d->items.failed || d->texts.failed ? lp_fail(err, LP_E_NOMEM, "out of memory") :
                  lp_patch_parse("the new patch", b.data, b.len, 0, NULL, NULL, &d->patch, err);
    lp_buf_free(&d->items); /* another round makes it anew */
    if (s != LP_OK && s != LP_E_NOMEM) {
        lp_diff_refuse(d, OLD(d), LP_E199, "text", 0u, err ? err->text : "");
        s = LP_OK;
    }
    lp_buf_free(&b);
    return s;
}

lp_status lp_diff_emit(lp_diff *d, struct lp_error *err)
{
    enum { ROUNDS = 32 }; /* each keeps more data together */
    struct lp_error why;
    int round = 0;
    for (emit_items(d, false); lp_diff_ends(d, ++round == ROUNDS); emit_items(d, round + 1 == ROUNDS)) lp_diff_close(d);
    lp_check_carried(d);
    lp_check_types(d);
    if (d->nomem) return lp_fail(err, LP_E_NOMEM, "out of memory");
    lp_patch_free(d->patch);
    d->patch = NULL;
    return d->items.len && !d->refusals ? parse(d, err ? err : &why) : LP_OK;
}
