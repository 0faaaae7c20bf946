/* diff/diff.c - the steps of a comparison in their order, and what it found as rows. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/seen.h"
#include "base/error.h"
#include "elf/debug.h"
#include "elf/spec.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool lp_diff_wants(const lp_diff *d, const char *name)
{
    if (!d->opt.symbol || !d->opt.symbol[0]) return true;
    for (size_t i = 0; d->opt.symbol[i]; i++)
        if (name && fnmatch(d->opt.symbol[i], name, 0) == 0) return true;
    return false;
}

/* One file by itself. */
static void read_side(struct lp_side *s)
{
    lp_diff_load(s);
    lp_diff_atoms(s);
    lp_diff_stubs(s);
}

static void read_both(lp_diff *d)
{
    lp_for_both(d, read_side);
    lp_diff_owned(d);
    lp_diff_survey(d);
    lp_diff_refs(d);
    lp_for_both(d, lp_diff_pieces);
    lp_for_both(d, lp_find_runs);
}

static bool is_called(const struct lp_side *s, const char *pattern)
{
    for (size_t i = 0; i < s->natom; i++)
        if (s->atom[i].sym && fnmatch(pattern, s->atom[i].sym->name, 0) == 0) return true;
    return false;
}

/* A name that nobody has would leave everything out, and the files would seem to be the same. */
static void check_symbols(lp_diff *d)
{
    for (size_t i = 0; d->opt.symbol && d->opt.symbol[i]; i++)
        if (!is_called(OLD(d), d->opt.symbol[i]) && !is_called(NEW(d), d->opt.symbol[i]))
            lp_diff_refuse_name(d, OLD(d), d->opt.symbol[i], "no function is called so (--symbol)");
}

static bool failed(const lp_diff *d) { return d->nomem || d->side[0].nomem || d->side[1].nomem; }

enum { MOST_TWICE = 8, MOST_AGAIN = 5 }; /* each brings more new bodies */

static lp_status run(lp_diff *d, struct lp_error *err)
{
    lp_diff_unequal(d);
    lp_diff_check(d);
    if (d->refusals) return LP_OK;
    if (!d->nomem) read_both(d);
    if (failed(d)) return lp_fail(err, LP_E_NOMEM, "out of memory");
    check_symbols(d);
    if (d->refusals) return LP_OK;
    lp_diff_match(d);
    lp_diff_compare(d);
    lp_remark_unwinding(d);
    lp_diff_related(d);
    lp_diff_close(d);
    lp_diff_data(d);
    lp_diff_loader(d);
    lp_diff_terms(d);
    lp_diff_aligned(d);
    lp_diff_exports(d);
    lp_diff_bounds(d);
    if (failed(d)) return lp_fail(err, LP_E_NOMEM, "out of memory");
    lp_status s = lp_diff_emit(d, err);
    for (int tries = 0; s == LP_OK && d->patch && tries < MOST_TWICE && lp_diff_twice(d); tries++) {
        lp_diff_close(d);
        s = lp_diff_emit(d, err);
    }
    for (int tries = 0; s == LP_OK && d->patch; tries++) { /* words in their places may not do: then a body does, or one that is made in another way */
        bool again = false;
        s = lp_diff_verify(d, tries < MOST_AGAIN ? &again : NULL, err);
        if (!again) break;
        lp_diff_close(d);
        s = lp_diff_emit(d, err);
    }
    lp_remark_lines(d);
    if (s == LP_OK && d->patch) lp_remark_copies(d), lp_remark_labels(d), lp_remark_left(d), lp_remark_thrown(d), lp_remark_started(d);
    return s == LP_OK && failed(d) ? lp_fail(err, LP_E_NOMEM, "out of memory") : s;
}

static const lp_elf *with_names(const lp_elf *e)
{
    const lp_elf *names = lp_elf_has_symtab(e) ? NULL : lp_elf_debug(e);
    return names && lp_elf_has_symtab(names) ? names : e;
}

/* Those of debug files that are found by build-id, too, if both have symbols then. */
static void find_names(lp_diff *d)
{
    const lp_elf *given[2] = {d->opt.debug_old, d->opt.debug_new}, *found[2];
    for (int k = 0; k < 2; k++) found[k] = given[k] ? given[k] : with_names(d->side[k].elf);
    const bool both = lp_elf_has_symtab(found[0]) && lp_elf_has_symtab(found[1]);
    for (int k = 0; k < 2; k++) d->side[k].names = both || given[k] ? found[k] : d->side[k].elf;
}

lp_status lp_diff_make(const lp_elf *old_, const lp_elf *new_, const struct lp_diff_options *o, lp_report_fn report, void *ctx, lp_diff **out,
                       struct lp_error *err)
{
    lp_diff *d = calloc(1, sizeof *d);
    if (!d) return lp_fail(err, LP_E_NOMEM, "out of memory");
    if (o) d->opt = *o;
    d->report = report, d->ctx = ctx;
    d->remark_end = &d->remark;
    d->side[0].elf = old_, d->side[1].elf = new_;
    find_names(d);
    d->side[1].is_new = true;
    for (int k = 0; k < 2; k++)
        if (!(d->side[k].seen = lp_seen_new())) d->nomem = true;
    lp_status s = run(d, err);
    if (s == LP_OK && d->refusals) {
        lp_diff_patched(d);
        s = d->first.status;
        if (err) *err = d->first;
        lp_patch_free(d->patch);
        d->patch = NULL;
    }
    *out = d;
    if (s != LP_OK && s != LP_E_UNSUPPORTED) lp_diff_free(d), *out = NULL;
    return s;
}

