/* test_livepatch_run.c - the original API with code that runs, with threads, and with a million patches. */
#include <config.h>
#include "livepatch_rig.h"

/* ---- machines ---- */

/* A public machine's fields are what livepatch_init() takes; it runs what is patched, decoded ops included. */
static void test_machine_runs_patched_code(void **state)
{
    uint32_t code[] = {0x91000400 /* add x0, x0, #1 */, 0x17ffffff /* b . - 4 */};
    lp_machine m;
    struct lp_error err;
    uint64_t detail;
    assert_int_equal(lp_machine_init(&m, code, sizeof code, 0x10000, &err), LP_OK);
    LivePatchSystem *s = livepatch_init(m.memory, m.mem_size, m.base_addr);
    lp_machine_set(&m, 32, 0x10000);
    assert_int_equal(lp_machine_run(&m, 1000, &detail), LP_STOP_BUDGET);
    assert_int_equal(lp_machine_get(&m, 0), 500);
    assert_int_equal(livepatch_apply(s, 0x10000, 0x91004000 /* add x0, x0, #16 */, NULL), 0);
    lp_machine_run(&m, 1000, &detail);
    assert_int_equal(lp_machine_get(&m, 0), 500 + 500 * 16);
    assert_int_equal(livepatch_revert(s, 0x10000), 0);
    lp_machine_run(&m, 1000, &detail);
    assert_int_equal(lp_machine_get(&m, 0), 1000 + 500 * 16);
    assert_int_equal(livepatch_apply(s, 0x10004, 0xd4000541 /* svc #42 */, NULL), 0);
    assert_int_equal(lp_machine_run(&m, 1000, &detail), LP_STOP_SVC);
    assert_int_equal(detail, 42);
    livepatch_cleanup(s);
    lp_machine_fini(&m);
}

static void *run_until_svc(void *arg)
{
    uint64_t detail;
    while (lp_machine_run(arg, 1 << 20, &detail) == LP_STOP_BUDGET) {}
    return NULL;
}

/* The machine spins in another thread until a patch lets it out. */
static void test_patch_while_running(void **state)
{
    uint32_t code[] = {0x91000400, 0x17ffffff, 0xd4000001 /* svc #0 */};
    lp_machine m;
    struct lp_error err;
    pthread_t thread;
    assert_int_equal(lp_machine_init(&m, code, sizeof code, 0x10000, &err), LP_OK);
    LivePatchSystem *s = livepatch_init(m.memory, m.mem_size, m.base_addr);
    lp_machine_set(&m, 32, 0x10000);
    assert_int_equal(pthread_create(&thread, NULL, run_until_svc, &m), 0);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(livepatch_apply(s, 0x10000, i % 2 ? 0x91000800 : NOP, "turn"), 0);
        assert_int_equal(livepatch_revert(s, 0x10000), 0);
    }
    assert_int_equal(livepatch_create_nop(s, 0x10004, "out of the loop"), 0);
    pthread_join(thread, NULL);
    assert_int_equal(lp_machine_get(&m, 32), 0x1000c);
    livepatch_cleanup(s);
    lp_machine_fini(&m);
}

/* Two machines run code of which a file has both words, and read them as data: each time all of one file, never half, and never the code without. */
enum { RELOADS = 400 };
static const uint32_t reloaded[] = {0xf9400001 /* ldr x1, [x0] */, 0xd503201f, 0xd4000001 /* svc #0 */, 0xd503201f, 0xd2800002 /* mov x2, #0 */, 0xd2800003};
static uint32_t shared_code[1024];
static atomic_bool reloads_done;
static atomic_int without, mixed, runs;

