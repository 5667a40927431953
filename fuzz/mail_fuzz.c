/* mail_fuzz.c — any bytes as a mail's names, subject, texts and addresses: refused, or lines that
 * end in CRLF within 998 bytes and exactly the headers that were meant. */
#include "content/content.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Fields are parted by a byte that is in no UTF-8. */
static str field(str *rest)
{
    ptrdiff_t at = str_index(*rest, (char)0xFF);
    str out = at < 0 ? *rest : str_slice(*rest, 0, (size_t)at);
    *rest = at < 0 ? (str){0} : str_slice(*rest, (size_t)at + 1, rest->n);
    return out;
}

static void check(str mail, u32 headers_wanted)
{
    u32 headers = 0;
    bool in_headers = true;
    for (size_t start = 0; start < mail.n;) {
        ptrdiff_t end = str_find(str_slice(mail, start, mail.n), S("\r\n"));
        MUST(end >= 0 && end <= 998);
        str line = str_slice(mail, start, start + (size_t)end);
        MUST(str_index(line, '\n') < 0 && str_index(line, '\r') < 0 && str_index(line, 0) < 0);
        if (!line.n) in_headers = false;
        if (in_headers && line.p[0] != ' ' && line.p[0] != '\t') headers++;
        start += line.n + 2;
    }
    MUST(headers == headers_wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str rest = {(const char *)data, size};
    struct rendered c = {.subject = field(&rest), .text = field(&rest), .html = field(&rest)};
    struct mail m = {.from = field(&rest), .to = field(&rest), .host = field(&rest), .content = &c};
    m.unsubscribe_url = field(&rest);
    m.id = (hash128){size, 7};
    struct buf out;
    struct diag why = {0};
    buf_init(&out, 8 << 20);
    if (mail_write(&m, &out, &why) == ERR_OK)
        check(buf_str(&out), (c.html.n && c.text.n ? 7u : 8u) + (m.unsubscribe_url.n ? 2u : 0u));
    else
        MUST(out.n == 0 && why.message[0]);
    buf_reset(&out);
    html_text(rest, &out);
    buf_clear(&out);
    return 0;
}
