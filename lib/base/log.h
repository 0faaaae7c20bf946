/* base/log.h - where an engine's remarks go: a callback of the embedder, never a stream of the library's own. */
#ifndef LP_BASE_LOG_H
#define LP_BASE_LOG_H
#include <arm64lp/error.h>

struct lp_log {
    void (*fn)(void *ctx, int level, const char *text); /* may be called from any thread */
    void *ctx;
    int level; /* 0 quiet, 1 warnings, 2 -v, 3 -vv */
};
void lp_log(const struct lp_log *log, int level, const char *fmt, ...) LP_PRINTF(3, 4);
#endif
