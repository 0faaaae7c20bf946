/* CVE-2017-16516: half of a surrogate pair, and what follows it. */
#include <string.h>
#include <yajl_tree.h>

int attempt(void)
{
    char why[200];
    yajl_val list = yajl_tree_parse("[\"\\ud83e and more\"]", why, sizeof why);
    return list && !strcmp(YAJL_GET_STRING(YAJL_GET_ARRAY(list)->values[0]), "? and more");
}
