/* make/library.c - of what the target does not import yet: which of its libraries has it, and in which version, as a linker would take it. */
#include <config.h>
#include "base/buf.h"
#include "base/text.h"
#include "elf/dynamic.h"
#include "elf/spec.h"
#include "make/maker.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lp_maker_library { const char *name; lp_elf *elf; }; /* elf NULL = not found */

static bool is_it(const lp_elf *e, const char *name)
{
    const struct lp_elf_info *info = lp_elf_info(e);
    return info->type == ET_DYN && (!info->soname || strcmp(info->soname, name) == 0);
}

static lp_elf *open_at(lp_maker *m, const char *root, const char *dir, const char *name)
{
    char path[4096];
    lp_elf *e = NULL;
    const int n = snprintf(path, sizeof path, "%s%s%s/%s", root, *root && *dir ? "/" : "", dir, name);
    if (n < 0 || (size_t)n >= sizeof path || lp_elf_open(path, &e, NULL) != LP_OK) return NULL;
    if (!is_it(e, name)) return lp_elf_close(e), NULL;
    lp_maker_read(m, path);
    return e;
}

/* A folder of DT_RUNPATH: $ORIGIN is the target's. */
static lp_elf *open_in(lp_maker *m, const char *root, const char *dir, size_t len, const char *name)
{
    static const char *const origins[] = {"$ORIGIN", "${ORIGIN}"};
    char path[4096];
    for (int i = 0; i < 2; i++) {
        const size_t n = strlen(origins[i]);
        if (len < n || memcmp(dir, origins[i], n) != 0) continue;
        const char *target = lp_elf_info(m->elf)->name, *base = lp_base_name(target);
        snprintf(path, sizeof path, "%.*s%.*s", base > target ? (int)(base - target) : 2, base > target ? target : "./", (int)(len - n), dir + n);
        return open_at(m, "", path, name);
    }
    snprintf(path, sizeof path, "%.*s", (int)len, dir);
    return open_at(m, root, path, name);
}

static lp_elf *find_in(lp_maker *m, const char *root, const char *name)
{
    static const char *const dirs[] = {"lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib64", "usr/lib64", "lib", "usr/lib",
                                       "lib/aarch64-linux-musl", "usr/lib/aarch64-linux-musl"};
    const struct lp_dynamic *d = lp_elf_dynamic_part(m->elf);
    lp_elf *e = NULL;
    for (const char *p = d->runpath ? d->runpath : d->rpath; p && *p && !e; p += strspn(p, ":")) {
        const size_t len = strcspn(p, ":");
        e = open_in(m, root, p, len, name);
        p += len;
    }
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs && !e; i++) e = open_at(m, root, dirs[i], name);
    return e;
}

/* In the sysroot; without one, where Debian's cross compilers have their libraries, and on this machine. */
static lp_elf *find_library(lp_maker *m, const char *name)
{
    static const char *const roots[] = {"/usr/aarch64-linux-gnu", "/usr/aarch64-linux-gnu/sys-root", "/"};
    lp_elf *e = NULL;
    if (strchr(name, '/')) return NULL;
    if (m->sysroot) return find_in(m, m->sysroot, name);
    for (size_t i = 0; i < sizeof roots / sizeof *roots && !e; i++) e = find_in(m, roots[i], name);
    return e;
}

static const lp_elf *library(lp_maker *m, const char *name)
{
    for (size_t i = 0; i < m->nlibrary; i++)
        if (strcmp(m->library[i].name, name) == 0) return m->library[i].elf;
    struct lp_maker_library *v = lp_grow(m->library, &m->library_cap, m->nlibrary, sizeof *v);
    if (!v) return NULL;
    m->library = v;
    v[m->nlibrary] = (struct lp_maker_library){name, find_library(m, name)};
    return v[m->nlibrary++].elf;
}

static const struct lp_dynsym *find_import(lp_maker *m, const char *name, const char **of, bool *all)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(m->elf);
    *all = true;
    for (size_t i = 0; i < d->nneeded && *all; i++) {
        const lp_elf *e = library(m, *of = d->needed[i]);
        const struct lp_dynsym *s = e ? lp_dynsym_defined(lp_elf_dynamic_part(e), name, NULL) : NULL;
        if (s) return s;
        *all = e != NULL; /* else it may be in this one */
    }
    return NULL;
}

bool lp_maker_import_tls(lp_maker *m, const char *name, bool *tls)
{
    const char *of;
    bool all;
    const struct lp_dynsym *s = find_import(m, name, &of, &all);
    if (s) *tls = s->type == STT_TLS;
    return s != NULL;
}

const char *lp_maker_import_old(lp_maker *m, const char *name, const char **of)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(m->elf);
    for (size_t i = 0; i < d->nneeded; i++) {
        const lp_elf *e = library(m, *of = d->needed[i]);
        const struct lp_dynamic *l = e ? lp_elf_dynamic_part(e) : NULL;
        for (size_t k = 0; l && k < l->nsym; k++)
            if (l->sym[k].shndx != SHN_UNDEF && l->sym[k].hidden && l->sym[k].version && strcmp(l->sym[k].name, name) == 0) return l->sym[k].version;
    }
    return NULL;
}

enum lp_import lp_maker_import(lp_maker *m, const char *name, struct lp_buf *spec)
{
    const char *of;
    bool all;
    const struct lp_dynsym *s = find_import(m, name, &of, &all);
    if (!s) return all ? LP_IMPORT_NOBODY : LP_IMPORT_UNKNOWN;
    spec->len = 0;
    lp_spec_print(spec, name, s->version ? s->version : "*", 0, s->version ? of : NULL);
    return LP_IMPORT_FOUND;
}

void lp_maker_close_libraries(lp_maker *m)
{
    for (size_t i = 0; i < m->nlibrary; i++) lp_elf_close(m->library[i].elf);
    free(m->library);
}
