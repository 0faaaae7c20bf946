/* vectors.c - runs test vectors (vec.h) in our engines, and writes and checks them for the oracle.
 *
 *     vectors run ENGINE FILE          calls, dispatch or checked; prints what differs
 *     vectors emit FILE CASES VERSION         for tests/a64/runner.c under an oracle of this version (7.2 is 702)
 *     vectors check FILE RESULTS VERSION      its answers
 *     vectors asm FILE                 assembly of all vectors, for the cross assembler
 *     vectors words FILE CODE          the assembler's words against the file's
 *     vectors --list FILE...           row, number of vectors, and "oracle", "newer oracle", "here" or "property"
 * Exit status: 0, 1 (something differs; "N vectors" is the last line), 2 (a file is malformed).
 */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vec.h"

_Noreturn static void die(const char *what, const char *which)
{
    fprintf(stderr, "vectors: %s: %s\n", what, which);
    exit(2);
}
static FILE *open_file(const char *path, const char *mode)
{
    FILE *f = fopen(path, mode);
    if (f == NULL)
        die("cannot open", path);
    return f;
}

/* ---- run ---- */

/* The out-of-line functions alone have no machinery for faults and tags. */
static bool fits_calls(const struct vec *v)
{
    bool tagged = false;
    for (unsigned i = 0; i <= VEC_SP; i++)
        tagged |= v->in.reg[i].tagged;
    return !tagged && v->signo != 7 && v->signo != 11;
}

/* List what is not as it was at first, and put it back. */
static uint64_t take_changes(uint64_t *scratch, struct change *out)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < SCRATCH_SIZE / 8; i++) {
        const uint64_t initial = scratch_word(i);
        if (scratch[i] != initial)
            out[n++] = (struct change){i * 8, scratch[i]};
        scratch[i] = initial;
    }
    return n;
}

static int run(const char *name, const struct vec_file *f)
{
    static const char *const names[ENGINES] = {"calls", "dispatch", "checked"};
    static struct change changes[SCRATCH_SIZE / 8];
    static struct vec_case c;
    unsigned e = 0, done = 0, failed = 0;
    while (e < ENGINES && strcmp(name, names[e]) != 0)
        e++;
    if (e == ENGINES || !ours_init((enum engine)e))
        die("no such engine", name);
    for (unsigned i = 0; i < f->n; i++) {
        const struct vec *v = &f->vecs[i];
        if (v->property || (e == CALLS && !fits_calls(v)))
            continue;
        bool differs = false;
        for (unsigned variant = 0; variant < VEC_VARIANTS && !differs; variant++) {
            struct state got;
            vec_case(v, i, variant, &c);
            ours_run((enum engine)e, &c.c, c.pokes, &got);
            differs = vec_differs(f, v, &c, &got, changes, take_changes(ours_scratch((enum engine)e), changes));
        }
        failed += differs;
        done++;
    }
    printf("%u vectors\n", done);
    return failed != 0;
}

/* ---- the oracle ---- */
static int emit(const struct vec_file *f, const char *path, unsigned version)
{
    static struct vec_case c;
    FILE *out = open_file(path, "wb");
    for (unsigned i = 0; i < f->n; i++) {
        for (unsigned variant = 0; variant < VEC_VARIANTS && vec_asked(&f->vecs[i], version); variant++) {
            vec_case(&f->vecs[i], i, variant, &c);
            fwrite(&c.c, sizeof c.c, 1, out);
            fwrite(c.pokes, sizeof c.pokes[0], c.c.pokes, out);
        }
    }
    if (ferror(out) || fclose(out) != 0)
        die("cannot write", path);
    return 0;
}

struct answer {
    struct result r;
    struct change changes[SCRATCH_SIZE / 8];
};
static void read_answer(FILE *in, struct answer *a, const char *path)
{
    if (fread(&a->r, sizeof a->r, 1, in) != 1 || a->r.changed > SCRATCH_SIZE / 8 ||
        fread(a->changes, sizeof a->changes[0], a->r.changed, in) != a->r.changed)
        die("the oracle's answer ends early (did it crash?)", path);
}

