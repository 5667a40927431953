/* dkim.c — canonical forms, two hashes, one signature. */
#include "content/dkim.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

enum { NAME_MAX_BYTES = 255, LABEL_MAX = 63, SIGNATURE_MAX = 512, DIGEST = 32 };

struct dkim {
    EVP_PKEY *key;
    bool is_ed25519;
    char domain[NAME_MAX_BYTES + 1], selector[NAME_MAX_BYTES + 1];
};

/* ---- keys ---- */

bool dkim_algorithm_parse(str text, dkim_algorithm *out)
{
    *out = str_eq(text, S("ed25519")) ? DKIM_ED25519 : DKIM_RSA;
    return *out == DKIM_ED25519 || str_eq(text, S("rsa"));
}

static str base64(struct arena *arena, const u8 *bytes, size_t n)
{
    u8 *out = arena_alloc(arena, n / 3 * 4 + 8);
    int length = EVP_EncodeBlock(out, bytes, (int)n);
    return (str){(char *)out, (size_t)length};
}

static str private_text(EVP_PKEY *key, struct arena *arena)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *p;
    MUST(bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    long n = BIO_get_mem_data(bio, &p);
    str text = arena_str(arena, (str){p, (size_t)n});
    BIO_free(bio);
    return text;
}

/* RFC 8463: of Ed25519 the 32 bytes alone; of RSA the whole SubjectPublicKeyInfo. */
static str public_text(EVP_PKEY *key, dkim_algorithm algorithm, struct arena *arena)
{
    u8 raw[32], *der = NULL;
    size_t n = sizeof raw;
    if (algorithm == DKIM_ED25519) {
        MUST(EVP_PKEY_get_raw_public_key(key, raw, &n) == 1);
        return base64(arena, raw, n);
    }
    int length = i2d_PUBKEY(key, &der);
    MUST(length > 0);
    str text = base64(arena, der, (size_t)length);
    OPENSSL_free(der);
    return text;
}

void dkim_make(dkim_algorithm algorithm, struct arena *arena, str *private_key, str *record)
{
    bool ed = algorithm == DKIM_ED25519;
    EVP_PKEY *key = ed ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_RSA_gen(2048);
    MUST(key);
    *private_key = private_text(key, arena);
    *record = arena_printf(arena, "v=DKIM1; k=%s; p=%.*s", ed ? "ed25519" : "rsa",
                           STR_ARG(public_text(key, algorithm, arena)));
    EVP_PKEY_free(key);
}

static bool is_name(str s)
{
    size_t label = 0;
    if (!s.n || s.n > NAME_MAX_BYTES) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], low = (char)(c | 0x20);
        bool letter = (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9');
        label = c == '.' ? 0 : label + 1;
        if (c == '.' ? i == 0 || s.p[i - 1] == '.' : !letter && c != '-' && c != '_') return false;
        if (label > LABEL_MAX) return false;
    }
    return label > 0;
}

static EVP_PKEY *read_key(str text)
{
    BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    bool fit = key && (EVP_PKEY_is_a(key, "ED25519") ||
                       (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= 1024 &&
                        EVP_PKEY_get_bits(key) <= 4096));
    if (fit) return key;
    EVP_PKEY_free(key);
    return NULL;
}

err dkim_open(str domain, str selector, str private_key, struct dkim **out, struct diag *why)
{
    if (!is_name(domain))
        return diag_at(why, ERR_REFUSED, S("/dkim/domain"), "domain must be a domain's name");
    if (!is_name(selector))
        return diag_at(why, ERR_REFUSED, S("/dkim/selector"),
                       "selector must be letters, digits and hyphens");
    EVP_PKEY *key = private_key.n ? read_key(private_key) : NULL;
    if (!key)
        return diag_at(why, ERR_REFUSED, S("/dkim"),
                       "there is no key to sign with: make one by POST /channels/{id}/dkim");
    struct dkim *d = mem_zalloc(sizeof *d);
    d->key = key;
    d->is_ed25519 = EVP_PKEY_is_a(key, "ED25519");
    memcpy(d->domain, domain.p, domain.n);
    memcpy(d->selector, selector.p, selector.n);
    *out = d;
    return ERR_OK;
}

void dkim_close(struct dkim *d)
{
    if (!d) return;
    EVP_PKEY_free(d->key);
    free(d);
}

/* ---- relaxed forms (RFC 6376 3.4.2, 3.4.4) ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Runs of white space become one space, those at the end none. What has only single spaces, as
 * nearly every line, is copied whole. */
static void put_relaxed(struct buf *out, str line)
{
    while (line.n && is_blank(line.p[line.n - 1])) line.n--;
    for (size_t i = 0; i < line.n;) {
        size_t from = i;
        while (i < line.n && !(line.p[i] == '\t' || (line.p[i] == ' ' && is_blank(line.p[i + 1]))))
            i++; /* the last byte is not blank: there is one behind each that is */
        buf_put(out, str_slice(line, from, i));
        if (i == line.n) break;
        buf_byte(out, ' ');
        while (i < line.n && is_blank(line.p[i])) i++;
    }
}

/* The first line without its CRLF. */
static str first_line(str s)
{
    for (size_t i = 0; i < s.n;) {
        const char *at = memchr(s.p + i, '\n', s.n - i);
        if (!at) break;
        i = (size_t)(at - s.p);
        if (i && s.p[i - 1] == '\r') return str_slice(s, 0, i - 1);
        i++;
    }
    return s;
}

