/* render_template_test.c — POST /api/v1/templates/render over HTTP: what it answers and what it
 * refuses. */
#include "server/rig_test.h"

TEST("a template is tried with data or a customer, and a mistake has its line and column")
{
    static const struct {
        const char *body, *said;
        int status;
    } CASES[] = {
        {"{\"source\":\"Hi {{ c.n }}\",\"data\":{\"c\":{\"n\":\"<b>\"}}}",
         "\"output\":\"Hi &lt;b&gt;\"", 200},
        {"{\"source\":\"Hi {{ c.n }}\",\"data\":{\"c\":{\"n\":\"<b>\"}},\"format\":\"text\"}",
         "\"output\":\"Hi <b>\",\"errors\":[]", 200},
        {"{\"source\":\"{{ customer.city }} {{ customer.user_id }}\",\"customer\":\"user_id:u1\"}",
         "\"output\":\"Rome u1\"", 200},
        {"{\"source\":\"{% render 'p', a: 1 %}\",\"partials\":{\"p\":\"<{{ a }}>\"}}",
         "\"output\":\"<1>\"", 200},
        {"{\"source\":\"a\\n{{ x | nope }}\"}", "\"path\":\"/source\"", 422},
        {"{\"source\":\"a\\n{{ x | nope }}\"}", "\"line\":2,\"column\":8", 422},
        {"{\"source\":\"{% render 'p' %}\",\"partials\":{\"p\":\"{% if %}\"}}",
         "\"path\":\"/partials/p\"", 422},
        {"{\"source\":\"{% for i in (1..9999999) %}{% endfor %}\"}", "steps", 422},
        {"{\"source\":\"{{ 1 | divided_by: 0 }}\"}", "\"column\":8", 422},
        {"{\"source\":\"x\",\"customer\":\"user_id:nobody\"}", "\"/customer\"", 422},
        {"{\"source\":\"x\",\"format\":\"pdf\"}", "\"/format\"", 422},
        {"{\"template\":\"none\"}", "\"/template\"", 422},
    };
    struct rig *rig = rig_new(arena, "render", (struct server_options){0});
    CHECK_EQ(ask(rig, "POST", "/api/v1/customers",
                 "{\"identifiers\":{\"user_id\":\"u1\"},\"attributes\":{\"city\":\"Rome\"}}")
                 .status,
             201);
    for (u32 i = 0; i < COUNT_OF(CASES); i++) {
        struct answer_text a = ask(rig, "POST", "/api/v1/templates/render", CASES[i].body);
        if (a.status != CASES[i].status || !has(a.body, str_of(CASES[i].said)))
            print_error("%s\n%.*s\n", CASES[i].body, STR_ARG(a.body));
        CHECK_EQ(a.status, CASES[i].status);
        CHECK(has(a.body, str_of(CASES[i].said)));
    }
    rig_stop(rig);
}