/* A SIGILL of an oracle that does not know the row is no answer. */
static int check(const struct vec_file *f, const char *path, unsigned version)
{
    static struct vec_case c;
    static struct answer a;
    FILE *in = open_file(path, "rb");
    unsigned done = 0, failed = 0, late = 0, unknown = 0;
    for (unsigned i = 0; i < f->n; i++) {
        const struct vec *v = &f->vecs[i];
        bool differs = false, lacks = false;
        for (unsigned variant = 0; variant < VEC_VARIANTS && vec_asked(v, version); variant++) {
            read_answer(in, &a, path);
            vec_case(v, i, variant, &c);
            c.want.signo &= (c.want.signo & 255) == 4 ? 255 : UINT64_MAX; /* see correct_oracle() */
            lacks |= mark_unknown(v->row, version) && v->signo != 4 && (a.r.out.signo & 255) == 4;
            differs = differs || (!lacks && vec_differs(f, v, &c, &a.r.out, a.changes, a.r.changed));
        }
        failed += differs;
        late += version < v->since;
        if (lacks)
            ++*(lp_a64_proof(v->row)->kind == LP_DIS_PROOF_QEMU_NEW ? &late : &unknown);
        done += vec_asked(v, version) && !lacks;
    }
    if (unknown != 0)
        printf("%u that none to be had knows\n", unknown);
    if (late != 0)
        printf("%u that it does not know\n", late);
    printf("%u vectors\n", done);
    fclose(in);
    return failed != 0;
}

/* ---- assembly ---- */

/* Each text must make four bytes: .org fails on more, and pads less. A line marker before each lets the assembler name our line. */
static int assembly(const struct vec_file *f)
{
    printf("\t.arch armv8.8-a+crypto+sha3+sm4+bf16+i8mm+fp16+fp16fml+dotprod+rng+ssbs+sb+predres+mops+cssc\n\t.text\n");
    for (unsigned i = 0; i < f->n; i++) {
        const struct vec *v = &f->vecs[i];
        if (!v->property && !vec_is_inst(v))
            printf("\t.org %u\n# %u \"%s\"\n\t%s\n", 4 * i, v->line, f->path, v->text);
    }
    printf("\t.org %u\n", 4 * f->n);
    return 0;
}

static int words(const struct vec_file *f, const char *path)
{
    FILE *in = open_file(path, "rb");
    unsigned done = 0, failed = 0;
    for (unsigned i = 0; i < f->n; i++) {
        const struct vec *v = &f->vecs[i];
        uint8_t b[4];
        if (fread(b, sizeof b, 1, in) != 1)
            die("too short", path);
        const uint32_t w = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        if (v->property || vec_is_inst(v))
            continue;
        done++;
        if (w != v->word)
            printf("%s:%u: '%s' is %08x, not %08x\n", f->path, v->line, v->text, w, v->word), failed++;
    }
    printf("%u vectors\n", done);
    fclose(in);
    return failed != 0;
}

/* ---- list ---- */
static int list(const struct vec_file *f)
{
    for (unsigned row = 1; row < A64_ROW_COUNT; row++) {
        const struct vec *first = NULL;
        unsigned n = 0, asked = 0;
        for (unsigned i = 0; i < f->n; i++) {
            if (f->vecs[i].row != row)
                continue;
            first = &f->vecs[i];
            n += !first->property;
            asked += !first->property && first->not_qemu != 1;
        }
        if (first == NULL)
            continue;
        const enum lp_dis_proof proof = lp_a64_proof(row)->kind;
        const bool here = asked == 0 || proof == LP_DIS_PROOF_VECTORS;
        const char *judge = n == 0 ? "property" : here ? "here" : proof == LP_DIS_PROOF_QEMU_NEW ? "newer oracle" : "oracle";
        printf("%s\t%u\t%s\n", lp_a64_rows[row].name, n, judge);
    }
    return 0;
}

static int command(int argc, char **argv, const struct vec_file *f)
{
    const char *name = argv[1];
    if (strcmp(name, "run") == 0 && argc == 4)
        return run(argv[2], f);
    if (strcmp(name, "emit") == 0 && argc == 5)
        return emit(f, argv[3], (unsigned)strtoul(argv[4], NULL, 10));
    if (strcmp(name, "check") == 0 && argc == 5)
        return check(f, argv[3], (unsigned)strtoul(argv[4], NULL, 10));
    if (strcmp(name, "asm") == 0 && argc == 3)
        return assembly(f);
    if (strcmp(name, "words") == 0 && argc == 4)
        return words(f, argv[3]);
    die("unknown command, or wrong number of arguments", name);
}

int main(int argc, char **argv)
{
    struct vec_file f;
    int status = 0;
    if (argc < 3)
        die("usage", "run ENGINE FILE | emit FILE CASES VERSION | check FILE RESULTS VERSION | asm FILE | words FILE CODE | --list FILE...");
    const bool lists = strcmp(argv[1], "--list") == 0, runs = strcmp(argv[1], "run") == 0;
    for (int i = runs ? 3 : 2; i < (lists ? argc : runs ? 4 : 3) && i < argc; i++) {
        vec_read(argv[i], &f);
        if (f.errors != 0)
            return 2;
        status |= lists ? list(&f) : command(argc, argv, &f);
        vec_free(&f);
    }
    return status;
}
