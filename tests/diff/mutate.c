/* diff/mutate.c - one instruction or one datum of a file becomes another one, again and again: what does lpdiff say? It must name the function or the
 * object in which it is (data without a name: a function that refers to it), or refuse with a reason of refuse.def.
 * usage: mutate [-v] [-n COUNT] [-s SEED] [-S SYMBOLS] FILE     SYMBOLS: a file of the same layout that has the symbols
 * -v: a line for each change that is not right. Exit status 1: one was missed, or found elsewhere only. */
#include <config.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arm64lp.h>
#include "base/bits.h"
#include "base/file.h"
#include "elf/cfi.h"
#include "elf/debug.h"
#include "tests/splitmix.h"

enum { WORD = 4, NOP_WORD = 0x20, PAGE_MASK = 4095, REACH = 0x8000 };
enum kind { CODE, OBJECT, UNNAMED, POINTER, KINDS };
/* What can be changed: `size` bytes at `at`, of which `off` is the place in the file. */
struct region { uint64_t at, size, off; const char *name; enum kind kind; };
enum verdict { RIGHT, REFUSED, ELSEWHERE, MISSED, VERDICTS };
static const char *const verdict_word[] = {"right", "refused", "elsewhere", "missed"};

static struct region *regions;
static size_t nregions, cap_regions;
static uint64_t *filled;                      /* words that relocations fill */
static size_t nfilled;
static uint64_t weight[KINDS];                /* bytes of all regions of a kind */
static uint8_t *image;                        /* of OLD */
static size_t image_size;
static lp_elf *old_file, *symbols;
static uint64_t seed = 1;
static bool verbose;

static void die(const char *why)
{
    fprintf(stderr, "mutate: %s\n", why);
    exit(2);
}

static uint64_t random_below(uint64_t n) { return n ? splitmix(&seed) % n : 0; }

static void add_region(enum kind kind, uint64_t at, uint64_t size, uint64_t off, const char *name)
{
    if (size == 0 || off > image_size || size > image_size - off)
        return;
    if (nregions == cap_regions && (regions = realloc(regions, (cap_regions = 2 * cap_regions + 1024) * sizeof *regions)) == NULL)
        die("out of memory");
    regions[nregions++] = (struct region){at, size, off, name, kind};
    weight[kind] += size;
}

/* ---- what there is ---- */

static const struct lp_elf_section *section_of(uint64_t at)
{
    size_t n;
    const struct lp_elf_section *x = lp_elf_sections(old_file, &n);
    for (size_t i = 0; i < n; i++)
        if ((x[i].flags & SHF_ALLOC) && !(x[i].flags & SHF_TLS && x[i].type == SHT_NOBITS) && at - x[i].addr < x[i].size)
            return &x[i];
    return NULL;
}

static uint64_t tls_start(void)
{
    size_t n;
    const struct lp_elf_segment *x = lp_elf_segments(old_file, &n);
    for (size_t i = 0; i < n; i++)
        if (x[i].type == PT_TLS)
            return x[i].vaddr;
    return 0;
}

static bool made_by_linker(const struct lp_elf_section *x)
{
    return x->type != SHT_PROGBITS || strncmp(x->name, ".eh_frame", 9) == 0 || strcmp(x->name, ".interp") == 0 || strncmp(x->name, ".got", 4) == 0 ||
           strcmp(x->name, ".gcc_except_table") == 0;
}

/* Functions, and objects with what they hold at the start. */
static void regions_of_symbols(void)
{
    size_t n;
    const struct lp_elf_symbol *s = lp_elf_symbols(symbols, &n);
    for (size_t i = 0; i < n; i++) {
        const bool code = s[i].type == STT_FUNC || s[i].type == STT_GNU_IFUNC, tls = s[i].type == STT_TLS;
        const uint64_t at = tls ? tls_start() + s[i].value : s[i].value;
        const struct lp_elf_section *x = s[i].size == 0 || (!code && !tls && s[i].type != STT_OBJECT) ? NULL : section_of(at);
        if (x == NULL || made_by_linker(x) || s[i].size > x->addr + x->size - at || strchr(s[i].name, '@') != NULL)
            continue;
        if ((x->flags & SHF_EXECINSTR) ? code && at % WORD == 0 : !code)
            add_region(code ? CODE : OBJECT, at, s[i].size, x->offset + (at - x->addr), s[i].name);
    }
}

