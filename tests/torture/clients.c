/* clients SOCKET CLIENTS COMMITS PATCH...: so many clients at once apply patches, each of which replaces the others, and take them out again, until there
 * were so many commits. Each call must succeed, but for a revert of what another client has taken out. */
#include <config.h>
#include <arm64lp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *socket_path;
static long wanted;
static size_t npatch;
static lp_patch **patch;
static const char **name;
static _Atomic long commits, failures, calls;
static _Atomic double slowest;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void failed(const char *what, const struct lp_error *e)
{
    if (failures++ < 10) fprintf(stderr, "%s: %s %s\n", what, e->where, e->text);
}

/* One call; true if something has changed. */
static bool once(lp_control *c, unsigned *seed)
{
    struct lp_error err;
    struct lp_live_result r = {0};
    size_t which = (size_t)rand_r(seed) % (npatch + 1);
    bool revert = rand_r(seed) % 3 == 0 || which == npatch;
    lp_status s = !revert ? lp_control_apply(c, (const lp_patch *const *)&patch[which], 1, NULL, &r, NULL, NULL, &err)
                          : lp_control_revert(c, &name[which], which < npatch, NULL, &r, NULL, NULL, &err);
    if (s != LP_OK && !(revert && s == LP_E_NOT_APPLIED)) failed(revert ? "revert" : "apply", &err);
    return s == LP_OK && r.applied + r.reverted != 0;
}

static void *client(void *arg)
{
    struct lp_error err;
    lp_control *c;
    unsigned seed = (unsigned)(size_t)arg + (unsigned)time(NULL);
    if (lp_control_open(socket_path, &c, &err) != LP_OK) return failed("connect", &err), NULL;
    while (commits < wanted && failures < 10) {
        double before = now_ms();
        if (once(c, &seed)) commits++;
        double took = now_ms() - before, most = slowest;
        calls++;
        while (took > most && !atomic_compare_exchange_weak(&slowest, &most, took)) {}
    }
    lp_control_close(c);
    return NULL;
}

static int say(void)
{
    struct lp_error err;
    lp_control *c;
    struct lp_live_stats v;
    if (lp_control_open(socket_path, &c, &err) != LP_OK || lp_control_stats(c, &v, &err) != LP_OK) return failed("stats", &err), 1;
    lp_control_close(c);
    printf("commits %ld of %ld calls failures %ld slowest %.0f ms stop median %.3f p99 %.3f max %.3f ms\n", (long)commits, (long)calls, (long)failures, slowest,
           (double)v.stop.median / 1e6, (double)v.stop.p99 / 1e6, (double)v.stop.max / 1e6);
    return 0;
}

int main(int argc, char **argv)
{
    struct lp_error err;
    pthread_t t[64];
    if (argc < 5) return 2;
    socket_path = argv[1];
    size_t n = strtoul(argv[2], NULL, 10);
    wanted = strtol(argv[3], NULL, 10);
    npatch = (size_t)argc - 4;
    patch = calloc(npatch, sizeof *patch), name = calloc(npatch + 1, sizeof *name);
    if (!patch || !name || n > 64) return 2;
    for (size_t i = 0; i < npatch; i++) {
        if (lp_patch_read(argv[i + 4], 0, NULL, NULL, &patch[i], &err) != LP_OK) return failed(argv[i + 4], &err), 1;
        name[i] = lp_patch_name(patch[i]);
    }
    for (size_t i = 0; i < n; i++)
        if (pthread_create(&t[i], NULL, client, (void *)i) != 0) return 2;
    for (size_t i = 0; i < n; i++) pthread_join(t[i], NULL);
    for (size_t i = 0; i < npatch; i++) lp_patch_free(patch[i]);
    free(patch), free(name);
    return say() || failures != 0;
}
