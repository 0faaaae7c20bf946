/* CVE-2025-57052: an index of a JSON pointer that is no number. */
#include <cJSON.h>
#include <cJSON_Utils.h>

int attempt(void)
{
    cJSON *list = cJSON_Parse("[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]");
    cJSON *number = cJSONUtils_GetPointer(list, "/12"), *none = cJSONUtils_GetPointer(list, "/1A"); /* 'A' - '0' is 17 */
    return number && number->valueint == 12 && !none;
}
