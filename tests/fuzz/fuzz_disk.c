/* fuzz/fuzz_disk.c - mutated ELF files, patched and not: what is applied can be reverted, and what comes of it is an ELF file.
 * With files named, dynamically linked ones too: fuzz_disk FILE... */
#include <config.h>
#include "fuzz.h"
#include <arm64lp/patch.h>
#include <stdio.h>
#include "base/hash.h"
#include "elf/dynamic.h"
#include "unit/testelf.h"

const char *const lp_fuzz_name = "lp_disk_apply";
const size_t lp_fuzz_prefixes = 500, lp_fuzz_head = 1024;
const char *const lp_fuzz_words[] = {NULL};

static void must(int good, const char *what, const struct lp_error *err)
{
    if (good) return;
    fprintf(stderr, "%s: %s\n", what, err->text);
    abort();
}

/* A library that a patch can name. */
static const char *needed(const lp_elf *e)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(e);
    const char *name = d->nneeded ? d->needed[0] : "";
    const size_t n = strlen(name);
    return n && n < 100 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == n ? name : NULL;
}

/* A site and a datum for any file; with `name` also that function, with what brings relocations. With a library, what nobody imports yet. */
static lp_patch *patch_for(const lp_elf *e, const char *library)
{
    static char text[4096];
    const struct lp_elf_info *info = lp_elf_info(e);
    const struct lp_elf_symbol *sym;
    uint8_t sha[32], body[12];
    char hex[129];
    struct lp_error err;
    lp_patch *p;
    int n = snprintf(text, sizeof text, "lpatch 1\nname bodies\nobject *\n");
    if (info->build_id) lp_hex(hex, info->build_id, info->build_id_len), n += snprintf(text + n, sizeof text - (size_t)n, "build-id %s\n", hex);
    else lp_elf_sha256(e, sha), lp_hex(hex, sha, 32), n += snprintf(text + n, sizeof text - (size_t)n, "file-sha256 %s\n", hex);
    n += snprintf(text + n, sizeof text - (size_t)n, "data .msg rodata size 8 align 8\n\"message\\0\"\nend\ndata tab data size 24\nrel abs64 helper\n"
                  "rel prel64 helper\nzero 8\nend\ndata none bss size 64\nzero 64\nend\nfunc helper size 4 new\n| d65f03c0\nend\n");
    if (library)
        n += snprintf(text + n, sizeof text - (size_t)n, "data new data size 32\nrel abs64 fresh@V9!%s\nrel abs64 other@V9!%s\nrel abs64 plain@*\n"
                      "rel abs64 fresh@V8!%s\nend\n", library, library, library);
    const char *name = lp_elf_find(e, "parse", &sym, NULL) == LP_OK ? "parse" : lp_elf_find(e, "main", &sym, NULL) == LP_OK ? "main" : NULL;
    if (name && sym->size >= 12 && lp_elf_read(e, sym->value, body, 12, NULL) == LP_OK && sym->size == 12) {
        lp_sha256(body, 12, sha), lp_hex(hex, sha, 32);
        snprintf(text + n, sizeof text - (size_t)n, "func %s size 24\nold size 12 sha256 %s\n| 90000000 adr_got_page tab\n| f9400000 ld64_got_lo12_nc tab\n"
                 "| 91000000 add_abs_lo12_nc .msg\n| 94000000 call26 helper\n| d503201f\n| d65f03c0\ncfi 44 0e 10\nend\n", name, hex);
    }
    must(lp_patch_parse("bodies.lpatch", text, strlen(text), 0, NULL, NULL, &p, &err) == LP_OK, "the patch", &err);
    return p;
}

static int count(void *ctx, const struct lp_disk_row *row) { return *(size_t *)ctx += row->text_len, 0; }

/* Take all out again. */
static void must_come_back(const struct lp_disk_result *r, const lp_elf *old)
{
    struct lp_error err = {.text = ""};
    struct lp_disk_result back;
    lp_elf *e;
    size_t n = 0;
    must(lp_elf_open_memory(r->image, r->size, "new", &e, &err) == LP_OK, "what is patched cannot be opened", &err);
    must(lp_disk_list(e, count, &n, &err) == LP_OK && n > 0, "no list", &err);
    must(lp_disk_revert(e, NULL, 0, &back, NULL, NULL, &err) == LP_OK, "cannot be reverted", &err);
    const struct lp_elf_info *info = lp_elf_info(old);
    must(back.size == info->image_size && memcmp(back.image, info->image, back.size) == 0, "it is not the old file", &err);
    free(back.image);
    lp_elf_close(e);
}

void lp_fuzz_one(const uint8_t *data, size_t len)
{
    struct lp_error err;
    struct lp_disk_result r = {.size = 0}, back = {.size = 0};
    lp_elf *e;
    size_t n = 0;
    if (lp_elf_open_memory(data, len, "fuzz", &e, &err) != LP_OK) return;
    (void)lp_disk_list(e, count, &n, &err);
    if (lp_disk_revert(e, NULL, 0, &back, NULL, NULL, &err) == LP_OK) free(back.image);
    const char *library = needed(e);
    for (int i = 0; i < (library ? 2 : 1); i++) {
        lp_patch *p = patch_for(e, i ? library : NULL);
        if (lp_disk_apply(e, (const lp_patch *const *)&p, 1, &r, NULL, NULL, &err) == LP_OK && r.image && !n) must_come_back(&r, e);
        free(r.image);
        lp_patch_free(p);
    }
    lp_elf_close(e);
}

/* The file, and the same with a patch, made once. */
const uint8_t *lp_fuzz_builtin(size_t i, size_t *len)
{
    static struct lp_disk_result r;
    struct lp_error err;
    if (i > 1) return NULL;
    *len = sizeof(struct test_image);
    if (i == 0) return (const uint8_t *)test_image();
    *len = r.size;
    if (r.image) return r.image;
    lp_elf *e = test_elf();
    lp_patch *p = patch_for(e, NULL);
    must(lp_disk_apply(e, (const lp_patch *const *)&p, 1, &r, NULL, NULL, &err) == LP_OK, "the file is not patched", &err);
    lp_patch_free(p);
    lp_elf_close(e);
    *len = r.size;
    return r.image;
}
