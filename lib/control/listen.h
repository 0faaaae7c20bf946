/* control/listen.h - names of sockets in a folder. */
#ifndef LP_CONTROL_LISTEN_H
#define LP_CONTROL_LISTEN_H
#include <arm64lp/error.h>
#include <stdbool.h>

/* Bind `fd` and listen; `path` appears, with mode 0600, once it listens. A socket there that nobody listens at is replaced, anything else is
 * kept: LP_E_IO. */
lp_status lp_control_listen(int fd, const char *path, struct lp_error *err);
/* The folder of a path, opened, and the last part of its name; -1 and errno. */
int lp_control_open_dir(const char *path, const char **name);
/* Keep other lpruns from giving and removing names in this folder until it is closed; for a while, then go on without. */
void lp_control_lock_dir(int dir);
/* Is it a socket, or a link to one, that nobody listens at: left over from a process that was killed? */
bool lp_control_stale(int dir, const char *name);
#endif
