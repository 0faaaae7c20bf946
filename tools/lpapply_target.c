/* tools/lpapply_target.c - which running programs are meant, and working on all of them at once: one that hangs keeps no other waiting. */
#include <config.h>
#include "cli.h"
#include "lpapply.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { THREADS = 1000, STACK = 256 << 10, ROUNDS = 16, TIMEOUT_MS = 60000, SOCKET_MS = 3000, LOOK_MS = 10 };

static struct {
    struct target **v;
    size_t n, cap, next;          /* next: the first that no thread has taken */
    struct stat *exe;
    size_t nexe;
    bool all;
    void (*work)(struct target *t);
    pthread_mutex_t lock;         /* of targets while threads run */
    pthread_cond_t changed;
} targets = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- who is meant ---- */

static struct target *add(void)
{
    struct target *t = must(calloc(1, sizeof *t));
    if (targets.n == targets.cap) targets.v = must(realloc(targets.v, (targets.cap = targets.cap * 2 + 8) * sizeof *targets.v));
    return targets.v[targets.n++] = t;
}

void target_add_pid(int64_t pid)
{
    for (size_t i = 0; i < targets.n; i++)
        if (!targets.v[i]->socket && targets.v[i]->pid == pid) return;
    struct target *t = add();
    t->pid = pid;
    snprintf(t->name, sizeof t->name, "process %" PRId64, pid);
}

void target_add_socket(const char *path)
{
    struct target *t = add();
    t->socket = path;
    snprintf(t->name, sizeof t->name, "%s", path);
}

void target_add_all(void) { targets.all = true; }

void target_add_exe(const char *path)
{
    targets.exe = must(realloc(targets.exe, (targets.nexe + 1) * sizeof *targets.exe));
    if (stat(path, &targets.exe[targets.nexe++]) == 0) return;
    cli_error("--exe: %s: %s", path, strerror(errno));
    cli_exit(cli_exit_status(LP_E_NOT_FOUND));
}

bool targets_none(void) { return !targets.n && !targets.all && !targets.nexe; }
bool targets_one(void) { return targets.n == 1 && !targets.all && !targets.nexe; }
struct target *target_at(size_t i) { return i < targets.n ? targets.v[i] : NULL; }

static int found(void *ctx, int64_t pid)
{
    size_t before = targets.n;
    (void)ctx;
    target_add_pid(pid);
    if (targets.n == before) return 0;
    struct target *t = targets.v[before];
    t->found = true;
    t->by_exe = !targets.all;
    return 0;
}

/* Those that have come; false if there are none. */
static bool look_around(void)
{
    size_t before = targets.n;
    if (targets.all || targets.nexe) lp_control_each(found, NULL);
    return targets.n > before;
}

/* ---- one of them ---- */

static bool runs_exe(const struct target *t)
{
    for (size_t i = 0; i < targets.nexe; i++)
        if (targets.exe[i].st_dev == t->info.dev && targets.exe[i].st_ino == t->info.ino) return true;
    return false;
}

/* Can somebody still make it? Not where its folder is missing. */
static bool may_come(const char *socket)
{
    const char *slash = strrchr(socket, '/');
    char *folder = slash ? strdup(socket) : NULL;
    struct stat st;
    if (folder) folder[slash - socket + 1] = 0;
    bool may = stat(folder ? folder : ".", &st) == 0 && S_ISDIR(st.st_mode);
    free(folder);
    return may;
}

/* `lprun -c s.sock ./server & lpapply -c s.sock`: it is waited for, also where one is left that nobody listens at. */
static lp_status open_socket(struct target *t)
{
    const uint32_t ms = opt.timeout_ms ? opt.timeout_ms / 2 : SOCKET_MS;
    lp_status s;
    for (uint32_t waited = 0;; waited += LOOK_MS) {
        s = lp_control_open(t->socket, &t->control, &t->err);
        if ((s != LP_E_NOT_FOUND && s != LP_E_GONE) || waited >= ms || !may_come(t->socket)) return s;
        nanosleep(&(struct timespec){0, LOOK_MS * 1000000L}, NULL);
    }
}

static void reach(struct target *t)
{
    t->status = t->socket ? open_socket(t) : lp_control_open_pid(t->pid, &t->control, &t->err);
    if (t->status == LP_OK) t->status = lp_control_info(t->control, &t->info, &t->err);
    if (t->status != LP_OK) return;
    t->pid = t->info.pid;
    snprintf(t->exe, sizeof t->exe, "%s", t->info.exe);
    if (!t->socket && t->exe[0]) snprintf(t->name, sizeof t->name, "process %" PRId64 " (%.250s)", t->pid, t->exe);
    t->skipped = t->by_exe && !runs_exe(t);
}

static const char *state_of(const struct target *t)
{
    switch (t->status) {
    case LP_OK: break;
    case LP_E_GONE: return "gone";
    case LP_E_NOT_FOUND: return t->found && !t->control ? "gone" : "failed";
    default:
        return lp_status_class(t->status) == LP_CLASS_refused ? "refused" : lp_status_class(t->status) == LP_CLASS_busy ? "busy" : "failed";
    }
    return t->result.applied ? "applied" : t->result.already ? "already applied" : t->result.reverted ? "reverted" : "nothing to do";
}

