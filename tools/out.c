/* tools/out.c - text, TSV and JSON lines; files that appear whole or not at all. */
#include <config.h>
#include "out.h"
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    FILE *f;
    char *name;          /* as the user wrote it; NULL = standard output */
    char *target, *temp; /* a regular file: where to, under which name until then */
    bool exists;
    struct stat old;
    int error;           /* errno of the first write that failed: a stream keeps that one did, and not why */
} out;

/* ---- the file ---- */

/* Read by the signal handler only while a temporary exists. */
static char *volatile doomed;

static void on_signal(int sig)
{
    char *path = doomed;
    if (path) unlink(path);
    signal(sig, SIG_DFL);
    raise(sig);
}

static void catch_signals(void)
{
    static const int sigs[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};
    for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++) {
        struct sigaction sa;
        if (sigaction(sigs[i], NULL, &sa) == 0 && sa.sa_handler == SIG_DFL) signal(sigs[i], on_signal);
    }
}

static bool failed(const char *what)
{
    cli_io_failed(out.name ? out.name : "standard output", what, out.error ? out.error : errno);
    out_discard();
    return false;
}

/* "dir/.arm64lp.XXXXXX" beside the target. */
static char *temp_name(const char *target)
{
    static const char leaf[] = ".arm64lp.XXXXXX";
    const char *slash = strrchr(target, '/');
    size_t dir = slash ? (size_t)(slash - target) + 1 : 0;
    char *t = malloc(dir + sizeof leaf);
    if (!t) return NULL;
    memcpy(t, target, dir);
    memcpy(t + dir, leaf, sizeof leaf);
    return t;
}

static bool open_temp(void)
{
    out.temp = temp_name(out.target);
    if (!out.temp) return errno = ENOMEM, failed("cannot create");
    int fd = mkostemp(out.temp, O_CLOEXEC);
    if (fd < 0) {
        int e = errno;
        free(out.temp);
        out.temp = NULL;
        errno = e;
        return failed("cannot create a temporary file beside it");
    }
    doomed = out.temp;
    catch_signals();
    out.f = fdopen(fd, "w");
    if (!out.f) close(fd);
    return out.f || failed("cannot write");
}

char *out_real_name(const char *path) { return realpath(path, NULL); }

bool out_open(const char *path)
{
    if (!path || strcmp(path, "-") == 0) {
        out.f = stdout;
        setvbuf(stdout, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, 1 << 16);
        return true;
    }
    /* A symbolic link is written through, as a shell redirection does. */
    char *real = out_real_name(path);
    out.name = strdup(path);
    out.target = real ? real : strdup(path);
    if (!out.name || !out.target) return errno = ENOMEM, failed("cannot create");
    out.exists = stat(out.target, &out.old) == 0;
    if (!out.exists || S_ISREG(out.old.st_mode)) return open_temp();
    out.f = fopen(out.target, "we");
    return out.f || failed("cannot open");
}

static FILE *stream(void) { return out.f ? out.f : stdout; }
int out_error(void) { return out.error; }


/* Mode and owner of the file that is replaced; of a new one: what the umask leaves of 0666. */
static bool take_over_mode(int fd)
{
    mode_t mask = umask(0);
    umask(mask);
    if (out.exists && fchown(fd, out.old.st_uid, out.old.st_gid) != 0 && errno != EPERM) return false;
    return fchmod(fd, out.exists ? out.old.st_mode & 07777 : 0666 & ~mask) == 0;
}

static void forget(void)
{
    doomed = NULL;
    free(out.name);
    free(out.target);
    free(out.temp);
    memset(&out, 0, sizeof out);
}

bool out_close(void)
{
    if (!out.f || out.f == stdout) return true; /* cli_exit() checks standard output */
    if (fflush(out.f) != 0 || out.error) return failed("cannot write");
    int fd = fileno(out.f);
    if (out.temp && (!take_over_mode(fd) || (fsync(fd) != 0 && errno != EINVAL))) return failed("cannot write");
    FILE *f = out.f;
    out.f = NULL;
    if (fclose(f) != 0) return failed("cannot write");
    if (out.temp && rename(out.temp, out.target) != 0) return failed("cannot replace it");
    forget();
    return true;
}

void out_discard(void)
{
    if (out.f && out.f != stdout) fclose(out.f);
    if (out.temp) unlink(out.temp);
    forget();
}

/* ---- records ---- */

static _Thread_local struct out_buf *diverted;

void out_divert(struct out_buf *to) { diverted = to; }

static bool room(struct out_buf *b, size_t n)
{
    if (n <= b->cap - b->n) return true;
    size_t cap = b->cap * 2 + n + 4096;
    char *p = b->failed ? NULL : realloc(b->p, cap);
    if (!p) return b->failed = true, false;
    b->p = p;
    b->cap = cap;
    return true;
}

void out_put(const char *p, size_t n)
{
    struct out_buf *b = diverted;
    if (!b) {
        if (fwrite_unlocked(p, 1, n, stream()) != n && !out.error) out.error = errno;
    } else if (room(b, n)) {
        memcpy(b->p + b->n, p, n);
        b->n += n;
    }
}

void out_puts(const char *s) { out_put(s, strlen(s)); }

