/* journey_checks.c — the sentence of a journey, and its check list.
 *
 *   loop: draft, tests that were sent ─► engine: audience compiled ─► helper: counted ─► engine:
 * each send rendered, everything judged */
#include "server/journey_checks.h"

#include "server/circles.h"
#include "server/counts.h"
#include "server/journey_words.h"
#include "server/look.h"
#include "server/publish.h"
#include "server/show.h"
#include "server/staff.h"
#include "server/words.h"

#include <stdio.h>

enum { TESTS_MAX = 400, SENDS_MAX = 64 };

/* ---- conflicts ---- */

static str json_text(struct call *c, const struct json *j)
{
    struct buf b;
    buf_init(&b, API_BODY_MAX);
    if (j) json_put(&b, j);
    str s = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

/* What a journey begins with, apart from its conditions: "event Product Added". */
static str beginning_of(struct call *c, const struct json *journey)
{
    static const char *const MEMBERS[] = {"event", "segment", "date", "tag", "attribute", "form"};
    const struct json *t = json_get(journey, "trigger");
    for (u32 i = 0; i < COUNT_OF(MEMBERS); i++) {
        str name = json_get_str(t, MEMBERS[i], (str){0});
        if (name.n) return arena_printf(c->arena, "%s %.*s", MEMBERS[i], STR_ARG(name));
    }
    return json_text(c, t);
}

u32 conflicts_put(struct call *c, struct buf *b, const struct json *journey)
{
    enum { JOURNEYS = 2000 };
    struct engine *e = c->server->engine;
    u32 *codes = arena_alloc(c->arena, JOURNEYS * sizeof *codes);
    u32 n = engine_objects(e, OBJECT_JOURNEY, codes, JOURNEYS), found = 0;
    str own = json_get_str(journey, "id", (str){0}), beginning = beginning_of(c, journey);
    json_put_key(b, S("conflicts"));
    buf_byte(b, '[');
    for (u32 i = 0; i < n; i++) {
        const struct json *j;
        struct journey_info info;
        str id = names_text(engine_names(e), NAME_OBJECT, codes[i]);
        str source = arena_str(c->arena, engine_object(e, OBJECT_JOURNEY, id, NULL));
        if (str_eq(id, own) || !journey_find(engine_journeys(e), id, &info) || info.stopped ||
            json_parse(source, c->arena, &j, NULL) != ERR_OK ||
            !str_eq(beginning, beginning_of(c, j)))
            continue;
        struct said name;
        said_init(&name);
        say_name(&name, json_get(j, "name"), id);
        json_put_comma(b);
        buf_byte(b, '{');
        json_put_kv_str(b, S("journey"), id);
        said_put(&name, b, "name");
        put_both(b, S("words"),
                 arena_printf(c->arena,
                              "“%.*s”由同一件事触发，同一个人可能两边都收到；频次上限会合起来算。",
                              STR_ARG(buf_str(&name.zh))),
                 arena_printf(c->arena,
                              "“%.*s” begins with the same thing: one person may hear from both. "
                              "The limits count both together.",
                              STR_ARG(buf_str(&name.en))));
        json_put_kv_i64(b, S("waiting"), (i64)info.waiting);
        json_put_key(b, S("customers"));
        buf_put(b, S("null}"));
        said_clear(&name);
        found++;
    }
    buf_byte(b, ']');
    return found;
}

/* ---- the sentence ---- */

static err sentence_of(struct call *c)
{
    const struct json *j = json_get(c->body, "journey");
    if (!json_is(j, JSON_OBJECT))
        return diag_at(&c->why, ERR_REFUSED, S("/journey"), "\"journey\", an object, is needed");
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("id"), json_get_str(j, "id", (str){0}));
    journey_lines_put(&c->out, j, true);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

/* The draft of the path's journey, else what is live. */
static err read_journey(struct call *c, str draft, const struct json **out)
{
    str source =
        draft.n ? draft : engine_object(c->server->engine, OBJECT_JOURNEY, c->params[0], NULL);
    if (!source.n) return diag_set(&c->why, ERR_NOT_FOUND, "there is no journey of this id");
    return json_parse(arena_str(c->arena, source), c->arena, out, &c->why);
}

static err sentence_answer(struct call *c)
{
    const struct json *j;
    TRY(read_journey(c, *(str *)c->data, &j));
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("id"), c->params[0]);
    journey_lines_put(&c->out, j, true);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err sentence(struct call *c)
{
    str *draft = arena_alloc(c->arena, sizeof *draft);
    *draft = office_draft_get(c->server->office, S("journey"), c->params[0], c->arena);
    c->data = draft;
    return call_engine(c, sentence_answer);
}

/* ---- the check list ---- */

struct test_seen {
    str template, channel;
    i64 version;
    bool sent;
};

struct checks {
    struct counts counts;
    struct call *c;
    str draft;
    const struct json *journey;
    struct counted *audience;
    bool future; /* the audience is of days to come */
    struct test_seen tests[TESTS_MAX];
    u32 test_count, errors, warnings;
    /* of the sends, one after the other */
    str channels[SENDS_MAX];
    u32 channel_count, sends, unseen;
    struct buf broken; /* the checks of templates that are wrong */
    bool no_way_out, no_links, sends_mail;
    struct buf *out; /* of the notices at hand */
    u32 notices;
};

static void note_test(void *ctx, str id, str source)
{
    struct checks *k = ctx;
    const struct json *j;
    (void)id;
    if (k->test_count == TESTS_MAX ||
        json_parse(arena_str(k->c->arena, source), k->c->arena, &j, NULL) != ERR_OK)
        return;
    struct test_seen *t = &k->tests[k->test_count++];
    const struct json *version = json_get(j, "version");
    t->template = json_get_str(j, "template", (str){0});
    t->channel = json_get_str(j, "channel", (str){0});
    t->sent = str_eq(json_get_str(j, "status", (str){0}), S("sent"));
    if (!version || json_to_i64(version, &t->version) != ERR_OK) t->version = 0;
}

struct check {
    const char *code, *severity, *zh, *en;
    str zh_words, en_words;
    const char *action; /* NULL: nothing to mend */
    str step, object;
    i64 count; /* -1: none */
};

static void put_check(struct checks *k, struct buf *b, const struct check *x)
{
    k->errors += strcmp(x->severity, "error") == 0;
    k->warnings += strcmp(x->severity, "warning") == 0;
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("code"), str_of(x->code));
    json_put_kv_str(b, S("severity"), str_of(x->severity));
    put_both(b, S("title"), str_of(x->zh), str_of(x->en));
    put_both(b, S("words"), x->zh_words, x->en_words);
    json_put_key(b, S("fix"));
    if (x->action) {
        buf_byte(b, '{');
        json_put_kv_str(b, S("action"), str_of(x->action));
        if (x->step.n) json_put_kv_str(b, S("step"), x->step);
        if (x->object.n) json_put_kv_str(b, S("object"), x->object);
        buf_byte(b, '}');
    } else {
        buf_put(b, S("null"));
    }
    json_put_key(b, S("count"));
    if (x->count >= 0)
        buf_i64_text(b, x->count);
    else
        buf_put(b, S("null"));
    buf_byte(b, '}');
}

