/* mkdecode_emit.c - writes rows.gen.h, fields.gen.h, decode.gen.h and the exports of each class. */
#include "mkdecode.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- files: written aside, then moved into place only if different, so that make rebuilds nothing in vain ---- */

static void path_of(char *buf, size_t size, const char *dir, const char *name, const char *suffix)
{
    if (snprintf(buf, size, "%s/%s%s", dir, name, suffix) >= (int)size) {
        fprintf(stderr, "mkdecode: path too long: %s/%s\n", dir, name);
        exit(1);
    }
}

FILE *out_open(const char *dir, const char *name)
{
    char path[1024];
    path_of(path, sizeof path, dir, name, ".tmp");
    FILE *f = fopen(path, "w");
    if (f == NULL) {
        perror(path);
        exit(1);
    }
    fprintf(f, "/* made by mkdecode from the .decode tables */\n");
    return f;
}

static bool same_files(const char *a, const char *b)
{
    FILE *f = fopen(a, "r"), *g = fopen(b, "r");
    bool same = f != NULL && g != NULL;
    while (same) {
        int c = getc(f);
        same = c == getc(g);
        if (c == EOF)
            break;
    }
    if (f != NULL)
        fclose(f);
    if (g != NULL)
        fclose(g);
    return same;
}

void out_close(FILE *f, const char *dir, const char *name)
{
    char tmp[1024], path[1024];
    path_of(tmp, sizeof tmp, dir, name, ".tmp");
    path_of(path, sizeof path, dir, name, "");
    bool bad = ferror(f) != 0;
    if (fclose(f) != 0 || bad) {
        perror(tmp);
        exit(1);
    }
    if (same_files(tmp, path) ? remove(tmp) != 0 : rename(tmp, path) != 0) {
        perror(path);
        exit(1);
    }
}

/* ---- rows.gen.h ---- */

void emit_rows(const char *dir)
{
    FILE *f = out_open(dir, "rows.gen.h");
    fprintf(f, "#ifndef LP_A64_ROWS_GEN_H\n#define LP_A64_ROWS_GEN_H\nenum lp_row {\n    A64_UNDEFINED = 0,\n");
    for (unsigned i = 1; i < nrows; i++)
        fprintf(f, "    A64_%s,\n", rows[i].name);
    fprintf(f, "    A64_ROW_COUNT\n};\n/* What a CPU may have or not: at most 64. */\nenum lp_feature {\n");
    for (unsigned i = 0; i < nfeatures; i++)
        fprintf(f, "    LP_FEATURE_%s,\n", features[i]);
    fprintf(f, "    LP_FEATURE_COUNT\n};\nenum lp_row_flags {\n");
    for (unsigned i = 0; i < ATTRIBUTES; i++) {
        fprintf(f, "    LP_ROW_");
        for (const char *p = attributes[i].name; *p; p++)
            fputc(toupper((unsigned char)*p), f);
        fprintf(f, " = %u, /* %s */\n", attributes[i].flag, attributes[i].means);
    }
    fprintf(f, "};\n/* The code of a row's out-of-line form. */\n#define LP_CODE_OF_ROW(row) ((row) + %d)\n"
               "enum lp_code {\n    LP_CODE_DECODE = 0,\n    LP_CODE_COUNTER,\n    LP_CODE_COUNTED_B,\n    LP_CODE_UNDEFINED,\n", CODE_OF_ROW);
    for (unsigned i = 1; i < nrows; i++)
        fprintf(f, "    LP_CODE_%s,\n", rows[i].name);
    fprintf(f, "    /* specialised for the values of the hot fields */\n");
    for (unsigned i = 1; i < nrows; i++)
        for (unsigned k = 0; k < rows[i].ncodes; k++)
            fprintf(f, "    LP_CODE_%s,\n", spec_name(&rows[i], k));
    fprintf(f, "    /* several instructions in one go (exec/fuse.def) */\n    LP_CODE_CHAINS,\n    LP_CODE_COUNT = LP_CODE_CHAINS + %u,\n"
               "    LP_CHAIN_MAX = %d /* instructions */\n};\n"
               "_Static_assert(LP_CODE_UNDEFINED == LP_CODE_OF_ROW(A64_UNDEFINED), \"the rows follow\");\n#endif\n", nchains, MAX_CHAIN);
    out_close(f, dir, "rows.gen.h");
}

