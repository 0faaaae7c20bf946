/* mkdecode_parse.c - reads the tables: declarations of fields, rows of instructions. */
#include "mkdecode.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static struct field *decls; /* of %-lines */
static unsigned ndecls;
const char *at_file;
unsigned at_line;

bool is_name(const char *s)
{
    if (!isalpha((unsigned char)*s) && *s != '_')
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '_')
            return false;
    return true;
}

bool parse_number(const char *s, uint32_t *out)
{
    bool binary = s[0] == '0' && (s[1] == 'b' || s[1] == 'B');
    char *end;
    if (!isdigit((unsigned char)*s))
        return false;
    unsigned long long v = strtoull(binary ? s + 2 : s, &end, binary ? 2 : 0);
    *out = (uint32_t)v;
    return *end == 0 && v <= UINT32_MAX;
}

static bool parse_role(const char *s, enum role *out)
{
    static const struct { const char *name; enum role role; } names[] = {
        {"d", ROLE_DST}, {"dst", ROLE_DST}, {"sp", ROLE_SP}, {"u", ROLE_RAW}, {"raw", ROLE_RAW},
        {"s", ROLE_SIGNED}, {"x", ROLE_MATCH}, {"src", ROLE_SRC}, {"rw", ROLE_RW}, {"pair", ROLE_PAIR}, {"rwpair", ROLE_RW_PAIR},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(s, names[i].name) == 0) {
            *out = names[i].role;
            return true;
        }
    }
    return false;
}

/* Rn, Rm, Rt2 ... are general registers that are read, unless the row says otherwise. */
static enum role default_role(const char *name) { return name[0] == 'R' && islower((unsigned char)name[1]) ? ROLE_SRC : ROLE_RAW; }

char *trim(char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    size_t n = strlen(s);
    while (n > 0 && isspace((unsigned char)s[n - 1]))
        s[--n] = 0;
    return s;
}

/* ---- %name width [role] ---- */

static const struct field *find_decl(const char *name)
{
    for (unsigned i = 0; i < ndecls; i++)
        if (strcmp(decls[i].name, name) == 0)
            return &decls[i];
    return NULL;
}

static void parse_decl(char *s)
{
    char *name = strtok(s, " \t"), *width = strtok(NULL, " \t"), *role = strtok(NULL, " \t");
    struct field d = {0};
    uint32_t w;
    if (name == NULL || !is_name(name) || width == NULL || !parse_number(width, &w) || w < 1 || w > 32 || strtok(NULL, " \t")) {
        ERROR("expected '%%name width [role]', width 1 to 32");
        return;
    }
    d.width = w;
    d.role = default_role(name);
    if (role != NULL && !parse_role(role, &d.role))
        ERROR("unknown role '%s' (dst, rw, sp, pair, rwpair, raw, src, s, x)", role);
    const struct field *old = find_decl(name);
    if (old != NULL) {
        if (old->width != d.width || old->role != d.role)
            ERROR("field '%s' is declared already, differently", name);
        return;
    }
    d.name = copy_str(name, strlen(name));
    decls = grow(decls, ndecls, sizeof *decls);
    decls[ndecls++] = d;
}

/* ---- feature NAME; the feature column of a row that is executed declares it too. They are numbered as they appear. ---- */

static unsigned find_feature(const char *name)
{
    for (unsigned i = 0; i < nfeatures; i++)
        if (strcmp(features[i], name) == 0)
            return i;
    if (!is_name(name))
        ERROR("'%s' is no name of a feature", name);
    if (nfeatures == MAX_FEATURES) {
        ERROR("%s: more than %d features: a set of them has one bit for each", name, MAX_FEATURES);
        return 0;
    }
    features[nfeatures] = copy_str(name, strlen(name));
    return nfeatures++;
}

/* ---- the pattern ---- */