/* ---- who ---- */

/* The trigger as a predicate on everybody; empty: it cannot be one. */
static str audience_text(struct checks *k)
{
    struct call *c = k->c;
    const struct json *t = json_get(k->journey, "trigger"), *audience = json_get(t, "audience");
    str event = json_get_str(t, "event", (str){0}), segment = json_get_str(t, "segment", (str){0}),
        date = json_get_str(t, "date", (str){0});
    struct engine *e = c->server->engine;
    struct buf b;
    buf_init(&b, API_BODY_MAX);
    if (audience) {
        json_put(&b, audience);
    } else if (event.n && names_find(engine_names(e), NAME_EVENT, event)) {
        buf_put(&b, S("{\"did\":"));
        json_put_str(&b, event);
        buf_put(&b, S(",\"within\":\"30d\"}"));
    } else if (segment.n) {
        buf_put(&b, S("{\"segment\":"));
        json_put_str(&b, segment);
        buf_byte(&b, '}');
    } else if (date.n && names_find(engine_names(e), NAME_ATTRIBUTE, date)) {
        k->future = true;
        buf_put(&b, S("{\"date\":"));
        json_put_str(&b, date);
        if (json_get_bool(t, "anniversary", false)) buf_put(&b, S(",\"anniversary\":true"));
        buf_put(&b, S(",\"in\":[\"0d\",\"29d\"]}"));
    }
    str text = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return text;
}

