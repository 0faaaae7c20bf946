/* Of the matrix: documents, right and wrong ones, with and without namespaces. */
#include <expat.h>
#include <stdio.h>
#include <string.h>
static void begins(void *ctx, const char *name, const char **attribute)
{
    printf("<%s", name);
    for (; *attribute; attribute += 2) printf(" %s=%s", attribute[0], attribute[1]);
    puts(">");
}
static void ends(void *ctx, const char *name) { printf("</%s>\n", name); }
static void text(void *ctx, const char *s, int n) { printf("'%.*s'\n", n, s); }
static void comment(void *ctx, const char *s) { printf("comment %s\n", s); }
static void instruction(void *ctx, const char *target, const char *s) { printf("instruction %s %s\n", target, s); }
static void doctype(void *ctx, const char *name, const char *system, const char *public, int subset) { printf("doctype %s %d\n", name, subset); }
static const char *const texts[] = {
    "<?xml version='1.0' encoding='UTF-8'?><!DOCTYPE r [<!ENTITY e 'val&#65;'><!ATTLIST r k CDATA 'dflt'><!ELEMENT r (a|b)*>]>"
    "<r a='1' b=\"x&lt;y\"><!-- c --><?pi data?>text &e; <![CDATA[raw <>]]>\xc3\xa9</r>",
    "<a><b></a>", "<a x='1' x='2'/>", "<a xmlns='u' xmlns:p='v'><p:b p:c='d'/></a>", "<a>&undef;</a>", "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>",
    "<a>\x01</a>", "<a", "<a></a><b/>", "<!DOCTYPE x SYSTEM 'f' [<!NOTATION n PUBLIC 'q'>]><x>&amp;&#x41;&quot;</x>",
    "<?xml version='1.0' encoding='UTF-16'?><a/>", "<?xml version='1.0' encoding='US-ASCII' standalone='yes'?><a>\r\n]]></a>", NULL,
};
int main(void)
{
    for (int k = 0; k < 2; k++)
        for (int i = 0; texts[i]; i++) {
            XML_Parser p = k ? XML_ParserCreateNS(NULL, '|') : XML_ParserCreate(NULL);
            XML_SetHashSalt(p, 1);
            XML_SetElementHandler(p, begins, ends), XML_SetCharacterDataHandler(p, text), XML_SetCommentHandler(p, comment);
            XML_SetProcessingInstructionHandler(p, instruction), XML_SetStartDoctypeDeclHandler(p, doctype);
            const int good = XML_Parse(p, texts[i], (int)strlen(texts[i]), 1);
            printf("%d %s ", good, good ? "" : XML_ErrorString(XML_GetErrorCode(p)));
            printf("%lu:%lu\n", XML_GetCurrentLineNumber(p), XML_GetCurrentColumnNumber(p));
            XML_ParserFree(p);
        }
    return 0;
}
