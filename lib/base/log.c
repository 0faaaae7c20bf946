/* base/log.c - remarks. */
#include <config.h>
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void lp_log(const struct lp_log *log, int level, const char *fmt, ...)
{
    if (!log || !log->fn || level > log->level) return;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    log->fn(log->ctx, level, text);
}
