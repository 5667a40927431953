/* rig_test.h — the whole server in this process: its threads, its sockets, a directory of its own;
 * and asking it. */
#pragma once
#include "server/server.h"

#include "base/json.h"
#include "base/test.h"
#include "server/auth.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct rig {
    pthread_t thread;
    struct server *server;
    struct server_options options;
    uv_sem_t up;
    char dir[160], key[OFFICE_KEY_MAX + 1], reader[OFFICE_KEY_MAX + 1],
        write_key[OFFICE_KEY_MAX + 1];
    int port;
    err result;
    struct diag why;
    struct arena *arena;
};

static inline void on_ready(void *ctx, struct server *s)
{
    struct rig *rig = ctx;
    rig->server = s;
    rig->port = server_port(s);
    uv_sem_post(&rig->up);
}

static inline void *rig_thread(void *arg)
{
    struct rig *rig = arg;
    rig->result = server_run(env_real(), &rig->options, &rig->why);
    uv_sem_post(&rig->up);
    return NULL;
}

static inline void rig_start(struct rig *rig)
{
    uv_sem_init(&rig->up, 0);
    rig->options.dir = rig->dir;
    rig->options.quiet = true;
    rig->options.on_ready = on_ready;
    rig->options.ctx = rig;
    CHECK_EQ(pthread_create(&rig->thread, NULL, rig_thread, rig), 0);
    uv_sem_wait(&rig->up);
    CHECK_OK(rig->result);
}

static inline void rig_stop(struct rig *rig)
{
    server_stop(rig->server);
    pthread_join(rig->thread, NULL);
    uv_sem_destroy(&rig->up);
    CHECK_OK(rig->result);
}

/* ---- asking ---- */

struct answer_text {
    int status;
    str head, body;
    const struct json *json;
};

static inline str receive(int fd, struct arena *a)
{
    struct buf b;
    buf_init(&b, 64 << 20);
    for (;;) {
        struct pollfd p = {fd, POLLIN, 0};
        char part[65536];
        ssize_t n = poll(&p, 1, 10000) > 0 ? recv(fd, part, sizeof part, 0) : -1;
        if (n <= 0) break;
        buf_put(&b, (str){part, (size_t)n});
    }
    str s = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return s;
}

static inline int dial(const struct rig *rig)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((u16)rig->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* `headers`: whole lines beside Host, Content-Length and Connection. */
static inline struct answer_text ask_with(struct rig *rig, const char *verb, const char *path,
                                          const char *headers, str body)
{
    struct answer_text out = {0};
    int fd = dial(rig);
    str head = arena_printf(
        rig->arena, "%s %s HTTP/1.1\r\n%s%sConnection: close\r\nContent-Length: %zu\r\n\r\n", verb,
        path, strstr(headers, "Host:") ? "" : "Host: localhost\r\n", headers, body.n);
    CHECK_EQ(send(fd, head.p, head.n, MSG_NOSIGNAL), head.n);
    for (size_t at = 0; at < body.n;) {
        ssize_t n = send(fd, body.p + at, body.n - at, MSG_NOSIGNAL);
        if (n <= 0) break;
        at += (size_t)n;
    }
    str all = receive(fd, rig->arena);
    close(fd);
    ptrdiff_t end = str_find(all, S("\r\n\r\n"));
    CHECK(end > 12);
    i64 status = 0;
    CHECK_OK(str_to_i64(str_slice(all, 9, 12), &status));
    out.status = (int)status;
    out.head = str_slice(all, 0, (size_t)end + 2);
    out.body = str_slice(all, (size_t)end + 4, all.n);
    if (str_find(out.head, S("json")) >= 0)
        CHECK_OK(json_parse(out.body, rig->arena, &out.json, NULL));
    return out;
}

static inline struct answer_text ask(struct rig *rig, const char *verb, const char *path,
                                     const char *body)
{
    str auth = arena_printf(rig->arena, "Authorization: Bearer %s\r\n", rig->key);
    return ask_with(rig, verb, path, auth.p, str_of(body));
}

static inline struct answer_text send_in(struct rig *rig, const char *path, const char *body)
{
    char pair[80], text[128];
    static const char SET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0, size = (size_t)snprintf(pair, sizeof pair, "%s:", rig->write_key);
    for (size_t i = 0; i < size; i += 3) {
        u32 v = (u32)(u8)pair[i] << 16 | (u32)(i + 1 < size ? (u8)pair[i + 1] : 0) << 8 |
                (i + 2 < size ? (u8)pair[i + 2] : 0);
        for (int k = 18; k >= 0; k -= 6) text[n++] = SET[v >> k & 63];
    }
    text[n] = 0;
    str auth = arena_printf(rig->arena, "Authorization: Basic %s\r\n", text);
    return ask_with(rig, "POST", path, auth.p, str_of(body));
}

static inline str member(const struct answer_text *a, const char *name)
{
    return json_get_str(a->json, name, (str){0});
}

static inline u32 item_count(const struct answer_text *a)
{
    const struct json *items = json_get(a->json, "items");
    return items ? items->count : 0;
}

/* A directory with an admin's key and one that may only read reports, a server on it, and a source.
 */
static inline struct rig *rig_new(struct arena *a, const char *name, struct server_options o)
{
    struct rig *rig = arena_zalloc(a, sizeof *rig);
    struct office *office;
    struct diag why = {0};
    rig->arena = a;
    rig->options = o;
    snprintf(rig->dir, sizeof rig->dir, "%s/%s", test_dir(), name);
    CHECK_OK(env_make_dir(env_real(), rig->dir));
    CHECK_OK(office_open(env_real(), rig->dir, &office, &why));
    CHECK_OK(office_key_create(office, S("a"), scope_bit(SCOPE_ADMIN), 1, rig->key, NULL, &why));
    CHECK_OK(
        office_key_create(office, S("r"), scope_bit(SCOPE_INGEST), 1, rig->reader, NULL, &why));
    office_close(office);
    rig_start(rig);
    struct answer_text made =
        ask(rig, "POST", "/api/v1/sources", "{\"id\":\"shop\",\"name\":\"Shop\"}");
    CHECK_EQ(made.status, 201);
    str write_key = member(&made, "write_key");
    memcpy(rig->write_key, write_key.p, min_size(write_key.n, OFFICE_KEY_MAX));
    return rig;
}

static inline bool has(str s, str needle)
{
    return str_find(s, needle) >= 0;
}
