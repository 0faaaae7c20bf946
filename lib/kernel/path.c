/* kernel/path.c - path arguments: copied, and /proc/self made the guest's. */
#include <config.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/kernel.h"
#include "kernel/proc.h"

int lp_user_path(struct lp_thread *t, int slot, uint64_t addr, const char **out)
{
    int64_t n = lp_mem_read_str(t->k->mem, t->path[slot], addr, sizeof t->path[slot]);
    if (n < 0)
        return (int)n;
    *out = t->path[slot];
    const char *name = lp_proc_self(*out);
    if (name && !strcmp(name, "exe") && t->k->exe)
        *out = t->k->exe;
    if (name && !strncmp(name, "fd/", 3) && isdigit((unsigned char)name[3]) && lp_fd_hidden(t->k, atoi(name + 3)))
        return -ENOENT;
    return 0;
}
