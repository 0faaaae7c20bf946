/* CVE-2022-4904: an address of a sort list that is longer than any. */
#include <ares.h>
#include <string.h>

int attempt(void)
{
    char list[400];
    ares_channel channel;
    if (ares_library_init(ARES_LIB_INIT_ALL) || ares_init(&channel))
        return 0;
    memset(list, '1', sizeof list);
    list[sizeof list - 1] = 0;
    return ares_set_sortlist(channel, list) == ARES_EBADSTR && ares_set_sortlist(channel, "10.1.0.0/255.255.0.0 10.2.0.0") == ARES_SUCCESS;
}
