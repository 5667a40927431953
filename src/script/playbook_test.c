/* playbook_test.c — answers go in with their type, and what does not fit is refused by its place.
 */
#include "base/test.h"
#include "script/playbook.h"

static const char BOOK[] =
    "{\"id\":\"b\",\"questions\":[{\"id\":\"amount\",\"type\":\"number\",\"default\":10},"
    "{\"id\":\"at\",\"type\":\"time\",\"default\":\"09:00\"},"
    "{\"id\":\"by\",\"type\":\"channel\",\"default\":\"sms\",\"choices\":[\"sms\",\"email\"]}],"
    "\"bundle\":{\"templates\":[{\"id\":\"t-${by}\",\"text\":{\"zh\":\"送${amount}元\",\"en\":\"${"
    "amount} off\"}}],"
    "\"journeys\":[{\"name\":{\"zh\":\"甲\",\"en\":\"A\"},\"worth\":\"${amount}\",\"at\":\"${at}\"}"
    "]}}";

static err expand(const char *answers, struct arena *a, struct buf *out, struct diag *why)
{
    const struct json *book, *given = NULL, *bundle;
    MUST(json_parse(str_of(BOOK), a, &book, why) == ERR_OK);
    if (answers) MUST(json_parse(str_of(answers), a, &given, why) == ERR_OK);
    err e = playbook_expand(book, "bundle", given, a, &bundle, why);
    buf_reset(out);
    if (e == ERR_OK) json_put(out, bundle);
    return e;
}

TEST("answers stand where they were asked for, with their type, in the language asked for")
{
    struct arena *a = arena_new();
    struct diag why = {0};
    struct buf out;
    buf_init(&out, 1 << 16);
    CHECK_EQ(expand(NULL, a, &out, &why), ERR_OK);
    CHECK_STR(
        buf_str(&out),
        str_of("{\"templates\":[{\"id\":\"t-sms\",\"text\":\"送10元\"}],\"journeys\":[{\"name\":"
               "{\"zh\":\"甲\",\"en\":\"A\"},\"worth\":10,\"at\":\"09:00\"}]}"));
    CHECK_EQ(expand("{\"amount\":12.5,\"by\":\"email\",\"language\":\"en\",\"at\":\"14:00\"}", a,
                    &out, &why),
             ERR_OK);
    CHECK_STR(
        buf_str(&out),
        str_of(
            "{\"templates\":[{\"id\":\"t-email\",\"text\":\"12.5 off\"}],\"journeys\":[{\"name\":"
            "{\"zh\":\"甲\",\"en\":\"A\"},\"worth\":12.5,\"at\":\"14:00\"}]}"));
    buf_clear(&out);
    arena_free(a);
}

TEST("an answer that does not fit its question is refused by its place")
{
    static const struct {
        const char *answers, *path;
    } BAD[] = {{"{\"amount\":\"10\"}", "/answers/amount"},  {"{\"amount\":-1}", "/answers/amount"},
               {"{\"at\":\"25:00\"}", "/answers/at"},       {"{\"by\":\"fax\"}", "/answers/by"},
               {"{\"colour\":\"red\"}", "/answers/colour"}, {"[1]", "/answers"}};
    for (u32 i = 0; i < COUNT_OF(BAD); i++) {
        struct arena *a = arena_new();
        struct diag why = {0};
        struct buf out;
        buf_init(&out, 1 << 16);
        CHECK_EQ(expand(BAD[i].answers, a, &out, &why), ERR_REFUSED);
        CHECK_STR(str_of(why.path), str_of(BAD[i].path));
        buf_clear(&out);
        arena_free(a);
    }
}