/* ---- fields.gen.h ---- */

static const char *member_type(const struct field *x)
{
    return x->role == ROLE_SIGNED ? "int32_t" : x->width <= 8 ? "uint8_t" : "uint32_t";
}

const char *stored_type(const struct field *x)
{
    static const char *const u[] = {"uint8_t", "uint16_t", "uint32_t"}, *const s[] = {"int8_t", "int16_t", "int32_t"};
    unsigned i = x->size == 1 ? 0 : x->size == 2 ? 1 : 2;
    return x->role == ROLE_SIGNED ? s[i] : u[i];
}

static void emit_struct(FILE *f, const struct row *r)
{
    unsigned n = 0;
    fprintf(f, "struct a64_%s {", r->name);
    for (unsigned i = 0; i < r->nfields; i++)
        if (r->fields[i].size != 0)
            n++, fprintf(f, " %s %s;", member_type(&r->fields[i]), r->fields[i].name);
    if (r->derive != NULL)
        n++, fprintf(f, " uint64_t %s;", r->derive);
    fprintf(f, "%s };\n", n == 0 ? " uint8_t no_fields;" : "");
}

static void emit_unpack(FILE *f, const struct row *r)
{
    unsigned n = 0;
    fprintf(f, "A64_UNPACK(%s)\n{\n    struct a64_%s f;\n", r->name, r->name);
    for (unsigned i = 0; i < r->nfields; i++) {
        const struct field *x = &r->fields[i];
        if (x->size == 0)
            continue;
        n++;
        fprintf(f, "    A64_GET(%s, %u, %s);\n", x->name, x->at, stored_type(x));
    }
    if (r->derive != NULL)
        n++, fprintf(f, "    A64_GET(%s, %u, uint64_t);\n", r->derive, r->derive_at);
    if (n == 0)
        fprintf(f, "    (void)op;\n    f.no_fields = 0;\n");
    fprintf(f, "    return f;\n}\n");
}

void emit_fields(const char *dir)
{
    FILE *f = out_open(dir, "fields.gen.h");
    fprintf(f, "#ifndef LP_A64_FIELDS_GEN_H\n#define LP_A64_FIELDS_GEN_H\n#include <stdint.h>\n#include \"a64/op.h\"\n"
               "#define A64_UNPACK(row) static inline __attribute__((always_inline, unused)) struct a64_##row a64_unpack_##row(const struct lp_op *op)\n"
               "#define A64_GET(member, at, type) do { type v_; __builtin_memcpy(&v_, (const char *)op + (at), sizeof v_); f.member = v_; } while (0)\n");
    for (unsigned i = 1; i < nrows; i++) {
        if (rows[i].flags & F_TODO)
            continue;
        emit_struct(f, &rows[i]);
        emit_unpack(f, &rows[i]);
    }
    fprintf(f, "#undef A64_UNPACK\n#undef A64_GET\n#endif\n");
    out_close(f, dir, "fields.gen.h");
}

/* ---- decode.gen.h: included by a64.c only ---- */

static uint32_t ones(unsigned n) { return n >= 32 ? UINT32_MAX : (UINT32_C(1) << n) - 1; }

static void emit_raw(FILE *f, const struct field *x) { fprintf(f, "(w >> %u & 0x%xu)", x->lo, (unsigned)ones(x->width)); }