static bool region_of_frame(void *ctx, const struct lp_fde *f)
{
    const struct lp_elf_section *x = section_of(f->start);
    if (x != NULL && (x->flags & SHF_EXECINSTR) && f->end > f->start && f->end <= x->addr + x->size)
        add_region(CODE, f->start, f->end - f->start, x->offset + (f->start - x->addr), NULL);
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct region *x = a, *y = b;
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : (x->size < y->size) - (x->size > y->size);
}

/* Read-only data between the objects. */
static void regions_without_name(void)
{
    const size_t known = nregions;
    size_t n;
    const struct lp_elf_section *x = lp_elf_sections(old_file, &n);
    if (known != 0)
        qsort(regions, known, sizeof *regions, by_place);
    for (size_t i = 0; i < n; i++) {
        if (x[i].type != SHT_PROGBITS || (x[i].flags & (SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR)) != SHF_ALLOC || made_by_linker(&x[i]))
            continue;
        uint64_t at = x[i].addr;
        for (size_t k = 0; k < known; k++) {
            const struct region r = regions[k];
            if (r.at < x[i].addr || r.at >= x[i].addr + x[i].size)
                continue;
            if (r.at > at)
                add_region(UNNAMED, at, r.at - at, x[i].offset + (at - x[i].addr), NULL);
            at = r.at + r.size > at ? r.at + r.size : at;
        }
        if (at < x[i].addr + x[i].size)
            add_region(UNNAMED, at, x[i].addr + x[i].size - at, x[i].offset + (at - x[i].addr), NULL);
    }
}

static void add_filled(uint64_t at)
{
    if ((filled = realloc(filled, (nfilled + 1) * sizeof *filled)) == NULL)
        die("out of memory");
    filled[nfilled++] = at;
}

/* Addends of .rela.dyn: initialised pointers. */
static void regions_of_relocations(void)
{
    size_t n;
    const struct lp_elf_section *x = lp_elf_sections(old_file, &n);
    for (size_t i = 0; i < n; i++)
        for (uint64_t k = 0; x[i].type == SHT_RELA && (x[i].flags & SHF_ALLOC) && k + sizeof(Elf64_Rela) <= x[i].size; k += sizeof(Elf64_Rela)) {
            Elf64_Rela r;
            if (x[i].offset + k + sizeof r > image_size)
                return;
            memcpy(&r, image + x[i].offset + k, sizeof r);
            add_filled(r.r_offset);
            if (ELF64_R_TYPE(r.r_info) == R_AARCH64_RELATIVE)
                add_region(POINTER, r.r_offset, sizeof r.r_addend, x[i].offset + k + offsetof(Elf64_Rela, r_addend), NULL);
        }
}

/* A word that the dynamic linker fills: what the file has there means nothing. */
static bool is_filled(uint64_t at, unsigned len)
{
    for (size_t i = 0; i < nfilled; i++)
        if (at < filled[i] + 8 && filled[i] < at + len)
            return true;
    return false;
}

/* ---- one change ---- */

struct change { const struct region *r; uint64_t at, off; unsigned len; uint8_t old_bytes[8], new_bytes[8]; };

static uint32_t word_at(uint64_t off) { return lp_le32(image + off); }

static const struct region *random_region(enum kind kind)
{
    uint64_t k = random_below(weight[kind]);
    for (size_t i = 0; i < nregions; i++) {
        if (regions[i].kind != kind)
            continue;
        if (k < regions[i].size)
            return &regions[i];
        k -= regions[i].size;
    }
    return NULL;
}

