/* tls_test.c — TLS by a client of the same library, and over the whole server: bytes both ways,
 * other certificates while it runs, and who does not speak TLS. */
#include "server/tls.h"

#include "server/rig_test.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

/* A certificate of its own key, under this name. */
static void write_pair(const char *cert, const char *key, const char *name)
{
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    CHECK(pair && x);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, pair);
    X509_NAME *n = X509_get_subject_name(x);
    CHECK_EQ(X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const u8 *)name, -1, -1, 0), 1);
    X509_set_issuer_name(x, n);
    CHECK(X509_sign(x, pair, EVP_sha256()) > 0);
    FILE *f = fopen(cert, "w");
    CHECK(f && PEM_write_X509(f, x) == 1);
    fclose(f);
    f = fopen(key, "w");
    CHECK(f && PEM_write_PrivateKey(f, pair, NULL, NULL, 0, NULL, NULL) == 1);
    fclose(f);
    X509_free(x);
    EVP_PKEY_free(pair);
}

struct files {
    char cert[256], key[256];
};

static struct files files_new(const char *name)
{
    struct files f;
    snprintf(f.cert, sizeof f.cert, "%s/%s.crt", test_dir(), name);
    snprintf(f.key, sizeof f.key, "%s/%s.key", test_dir(), name);
    write_pair(f.cert, f.key, name);
    return f;
}

/* Over a socket of the whole server. */
struct client {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
};

static struct client client_new(const struct rig *rig, int highest)
{
    struct client c = {.context = SSL_CTX_new(TLS_client_method()), .fd = dial(rig)};
    SSL_CTX_set_security_level(c.context, 0);
    if (highest) SSL_CTX_set_max_proto_version(c.context, highest);
    c.ssl = SSL_new(c.context);
    static const u8 OFFERED[] = "\x02h2\x08http/1.1";
    SSL_set_alpn_protos(c.ssl, OFFERED, sizeof OFFERED - 1);
    SSL_set_fd(c.ssl, c.fd);
    return c;
}

static void client_end(struct client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->context);
    close(c->fd);
}

static str ask_tls(struct client *c, str request, struct arena *a)
{
    struct buf b;
    buf_init(&b, 64 << 20);
    CHECK_EQ(SSL_write(c->ssl, request.p, (int)request.n), (int)request.n);
    for (;;) {
        char part[65536];
        int n = SSL_read(c->ssl, part, sizeof part);
        if (n <= 0) break;
        buf_put(&b, (str){part, (size_t)n});
    }
    str s = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return s;
}

static void subject_of(struct client *c, char out[64])
{
    X509 *x = SSL_get1_peer_certificate(c->ssl);
    CHECK(x);
    X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, out, 64);
    X509_free(x);
}

static struct rig *rig_tls(struct arena *a, const char *name, const struct files *f)
{
    struct rig *rig = arena_zalloc(a, sizeof *rig);
    rig->arena = a;
    rig->options = (struct server_options){
        .tls_cert = f->cert, .tls_key = f->key, .public_url = "https://beckon.example"};
    snprintf(rig->dir, sizeof rig->dir, "%s/%s", test_dir(), name);
    CHECK_OK(env_make_dir(env_real(), rig->dir));
    rig_start(rig);
    return rig;
}

#define GET(path) S("GET " path " HTTP/1.1\r\nHost: beckon.example\r\nConnection: close\r\n\r\n")