static void emit_guard(FILE *f, const struct row *r)
{
    if (r->nguards == 0)
        return;
    fprintf(f, "static bool guard_%s(uint32_t w)\n{\n    return !(", r->name);
    for (unsigned i = 0; i < r->nguards; i++) {
        fprintf(f, "%s(", i ? " || " : "");
        for (unsigned j = 0; j < r->guards[i].n; j++) {
            const struct cond *c = &r->guards[i].conds[j];
            fprintf(f, "%s(", j ? " && " : "");
            emit_raw(f, &r->fields[c->field]);
            fprintf(f, " %s ", c->op);
            if (c->other >= 0)
                emit_raw(f, &r->fields[c->other]);
            else
                fprintf(f, "0x%xu", (unsigned)c->value);
            fprintf(f, ")%s", c->op[0] == '&' ? " != 0" : "");
        }
        fprintf(f, ")");
    }
    fprintf(f, ");\n}\n");
}

static void emit_put(FILE *f, const struct field *x)
{
    static const char *const slots[] = {[ROLE_SRC] = "SRC", [ROLE_DST] = "DST", [ROLE_RW] = "DST", [ROLE_MATCH] = NULL};
    if (x->role == ROLE_SIGNED) {
        fprintf(f, "    PUT(%u, %s, (int32_t)(w << %u) >> %u);\n", x->at, stored_type(x), 32 - x->lo - x->width, 32 - x->width);
        return;
    }
    fprintf(f, "PUT(%u, %s, %s", x->at, stored_type(x), slots[x->role] != NULL && is_general(x) ? slots[x->role] : "");
    emit_raw(f, x);
    fprintf(f, ");\n");
}

static void emit_pack(FILE *f, const struct row *r)
{
    if (r->flags & F_TODO)
        return;
    fprintf(f, "static bool pack_%s(uint32_t w, uint64_t pc, struct lp_op *op)\n{\n    (void)w, (void)pc;\n", r->name);
    if (r->derive != NULL)
        fprintf(f, "    uint64_t d;\n    if (!lp_derive_%s(w, pc, &d))\n        return false;\n    PUT(%u, uint64_t, d);\n", r->derive_fn, r->derive_at);
    for (unsigned i = 0; i < r->nfields; i++)
        if (r->fields[i].size != 0)
            emit_put(f, &r->fields[i]);
    fprintf(f, "    op->code = (uint16_t)(%u", r->hot ? r->base : r->id + CODE_OF_ROW);
    unsigned shift = 0;
    for (unsigned i = r->nhot; i-- > 0;) {
        fprintf(f, " + (");
        emit_raw(f, &r->fields[r->hot_fields[i]]);
        fprintf(f, " << %u)", shift);
        shift += r->fields[r->hot_fields[i]].width;
    }
    fprintf(f, ");\n    return true;\n}\n");
}

/* Where a field is in an op; 0: nowhere. */
static unsigned place_of(const struct row *r, int field) { return field < 0 ? 0 : r->fields[field].at; }

static void emit_info(FILE *f)
{
    fprintf(f, "const struct lp_row_info lp_a64_rows[A64_ROW_COUNT] = {\n    {\"UNDEFINED\", \"\", \"\", 0, 0, 0, 0, 0, 0, 0, 0, 0},\n");
    for (unsigned i = 1; i < nrows; i++) {
        const struct row *r = &rows[i];
        fprintf(f, "    {\"%s\", \"%s\", \"%s\", 0x%08x, 0x%08x, %u, %u, %u, %u, %u, %u, %u},\n", r->name, r->class_, r->feature_name, (unsigned)r->mask,
                (unsigned)r->value, r->flags, r->feature, place_of(r, base_field(r)), place_of(r, stack_field(r)),
                r->off.lo, r->off.bits, r->off.shift);
    }
    fprintf(f, "};\nstatic const struct { bool (*guard)(uint32_t w); bool (*pack)(uint32_t w, uint64_t pc, struct lp_op *op); bool derived; }\n"
               "    fns[A64_ROW_COUNT] = {\n    {0, 0, false},\n");
    for (unsigned i = 1; i < nrows; i++) {
        const struct row *r = &rows[i];
        fprintf(f, "    {%s%s, %s%s, %s},\n", r->nguards ? "guard_" : "0", r->nguards ? r->name : "", r->flags & F_TODO ? "0" : "pack_",
                r->flags & F_TODO ? "" : r->name, r->derive ? "true" : "false");
    }
    fprintf(f, "};\n");
}

