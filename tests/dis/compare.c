/* compare OURS THEIRS <FILES: are there the same instructions at the same addresses? Both commands print the sections of the file that is their last
 * argument; the names of files come on standard input, and those that are no AArch64 ELF files are left out. What is only another spelling is no
 * difference (spelling.c). Prints "files N words N differ N missing N named N stubs N", missing being what one of them alone prints, named those that we
 * have no text for, but their name (".inst 0x043f57ff ; ADDVL_rri"), and a line for each class of what differs or is named: how often, our mnemonic or
 * name, theirs, and one of them. stubs: words of .plt that we alone print. Go's linker writes imported functions as STT_OBJECT, and the others give a
 * stub the type of what it leads to; but it is JUMP_SLOT relocations that fill their slots: they are code, and are called. */
#include "compare.h"

#include <ctype.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CLASSES = 4096 };
struct stream { FILE *f; char *line; size_t cap; struct word now; bool have, section; char name[128]; };
struct class_ { char ours[32], theirs[32]; unsigned long count; char example[400]; };
static struct class_ class_[CLASSES];
static size_t n_classes;
static unsigned long words, differ, missing, named, stubs;

/* "  88e870:\td503201f \tnop" of GNU and ours, "  88e870: 1f 20 03 d5  \tnop" of LLVM. */
static bool parse(char *line, struct word *w)
{
    char *p = line + strspn(line, " ");
    w->addr = strtoull(p, &p, 16);
    if (*p != ':' || (p[1] != ' ' && p[1] != '\t')) return false;
    char digits[12];
    size_t n = 0;
    for (p++; n < 9 && strchr(" \t0123456789abcdef", *p) && *p; p++) {
        if (*p == '\t' && n) break;
        if (*p != ' ' && *p != '\t') digits[n++] = *p;
    }
    digits[n] = 0;
    if (n != 8) return false;
    w->word = (uint32_t)strtoul(digits, NULL, 16);
    if (line[strspn(line, " 0123456789abcdef")] == ':' && strchr(line, ':')[1] == ' ') w->word = __builtin_bswap32(w->word);
    p += strspn(p, " \t");
    w->text = p;
    return *p;
}

static void next(struct stream *s)
{
    ssize_t n;
    s->have = s->section = false;
    while ((n = getline(&s->line, &s->cap, s->f)) > 0) {
        if (s->line[n - 1] == '\n') s->line[n - 1] = 0;
        if (sscanf(s->line, "Disassembly of section %127[^\n]", s->name) == 1) {
            s->have = s->section = true;
            return;
        }
        if ((s->have = parse(s->line, &s->now))) return;
    }
}

static void copy(char *to, size_t size, const char *from, size_t n)
{
    if (n >= size) n = size - 1;
    memcpy(to, from, n);
    to[n] = 0;
}

static void count(const char *ours, const char *theirs, const struct word *w)
{
    char a[32], b[32];
    copy(a, sizeof a, ours, strcspn(ours, " "));
    copy(b, sizeof b, theirs, strcspn(theirs, " "));
    size_t i = 0;
    while (i < n_classes && (strcmp(class_[i].ours, a) != 0 || strcmp(class_[i].theirs, b) != 0)) i++;
    if (i == CLASSES) return;
    if (i == n_classes) {
        n_classes++;
        strcpy(class_[i].ours, a);
        strcpy(class_[i].theirs, b);
        snprintf(class_[i].example, sizeof class_[i].example, "%08x | %s | %s", w->word, ours, theirs);
    }
    class_[i].count++;
}

static void alone(const struct word *w, bool ours)
{
    char text[256] = "(nothing)", other[256];
    spell(w, other);
    missing++;
    count(ours ? other : text, ours ? text : other, w);
}

/* LDADD is ldaddal, LD1D_zp_ri is ld1d: the mnemonic begins as the name does. */
static bool is_name_of(const char *ours, const char *theirs)
{
    size_t n = strcspn(ours, "_ ");
    return n && isupper((unsigned char)ours[0]) && !ours[strcspn(ours, " ")] && strncasecmp(ours, theirs, n) == 0;
}

static void both(const struct word *a, const struct word *b)
{
    char ours[256], theirs[256];
    words++;
    if (a->word == b->word && strcmp(a->text, b->text) == 0) return;
    spell(a, ours);
    spell(b, theirs);
    if (a->word == b->word && strcmp(ours, theirs) == 0) return;
    if (is_name_of(ours, theirs)) named++;
    else differ++;
    count(ours, theirs, a);
}

static void run(struct stream *a, struct stream *b)
{
    next(a);
    next(b);
    while (a->have || b->have) {
        if (a->have && b->have && a->section && b->section) next(a), next(b);
        else if (a->have && b->have && !a->section && !b->section && a->now.addr == b->now.addr) both(&a->now, &b->now), next(a), next(b);
        else if (a->have && !a->section && (!b->have || b->section || a->now.addr < b->now.addr)) {
            if (strncmp(a->name, ".plt", 4) == 0) stubs++;
            else alone(&a->now, true);
            next(a);
        }
        else if (b->have && !b->section) alone(&b->now, false), next(b);
        else if (a->have && a->section) next(a);
        else next(b);
    }
}

static int by_count(const void *a, const void *b)
{
    const struct class_ *x = a, *y = b;
    return (x->count < y->count) - (x->count > y->count);
}

static bool is_elf(const char *path)
{
    Elf64_Ehdr h;
    FILE *f = fopen(path, "re");
    bool good = f && fread(&h, sizeof h, 1, f) == 1 && memcmp(h.e_ident, ELFMAG, SELFMAG) == 0 && h.e_machine == EM_AARCH64;
    if (f) fclose(f);
    return good && h.e_ident[EI_CLASS] == ELFCLASS64 && h.e_type != ET_CORE;
}

/* False if a command failed. */
static bool compare(char *const command[2], const char *path)
{
    struct stream s[2] = {{0}};
    bool good = true;
    for (int i = 0; i < 2; i++) {
        char text[8192];
        snprintf(text, sizeof text, "%s '%s'", command[i], path);
        s[i].f = popen(text, "r");
        if (!s[i].f) return perror(text), false;
    }
    run(&s[0], &s[1]);
    for (int i = 0; i < 2; i++) {
        if (pclose(s[i].f) != 0) printf("failed: %s '%s'\n", command[i], path), good = false;
        free(s[i].line);
    }
    return good;
}

int main(int argc, char **argv)
{
    char *path = NULL;
    size_t cap = 0, files = 0, failed = 0;
    if (argc != 3) return 2;
    for (ssize_t n; (n = getline(&path, &cap, stdin)) > 0;) {
        if (path[n - 1] == '\n') path[n - 1] = 0;
        if (!is_elf(path) || strchr(path, '\'')) continue;
        files++;
        failed += !compare(argv + 1, path);
    }
    free(path);
    qsort(class_, n_classes, sizeof *class_, by_count);
    printf("files %zu words %lu differ %lu missing %lu named %lu stubs %lu\n", files, words, differ, missing, named, stubs);
    for (size_t i = 0; i < n_classes; i++) printf("%lu %s %s %s\n", class_[i].count, class_[i].ours, class_[i].theirs, class_[i].example);
    return failed != 0;
}