static void put_body(struct buf *out, str body)
{
    size_t end = 0;
    while (body.n) {
        str line = first_line(body);
        body = str_slice(body, line.n + 2, body.n);
        put_relaxed(out, line);
        bool empty = out->n == end || (out->n >= 2 && out->p[out->n - 1] == '\n');
        buf_put(out, S("\r\n"));
        if (!empty) end = out->n;
    }
    out->n = end; /* empty lines at the end do not count */
}

static void put_header(struct buf *out, str name, str value)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        buf_byte(out, (u8)(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
    }
    buf_byte(out, ':');
    struct buf flat; /* unfolded: the line ends go, the white space after them stays */
    buf_init(&flat, SIZE_MAX);
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] != '\r' && value.p[i] != '\n') buf_byte(&flat, (u8)value.p[i]);
    put_relaxed(out, str_trim(buf_str(&flat)));
    buf_clear(&flat);
}

/* The value of the only header of that name, folded as it is. */
static bool find_header(str headers, str name, str *value)
{
    for (size_t i = 0; i < headers.n;) {
        str rest = str_slice(headers, i, headers.n);
        size_t end = 0;
        do {
            ptrdiff_t at = str_find(str_slice(rest, end, rest.n), S("\r\n"));
            end = at < 0 ? rest.n : end + (size_t)at + 2;
        } while (end < rest.n && is_blank(rest.p[end]));
        if (rest.n > name.n && rest.p[name.n] == ':' &&
            str_eq_nocase(str_slice(rest, 0, name.n), name)) {
            *value = str_slice(rest, name.n + 1, end);
            return true;
        }
        i += end;
    }
    return false;
}

/* ---- signing ---- */

static const char *const SIGNED[] = {"From",
                                     "To",
                                     "Subject",
                                     "Date",
                                     "Message-ID",
                                     "Reply-To",
                                     "MIME-Version",
                                     "Content-Type",
                                     "Content-Transfer-Encoding",
                                     "List-Unsubscribe",
                                     "List-Unsubscribe-Post"};

static void digest(str s, u8 out[DIGEST])
{
    MUST(EVP_Digest(s.p, s.n, out, NULL, EVP_sha256(), NULL) == 1);
}

/* Everything but the signature, in canonical order into `canonical`, as a header into `out`. */
static void begin(const struct dkim *d, str headers, const u8 body_hash[DIGEST], i64 now_ms,
                  struct buf *canonical, struct buf *out)
{
    u8 hash[64];
    str value;
    EVP_EncodeBlock(hash, body_hash, DIGEST);
    buf_reset(canonical);
    buf_printf(
        out, "DKIM-Signature: v=1; a=%s-sha256; c=relaxed/relaxed; d=%s;\r\n s=%s; t=%lld;\r\n h=",
        d->is_ed25519 ? "ed25519" : "rsa", d->domain, d->selector, (long long)(now_ms / SECOND));
    for (u32 i = 0; i < COUNT_OF(SIGNED); i++) {
        str name = str_of(SIGNED[i]);
        bool there = find_header(headers, name, &value);
        if (there) {
            put_header(canonical, name, value);
            buf_put(canonical, S("\r\n"));
            buf_printf(out, "%s%s", i ? ":\r\n  " : "", SIGNED[i]);
        }
        buf_printf(out, there ? ":%s" : i ? ":\r\n  %s" : "%s", SIGNED[i]);
    }
    buf_printf(out, ";\r\n bh=%s;\r\n b=", (char *)hash);
}

static size_t sign(const struct dkim *d, str what, u8 out[SIGNATURE_MAX])
{
    size_t n = SIGNATURE_MAX;
    u8 hash[DIGEST];
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    MUST(c);
    if (d->is_ed25519) { /* the hash is what is signed (RFC 8463 3) */
        digest(what, hash);
        what = (str){(char *)hash, DIGEST};
    }
    MUST(EVP_DigestSignInit(c, NULL, d->is_ed25519 ? NULL : EVP_sha256(), NULL, d->key) == 1);
    MUST(EVP_DigestSign(c, out, &n, (const u8 *)what.p, what.n) == 1);
    EVP_MD_CTX_free(c);
    return n;
}

static void put_wrapped(struct buf *out, str s)
{
    enum { LINE = 72 };
    for (size_t i = 0; i < s.n; i += LINE) {
        if (i) buf_put(out, S("\r\n  "));
        buf_put(out, str_slice(s, i, i + LINE));
    }
    buf_put(out, S("\r\n"));
}

err dkim_sign(const struct dkim *d, str mail, i64 now_ms, struct buf *out)
{
    struct buf canonical;
    u8 body_hash[DIGEST], signature[SIGNATURE_MAX], text[SIGNATURE_MAX * 2];
    ptrdiff_t at = str_find(mail, S("\r\n\r\n"));
    size_t from = out->n;
    if (at < 0) return ERR_INVALID;
    buf_init(&canonical, SIZE_MAX);
    put_body(&canonical, str_slice(mail, (size_t)at + 4, mail.n));
    digest(buf_str(&canonical), body_hash);
    begin(d, str_slice(mail, 0, (size_t)at + 2), body_hash, now_ms, &canonical, out);
    str own = str_slice(buf_str(out), from + sizeof "DKIM-Signature:" - 1, out->n);
    put_header(&canonical, S("DKIM-Signature"), own);
    size_t n = sign(d, buf_str(&canonical), signature);
    buf_clear(&canonical);
    int length = EVP_EncodeBlock(text, signature, (int)n);
    put_wrapped(out, (str){(char *)text, (size_t)length});
    return out->full ? ERR_LIMIT : ERR_OK;
}
