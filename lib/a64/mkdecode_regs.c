/* mkdecode_regs.c - writes regs.gen.h and access.gen.h: which registers the words of a row read and write (lib/a64/regs.c), and what memory they are
 * about (lib/a64/access.c). Roles of fields and attributes say so, no names of rows. */
#include "mkdecode.h"
#include <string.h>

enum { GENERAL_MOST = 6, VECTOR_READS = 4, VECTOR_WRITES = 2, READ = 1, WRITE = 2 };

static bool is_named(const struct field *x, const char *name) { return strcmp(x->name, name) == 0; }

static unsigned use_of_role(const struct field *x)
{
    switch (x->role) {
    case ROLE_DST: return WRITE;
    case ROLE_RW: case ROLE_RW_PAIR: return READ | WRITE;
    default: return READ;
    }
}

/* A row that is not executed has fields without roles: each that is wide enough may name a register that is read and written. */
static unsigned use_of(const struct row *r, const struct field *x)
{
    if (r->flags & F_TODO)
        return x->width == 5 ? READ | WRITE : 0;
    if (!is_general(x))
        return 0;
    if (x->role == ROLE_SP && is_named(x, "Rd"))
        return WRITE;
    return use_of_role(x) | ((r->flags & F_BACK) && is_named(x, "Rn") ? WRITE : 0);
}

static void too_many(const struct row *r, unsigned n, unsigned most)
{
    if (n > most)
        error_at(r->file, r->line, "%s has more than %u registers", r->name, most);
}

static void emit_uses(FILE *f, const struct row *r, unsigned which)
{
    unsigned n = 0;
    fprintf(f, "{");
    for (unsigned i = 0; i < r->nfields; i++) {
        const struct field *x = &r->fields[i];
        if (!(use_of(r, x) & which))
            continue;
        const bool pair = x->role == ROLE_PAIR || x->role == ROLE_RW_PAIR;
        fprintf(f, "%u%s%s,", x->lo + 1, x->role == ROLE_SP ? "|SP" : "", pair ? "|PAIR" : "");
        n++;
    }
    too_many(r, n, GENERAL_MOST);
    fprintf(f, "%s}", n ? "" : "0");
}

static unsigned vector_use_of(const struct row *r, const struct field *x) { return (r->flags & F_TODO) || !is_vector(x) ? 0 : use_of_role(x); }

/* {lowest bit + 1, four bits?, how many follow, the field that says how many + 1}, ... */
static void emit_vector_uses(FILE *f, const struct row *r, unsigned which)
{
    unsigned n = 0;
    fprintf(f, "{");
    for (unsigned i = 0; i < r->nfields; i++) {
        const struct field *x = &r->fields[i];
        const struct list none = {-1, -1, 1}, *l = r->list.of == (int)i ? &r->list : &none;
        if (vector_use_of(r, x) & which)
            fprintf(f, "%s{%u,%d,%u,%u}", n++ ? "," : "", x->lo + 1, x->width == 4 ? 1 + r->high : 0, l->field < 0 ? l->n - 1 : 0,
                    l->field < 0 ? 0 : r->fields[l->field].lo + 1);
    }
    too_many(r, n, which == READ ? VECTOR_READS : VECTOR_WRITES);
    fprintf(f, "%s}", n ? "" : "{0,0,0,0}");
}