/* name[:width][.role] */
static void parse_field(struct row *r, char *tok, unsigned *bits)
{
    struct field f = {0};
    char *dot = strchr(tok, '.'), *colon;
    if (dot != NULL)
        *dot++ = 0;
    colon = strchr(tok, ':');
    if (colon != NULL)
        *colon++ = 0;
    if (!is_name(tok)) {
        ERROR("%s: '%s' is neither bits nor a field name", r->name, tok);
        return;
    }
    const struct field *d = find_decl(tok);
    f.role = d ? d->role : default_role(tok);
    f.width = d ? d->width : 0;
    uint32_t w;
    if (colon != NULL) {
        if (!parse_number(colon, &w) || w < 1 || w > 32)
            ERROR("%s: bad width '%s' of field '%s'", r->name, colon, tok);
        else
            f.width = w;
    } else if (d == NULL) {
        ERROR("%s: unknown field '%s' (declare it with %%%s, or write %s:width)", r->name, tok, tok, tok);
    }
    if (dot != NULL && !parse_role(dot, &f.role))
        ERROR("%s: unknown role '.%s' of field '%s' (.d .rw .sp .pair .rwpair .u .s .x)", r->name, dot, tok);
    if (f.role >= ROLE_SRC && f.role <= ROLE_RW_PAIR && f.width != 5)
        ERROR("%s: register field '%s' has %u bits instead of 5", r->name, tok, f.width);
    if (find_field(r, tok) >= 0)
        ERROR("%s: field '%s' occurs twice", r->name, tok);
    if (r->nfields == MAX_FIELDS) {
        ERROR("%s: more than %d fields", r->name, MAX_FIELDS);
        return;
    }
    f.name = copy_str(tok, strlen(tok));
    *bits += f.width;
    f.lo = *bits <= 32 ? 32 - *bits : 0;
    r->fields[r->nfields++] = f;
}

static void parse_bits(struct row *r, const char *tok, unsigned *bits)
{
    for (; *tok; tok++) {
        ++*bits;
        if (*bits > 32 || *tok == 'x')
            continue;
        r->mask |= UINT32_C(1) << (32 - *bits);
        r->value |= (uint32_t)(*tok == '1') << (32 - *bits);
    }
}

static void parse_pattern(struct row *r, char *s)
{
    unsigned bits = 0;
    for (char *tok = strtok(s, " \t"); tok != NULL; tok = strtok(NULL, " \t")) {
        if (tok[strspn(tok, "01x")] == 0)
            parse_bits(r, tok, &bits);
        else
            parse_field(r, tok, &bits);
    }
    if (bits != 32)
        ERROR("%s: the pattern has %u bits instead of 32", r->name, bits);
}

/* ---- NAME | pattern | feature | attributes ---- */

/* The offset of a PC-relative row is its signed field, in words, or immhi:immlo, in bytes or (ADRP) pages. */
static void find_offset(struct row *r)
{
    int lo = find_field(r, "immlo"), hi = find_field(r, "immhi");
    for (unsigned i = 0; i < r->nfields; i++)
        if (r->fields[i].role == ROLE_SIGNED)
            r->off.lo = r->fields[i].lo, r->off.bits = r->fields[i].width, r->off.shift = 2;
    if (r->off.bits == 0 && lo >= 0 && hi >= 0 && r->derive != NULL) {
        r->off.lo = r->fields[hi].lo, r->off.bits = r->fields[hi].width + r->fields[lo].width;
        r->off.shift = strcmp(r->derive_fn, "adrp") == 0 ? 12 : 0;
    }
    if (r->off.bits == 0)
        ERROR("%s: what is relative to the PC has a signed field (off:26.s), or immhi and immlo", r->name);
}

static void check_row(struct row *r)
{
    int off = find_field(r, "off");
    if (r->flags & F_PCREL)
        find_offset(r);
    else if (r->flags & F_BRANCH)
        ERROR("%s: a branch is pcrel", r->name);
    if ((r->flags & F_BRANCH) && (off < 0 || r->fields[off].role != ROLE_SIGNED))
        ERROR("%s: a branch has a signed field off (off:26.s)", r->name);
    if ((r->flags & F_BRANCH) && (r->flags & F_JUMP))
        ERROR("%s: branch and jump exclude each other", r->name);
    int base = find_field(r, "Rn");
    if ((r->flags & F_BACK) && (base < 0 || r->fields[base].role != ROLE_SP))
        ERROR("%s: what is written back is a base register (Rn.sp)", r->name);
    if ((r->flags & F_TODO) && r->hot)
        ERROR("%s: a row that is not executed cannot be hot", r->name);
    check_access(r);
    struct row *old = find_row(r->name);
    if (old != NULL)
        ERROR("%s: the name is used already at %s:%u", r->name, old->file, old->line);
}

