/* audit.c — the trail of changes, and the page that shows it. */
#include "server/audit.h"

static bool changes_configuration(const struct call *c)
{
    const struct route *r = c->route;
    bool is_scope = r && (r->scope == SCOPE_CONFIG_WRITE || r->scope == SCOPE_ADMIN);
    bool is_own = r && (r->access == NEEDS_SESSION || c->is_account);
    return ((is_scope && r->access == NEEDS_SCOPE) || is_own) && r->verb != METHOD_GET &&
           c->status < 300;
}

void audit_answered(struct call *c)
{
    static const char *const VERBS[METHOD_COUNT] = {"GET",   "HEAD",   "POST",   "PUT",
                                                    "PATCH", "DELETE", "OPTIONS"};
    struct server *s = c->server;
    if (!changes_configuration(c)) return;
    struct office_audit a = {.at_ms = server_now(s),
                             .key_id = str_of(c->who.id),
                             .key_name = str_of(c->who.name),
                             .action = str_of(VERBS[c->route->verb]),
                             .path = c->req->path,
                             .object = c->object,
                             .version_from = c->version_from,
                             .version_to = c->version_to};
    struct diag why = {0};
    if (office_audit_put(s->office, &a, &why) != ERR_OK)
        server_log(s, "audit trail not written", "%s", why.message);
}

struct audit_page {
    struct call *call;
    u32 limit, count;
    i64 last;
    bool more;
};

static bool put_line(void *ctx, const struct office_audit *a)
{
    struct audit_page *p = ctx;
    struct buf *b = &p->call->out;
    p->more = p->count == p->limit;
    if (p->more) return false;
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_i64(b, S("id"), a->id);
    json_put_kv_time(b, S("at"), a->at_ms);
    json_put_key(b, S("key"));
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), a->key_id);
    json_put_kv_str(b, S("name"), a->key_name);
    buf_byte(b, '}');
    json_put_kv_str(b, S("action"), a->action);
    json_put_kv_str(b, S("path"), a->path);
    if (a->object.n) {
        json_put_kv_str(b, S("object"), a->object);
        json_put_kv_i64(b, S("from_version"), a->version_from);
        json_put_kv_i64(b, S("to_version"), a->version_to);
    }
    buf_byte(b, '}');
    p->last = a->id;
    p->count++;
    return true;
}

/* Newest first. */
static err list(struct call *c)
{
    struct audit_page p = {.call = c};
    i64 before;
    TRY(call_limit(c, &p.limit));
    TRY(call_number_cursor(c, &before));
    call_items_begin(c);
    office_audit_each(c->server->office, before, put_line, &p);
    call_items_end(c, p.more ? arena_printf(c->arena, "%lld", (long long)p.last) : (str){0});
    return ERR_OK;
}

extern const struct route ROUTES_AUDIT[];
const struct route ROUTES_AUDIT[] = {
    {METHOD_GET, "/api/v1/audit", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, list}, {0}};
