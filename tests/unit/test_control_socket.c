/* test_control_socket.c - the control server's socket: where it is, who finds it, what happens to it. */
#include <config.h>
#include "control_rig.h"
#include <dirent.h>
#include <sys/wait.h>
#include "control/listen.h"

/* ---- the socket ---- */

static void test_descriptors_are_high(void **state)
{
    int probe = open("/dev/null", O_RDONLY);
    assert_true(probe >= 0 && probe < 500);
    int n = 0;
    for (int fd = 500; fd < 520; fd++) n += fcntl(fd, F_GETFD) >= 0;
    assert_int_equal(n, 4); /* listener, both ends of the wake pipe, and what says whose credentials to follow */
    lp_control *c = client();
    assert_int_equal(lp_control_list(c, NULL, NULL, NULL), LP_OK);
    n = 0;
    for (int fd = 500; fd < 520; fd++) n += fcntl(fd, F_GETFD) >= 0;
    assert_int_equal(n, 5);
    lp_control_close(c);
    close(probe);
}

static void test_mode_and_second_server(void **state)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    lp_control_server *first = server;
    struct lp_error err;
    assert_int_equal(start(path, 0, &err), LP_E_IO); /* in use: not taken away */
    assert_string_equal(err.where, path);
    server = first;
    lp_control *c = client();
    lp_control_close(c);
}

static void test_stale_file_is_replaced(void **state)
{
    lp_control_server_stop(server);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strcpy(a.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    close(fd); /* as after SIGKILL */
    struct lp_error err;
    lp_control *c;
    assert_int_equal(lp_control_open(path, &c, &err), LP_E_GONE);
    assert_int_equal(start(path, 0, &err), LP_OK);
}

static void test_other_file_is_kept(void **state)
{
    lp_control_server_stop(server);
    server = NULL;
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    struct lp_error err;
    assert_int_equal(start(path, 0, &err), LP_E_IO);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(start("/nonexistent/x.sock", 0, &err), LP_E_IO);
    char longpath[300];
    memset(longpath, 'a', 299);
    longpath[299] = 0;
    assert_int_equal(start(longpath, 0, &err), LP_E_INVALID);
}

static void test_client_errors(void **state)
{
    lp_control *c;
    struct lp_error err;
    assert_int_equal(lp_control_open("/nonexistent/x.sock", &c, &err), LP_E_NOT_FOUND);
    assert_true(err.hint[0]);
    assert_int_equal(lp_control_open_pid(0, &c, &err), LP_E_NOT_FOUND);
    assert_int_equal(lp_control_open_pid(1 << 30, &c, &err), LP_E_NOT_FOUND);
    c = client();
    lp_control_server_stop(server);
    server = NULL;
    assert_int_equal(lp_control_list(c, NULL, NULL, &err), LP_E_GONE);
    lp_control_close(c);
}

/* The program at the other end is something else, or newer. */
static void test_client_wrong_server(void **state)
{
    static const char *const greetings[] = {"arm64lp 2\n", "220 mail ready\n", ""};
    lp_control_server_stop(server);
    server = NULL;
    for (size_t i = 0; i < 3; i++) {
        int l = socket(AF_UNIX, SOCK_STREAM, 0);
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        strcpy(a.sun_path, path);
        assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof a), 0);
        listen(l, 1);
        pid_t pid = fork();
        if (pid == 0) {
            int fd = accept(l, NULL, NULL);
            send(fd, greetings[i], strlen(greetings[i]), MSG_NOSIGNAL);
            _exit(0);
        }
        lp_control *c;
        struct lp_error err;
        assert_int_equal(lp_control_open(path, &c, &err), i < 2 ? LP_E_PROTOCOL : LP_E_GONE);
        waitpid(pid, NULL, 0);
        close(l);
        unlink(path);
    }
}

