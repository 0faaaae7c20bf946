/* control/creds.c - the credentials of the control thread: a thread of Linux has its own, and the program changes those of its threads only. */
#include <config.h>
#include "control/creds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { MOST_GROUPS = 1024, MOST_TEXT = 16384 };

struct creds {
    uid_t uid[3]; /* real, effective, saved */
    gid_t gid[3];
    gid_t groups[MOST_GROUPS];
    long n;
    int no_new_privs;
};

static void first_groups(const char *line, struct creds *c)
{
    char *end;
    for (const char *p = line; c->n < MOST_GROUPS; p = end) {
        unsigned long id = strtoul(p, &end, 10);
        if (end == p || memchr(p, '\n', (size_t)(end - p))) break;
        c->groups[c->n++] = (gid_t)id;
    }
}

/* The first thread's, from /proc/self/status; false if that says nothing. */
static bool look(int status, struct creds *c)
{
    char text[MOST_TEXT];
    ssize_t n = pread(status, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    const char *uid = strstr(text, "\nUid:"), *gid = strstr(text, "\nGid:"), *groups = strstr(text, "\nGroups:"), *privs = strstr(text, "\nNoNewPrivs:");
    c->n = c->no_new_privs = 0;
    if (!uid || sscanf(uid, "\nUid: %u %u %u", &c->uid[0], &c->uid[1], &c->uid[2]) != 3) return false;
    if (!gid || sscanf(gid, "\nGid: %u %u %u", &c->gid[0], &c->gid[1], &c->gid[2]) != 3) return false;
    if (groups) first_groups(groups + 8, c);
    if (privs) sscanf(privs, "\nNoNewPrivs: %d", &c->no_new_privs);
    return true;
}

static void look_here(struct creds *c)
{
    getresuid(&c->uid[0], &c->uid[1], &c->uid[2]);
    getresgid(&c->gid[0], &c->gid[1], &c->gid[2]);
    c->n = getgroups(MOST_GROUPS, c->groups);
    c->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

/* Raw calls: the C library's would change all threads. The user comes last: without its rights the others cannot be changed. */
void lp_control_follow(int status)
{
    struct creds first, here;
    if (!look(status, &first)) return;
    look_here(&here);
    if (first.n != here.n || memcmp(first.groups, here.groups, (size_t)first.n * sizeof first.groups[0]))
        (void)!syscall(SYS_setgroups, first.n, first.groups);
    if (memcmp(first.gid, here.gid, sizeof here.gid)) (void)!syscall(SYS_setresgid, first.gid[0], first.gid[1], first.gid[2]);
    if (memcmp(first.uid, here.uid, sizeof here.uid)) (void)!syscall(SYS_setresuid, first.uid[0], first.uid[1], first.uid[2]);
    if (first.no_new_privs && !here.no_new_privs) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
