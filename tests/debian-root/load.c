/* load PORT REQUESTS CLIENTS PATH FILE: so many clients at once get PATH from a web server on this machine, REQUESTS times in all, and compare what they
 * get with FILE. Says how many there were, how many of them failed, and how long the longest took, in ms. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BODY = 65536, EACH = 200 }; /* EACH: requests of one connection */
static int port;
static long wanted;
static const char *path;
static char body[BODY];
static size_t body_len;
static _Atomic long done, failed;
static _Atomic double longest;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int dial(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 60};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0) return fd;
    close(fd);
    return -1;
}

/* The whole answer is a head that says how long the body is, and the body. */
static int get(int fd)
{
    static __thread char in[2 * BODY];
    char request[256], *end = NULL, *len;
    size_t have = 0;
    int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: load\r\n\r\n", path);
    if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n) return 0;
    while (!end || have < (size_t)(end + 4 - in) + body_len) {
        ssize_t r = recv(fd, in + have, sizeof in - 1 - have, 0);
        if (r <= 0) return 0;
        in[have += (size_t)r] = 0;
        if (!end) end = memmem(in, have, "\r\n\r\n", 4);
    }
    len = strcasestr(in, "\r\nContent-Length:");
    return strncmp(in, "HTTP/1.1 200 ", 13) == 0 && len && strtoul(len + 17, NULL, 10) == body_len && memcmp(end + 4, body, body_len) == 0;
}

static void *client(void *arg)
{
    while (done < wanted && failed < 10) {
        int fd = dial();
        if (fd < 0) failed++;
        for (int i = 0; fd >= 0 && i < EACH && done < wanted; i++) {
            double before = now_ms(), most = longest;
            if (!get(fd)) { failed++; break; }
            double took = now_ms() - before;
            while (took > most && !atomic_compare_exchange_weak(&longest, &most, took)) {}
            done++;
        }
        if (fd >= 0) close(fd);
    }
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t t[64];
    if (argc != 6) return 2;
    port = atoi(argv[1]), wanted = atol(argv[2]), path = argv[4];
    int clients = atoi(argv[3]);
    FILE *f = fopen(argv[5], "re");
    if (!f || clients > 64) return 2;
    body_len = fread(body, 1, sizeof body, f);
    fclose(f);
    for (int i = 0; i < clients; i++)
        if (pthread_create(&t[i], NULL, client, NULL)) return 2;
    for (int i = 0; i < clients; i++) pthread_join(t[i], NULL);
    printf("%ld requests %ld failed %.1f ms\n", (long)done, (long)failed, longest);
    return failed != 0;
}
