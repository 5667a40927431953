#include "server/mailer.h"

#include "server/board.h"
#include "server/show.h"
#include "server/trial.h"
#include "server/users.h"

#include <stdio.h>

enum { LOOK_EACH_MS = 5000, STATE_MAX = 4096, PARTS_MAX = 16 << 20 };
#define XLSX_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

struct posting {
    struct mailing m;
    struct mailing_state st;
    bool beside; /* asked by hand: no slot, nothing kept */
    i64 slot;
    u32 count, whose;
    str to[MAILING_TO_MAX];
    struct rendered content;
    /* of the recipient at hand */
    mailing_end how;
    char detail[208];
    struct buf told; /* by hand: what came of each */
};

/* ---- what is kept ---- */

void mailer_state(struct server *s, str id, struct arena *arena, struct mailing_state *out)
{
    const struct json *j = NULL;
    str source = office_draft_get(s->office, S("mailing-state"), id, arena);
    if (source.n && json_parse(source, arena, &j, NULL) != ERR_OK) j = NULL;
    mailing_state_read(j, out);
}

err mailer_keep(struct server *s, str id, const struct mailing_state *st, struct diag *why)
{
    struct buf b;
    buf_init(&b, STATE_MAX);
    mailing_state_put(&b, st);
    err e = office_draft_put(s->office, S("mailing-state"), id, buf_str(&b), server_now(s), why);
    buf_clear(&b);
    return e;
}

static err keep(struct call *c, const struct posting *p)
{
    return p->beside ? ERR_OK : mailer_keep(c->server, p->m.id, &p->st, &c->why);
}

static struct posting *posting_of(struct call *c)
{
    return ((struct board *)c->outer)->ctx;
}

/* ---- recipients, one after the other ---- */

static err next_recipient(struct call *c);

static void tell(struct posting *p)
{
    static const char *const WORDS[] = {"sent", "failed", "later", "unknown"};
    json_put_comma(&p->told);
    buf_byte(&p->told, '{');
    json_put_kv_str(&p->told, S("to"), p->to[p->whose]);
    json_put_kv_str(&p->told, S("status"), str_of(WORDS[p->how]));
    if (p->detail[0]) json_put_kv_str(&p->told, S("detail"), str_of(p->detail));
    buf_byte(&p->told, '}');
}

static err settled(struct call *c)
{
    struct posting *p = posting_of(c);
    i64 now = server_now(c->server);
    if (p->beside && p->how == MAILING_LATER) p->st.tries = MAILING_TRIES; /* not tried again */
    mailing_settle(&p->st, p->how, str_of(p->detail), now);
    if (p->beside) tell(p);
    server_log(c->server, "board mailed", "mailing=%.*s recipient=%u status=%d", STR_ARG(p->m.id),
               p->whose, (int)p->how);
    TRY(keep(c, p));
    return p->st.not_before > now ? ERR_OK : next_recipient(c);
}

static void came(struct posting *p, mailing_end how, const char *detail)
{
    p->how = how;
    snprintf(p->detail, sizeof p->detail, "%.200s", detail);
}

static err told(struct call *c)
{
    struct posting *p = posting_of(c);
    const struct trial_outcome *o = c->data;
    str status = str_of(o->status);
    bool later = str_eq(status, S("held")) || str_eq(status, S("retry"));
    bool unknown = str_eq(status, S("unknown")) || str_eq(status, S("timeout"));
    came(p,
         str_eq(status, S("sent")) ? MAILING_SENT
         : later                   ? MAILING_LATER
         : unknown                 ? MAILING_UNKNOWN
                                   : MAILING_FAILED,
         o->detail);
    return call_loop(c, settled);
}

static err hand_over(struct call *c)
{
    struct posting *p = posting_of(c);
    struct engine *e = c->server->engine;
    char room[NORMAL_BYTES_MAX];
    u32 channel = names_find(engine_names(e), NAME_CHANNEL, S("email"));
    str to = identifier_normal(e, SPACE_EMAIL, p->to[p->whose], room);
    if (!to.n) {
        came(p, MAILING_FAILED,
             p->to[p->whose].n ? "this cannot be an e-mail address"
                               : "this user is gone, or may not sign in");
        return call_loop(c, settled);
    }
    if (engine_sending_held(e)) {
        came(p, MAILING_LATER, "all sending is held");
        return call_loop(c, settled);
    }
    if (trial_begin(c, channel, arena_str(c->arena, to), &p->content, told) == ERR_OK)
        return ERR_OK;
    came(p, MAILING_LATER, c->why.message);
    c->why = (struct diag){0};
    return call_loop(c, settled);
}

static err done(struct call *c)
{
    struct posting *p = posting_of(c);
    if (!p->beside) return keep(c, p);
    buf_put(&c->out, S("{\"items\":["));
    buf_put(&c->out, buf_str(&p->told));
    buf_put(&c->out, S("]}"));
    buf_clear(&p->told);
    return ERR_OK;
}

/* The claim is on disk before the mail is handed over. */
static err next_recipient(struct call *c)
{
    struct posting *p = posting_of(c);
    if (!mailing_claim(&p->st, p->count, server_now(c->server), &p->whose)) return done(c);
    TRY(keep(c, p));
    return call_engine(c, hand_over);
}

/* ---- the mail ---- */

static str taken(struct call *c, struct buf *b)
{
    str s = arena_str(c->arena, buf_str(b));
    buf_clear(b);
    return s;
}

