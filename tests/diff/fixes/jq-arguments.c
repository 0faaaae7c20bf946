/* GHSA-gf4g-95wj-4q4r: arguments as an array are released twice. */
typedef struct { unsigned char kind, pad; unsigned short offset; int size; union { void *p; double number; } u; } jv;
typedef struct jq_state jq_state;
jq_state *jq_init(void);
int jq_compile_args(jq_state *, const char *program, jv args);
void jq_start(jq_state *, jv input, int flags);
jv jq_next(jq_state *);
jv jv_null(void);
jv jv_number(double);
jv jv_string(const char *);
jv jv_array(void);
jv jv_array_append(jv, jv);
jv jv_object(void);
jv jv_object_set(jv, jv key, jv value);
int jv_get_kind(jv);
double jv_number_value(jv);

int attempt(void)
{
    jq_state *jq = jq_init();
    jv one = jv_object_set(jv_object_set(jv_object(), jv_string("name"), jv_string("n")), jv_string("value"), jv_number(20));
    if (!jq || !jq_compile_args(jq, "$n + 1", jv_array_append(jv_array(), one)))
        return 0;
    jq_start(jq, jv_null(), 0);
    jv result = jq_next(jq);
    return jv_get_kind(result) == 4 && jv_number_value(result) == 21;
}
