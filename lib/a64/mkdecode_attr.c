/* mkdecode_attr.c - the attributes of a row: flags, conditions, what is derived, what it does with registers and memory. */
#include "mkdecode.h"
#include <string.h>

/* ---- guard NAME conditions: the same ones of several rows ---- */

static struct { char *name, *text; } *guards;
static unsigned nguards;

void parse_guard(char *s)
{
    char *name = s + strspn(s, " \t"), *text = name + strcspn(name, " \t");
    if (*text)
        *text++ = 0;
    text = trim(text);
    if (!is_name(name) || *text == 0) {
        ERROR("expected 'guard NAME unless(...)...'");
        return;
    }
    guards = grow(guards, nguards, sizeof *guards);
    guards[nguards].name = copy_str(name, strlen(name));
    guards[nguards++].text = copy_str(text, strlen(text));
}

/* ---- conditions ---- */
static void parse_cond(struct row *r, struct guard *g, char *s)
{
    struct cond c = {.other = -1};
    size_t n = strcspn(s, "=!<>&");
    size_t oplen = strspn(s + n, "=!<>&");
    if (n == 0 || oplen == 0 || oplen > 2) {
        ERROR("%s: unless: expected 'field==value', found '%s'", r->name, s);
        return;
    }
    char op[3] = {0}, *name = trim(copy_str(s, n)), *rhs = trim(s + n + oplen);
    memcpy(op, s + n, oplen);
    static const char *const ops[] = {"==", "!=", ">=", "<=", ">", "<", "&"};
    bool known = false;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        known |= strcmp(op, ops[i]) == 0;
    int f = find_field(r, name);
    if (!known)
        ERROR("%s: unless: unknown comparison '%s' (== != >= <= > < &)", r->name, op);
    if (f < 0)
        ERROR("%s: unless: no field '%s' in the pattern", r->name, name);
    if (!parse_number(rhs, &c.value) && (c.other = find_field(r, rhs)) < 0)
        ERROR("%s: unless: '%s' is neither a number nor a field", r->name, rhs);
    if (f < 0 || g->n == MAX_CONDS) {
        if (f >= 0)
            ERROR("%s: unless: more than %d conditions", r->name, MAX_CONDS);
        return;
    }
    c.field = (unsigned)f;
    if (c.other < 0 && r->fields[f].width < 32 && c.value >> r->fields[f].width != 0)
        ERROR("%s: unless: field '%s' has %u bits, it is never %u", r->name, name, r->fields[f].width, c.value);
    memcpy(c.op, op, 3);
    g->conds[g->n++] = c;
}

static void attr_unless(struct row *r, char *args)
{
    struct guard g = {0};
    for (char *s = strtok(args, ","); s != NULL; s = strtok(NULL, ","))
        parse_cond(r, &g, trim(s));
    if (g.n == 0)
        ERROR("%s: unless() without a condition", r->name);
    else if (r->nguards == MAX_GUARDS)
        ERROR("%s: more than %d unless()", r->name, MAX_GUARDS);
    else
        r->guards[r->nguards++] = g;
}

static void attr_hot(struct row *r, char *args)
{
    if (r->hot)
        ERROR("%s: hot twice", r->name);
    r->hot = true;
    unsigned bits = 0;
    for (char *s = strtok(args, ","); s != NULL; s = strtok(NULL, ",")) {
        int f = find_field(r, trim(s));
        if (f < 0) {
            ERROR("%s: hot: no field '%s' in the pattern", r->name, trim(s));
        } else if (r->fields[f].role != ROLE_RAW) {
            ERROR("%s: hot: '%s' is a register or a signed field; only plain numbers can be specialised", r->name, trim(s));
        } else {
            bits += r->fields[f].width;
            r->hot_fields[r->nhot++] = (unsigned)f;
        }
    }
    if (bits > 6)
        ERROR("%s: hot: %u bits would make %u copies; at most %d", r->name, bits, bits < 31 ? 1u << bits : 0, MAX_CODES);
    else
        r->ncodes = 1u << bits;
}

