/* control/creds.h - the credentials of the control thread. */
#ifndef LP_CONTROL_CREDS_H
#define LP_CONTROL_CREDS_H
#include <stdbool.h>

/* The calling thread takes over user, groups and no_new_privs of the process's first thread, as far as it may. `status`: /proc/self/status, opened. */
void lp_control_follow(int status);
#endif