void emit_regs(const char *dir)
{
    FILE *f = out_open(dir, "regs.gen.h");
    fprintf(f, "/* Each place: the field's lowest bit + 1; SP: 31 is SP; PAIR: the next register too. 0: no more. reads, writes: by no field. */\n"
               "enum { SP = 0x20, PAIR = 0x40 };\n"
               "static const struct { uint8_t read[%d], write[%d]; uint32_t reads, writes; } row_regs[A64_ROW_COUNT] = {\n    {{0}, {0}, 0, 0},\n",
            GENERAL_MOST, GENERAL_MOST);
    for (unsigned i = 1; i < nrows; i++) {
        fprintf(f, "    {");
        emit_uses(f, &rows[i], READ);
        fprintf(f, ", ");
        emit_uses(f, &rows[i], WRITE);
        fprintf(f, ", 0x%xu, 0x%xu}, /* %s */\n", rows[i].reads, rows[i].writes, rows[i].name);
    }
    fprintf(f, "};\n"
               "/* Of V registers: the field's lowest bit + 1 (0: no more); has it four bits (2: five where size is 2); how many registers follow,\n"
               " * or the lowest bit + 1 of the two that say so. */\n"
               "struct vector_place { uint8_t at, four, more, count; };\n"
               "static const struct { struct vector_place read[%d], write[%d]; } row_vectors[A64_ROW_COUNT] = {\n    {{{0,0,0,0}}, {{0,0,0,0}}},\n",
            VECTOR_READS, VECTOR_WRITES);
    for (unsigned i = 1; i < nrows; i++) {
        fprintf(f, "    {");
        emit_vector_uses(f, &rows[i], READ);
        fprintf(f, ", ");
        emit_vector_uses(f, &rows[i], WRITE);
        fprintf(f, "}, /* %s */\n", rows[i].name);
    }
    fprintf(f, "};\n");
    out_close(f, dir, "regs.gen.h");
}

/* ---- access.gen.h ---- */

static bool has(const struct row *r, const char *name) { return find_field(r, name) >= 0; }

/* An offset of 9 bits is in bytes, the others (7, 12) in units of what is accessed. */
static const struct field *offset_of(const struct row *r)
{
    static const char *const names[] = {"imm7", "imm9", "imm12"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (has(r, names[i]))
            return &r->fields[find_field(r, names[i])];
    return NULL;
}

static void emit_row_access(FILE *f, const struct row *r)
{
    static const struct { unsigned how; const char *name; } hows[] = {
        {A_LOAD, "LOAD|"}, {A_STORE, "STORE|"}, {A_SIGNED, "SIGNED|"}, {A_TOUCH, "TOUCH|"}, {A_POST, "POST|"}, {A_LANE, "LANE|"}};
    const struct access *a = &r->access;
    const struct field none = {0}, *imm = offset_of(r) ? offset_of(r) : &none, *size = a->field < 0 ? &none : &r->fields[a->field];
    const int t = find_field(r, "Rt");
    fprintf(f, "    [A64_%s] = {", r->name);
    for (unsigned i = 0; i < sizeof hows / sizeof *hows; i++)
        fprintf(f, "%s", a->how & hows[i].how ? hows[i].name : "");
    fprintf(f, "%s%s%s%s%s0, ", has(r, "Vt") ? "SIMD|" : "", has(r, "Rt2") || has(r, "Vt2") ? "TWO|" : "",
            t >= 0 && r->fields[t].role == ROLE_PAIR ? "NEXT|" : "", has(r, "x64") ? "INDEX|" : "", has(r, "Rs") ? "STATUS|" : "");
    fprintf(f, "%u, %u, %u, %u, %u, %u},\n", a->log2, size->lo, size->width, imm->lo, imm->width, r->list.of < 0 ? 0 : r->list.n);
}

void emit_access(const char *dir)
{
    FILE *f = out_open(dir, "access.gen.h");
    fprintf(f, "/* size: log2 + the field's value; imm: of the offset, with a sign if it has 7 or 9 bits; list: registers of a structure.\n"
               " * TWO: Rt2; NEXT: Rt and the one behind it; STATUS: there is an Rs. */\n"
               "enum { LOAD = 1, STORE = 2, SIGNED = 4, TOUCH = 8, POST = 16, LANE = 32, SIMD = 64, TWO = 128, NEXT = 256, INDEX = 512, STATUS = 1024 };\n"
               "static const struct row_access { uint16_t how; uint8_t log2, size_lo, size_bits, imm_lo, imm_bits, list; } row_access[A64_ROW_COUNT] = {\n");
    for (unsigned i = 1; i < nrows; i++)
        if (!(rows[i].flags & F_TODO) && (rows[i].access.how & (A_LOAD | A_STORE | A_TOUCH)))
            emit_row_access(f, &rows[i]);
    fprintf(f, "    [A64_UNDEFINED] = {0, 0, 0, 0, 0, 0, 0}};\n");
    out_close(f, dir, "access.gen.h");
}