static uint32_t other_word(uint32_t w)
{
    static const uint8_t field[] = {0, 5, 10, 16};
    const struct region *r;
    switch (random_below(8)) {
    case 0: case 1: case 2: return w ^ UINT32_C(1) << random_below(32);
    case 3: case 4: r = random_region(CODE); return word_at(r->off + random_below(r->size / WORD) * WORD);
    case 5: return (uint32_t)splitmix(&seed);
    case 6: return (w & ~UINT32_C(0x3ffc00)) | (uint32_t)random_below(4096) << 10;                         /* an immediate */
    default: break;
    }
    const unsigned shift = field[random_below(4)];                                                         /* a register */
    return (w & ~(UINT32_C(31) << shift)) | (uint32_t)random_below(32) << shift;
}

static void change_code(struct change *c)
{
    const uint64_t k = random_below(c->r->size / WORD) * WORD;
    c->at = c->r->at + k, c->off = c->r->off + k, c->len = WORD;
    const uint32_t v = other_word(word_at(c->off));
    for (unsigned i = 0; i < WORD; i++)
        c->new_bytes[i] = (uint8_t)(v >> 8 * i);
}

static void change_datum(struct change *c)
{
    const uint64_t k = random_below(c->r->size), room = c->r->size - k;
    const unsigned len = random_below(3) ? 1 : 1u << random_below(4);
    c->at = c->r->at + k, c->off = c->r->off + k, c->len = len > room ? 1 : len;
    memcpy(c->new_bytes, image + c->off, c->len);
    if (c->len == 1)
        c->new_bytes[0] ^= (uint8_t)(1u << random_below(8));
    else
        for (unsigned i = 0; i < c->len; i++)
            c->new_bytes[i] = (uint8_t)splitmix(&seed);
}

static void change_pointer(struct change *c)
{
    c->at = c->r->at, c->off = c->r->off, c->len = sizeof(uint64_t);
    const uint64_t v = lp_le64(image + c->off) + 1 + random_below(64);
    for (unsigned i = 0; i < c->len; i++)
        c->new_bytes[i] = (uint8_t)(v >> 8 * i);
}

/* Between the data without a name is padding, which nobody can tell from numbers that are zero. */
static bool may_be_padding(const struct change *c)
{
    bool zero = c->r->kind == UNNAMED;
    for (unsigned i = 0; i < c->len; i++)
        zero &= image[c->off + i] == 0 && (c->off + i == 0 || image[c->off + i - 1] == 0);
    return zero;
}

/* Nothing but zeros up to the end of 8 bytes: an empty text, with the padding behind it. */
static bool is_empty(uint64_t at)
{
    static const uint8_t zero[8];
    uint8_t is[8];
    const size_t len = 8 - at % 8;
    return lp_elf_read(old_file, at, is, len, NULL) == LP_OK && memcmp(is, zero, len) == 0;
}

/* A pointer to what looks the same: an empty text is like another. */
static bool same_meaning(const struct change *c)
{
    const uint64_t before = lp_le64(c->old_bytes), after = lp_le64(c->new_bytes);
    uint8_t was[8], is[8];
    if (c->r->kind != POINTER)
        return false;
    return (is_empty(before) && is_empty(after)) || (lp_elf_read(old_file, before, was, sizeof was, NULL) == LP_OK &&
                                                     lp_elf_read(old_file, after, is, sizeof is, NULL) == LP_OK && memcmp(was, is, sizeof was) == 0);
}

/* Where a branch leads to, past words that do nothing; *rest: what else it says. 0: it is none. */
static uint64_t branch_target(const struct change *c, const uint8_t *bytes, uint32_t *rest)
{
    const uint32_t w = lp_le32(bytes), kind = w >> 24 & 0x7f;
    const unsigned bits = (w & 0x7c000000) == 0x14000000 ? 26 : w >> 24 == 0x54 || (kind & 0x7e) == 0x34 ? 19 : (kind & 0x7e) == 0x36 ? 14 : 0;
    const unsigned low = bits == 26 ? 0 : 5;
    const uint32_t field = bits != 0 ? ((UINT32_C(1) << bits) - 1) << low : 0;
    uint64_t to = c->at + (uint64_t)(lp_sext((w & field) >> low, bits ? bits : 1) * WORD);
    uint8_t word[WORD];
    *rest = w & ~field;
    while (bits != 0 && lp_elf_read(old_file, to, word, sizeof word, NULL) == LP_OK && lp_le32(word) == 0xd503201f)
        to += WORD;
    return bits != 0 ? to : 0;
}