static void check_audience(struct checks *k, struct buf *b)
{
    struct arena *a = k->c->arena;
    struct check x = {.code = "audience", .severity = "ok", .zh = "人群", .en = "Who", .count = -1};
    if (!k->audience) {
        x.severity = "info";
        x.zh_words = S("人数要等触发的事情发生才知道。");
        x.en_words = S("How many it will be shows once what starts it happens.");
    } else {
        x.count = (i64)k->audience->count;
        bool live = json_get(json_get(k->journey, "trigger"), "segment") ||
                    json_get(json_get(k->journey, "trigger"), "audience");
        const char *zh = k->future ? "今后 30 天" : live ? "现在" : "最近 30 天";
        const char *en = k->future ? "in the next 30 days" : live ? "now" : "in the last 30 days";
        x.zh_words = arena_printf(a, "%s有 %lld 人。", zh, (long long)x.count);
        x.en_words = arena_printf(a, "%lld people %s.", (long long)x.count, en);
        if (x.count == 0) x.severity = "warning", x.action = "open_trigger";
    }
    put_check(k, b, &x);
}

static bool is_transactional(const struct checks *k)
{
    return str_eq(json_get_str(json_get(k->journey, "policy"), "category", S("promotion")),
                  S("transactional"));
}

static void check_consent(struct checks *k, struct buf *b)
{
    struct arena *a = k->c->arena;
    struct names *names = engine_names(k->c->server->engine);
    for (u32 i = 0; i < k->channel_count; i++) {
        u32 code = names_find(names, NAME_CHANNEL, k->channels[i]);
        struct name_words w = words_of(WORDS_CHANNEL, k->channels[i]);
        struct check x = {.code = "consent",
                          .severity = "ok",
                          .zh = "联系得上",
                          .en = "Can be reached",
                          .object = k->channels[i],
                          .count = -1};
        bool counted = k->audience && code && code < CHANNEL_FIXED_COUNT;
        u64 n = counted ? k->audience->reachable[code] : 0;
        if (is_transactional(k)) {
            x.zh_words = arena_printf(a, "%.*s：交易通知不需要营销同意。", STR_ARG(w.zh));
            x.en_words = arena_printf(a, "%.*s: what belongs to a purchase needs no consent.",
                                      STR_ARG(w.en));
        } else if (!counted) {
            x.severity = "info";
            x.zh_words = arena_printf(a, "%.*s：还不知道多少人同意。", STR_ARG(w.zh));
            x.en_words =
                arena_printf(a, "%.*s: how many have agreed is not known yet.", STR_ARG(w.en));
        } else {
            x.count = (i64)n;
            x.zh_words =
                arena_printf(a, "%.*s：%llu 人里有 %llu 人同意接收。", STR_ARG(w.zh),
                             (unsigned long long)k->audience->count, (unsigned long long)n);
            x.en_words =
                arena_printf(a, "%.*s: %llu of %llu people have agreed.", STR_ARG(w.en),
                             (unsigned long long)n, (unsigned long long)k->audience->count);
            if (n == 0 && k->audience->count) x.severity = "warning", x.action = "map_column";
        }
        put_check(k, b, &x);
    }
}