void out_printf(const char *fmt, ...)
{
    char brief[512], *text = brief;
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(brief, sizeof brief, fmt, ap);
    if (n >= (int)sizeof brief && (text = malloc((size_t)n + 1))) vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    if (n > 0 && text) out_put(text, (size_t)n);
    else if (n != 0 && !out.error) out.error = ENOMEM;
    if (text != brief) free(text);
}
static void put_char(char c) { out_put(&c, 1); }

static void put_byte(const char *before, unsigned char c)
{
    const char text[2] = {"0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]};
    out_puts(before);
    out_put(text, 2);
}

void out_record(const char *type)
{
    if (cli.format == OUT_JSON) out_puts("{\"type\":\""), out_puts(type), out_puts("\"");
    else out_puts(type);
}

static void key(const char *k)
{
    if (cli.format == OUT_JSON) out_puts(",\""), out_puts(k), out_puts("\":");
    else put_char('\t');
}

/* Bytes of the UTF-8 sequence at p, 0 if it is none (RFC 3629: no surrogates, nothing overlong). */
static size_t utf8_len(const unsigned char *p, size_t left)
{
    unsigned c = p[0];
    size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (n == 0 || n > left) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

static size_t plain(const unsigned char *p, size_t n, const char *but)
{
    size_t i = 0;
    while (i < n && p[i] >= 0x20 && p[i] < 0x7f && p[i] != but[0] && p[i] != but[1]) i++;
    return i;
}

/* RFC 8259; a byte that is no UTF-8 becomes U+FFFD, as the text must be UTF-8. */
static void json_string(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    put_char('"');
    for (size_t i = 0; i < n;) {
        size_t run = plain(p + i, n - i, "\"\\");
        out_put(s + i, run);
        if ((i += run) == n) break;
        size_t len = utf8_len(p + i, n - i);
        if (len == 0) out_puts("\\ufffd"), i++;
        else if (p[i] == '"' || p[i] == '\\') put_char('\\'), put_char((char)p[i++]);
        else if (p[i] == '\n') out_puts("\\n"), i++;
        else if (p[i] == '\t') out_puts("\\t"), i++;
        else if (p[i] < 0x20 || p[i] == 0x7f) put_byte("\\u00", p[i++]);
        else out_put(s + i, len), i += len;
    }
    put_char('"');
}

/* Tab, line ends and the backslash itself as in PostgreSQL's COPY. */
static void tsv_string(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        switch (s[i]) {
        case '\t': out_puts("\\t"); break;
        case '\n': out_puts("\\n"); break;
        case '\r': out_puts("\\r"); break;
        case '\\': out_puts("\\\\"); break;
        case 0: out_puts("\\0"); break;
        default: put_char(s[i]);
        }
    }
}

void out_bytes(const char *k, const char *p, size_t n)
{
    key(k);
    if (cli.format == OUT_JSON) json_string(p, n);
    else tsv_string(p, n);
}

void out_pair(const char *k, const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    char *both = malloc(n + m + 1);
    if (!both) {
        out_null(k);
        return;
    }
    memcpy(both, a, n);
    memcpy(both + n, b, m);
    out_bytes(k, both, n + m);
    free(both);
}

void out_str(const char *k, const char *value)
{
    if (value) out_bytes(k, value, strlen(value));
    else out_null(k);
}

void out_null(const char *k)
{
    key(k);
    if (cli.format == OUT_JSON) out_puts("null");
}

static void quoted(const char *k, const char *text)
{
    key(k);
    if (cli.format == OUT_JSON) put_char('"');
    out_puts(text);
    if (cli.format == OUT_JSON) put_char('"');
}

unsigned out_digits(char *to, uint64_t value, unsigned width)
{
    unsigned n = 1;
    while (n < 16 && value >> 4 * n) n++;
    if (n < width) n = width;
    for (unsigned i = n; i--; value >>= 4) to[i] = "0123456789abcdef"[value & 15];
    to[n] = 0;
    return n;
}

void out_hex(const char *k, uint64_t value)
{
    char t[24] = "0x";
    out_digits(t + 2, value, 1);
    quoted(k, t);
}

void out_word(const char *k, uint32_t value)
{
    char t[24] = "0x";
    out_digits(t + 2, value, 8);
    quoted(k, t);
}

void out_uint(const char *k, uint64_t value)
{
    char t[24];
    snprintf(t, sizeof t, "%" PRIu64, value);
    key(k);
    out_puts(t);
}

void out_bool(const char *k, bool value)
{
    key(k);
    out_puts(value ? "true" : "false");
}

void out_end(void) { out_puts(cli.format == OUT_JSON ? "}\n" : "\n"); }

void out_text_n(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t run = plain((const unsigned char *)p + i, n - i, "\n");
        out_put(p + i, run);
        if ((i += run) == n) break;
        unsigned char c = (unsigned char)p[i];
        if (c == '\n') out_puts("\\n");
        else if (c == '\t') out_puts("\\t");
        else if (c < 0x20 || c == 0x7f) put_byte("\\x", c);
        else put_char((char)c);
    }
}

void out_text(const char *s) { out_text_n(s, strlen(s)); }
