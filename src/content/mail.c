/* mail.c — a whole mail. What comes from outside is judged before anything is written: addresses,
 * host and URL are refused unless harmless, texts are tamed by the encoders. */
#include "content/content.h"
#include "content/mime.h"

enum { ADDRESS_MAX = 320, NAME_MAX = 1000, URL_MAX = 900 };

struct mailbox {
    str name, address;
};

/* An address may stand in a header and in an SMTP command only if none of its bytes means anything
 * there: printable ASCII, no spaces, no brackets. A quoted local part is not taken. */
MUST_USE static err check_address(str a, struct diag *why)
{
    u32 ats = 0;
    for (size_t i = 0; i < a.n; i++) {
        u8 c = (u8)a.p[i];
        if (c >= 128) return diag_set(why, ERR_REFUSED, "the address has letters beyond ASCII");
        if (c <= 32 || c == 127 || memchr("<>()[],;:\\\"", c, 11))
            return diag_set(why, ERR_REFUSED, "the address has a character that is not allowed");
        ats += c == '@';
    }
    if (ats != 1 || a.p[0] == '@' || a.p[a.n - 1] == '@' || a.n > ADDRESS_MAX)
        return diag_set(why, ERR_REFUSED, "this is no mail address");
    return ERR_OK;
}

/* "Name <a@b>", "\"Na, me\" <a@b>" or "a@b". */
MUST_USE static err split(str mailbox, struct mailbox *out, struct diag *why)
{
    mailbox = str_trim(mailbox);
    *out = (struct mailbox){.address = mailbox};
    if (mailbox.n && mailbox.p[mailbox.n - 1] == '>') {
        size_t open = mailbox.n;
        while (open && mailbox.p[open - 1] != '<') open--;
        if (!open) return diag_set(why, ERR_REFUSED, "the address has > without <");
        out->address = str_slice(mailbox, open, mailbox.n - 1);
        out->name = str_trim(str_slice(mailbox, 0, open - 1));
        if (out->name.n >= 2 && out->name.p[0] == '"' && out->name.p[out->name.n - 1] == '"')
            out->name = str_slice(out->name, 1, out->name.n - 1);
    }
    if (out->name.n > NAME_MAX) return diag_set(why, ERR_REFUSED, "the name is too long");
    return check_address(out->address, why);
}

err mail_address(str mailbox, str *address, struct diag *why)
{
    struct mailbox m;
    TRY(split(mailbox, &m, why));
    *address = m.address;
    return ERR_OK;
}

MUST_USE static err check_host(str host, struct diag *why)
{
    bool fine = host.n > 0 && host.n <= 255;
    for (size_t i = 0; fine && i < host.n; i++) {
        char c = host.p[i];
        fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-';
    }
    return fine ? ERR_OK : diag_set(why, ERR_REFUSED, "the mail's host name is not acceptable");
}

MUST_USE static err check_url(str url, struct diag *why)
{
    bool fine = url.n <= URL_MAX;
    for (size_t i = 0; fine && i < url.n; i++) {
        u8 c = (u8)url.p[i];
        fine = c > 32 && c < 127 && !memchr("<>\"\\,", c, 5);
    }
    return fine ? ERR_OK : diag_set(why, ERR_REFUSED, "the unsubscribe URL is not acceptable");
}

static void put_mailbox(struct buf *out, const char *header, const struct mailbox *m)
{
    size_t from = out->n;
    buf_printf(out, "%s: ", header);
    if (m->name.n) {
        mime_phrase(out, m->name, out->n - from);
        buf_put(out, S("\r\n <")); /* on a line of its own: never too long */
    }
    buf_put(out, m->address);
    buf_put(out, m->name.n ? S(">\r\n") : S("\r\n"));
}

static void put_id(struct buf *out, hash128 id)
{
    static const char DIGITS[] = "0123456789abcdef";
    char text[32];
    for (u32 i = 0; i < 32; i++)
        text[i] = DIGITS[(i < 16 ? id.hi : id.lo) >> (60 - 4 * (i & 15)) & 15];
    buf_put(out, (str){text, sizeof text});
}

static void put_headers(struct buf *out, const struct mail *m, const struct mailbox *from,
                        const struct mailbox *to, const struct mailbox *reply_to)
{
    buf_put(out, S("Date: "));
    mime_date(out, m->date_ms);
    buf_put(out, S("\r\n"));
    put_mailbox(out, "From", from);
    put_mailbox(out, "To", to);
    if (reply_to->address.n) put_mailbox(out, "Reply-To", reply_to);
    buf_put(out, S("Message-ID: <"));
    put_id(out, m->id);
    buf_printf(out, "@%.*s>\r\n", STR_ARG(m->host));
    mime_header_text(out, S("Subject"), m->content->subject);
    if (m->unsubscribe_url.n)
        buf_printf(out,
                   "List-Unsubscribe: <%.*s>\r\n"
                   "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                   STR_ARG(m->unsubscribe_url));
    buf_put(out, S("MIME-Version: 1.0\r\n"));
}

/* "=_" cannot stand in what quoted-printable and base64 make, so the boundary is in no part. */
static void put_boundary(struct buf *out, hash128 id)
{
    buf_put(out, S("=_"));
    put_id(out, id);
}

static void put_texts(struct buf *out, const struct mail *m)
{
    const struct rendered *c = m->content;
    if (!c->html.n) {
        mime_part(out, "text/plain", c->text);
        return;
    }
    if (!c->text.n) {
        mime_part(out, "text/html", c->html);
        return;
    }
    buf_put(out, S("Content-Type: multipart/alternative;\r\n boundary=\""));
    put_boundary(out, m->id);
    buf_put(out, S("\"\r\n\r\n--"));
    put_boundary(out, m->id);
    buf_put(out, S("\r\n"));
    mime_part(out, "text/plain", c->text);
    buf_put(out, S("\r\n--"));
    put_boundary(out, m->id);
    buf_put(out, S("\r\n"));
    mime_part(out, "text/html", c->html);
    buf_put(out, S("\r\n--"));
    put_boundary(out, m->id);
    buf_put(out, S("--\r\n"));
}

/* With a file the texts are the first part of a mixed mail, whose boundary is another. */
static void put_body(struct buf *out, const struct mail *m)
{
    const struct rendered *c = m->content;
    if (!c->file.n) {
        put_texts(out, m);
        return;
    }
    buf_put(out, S("Content-Type: multipart/mixed;\r\n boundary=\"=_f"));
    put_id(out, m->id);
    buf_put(out, S("\"\r\n\r\n--=_f"));
    put_id(out, m->id);
    buf_put(out, S("\r\n"));
    put_texts(out, m);
    buf_put(out, S("\r\n--=_f"));
    put_id(out, m->id);
    buf_put(out, S("\r\n"));
    mime_file(out, c->file_type, c->file_name, c->file);
    buf_put(out, S("\r\n--=_f"));
    put_id(out, m->id);
    buf_put(out, S("--\r\n"));
}

err mail_write(const struct mail *m, struct buf *out, struct diag *why)
{
    struct mailbox from, to, reply_to = {0};
    size_t start = out->n;
    TRY(split(m->from, &from, why));
    TRY(split(m->to, &to, why));
    if (m->reply_to.n) TRY(split(m->reply_to, &reply_to, why));
    TRY(check_host(m->host, why));
    TRY(check_url(m->unsubscribe_url, why));
    put_headers(out, m, &from, &to, &reply_to);
    put_body(out, m);
    if (!out->full) return ERR_OK;
    out->n = start;
    return diag_set(why, ERR_LIMIT, "the mail is too long");
}