/* ---- what ---- */

static void note_channel(struct checks *k, str name)
{
    for (u32 i = 0; i < k->channel_count; i++)
        if (str_eq(k->channels[i], name)) return;
    if (k->channel_count < SENDS_MAX) k->channels[k->channel_count++] = name;
}

static bool was_seen(const struct checks *k, str template, u32 version)
{
    for (u32 i = 0; i < k->test_count; i++)
        if (k->tests[i].sent && str_eq(k->tests[i].template, template) &&
            k->tests[i].version == (i64)version)
            return true;
    return false;
}

static void put_broken(struct checks *k, const struct send_place *p, str template, str zh, str en)
{
    struct check x = {.code = "template",
                      .severity = "error",
                      .zh = "文案",
                      .en = "The words",
                      .zh_words = zh,
                      .en_words = en,
                      .action = "open_template",
                      .step = json_get_str(p->step, "id", (str){0}),
                      .object = template,
                      .count = -1};
    put_check(k, &k->broken, &x);
}

/* Rooted addresses that no shop's address stands before. */
static bool has_loose_link(str html)
{
    return str_find(html, S("href=\"/")) >= 0 || str_find(html, S("src=\"/")) >= 0 ||
           str_find(html, S("href=\"\"")) >= 0;
}

static bool check_send(void *ctx, const struct send_place *p)
{
    struct checks *k = ctx;
    struct call *c = k->c;
    const struct json *send = json_get(p->step, "send"), *template;
    str id = json_get_str(send, "template", (str){0}),
        channel = json_get_str(send, "channel", (str){0});
    u32 version = 0;
    str source = engine_object(c->server->engine, OBJECT_TEMPLATE, id, &version);
    struct look_asked asked = {.journey = k->journey, .device = S("computer"), .place = ""};
    struct look *l = arena_alloc(c->arena, sizeof *l);
    k->sends++;
    note_channel(k, channel);
    if (!source.n || json_parse(arena_str(c->arena, source), c->arena, &template, NULL) != ERR_OK) {
        put_broken(k, p, id, arena_printf(c->arena, "没有模板“%.*s”。", STR_ARG(id)),
                   arena_printf(c->arena, "There is no template “%.*s”.", STR_ARG(id)));
        return true;
    }
    asked.template = template;
    if (look_begin(c, &asked, l) != ERR_OK || look_say(l) != ERR_OK) {
        put_broken(
            k, p, id,
            arena_printf(c->arena, "“%.*s”有错：%s %s", STR_ARG(id), c->why.path, c->why.message),
            arena_printf(c->arena, "“%.*s” has a mistake: %s %s", STR_ARG(id), c->why.path,
                         c->why.message));
        c->why = (struct diag){0};
        return true;
    }
    if (!was_seen(k, id, version)) k->unseen++;
    if (str_eq(channel, S("email"))) {
        k->sends_mail = true;
        k->no_way_out |= !look_has_link(l->words.html, S("/u/test")) &&
                         str_find(l->words.text, S("/u/test")) < 0;
        k->no_links |= has_loose_link(l->words.html);
    }
    return true;
}

static void check_words(struct checks *k, struct buf *b)
{
    struct arena *a = k->c->arena;
    struct check x = {
        .code = "template", .severity = "ok", .zh = "文案", .en = "The words", .count = k->sends};
    if (k->broken.n) {
        json_put_comma(b);
        buf_put(b, buf_str(&k->broken));
    } else if (k->sends) {
        x.zh_words = arena_printf(a, "%u 条消息都能生成。", k->sends);
        x.en_words = arena_printf(
            a, k->sends == 1 ? "The message can be made." : "All %u messages can be made.",
            k->sends);
        put_check(k, b, &x);
    } else {
        x.severity = "info";
        x.zh_words = S("这个旅程不发消息。");
        x.en_words = S("This journey sends nothing.");
        put_check(k, b, &x);
    }
    if (!k->sends_mail) return;
    x = (struct check){.code = "links", .severity = "ok", .zh = "链接", .en = "Links", .count = -1};
    x.zh_words = S("链接都是完整的地址，会记录谁点过。");
    x.en_words = S("All links are whole addresses, and clicks are counted.");
    if (k->no_links) {
        x.severity = "error";
        x.action = "open_settings";
        x.zh_words = S("消息里的按钮还不知道通向哪里：请填写店铺网址。");
        x.en_words = S("The buttons lead nowhere yet: give your shop’s website.");
    }
    put_check(k, b, &x);
}