static void *run_thread(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&targets.lock);
    while (targets.next < targets.n) {
        struct target *t = targets.v[targets.next++];
        t->busy = true;
        pthread_mutex_unlock(&targets.lock);
        reach(t);
        if (t->status == LP_OK && !t->skipped && targets.work) targets.work(t);
        pthread_mutex_lock(&targets.lock);
        if (!t->state) t->state = state_of(t); /* else it was given up */
        t->done = true;
        pthread_cond_broadcast(&targets.changed);
    }
    pthread_mutex_unlock(&targets.lock);
    return NULL;
}

/* ---- all of them ---- */

static uint32_t limit_ms(void)
{
    if (opt.timeout_ms) return opt.timeout_ms;
    const uint32_t deadline = opt.live.deadline_ms ? opt.live.deadline_ms : opt.patience_ms;
    return deadline < UINT32_MAX - TIMEOUT_MS ? deadline + TIMEOUT_MS : UINT32_MAX;
}

void target_may_take(uint64_t deadline_ms)
{
    pthread_mutex_lock(&targets.lock);
    if (deadline_ms > opt.patience_ms) {
        opt.patience_ms = deadline_ms < UINT32_MAX ? (uint32_t)deadline_ms : UINT32_MAX;
        if (!opt.timeout_ms && !opt.live.deadline_ms) cli_note(2, "waiting at most %" PRIu32 " ms, as an applied patch says", limit_ms());
        pthread_cond_broadcast(&targets.changed);
    }
    pthread_mutex_unlock(&targets.lock);
}

/* What it was asked may still be done, and its thread may still be waiting: nobody touches the target again. */
static struct target *give_up(struct target *t)
{
    struct target *copy = must(malloc(sizeof *copy));
    *copy = (struct target){.socket = t->socket, .pid = t->pid, .found = t->found, .done = true, .state = "silent", .status = LP_E_SYSTEM};
    memcpy(copy->name, t->name, sizeof copy->name);
    copy->err = (struct lp_error){.status = LP_E_SYSTEM};
    snprintf(copy->err.text, sizeof copy->err.text, "no answer in %" PRIu32 " ms; what was asked may still be done later", limit_ms());
    t->state = "silent";
    return copy;
}

/* Tell of those that are done; true when all are. */
static bool tell_done(bool *told, size_t from, size_t to, void (*tell)(struct target *t), bool expired)
{
    bool all = true;
    for (size_t i = from; i < to; i++) {
        if (!targets.v[i]->done && expired) targets.v[i] = give_up(targets.v[i]);
        all = all && targets.v[i]->done;
        if (!targets.v[i]->done || told[i - from]) continue;
        told[i - from] = true;
        if (tell && !targets.v[i]->skipped) tell(targets.v[i]);
    }
    return all;
}

static struct timespec limit_from_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += limit_ms() / 1000;
    t.tv_nsec += limit_ms() % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L) t.tv_sec++, t.tv_nsec -= 1000000000L;
    return t;
}

/* A descriptor for each program, too. */
static void raise_limit(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= l.rlim_max) return;
    l.rlim_cur = l.rlim_max < 4 * THREADS ? l.rlim_max : 4 * THREADS;
    setrlimit(RLIMIT_NOFILE, &l);
}

/* One for each program, since any may hang. */
static void start_threads(size_t n)
{
    pthread_t thread;
    pthread_attr_t a;
    pthread_attr_init(&a);
    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&a, STACK);
    if (n > THREADS / 4) raise_limit();
    for (size_t i = 0; i < n && i < THREADS; i++) {
        int e = pthread_create(&thread, &a, run_thread, NULL);
        if (e && i == 0) cli_error("cannot start a thread: %s", strerror(e)), cli_exit(cli_exit_status(LP_E_SYSTEM));
    }
    pthread_attr_destroy(&a);
}

/* With the lock held. The limit is how long nothing happens. */
static void run_from(size_t from, void (*tell)(struct target *t))
{
    size_t to = targets.n;
    bool *told = must(calloc(to - from + 1, sizeof *told)), expired = false;
    start_threads(to - from);
    struct timespec end = limit_from_now();
    while (!tell_done(told, from, to, tell, expired)) {
        expired = pthread_cond_timedwait(&targets.changed, &targets.lock, &end) == ETIMEDOUT;
        if (!expired) end = limit_from_now();
    }
    targets.next = to; /* of those that were given up, none is begun later */
    free(told);
}

void targets_run(void (*work)(struct target *t), bool again, void (*tell)(struct target *t))
{
    pthread_condattr_t a;
    pthread_condattr_init(&a);
    pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
    pthread_cond_init(&targets.changed, &a);
    pthread_condattr_destroy(&a);
    targets.work = work;
    cli_note(2, "waiting at most %" PRIu32 " ms for each program", limit_ms());
    look_around();
    size_t from = 0;
    pthread_mutex_lock(&targets.lock);
    /* A program that was forked before its parent was changed is not changed: look again until nobody is new. */
    for (int round = 0; round < ROUNDS && from < targets.n; round++) {
        size_t to = targets.n;
        run_from(from, tell);
        from = to;
        if (again) look_around();
    }
    pthread_mutex_unlock(&targets.lock);
}