static void *read_words(void *arg)
{
    lp_machine m;
    struct lp_error err;
    uint64_t detail;
    if (lp_machine_init(&m, shared_code, sizeof shared_code, 0x10000, &err) != LP_OK) {
        without++;
        runs += RELOADS;
        return NULL;
    }
    while (!atomic_load(&reloads_done)) {
        lp_machine_set(&m, 32, 0x10000);
        lp_machine_set(&m, 0, 0x10010);
        for (int i = 0; i < 4; i++) lp_machine_set(&m, 32, 0x10000), lp_machine_run(&m, 2, &detail);
        lp_machine_set(&m, 32, 0x10010);
        lp_machine_run(&m, 2, &detail);
        const uint64_t x1 = lp_machine_get(&m, 1), x2 = lp_machine_get(&m, 2), x3 = lp_machine_get(&m, 3);
        const uint32_t a = (uint32_t)x1 >> 5 & 0xffff, b = (uint32_t)(x1 >> 32) >> 5 & 0xffff;
        without += a == 0 || b == 0 || x2 == 0 || x3 == 0;
        mixed += a != b;
        runs++;
    }
    lp_machine_fini(&m);
    return NULL;
}

static void test_reload_is_one_step(void **state)
{
    static const char *const text[] = {"10010 D2800022 one\n10014 D2800023 one\n", "10014 D2800043 two\n10010 D2800042 two\n"};
    pthread_t t[2];
    memcpy(shared_code, reloaded, sizeof reloaded);
    LivePatchSystem *s = livepatch_init(shared_code, sizeof shared_code, 0x10000);
    write_file(text[0]);
    assert_int_equal(livepatch_load_from_file(s, file), 2);
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&t[i], NULL, read_words, NULL), 0);
    for (int i = 0; i < RELOADS || runs < RELOADS; i++) {
        if (i % 3 == 0) write_file(text[i / 3 % 2]); /* and the same file twice more */
        assert_int_equal(livepatch_reload_patches(s, file, 0), 2);
    }
    atomic_store(&reloads_done, true);
    for (int i = 0; i < 2; i++) pthread_join(t[i], NULL);
    assert_int_equal(without, 0);
    assert_int_equal(mixed, 0);
    livepatch_cleanup(s);
    assert_memory_equal(shared_code, reloaded, sizeof reloaded);
}

/* ---- threads ---- */

enum { THREADS = 8, ROUNDS = 400 };
static atomic_int wrong;

static void *worker(void *arg)
{
    uint64_t own = BASE + 0x1000 * (uint64_t)(uintptr_t)arg, shared = BASE + 0x80000;
    for (int i = 0; i < ROUNDS; i++) {
        for (uint64_t k = 0; k < 16; k++) wrong += livepatch_apply(lp, own + 4 * k, NOP, "mine") != 0;
        wrong += livepatch_apply(lp, own, NOP, "again") != -1;
        if (livepatch_apply(lp, shared, RET, "whoever comes first") == 0) wrong += livepatch_revert(lp, shared) != 0;
        for (uint64_t k = 0; k < 16; k++) wrong += livepatch_revert(lp, own + 4 * k) != 0;
        if (i % 50 == 0) livepatch_count(lp);
    }
    return NULL;
}

static atomic_bool workers_done;

static void *lister(void *arg)
{
    while (!atomic_load(&workers_done)) {
        livepatch_list(lp);
        livepatch_stats(lp);
        livepatch_save_to_file(lp, file);
    }
    return NULL;
}

static void churn(LivePatchSystem *s)
{
    pthread_t t[THREADS], l;
    atomic_store(&workers_done, false);
    pthread_create(&l, NULL, lister, NULL);
    for (int i = 0; i < THREADS; i++) pthread_create(&t[i], NULL, worker, (void *)(uintptr_t)i);
    for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
    atomic_store(&workers_done, true);
    pthread_join(l, NULL);
}

static void test_threads(void **state)
{
    printed(churn, lp);
    assert_int_equal(wrong, 0);
    assert_int_equal(livepatch_count(lp), 0);
    for (int i = 0; i < SIZE / 4; i++) assert_int_equal(memory[i], 0x91000400 + ((uint32_t)i & 31));
}

static void *save_to_pipe(void *arg)
{
    wrong += livepatch_save_to_file(lp, arg) != 5000;
    return NULL;
}

