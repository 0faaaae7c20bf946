/* control/protocol.c - fields of the line protocol. */
#include <config.h>
#include "base/hash.h"
#include "control/protocol.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool lp_control_greets(const char *line)
{
    const size_t n = sizeof LP_CONTROL_GREETING - 1;
    return strncmp(line, LP_CONTROL_GREETING, n) == 0 && (!line[n] || line[n] == ' ');
}

void lp_control_put_string(struct lp_buf *b, const char *s)
{
    lp_buf_puts(b, " ");
    if (!s || !*s) lp_buf_puts(b, "-");
    else if (strcmp(s, "-") == 0) lp_buf_puts(b, "%2D");
    else
        for (; *s; s++) {
            unsigned char c = (unsigned char)*s;
            if (c > 0x20 && c < 0x7f && c != '%') lp_buf_add(b, s, 1);
            else lp_buf_printf(b, "%%%02X", c);
        }
}

void lp_control_put_number(struct lp_buf *b, uint64_t v) { lp_buf_printf(b, " %" PRIu64, v); }

int lp_control_split(char *line, char *field[LP_CONTROL_FIELDS])
{
    int n = 0;
    for (char *next = line; next; n++) {
        if (n == LP_CONTROL_FIELDS) return -1;
        field[n] = next;
        next = strchr(next, ' ');
        if (next) *next++ = 0;
    }
    return n;
}

bool lp_control_number(const char *field, uint64_t max, uint64_t *v)
{
    uint64_t sum = 0;
    if (!*field) return false;
    for (const char *p = field; *p; p++) {
        unsigned d = (unsigned)(*p - '0');
        if (d > 9 || sum > (UINT64_MAX - d) / 10) return false;
        sum = sum * 10 + d;
    }
    *v = sum;
    return sum <= max;
}

bool lp_control_string(char *field)
{
    if (!*field) return false;
    if (strcmp(field, "-") == 0) return *field = 0, true;
    char *to = field;
    for (const char *p = field; *p; p++) {
        if (*p != '%') {
            *to++ = *p;
            continue;
        }
        int hi = lp_hex_digit(p[1]), lo = hi < 0 ? -1 : lp_hex_digit(p[2]);
        if (lo < 0 || hi * 16 + lo == 0) return false;
        *to++ = (char)(hi * 16 + lo);
        p += 2;
    }
    *to = 0;
    return true;
}

void lp_control_put_error(struct lp_buf *b, const char *keyword, const struct lp_error *err)
{
    lp_buf_puts(b, keyword);
    lp_control_put_string(b, lp_status_name(err->status));
    lp_control_put_number(b, (uint64_t)(err->sys > 0 ? err->sys : 0));
    lp_control_put_number(b, err->line);
    lp_control_put_number(b, err->col);
    lp_control_put_string(b, err->where);
    lp_control_put_string(b, err->text);
    lp_control_put_string(b, err->hint);
    lp_buf_puts(b, "\n");
}

/* By name: numbers of statuses are not part of the protocol. One that we do not know comes from a newer program. */
lp_status lp_control_status(const char *name)
{
    if (strcmp(name, "OK") == 0) return LP_OK;
    for (int s = 1; s < LP_E_COUNT; s++)
        if (strcmp(lp_status_name((lp_status)s), name) == 0) return (lp_status)s;
    return LP_E_PROTOCOL;
}

bool lp_control_get_error(char *const field[7], struct lp_error *err)
{
    uint64_t sys, line, col;
    memset(err, 0, sizeof *err);
    if (!lp_control_number(field[1], 65535, &sys) || !lp_control_number(field[2], UINT32_MAX, &line) ||
        !lp_control_number(field[3], UINT32_MAX, &col))
        return false;
    if (!lp_control_string(field[4]) || !lp_control_string(field[5]) || !lp_control_string(field[6])) return false;
    err->status = lp_control_status(field[0]);
    err->sys = (int)sys;
    err->line = (unsigned)line;
    err->col = (unsigned)col;
    snprintf(err->where, sizeof err->where, "%s", field[4]);
    snprintf(err->text, sizeof err->text, "%s", field[5]);
    snprintf(err->hint, sizeof err->hint, "%s", field[6]);
    return true;
}
