/* patch/print.c - the canonical text and the plain facts of a patch. */
#include <config.h>
#include "patch/model.h"
#include "base/error.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

char *lp_patch_print(const lp_patch *p, size_t *len)
{
    char *copy = malloc(p->text_len + 1);
    if (!copy) return NULL;
    memcpy(copy, p->text, p->text_len + 1);
    if (len) *len = p->text_len;
    return copy;
}

lp_status lp_patch_write(const lp_patch *p, const char *path, struct lp_error *err)
{
    return lp_file_write(path, p->text, p->text_len, 0666, err);
}

const char *lp_patch_name(const lp_patch *p) { return p->name; }
bool lp_patch_is_seed(const lp_patch *p) { return p->seed; }
uint32_t lp_patch_deadline_ms(const lp_patch *p) { return p->mode.deadline_ms; }
size_t lp_patch_size(const lp_patch *p) { return p->nitem; }

static bool is_idle(const struct lp_item *it)
{
    bool idle = it->kind == LP_ITEM_SITE;
    for (size_t i = 0; idle && i < it->site.count; i++) idle = !it->site.change[i].fix && it->site.change[i].old_word == it->site.change[i].new_word;
    return idle;
}

bool lp_patch_is_idle(const lp_patch *p)
{
    for (size_t i = 0; i < p->nitem; i++)
        if (!is_idle(&p->item[i])) return false;
    return p->nitem > 0;
}

void lp_patch_seed_lines(const lp_patch *p, int (*fn)(void *ctx, const struct lp_patch_seed_line *l), void *ctx)
{
    for (size_t i = 0; i < p->nitem; i++) {
        const struct lp_item *it = &p->item[i];
        if (it->kind != LP_ITEM_SEED) continue;
        struct lp_patch_seed_line l = {it->place.off, it->seed.word, it->seed.text, it->line};
        if (fn(ctx, &l)) return;
    }
}

/* Numbers between dots, the missing ones 0; digits of any length. */
int lp_version_compare(const char *a, const char *b)
{
    while (*a || *b) {
        a += strspn(a, "0"), b += strspn(b, "0");
        size_t n = strspn(a, "0123456789"), m = strspn(b, "0123456789");
        int c = n != m ? (n < m ? -1 : 1) : strncmp(a, b, n);
        if (c) return c;
        a += n, b += m;
        if (*a == '.') a++;
        if (*b == '.') b++;
    }
    return 0;
}

bool lp_relation_met(const struct lp_relation *r, const char *name, const char *version)
{
    if (strcmp(r->name, name) != 0) return false;
    if (!r->op) return true;
    if (!version) return false;
    int c = lp_version_compare(version, r->version);
    bool equal = c == 0 && (strchr(r->op, '=') != NULL);
    return equal || (r->op[0] == '<' && c < 0) || (r->op[0] == '>' && c > 0);
}
