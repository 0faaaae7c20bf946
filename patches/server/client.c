/* client SOCKET - sends each line of its input, and prints the answer. A server that is not there yet has ten seconds to come. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    char line[256];
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (argc != 2 || strlen(argv[1]) >= sizeof addr.sun_path) return 2;
    strcpy(addr.sun_path, argv[1]);
    for (int tries = 0; connect(s, (struct sockaddr *)&addr, sizeof addr); tries++) {
        if (tries == 100) return perror(argv[1]), 1;
        usleep(100000);
    }
    while (fgets(line, sizeof line, stdin)) {
        if (write(s, line, strlen(line)) < 0) return 1;
        ssize_t n = read(s, line, sizeof line - 1);
        if (n <= 0) return 1;
        line[n] = 0;
        fputs(line, stdout);
        fflush(stdout);
    }
    return 0;
}