static void parse_row(char *s, const char *class_)
{
    char *col[4];
    unsigned n = 0;
    for (char *p = s; n < 4; n++) {
        col[n] = p;
        p = strchr(p, '|');
        if (p == NULL) {
            n++;
            break;
        }
        *p++ = 0;
        if (n == 3)
            ERROR("more than 4 columns");
    }
    if (n < 3) {
        ERROR("expected 'NAME | pattern | feature | attributes'");
        return;
    }
    struct row r = {.class_ = class_, .file = at_file, .line = at_line, .access.field = -1, .list.of = -1};
    r.name = trim(col[0]);
    if (!is_name(r.name)) {
        ERROR("'%s' is no instruction name", r.name);
        return;
    }
    r.name = copy_str(r.name, strlen(r.name));
    r.feature_name = copy_str(trim(col[2]), strlen(trim(col[2])));
    parse_pattern(&r, col[1]);
    if (n == 4)
        parse_attrs(&r, trim(col[3]));
    if (*r.feature_name == 0)
        ERROR("%s: no feature (A64, LSE ...)", r.name);
    else /* a row that is not executed is the same for every CPU */
        r.feature = find_feature(r.flags & F_TODO ? "A64" : r.feature_name);
    check_row(&r);
    rows = grow(rows, nrows, sizeof *rows);
    r.id = nrows;
    rows[nrows++] = r;
}

void for_lines(const char *path, void (*fn)(char *, const char *), const char *arg)
{
    char buf[1024];
    FILE *in = fopen(path, "r");
    at_file = path;
    at_line = 0;
    if (in == NULL) {
        ERROR("cannot be opened");
        return;
    }
    while (fgets(buf, sizeof buf, in) != NULL) {
        at_line++;
        if (strchr(buf, '\n') == NULL && !feof(in)) {
            ERROR("the line is too long");
            break;
        }
        buf[strcspn(buf, "#")] = 0;
        char *s = trim(buf);
        if (*s)
            fn(s, arg);
    }
    if (ferror(in))
        ERROR("cannot be read");
    fclose(in);
}

static void field_line(char *s, const char *arg)
{
    (void)arg;
    if (*s == '%')
        parse_decl(s + 1);
    else if (strncmp(s, "feature ", 8) == 0)
        find_feature(trim(s + 8));
    else
        ERROR("only %%-lines and features are allowed here");
}
static void class_line(char *s, const char *arg)
{
    if (*s == '%')
        parse_decl(s + 1);
    else if (strncmp(s, "guard ", 6) == 0)
        parse_guard(s + 6);
    else
        parse_row(s, arg);
}
void parse_fields(const char *path) { for_lines(path, field_line, NULL); }
void parse_class(const char *path, const char *class_) { for_lines(path, class_line, class_); }

/* ---- where the fields go in the op ---- */

static unsigned field_size(const struct field *f)
{
    if (f->role == ROLE_MATCH)
        return 0;
    return f->width <= 8 ? 1 : f->width <= 16 ? 2 : 4;
}

/* First free, aligned place of `size` bytes; 0 if none. used: one bit per byte of the op. */
static unsigned place(unsigned *used, unsigned size)
{
    for (unsigned at = OPERANDS_AT; at + size <= OPERANDS_AT + OPERANDS; at++) {
        unsigned bits = ((1u << size) - 1) << at;
        if (at % size == 0 && (*used & bits) == 0) {
            *used |= bits;
            return at;
        }
    }
    return 0;
}

void layout_row(struct row *r)
{
    unsigned used = 0, sum = 0;
    bool fits = true;
    if (r->derive != NULL)
        fits = (r->derive_at = place(&used, 8)) != 0, sum += 8;
    for (unsigned size = 4; size >= 1; size /= 2) {
        for (unsigned i = 0; i < r->nfields; i++) {
            struct field *f = &r->fields[i];
            if (field_size(f) != size)
                continue;
            f->size = size, sum += size;
            fits &= (f->at = place(&used, size)) != 0;
        }
    }
    if (!fits)
        error_at(r->file, r->line, "%s: the fields take %u bytes, an op has %d: mark some .x and derive() from them", r->name, sum, OPERANDS);
}