static void test_default_path_and_pid(void **state)
{
    lp_control_server_stop(server);
    server = NULL;
    struct lp_error err;
    assert_int_equal(start(NULL, 0, &err), LP_OK);
    char want[128];
    snprintf(want, sizeof want, "%s/arm64lp/%d.sock", dir, (int)getpid());
    assert_string_equal(lp_control_server_path(server), want);
    struct stat st;
    snprintf(want, sizeof want, "%s/arm64lp", dir);
    assert_int_equal(stat(want, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    lp_control *c;
    assert_int_equal(lp_control_open_pid(getpid(), &c, &err), LP_OK);
    assert_int_equal(lp_control_list(c, NULL, NULL, NULL), LP_OK);
    lp_control_close(c);
    lp_control_server_stop(server);
    server = NULL;
    assert_int_equal(lp_control_open_pid(getpid(), &c, &err), LP_E_NOT_FOUND);
    assert_int_equal(rmdir(want), 0);
}

static void test_hostile_directory(void **state)
{
    char buf[256];
    struct lp_error err;
    lp_control_server_stop(server);
    server = NULL;
    assert_int_equal(rmdir(sub), 0);
    assert_int_equal(symlink("/tmp", sub), 0);
    assert_int_equal(lp_control_dir(buf, sizeof buf, true, &err), LP_E_DENIED);
    unlink(sub);
    close(open(sub, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(lp_control_dir(buf, sizeof buf, true, &err), LP_E_DENIED);
    unlink(sub);
    assert_int_equal(lp_control_dir(buf, sizeof buf, false, &err), LP_E_NOT_FOUND);
    assert_int_equal(mkdir(sub, 0777) | chmod(sub, 0777), 0);
    assert_int_equal(lp_control_dir(buf, sizeof buf, false, &err), LP_OK); /* ours: closed to others */
    struct stat st;
    assert_int_equal(stat(sub, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    rmdir(sub);
    if (geteuid() != 0) return;
    assert_int_equal(mkdir(sub, 0700) | chown(sub, 1234, 1234), 0);
    assert_int_equal(lp_control_dir(buf, sizeof buf, true, &err), LP_E_DENIED); /* another's */
    assert_non_null(strstr(err.text, "user 1234"));
    rmdir(sub);
    /* A runtime directory that sudo or su left in the environment is not used. */
    assert_int_equal(chown(dir, 1234, 1234), 0);
    (void)lp_control_dir(buf, sizeof buf, false, &err);
    assert_string_equal(buf, "/tmp/arm64lp-0");
    assert_int_equal(chown(dir, 0, 0), 0);
}

/* The process number finds a socket that is elsewhere. */
static void test_found_by_number(void **state)
{
    lp_control *c;
    struct lp_error err;
    struct lp_control_info info;
    char name[128];
    assert_int_equal(lp_control_open_pid(getpid(), &c, &err), LP_OK);
    assert_int_equal(lp_control_info(c, &info, &err), LP_OK);
    assert_int_equal(info.pid, getpid());
    lp_control_close(c);
    /* One with another's number, as of another container, is not taken for it. */
    snprintf(name, sizeof name, "%s/%d.sock", sub, (int)getppid());
    assert_int_equal(symlink(path, name), 0);
    assert_int_equal(lp_control_open_pid(getppid(), &c, &err), LP_E_NOT_FOUND);
    unlink(name);
}

struct seen_pids { int n; bool self, stale; int64_t dead; };
static int note_pid(void *ctx, int64_t pid)
{
    struct seen_pids *s = ctx;
    s->n++;
    s->self |= pid == getpid();
    s->stale |= pid == s->dead;
    return 0;
}

/* What a killed process left is removed, what is not ours to name is left alone. */
static void test_each(void **state)
{
    struct seen_pids s = {0};
    char name[128], other[128];
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    waitpid(pid, NULL, 0);
    s.dead = pid;
    snprintf(name, sizeof name, "%s/%d.sock", sub, (int)pid);
    snprintf(other, sizeof other, "%s/notes.sock", sub);
    assert_int_equal(symlink("/nonexistent/x", name), 0);
    close(open(other, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(lp_control_each(note_pid, &s), 0);
    assert_true(s.self && !s.stale);
    assert_int_equal(access(other, F_OK), 0);
    struct stat st;
    assert_int_equal(lstat(name, &st), -1);
    unlink(other);
}

/* Many at the same path, where a stale file is: exactly one gets it, and nothing else is left behind. */
static void test_race_for_a_stale_file(void **state)
{
    enum { N = 8 };
    lp_control_server_stop(server);
    server = NULL;
    for (int round = 0; round < 20; round++) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0), go[2], end[2], status, winners = 0;
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        strcpy(a.sun_path, path);
        assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
        close(fd);
        assert_int_equal(pipe(go) | pipe(end), 0);
        pid_t pid[N];
        for (int i = 0; i < N; i++) {
            if ((pid[i] = fork()) != 0) continue;
            char c;
            close(go[1]), close(end[1]);
            if (read(go[0], &c, 1) != 0) _exit(9);
            int l = socket(AF_UNIX, SOCK_STREAM, 0);
            bool won = lp_control_listen(l, path, NULL) == LP_OK;
            if (won && read(end[0], &c, 1) != 0) _exit(9);
            _exit(won);
        }
        close(go[1]);
        for (int left = N; left > 1; left--) {
            assert_true(wait(&status) > 0);
            winners += WEXITSTATUS(status);
        }
        assert_int_equal(winners, 0); /* the last one still listens */
        int c = raw_connect();
        close(c);
        close(end[1]);
        assert_true(wait(&status) > 0);
        assert_int_equal(WEXITSTATUS(status), 1);
        close(go[0]), close(end[0]);
        unlink(path);
    }
    int left = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d)) != NULL;) left += e->d_name[0] == '.' && strlen(e->d_name) > 2;
    closedir(d);
    assert_int_equal(left, 0);
}

/* Not under ThreadSanitizer: it cannot start a thread in the child of a process with threads. */
#ifndef __SANITIZE_THREAD__
/* The child drops what it inherited and serves its own socket; the parent's goes on. */
static void test_fork(void **state)
{
    int idle = raw_connect(), ready[2], done[2];
    say(idle, "arm64lp 1\n");
    hear(idle, "\n");
    assert_int_equal(pipe(ready) | pipe(done), 0);
    lp_control_server_before_fork(server);
    pid_t pid = fork();
    if (pid == 0) {
        char c = lp_control_server_after_fork(server, getpid(), NULL) == LP_OK;
        if (write(ready[1], &c, 1) != 1 || read(done[0], &c, 1) != 1) _exit(2);
        lp_control_server_stop(server);
        _exit(access(path, F_OK) == 0 ? 0 : 1);
    }
    lp_control_server_after_fork_parent(server);
    close(ready[1]);
    close(done[0]);
    char c = 0;
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(c, 1);
    lp_control *own = client(), *childs;
    struct lp_error err;
    assert_int_equal(lp_control_open_pid(pid, &childs, &err), LP_OK);
    assert_int_equal(lp_control_list(own, NULL, NULL, NULL), LP_OK);
    assert_int_equal(lp_control_list(childs, NULL, NULL, NULL), LP_OK);
    assert_int_equal(seen().calls, 0);
    lp_control_close(own);
    lp_control_close(childs);
    int status;
    assert_int_equal(write(done[1], "x", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(ready[0]);
    close(done[1]);
    close(idle);
    lp_control_server_stop(server);
    server = NULL;
    assert_int_equal(rmdir(sub), 0); /* the child's socket file is gone */
}
#endif

/* But not those of faults: the engine reads the program's memory. */
static void test_signals_are_blocked(void **state)
{
    lp_control_close(client()); /* it runs */
    FILE *f = popen("grep -h SigBlk /proc/$PPID/task/*/status | sort -u", "r");
    char line[128];
    bool blocked = false;
    while (fgets(line, sizeof line, f)) blocked |= strstr(line, "fffffffffffbfabf") != NULL;
    pclose(f);
    assert_true(blocked); /* all but SIGKILL and SIGSTOP, SIGSEGV and SIGBUS */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_descriptors_are_high), T(test_mode_and_second_server), T(test_stale_file_is_replaced), T(test_other_file_is_kept),
        T(test_client_errors), T(test_client_wrong_server), T(test_default_path_and_pid), T(test_hostile_directory), T(test_found_by_number), T(test_each),
        T(test_race_for_a_stale_file), T(test_signals_are_blocked),
#ifndef __SANITIZE_THREAD__
        T(test_fork),
#endif
    };
    if (!make_dir()) return 99;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
