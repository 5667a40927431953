#include "server/multipart.h"

/* The value of `key=` in a header's parameters, without its quotes. */
static bool parameter(str header, const char *key, str *out)
{
    str name = str_of(key);
    for (size_t i = 0; i + name.n + 1 < header.n; i++) {
        bool starts = i == 0 || header.p[i - 1] == ';' || header.p[i - 1] == ' ';
        if (!starts || !str_eq_nocase(str_slice(header, i, i + name.n), name)) continue;
        if (header.p[i + name.n] != '=') continue;
        str rest = str_slice(header, i + name.n + 1, header.n);
        bool quoted = str_starts(rest, S("\""));
        if (quoted) rest = str_slice(rest, 1, rest.n);
        size_t end = 0;
        while (end < rest.n && rest.p[end] != (quoted ? '"' : ';')) end++;
        *out = quoted ? str_slice(rest, 0, end) : str_trim(str_slice(rest, 0, end));
        return true;
    }
    return false;
}

bool multipart_begin(struct multipart *m, str content_type, const struct multipart_handler *h)
{
    str boundary = {0};
    *m = (struct multipart){.handler = *h};
    if (!str_eq_nocase(str_slice(content_type, 0, 19), S("multipart/form-data"))) return false;
    if (!parameter(content_type, "boundary", &boundary)) return false;
    if (!boundary.n || boundary.n > MULTIPART_BOUNDARY_MAX) return false;
    memcpy(m->boundary, "\r\n--", 4);
    memcpy(m->boundary + 4, boundary.p, boundary.n);
    m->boundary_n = boundary.n + 4;
    buf_init(&m->pending, 1 << 20);
    buf_put(&m->pending, S("\r\n")); /* the first boundary may begin the body */
    return true;
}

void multipart_clear(struct multipart *m)
{
    buf_clear(&m->pending);
}

bool multipart_is_whole(const struct multipart *m)
{
    return m->state == MULTIPART_END && !m->problem;
}

static bool fail(struct multipart *m, const char *problem)
{
    if (!m->problem) m->problem = problem;
    return false;
}

/* The part's headers, up to the blank line. */
static bool begin_part(struct multipart *m, str head)
{
    struct multipart_part part = {0};
    if (++m->parts > MULTIPART_PARTS_MAX) return fail(m, "it has too many parts");
    for (str rest = head; rest.n;) {
        ptrdiff_t end = str_find(rest, S("\r\n"));
        str line = str_slice(rest, 0, end < 0 ? rest.n : (size_t)end);
        rest = str_slice(rest, line.n + 2, rest.n);
        if (!str_eq_nocase(str_slice(line, 0, 20), S("content-disposition:"))) continue;
        str value = str_slice(line, 20, line.n);
        parameter(value, "name", &part.name);
        part.is_file = parameter(value, "filename", &part.file_name);
    }
    if (!part.name.n) return fail(m, "a part has no name");
    m->handler.on_part(m->handler.ctx, &part);
    return true;
}

/* One step over what is pending: how many bytes are used up; `more`: nothing to do without more. */
static size_t step(struct multipart *m, str have, bool *more)
{
    str boundary = {m->boundary, m->boundary_n};
    ptrdiff_t at;
    *more = have.n == 0;
    if (*more) return 0;
    switch (m->state) {
    case MULTIPART_PREAMBLE:
    case MULTIPART_DATA: {
        const char *found = memmem(have.p, have.n, boundary.p, boundary.n);
        size_t n = found ? (size_t)(found - have.p) : have.n - min_size(have.n, boundary.n - 1);
        if (m->state == MULTIPART_DATA && n)
            m->handler.on_data(m->handler.ctx, str_slice(have, 0, n));
        *more = !found;
        if (found) m->state = MULTIPART_AFTER;
        return found ? n + boundary.n : n;
    }
    case MULTIPART_AFTER:
        *more = have.n < 2;
        if (*more) return 0;
        if (have.p[0] == '-' && have.p[1] == '-') {
            m->state = MULTIPART_END;
            return 2;
        }
        if (have.p[0] == ' ' || have.p[0] == '\t') return 1;
        if (!str_starts(have, S("\r\n"))) fail(m, "a boundary is malformed");
        m->state = MULTIPART_HEAD;
        return 0; /* its line end may be the end of a head without a line */
    case MULTIPART_HEAD:
        at = str_find(have, S("\r\n\r\n"));
        if (at < 0 && have.n > MULTIPART_HEAD_MAX) fail(m, "a part's header is too long");
        *more = at < 0;
        if (at < 0) return 0;
        if (begin_part(m, str_slice(have, 2, (size_t)at))) m->state = MULTIPART_DATA;
        return (size_t)at + 4;
    case MULTIPART_END: break;
    }
    *more = true;
    return have.n;
}

/* Pieces are cut, so that what is pending never outgrows its room. */
static void take(struct multipart *m, str piece)
{
    size_t used = 0;
    bool more = false;
    buf_put(&m->pending, piece);
    while (!more && !m->problem)
        used += step(m, str_slice(buf_str(&m->pending), used, m->pending.n), &more);
    if (used) memmove(m->pending.p, m->pending.p + used, m->pending.n - used);
    m->pending.n -= used;
}

bool multipart_feed(struct multipart *m, str piece)
{
    for (size_t at = 0; at < piece.n && !m->problem; at += 64 << 10)
        take(m, str_slice(piece, at, at + (64 << 10)));
    if (m->pending.full) fail(m, "it is malformed");
    return !m->problem;
}
