/* CVE-2024-45490: a text with a length below zero. */
#include <expat.h>
#include <string.h>

int attempt(void)
{
    XML_Parser parser = XML_ParserCreate(NULL);
    memcpy(XML_GetBuffer(parser, 100), "<doc/>", 6);
    if (XML_ParseBuffer(parser, 6, 0) != XML_STATUS_OK || !XML_GetBuffer(parser, 100))
        return 0;
    return XML_ParseBuffer(parser, -1, 0) == XML_STATUS_ERROR && XML_GetErrorCode(parser) == XML_ERROR_INVALID_ARGUMENT;
}
