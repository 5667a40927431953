#include "server/tls.h"

#include "base/mem.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/stat.h>

struct stamp {
    i64 seconds, nanos, size;
    u64 inode;
};

struct tls {
    SSL_CTX *context;
    char *cert, *key;
    struct stamp stamps[2]; /* of the files in force, or of those that were refused */
};

struct tls_link {
    SSL *ssl;
    BIO *in, *out; /* the SSL's own */
};

/* ---- the certificate ---- */

static struct stamp stamp_of(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0) return (struct stamp){0};
    return (struct stamp){s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_size, s.st_ino};
}

static int no_passphrase(char *out, int size, int writes, void *ctx)
{
    (void)out, (void)size, (void)writes, (void)ctx;
    return 0;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *n,
                           const unsigned char *offered, unsigned size, void *ctx)
{
    static const unsigned char OURS[] = "\x08http/1.1";
    (void)ssl, (void)ctx;
    unsigned char *chosen = NULL;
    int found = SSL_select_next_proto(&chosen, n, OURS, sizeof OURS - 1, offered, size);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static err refused(const char *path, err code, struct diag *why)
{
    unsigned long e = ERR_peek_last_error();
    const char *reason = e ? ERR_reason_error_string(e) : NULL;
    ERR_clear_error();
    return diag_set(why, code, "%s cannot be used for TLS: %s", path,
                    reason ? reason : "it is not what is expected there");
}

static err load(const struct tls *t, SSL_CTX *c, struct diag *why)
{
    if (SSL_CTX_use_certificate_chain_file(c, t->cert) != 1)
        return refused(t->cert, ERR_INVALID, why);
    if (SSL_CTX_use_PrivateKey_file(c, t->key, SSL_FILETYPE_PEM) != 1)
        return refused(t->key, ERR_INVALID, why);
    if (SSL_CTX_check_private_key(c) != 1) return refused(t->key, ERR_INVALID, why);
    return ERR_OK;
}

static err make_context(struct tls *t, SSL_CTX **out, struct diag *why)
{
    ERR_clear_error();
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());
    MUST(c);
    SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_passwd_cb(c, no_passphrase);
    SSL_CTX_set_alpn_select_cb(c, choose_protocol, NULL);
    err e = load(t, c, why);
    if (e != ERR_OK) SSL_CTX_free(c);
    if (e == ERR_OK) *out = c;
    return e;
}

err tls_open(const char *cert, const char *key, struct tls **out, struct diag *why)
{
    struct tls *t = mem_zalloc(sizeof *t);
    t->cert = strdup(cert);
    t->key = strdup(key);
    MUST(t->cert && t->key);
    t->stamps[0] = stamp_of(cert);
    t->stamps[1] = stamp_of(key);
    err e = make_context(t, &t->context, why);
    if (e != ERR_OK)
        tls_close(t);
    else
        *out = t;
    return e;
}

void tls_close(struct tls *t)
{
    if (!t) return;
    SSL_CTX_free(t->context);
    free(t->cert);
    free(t->key);
    free(t);
}

/* Both files are written one after the other: what does not fit together yet is tried again when
 * the second one changes, too. */
err tls_renew(struct tls *t, bool anyway, bool *renewed, struct diag *why)
{
    struct stamp now[2] = {stamp_of(t->cert), stamp_of(t->key)};
    SSL_CTX *context = NULL;
    *renewed = false;
    if (!anyway && memcmp(now, t->stamps, sizeof now) == 0) return ERR_OK;
    memcpy(t->stamps, now, sizeof now);
    TRY(make_context(t, &context, why));
    SSL_CTX_free(t->context);
    t->context = context;
    *renewed = true;
    return ERR_OK;
}

/* ---- one connection ---- */

struct tls_link *tls_link_new(struct tls *t)
{
    struct tls_link *l = mem_zalloc(sizeof *l);
    l->ssl = SSL_new(t->context);
    l->in = BIO_new(BIO_s_mem());
    l->out = BIO_new(BIO_s_mem());
    MUST(l->ssl && l->in && l->out);
    BIO_set_mem_eof_return(l->in, -1);
    SSL_set_bio(l->ssl, l->in, l->out);
    SSL_set_accept_state(l->ssl);
    return l;
}

void tls_link_free(struct tls_link *l)
{
    if (!l) return;
    SSL_free(l->ssl);
    free(l);
}

void tls_feed(struct tls_link *l, str bytes)
{
    MUST(BIO_write(l->in, bytes.p, (int)bytes.n) == (int)bytes.n);
}

int tls_read(struct tls_link *l, char *out, size_t room)
{
    ERR_clear_error();
    int n = SSL_read(l->ssl, out, (int)min_size(room, INT32_MAX));
    if (n > 0) return n;
    int e = SSL_get_error(l->ssl, n);
    ERR_clear_error();
    return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

bool tls_write(struct tls_link *l, str plain)
{
    ERR_clear_error();
    while (plain.n) {
        int n = SSL_write(l->ssl, plain.p, (int)min_size(plain.n, 1 << 20));
        if (n <= 0) return false;
        plain = str_slice(plain, (size_t)n, plain.n);
    }
    return true;
}

str tls_pending(struct tls_link *l)
{
    char *p = NULL;
    long n = BIO_get_mem_data(l->out, &p);
    return (str){p, n > 0 ? (size_t)n : 0};
}

void tls_sent(struct tls_link *l)
{
    MUST(BIO_reset(l->out) == 1);
}

bool tls_is_up(const struct tls_link *l)
{
    return SSL_is_init_finished(l->ssl);
}

void tls_end(struct tls_link *l)
{
    ERR_clear_error();
    if (tls_is_up(l)) (void)SSL_shutdown(l->ssl);
    ERR_clear_error();
}