static void check_way_out(struct checks *k, struct buf *b)
{
    struct check x = {
        .code = "unsubscribe", .severity = "ok", .zh = "退订", .en = "Way out", .count = -1};
    x.zh_words = S("每条营销消息都带退订方式，退订后立即生效。");
    x.en_words = S("Every message that promotes has a way out, which holds at once.");
    if (is_transactional(k)) {
        x.zh_words = S("交易通知不带退订。");
        x.en_words = S("What belongs to a purchase has no way out.");
    } else if (k->no_way_out) {
        x.severity = "error";
        x.action = "open_template";
        x.zh_words = S("有邮件没有退订链接：请加上页脚。");
        x.en_words = S("A mail has no unsubscribe link: add a footer.");
    }
    put_check(k, b, &x);
}

/* ---- when and how ---- */

static void check_quiet(struct checks *k, struct buf *b)
{
    str quiet = json_get_str(json_get(k->journey, "policy"), "quiet", S("defer"));
    struct check x = {
        .code = "quiet_hours", .severity = "ok", .zh = "时间", .en = "Hours", .count = -1};
    x.zh_words = S("免打扰时间里不发，等到可以发的时候。");
    x.en_words = S("Nothing goes out in quiet hours; it waits until it may.");
    if (is_transactional(k)) {
        x.zh_words = S("交易通知随时发。");
        x.en_words = S("What belongs to a purchase goes at any hour.");
    } else if (str_eq(quiet, S("ignore"))) {
        x.severity = "warning";
        x.action = "open_policy";
        x.zh_words = S("这个旅程不理会免打扰时间，夜里也会发。");
        x.en_words = S("This journey ignores quiet hours: it writes at night, too.");
    } else if (str_eq(quiet, S("drop"))) {
        x.zh_words = S("免打扰时间里的消息不发，也不补发。");
        x.en_words = S("What would fall into quiet hours is not sent at all.");
    }
    put_check(k, b, &x);
}

static void check_channels(struct checks *k, struct buf *b)
{
    struct engine *e = k->c->server->engine;
    struct arena *a = k->c->arena;
    for (u32 i = 0; i < k->channel_count; i++) {
        u32 code = names_find(engine_names(e), NAME_CHANNEL, k->channels[i]);
        struct name_words w = words_of(WORDS_CHANNEL, k->channels[i]);
        struct channel_state state;
        struct check x = {.code = "channel",
                          .severity = "ok",
                          .zh = "渠道",
                          .en = "Channel",
                          .object = k->channels[i],
                          .count = -1};
        outbox_channel_state(k->c->server->outbox, code, &state);
        x.zh_words = arena_printf(a, "%.*s已接通。", STR_ARG(w.zh));
        x.en_words = arena_printf(a, "%.*s is connected.", STR_ARG(w.en));
        if (!state.connected) {
            x.severity = "error";
            x.action = "connect_channel";
            x.zh_words = arena_printf(a, "%.*s还没有接通，消息会一直等着。", STR_ARG(w.zh));
            x.en_words =
                arena_printf(a, "%.*s is not connected: messages would wait.", STR_ARG(w.en));
        } else if (state.detail[0]) {
            x.severity = "warning";
            x.action = "open_channel";
            x.zh_words = arena_printf(a, "%.*s最近一次有问题：%s", STR_ARG(w.zh), state.detail);
            x.en_words = arena_printf(a, "%.*s had a problem: %s", STR_ARG(w.en), state.detail);
        }
        put_check(k, b, &x);
    }
}