/* The same branch, to a NOP in front of where it led before, or behind. */
static bool same_branch(const struct change *c)
{
    uint32_t rest, other;
    if (c->r->kind != CODE)
        return false;
    const uint64_t was = branch_target(c, c->old_bytes, &rest), is = branch_target(c, c->new_bytes, &other);
    return was != 0 && was == is && rest == other;
}

/* What ADD makes of the page of an ADRP a few words in front of it; 0: it is none. */
static uint64_t made_address(const struct change *c, const uint8_t *bytes)
{
    const uint32_t w = lp_le32(bytes), from = w >> 5 & 31;
    if ((w & 0xffc00000) != 0x91000000)
        return 0;
    for (unsigned k = 1; k <= 8 && c->off >= k * WORD; k++) {
        const uint32_t v = word_at(c->off - k * WORD);
        if ((v & 0x9f00001f) == (0x90000000 | from))
            return ((c->at - k * WORD) & ~(uint64_t)PAGE_MASK) + ((uint64_t)lp_sext((v >> 5 & 0x7ffff) << 2 | (v >> 29 & 3), 21) << 12) + (w >> 10 & 4095);
    }
    return 0;
}

/* The address of an empty text became that of another one. */
static bool same_text(const struct change *c)
{
    if (c->r->kind != CODE || (lp_le32(c->old_bytes) ^ lp_le32(c->new_bytes)) & ~UINT32_C(0x3ffc00))
        return false;
    const uint64_t was = made_address(c, c->old_bytes), is = made_address(c, c->new_bytes);
    return was != 0 && is != 0 && is_empty(was) && is_empty(is);
}

/* A landing pad that became a NOP: the old one may stay (lib/diff/pair/compare.c). */
static bool same_pad(const struct change *c)
{
    const uint32_t was = lp_le32(c->old_bytes);
    return c->r->kind == CODE && lp_le32(c->new_bytes) == 0xd503201f && (was & ~UINT32_C(0xc0)) == 0xd503241f && (was & 0xc0) != 0;
}

static void random_change(struct change *c)
{
    const uint64_t k = random_below(100);
    enum kind kind = k < 75 ? CODE : k < 83 ? OBJECT : k < 94 ? UNNAMED : POINTER;
    if (weight[kind] == 0)
        kind = CODE;
    do {
        c->r = random_region(kind);
        if (kind == CODE) change_code(c);
        else if (kind == POINTER) change_pointer(c);
        else change_datum(c);
        memcpy(c->old_bytes, image + c->off, c->len);
    } while (memcmp(c->old_bytes, c->new_bytes, c->len) == 0 || may_be_padding(c) || same_meaning(c) || same_branch(c) || same_pad(c) || same_text(c) ||
             (kind != POINTER && is_filled(c->at, c->len)));
}

/* ---- what is said of it ---- */

struct said { const struct change *c; const lp_patch *patch; unsigned right, others, refusals, unlisted, internal; char first[200]; };

static bool is_listed(const char *text)
{
    static const char *const id[] = {
#define REFUSAL(id, text, hint) #id ": ",
#include "diff/refuse.def"
#undef REFUSAL
    };
    for (size_t i = 0; i < sizeof id / sizeof *id; i++)
        if (strncmp(text, id[i], strlen(id[i])) == 0)
            return true;
    return false;
}

static bool quotes(const char *text, const char *name)
{
    char quoted[300];
    snprintf(quoted, sizeof quoted, "`%.250s`", name);
    return strstr(text, quoted) != NULL;
}

