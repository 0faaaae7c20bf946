/* hammer SOCKET COUNT PATCH...: apply and revert all patches COUNT times over one connection; the first failure ends it.
 * Says the sum of the hits that it saw before the reverts. HAMMER_PAUSE: so many milliseconds between two calls. */
#include <config.h>
#include <arm64lp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int failed(const char *what, long i, const struct lp_error *e)
{
    fprintf(stderr, "%s %ld: %s\n", what, i, e->text);
    return 1;
}

static void rest(void)
{
    const char *ms = getenv("HAMMER_PAUSE");
    struct timespec t = {0, (ms ? atol(ms) : 0) * 1000000};
    if (t.tv_nsec) nanosleep(&t, NULL);
}

static int add_hits(void *sum, const struct lp_live_row *row)
{
    *(unsigned long long *)sum += row->hits;
    return 0;
}

int main(int argc, char **argv)
{
    struct lp_error err;
    lp_control *c;
    if (argc < 4) return 2;
    size_t n = (size_t)argc - 3;
    lp_patch **p = calloc(n, sizeof *p);
    const char **name = calloc(n, sizeof *name);
    if (!p || !name) return 2;
    for (size_t i = 0; i < n; i++) {
        if (lp_patch_read(argv[i + 3], 0, NULL, NULL, &p[i], &err) != LP_OK) return failed(argv[i + 3], 0, &err);
        name[i] = lp_patch_name(p[i]);
    }
    if (lp_control_open(argv[1], &c, &err) != LP_OK) return failed("connect", 0, &err);
    long count = strtol(argv[2], NULL, 10);
    unsigned long long hits = 0;
    for (long i = 1; i <= count; i++) {
        struct lp_live_result r;
        if (lp_control_apply(c, (const lp_patch *const *)p, n, NULL, &r, NULL, NULL, &err) != LP_OK) return failed("apply", i, &err);
        if (r.applied != n) return fprintf(stderr, "apply %ld: %zu applied\n", i, r.applied), 1;
        rest();
        if (lp_control_list(c, add_hits, &hits, &err) != LP_OK) return failed("list", i, &err);
        if (lp_control_revert(c, name, n, NULL, &r, NULL, NULL, &err) != LP_OK) return failed("revert", i, &err);
        if (r.reverted != n) return fprintf(stderr, "revert %ld: %zu reverted\n", i, r.reverted), 1;
        rest();
    }
    lp_control_close(c);
    for (size_t i = 0; i < n; i++) lp_patch_free(p[i]);
    free(p), free(name);
    printf("%ld rounds %llu hits\n", count, hits);
    return 0;
}
