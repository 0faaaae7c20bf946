/* pty.c - runs a command on a terminal of its own and plays a script (standard input) to it; what the terminal shows goes to standard output.
 *
 *     send TEXT         \r \n \e \xHH are understood            expect TEXT     wait (20 s) until it is shown, behind the last one expected
 *     size ROWS COLS    the window changes                      quiet           wait until nothing has come for 0.3 s and all that run there
 *                                                               wait too, with nothing left to read: a busy machine takes its time (20 s)
 *     stopped [KEYS]    press them until a job is (20 s)        end             wait for the command: its status, whether the modes are as at the start,
 *     modes             echo and canonical mode, as they are                    and whether a process is left in its session
 * Exit status 1: the script could not be played to its end. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

static int master, slave;
static pid_t child;
static char seen[1 << 20];
static size_t n_seen, expected_to;

/* Take what there is within ms; false: nothing came. */
static int take(int ms)
{
    struct pollfd p = {master, POLLIN, 0};
    if (poll(&p, 1, ms) <= 0) return 0;
    ssize_t n = read(master, seen + n_seen, sizeof seen - 1 - n_seen);
    if (n <= 0) return 0;
    n_seen += (size_t)n;
    return 1;
}

static void give_up(const char *what, const char *text)
{
    fwrite(seen, 1, n_seen, stdout);
    printf("\n[%s: %s]\n", what, text);
    fflush(stdout);
    kill(-child, SIGKILL);
    kill(child, SIGKILL);
    exit(1);
}

static size_t unescape(char *s)
{
    char *o = s;
    for (const char *p = s; *p; p++) {
        if (*p != '\\' || !p[1]) {
            *o++ = *p;
            continue;
        }
        p++;
        if (*p == 'x') {
            *o++ = (char)strtol((char[]){p[1], p[2], 0}, NULL, 16);
            p += 2;
        } else {
            *o++ = *p == 'r' ? '\r' : *p == 'n' ? '\n' : *p == 'e' ? 27 : *p;
        }
    }
    *o = 0;
    return (size_t)(o - s);
}

static void expect(const char *text)
{
    for (int i = 0;; i++) {
        char *at = memmem(seen + expected_to, n_seen - expected_to, text, strlen(text));
        if (at) {
            expected_to = (size_t)(at - seen) + strlen(text);
            return;
        }
        if (i > 200) give_up("not shown", text);
        take(100);
    }
}

/* The letter of a process's state (its first thread's): a Z is one that nobody has waited for yet; its new parent may be slow, or a container's first process
 * that never does. */
static char state(const char *pid)
{
    char path[300], text[512] = "", *p;
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f) return 'Z';
    fgets(text, sizeof text, f);
    fclose(f);
    p = strrchr(text, ')');
    return p && p[1] == ' ' ? p[2] : '?';
}
static int is_left(const char *pid) { return state(pid) != 'Z'; }
static int is_busy(const char *pid) { return !strchr("STtZ", state(pid)); }
static int is_stopped(const char *pid) { return state(pid) == 'T'; }

/* How many in the session are so. */
static int in_session(pid_t sid, int (*is)(const char *pid))
{
    int n = 0;
    DIR *d = opendir("/proc");
    for (struct dirent *e; d && (e = readdir(d));)
        if (atoi(e->d_name) > 0 && getsid(atoi(e->d_name)) == sid && is(e->d_name)) n++;
    if (d) closedir(d);
    return n;
}

/* What comes in before a program has made its terminal raw would be shown twice, or thrown away (TCSAFLUSH). */
static void quiet(void)
{
    for (int i = 0; i < 60; i++) {
        int unread = 0;
        while (take(300)) i++;
        if (!in_session(child, is_busy) && (ioctl(slave, FIONREAD, &unread) || !unread)) return;
    }
}

static void stopped(const char *keys, size_t n)
{
    for (int i = 0; !in_session(child, is_stopped); i++) {
        if (i > 200) give_up("nothing has stopped", "");
        if (i % 3 == 0 && write(master, keys, n) != (ssize_t)n) give_up("cannot send", keys);
        take(100);
    }
}

static void end(const struct termios *before)
{
    struct termios now;
    int status;
    for (int i = 0; waitpid(child, &status, WNOHANG) == 0; i++) {
        if (i > 200) give_up("does not end", "");
        take(100);
    }
    while (take(200)) {}
    tcgetattr(slave, &now);
    int left = in_session(child, is_left);
    fwrite(seen, 1, n_seen, stdout);
    printf("\n[%s %d, modes %s, %s]\n", WIFEXITED(status) ? "exit" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
           memcmp(before, &now, sizeof now) ? "changed" : "as before", left ? "processes left" : "nothing left");
    exit(0);
}

int main(int argc, char **argv)
{
    struct winsize size = {24, 80, 0, 0};
    struct termios before, now;
    char line[4096];
    if (argc < 2 || openpty(&master, &slave, NULL, NULL, &size)) return 1;
    tcgetattr(slave, &before);
    child = fork();
    if (child == 0) {
        close(master);
        login_tty(slave);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        char *arg = strchr(line, ' ') ? strchr(line, ' ') + 1 : line + strlen(line);
        if (!strncmp(line, "send ", 5)) {
            size_t n = unescape(arg);
            if (write(master, arg, n) != (ssize_t)n) give_up("cannot send", arg);
        } else if (!strncmp(line, "expect ", 7)) {
            unescape(arg);
            expect(arg);
        } else if (!strncmp(line, "size ", 5)) {
            sscanf(arg, "%hu %hu", &size.ws_row, &size.ws_col);
            ioctl(master, TIOCSWINSZ, &size);
        } else if (!strcmp(line, "quiet")) {
            quiet();
        } else if (!strncmp(line, "stopped", 7)) {
            size_t n = unescape(arg);
            stopped(arg, n);
        } else if (!strcmp(line, "modes")) {
            tcgetattr(slave, &now);
            n_seen += (size_t)sprintf(seen + n_seen, "[echo %d canonical %d]", !!(now.c_lflag & ECHO), !!(now.c_lflag & ICANON));
        } else if (!strcmp(line, "end")) {
            end(&before);
        } else if (*line && *line != '#') {
            give_up("what is this", line);
        }
    }
    give_up("the script has no end", "");
}