/* A name of the object at an address, or its section's. */
static bool names_object(const char *text, uint64_t at)
{
    const struct lp_elf_section *x = section_of(at);
    if (x != NULL && strncmp(x->name, ".data", 5) != 0 && strstr(text, x->name) != NULL)
        return true;
    for (size_t i = 0; i < nregions; i++)
        if (regions[i].name != NULL && at - regions[i].at < regions[i].size && quotes(text, regions[i].name))
            return true;
    return false;
}

static void hear(void *ctx, const struct lp_error *e)
{
    struct said *s = ctx;
    s->refusals++;
    s->unlisted += !is_listed(e->text);
    s->internal += strncmp(e->text, "E199: ", 6) == 0;
    s->right += s->c->r->kind != CODE && names_object(e->text, s->c->at);
    if (s->first[0] == '\0')
        snprintf(s->first, sizeof s->first, "%.190s", e->text);
}

/* Does the code make an address near this one? An address within one function (jump tables) or by a literal counts, too. */
static bool may_refer(uint64_t start, uint64_t size, uint64_t at)
{
    for (uint64_t pc = start; pc + WORD <= start + size; pc += WORD) {
        const int64_t off = lp_elf_offset(old_file, pc);
        if (off < 0)
            return false;
        const uint32_t w = word_at((uint64_t)off);
        const uint64_t imm = (uint64_t)lp_sext(lp_bits(w, 5, 19) << 2 | lp_bits(w, 29, 2), 21);
        const uint64_t page = (pc & ~(uint64_t)PAGE_MASK) + (imm << 12);
        if ((w & 0x9f000000) == 0x90000000 && at - page + REACH < 2 * REACH)
            return true;
        if ((w & 0x9f000000) == 0x10000000 && at - (pc + imm) + REACH < 2 * REACH)
            return true;
    }
    return false;
}

/* What has no name is known by who leads to it: an entry of .init_array that leads to another function is that function with another body. */
static bool is_led_to(const struct change *c, const struct lp_diff_function *f)
{
    return c->r->kind == POINTER && f->old_addr == lp_le64(c->old_bytes) && f->new_addr == lp_le64(c->new_bytes);
}

static int hear_row(void *ctx, const struct lp_diff_function *f)
{
    struct said *s = ctx;
    if (f->state != LP_DIFF_CHANGED)
        return 0;
    const bool here = s->c->r->kind == CODE ? s->c->at - f->old_addr < f->old_size : may_refer(f->old_addr, f->old_size, s->c->at) || is_led_to(s->c, f);
    s->right += here;
    s->others += !here;
    return 0;
}

/* `set PLACE b8` and `set PLACE bytes N`: of this datum, or of a pointer to it. */
static void hear_set(struct said *s, const char *place)
{
    char name[256];
    const struct lp_elf_symbol *y;
    uint64_t at, held = 0;
    if (sscanf(place, "%255s", name) != 1)
        return;
    char *plus = strrchr(name, '+');
    at = plus == NULL ? 0 : strtoull(plus + 1, NULL, 16);
    if (plus != NULL)
        *plus = '\0';
    if (strncmp(name, "0x", 2) == 0) at = strtoull(name, NULL, 16);
    else if (lp_elf_find(old_file, name, &y, NULL) == LP_OK) at += y->value;
    else return;
    uint8_t bytes[8];
    if (lp_elf_read(old_file, at, bytes, sizeof bytes, NULL) == LP_OK)
        held = lp_le64(bytes);
    if (s->c->r->kind == CODE) s->right += may_refer(s->c->r->at, s->c->r->size, at); /* without names, a variable may have moved */
    else s->right += s->c->at - at < 64 || at - s->c->at < s->c->len || s->c->at - held < REACH;
    s->others += !s->right;
}

static void hear_patch(struct said *s)
{
    char *text = lp_patch_print(s->patch, NULL);
    for (char *line = text; line != NULL && (line = strstr(line, "\nset ")) != NULL; line += 5)
        hear_set(s, line + 5);
    free(text);
}