static void attr_derive(struct row *r, char *args)
{
    char *eq = strchr(args, '=');
    if (eq == NULL) {
        ERROR("%s: expected derive(member=function)", r->name);
        return;
    }
    *eq = 0;
    char *name = trim(args), *fn = trim(eq + 1);
    if (!is_name(name) || !is_name(fn))
        ERROR("%s: expected derive(member=function)", r->name);
    if (r->derive != NULL)
        ERROR("%s: derive twice", r->name);
    if (find_field(r, name) >= 0)
        ERROR("%s: derive: '%s' is a field of the pattern", r->name, name);
    r->derive = copy_str(name, strlen(name));
    r->derive_fn = copy_str(fn, strlen(fn));
}

static void attr_after(struct row *r, char *args)
{
    for (char *s = strtok(args, ", "); s != NULL; s = strtok(NULL, ", ")) {
        if (r->nafter == MAX_AFTER)
            ERROR("%s: more than %d after()", r->name, MAX_AFTER);
        else
            r->after[r->nafter++] = copy_str(s, strlen(s));
    }
}

/* ---- registers: reads(X16,SP), writes(X30), list(Vt,3), high(M) ---- */

static uint32_t registers(const struct row *r, char *args)
{
    uint32_t set = 0, n;
    for (char *s = strtok(args, ", "); s != NULL; s = strtok(NULL, ", ")) {
        if (strcmp(s, "SP") == 0)
            set |= UINT32_C(1) << 31;
        else if (s[0] == 'X' && parse_number(s + 1, &n) && n < 31)
            set |= UINT32_C(1) << n;
        else
            ERROR("%s: '%s' is neither X0 to X30 nor SP", r->name, s);
    }
    return set;
}
static void attr_reads(struct row *r, char *args) { r->reads |= registers(r, args); }
static void attr_writes(struct row *r, char *args) { r->writes |= registers(r, args); }

static void attr_list(struct row *r, char *args)
{
    char *name = strtok(args, ", "), *count = strtok(NULL, ", ");
    uint32_t n = 0;
    r->list.of = name ? find_field(r, name) : -1;
    r->list.field = count && !parse_number(count, &n) ? find_field(r, count) : -1;
    r->list.n = n;
    if (r->list.of < 0 || !is_vector(&r->fields[r->list.of]) || (r->list.field < 0 && (n < 1 || n > 4)) || strtok(NULL, ", "))
        ERROR("%s: expected list(V register, 1 to 4 or the field with one less)", r->name);
}

static void attr_high(struct row *r, char *args)
{
    const int m = find_field(r, trim(args)), v = find_field(r, "Vm");
    r->high = m >= 0 && v >= 0 && r->fields[m].width == 1 && r->fields[m].lo == r->fields[v].lo + r->fields[v].width;
    if (!r->high)
        ERROR("%s: expected high(M), M:1 Vm:4 being in the pattern", r->name);
}

/* ---- memory: load(size), store(size), touch(size): the size's log2 is 0 to 4, a field, N+field, or `lane` ---- */

static bool parse_size(const struct row *r, struct access *a, char *s)
{
    uint32_t n = 0;
    if (strcmp(s, "lane") == 0) {
        a->how |= A_LANE;
        return true;
    }
    char *plus = strchr(s, '+');
    if (plus != NULL)
        *plus++ = 0;
    if (!parse_number(s, &n) && plus == NULL)
        plus = s;
    a->log2 = n;
    a->field = plus != NULL ? find_field(r, plus) : -1;
    return n <= 4 && (plus == NULL || a->field >= 0);
}

static void attr_access(struct row *r, char *args, unsigned how)
{
    char *size = strtok(args, ", "), *sign = strtok(NULL, ", ");
    if (sign != NULL && strcmp(sign, "signed") == 0)
        how |= A_SIGNED, sign = NULL;
    if (size == NULL || sign != NULL || !parse_size(r, &r->access, size))
        ERROR("%s: expected a size (0 to 4, FIELD, N+FIELD, lane), and 'signed' or nothing", r->name);
    r->access.how |= how;
}
static void attr_load(struct row *r, char *args) { attr_access(r, args, A_LOAD); }
static void attr_store(struct row *r, char *args) { attr_access(r, args, A_STORE); }
static void attr_update(struct row *r, char *args) { attr_access(r, args, A_LOAD | A_STORE); }
static void attr_touch(struct row *r, char *args) { attr_access(r, args, A_TOUCH); }

