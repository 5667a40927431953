/* route_docs.c — the description of the API as a page: openapi.json, read and written out. */
#include "server/embed.h"
#include "server/web.h"

enum { DEPTH_MAX = 4 };

static void put_element(struct buf *b, const char *tag, str text)
{
    buf_printf(b, "<%s>", tag);
    web_put(b, text);
    buf_printf(b, "</%s>\n", tag);
}

/* "#/components/schemas/x" → that schema. */
static const struct json *resolve(const struct json *doc, const struct json *j)
{
    for (u32 depth = 0; depth < DEPTH_MAX; depth++) {
        str ref = json_get_str(j, "$ref", (str){0});
        if (!ref.n) return j;
        j = doc;
        for (str rest = str_slice(ref, 2, ref.n); rest.n && j;) {
            char name[80];
            ptrdiff_t slash = str_index(rest, '/');
            str part = str_slice(rest, 0, slash < 0 ? rest.n : (size_t)slash);
            size_t n = min_size(part.n, sizeof name - 1);
            memcpy(name, part.p, n);
            name[n] = 0;
            j = json_get(j, name);
            rest = str_slice(rest, part.n + 1, rest.n);
        }
    }
    return j;
}

static void put_parameters(struct buf *b, const struct json *doc, const struct json *list)
{
    if (!list || !list->count) return;
    buf_put(b, S("<ul>"));
    for (const struct json *p = list->child; p; p = p->next) {
        const struct json *x = resolve(doc, p);
        buf_put(b, S("<li><code>"));
        web_put(b, json_get_str(x, "name", (str){0}));
        buf_put(b, S("</code> ("));
        web_put(b, json_get_str(x, "in", (str){0}));
        buf_put(b, S(") "));
        web_put(b, json_get_str(x, "description", (str){0}));
        buf_put(b, S("</li>\n"));
    }
    buf_put(b, S("</ul>\n"));
}

static const struct json *content_schema(const struct json *doc, const struct json *holder)
{
    const struct json *content = json_get(resolve(doc, holder), "content");
    return content && content->child ? resolve(doc, json_get(content->child, "schema")) : NULL;
}

static void put_schema(struct call *c, const char *title, const struct json *schema)
{
    struct buf text;
    if (!schema) return;
    buf_init(&text, 1 << 20);
    json_put(&text, schema);
    buf_printf(&c->out, "<details><summary>%s</summary><pre>", title);
    web_put(&c->out, buf_str(&text));
    buf_put(&c->out, S("</pre></details>\n"));
    buf_clear(&text);
}

static void put_operation(struct call *c, const struct json *doc, str path, const struct json *op)
{
    struct buf *b = &c->out;
    const struct json *responses = json_get(op, "responses");
    buf_put(b, S("<h3><code>"));
    for (size_t i = 0; i < op->key.n; i++) buf_byte(b, (u8)(op->key.p[i] & ~32));
    buf_byte(b, ' ');
    web_put(b, path);
    buf_put(b, S("</code></h3>\n"));
    put_element(b, "p", json_get_str(op, "summary", (str){0}));
    put_parameters(b, doc, json_get(op, "parameters"));
    put_schema(c, "body", content_schema(doc, json_get(op, "requestBody")));
    for (const struct json *r = responses ? responses->child : NULL; r; r = r->next) {
        buf_put(b, S("<p><b>"));
        web_put(b, r->key);
        buf_put(b, S("</b> "));
        web_put(b, json_get_str(resolve(doc, r), "description", (str){0}));
        buf_put(b, S("</p>\n"));
        if (str_starts(r->key, S("2"))) put_schema(c, "answer", content_schema(doc, r));
    }
}

static bool has_tag(const struct json *op, str tag)
{
    const struct json *tags = json_get(op, "tags");
    return tags && tags->child && str_eq(tags->child->text, tag);
}

static err docs(struct call *c)
{
    const struct json *doc;
    TRY(json_parse(embed_bytes(S("/openapi.json")), c->arena, &doc, &c->why));
    const struct json *tags = json_get(doc, "tags"), *paths = json_get(doc, "paths");
    web_begin(c, false, S("Beckon API"), (str){0});
    put_element(&c->out, "h1", S("Beckon API"));
    put_element(&c->out, "p", json_get_str(json_get(doc, "info"), "description", (str){0}));
    buf_put(&c->out, S("<p><a href=\"/openapi.json\">openapi.json</a></p>\n"));
    for (const struct json *t = tags ? tags->child : NULL; t; t = t->next) {
        str name = json_get_str(t, "name", (str){0});
        put_element(&c->out, "h2", name);
        for (const struct json *p = paths->child; p; p = p->next)
            for (const struct json *op = p->child; op; op = op->next)
                if (has_tag(op, name)) put_operation(c, doc, p->key, op);
    }
    web_end(c);
    return ERR_OK;
}

extern const struct route ROUTES_DOCS[];
const struct route ROUTES_DOCS[] = {{METHOD_GET, "/docs", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, docs},
                                    {0}};
