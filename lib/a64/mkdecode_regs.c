/* mkdecode_regs.c - writes regs.gen.h: which registers the words of a row read and write (lib/a64/regs.c). */
#include "mkdecode.h"
#include <string.h>

enum { AT_MOST = 6, READ = 1, WRITE = 2 };

static bool is_named(const struct field *x, const char *name) { return strcmp(x->name, name) == 0; }

/* A row that is not executed has fields without roles: each that is wide enough may name a register that is read and written. */
static unsigned use_of(const struct row *r, const struct field *x)
{
    if (x->width != 5)
        return 0;
    if (r->flags & F_TODO)
        return READ | WRITE;
    if (x->name[0] != 'R')
        return 0;
    if (x->role == ROLE_DST)
        return WRITE | (is_named(x, "Rs") ? READ : 0); /* CAS compares with what it replaces; of STXR it is the status */
    if (strcmp(r->class_, "mops") == 0 || (x->role == ROLE_RAW && !is_named(x, "Rm"))) /* CASP's pairs */
        return READ | WRITE;
    if (x->role == ROLE_SP && is_named(x, "Rd"))
        return WRITE;
    return READ | ((r->flags & F_BACK) && is_named(x, "Rn") ? WRITE : 0);
}

static void emit_uses(FILE *f, const struct row *r, unsigned which)
{
    unsigned n = 0;
    fprintf(f, "{");
    for (unsigned i = 0; i < r->nfields; i++) {
        const struct field *x = &r->fields[i];
        if (!(use_of(r, x) & which))
            continue;
        const bool pair = x->role == ROLE_RAW && x->name[0] == 'R' && !is_named(x, "Rm") && !(r->flags & F_TODO);
        fprintf(f, "%u%s%s,", x->lo + 1, x->role == ROLE_SP ? "|SP" : "", pair ? "|PAIR" : "");
        n++;
    }
    if (n > AT_MOST)
        error_at(r->file, r->line, "%s has more than %d registers", r->name, AT_MOST);
    fprintf(f, "%s}", n ? "" : "0");
}

/* Hints of pointer authentication name their registers by what they are called. */
static unsigned implied(const struct row *r)
{
    if (strcmp(r->class_, "pauth") != 0 || r->nfields != 0 || (r->flags & F_JUMP))
        return 0;
    return strstr(r->name, "1716") != NULL ? 1u << 17 : 1u << 30;
}

/* V registers, by the field's name: what goes into Vd (and is in it before, of some) and what a load or a store moves. */
static unsigned vector_use_of(const struct row *r, const struct field *x)
{
    static const char *const adds[] = {"MLA", "MLS", "DOT", "INS_", "BSL", "BIF", "TBX", "SLI_", "SRI_", "SRA_", "ABA", "ADALP"};
    unsigned use = WRITE;
    if ((r->flags & F_TODO) || x->name[0] != 'V')
        return 0;
    if (is_named(x, "Vt") || is_named(x, "Vt2"))
        return strncmp(r->name, "ST", 2) == 0 ? READ : WRITE;
    if (!is_named(x, "Vd"))
        return READ;
    for (unsigned i = 0; i < sizeof adds / sizeof *adds; i++)
        use |= strstr(r->name, adds[i]) != NULL ? READ : 0;
    return use;
}

/* Registers that follow the one that is named: LD1_3_mult, ST2_lane, LD3R. */
static unsigned following(const struct row *r)
{
    const bool structure = (strncmp(r->name, "LD", 2) == 0 || strncmp(r->name, "ST", 2) == 0) && r->name[2] >= '1' && r->name[2] <= '4';
    if (!structure)
        return 0;
    const bool many = r->name[2] == '1' && r->name[3] == '_' && r->name[4] >= '1' && r->name[4] <= '4';
    return (unsigned)(r->name[many ? 4 : 2] - '1');
}

static void emit_vector_uses(FILE *f, const struct row *r, unsigned which)
{
    unsigned n = 0;
    fprintf(f, "{");
    for (unsigned i = 0; i < r->nfields; i++)
        if (vector_use_of(r, &r->fields[i]) & which)
            fprintf(f, "%s%u|%u*MORE|%u*FOUR", n++ ? "," : "", r->fields[i].lo + 1, following(r), r->fields[i].width == 4);
    fprintf(f, "%s}", n ? "" : "0");
}

void emit_regs(const char *dir)
{
    FILE *f = out_open(dir, "regs.gen.h");
    fprintf(f, "/* Each place: the field's lowest bit + 1; SP: 31 is SP; PAIR: the next register too. 0: no more. */\n"
               "enum { SP = 0x20, PAIR = 0x40 };\n"
               "static const struct { uint8_t read[%d], write[%d]; uint32_t implied; } row_regs[A64_ROW_COUNT] = {\n    {{0}, {0}, 0},\n", AT_MOST, AT_MOST);
    for (unsigned i = 1; i < nrows; i++) {
        fprintf(f, "    {");
        emit_uses(f, &rows[i], READ);
        fprintf(f, ", ");
        emit_uses(f, &rows[i], WRITE);
        fprintf(f, ", 0x%x}, /* %s */\n", implied(&rows[i]), rows[i].name);
    }
    fprintf(f, "};\n"
               "/* Of V registers: MORE: how many that follow, too; FOUR: the field has four bits. */\n"
               "enum { MORE = 0x20, FOUR = 0x80 };\n"
               "static const struct { uint8_t read[4], write[2]; } row_vectors[A64_ROW_COUNT] = {\n    {{0}, {0}},\n");
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
