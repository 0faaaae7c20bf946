/* control/session.h - one connection: bytes in, requests to the engine, bytes out. Knows nothing of sockets. */
#ifndef LP_CONTROL_SESSION_H
#define LP_CONTROL_SESSION_H
#include "base/buf.h"
#include "control/server.h"

struct lp_session {
    const struct lp_control_config *config;
    size_t *budget;      /* bytes that all sessions together may still hold */
    size_t held;         /* this session's share */
    struct lp_buf in, out;
    size_t used;         /* bytes of `in` consumed */
    bool greeted;
    bool closing;        /* close when `out` is sent */
    struct lp_request *request; /* one whose items are still coming, or NULL */
    bool ready;          /* all of them are there: lp_session_work() */
    int64_t pid;         /* of the other side */
    unsigned uid;
    _Atomic bool gone;   /* the other side has hung up while its request was being done */
    size_t text_left;    /* bytes of the patch text that is coming; valid if in_text */
    bool in_text;
    char *text_name;
};

/* Puts the greeting into s->out. */
void lp_session_open(struct lp_session *s, const struct lp_control_config *config, size_t *budget);
void lp_session_close(struct lp_session *s);
/* Take bytes in. */
void lp_session_feed(struct lp_session *s, const char *p, size_t n);
/* Work on what is there until something is to be sent, more is needed or a request is ready. */
void lp_session_run(struct lp_session *s);
/* Do the request that is ready; may take as long as its deadline. Nothing else is done to the session meanwhile. Any thread. */
void lp_session_work(struct lp_session *s);
/* In the middle of a message? */
bool lp_session_half(const struct lp_session *s);
#endif