static err compose(struct call *c)
{
    const struct board *b = c->outer;
    struct posting *p = b->ctx;
    struct report r = *board_report(c, b);
    struct buf text, day;
    r.link = arena_printf(c->arena, "%s/insights/boards?board=%.*s", c->server->public_url,
                          STR_ARG(b->id));
    r.note = b->look.zh
                 ? S("这封邮件由 Beckon 按设定的时间发出。在看板的「定时发送」里可以修改或停止。")
                 : S("Beckon sends this mail on a schedule. Change or end it on the board, "
                     "under “Send on a schedule”.");
    buf_init(&day, 64);
    report_day(&day, b->look.from, b->zone, false);
    if (b->look.to - b->look.from > 36 * HOUR) {
        buf_put(&day, S(" – "));
        report_day(&day, b->look.to - 1, b->zone, false);
    }
    str when = taken(c, &day), title = p->m.name.n ? p->m.name : r.title;
    r.title = title;
    p->content.subject = arena_printf(c->arena, b->look.zh ? "%.*s，%.*s" : "%.*s, %.*s",
                                      STR_ARG(title), STR_ARG(when));
    buf_init(&text, PARTS_MAX);
    report_mail(&text, &r);
    p->content.html = taken(c, &text);
    buf_init(&text, PARTS_MAX);
    report_text(&text, &r);
    p->content.text = taken(c, &text);
    buf_init(&text, PARTS_MAX);
    err e = report_xlsx(&text, &r, &c->why);
    p->content.file = taken(c, &text);
    TRY(e);
    p->content.file_name =
        arena_printf(c->arena, "%.*s %.10s.xlsx", STR_ARG(title), when.n ? when.p : "");
    p->content.file_type = S(XLSX_TYPE);
    return call_loop(c, next_recipient);
}

static err compose_aside(struct call *c)
{
    return call_crew(c, compose);
}

/* Who may not sign in any more gets nothing. */
static void find_recipients(struct server *s, struct posting *p)
{
    for (const struct json *e = p->m.to->child; e && p->count < MAILING_TO_MAX; e = e->next) {
        str to = e->text;
        if (str_starts(to, S("user:"))) {
            const struct user *u = user_by_id(s->office, str_slice(to, 5, to.n));
            to = u && !u->disabled ? str_of(u->email) : (str){0};
        }
        p->to[p->count++] = to;
    }
}

static err ask_board(struct call *c, struct posting *p)
{
    struct board *b;
    struct board_look look = {.zh = str_eq(p->m.language, S("zh")), .compare = true};
    find_recipients(c->server, p);
    for (u32 i = 0; i < p->count; i++) p->to[i] = arena_str(c->arena, p->to[i]);
    mailing_period(&p->m, c->server->zone, p->slot, &look.from, &look.to);
    TRY(board_read(c, p->m.dashboard, &look, &b));
    b->ctx = p;
    return board_ask(c, b, compose_aside);
}

/* ---- by the clock ---- */

struct seeking {
    struct server *s;
    struct arena *arena;
    i64 now;
    struct posting *found;
};

static void each_mailing(void *ctx, str id, str source)
{
    struct seeking *k = ctx;
    const struct json *j;
    struct posting p = {0};
    (void)id;
    if (k->found) return;
    if (json_parse(arena_str(k->arena, source), k->arena, &j, NULL) != ERR_OK ||
        mailing_read(j, &p.m, NULL) != ERR_OK)
        return;
    mailer_state(k->s, p.m.id, k->arena, &p.st);
    p.slot = mailing_due(&p.m, k->s->zone, &p.st, k->now);
    if (p.slot == NEVER) return;
    k->found = arena_alloc(k->arena, sizeof p);
    *k->found = p;
}

struct due {
    struct arena *arena;
    struct posting *posting;
};

static err begin(struct call *c)
{
    struct due *d = c->end_data;
    return ask_board(c, d->posting);
}

/* Where the board could not be asked, or nothing could be written, it is tried again later. */
static void ended(struct call *c)
{
    struct due *d = c->end_data;
    struct posting *p = d->posting;
    struct server *s = c->server;
    struct diag why = {0};
    s->mails = false;
    if (c->status >= 400 && !p->st.pending) {
        i64 now = server_now(s);
        u32 whose;
        if (mailing_claim(&p->st, p->m.to->count, now, &whose))
            mailing_settle(&p->st, MAILING_LATER, str_of(c->why.message), now);
        (void)!mailer_keep(s, p->m.id, &p->st, &why);
    }
    arena_free(d->arena);
}

void mailer_tick(struct server *s, i64 now)
{
    if (s->mails || (now >= s->mails_ms && now - s->mails_ms < LOOK_EACH_MS)) return;
    s->mails_ms = now;
    struct seeking k = {.s = s, .arena = arena_new(), .now = now};
    office_drafts(s->office, S("mailing"), each_mailing, &k);
    if (!k.found) {
        arena_free(k.arena);
        return;
    }
    struct due *d = arena_zalloc(k.arena, sizeof *d);
    *d = (struct due){k.arena, k.found};
    s->mails = true;
    call_inside(s, begin, d, ended);
}

/* ---- by hand ---- */

err mailer_send(struct call *c, const struct mailing *m)
{
    struct posting *p = arena_zalloc(c->arena, sizeof *p);
    p->m = *m;
    p->beside = true;
    p->slot = server_now(c->server);
    p->st = (struct mailing_state){.slot = p->slot, .open = true};
    buf_init(&p->told, 64 << 10);
    return ask_board(c, p);
}
