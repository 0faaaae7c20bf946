/* CVE-2023-50471: a null item is put into an array. */
#include <cJSON.h>

int attempt(void)
{
    cJSON *array = cJSON_Parse("[1, 2]");
    return !cJSON_InsertItemInArray(array, 0, NULL) && cJSON_GetArraySize(array) == 2;
}
