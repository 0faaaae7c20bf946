/* server SOCKET - keeps what each client says its name is. One line, one answer: `name TEXT`, `whoami`, `secret`. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS = 8 };
struct client {
    int fd;
    char name[16];
    int admin; /* who may see the secret */
};
static struct client clients[CLIENTS];

__attribute__((noinline)) void set_name(struct client *c, const char *text)
{
    char *to = c->name;
#ifdef FIXED
    const char *end = c->name + sizeof c->name - 1;
    while (*text && to < end) *to++ = *text++;
#else
    while (*text) *to++ = *text++; /* the fault: behind name there is admin */
#endif
    *to = 0;
}

static void answer(struct client *c, char *line)
{
    char out[256];
    line[strcspn(line, "\r\n")] = 0;
    if (strncmp(line, "name ", 5) == 0) {
        set_name(c, line + 5);
        snprintf(out, sizeof out, "hello %s\n", c->name);
    } else if (strcmp(line, "whoami") == 0) {
        snprintf(out, sizeof out, "%s\n", c->name);
    } else {
        snprintf(out, sizeof out, c->admin ? "the secret is 42\n" : "not for you\n");
    }
    if (write(c->fd, out, strlen(out)) < 0) perror("server");
}

int main(int argc, char **argv)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (argc != 2 || strlen(argv[1]) >= sizeof addr.sun_path) return 2;
    strcpy(addr.sun_path, argv[1]);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) || listen(listener, 4)) return perror(argv[1]), 1;
    for (;;) {
        struct pollfd p[CLIENTS + 1] = {{listener, POLLIN, 0}};
        for (int i = 0; i < CLIENTS; i++) p[i + 1] = (struct pollfd){clients[i].fd ? clients[i].fd : -1, POLLIN, 0};
        if (poll(p, CLIENTS + 1, -1) < 0) return 1;
        for (int i = 0; i < CLIENTS; i++) {
            struct client *c = &clients[i];
            char line[128];
            if (c->fd && p[i + 1].revents) {
                ssize_t n = read(c->fd, line, sizeof line - 1);
                if (n > 0)
                    line[n] = 0, answer(c, line);
                else
                    close(c->fd), memset(c, 0, sizeof *c);
            } else if (!c->fd && p[0].revents) {
                c->fd = accept(listener, NULL, NULL);
                p[0].revents = 0;
            }
        }
    }
}
