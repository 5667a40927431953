/* notice.c — who is told, and the frame around what they are told. */
#include "outbox/notice.h"

#include "content/html.h"

#include <stdio.h>

/* ---- who ---- */

static void lower(char *s)
{
    for (; *s; s++)
        if (*s >= 'A' && *s <= 'Z') *s = (char)(*s + 32);
}

bool notice_find(const struct outbox *o, str owner, struct staff *out)
{
    str address;
    *out = (struct staff){.stands_in = false};
    bool found = owner.n && o->staff && o->staff(o->staff_ctx, owner, out);
    if (!found || out->stands_in) {
        if (mail_address(owner, &address, NULL) == ERR_OK && address.n < sizeof out->email) {
            *out = (struct staff){.stands_in = false};
            snprintf(out->email, sizeof out->email, "%.*s", STR_ARG(address));
            found = true;
        }
    }
    lower(out->email);
    return found;
}

/* ---- kept ---- */

/* The first is CLAIM_NOTICE_TO: apply reads it. */
#define PARTS(X)                                                                                   \
    X(to, "to")                                                                                    \
    X(language, "language")                                                                        \
    X(customer, "name")                                                                            \
    X(url, "url")                                                                                  \
    X(journey, "journey")                                                                          \
    X(wanted, "wanted")                                                                            \
    X(trouble, "trouble")

void notice_keep(struct words *w, const struct notice *n)
{
#define X(part, name) words_keep(w, S("$notice"), S(name), value_text(n->part));
    PARTS(X)
#undef X
}

bool notice_kept(value all, struct notice *out)
{
#define X(part, name) out->part = value_member(all, S("$notice." name)).text;
    PARTS(X)
#undef X
    return value_member(all, S(CLAIM_NOTICE_TO)).type == VALUE_TEXT;
}

/* ---- written ---- */

static bool is_zh(const struct notice *n)
{
    return str_starts(n->language, S("zh"));
}

/* The two languages of one sentence; %s in the order of the arguments. */
static void line(struct buf *html, struct buf *text, const char *words, str a, str link)
{
    for (const char *p = words; *p; p++) {
        if (*p != '{' && *p != '[') {
            buf_byte(html, (u8)*p);
            buf_byte(text, (u8)*p);
            continue;
        }
        if (*p == '[') {
            buf_put(html, S("<a href=\""));
            html_escape(html, link, false);
            buf_put(html, S("\">"));
        }
        html_escape(html, a, false);
        buf_put(text, a);
        if (*p == '[') {
            buf_put(html, S("</a>"));
            buf_put(text, S(" ("));
            buf_put(text, link);
            buf_put(text, S(")"));
        }
    }
}

static void say(struct buf *html, struct buf *text, const char *words, str a, str link)
{
    buf_put(html, S("<p>"));
    line(html, text, words, a, link);
    buf_put(html, S("</p>\n"));
    buf_byte(text, '\n');
}

static void write_frame(const struct notice *n, struct buf *html, struct buf *text)
{
    bool zh = is_zh(n);
    buf_put(html, S("<hr>\n"));
    buf_put(text, S("\n--\n"));
    say(html, text, zh ? "客户：[" : "Customer: [", n->customer, n->url);
    say(html, text, zh ? "来自旅程“{”。" : "From the journey “{”.", n->journey, n->url);
    if (n->wanted.n)
        say(html, text,
            zh ? "本应通知“{”，但团队里没有这个人，所以发给了您。"
               : "It was meant for “{”. Nobody of the team is called so, so it came to you.",
            n->wanted, n->url);
    if (n->trouble.n)
        say(html, text,
            zh ? "旅程里选的消息没有写出来：{" : "The words chosen in the journey are not here: {",
            n->trouble, n->url);
    say(html, text,
        zh ? "这封邮件只发给员工，客户不会收到。"
           : "This goes to colleagues only. The customer does not get it.",
        n->customer, n->url);
}

/* Before the end of the body, where there is one. */
static size_t end_of_body(str html)
{
    for (size_t i = html.n; i >= 7; i--)
        if (str_eq_nocase(str_slice(html, i - 7, i), S("</body>"))) return i - 7;
    return html.n;
}

void notice_write(const struct notice *n, struct arena *arena, struct rendered *r)
{
    struct buf html, text, frame;
    buf_init(&html, 2 * TEMPLATE_OUTPUT_MAX);
    buf_init(&text, 2 * TEMPLATE_OUTPUT_MAX);
    buf_init(&frame, TEMPLATE_OUTPUT_MAX);
    buf_put(&text, r->text);
    write_frame(n, &frame, &text);
    size_t body = end_of_body(r->html);
    buf_put(&html, str_slice(r->html, 0, body));
    if (!r->html.n && r->text.n) {
        buf_put(&html, S("<p style=\"white-space:pre-line\">"));
        html_escape(&html, r->text, false);
        buf_put(&html, S("</p>\n"));
    }
    buf_put(&html, buf_str(&frame));
    buf_put(&html, str_slice(r->html, body, r->html.n));
    r->html = arena_str(arena, buf_str(&html));
    r->text = arena_str(arena, buf_str(&text));
    if (!r->subject.n)
        r->subject = arena_printf(arena, is_zh(n) ? "请看一下：%.*s" : "Please have a look: %.*s",
                                  STR_ARG(n->customer));
    buf_clear(&html);
    buf_clear(&text);
    buf_clear(&frame);
}
