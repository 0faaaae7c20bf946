/* mkdecode - compiles the .decode tables into the decoder, the field structs and the interpreter's dispatch.
 *
 *     mkdecode OUTDIR FUSE.def fields.decode CLASS.decode...
 *
 * FUSE.def may be "-". Runs on the build machine. Errors are "file:line: text"; status 1 if there was any. */
#include "mkdecode.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct row *rows;
unsigned nrows = 1;
struct chain *chains;
unsigned nchains;
char *features[MAX_FEATURES];
unsigned nfeatures;
const char **classes;
unsigned nclasses;
unsigned nerrors;

void error_at(const char *file, unsigned line, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "%s:%u: ", file, line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    if (++nerrors >= 50) {
        fprintf(stderr, "mkdecode: too many errors\n");
        exit(1);
    }
}

static void *must(void *p)
{
    if (p == NULL) {
        fprintf(stderr, "mkdecode: out of memory\n");
        exit(1);
    }
    return p;
}

/* Capacity is the next power of two above n, so growing again for the same n is harmless. */
void *grow(void *p, unsigned n, size_t size)
{
    if (n != 0 && (n & (n - 1)) != 0)
        return p;
    size_t cap = n == 0 ? 1 : (size_t)n * 2;
    return must(realloc(p, cap * size));
}

char *copy_str(const char *s, size_t n)
{
    char *p = must(malloc(n + 1));
    memcpy(p, s, n);
    p[n] = 0;
    return p;
}

struct row *find_row(const char *name)
{
    for (unsigned i = 1; i < nrows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

int find_field(const struct row *r, const char *name)
{
    for (unsigned i = 0; i < r->nfields; i++)
        if (strcmp(r->fields[i].name, name) == 0)
            return (int)i;
    return -1;
}

unsigned spec_value(const struct row *r, unsigned k, unsigned i)
{
    unsigned shift = 0;
    for (unsigned j = r->nhot; --j > i;)
        shift += r->fields[r->hot_fields[j]].width;
    return k >> shift & ((1u << r->fields[r->hot_fields[i]].width) - 1);
}

static bool cond_holds(const char *op, uint32_t a, uint32_t b)
{
    switch (op[0]) {
    case '=': return a == b;
    case '!': return a != b;
    case '>': return op[1] == '=' ? a >= b : a > b;
    case '<': return op[1] == '=' ? a <= b : a < b;
    default: return (a & b) != 0;
    }
}

static bool hot_value(const struct row *r, unsigned k, unsigned field, uint32_t *out)
{
    for (unsigned i = 0; i < r->nhot; i++) {
        if (r->hot_fields[i] == field) {
            *out = spec_value(r, k, i);
            return true;
        }
    }
    return false;
}

static bool guard_holds(const struct row *r, unsigned k, const struct guard *g)
{
    for (unsigned i = 0; i < g->n; i++) {
        const struct cond *c = &g->conds[i];
        uint32_t a, b = c->value;
        if (!hot_value(r, k, c->field, &a) || (c->other >= 0 && !hot_value(r, k, (unsigned)c->other, &b)))
            return false;
        if (!cond_holds(c->op, a, b))
            return false;
    }
    return true;
}

bool spec_excluded(const struct row *r, unsigned k)
{
    for (unsigned i = 0; i < r->nguards; i++)
        if (guard_holds(r, k, &r->guards[i]))
            return true;
    return false;
}

const char *spec_name(const struct row *r, unsigned k)
{
    static char ring[8][256];
    static unsigned next;
    char *buf = ring[next++ % 8];
    int n = snprintf(buf, sizeof ring[0], "%s_", r->name);
    for (unsigned i = 0; i < r->nhot; i++)
        n += snprintf(buf + n, sizeof ring[0] - (size_t)n, "_%u", spec_value(r, k, i));
    return buf;
}

/* "dir/dp_imm.decode" -> "dp_imm" */
static const char *class_of(const char *path)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    const char *dot = strrchr(base, '.');
    if (dot == NULL || strcmp(dot, ".decode") != 0) {
        error_at(path, 0, "a table's name ends in .decode");
        return base;
    }
    for (const char *p = base; p < dot; p++)
        if (!isalnum((unsigned char)*p) && *p != '_')
            error_at(path, 0, "a class name has letters, digits and _ only");
    return copy_str(base, (size_t)(dot - base));
}

bool is_general(const struct field *x) { return x->name[0] == 'R' && x->width == 5; }
bool is_vector(const struct field *x) { return x->name[0] == 'V'; }

static bool is_dest(const struct field *x)
{
    return x->size != 0 && is_general(x) && (x->role == ROLE_DST || x->role == ROLE_RW || strcmp(x->name, "Rd") == 0);
}
int dest_field(const struct row *r)
{
    for (unsigned i = 0; i < r->nfields; i++)
        if (is_dest(&r->fields[i]))
            return (int)i;
    return -1;
}

static int sp_field(const struct row *r, const char *name)
{
    int i = find_field(r, name);
    return i >= 0 && r->fields[i].role == ROLE_SP && r->fields[i].size != 0 ? i : -1;
}
int base_field(const struct row *r) { return r->flags & F_MEM ? sp_field(r, "Rn") : -1; }
int stack_field(const struct row *r) { return sp_field(r, r->flags & F_BACK ? "Rn" : "Rd"); }

unsigned element_code(const struct element *e) { return rows[e->row].base + e->spec; }

/* By the codes, so that a search finds all chains with the same first two; unused elements are zero. */
static int by_codes(const void *a, const void *b)
{
    const struct chain *x = a, *y = b;
    for (unsigned i = 0; i < MAX_CHAIN; i++) {
        unsigned p = i < x->n ? element_code(&x->e[i]) : 0, q = i < y->n ? element_code(&y->e[i]) : 0;
        if (p != q)
            return p < q ? -1 : 1;
    }
    for (unsigned i = 0; i < MAX_CHAIN; i++)
        if (x->e[i].links != y->e[i].links)
            return x->e[i].links < y->e[i].links ? -1 : 1;
    return 0;
}

/* The enum values: rows, then specialised codes and chains. */
static void number_codes(void)
{
    unsigned next = nrows + CODE_OF_ROW;
    for (unsigned i = 1; i < nrows; i++) {
        rows[i].base = next;
        next += rows[i].ncodes;
    }
    if (nchains != 0)
        qsort(chains, nchains, sizeof *chains, by_codes);
    if (next + nchains > 0xffff)
        error_at("mkdecode", 0, "%u codes; an op's code has 16 bits", next + nchains);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: mkdecode OUTDIR FUSE.def|- fields.decode CLASS.decode...\n");
        return 2;
    }
    const char *dir = argv[1];
    rows = grow(rows, 0, sizeof *rows);
    memset(rows, 0, sizeof *rows);
    parse_fields(argv[3]);
    for (int i = 4; i < argc; i++) {
        classes = grow(classes, nclasses, sizeof *classes);
        classes[nclasses] = class_of(argv[i]);
        parse_class(argv[i], classes[nclasses++]);
    }
    for (unsigned i = 1; i < nrows; i++)
        layout_row(&rows[i]);
    if (strcmp(argv[2], "-") != 0 && nerrors == 0)
        parse_fuse(argv[2]);
    order_rows();
    number_codes();
    if (nerrors != 0)
        return 1;
    struct tree tree;
    build_tree(&tree);
    emit_rows(dir);
    emit_fields(dir);
    emit_decode(dir, &tree);
    emit_fuse(dir);
    emit_exports(dir);
    emit_regs(dir);
    emit_access(dir);
    emit_dispatch(dir);
    return nerrors != 0;
}
