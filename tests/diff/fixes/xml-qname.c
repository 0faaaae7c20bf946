/* CVE-2025-6021: a buffer with a length below zero. */
#include <libxml/tree.h>
#include <string.h>

int attempt(void)
{
    xmlChar buffer[64];
    xmlChar *name = xmlBuildQName((const xmlChar *)"name", (const xmlChar *)"space", buffer, sizeof buffer);
    return name == buffer && !strcmp((char *)name, "space:name") && !xmlBuildQName((const xmlChar *)"name", (const xmlChar *)"space", buffer, -1);
}
