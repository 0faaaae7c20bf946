/* compare - time commands side by side: in turn, several rounds, CPU time of the whole process (-w: the time that passes); medians and ratios.
 *
 *     compare [-w] [-h TITLE-A TITLE-B] ROUNDS NAME 'COMMAND A' 'COMMAND B' [NAME 'COMMAND A' 'COMMAND B']...
 * prints, for each pair, median milliseconds of A and B and B/A ("A is so many times as fast as B"). Commands go through sh -c 'exec ...'. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ROUNDS = 101 };

static int wall;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double run(const char *command)
{
    double start = now();
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0), dup2(null, 1), dup2(null, 2);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    int status;
    struct rusage u;
    if (pid < 0 || wait4(pid, &status, 0, &u) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "compare: failed: %s\n", command);
        exit(1);
    }
    if (wall) return now() - start;
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

int main(int argc, char **argv)
{
    const char *title[2] = {"lprun ms", "qemu ms"};
    if (argc > 1 && argv[1][0] == '-' && argv[1][1] == 'w') wall = 1, argc--, argv++;
    if (argc > 4 && argv[1][0] == '-') {
        title[0] = argv[2], title[1] = argv[3];
        argc -= 3, argv += 3;
    }
    int rounds = argc > 1 ? atoi(argv[1]) : 0;
    if (rounds < 1 || rounds > MAX_ROUNDS || argc < 5 || (argc - 2) % 3) {
        fprintf(stderr, "usage: compare [-w] [-h TITLE-A TITLE-B] ROUNDS NAME 'COMMAND A' 'COMMAND B' ...\n");
        return 2;
    }
    printf("%-12s %12s %12s %8s\n", "benchmark", title[0], title[1], "ratio");
    for (int i = 2; i < argc; i += 3) {
        double a[MAX_ROUNDS], b[MAX_ROUNDS], r[MAX_ROUNDS];
        run(argv[i + 1]), run(argv[i + 2]);
        for (int k = 0; k < rounds; k++) a[k] = run(argv[i + 1]), b[k] = run(argv[i + 2]), r[k] = b[k] / a[k];
        printf("%-12s %12.1f %12.1f %7.2fx\n", argv[i], median(a, rounds), median(b, rounds), median(r, rounds));
        fflush(stdout);
    }
    return 0;
}