static void emit_tree(FILE *f, const struct tree *t)
{
    fprintf(f, "static const struct { uint8_t shift, width; uint16_t first; } nodes[] = {\n");
    for (unsigned i = 0; i < t->nnodes; i++)
        fprintf(f, "{%u,%u,%u},%s", t->nodes[i].shift, t->nodes[i].width, t->nodes[i].first, i % 8 == 7 ? "\n" : "");
    fprintf(f, "};\nstatic const uint16_t kids[] = {\n");
    for (unsigned i = 0; i < t->nkids; i++)
        fprintf(f, "%u,%s", t->kids[i], i % 16 == 15 ? "\n" : "");
    fprintf(f, "%s};\nstatic const uint16_t leaf[] = {\n", t->nkids == 0 ? "0" : "");
    for (unsigned i = 0; i < t->nleaf; i++)
        fprintf(f, "%u,%s", t->leaf[i], i % 16 == 15 ? "\n" : "");
    fprintf(f, "};\n");
}

/* {codes}, {{element, field's byte, destination's byte in the element before}...}, how many of each */
static void emit_chain(FILE *f, const struct chain *c)
{
    unsigned nlinks = 0;
    fprintf(f, "{{");
    for (unsigned i = 0; i < c->n; i++)
        fprintf(f, "%u,", element_code(&c->e[i]));
    fprintf(f, "},{");
    for (unsigned i = 1; i < c->n; i++) {
        const struct row *before = &rows[c->e[i - 1].row], *r = &rows[c->e[i].row];
        for (unsigned k = 0; k < r->nfields; k++)
            if (c->e[i].links >> k & 1)
                nlinks++, fprintf(f, "{%u,%u,%u},", i, r->fields[k].at, before->fields[dest_field(before)].at);
    }
    if (nlinks > MAX_LINKS)
        error_at("fuse.def", 0, "a chain has at most %d registers that are linked", MAX_LINKS);
    fprintf(f, "%s},%u,%u},\n", nlinks ? "" : "{0,0,0}", c->n, nlinks);
}

static void emit_codes(FILE *f)
{
    fprintf(f, "static const uint16_t code_rows[LP_CODE_COUNT] = {\n    ");
    for (unsigned i = 0; i <= CODE_OF_ROW; i++)
        fprintf(f, "0,");
    fprintf(f, "\n");
    for (unsigned i = 1; i < nrows; i++)
        fprintf(f, "%u,", i);
    fprintf(f, "\n");
    for (unsigned i = 1; i < nrows; i++)
        for (unsigned k = 0; k < rows[i].ncodes; k++)
            fprintf(f, "%u,", i);
    fprintf(f, "\n");
    for (unsigned i = 0; i < nchains; i++)
        fprintf(f, "%u,", chains[i].e[0].row);
    fprintf(f, "\n};\n");
}

/* fuse.gen.h: the chains. */
void emit_fuse(const char *dir)
{
    FILE *f = out_open(dir, "fuse.gen.h");
    fprintf(f, "/* Sorted by the codes; chain i has code LP_CODE_CHAINS + i. */\n#define CHAINS %uu\n"
               "static const struct chain {\n    uint16_t code[LP_CHAIN_MAX];\n    struct { uint8_t element, at, from; } links[%d];\n"
               "    uint8_t n, nlinks;\n} chains[CHAINS + 1] = {\n", nchains, MAX_LINKS);
    for (unsigned i = 0; i < nchains; i++)
        emit_chain(f, &chains[i]);
    fprintf(f, "{{0},{{0,0,0}},0,0}};\n");
    out_close(f, dir, "fuse.gen.h");
}

