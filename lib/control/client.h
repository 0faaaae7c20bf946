/* control/client.h - between the connection (client.c) and its requests (request.c). */
#ifndef LP_CONTROL_CLIENT_H
#define LP_CONTROL_CLIENT_H
#include <arm64lp/patch.h>
#include "control/protocol.h"

struct lp_control {
    int fd;
    int64_t pid;             /* who is meant; 0 = whoever listens */
    char peer[128];          /* socket path or "process N" */
    char in[LP_CONTROL_LINE + 1];
    size_t have, used;       /* bytes of `in`: received, consumed */
    char *status;            /* the last answer to `status`: strings of lp_control_info */
};

enum { LP_CONTROL_LIST_MS = 30000, LP_CONTROL_ANSWER_MS = 600000, LP_CONTROL_GRACE_MS = 60000 };

/* Say whom the error is about; returns its status. */
lp_status lp_control_fail(const struct lp_control *c, struct lp_error *err);
lp_status lp_control_send(struct lp_control *c, const char *p, size_t n, struct lp_error *err);
/* The next line, without LF, valid until the next call. */
lp_status lp_control_read_line(struct lp_control *c, int64_t deadline, char **line, struct lp_error *err);
#endif
