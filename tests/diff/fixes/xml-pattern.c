/* CVE-2025-27113: a pattern that ends with a child axis. */
#include <libxml/parser.h>
#include <libxml/pattern.h>

int attempt(void)
{
    xmlDocPtr document = xmlParseDoc((const xmlChar *)"<a><b><c/></b></a>");
    xmlPatternPtr pattern = xmlPatterncompile((const xmlChar *)"b/child::c", NULL, 0, NULL);
    xmlNodePtr b = xmlDocGetRootElement(document)->children;
    return pattern && xmlPatternMatch(pattern, b->children) == 1 && xmlPatternMatch(pattern, b) == 0 &&
        xmlPatternMatch(pattern, (xmlNodePtr)document) == 0;
}
