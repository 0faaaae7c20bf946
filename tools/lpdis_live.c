/* tools/lpdis_live.c - a running program: the words that are not in memory as in its file are changed words, and the code that they lead to is new. */
#include <config.h>
#include "lpdis.h"
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY = 4096 };                 /* bytes of new code that are looked at: its size is not told */

struct live { struct lpdis_live *l; const struct lpdis_file *f; struct lpdis_changes *c; struct lp_error *err; };

static uint32_t word_of(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24; }

/* The code at `at` up to what is no instruction (there is none behind a body, or another body: then up to what ends a function). */
static lp_status add_body(struct live *x, const char *name, uint64_t at, uint64_t size)
{
    uint8_t word[4];
    bool open = size == 0;
    char where[600];
    snprintf(where, sizeof where, "%.500s, at 0x%" PRIx64, name, at);
    for (uint64_t i = 0; i < (open ? BODY : size); i += 4) {
        if (lp_control_read(x->l->control, at + i, word, 4, x->err) != LP_OK) break;
        uint32_t w = word_of(word);
        if (open && !lp_dis_valid(w)) break;
        struct lp_patch_word p = {.vaddr = at + i, .new_word = w, .where = where, .at = at + i - x->l->info.bias};
        if (lpdis_keep_change(x->c, &p)) return LP_E_NOMEM;
        if (open && (w == 0xd65f03c0 || (w & 0xfc000000) == 0x14000000)) break; /* RET, B */
    }
    return LP_OK;
}

/* B to where: out of the file, it is the way to a new body. */
static bool leads_out(const struct live *x, uint32_t w, uint64_t addr, uint64_t *to)
{
    size_t n;
    const struct lp_elf_segment *s = lp_elf_segments(x->f->elf, &n);
    if ((w & 0xfc000000) != 0x14000000) return false;
    *to = addr + (((uint64_t)(w & 0x3ffffff) ^ 0x2000000) - 0x2000000) * 4;
    for (size_t i = 0; i < n; i++)
        if (s[i].type == 1 && *to - s[i].vaddr < s[i].memsz) return false; /* PT_LOAD */
    return true;
}

static lp_status compare(struct live *x, const struct lpdis_range *r, const uint8_t *memory)
{
    for (uint64_t i = 0; i + 4 <= r->size; i += 4) {
        uint64_t to, addr = r->addr + i;
        uint32_t old = word_of(r->bytes + i), now = word_of(memory + i);
        struct lp_patch_word p = {.vaddr = addr, .old_word = old, .new_word = now, .has_old = true};
        const struct lp_elf_symbol *s = lp_elf_symbol_at(x->f->elf, addr);
        if (old == now) continue;
        if (lpdis_keep_change(x->c, &p)) return LP_E_NOMEM;
        lp_status e = leads_out(x, now, addr, &to) ? add_body(x, s ? s->name : "code", to + x->l->info.bias, 0) : LP_OK;
        if (e) return e;
    }
    return LP_OK;
}

static int new_function(void *ctx, const struct lp_live_function *f)
{
    struct live *x = ctx;
    size_t n;
    const struct lp_elf_segment *s = lp_elf_segments(x->f->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].type == 1 && f->addr - x->l->info.bias - s[i].vaddr < s[i].memsz) return 0;
    if (!f->patch) return 0;
    x->l->names = realloc(x->l->names, (x->l->n_names + 1) * sizeof *x->l->names);
    if (!x->l->names) return 1;
    x->l->names[x->l->n_names++] = (struct lpdis_name){strdup(f->name), f->addr, f->size};
    return 0;
}

/* A function that a patch has brought: asked for after all rows are read, as one connection has one conversation. */
static lp_status add_new_functions(struct live *x)
{
    lp_status s = lp_control_functions(x->l->control, true, new_function, x, x->err);
    for (size_t i = 0; s == LP_OK && i < x->l->n_names; i++)
        s = x->l->names[i].text ? add_body(x, x->l->names[i].text, x->l->names[i].addr, x->l->names[i].size) : LP_E_NOMEM;
    for (size_t i = 0; i < x->l->n_names; i++) free(x->l->names[i].text);
    free(x->l->names);
    x->l->names = NULL;
    x->l->n_names = 0;
    return s;
}

lp_status lpdis_look(struct lpdis_live *l, const struct lpdis_file *f, struct lpdis_changes *c, const struct lpdis_range *r, size_t n, bool whole,
                     struct lp_error *err)
{
    struct live x = {l, f, c, err};
    lp_status s = LP_OK;
    for (size_t i = 0; i < n && s == LP_OK; i++) {
        uint8_t *memory = r[i].code ? malloc(r[i].size) : NULL;
        if (!r[i].code) continue;
        s = memory ? lp_control_read(l->control, r[i].addr + l->info.bias, memory, r[i].size, err) : LP_E_NOMEM;
        if (s == LP_OK) s = compare(&x, &r[i], memory);
        free(memory);
    }
    if (s == LP_OK && whole) s = add_new_functions(&x);
    if (s == LP_E_NOMEM) *err = (struct lp_error){.status = s, .text = "out of memory"};
    return s;
}

/* The file that it was started from may be another one by now. */
static lp_status same_file(const struct lpdis_live *l, const lp_elf *elf, struct lp_error *err)
{
    const struct lp_elf_info *info = lp_elf_info(elf);
    char id[2 * 64 + 1] = "";
    for (size_t i = 0; i < info->build_id_len; i++) out_digits(id + 2 * i, info->build_id[i], 2);
    if (strcmp(id, l->info.build_id) == 0) return LP_OK;
    *err = (struct lp_error){.status = LP_E_NOT_FOUND};
    snprintf(err->where, sizeof err->where, "%s", info->name);
    snprintf(err->text, sizeof err->text, "is no longer the file that process %" PRId64 " was started from (another build-id)", l->info.pid);
    return LP_E_NOT_FOUND;
}

lp_status lpdis_open_live(struct lpdis_live *l, int64_t pid, lp_elf **elf, struct lp_error *err)
{
    lp_status s = lp_control_open_pid(pid, &l->control, err);
    if (s == LP_OK) s = lp_control_info(l->control, &l->info, err);
    if (s == LP_OK) s = lp_elf_open(l->info.exe, elf, err);
    if (s == LP_OK && (s = same_file(l, *elf, err)) != LP_OK) lp_elf_close(*elf);
    return s;
}
