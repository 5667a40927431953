/* curl_loop.h — libcurl's transfers on a libuv loop, by its socket and timer callbacks.
 *
 * One for each uv loop that carries channels, shared by all of them. Everything here happens on the
 * loop's thread. The one place that knows curl's multi interface. */
#pragma once
#include "base/base.h"

#include <curl/curl.h>
#include <uv.h>

struct curl_loop;
/* The first one makes the process ignore SIGPIPE. */
struct curl_loop *curl_loop_new(uv_loop_t *loop);
/* Every transfer has been removed. Closes its handles, which takes one more turn of the loop. */
void curl_loop_free(struct curl_loop *l);
uv_loop_t *curl_loop_uv(struct curl_loop *l);
/* Where HTTP may go (connector.h): kept by the caller, for as long as the loop. Without one: public
 * addresses only. */
struct outbound;
void curl_loop_allow(struct curl_loop *l, const struct outbound *o);
const struct outbound *curl_loop_outbound(const struct curl_loop *l);

/* The caller's memory, kept until curl_loop_remove. Its CURLOPT_PRIVATE is taken. */
struct transfer {
    CURL *easy;
    void (*done)(struct transfer *t, CURLcode result); /* may remove it */
};
void curl_loop_add(struct curl_loop *l, struct transfer *t);
/* Ends it if it still runs (done is not called) and closes a CONNECT_ONLY connection at once. */
void curl_loop_remove(struct curl_loop *l, struct transfer *t);
