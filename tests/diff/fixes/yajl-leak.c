/* CVE-2023-33460: what was read of a text with a mistake in it is given back. */
#include <malloc.h>
#include <stdio.h>
#include <yajl_tree.h>

int attempt(void)
{
    char why[500];
    size_t before = 0, after = 0;
    for (int i = 0; i < 40; i++) {
        yajl_tree_parse("{\"one\": [1, 2, 3], \"two\": {\"three\": \"four\", \"five\" ]}", why, sizeof why);
        after = mallinfo2().uordblks;
        if (i == 3)
            before = after;
    }
    return after == before;
}
