/* latency SOCKET ROUNDS NAME PATCH: apply and revert a patch; how long the program stood still, by its own clock, and how long the whole took, by
 * ours: median and 99th percentile, in microseconds. */
#include <config.h>
#include <arm64lp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
    printf(" %9.1f %9.1f", v[(n - 1) / 2], v[(n - 1) * 99 / 100]);
}

static int failed(const char *what, const struct lp_error *e)
{
    fprintf(stderr, "latency: %s: %s\n", what, e->text);
    return 1;
}

int main(int argc, char **argv)
{
    struct lp_error err;
    lp_control *c;
    lp_patch *p;
    if (argc != 5) return 2;
    if (lp_patch_read(argv[4], 0, NULL, NULL, &p, &err) != LP_OK) return failed(argv[4], &err);
    if (lp_control_open(argv[1], &c, &err) != LP_OK) return failed(argv[1], &err);
    size_t rounds = (size_t)strtoul(argv[2], NULL, 10), n = 2 * rounds;
    double *stop = calloc(n + 1, sizeof *stop), *total = calloc(n + 1, sizeof *total);
    const char *name = lp_patch_name(p);
    if (!stop || !total || !rounds) return 2;
    for (size_t i = 0; i < n; i++) {
        struct lp_live_result r;
        double before = now_us();
        lp_status s = i % 2 ? lp_control_revert(c, &name, 1, NULL, &r, NULL, NULL, &err)
                            : lp_control_apply(c, (const lp_patch *const *)&p, 1, NULL, &r, NULL, NULL, &err);
        total[i] = now_us() - before;
        if (s != LP_OK) return failed(i % 2 ? "revert" : "apply", &err);
        stop[i] = (double)r.stopped_ns / 1e3;
    }
    printf("%-32s", argv[3]);
    print(stop, n), print(total, n);
    printf("\n");
    free(stop), free(total);
    lp_patch_free(p);
    lp_control_close(c);
    return 0;
}
