/* compat/file.c - patches in files: the original's lines, and JSON. */
#include <config.h>
#include "compat/system.h"
#include <arm64lp/patch.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_JSON = 64 << 20 };

/* ---- save ---- */

/* A line break in a description would become a line of the file, a patch even. */
static void put_line(FILE *f, const LivePatchSystem *s, uint32_t slot)
{
    const char *text = lp_store_text(&s->store, slot);
    char addr[24];
    snprintf(addr, sizeof addr, "%" PRIX64, s->base_addr + s->store.patch[slot].offset);
    /* "ADD 1234" is no address: the loader wants a decimal digit or 0x. */
    fprintf(f, "%s%s %08" PRIX32, strpbrk(addr, "0123456789") ? "" : "0x", addr, s->store.patch[slot].new_word);
    if (*text) putc_unlocked(' ', f);
    for (; *text; text++) putc_unlocked((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, f);
    putc_unlocked('\n', f);
}

/* Whoever reads a pipe may want to know something of a system before it reads. */
static int write_patches(LivePatchSystem *s, FILE *f)
{
    char *text = NULL;
    size_t len;
    FILE *memory = open_memstream(&text, &len);
    if (!memory) return -1;
    fputs("# livepatch: ADDRESS WORD description\n", memory);
    lp_compat_lock();
    size_t n = s->store.count;
    for (uint32_t i = s->store.oldest; i != LP_STORE_NONE; i = s->store.patch[i].newer)
        put_line(memory, s, i);
    lp_compat_unlock();
    bool bad = ferror(memory) != 0;
    bad = fclose(memory) != 0 || bad || fwrite(text, 1, len, f) != len || fflush(f) != 0;
    free(text);
    return bad ? -1 : (int)n;
}

static int save_failed(const char *filename) { return lp_compat_fail("%s: cannot write: %s", filename, strerror(errno)); }

/* A new file under a temporary name, then renamed. */
static int save_whole(LivePatchSystem *s, const char *filename, const struct stat *old)
{
    char temp[4096];
    int fd = -1;
    for (unsigned i = 0; i < 100 && fd < 0 && (i == 0 || errno == EEXIST); i++) {
        int len = snprintf(temp, sizeof temp, "%s.%ld.%u", filename, (long)getpid(), i);
        if (len < 0 || (size_t)len >= sizeof temp) return lp_compat_fail("%.60s...: the name is too long", filename);
        fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f) {
        save_failed(filename);
        if (fd >= 0) close(fd), unlink(temp);
        return -1;
    }
    int n = write_patches(s, f);
    if (n >= 0 && (fchmod(fd, old ? old->st_mode & 07777 : 0644) != 0 || fsync(fd) != 0)) n = -1;
    if (fclose(f) != 0 || n < 0 || rename(temp, filename) != 0) {
        n = save_failed(filename);
        unlink(temp);
    }
    return n;
}

int livepatch_save_to_file(LivePatchSystem *s, const char *filename)
{
    struct stat st;
    lp_compat_begin();
    if (!s || !filename) return lp_compat_fail("livepatch_save_to_file: no system or no file name was given");
    bool exists = stat(filename, &st) == 0;
    if (!exists || S_ISREG(st.st_mode)) return save_whole(s, filename, exists ? &st : NULL);
    FILE *f = fopen(filename, "w"); /* a device or a pipe */
    if (!f) return save_failed(filename);
    int n = write_patches(s, f);
    if (fclose(f) != 0) n = -1;
    return n < 0 ? save_failed(filename) : n;
}

/* ---- load ---- */

void lp_compat_complain(struct lp_compat_batch *b, const char *fmt, ...)
{
    char text[sizeof b->first];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (b->complaints++ == 0) memcpy(b->first, text, sizeof text);
    else lp_compat_trace("%s", text);
}

int lp_compat_batch_add(struct lp_compat_batch *b, uint64_t addr, uint32_t word, unsigned line, const char *text, size_t len)
{
    if (b->n == b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 64;
        struct lp_compat_line *p = realloc(b->line, cap * sizeof *p);
        if (!p) return 0;
        b->line = p;
        b->cap = cap;
    }
    char *copy = len ? strndup(text, len) : NULL;
    if (len && !copy) return 0;
    b->line[b->n++] = (struct lp_compat_line){addr, word, line, copy};
    return 1;
}

static void batch_free(struct lp_compat_batch *b)
{
    for (size_t i = 0; i < b->n; i++) free(b->line[i].text);
    free(b->line);
}

static void on_report(void *ctx, const struct lp_error *err)
{
    char text[1024];
    lp_error_format(err, text, sizeof text);
    lp_compat_complain(ctx, "%s", text);
}

static int on_line(void *ctx, const struct lp_patch_seed_line *l)
{
    if (lp_compat_batch_add(ctx, l->addr, l->word, l->line, l->text, strlen(l->text))) return 0;
    lp_compat_complain(ctx, "out of memory");
    return 1;
}

static int read_lines(const char *filename, struct lp_compat_batch *b)
{
    lp_patch *p;
    struct lp_error err;
    if (lp_patch_read(filename, LP_PATCH_LENIENT | LP_PATCH_RAW, on_report, b, &p, &err) != LP_OK) {
        char text[1024];
        lp_error_format(&err, text, sizeof text);
        return lp_compat_fail("%s", text);
    }
    bool seed = lp_patch_is_seed(p);
    if (seed) lp_patch_seed_lines(p, on_line, b);
    lp_patch_free(p);
    if (seed) return 0;
    return lp_compat_fail("%s: a version 1 patch is for an ELF program, not for flat memory: use lprun -P or lpapply", filename);
}

static char *slurp(const char *filename, size_t *len)
{
    FILE *f = fopen(filename, "re");
    char *text = NULL;
    size_t cap = 0, n = 0;
    while (f && !feof(f) && !ferror(f) && n <= MAX_JSON) {
        if (cap - n < 2) {
            char *p = realloc(text, cap = cap ? cap * 2 : 4096);
            if (!p) break;
            text = p;
        }
        n += fread(text + n, 1, cap - n - 1, f);
    }
    bool good = f && feof(f) && !ferror(f);
    if (!good) lp_compat_fail("%s: %s", filename, f && n > MAX_JSON ? "longer than 64 MiB" : strerror(errno ? errno : EIO));
    if (f) fclose(f);
    if (good) return text[n] = 0, *len = n, text;
    free(text);
    return NULL;
}

static int read_json(const char *filename, struct lp_compat_batch *b)
{
    size_t len;
    errno = 0;
    char *text = slurp(filename, &len);
    if (!text) return -1;
    int r = lp_compat_parse_json(filename, text, len, b);
    free(text);
    return r;
}

/* Check what was read, into a store; a line that fails does not stop the others. */
static int add_batch(LivePatchSystem *s, struct lp_store *to, const char *filename, struct lp_compat_batch *b)
{
    int n = 0;
    for (size_t i = 0; i < b->n; i++) {
        const struct lp_compat_line *l = &b->line[i];
        if (lp_compat_add_locked(s, to, l->addr, l->word, l->text) == 0) n++;
        else lp_compat_complain(b, "%s:%u: %s", filename, l->line, livepatch_last_error());
    }
    return n;
}

static int load_locked(LivePatchSystem *s, const char *filename, struct lp_compat_batch *b)
{
    const uint32_t before = s->store.newest;
    int n = add_batch(s, &s->store, filename, b);
    lp_compat_put_locked(s, before == LP_STORE_NONE ? s->store.oldest : s->store.patch[before].newer);
    return n;
}

static int reload_locked(LivePatchSystem *s, const char *filename, struct lp_compat_batch *b)
{
    struct lp_store next;
    if (!lp_store_init(&next)) return lp_compat_fail("%s: out of memory", filename);
    int n = add_batch(s, &next, filename, b);
    if (lp_compat_exchange_locked(s, &next)) n = -1;
    lp_store_free(&next);
    return n;
}

static int apply_batch(LivePatchSystem *s, const char *filename, struct lp_compat_batch *b, bool reload)
{
    lp_compat_lock();
    int n = (reload ? reload_locked : load_locked)(s, filename, b);
    lp_compat_unlock();
    if (n < 0) return n;
    lp_compat_begin();
    if (b->complaints > 1) lp_compat_fail("%s (and %u more)", b->first, b->complaints - 1);
    else if (b->complaints) lp_compat_fail("%s", b->first);
    lp_compat_trace("%s: %d patches applied", filename, n);
    return n;
}

static int load(LivePatchSystem *s, const char *filename, bool json, bool reload)
{
    lp_compat_begin();
    if (!s || !filename) return lp_compat_fail("no livepatch system or no file name was given");
    struct lp_compat_batch b = {0};
    int r = json ? read_json(filename, &b) : read_lines(filename, &b);
    if (r == 0) r = apply_batch(s, filename, &b, reload);
    batch_free(&b);
    return r;
}

int livepatch_load_from_file(LivePatchSystem *s, const char *filename) { return load(s, filename, false, false); }
int livepatch_load_from_json(LivePatchSystem *s, const char *filename) { return load(s, filename, true, false); }
int livepatch_reload_patches(LivePatchSystem *s, const char *filename, int is_json)
{
    return load(s, filename, is_json != 0, true);
}