/* Every row that accesses memory says what, so that a64/access.h knows it, or that no size tells. */
void check_access(const struct row *r)
{
    const bool mem = r->flags & F_MEM, moves = r->access.how & (A_LOAD | A_STORE), sized = moves || (r->access.how & A_TOUCH);
    const int base = find_field(r, "Rn");
    if (r->flags & (F_TODO | F_PCREL))
        return;
    if (mem != (moves || (r->access.how & A_BLOCK)))
        ERROR("%s: mem goes with load(), store(), update() or block", r->name);
    if (sized && (base < 0 || r->fields[base].role != ROLE_SP))
        ERROR("%s: what is accessed has a base register (Rn.sp)", r->name);
}

const struct attribute attributes[ATTRIBUTES] = {
    {"todo", F_TODO, 0, "known, but not executed: decodes to A64_UNDEFINED"},
    {"branch", F_BRANCH, 0, "PC-relative branch, taken or not"},
    {"jump", F_JUMP, 0, "the next PC comes from the handler: BR, RET, SVC ..."},
    {"mem", F_MEM, 0, "accesses memory: can fault"},
    {"pcrel", F_PCREL, 0, "the word means something else at another address"},
    {"el1", F_EL1, F_TODO, "undefined for programs, or always trapped"},
    {"off", F_OFF, F_TODO, "Linux does not let programs use it"},
    {"back", F_BACK, 0, "writes the address back to the base register"},
    {"nzcv", F_NZCV, 0, "writes the condition flags"}};

/* Words that are neither flags of enum lp_row_flags nor calls. */
static bool parse_word(struct row *r, const char *word)
{
    static char none[1];
    if (strcmp(word, "hot") == 0)
        attr_hot(r, none);
    else if (strcmp(word, "post") == 0)
        r->flags |= F_BACK, r->access.how |= A_POST;
    else if (strcmp(word, "block") == 0)
        r->access.how |= A_BLOCK;
    else
        return false;
    return true;
}

static bool parse_named(struct row *r, const char *word)
{
    for (unsigned i = 0; i < nguards; i++) {
        if (strcmp(word, guards[i].name) == 0) {
            parse_attrs(r, copy_str(guards[i].text, strlen(guards[i].text)));
            return true;
        }
    }
    return false;
}

static void parse_attr(struct row *r, char *word, char *args)
{
    static const struct { const char *name; void (*fn)(struct row *, char *); } calls[] = {
        {"unless", attr_unless}, {"hot", attr_hot}, {"derive", attr_derive}, {"after", attr_after}, {"reads", attr_reads}, {"writes", attr_writes},
        {"list", attr_list}, {"high", attr_high}, {"load", attr_load}, {"store", attr_store}, {"update", attr_update}, {"touch", attr_touch}};
    if (args == NULL) {
        for (size_t i = 0; i < ATTRIBUTES; i++) {
            if (strcmp(word, attributes[i].name) == 0) {
                r->flags |= attributes[i].flag | attributes[i].also;
                return;
            }
        }
        if (parse_word(r, word) || parse_named(r, word))
            return;
    } else {
        for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
            if (strcmp(word, calls[i].name) == 0) {
                calls[i].fn(r, args);
                return;
            }
        }
    }
    ERROR("%s: unknown attribute '%s%s' (hot unless() derive() after() mem load() store() update() touch() block back post reads() writes() list() high() "
          "branch jump pcrel nzcv todo el1 off, or a guard)", r->name, word, args ? "()" : "");
}

void parse_attrs(struct row *r, char *s)
{
    while (*(s = s + strspn(s, " \t"))) {
        char *word = s, *args = NULL;
        s += strcspn(s, " \t(");
        if (*s == '(') {
            *s++ = 0;
            args = s;
            s += strcspn(s, ")");
            if (*s == 0) {
                ERROR("%s: '%s(' has no ')'", r->name, word);
                return;
            }
        }
        if (*s)
            *s++ = 0;
        parse_attr(r, word, args);
    }
}
