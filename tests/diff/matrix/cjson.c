/* Of the matrix: parse, print, change and compare. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cJSON.h"
#include "cJSON_Utils.h"
static const char *const texts[] = {
    "{\"a\":[1,2.5,-3e10,true,false,null,\"x\\u00e9\\n\\ud83d\\ude00\"],\"b\":{\"c\":{\"d\":[]}}}", "[1,2", "{\"a\":}", "\"\\q\"", "[1.5e3,0,-0.25]",
    "{\"foo\":[\"bar\",\"baz\"],\"a/b\":1,\"m~n\":8}", "tru", "[[[[{}]]]]", NULL,
};
static void show(char *s)
{
    printf("%s\n", s ? s : "-");
    free(s);
}
static void try(cJSON *j, int n)
{
    char small[300];
    cJSON *k = cJSON_Duplicate(j, 1);
    show(cJSON_Print(j)), show(cJSON_PrintUnformatted(j));
    printf("%d %d %d\n", cJSON_PrintPreallocated(j, small, sizeof small, 1), cJSON_Compare(j, k, 1), cJSON_GetArraySize(k));
    cJSON_AddItemToObject(k, "new", cJSON_CreateNumber(n)), cJSON_AddStringToObject(k, "s", "str");
    cJSON *patch = cJSONUtils_GeneratePatches(j, k);
    show(cJSON_Print(patch));
    printf("%d\n", cJSONUtils_ApplyPatches(j, patch));
    cJSONUtils_SortObject(k);
    show(cJSON_PrintUnformatted(k)), show(cJSON_Print(cJSONUtils_GenerateMergePatch(j, k)));
    const cJSON *first = cJSONUtils_GetPointer(j, "/a/1"), *slash = cJSONUtils_GetPointer(j, "/a~1b");
    printf("%d %d\n", first ? first->type : -1, slash ? slash->valueint : -1);
    show(first ? cJSONUtils_FindPointerFromObjectTo(j, first) : NULL);
    cJSON_DetachItemFromArray(j, 0), cJSON_DeleteItemFromObject(k, "b");
    cJSON_InsertItemInArray(j, 0, cJSON_CreateString("first")), cJSON_ReplaceItemInArray(j, 0, cJSON_CreateTrue());
    show(cJSON_PrintBuffered(j, 10, 0));
    cJSON_Delete(j), cJSON_Delete(k);
}
int main(void)
{
    for (int i = 0; texts[i]; i++) {
        cJSON *j = cJSON_Parse(texts[i]);
        if (j) try(j, i);
        else printf("wrong at %ld\n", (long)(cJSON_GetErrorPtr() - texts[i]));
    }
    char mini[] = "{ /* c */ \"a\" : 1, // x\n \"b\" : \"c d\" }";
    const int whole[] = {1, 2, 3};
    const double real[] = {1.5, 2e300};
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "i", cJSON_CreateIntArray(whole, 3)), cJSON_AddItemToObject(o, "d", cJSON_CreateDoubleArray(real, 2));
    cJSON_Minify(mini);
    puts(mini), show(cJSON_Print(o)), puts(cJSON_Version());
    return 0;
}
