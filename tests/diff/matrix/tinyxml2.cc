// Of the matrix: parse, walk, change and print.
#include <cstdio>
#include <tinyxml2.h>
using namespace tinyxml2;
static const char *const texts[] = {
    "<?xml version=\"1.0\"?><!-- c --><r a='1' b=\"x&lt;y\" f='2.5' t='true'><i>7</i>text &amp; &#x41;<![CDATA[raw <>]]><e/></r>", "<a><b></a>",
    "<a x=1/>", "<a>", "", "<a>&undef;</a>", "<!DOCTYPE x><x>\n\n<y  k = 'v' />\t</x>", "<a b='1' b='2'/>", "</a>", nullptr,
};
static void walk(const XMLElement *e, int depth)
{
    std::printf("%*s%s@%d '%s'\n", depth, "", e->Name(), e->GetLineNum(), e->GetText() ? e->GetText() : "-");
    for (const XMLAttribute *a = e->FirstAttribute(); a; a = a->Next()) std::printf("%*s %s=%s %d\n", depth, "", a->Name(), a->Value(), a->IntValue());
    for (const XMLElement *c = e->FirstChildElement(); c; c = c->NextSiblingElement()) walk(c, depth + 1);
}
int main()
{
    for (int k = 0; k < 2; k++)
        for (int i = 0; texts[i]; i++) {
            XMLDocument d(k == 0, k ? COLLAPSE_WHITESPACE : PRESERVE_WHITESPACE);
            std::printf("%d %s\n", d.Parse(texts[i]), d.Error() ? d.ErrorStr() : "");
            XMLElement *r = d.RootElement();
            if (d.Error() || !r) continue;
            walk(r, 0);
            double f = 0;
            bool t = false;
            std::printf("%d %d %g %d\n", r->QueryDoubleAttribute("f", &f), r->QueryBoolAttribute("t", &t), f, t);
            r->SetAttribute("new", i), r->DeleteAttribute("a"), r->InsertFirstChild(d.NewElement("first"))->InsertEndChild(d.NewText("<&>"));
            r->InsertNewComment("said"), r->InsertNewChildElement("last")->SetText(1.5);
            XMLPrinter p(nullptr, k == 1);
            d.Print(&p);
            std::printf("%s\n", p.CStr());
            XMLDocument other;
            d.DeepCopy(&other);
            std::printf("%d\n", r->ShallowEqual(other.RootElement()));
        }
    return 0;
}
