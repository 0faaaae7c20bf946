/* Of the matrix: parse, print, change, pack and unpack. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static const char *const texts[] = {
    "{\"a\": [1, 2.5, -3e10, true, false, null, \"x\\u00e9\\n\\ud83d\\ude00\"], \"b\": {\"c\": {\"d\": []}}}", "[1,2", "{\"a\":}", "[\"\\q\"]",
    "[1.5e3,0,-0.25]", "{\"k\": 1, \"k\": 2}", "tru", "[[[[{}]]]]", "[123456789012345678901]", "[1e999]", "\"\xc3\xa9\"", "[\"\x80\"]", NULL,
};
static void show(json_t *j, size_t flags)
{
    char *s = json_dumps(j, flags | JSON_ENCODE_ANY);
    printf("%s\n", s ? s : "-");
    free(s);
}
int main(void)
{
    json_error_t e;
    json_object_seed(1);
    for (int i = 0; texts[i]; i++) {
        json_t *j = json_loads(texts[i], i & 1 ? JSON_REJECT_DUPLICATES : JSON_DECODE_ANY, &e);
        if (!j) { printf("%d:%d %s\n", e.line, e.column, e.text); continue; }
        show(j, JSON_INDENT(2)), show(j, JSON_COMPACT | JSON_SORT_KEYS), show(j, JSON_ENSURE_ASCII | JSON_REAL_PRECISION(5));
        json_t *k = json_deep_copy(j);
        printf("%d %zu %zu\n", json_equal(j, k), json_object_size(j), json_array_size(j));
        if (json_is_object(k))
            json_object_set_new(k, "new", json_pack("{s:i, s:[b, n, f]}", "i", i, "l", 1, 0.5)), json_object_del(k, "a"), json_object_update(k, j);
        if (json_is_array(k)) json_array_insert_new(k, 0, json_string("first")), json_array_remove(k, 1), json_array_extend(k, j);
        show(k, 0);
        json_decref(j), json_decref(k);
    }
    int n = 0, m = 0;
    const char *s = "";
    json_t *j = json_pack("{s:{s:i, s:s}, s:[i, i]}", "o", "n", 7, "s", "text", "a", 1, 2);
    printf("%d ", json_unpack_ex(j, &e, 0, "{s:{s:i, s:s}, s:[i]}", "o", "n", &n, "s", &s, "a", &m));
    printf("%d %s %d ", n, s, m);
    printf("%d %s\n", json_unpack_ex(j, &e, JSON_STRICT, "{s:[i!]}", "a", &m), e.text);
    json_decref(j);
    return 0;
}
