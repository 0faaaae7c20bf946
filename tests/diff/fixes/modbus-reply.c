/* CVE-2022-0367: a client writes registers in front of those that there are. */
#include <modbus.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int attempt(void)
{
    /* a TCP header; unit 1, function 23: read 1 at 16, write 1 at 2 (the first register is 16) */
    static const uint8_t request[] = {0, 1, 0, 0, 0, 13, 1, 23, 0, 16, 0, 1, 0, 2, 0, 1, 2, 0xab, 0xcd};
    uint8_t answer[MODBUS_TCP_MAX_ADU_LENGTH];
    int ends[2];
    modbus_t *server = modbus_new_tcp("127.0.0.1", 1502);
    modbus_mapping_t *map = modbus_mapping_new_start_address(0, 0, 0, 0, 16, 4, 0, 0);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || !map)
        return 0;
    modbus_set_socket(server, ends[0]);
    modbus_reply(server, request, sizeof request, map);
    return read(ends[1], answer, sizeof answer) == 9 && answer[7] == 23 + 0x80 && answer[8] == MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
}
