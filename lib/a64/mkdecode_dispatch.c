/* mkdecode_dispatch.c - writes dispatch.gen.h, in sections that exec/dispatch*.c choose by macro:
 *     LP_GEN_INCLUDES  the semantics of the classes that have hot rows
 *     LP_GEN_ROWS      LP_ROW_FN(row, plain|next, mem|pure) for every row that is executed
 *     LP_GEN_LABELS    the label of every code, in order
 *     LP_GEN_HANDLERS  the bodies of the hot labels */
#include "mkdecode.h"
#include <string.h>

static bool class_is_hot(const char *class_)
{
    for (unsigned i = 1; i < nrows; i++)
        if (rows[i].class_ == class_ && rows[i].hot)
            return true;
    return false;
}

static void emit_labels(FILE *f)
{
    fprintf(f, "&&L_decode, &&L_counter, &&L_counted_b, &&L_undefined,\n");
    for (unsigned i = 1; i < nrows; i++) {
        unsigned flags = rows[i].flags;
        fprintf(f, "&&%s,\n", flags & F_TODO ? "L_undefined" : flags & (F_BRANCH | F_JUMP) ? "L_call_next" : "L_call");
    }
    for (unsigned i = 1; i < nrows; i++)
        for (unsigned k = 0; k < rows[i].ncodes; k++)
            fprintf(f, spec_excluded(&rows[i], k) ? "&&L_undefined,\n" : "&&L_%s,\n", spec_name(&rows[i], k));
    for (unsigned i = 0; i < nchains; i++)
        fprintf(f, "&&C_%u,\n", i);
}

static int hot_index(const struct row *r, unsigned field)
{
    for (unsigned i = 0; i < r->nhot; i++)
        if (r->hot_fields[i] == field)
            return (int)i;
    return -1;
}

/* Fill in f field by field: one copy less than a64_unpack_ROW(), which is one more than gcc can see through in a function of this size. */
static void emit_get(FILE *f, const struct row *r, unsigned k, const char *op, unsigned links, unsigned at)
{
    for (unsigned i = 0; i < r->nfields; i++) {
        const struct field *x = &r->fields[i];
        int hot = hot_index(r, i);
        if (x->size != 0 && hot >= 0)
            fprintf(f, " f.%s = %u;", x->name, spec_value(r, k, (unsigned)hot));
        else if (links >> i & 1)
            fprintf(f, " f.%s = d%u;", x->name, at - 1);
        else if (x->size != 0)
            fprintf(f, " LP_GET(%s, %s, %u, %s);", op, x->name, x->at, stored_type(x));
    }
    if (r->derive != NULL)
        fprintf(f, " LP_GET(%s, %s, %u, uint64_t);", op, r->derive, r->derive_at);
}

static bool has_fields(const struct row *r)
{
    for (unsigned i = 0; i < r->nfields; i++)
        if (r->fields[i].size != 0)
            return true;
    return r->derive != NULL;
}

/* One instruction inside a handler; `at` is its distance from op, in ops; keep: the next one needs to know its destination. The compiler sees
 * then that the two name the same register, and passes the value on without a load. */
static void emit_body(FILE *f, const struct element *e, unsigned at, bool keep)
{
    const struct row *r = &rows[e->row];
    char op[16] = "op";
    if (at != 0)
        snprintf(op, sizeof op, "op + %u", at);
    fprintf(f, "    { struct a64_%s f%s;", r->name, has_fields(r) ? "" : " = {0}");
    emit_get(f, r, e->spec, op, e->links, at);
    if (keep)
        fprintf(f, " d%u = f.%s;", at, r->fields[dest_field(r)].name);
    if (r->flags & F_BRANCH)
        fprintf(f, " LP_TAKE(%u, x_%s(cpu, %s, f), f.off); }\n", at, r->name, op);
    else if (r->flags & F_JUMP)
        fprintf(f, " LP_GO_%s(x_%s(cpu, %s, f)); }\n", r->name, r->name, op);
    else
        fprintf(f, " x_%s(cpu, %s, f); }\n", r->name, op);
}

static bool goes_on(const struct row *r) { return !(r->flags & (F_BRANCH | F_JUMP)); }

static void emit_chain(FILE *f, unsigned n)
{
    const struct chain *c = &chains[n];
    fprintf(f, "C_%u: /*", n);
    for (unsigned i = 0; i < c->n; i++)
        fprintf(f, " %s%s", i ? "+ " : "", spec_name(&rows[c->e[i].row], c->e[i].spec));
    fprintf(f, " */\n    {");
    for (unsigned i = 1; i < c->n; i++)
        if (c->e[i].links)
            fprintf(f, " uint8_t d%u;", i - 1);
    fprintf(f, "\n");
    for (unsigned i = 0; i < c->n; i++)
        emit_body(f, &c->e[i], i, i + 1 < c->n && c->e[i + 1].links);
    if (goes_on(&rows[c->e[c->n - 1].row]))
        fprintf(f, "    LP_NEXT(%u);\n", c->n);
    fprintf(f, "    }\n");
}

static void emit_handlers(FILE *f)
{
    for (unsigned i = 1; i < nrows; i++) {
        for (unsigned k = 0; k < rows[i].ncodes; k++) {
            if (spec_excluded(&rows[i], k))
                continue;
            fprintf(f, "L_%s:\n", spec_name(&rows[i], k));
            emit_body(f, &(struct element){i, k, 0}, 0, false);
            if (goes_on(&rows[i]))
                fprintf(f, "    LP_NEXT(1);\n");
        }
    }
    for (unsigned i = 0; i < nchains; i++)
        emit_chain(f, i);
}

void emit_dispatch(const char *dir)
{
    FILE *f = out_open(dir, "dispatch.gen.h");
    fprintf(f, "#ifdef LP_GEN_INCLUDES\n");
    for (unsigned c = 0; c < nclasses; c++)
        if (class_is_hot(classes[c]))
            fprintf(f, "#include \"exec/%s.c\"\n", classes[c]);
    fprintf(f, "#endif\n#ifdef LP_GEN_ROWS\n");
    for (unsigned i = 1; i < nrows; i++)
        if (!(rows[i].flags & F_TODO))
            fprintf(f, "LP_ROW_FN(%s, %s, %s)\n", rows[i].name, goes_on(&rows[i]) ? "plain" : "next", rows[i].flags & F_MEM ? "mem" : "pure");
    fprintf(f, "#endif\n#ifdef LP_GEN_LABELS\n");
    emit_labels(f);
    fprintf(f, "#endif\n#ifdef LP_GEN_HANDLERS\n");
    emit_handlers(f);
    fprintf(f, "#endif\n");
    out_close(f, dir, "dispatch.gen.h");
}
