/* make/assemble.c - asm "..." and asm { ... }: the assembler of an installed binutils makes the words;
 * symbols become relocations. */
#include <config.h>
#include "a64/a64.h"
#include "base/bits.h"
#include "base/error.h"
#include "base/file.h"
#include "elf/object.h"
#include "elf/spec.h"
#include "make/maker.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { TEXT_MAX = 1 << 20, MESSAGES_MAX = 1 << 16 };
struct assembly { struct lp_maker *m; struct lp_edit *e; const char *arg; char dir[256], source[280], object[280], messages[280]; };

/* ---- the assembler ---- */

/* LPMAKE_AS, the cross assembler, or on AArch64 the host's own. */
static const char *const names[] = {"aarch64-linux-gnu-as",
#ifdef __aarch64__
    "as",
#endif
};

/* Its exit status; -1: it cannot be run, errno says why. */
static int run(const struct assembly *a, const char *as)
{
    posix_spawn_file_actions_t fa;
    char *argv[] = {(char *)as, (char *)"-march=all", (char *)"-o", (char *)a->object, (char *)a->source, NULL};
    pid_t pid;
    int status, e = posix_spawn_file_actions_init(&fa);
    if (e) return errno = e, -1;
    e = posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
    if (!e) e = posix_spawn_file_actions_addopen(&fa, 1, a->messages, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!e) e = posix_spawn_file_actions_adddup2(&fa, 1, 2);
    if (!e) e = posix_spawnp(&pid, as, &fa, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&fa);
    if (e) return errno = e, -1;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static lp_status no_assembler(const struct assembly *a, const char *as, int sys, struct lp_error *err)
{
    lp_edit_fail(err, a->e, a->arg, LP_E_SYSTEM, "asm needs an assembler for AArch64, and `%.100s` cannot be run: %s", as, strerror(sys));
    if (err) lp_hint(err, "install binutils-aarch64-linux-gnu, name one in LPMAKE_AS, or write the instruction as `word 0x...`");
    return LP_E_SYSTEM;
}

static lp_status run_any(const struct assembly *a, int *status, struct lp_error *err)
{
    const char *own = getenv("LPMAKE_AS");
    if (own && *own) return (*status = run(a, own)) >= 0 ? LP_OK : no_assembler(a, own, errno, err);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((*status = run(a, names[i])) >= 0 && *status != 127) return LP_OK;
    return no_assembler(a, names[0], *status < 0 ? errno : ENOENT, err);
}

/* "FILE:3: Error: text": the first one's line and text, and how many more. */
static lp_status complain(const struct assembly *a, struct lp_error *err)
{
    char *text = NULL, first[300] = "";
    size_t len, n = 0;
    unsigned line = 0;
    if (lp_file_read(a->messages, MESSAGES_MAX, &text, &len, NULL) != LP_OK) text = NULL;
    for (char *p = text, *next; p && *p; p = next) {
        next = p + strcspn(p, "\n");
        if (*next) *next++ = 0;
        char *what = strstr(p, "Error: ");
        size_t dir = strlen(a->source);
        if (!what || n++) continue;
        if (strncmp(p, a->source, dir) == 0 && p[dir] == ':') line = (unsigned)strtoul(p + dir + 1, NULL, 10);
        snprintf(first, sizeof first, "%s", what + 7);
    }
    free(text);
    char more[40] = "";
    if (n > 1) snprintf(more, sizeof more, " (and %zu more)", n - 1);
    lp_status s = lp_edit_fail(err, a->e, a->arg, LP_E_SYNTAX, "asm: %s%s", first[0] ? first : "the assembler has failed", more);
    if (a->e->body && line && err) lp_at(err, a->e->from.file, a->e->body_line + line - 1, 1);
    return s;
}

static lp_status assemble(struct assembly *a, const char *text, size_t len, lp_elf **out, struct lp_error *err)
{
    int status;
    lp_status s = lp_file_write(a->source, text, len, 0600, err);
    if (s == LP_OK) s = run_any(a, &status, err);
    if (s == LP_OK && status) s = complain(a, err);
    if (s == LP_OK) s = lp_elf_open(a->object, out, err);
    return s;
}

/* ---- its words ---- */

static lp_status target_of(struct assembly *a, const struct lp_objfile *o, uint32_t text, const struct lp_objrel *r, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_objsym *sym = &o->sym[r->sym];
    int64_t addend = r->addend;
    if (!r->sym || sym->section == LP_OBJ_ABS) {
        lp_buf_printf(out, "0x%llx", (unsigned long long)(sym->value + (uint64_t)addend));
        return LP_OK;
    }
    if (sym->section == text) {
        lp_edit_place(a->m, a->e->addr + sym->value + (uint64_t)addend, out);
        return LP_OK;
    }
    if (sym->section != SHN_UNDEF) return lp_edit_fail(err, a->e, a->arg, LP_E_UNSUPPORTED, "asm: `%s` is in a section of its own", sym->name);
    bool weak = sym->bind == STB_WEAK;
    lp_status s = lp_edit_symbol(a->m, a->e, a->arg, sym->name, &weak, out, err);
    if (addend) lp_buf_printf(out, "%c0x%llx", addend < 0 ? '-' : '+', (unsigned long long)(addend < 0 ? 0 - (uint64_t)addend : (uint64_t)addend));
    if (weak) lp_buf_puts(out, " weak");
    return s;
}

/* The assembler takes a number for a distance, so `b 0x400000` leads nowhere near. `.+8` may leave the change, but not the function. */
static lp_status leads_inside(const struct assembly *a, uint32_t word, uint64_t at, struct lp_error *err)
{
    uint64_t to;
    const struct lp_elf_symbol *in = a->e->sym;
    if (!lp_a64_target(word, a->e->addr + at, &to) || (in && to >= in->value && to < in->value + in->size) || (!in && to - a->e->addr < 4096)) return LP_OK;
    return lp_edit_fail(err, a->e, a->arg, LP_E_RANGE,
                        "asm: the assembler takes the number in a branch or an address for a distance, and "
                        "it leads out of the function: "
                        "write a symbol, or SYMBOL+0x...");
}

static lp_status add_word(struct assembly *a, const struct lp_objfile *o, uint32_t text, uint64_t at, struct lp_error *err)
{
    const struct lp_objsec *sec = &o->sec[text];
    size_t i = lp_objfile_rel(sec, at);
    const struct lp_reloc *row = NULL;
    struct lp_buf target = {0};
    lp_status s = LP_OK;
    for (; i < sec->nrel && sec->rel[i].at == at && s == LP_OK && !row; i++) {
        const struct lp_reloc *r = lp_reloc_numbered(sec->rel[i].type);
        if (r && (r->op == LP_REL_NONE || r->op == LP_REL_MARK)) continue;
        if (!(row = r)) s = lp_edit_fail(err, a->e, a->arg, LP_E_UNSUPPORTED, "asm: relocation %u is unknown", sec->rel[i].type);
        else s = target_of(a, o, text, &sec->rel[i], &target, err);
    }
    if (s == LP_OK && !row) s = leads_inside(a, lp_le32(sec->bytes + at), at, err);
    char *kept = row && s == LP_OK && target.data ? lp_maker_keep(a->m, target.data, target.len) : NULL;
    if (s == LP_OK &&
        ((row && !kept) || !lp_edit_add(a->e, lp_le32(sec->bytes + at), row ? row->name : NULL, kept)))
        s = lp_fail(err, LP_E_NOMEM, "out of memory");
    lp_buf_free(&target);
    return s;
}

static lp_status take_words(struct assembly *a, const struct lp_objfile *o, struct lp_error *err)
{
    uint32_t text = 0;
    lp_status s = LP_OK;
    for (uint32_t i = 0; i < o->nsec; i++) {
        const struct lp_elf_section *h = o->sec[i].head;
        if (!(h->flags & SHF_ALLOC) || !h->size) continue;
        if (!(h->flags & SHF_EXECINSTR) || text || !o->sec[i].bytes)
            return lp_edit_fail(err, a->e, a->arg, LP_E_UNSUPPORTED, "asm: instructions alone can be replaced, and there is something in `%s`", h->name);
        text = i;
    }
    if (!text) return lp_edit_fail(err, a->e, a->arg, LP_E_SYNTAX, "asm: there are no instructions in it");
    if (o->sec[text].split || o->sec[text].head->size & 3)
        return lp_edit_fail(err, a->e, a->arg, LP_E_UNSUPPORTED, "asm: there is data in it, a literal perhaps (ldr x0, =...), for which a site has no place");
    for (uint64_t at = 0; at < o->sec[text].head->size && s == LP_OK; at += 4) s = add_word(a, o, text, at, err);
    return s;
}

static lp_status make_dir(struct assembly *a, struct lp_error *err)
{
    const char *tmp = getenv("TMPDIR");
    int n = snprintf(a->dir, sizeof a->dir, "%s/lpmake.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (n < 0 || n >= (int)sizeof a->dir || !mkdtemp(a->dir))
        return lp_fail_sys(err, LP_E_IO, errno, "cannot make a folder for the assembler in %.100s",
                           tmp ? tmp : "/tmp");
    snprintf(a->source, sizeof a->source, "%s/asm.s", a->dir);
    snprintf(a->object, sizeof a->object, "%s/asm.o", a->dir);
    snprintf(a->messages, sizeof a->messages, "%s/messages", a->dir);
    return LP_OK;
}

static lp_status with_text(struct assembly *a, const char *text, size_t len, struct lp_error *err)
{
    lp_elf *elf = NULL;
    struct lp_objfile *o = NULL;
    lp_status s = make_dir(a, err);
    if (s != LP_OK) return s;
    s = assemble(a, text, len, &elf, err);
    if (s == LP_OK) s = lp_objfile_open(elf, &o, err);
    if (s == LP_OK) s = take_words(a, o, err);
    lp_objfile_free(o);
    lp_elf_close(elf);
    unlink(a->source), unlink(a->object), unlink(a->messages), rmdir(a->dir);
    return s;
}

lp_status lp_edit_asm(struct lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err)
{
    struct assembly a = {.m = m, .e = e, .arg = arg};
    struct lp_buf b = {0};
    if (e->body) lp_buf_puts(&b, e->body);
    else if (lp_unquote(arg, strlen(arg), &b) != strlen(arg)) {
        lp_buf_free(&b);
        return lp_edit_fail(err, e, arg, LP_E_SYNTAX, "`asm` takes one string: asm \"mov w0, #1; ret\"");
    }
    lp_buf_puts(&b, "\n");
    lp_status s = b.failed || b.len > TEXT_MAX ? lp_fail(err, LP_E_NOMEM, "out of memory") : with_text(&a, b.data, b.len, err);
    lp_buf_free(&b);
    return s;
}
