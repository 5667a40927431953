/* imports.h — imports in a running server: uploads go to a file as they come, one after the other
 * is read on a thread of its own, and what is sent in live goes first.
 *
 *   loop: body ─multipart─► ID.upload   imports' thread: chunk ─log_append─► wait until few are
 *         fields ─► ID.json ─► queue                     ahead of the engine ─► next chunk
 *
 * The thread and those who look share the list under one lock; a job's run is the thread's alone.
 */
#pragma once
#include "server/inside.h"

#define IMPORT_BODY_MAX (((u64)2 << 30) + (1 << 20))

struct imports;
struct import_job;

/* server_ready: finds the jobs that a start has to go on with. */
void imports_begin(struct server *s);
void imports_clear(struct server *s);
/* A piece of work; false: there is none. Imports' thread. */
bool imports_step(struct server *s);
/* Events for those who watch (engine's thread): jobs that went on since the last time. */
void imports_put_live(struct server *s, struct buf *out);

/* http.h's sink for the one request that brings a file. */
bool imports_takes(const struct http_request *req);
void *imports_sink(void *server, const struct http_request *req);
void imports_body(void *server, void *sink, str piece);
void imports_body_gone(void *server, void *sink);
