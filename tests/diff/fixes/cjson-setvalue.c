/* CVE-2024-31755: a string is set to a null pointer. */
#include <cJSON.h>

int attempt(void)
{
    return !cJSON_SetValuestring(cJSON_CreateString("text"), NULL);
}
