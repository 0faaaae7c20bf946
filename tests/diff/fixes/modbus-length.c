/* CVE-2024-10918: a request to write one bit that is longer than such a request is. */
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct modbus modbus_t;
typedef struct mapping mapping_t;
modbus_t *modbus_new_tcp(const char *address, int port);
int modbus_set_socket(modbus_t *, int);
mapping_t *modbus_mapping_new(int bits, int input_bits, int registers, int input_registers);
int modbus_reply(modbus_t *, const uint8_t *request, int length, mapping_t *);

int attempt(void)
{
    /* a TCP header; unit 1, function 5: bit 2 becomes 1; and 8 bytes too many */
    static const uint8_t request[20] = {0, 1, 0, 0, 0, 6, 1, 5, 0, 2, 0xff, 0};
    uint8_t answer[64];
    int ends[2];
    modbus_t *server = modbus_new_tcp("127.0.0.1", 1502);
    mapping_t *map = modbus_mapping_new(8, 0, 0, 0);
    if (!server || !map || socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return 0;
    modbus_set_socket(server, ends[0]);
    modbus_reply(server, request, sizeof request, map);
    return read(ends[1], answer, sizeof answer) == 9 && answer[7] == 5 + 0x80 && answer[8] == 3 /* illegal value */;
}