static void check_test(struct checks *k, struct buf *b)
{
    struct arena *a = k->c->arena;
    struct check x = {
        .code = "test", .severity = "ok", .zh = "试发", .en = "Test", .count = k->unseen};
    if (!k->sends) return;
    x.zh_words = S("每条消息都试发过。");
    x.en_words = S("A test of every message has been sent.");
    if (k->unseen) {
        x.severity = "warning";
        x.action = "test_send";
        x.zh_words = arena_printf(a, "%u 条消息还没有试发过，或试发之后又改过。", k->unseen);
        x.en_words =
            arena_printf(a, "%u not tested yet, or changed since its last test.", k->unseen);
    }
    put_check(k, b, &x);
}

/* ---- colleagues, and circles ---- */

static bool check_notice(void *ctx, const struct json *step)
{
    struct checks *k = ctx;
    struct arena *a = k->c->arena;
    const struct json *notify = json_get(step, "notify"), *to = json_get(notify, "to");
    struct staff staff;
    if (!notify) return true;
    k->notices++;
    str owner = json_is(to, JSON_STRING) ? to->text : json_get_str(to, "else", (str){0});
    bool is_address = str_find(owner, S("@")) > 0;
    bool known = owner.n && staff_find(k->c->server->staff, owner, &staff);
    if (!owner.n || is_address || (known && !staff.stands_in)) return true;
    struct check x = {.code = "staff",
                      .severity = "warning",
                      .zh = "通知同事",
                      .en = "Telling colleagues",
                      .action = "open_step",
                      .step = json_get_str(step, "id", (str){0}),
                      .count = -1};
    x.zh_words = known ? arena_printf(a, "团队里没有“%.*s”，通知会发给所有者。", STR_ARG(owner))
                       : arena_printf(a, "团队里没有“%.*s”，没有人会收到通知。", STR_ARG(owner));
    x.en_words =
        known ? arena_printf(a, "Nobody of the team is called “%.*s”: the owner gets it instead.",
                             STR_ARG(owner))
              : arena_printf(a, "Nobody of the team is called “%.*s”: nobody will hear of it.",
                             STR_ARG(owner));
    put_check(k, k->out, &x);
    return true;
}

/* Mails to the staff go by the e-mail channel, whatever else the journey uses. */
static void check_staff(struct checks *k, struct buf *b)
{
    struct channel_state state;
    k->out = b;
    steps_each(json_get(k->journey, "steps"), check_notice, k);
    if (!k->notices) return;
    outbox_channel_state(k->c->server->outbox, CHANNEL_EMAIL, &state);
    if (state.connected) return;
    struct check x = {.code = "staff",
                      .severity = "warning",
                      .zh = "通知同事",
                      .en = "Telling colleagues",
                      .action = "connect_channel",
                      .object = S("email"),
                      .count = -1};
    x.zh_words = S("通知同事要用邮件，邮件渠道还没有接通。");
    x.en_words = S("Colleagues are told by e-mail, and that channel is not connected.");
    put_check(k, b, &x);
}

static void check_circle(struct checks *k, struct buf *b)
{
    struct circle way;
    struct check x = {.code = "loop",
                      .severity = "warning",
                      .zh = "自己触发自己",
                      .en = "Begins itself",
                      .action = "open_step",
                      .count = -1};
    struct buf through;
    if (!circle_find(k->c, k->journey, &way)) return;
    buf_init(&through, 4096);
    for (u32 i = 0; i < way.count; i++) {
        if (i) buf_put(&through, S(" → "));
        buf_put(&through, way.ids[i]);
    }
    bool alone = way.count == 0;
    x.zh_words = arena_printf(k->c->arena,
                              "它的步骤（%.*s）会%s%.*s再次触发它自己。每位客户 24 "
                              "小时内最多这样进入三次，之后会被拒绝（loop）。",
                              STR_ARG(way.by), alone ? "" : "经过 ", STR_ARG(buf_str(&through)));
    x.en_words = arena_printf(
        k->c->arena,
        "A step of it (%.*s) begins it again%s%.*s. Each customer gets in three times so within 24 "
        "hours, then is refused (loop).",
        STR_ARG(way.by), alone ? "" : ", through ", STR_ARG(buf_str(&through)));
    put_check(k, b, &x);
    buf_clear(&through);
}