TEST("TLS 1.2 and 1.3 carry whole answers, and nothing older is spoken")
{
    struct files f = files_new("versions");
    struct rig *rig = rig_tls(arena, "tls-versions", &f);
    static const int VERSIONS[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        struct client c = client_new(rig, VERSIONS[i]);
        const u8 *protocol;
        unsigned n;
        CHECK_EQ(SSL_connect(c.ssl), 1);
        CHECK_EQ(SSL_version(c.ssl), VERSIONS[i]);
        SSL_get0_alpn_selected(c.ssl, &protocol, &n);
        CHECK(str_eq((str){(const char *)protocol, n}, S("http/1.1")));
        str s = ask_tls(&c, GET("/openapi.json"), arena);
        CHECK(has(s, S("Strict-Transport-Security: max-age=31536000\r\n")));
        CHECK(s.n > 50000 && s.p[s.n - 1] == '}');
        client_end(&c);
    }
    struct client old = client_new(rig, TLS1_1_VERSION);
    CHECK(SSL_connect(old.ssl) != 1);
    client_end(&old);
    int fd = dial(rig);
    str request = GET("/livez");
    CHECK_EQ(send(fd, request.p, request.n, MSG_NOSIGNAL), request.n);
    CHECK(has(receive(fd, arena), S("This port speaks HTTPS")));
    close(fd);
    rig_stop(rig);
}

TEST("requests that come a byte at a time, and many on one connection")
{
    struct files f = files_new("pieces");
    struct rig *rig = rig_tls(arena, "tls-pieces", &f);
    struct client c = client_new(rig, 0);
    CHECK_EQ(SSL_connect(c.ssl), 1);
    str ask_it = S("GET /livez HTTP/1.1\r\nHost: beckon.example\r\n\r\n");
    for (size_t i = 0; i < ask_it.n; i++) CHECK_EQ(SSL_write(c.ssl, ask_it.p + i, 1), 1);
    char got[4096];
    CHECK(SSL_read(c.ssl, got, sizeof got) > 100);
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 200; i++) buf_put(&b, ask_it);
    buf_put(&b, GET("/livez"));
    str all = ask_tls(&c, buf_str(&b), arena);
    buf_clear(&b);
    u32 count = 0;
    for (ptrdiff_t at; (at = str_find(all, S("200 OK"))) >= 0; count++)
        all = str_slice(all, (size_t)at + 6, all.n);
    CHECK_EQ(count, 201);
    client_end(&c);
    rig_stop(rig);
}

TEST("another certificate is in force once both its files are there, and a broken one never is")
{
    struct files f = files_new("first"), g = files_new("second");
    struct tls *t;
    struct diag why = {0};
    bool renewed;
    CHECK_OK(tls_open(f.cert, f.key, &t, &why));
    CHECK_OK(tls_renew(t, false, &renewed, &why));
    CHECK(!renewed);
    CHECK_EQ(rename(g.key, f.key), 0);
    CHECK_EQ(tls_renew(t, false, &renewed, &why), ERR_INVALID);
    CHECK(has(str_of(why.message), S("mismatch")) && !renewed);
    why = (struct diag){0};
    CHECK_OK(tls_renew(t, false, &renewed, &why)); /* told once */
    CHECK_EQ(rename(g.cert, f.cert), 0);
    CHECK_OK(tls_renew(t, false, &renewed, &why));
    CHECK(renewed);
    CHECK_EQ(remove(f.cert), 0);
    CHECK_EQ(tls_renew(t, false, &renewed, &why), ERR_INVALID);
    tls_close(t);
    CHECK_EQ(tls_open("/nowhere", "/nowhere", &t, &why), ERR_INVALID);
}

TEST("a server takes up another certificate while it runs")
{
    struct files f = files_new("running"), g = files_new("renewed");
    struct rig *rig = rig_tls(arena, "tls-reload", &f);
    char name[64] = "";
    struct client old = client_new(rig, 0);
    CHECK_EQ(SSL_connect(old.ssl), 1);
    CHECK_EQ(rename(g.cert, f.cert), 0);
    CHECK_EQ(rename(g.key, f.key), 0);
    for (int i = 0; i < 50 && strcmp(name, "renewed") != 0; i++) {
        struct client c = client_new(rig, 0);
        CHECK_EQ(SSL_connect(c.ssl), 1);
        subject_of(&c, name);
        client_end(&c);
        usleep(100000);
    }
    CHECK_EQ(strcmp(name, "renewed"), 0);
    CHECK(has(ask_tls(&old, GET("/livez"), arena), S("200 OK"))); /* as it began */
    client_end(&old);
    rig_stop(rig);
}
