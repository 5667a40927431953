/* mime.h — bytes as mail may carry them: bodies, words in headers, dates. Of content only. */
#pragma once
#include "base/buf.h"

/* The text as a part: its two headers, an empty line, and its lines in quoted-printable or, where
 * that would be longer, base64. Every line ends in CRLF and is at most 76 bytes. NUL bytes are left
 * out. */
void mime_part(struct buf *out, const char *type, str text);

/* Bytes as an attachment: its headers, an empty line, base64. `name` is tamed. */
void mime_file(struct buf *out, str type, str name, str bytes);

/* A header with free text: "Name: " and the text, folded; encoded words (RFC 2047) where it is not
 * plain ASCII. Control characters become spaces. */
void mime_header_text(struct buf *out, str name, str text);

/* "display" of a mailbox as atoms, a quoted text or encoded words; `column` is how far the line is.
 */
void mime_phrase(struct buf *out, str text, size_t column);

/* RFC 5322 date in UTC: "Tue, 01 Jul 2025 09:30:00 +0000". */
void mime_date(struct buf *out, i64 ms);
