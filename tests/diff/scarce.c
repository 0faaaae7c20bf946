/* tests/diff/scarce.c - lpdiff without memory: `scarce OLD NEW STEP [FIRST]` makes the patch again and again, of which each time one allocation fails (every
 * STEPth of them, from FIRST on): what comes of it is an error, or a whole patch. The linker (--wrap) lets all allocations of the library come through here. */
#include <config.h>
#include <arm64lp.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static atomic_long count;
static long failing = -1; /* that one */

static int fails(void) { return atomic_fetch_add(&count, 1) == failing; }
void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t n, size_t size) { return fails() ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t size) { return fails() ? NULL : __real_realloc(p, size); }

static void begin(long which) { failing = which, atomic_store(&count, 0); }

/* NULL: no patch. The caller frees it. */
static char *patch_of(const char *const file[2])
{
    lp_elf *elf[2] = {NULL, NULL};
    lp_diff *d = NULL;
    const struct lp_diff_options options = {0};
    const int good = lp_elf_open(file[0], &elf[0], NULL) == LP_OK && lp_elf_open(file[1], &elf[1], NULL) == LP_OK &&
                     lp_diff_make(elf[0], elf[1], &options, NULL, NULL, &d, NULL) == LP_OK;
    const lp_patch *p = good ? lp_diff_patch(d) : NULL;
    char *text = p ? lp_patch_print(p, NULL) : NULL;
    lp_diff_free(d);
    lp_elf_close(elf[0]), lp_elf_close(elf[1]);
    return text;
}

/* From the first line to the last one. */
static int is_whole(const char *text)
{
    lp_patch *p = NULL;
    const int good = strncmp(text, "lpatch 1\n", 9) == 0 && strstr(text, "\nbuild-id ") &&
                     lp_patch_parse("it", text, strlen(text), 0, NULL, NULL, &p, NULL) == LP_OK;
    lp_patch_free(p);
    return good;
}

int main(int argc, char **argv)
{
    if (argc < 4) return 2;
    const char *const file[2] = {argv[1], argv[2]};
    const long step = strtol(argv[3], NULL, 10);
    begin(-1);
    char *all = patch_of(file);
    const long n = atomic_load(&count);
    long patches = 0, broken = 0;
    if (!all || !is_whole(all)) return fprintf(stderr, "no patch\n"), 2;
    for (long i = argc > 4 ? strtol(argv[4], NULL, 10) : 0; i < n; i += step) {
        begin(i);
        char *text = patch_of(file);
        begin(-1);
        patches += text != NULL;
        if (text && !is_whole(text)) broken++, printf("%ld: a patch that is not whole\n", i);
        free(text);
    }
    printf("%ld allocations, %ld patches\n", n, patches);
    free(all);
    return broken != 0;
}