static enum verdict judge(const struct change *c, struct said *s)
{
    lp_elf *file;
    lp_diff *d = NULL;
    struct lp_error err;
    const struct lp_diff_options o = {.flags = LP_DIFF_HEURISTIC | LP_DIFF_DATA};
    *s = (struct said){.c = c};
    memcpy(image + c->off, c->new_bytes, c->len);
    if (lp_elf_open_memory(image, image_size, "new", &file, &err) != LP_OK)
        die(err.text);
    memcpy(image + c->off, c->old_bytes, c->len);
    const lp_status status = lp_diff_make(old_file, file, &o, hear, s, &d, &err);
    if (status != LP_OK && status != LP_E_UNSUPPORTED)
        die(err.text);
    lp_diff_functions(d, hear_row, s);
    s->patch = lp_diff_patch(d);
    if (s->patch != NULL) {
        hear_patch(s);
        if (lp_patch_check(s->patch, old_file, NULL, NULL, &err) != LP_OK)
            s->unlisted++, snprintf(s->first, sizeof s->first, "does not apply: %.150s", err.text);
    }
    const bool any = s->patch != NULL || s->refusals != 0;
    lp_diff_free(d);
    lp_elf_close(file);
    return s->unlisted ? ELSEWHERE : s->right ? RIGHT : s->refusals ? REFUSED : any ? ELSEWHERE : MISSED;
}

static void tell(const struct change *c, const struct said *s, enum verdict v)
{
    static const char *const kind[] = {"code", "object", "data", "pointer"};
    printf("%s: %s 0x%llx in %s:", verdict_word[v], kind[c->r->kind], (unsigned long long)c->at, c->r->name == NULL ? "-" : c->r->name);
    for (unsigned k = 0; k < 2; k++) {
        printf("%s", k ? " -> " : " ");
        for (unsigned i = c->len; i-- > 0;)
            printf("%02x", k ? c->new_bytes[i] : c->old_bytes[i]);
    }
    printf(" (%u refusals, %u others) %s\n", s->refusals, s->others, s->first);
    fflush(stdout);
}

static void open_files(const char *path, const char *names)
{
    struct lp_error err;
    char *data;
    if (lp_file_read(path, SIZE_MAX - 1, &data, &image_size, &err) != LP_OK)
        die(err.text);
    image = (uint8_t *)data;
    if (lp_elf_open(path, &old_file, &err) != LP_OK || (names != NULL && lp_elf_open(names, &symbols, &err) != LP_OK))
        die(err.text);
    if (names == NULL)
        symbols = old_file;
    regions_of_symbols();
    if (!lp_elf_has_symtab(symbols))
        lp_elf_fdes(old_file, region_of_frame, NULL);
    regions_without_name();
    regions_of_relocations();
    if (weight[CODE] < WORD)
        die("no functions");
}

int main(int argc, char **argv)
{
    uint64_t count = 1000, of[VERDICTS] = {0}, others = 0, internal = 0;
    const char *names = NULL;
    for (int c; (c = getopt(argc, argv, "vn:s:S:")) != -1;) {
        if (c == 'v') verbose = true;
        else if (c == 'n') count = strtoull(optarg, NULL, 0);
        else if (c == 's') seed = strtoull(optarg, NULL, 0);
        else if (c == 'S') names = optarg;
        else return 2;
    }
    if (optind + 1 != argc)
        die("one file is needed");
    open_files(argv[optind], names);
    for (uint64_t i = 0; i < count; i++) {
        struct change c;
        struct said s;
        random_change(&c);
        const enum verdict v = judge(&c, &s);
        of[v]++;
        others += s.others;
        internal += s.internal != 0;
        if (v > REFUSED || (verbose && (v == REFUSED || s.internal != 0)))
            tell(&c, &s, v);
    }
    printf("changes %llu right %llu refused %llu elsewhere %llu missed %llu; internal %llu others %llu\n", (unsigned long long)count, (unsigned long long)of[RIGHT],
           (unsigned long long)of[REFUSED], (unsigned long long)of[ELSEWHERE], (unsigned long long)of[MISSED], (unsigned long long)internal,
           (unsigned long long)others);
    return of[ELSEWHERE] != 0 || of[MISSED] != 0;
}
