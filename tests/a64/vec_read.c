/* vec_read.c - reads test vectors; every mistake is told with its place, and reading goes on with the next line. */
#include <config.h>
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "vec.h"

struct reader {
    struct vec_file *f;
    const char *start, *p; /* of the line; the cursor */
    const char *class_;
    size_t class_len;
    bool commented; /* the line before is a comment */
    jmp_buf next_line;
};

_Noreturn static void bad(struct reader *r, const char *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void bad(struct reader *r, const char *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("%s:%u:%u: ", r->f->path, r->f->vecs[r->f->n].line, (unsigned)(at - r->start) + 1);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    r->f->errors++;
    longjmp(r->next_line, 1);
}

/* ---- pieces ---- */
static bool accept(struct reader *r, const char *s)
{
    const size_t n = strlen(s);
    if (strncmp(r->p, s, n) != 0)
        return false;
    r->p += n;
    return true;
}
static void expect(struct reader *r, const char *s)
{
    if (!accept(r, s))
        bad(r, r->p, "'%s' expected", s);
}
static bool at_end(const struct reader *r) { return *r->p == '\0' || isspace((unsigned char)*r->p); }
static void skip_space(struct reader *r) { r->p += strspn(r->p, " \t\r"); }
static void end_token(struct reader *r)
{
    if (!at_end(r))
        bad(r, r->p, "unexpected '%.*s'", (int)strcspn(r->p, " \t\r"), r->p);
    skip_space(r);
}

static unsigned digit(char c) { return (unsigned)(isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10); }
/* Up to `max` hexadecimal digits as 128 bits. */
static void number128(struct reader *r, unsigned max, uint64_t out[2])
{
    const char *at = r->p;
    unsigned n = 0;
    for (out[0] = out[1] = 0; isxdigit((unsigned char)*r->p) || (*r->p == '_' && n > 0); r->p++) {
        if (*r->p == '_')
            continue;
        if (++n > max)
            bad(r, at, "more than %u hexadecimal digits", max);
        out[1] = out[1] << 4 | out[0] >> 60;
        out[0] = out[0] << 4 | digit(*r->p);
    }
    if (n == 0)
        bad(r, at, "a hexadecimal number expected");
}
static uint64_t hexadecimal(struct reader *r, unsigned max)
{
    uint64_t v[2];
    number128(r, max, v);
    return v[0];
}
static uint32_t word(struct reader *r)
{
    const char *at = r->p;
    const uint32_t w = (uint32_t)hexadecimal(r, 8);
    if (r->p - at != 8)
        bad(r, at, "a word has 8 hexadecimal digits");
    return w;
}

static void displacement(struct reader *r, struct vec_value *v)
{
    if (accept(r, "+"))
        v->number = hexadecimal(r, 16);
    else if (accept(r, "-"))
        v->number = 0 - hexadecimal(r, 16);
}
static struct vec_value value(struct reader *r)
{
    struct vec_value v = {.base = VEC_ABSOLUTE};
    const size_t digits = strspn(r->p, "0123456789abcdefABCDEF");
    if (digits == 2 && r->p[2] == ':') {
        v.tagged = true;
        v.tag = (uint8_t)hexadecimal(r, 2);
        r->p++;
    }
    if (accept(r, "pc"))
        v.base = VEC_PC;
    else if (accept(r, "page"))
        v.base = VEC_PAGE;
    else if (accept(r, "m"))
        v.base = VEC_SCRATCH;
    else if (accept(r, "n"))
        v.base = VEC_NOWHERE;
    else
        v.number = hexadecimal(r, 16);
    if (v.base != VEC_ABSOLUTE)
        displacement(r, &v);
    return v;
}

uint64_t vec_resolve(const struct vec_value *v, uint64_t pc)
{
    const uint64_t bases[] = {[VEC_ABSOLUTE] = 0, [VEC_SCRATCH] = VEC_M, [VEC_NOWHERE] = NOWHERE, [VEC_PC] = pc, [VEC_PAGE] = pc & ~UINT64_C(4095)};
    const uint64_t a = bases[v->base] + v->number;
    return v->tagged ? (a << 8 >> 8) | (uint64_t)v->tag << 56 : a;
}

/* ---- tokens ---- */

/* The decimal register number behind its letter, and '='. */
static unsigned register_number(struct reader *r, unsigned limit)
{
    const char *at = r->p - 1;
    char *end;
    const unsigned long n = strtoul(r->p, &end, 10);
    if (!isdigit((unsigned char)*r->p) || n >= limit)
        bad(r, at, "no register of this name");
    r->p = end;
    expect(r, "=");
    return (unsigned)n;
}
static void once(struct reader *r, const char *at, bool *has)
{
    if (*has)
        bad(r, at, "named twice");
    *has = true;
}

static void memory(struct reader *r, struct vec_side *side, bool in)
{
    const char *at = r->p - 1;
    if (side->nmem == VEC_MEM)
        bad(r, at, "more than %d pieces of memory", VEC_MEM);
    side->mem[side->nmem].at = value(r);
    const struct vec_value *v = &side->mem[side->nmem].at;
    if (v->base != VEC_SCRATCH && !(in && v->base == VEC_PC && v->number >= 0x14 && v->number < 0x60))
        bad(r, at, "no memory of the test's is there");
    if (v->tagged || (v->base == VEC_SCRATCH && vec_resolve(v, 0) - SCRATCH >= SCRATCH_SIZE))
        bad(r, at, "outside the scratch area");
    expect(r, "]=");
    unsigned n = 0;
    for (; isxdigit((unsigned char)*r->p) || *r->p == '_'; r->p++) {
        if (*r->p == '_')
            continue;
        if (n == VEC_BYTES || !isxdigit((unsigned char)r->p[1]))
            bad(r, r->p, n == VEC_BYTES ? "more than %d bytes" : "half a byte", VEC_BYTES);
        side->mem[side->nmem].bytes[n++] = (uint8_t)(digit(r->p[0]) << 4 | digit(r->p[1]));
        r->p++;
    }
    if (n == 0)
        bad(r, r->p, "bytes expected");
    side->mem[side->nmem++].n = n;
}

/* Registers and memory: both sides. */
static bool common_token(struct reader *r, struct vec_side *side, bool in)
{
    static const struct { const char *name; unsigned reg, digits; } special[] = {
        {"sp=", VEC_SP, 0}, {"nzcv=", VEC_NZCV, 1}, {"fpcr=", VEC_FPCR, 8}, {"fpsr=", VEC_FPSR, 8}};
    const char *at = r->p;
    if (*at == 'x' || *at == 'v') {
        r->p++;
        const unsigned n = register_number(r, *at == 'x' ? 31 : 32);
        once(r, at, *at == 'x' ? &side->has_reg[n] : &side->has_v[n]);
        if (*at == 'x' && !in && accept(r, "?"))
            side->any[n] = true;
        else if (*at == 'x')
            side->reg[n] = value(r);
        else
            number128(r, 32, side->v[n]);
        return true;
    }
    for (unsigned i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (!accept(r, special[i].name))
            continue;
        once(r, at, &side->has_reg[special[i].reg]);
        side->reg[special[i].reg] = special[i].digits == 0 ? value(r) : (struct vec_value){.number = hexadecimal(r, special[i].digits)};
        return true;
    }
    if (accept(r, "[")) {
        memory(r, side, in);
        return true;
    }
    return false;
}

static void in_token(struct reader *r, struct vec *v)
{
    const char *at = r->p;
    if (common_token(r, &v->in, true))
        return;
    if (accept(r, "pre=")) {
        if (v->npre == 2)
            bad(r, at, "more than two words before");
        v->pre[0] = v->pre[1];
        v->pre[1] = word(r);
        v->npre++;
    } else if (accept(r, "post=")) {
        if (v->post != 0)
            bad(r, at, "named twice");
        v->post = word(r);
    } else {
        bad(r, at, "not known before '->'");
    }
}

static void signal_token(struct reader *r, struct vec *v)
{
    static const struct { const char *name; unsigned number; } signals[] = {{"ILL", 4}, {"TRAP", 5}, {"BUS", 7}, {"SEGV", 11}};
    const char *at = r->p;
    for (unsigned i = 0; i < 4 && v->signo == 0; i++)
        if (accept(r, signals[i].name))
            v->signo = signals[i].number;
    if (v->signo == 0)
        bad(r, at, "not ILL, TRAP, BUS or SEGV");
    if (accept(r, "/"))
        v->code = (unsigned)hexadecimal(r, 2);
    if (accept(r, ":")) {
        v->addr = value(r);
        v->has_addr = true;
    }
}
/* A target must be where landing code is, or far away from all stubs. */
static void check_target(struct reader *r, const char *at, const struct vec *v)
{
    const int64_t lowest = -(VEC_SLOT * STUB_SIZE + STUB_WORD), highest = (VEC_STRIDE - VEC_SLOT) * STUB_SIZE - STUB_WORD - 4;
    const int64_t o = (int64_t)v->pc.number;
    if (v->pc.base != VEC_PC || v->signo != 0)
        return;
    if (o < 4 && o >= -STUB_WORD)
        bad(r, at, "the test's own code is there");
    if ((o < lowest || o > highest) && o < (int64_t)(NOWHERE - STUBS) && o > -(int64_t)(MAX_CASES * STUB_SIZE))
        bad(r, at, "other vectors are there: between %lld and %lld bytes, or far away", (long long)lowest, (long long)highest);
}
static void out_token(struct reader *r, struct vec *v)
{
    const char *at = r->p;
    if (common_token(r, &v->out, false))
        return;
    if (accept(r, "pc=")) {
        once(r, at, &v->has_pc);
        v->pc = *r->p == '+' || *r->p == '-' ? (struct vec_value){.base = VEC_PC} : value(r);
        if (v->pc.base == VEC_PC)
            displacement(r, &v->pc);
    } else if (accept(r, "sig=") && v->signo == 0) {
        signal_token(r, v);
    } else {
        bad(r, at, "not known after '->'");
    }
}

/* ---- lines ---- */
static unsigned row_name(struct reader *r)
{
    const char *at = r->p;
    const size_t n = strcspn(r->p, " \t\r");
    unsigned row = 1;
    while (row < A64_ROW_COUNT && (strncmp(lp_a64_rows[row].name, at, n) != 0 || lp_a64_rows[row].name[n] != '\0'))
        row++;
    if (row == A64_ROW_COUNT)
        bad(r, at, "no row '%.*s'", (int)n, at);
    const char *class_ = lp_a64_rows[row].class_;
    if (strlen(class_) != r->class_len || strncmp(class_, r->class_, r->class_len) != 0)
        bad(r, at, "%s is a row of %s.decode", lp_a64_rows[row].name, class_);
    r->p += n;
    skip_space(r);
    return row;
}

static void property_line(struct reader *r, struct vec *v)
{
    const char *at = r->p;
    expect(r, "property");
    if (lp_a64_proof(v->row)->kind != LP_DIS_PROOF_PROPERTY)
        bad(r, at, "proof.def says another proof: %s", lp_dis_proof_name(lp_a64_proof(v->row)->kind));
    end_token(r);
    if (*r->p != '\0')
        bad(r, r->p, "unexpected '%s'", r->p);
    v->property = true;
}

static void check_row(struct reader *r, const char *at, const struct vec *v)
{
    const unsigned row = lp_a64_row(v->word, LP_A64_ALL, true);
    if (row != v->row)
        bad(r, at, "%08x is %s", v->word, row == A64_UNDEFINED ? "undefined" : lp_a64_rows[row].name);
    if (lp_a64_rows[row].flags & LP_ROW_TODO)
        bad(r, at, "%s is not executed", lp_a64_rows[row].name);
}

static unsigned oracle_version_of(struct reader *r)
{
    unsigned major, minor;
    int n;
    if (sscanf(r->p, "%2u.%2u%n", &major, &minor, &n) != 2) {
        bad(r, r->p, "a version expected, as 10.0");
        return 1;
    }
    r->p += n;
    return 100 * major + minor;
}

bool vec_asked(const struct vec *v, unsigned version) { return !v->property && (v->not_qemu == 0 || version < v->not_qemu) && version >= v->since; }

static void vector_line(struct reader *r, struct vec *v)
{
    if (accept(r, "!qemu")) {
        if (!r->commented)
            bad(r, r->start, "!qemu, but the line before does not say why");
        v->not_qemu = accept(r, "-") ? oracle_version_of(r) : 1;
        skip_space(r);
    } else if (accept(r, "qemu-")) {
        v->since = oracle_version_of(r);
        skip_space(r);
    }
    v->row = row_name(r);
    const char *at = r->p;
    if (accept(r, "- ")) {
        property_line(r, v);
        return;
    }
    v->word = word(r);
    end_token(r);
    check_row(r, at, v);
    for (; !accept(r, "->"); end_token(r)) {
        if (*r->p == '\0' || *r->p == ';')
            bad(r, r->p, "'->' expected");
        in_token(r, v);
    }
    for (end_token(r); *r->p != '\0' && *r->p != ';'; end_token(r)) {
        at = r->p;
        out_token(r, v);
        if (v->has_pc)
            check_target(r, at, v);
    }
    expect(r, ";");
    skip_space(r);
    if (*r->p == '\0')
        bad(r, r->p, "assembly expected");
    v->text = strdup(r->p);
}

static void read_line(struct reader *r)
{
    struct vec *v = &r->f->vecs[r->f->n];
    r->p = r->start;
    skip_space(r);
    if (*r->p != '\0' && *r->p != '#' && setjmp(r->next_line) == 0) {
        if (r->f->n + 1 >= VEC_MAX)
            bad(r, r->p, "more than %d vectors", VEC_MAX - 1);
        vector_line(r, v);
        r->f->n++;
    }
    r->commented = *r->start == '#';
}

/* Every row of the class that is executed has a line. */
static void check_complete(struct reader *r)
{
    for (unsigned row = 1; row < A64_ROW_COUNT; row++) {
        const char *class_ = lp_a64_rows[row].class_;
        bool found = (lp_a64_rows[row].flags & LP_ROW_TODO) || strlen(class_) != r->class_len || strncmp(class_, r->class_, r->class_len) != 0;
        for (unsigned i = 0; i < r->f->n && !found; i++)
            found = r->f->vecs[i].row == row;
        if (!found) {
            printf("%s: %s has no vector\n", r->f->path, lp_a64_rows[row].name);
            r->f->errors++;
        }
    }
}

void vec_read(const char *path, struct vec_file *out)
{
    struct lp_error err = {0};
    size_t len;
    *out = (struct vec_file){.path = path, .vecs = calloc(VEC_MAX, sizeof(struct vec))};
    if (out->vecs == NULL || lp_file_read(path, 1u << 24, &out->data, &len, &err) != LP_OK) {
        printf("%s: %s\n", path, err.text);
        out->errors++;
        return;
    }
    struct reader r = {.f = out, .class_ = strrchr(path, '/') ? strrchr(path, '/') + 1 : path};
    r.class_len = strcspn(r.class_, ".");
    unsigned line = 0;
    for (char *start = out->data, *end = start; end != NULL; start = end + 1) {
        if ((end = strchr(start, '\n')) != NULL)
            *end = '\0';
        out->vecs[out->n] = (struct vec){.line = ++line, .pre = {LP_A64_NOP, LP_A64_NOP}};
        r.start = start;
        read_line(&r);
    }
    check_complete(&r);
}

void vec_free(struct vec_file *f)
{
    for (unsigned i = 0; i < f->n; i++)
        free(f->vecs[i].text);
    free(f->vecs);
    free(f->data);
}

bool vec_is_inst(const struct vec *v) { return strncmp(v->text, ".inst", 5) == 0; }
