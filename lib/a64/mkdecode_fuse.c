/* mkdecode_fuse.c - reads fuse.def: FIRST[(field=value,...)] + SECOND[(field=value,...)] + ...; a hot field that is not named stands for all its values;
 * "field=prev": the register that the element before writes, the first one if there are two (LDP). */
#include "mkdecode.h"
#include <string.h>

struct pick { struct row *row; int value[MAX_FIELDS]; unsigned links; };

static bool pick_link(struct pick *p, const struct row *before, const char *name)
{
    int i = find_field(p->row, name);
    if (before == NULL || dest_field(before) < 0 || i < 0 || p->row->fields[i].size != 1) {
        ERROR("%s: '%s=prev' needs a register here, and one that the element before writes", p->row->name, name);
        return false;
    }
    p->links |= 1u << i;
    return true;
}

static bool pick_value(struct pick *p, const char *name, const char *text)
{
    uint32_t v;
    unsigned i = 0;
    while (i < p->row->nhot && strcmp(p->row->fields[p->row->hot_fields[i]].name, name) != 0)
        i++;
    if (i == p->row->nhot || !parse_number(text, &v) || v >> p->row->fields[p->row->hot_fields[i]].width) {
        ERROR("%s: expected hot-field=value, found '%s=%s'", p->row->name, name, text);
        return false;
    }
    p->value[i] = (int)v;
    return true;
}

static bool parse_pick(struct pick *p, char *s, const struct row *before)
{
    char *args = strchr(s, '(');
    if (args != NULL) {
        *args++ = 0;
        args[strcspn(args, ")")] = 0;
    }
    s = trim(s);
    p->row = find_row(s);
    p->links = 0;
    if (p->row == NULL || !p->row->hot) {
        ERROR("'%s' is no hot row", s);
        return false;
    }
    for (unsigned i = 0; i < MAX_FIELDS; i++)
        p->value[i] = -1;
    for (char *a = args ? strtok(args, ",") : NULL; a != NULL; a = strtok(NULL, ",")) {
        char *eq = strchr(a, '=');
        if (eq == NULL) {
            ERROR("%s: expected field=value, found '%s'", p->row->name, a);
            return false;
        }
        *eq++ = 0;
        if (!(strcmp(trim(eq), "prev") == 0 ? pick_link(p, before, trim(a)) : pick_value(p, trim(a), trim(eq))))
            return false;
    }
    return true;
}

static bool picked(const struct pick *p, unsigned k)
{
    for (unsigned i = 0; i < p->row->nhot; i++)
        if (p->value[i] >= 0 && spec_value(p->row, k, i) != (unsigned)p->value[i])
            return false;
    return !spec_excluded(p->row, k);
}

static bool same_chain(const struct chain *a, const struct chain *b)
{
    for (unsigned i = 0; i < a->n; i++)
        if (a->e[i].row != b->e[i].row || a->e[i].spec != b->e[i].spec || a->e[i].links != b->e[i].links)
            return false;
    return a->n == b->n;
}

/* Every choice of values for element i and those behind it. */
static void add_chains(const struct pick *picks, unsigned n, unsigned i, struct chain *c)
{
    if (i < n) {
        for (unsigned k = 0; k < picks[i].row->ncodes; k++) {
            if (!picked(&picks[i], k))
                continue;
            c->e[i] = (struct element){picks[i].row->id, k, picks[i].links};
            add_chains(picks, n, i + 1, c);
        }
        return;
    }
    for (unsigned j = 0; j < nchains; j++)
        if (same_chain(&chains[j], c))
            return; /* a wider line said so already */
    chains = grow(chains, nchains, sizeof *chains);
    chains[nchains++] = *c;
}

static void fuse_line(char *s, const char *arg)
{
    (void)arg;
    struct pick picks[MAX_CHAIN];
    unsigned n = 0;
    for (char *plus; s != NULL; s = plus) {
        plus = strchr(s, '+');
        if (plus != NULL)
            *plus++ = 0;
        if (n == MAX_CHAIN) {
            ERROR("a chain has at most %d elements", MAX_CHAIN);
            return;
        }
        if (!parse_pick(&picks[n], s, n ? picks[n - 1].row : NULL))
            return;
        if (plus != NULL && (picks[n].row->flags & (F_BRANCH | F_JUMP))) {
            ERROR("%s: nothing can follow a branch", picks[n].row->name);
            return;
        }
        n++;
    }
    if (n < 2)
        ERROR("expected 'FIRST + SECOND'");
    else
        add_chains(picks, n, 0, &(struct chain){.n = n});
}
void parse_fuse(const char *path) { for_lines(path, fuse_line, NULL); }