static err checks_answer(struct call *c)
{
    struct checks *k = c->data;
    struct buf conflicts;
    struct check x = {
        .code = "conflicts", .severity = "ok", .zh = "和别的旅程", .en = "Other journeys"};
    buf_init(&k->broken, API_BODY_MAX), buf_init(&conflicts, API_BODY_MAX);
    journey_sends(k->journey, check_send, k);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("journey"), c->params[0]);
    json_put_key(&c->out, S("checks"));
    buf_byte(&c->out, '[');
    check_audience(k, &c->out);
    check_consent(k, &c->out);
    check_words(k, &c->out);
    if (k->sends) check_way_out(k, &c->out);
    if (k->sends) check_quiet(k, &c->out);
    check_channels(k, &c->out);
    check_test(k, &c->out);
    check_staff(k, &c->out);
    check_circle(k, &c->out);
    x.count = conflicts_put(c, &conflicts, k->journey);
    if (x.count) x.severity = "info";
    x.zh_words = x.count ? arena_printf(c->arena, "%lld 个旅程由同一件事触发。", (long long)x.count)
                         : S("没有别的旅程由同一件事触发。");
    x.en_words = x.count ? arena_printf(c->arena, "%lld other journeys begin with the same thing.",
                                        (long long)x.count)
                         : S("No other journey begins with the same thing.");
    put_check(k, &c->out, &x);
    buf_byte(&c->out, ']');
    buf_byte(&c->out, ',');
    buf_put(&c->out, buf_str(&conflicts));
    json_put_kv_bool(&c->out, S("ready"), k->errors == 0);
    json_put_kv_i64(&c->out, S("errors"), k->errors);
    json_put_kv_i64(&c->out, S("warnings"), k->warnings);
    if (k->audience) {
        json_put_kv_i64(&c->out, S("people"), (i64)k->audience->count);
        counts_put_reach(c, k->audience);
    }
    buf_byte(&c->out, '}');
    buf_clear(&k->broken), buf_clear(&conflicts);
    return ERR_OK;
}

static err checks_begin(struct call *c)
{
    struct checks *k = c->data;
    const struct json *audience;
    TRY(read_journey(c, k->draft, &k->journey));
    counts_init(&k->counts, c);
    str text = audience_text(k);
    if (text.n) {
        struct counted *n = counts_add(&k->counts);
        n->with_reach = true;
        TRY(json_parse(text, c->arena, &audience, &c->why));
        if (counts_compile(&k->counts, n, audience, "/trigger") == ERR_OK) k->audience = n;
        c->why = (struct diag){0};
    }
    return counts_begin(&k->counts, checks_answer);
}

static err checks(struct call *c)
{
    struct checks *k = arena_zalloc(c->arena, sizeof *k);
    k->c = c;
    k->draft = office_draft_get(c->server->office, S("journey"), c->params[0], c->arena);
    office_drafts(c->server->office, S("test_send"), note_test, k);
    c->data = k;
    return call_engine(c, checks_begin);
}

extern const struct route ROUTES_CHECKS[];
const struct route ROUTES_CHECKS[] = {
    {METHOD_POST, "/api/v1/journeys/sentence", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_LOOP,
     sentence_of},
    {METHOD_GET, "/api/v1/journeys/{id}/sentence", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_LOOP,
     sentence},
    {METHOD_GET, "/api/v1/journeys/{id}/checks", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_LOOP, checks},
    {0}};