void lp_diff_free(lp_diff *d)
{
    if (!d) return;
    lp_side_free(&d->side[0]), lp_side_free(&d->side[1]);
    lp_patch_free(d->patch);
    lp_buf_free(&d->items), lp_buf_free(&d->texts), free(d->aim);
    lp_usage_free(d->usage[0]), lp_usage_free(d->usage[1]);
    free(d->supposed), free(d->grown), free(d->head), free(d->slots);
    lp_constants_free(d);
    free(d->old_type_word);
    lp_bases_free(d);
    lp_pages_free(d);
    lp_rounds_free(d);
    free(d->closed);
    lp_quiet_free(d);
    lp_away_free(d);
    for (struct lp_remark *r = d->remark, *next; r; r = next) next = r->next, free(r);
    free(d);
}

const lp_patch *lp_diff_patch(const lp_diff *d) { return d->patch; }

/* ---- rows ---- */

static const char *const rules[] = {[LP_RULE_NONE] = NULL, [LP_RULE_MAP] = "--map", [LP_RULE_NAME] = "name", [LP_RULE_FILE] = "name and file",
                                    [LP_RULE_STEM] = "name without suffix", [LP_RULE_BODY] = "body", [LP_RULE_ORDER] = "order", [LP_RULE_CALL] = "calls",
                                    [LP_RULE_ENTRY] = "entry point", [LP_RULE_SLOT] = "slots of tables", [LP_RULE_USE] = "use"};
static const char *const reasons[] = {[LP_WHY_NONE] = NULL, [LP_WHY_CODE] = "code", [LP_WHY_REFS] = "references", [LP_WHY_SIZE] = "size",
                                      [LP_WHY_NUMBER] = "a number", [LP_WHY_OPAQUE] = "an address that is not resolved", [LP_WHY_TABLE] = "jump table",
                                      [LP_WHY_PART] = "its other part", [LP_WHY_LINE] = "line numbers only",
                                      [LP_WHY_LINE_ASSUMED] = "a number, taken for a line number", [LP_WHY_EXCEPTIONS] = "exception table"};

static void detail(const lp_diff *d, const struct lp_atom *a, const struct lp_atom *b, struct lp_diff_function *f)
{
    struct lp_buf x = {0};
    if (a->state == LP_DIFF_CHANGED && a->why == LP_WHY_REFS) {
        for (int k = 0; k < 2; k++) {
            const struct lp_side *s = &d->side[k];
            const struct lp_atom *p = k ? b : a;
            uint64_t at = p->start + a->differs, t;
            uint32_t m;
            lp_buf_puts(&x, k ? " -> " : "");
            unsigned n;
            const struct lp_ref_at *r = lp_refs_at(s, p, at, &n);
            if (n) lp_describe(s, &(struct lp_use){r->addr, r->base, LP_NONE, r->width, 0}, &x);
            else if (lp_word_target(lp_code_word(s, at), at, &t, &m)) lp_describe(s, &(struct lp_use){t, LP_NONE, LP_NONE, 0, 0}, &x);
        }
    }
    if (x.data) snprintf(f->detail, sizeof f->detail, "+0x%x: %.240s", a->differs, x.data);
    else if (a->state == LP_DIFF_CHANGED) snprintf(f->detail, sizeof f->detail, "+0x%x", a->differs);
    lp_buf_free(&x);
}

static int give(const lp_diff *d, const struct lp_atom *a, const struct lp_atom *b, int (*fn)(void *, const struct lp_diff_function *), void *ctx)
{
    const struct lp_atom *one = a ? a : b;
    struct lp_diff_function f = {.name = lp_atom_name(one), .state = (enum lp_diff_state)one->state, .included = one->included, .reason = reasons[one->why],
                                 .rule = rules[one->rule]};
    if (a) f.old_addr = a->start, f.old_size = a->end - a->start;
    if (b) f.new_addr = b->start, f.new_size = b->end - b->start;
    if (a && b && a->sym && b->sym && strcmp(a->sym->name, b->sym->name) != 0) f.new_name = b->sym->name;
    if (a && b) detail(d, a, b, &f);
    return fn(ctx, &f);
}

void lp_diff_functions(const lp_diff *d, int (*fn)(void *ctx, const struct lp_diff_function *f), void *ctx)
{
    for (size_t i = 0; i < OLD(d)->natom; i++) {
        const struct lp_atom *a = &OLD(d)->atom[i];
        if (lp_is_function(a) && give(d, a, a->pair == LP_NONE ? NULL : &NEW(d)->atom[a->pair], fn, ctx)) return;
    }
    for (size_t i = 0; i < NEW(d)->natom; i++) {
        const struct lp_atom *b = &NEW(d)->atom[i];
        if (lp_is_function(b) && b->pair == LP_NONE && give(d, NULL, b, fn, ctx)) return;
    }
}