/* More than a pipe holds is saved to it; whoever is to read it uses systems meanwhile. */
static void test_save_to_a_pipe(void **state)
{
    uint32_t code[1] = {RET}, lines = 0;
    char pipe[300], line[100];
    pthread_t t;
    snprintf(pipe, sizeof pipe, "%s/pipe", dir);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    for (uint64_t i = 0; i < 5000; i++) assert_int_equal(livepatch_apply(lp, BASE + 4 * i, NOP, "what makes the line a long one"), 0);
    assert_int_equal(pthread_create(&t, NULL, save_to_pipe, pipe), 0);
    FILE *f = fopen(pipe, "r");
    assert_non_null(f);
    assert_true(fgetc(f) == '#'); /* it is at it */
    LivePatchSystem *other = livepatch_init(code, sizeof code, BASE);
    assert_int_equal(livepatch_create_nop(other, BASE, NULL), 0);
    assert_int_equal(livepatch_count(lp), 5000);
    livepatch_cleanup(other);
    while (fgets(line, sizeof line, f)) lines++;
    fclose(f);
    unlink(pipe);
    pthread_join(t, NULL);
    assert_int_equal(lines, 5001);
    assert_int_equal(wrong, 0);
}

/* ---- size ---- */

/* Slots, index entries and descriptions are used again: a long run of changes does not grow. */
static void test_reuse(void **state)
{
    char text[64];
    for (int i = 0; i < 300500; i++) {
        snprintf(text, sizeof text, "number %d", i);
        uint64_t a = BASE + 4 * ((uint64_t)i * 7919 % 1000);
        if (livepatch_apply(lp, a, NOP, text) != 0) assert_int_equal(livepatch_revert(lp, a), 0);
    }
    const char *list = printed(livepatch_list, lp);
    assert_non_null(strstr(list, "number "));
    int n = (int)livepatch_count(lp);
    assert_int_equal(livepatch_revert_all(lp), n);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Nanoseconds per patch, best of some rounds. `step`: 1 = in order, else scattered. */
static double cost(uint32_t *code, size_t words, size_t n, size_t step, int rounds)
{
    double best = 1e9;
    for (int r = 0; r < rounds; r++) {
        LivePatchSystem *s = livepatch_init(code, words * 4, BASE);
        double start = seconds();
        for (size_t i = 0; i < n; i++) {
            char text[32] = "patch ";
            for (size_t k = i, d = 12; d > 5; d--, k /= 10) text[d] = (char)('0' + k % 10);
            if (livepatch_apply(s, BASE + i * step % words * 4, NOP, text)) fail_msg("%s", livepatch_last_error());
        }
        double t = (seconds() - start) / (double)n * 1e9;
        if (t < best) best = t;
        assert_int_equal(livepatch_count(s), n);
        assert_int_equal(livepatch_revert_all(s), n);
        livepatch_cleanup(s);
    }
    return best;
}

static void test_million(void **state)
{
    const size_t words = 1 << 21, n = 1000000;
    uint32_t *code = calloc(words, 4);
    for (size_t i = 0; i < words; i++) code[i] = RET;
    double small = cost(code, words, 1000, 1, 50), large = cost(code, words, n, 1, 2);
    double scattered = cost(code, words, n, 1234577, 1);
    for (size_t i = 0; i < words; i++) assert_int_equal(code[i], RET);
    print_message("ns per patch: %.0f at 10^3, %.0f at 10^6, %.0f at 10^6 scattered\n", small, large, scattered);
    free(code);
}

static void test_million_in_a_file(void **state)
{
    const size_t words = 1 << 20;
    uint32_t *code = calloc(words, 4);
    LivePatchSystem *s = livepatch_init(code, words * 4, BASE);
    for (size_t i = 0; i < 1000000; i++) livepatch_apply(s, BASE + 4 * i, NOP, "one of many");
    assert_int_equal(livepatch_save_to_file(s, file), 1000000);
    assert_int_equal(livepatch_reload_patches(s, file, 0), 1000000);
    assert_int_equal(livepatch_count(s), 1000000);
    livepatch_cleanup(s);
    for (size_t i = 0; i < words; i++) assert_int_equal(code[i], 0);
    free(code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_machine_runs_patched_code), T(test_patch_while_running), T(test_reload_is_one_step), T(test_threads), T(test_save_to_a_pipe), T(test_reuse), T(test_million),
        T(test_million_in_a_file),
    };
    if (!mkdtemp(dir)) return 99;
    snprintf(file, sizeof file, "%s/patches.txt", dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
