/* CVE-2023-26819: a number of more than 63 digits. */
#include <cJSON.h>

int attempt(void)
{
    cJSON *list = cJSON_Parse("[1000000000000000000000000000000000000000000000000000000000000000000000000000000000, 5]");
    return list && cJSON_GetArrayItem(list, 0)->valuedouble > 9.9e80 && cJSON_GetArrayItem(list, 1)->valueint == 5;
}