/* derive.gen.h: prototypes of the functions that the project writes by hand. */
static void emit_derive(const char *dir)
{
    FILE *f = out_open(dir, "derive.gen.h");
    fprintf(f, "#include <stdbool.h>\n#include <stdint.h>\n");
    for (unsigned i = 1; i < nrows; i++)
        if (rows[i].derive != NULL)
            fprintf(f, "bool lp_derive_%s(uint32_t word, uint64_t pc, uint64_t *out);\n", rows[i].derive_fn);
    out_close(f, dir, "derive.gen.h");
}

void emit_decode(const char *dir, const struct tree *t)
{
    emit_derive(dir);
    FILE *f = out_open(dir, "decode.gen.h");
    fprintf(f, "#include \"a64/derive.gen.h\"\n"
               "#define SRC(n) ((n) == 31 ? LP_SLOT_ZR : (n))\n#define DST(n) ((n) == 31 ? LP_SLOT_SINK : (n))\n"
               "#define PUT(at, type, v) do { type v_ = (type)(v); __builtin_memcpy((char *)op + (at), &v_, sizeof v_); } while (0)\n");
    for (unsigned i = 1; i < nrows; i++) {
        emit_guard(f, &rows[i]);
        emit_pack(f, &rows[i]);
    }
    emit_info(f);
    emit_tree(f, t);
    emit_codes(f);
    out_close(f, dir, "decode.gen.h");
}

/* ---- <class>.export.gen.h: out-of-line functions ---- */

static void emit_export(FILE *f, const struct row *r)
{
    const char *ret = r->flags & (F_BRANCH | F_JUMP) ? "uint64_t" : "void";
    fprintf(f, "%s LP_EXPORT(%s)(struct lp_cpu *cpu, const struct lp_op *op);\n%s LP_EXPORT(%s)(struct lp_cpu *cpu, const struct lp_op *op)\n{\n"
               "    const struct a64_%s f = a64_unpack_%s(op);\n", ret, r->name, ret, r->name, r->name, r->name);
    if (r->flags & F_BRANCH)
        fprintf(f, "    return lp_op_pc(cpu, op) + (x_%s(cpu, op, f) ? (uint64_t)(int64_t)f.off * 4 : 4);\n", r->name);
    else
        fprintf(f, "    %sx_%s(cpu, op, f);\n", r->flags & F_JUMP ? "return " : "", r->name);
    if (stack_field(r) >= 0)
        fprintf(f, "    lp_sp_written(cpu, op, f.%s);\n", r->fields[stack_field(r)].name);
    fprintf(f, "}\n");
}

static bool is_executed(const char *class_)
{
    for (unsigned i = 1; i < nrows; i++)
        if (rows[i].class_ == class_ && !(rows[i].flags & F_TODO))
            return true;
    return false;
}

void emit_exports(const char *dir)
{
    for (unsigned c = 0; c < nclasses; c++) {
        if (!is_executed(classes[c]))
            continue;
        char name[256];
        snprintf(name, sizeof name, "%s.export.gen.h", classes[c]);
        FILE *f = out_open(dir, name);
        fprintf(f, "#ifndef LP_DISPATCH\n#undef LP_EXPORT\n#ifdef LP_CHECKED\n#define LP_EXPORT(row) lp_opc_##row\n"
                   "#else\n#define LP_EXPORT(row) lp_op_##row\n#endif\n");
        for (unsigned i = 1; i < nrows; i++)
            if (rows[i].class_ == classes[c] && !(rows[i].flags & F_TODO))
                emit_export(f, &rows[i]);
        fprintf(f, "#endif\n");
        out_close(f, dir, name);
    }
}
