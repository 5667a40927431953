/* snapshot.c — the directory on disk: which files are the state, and no others.
 *
 * manifest
 *   offset  size
 *        0     8  "BKNMANI1"
 *        8     8  XXH3-64 of everything from offset 16 on
 *       16     8  position: number of the last record
 *       24     8  time_ms
 *       32     8  log_start
 *       40    16  identity
 *       56     4  parts: the base and its increments, at most 65
 *       60     4  bytes of extra
 *       64    24  per part: number, bytes, chain of its blocks' checksums
 *        …        extra
 *
 * A new manifest is written as manifest.new, synced, and renamed; the directory is synced before
 * (the parts' names) and after. Only then are older parts removed. */
#include "base/hash.h"
#include "store/snapshot_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FULL_EVERY = 8,
    MANIFEST_HEAD = 16,
    MANIFEST_MAX = EXTRA_MAX + 4096,
    NAMES_MAX = 64 << 20,
};
#define MAGIC S("BKNMANI1")
#define MANIFEST S("manifest")
#define MANIFEST_NEW S("manifest.new")

/* ---- the manifest's bytes ---- */

void manifest_encode(struct buf *b, const struct kept *k)
{
    buf_reset(b);
    buf_put(b, MAGIC);
    buf_u64(b, 0);
    buf_u64(b, k->m.position);
    buf_u64(b, (u64)k->m.time_ms);
    buf_u64(b, k->m.log_start);
    buf_u64(b, k->m.identity[0]);
    buf_u64(b, k->m.identity[1]);
    buf_u32(b, k->part_count);
    buf_u32(b, (u32)k->extra.n);
    for (u32 i = 0; i < k->part_count; i++) {
        buf_u64(b, k->parts[i].number);
        buf_u64(b, k->parts[i].bytes);
        buf_u64(b, k->parts[i].chain);
    }
    buf_put(b, buf_str(&k->extra));
    MUST(!b->full);
    u64 hash = hash_xxh64((str){b->p + MANIFEST_HEAD, b->n - MANIFEST_HEAD});
    memcpy(b->p + 8, &hash, 8);
}

err manifest_decode(str bytes, struct kept *out)
{
    struct reader r = reader_of(bytes);
    bool magic = str_eq(read_bytes(&r, MAGIC.n), MAGIC);
    u64 hash = read_u64(&r);
    if (!magic || r.bad || hash != hash_xxh64(str_slice(bytes, MANIFEST_HEAD, bytes.n)))
        return ERR_CORRUPT;
    out->m = (struct manifest){.position = read_u64(&r)};
    out->m.time_ms = (i64)read_u64(&r);
    out->m.log_start = read_u64(&r);
    out->m.identity[0] = read_u64(&r);
    out->m.identity[1] = read_u64(&r);
    out->part_count = read_u32(&r);
    u32 extra = read_u32(&r);
    if (out->part_count == 0 || out->part_count > PARTS_MAX || extra > EXTRA_MAX)
        return ERR_CORRUPT;
    out->m.increments = out->part_count - 1;
    for (u32 i = 0; i < out->part_count; i++) {
        out->parts[i].number = read_u64(&r);
        out->parts[i].bytes = read_u64(&r);
        out->parts[i].chain = read_u64(&r);
    }
    str rest = read_rest(&r);
    if (r.bad || rest.n != extra) return ERR_CORRUPT;
    kept_set_extra(out, rest);
    return ERR_OK;
}

void kept_set_extra(struct kept *k, str extra)
{
    buf_reset(&k->extra);
    if (extra.n) buf_put(&k->extra, extra);
    MUST(!k->extra.full);
    k->m.extra = buf_str(&k->extra);
}

u64 kept_bytes(const struct kept *k)
{
    u64 sum = 0;
    for (u32 i = 0; i < k->part_count; i++) sum += k->parts[i].bytes;
    return sum;
}

/* ---- names and slots ---- */

const char *snapshot_path(const struct snapshot *sn, str name, char out[PATH_BYTES])
{
    MUST(snprintf(out, PATH_BYTES, "%s/%.*s", sn->dir, STR_ARG(name)) < PATH_BYTES);
    return out;
}

static str part_name(u64 number, u32 n, char out[64])
{
    int length = snprintf(out, 64, "snap-%" PRIu64 "-%u.bsn", number, n);
    return (str){out, (size_t)length};
}

const char *snapshot_part_path(const struct snapshot *sn, u64 number, u32 n, char out[PATH_BYTES])
{
    char name[64];
    return snapshot_path(sn, part_name(number, n, name), out);
}

struct kept *snapshot_now(const struct snapshot *sn)
{
    return __atomic_load_n(&sn->now, __ATOMIC_ACQUIRE);
}

struct kept *snapshot_other(struct snapshot *sn)
{
    return &sn->slots[snapshot_now(sn) == &sn->slots[0]];
}

void snapshot_publish(struct snapshot *sn, struct kept *k)
{
    __atomic_store_n(&sn->now, k, __ATOMIC_RELEASE);
}

/* ---- the disk ---- */

static err write_whole(struct snapshot *sn, const char *path, str bytes)
{
    struct file *f;
    TRY(env_open(sn->env, path, FILE_CREATE, &f));
    err e = file_resize(f, 0);
    if (!e) e = file_write(f, 0, bytes.p, bytes.n);
    if (!e) e = file_sync(f);
    file_close(f);
    return e;
}

err snapshot_commit(struct snapshot *sn, const struct kept *k, bool *renamed)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    struct buf b;
    snapshot_path(sn, MANIFEST_NEW, from);
    snapshot_path(sn, MANIFEST, to);
    buf_init(&b, MANIFEST_MAX);
    manifest_encode(&b, k);
    err e = write_whole(sn, from, buf_str(&b));
    buf_clear(&b);
    TRY(e);
    *renamed = true;
    TRY(env_rename(sn->env, from, to));
    KILL_POINT(sn->env, "manifest.renamed");
    return env_sync_dir(sn->env, sn->dir);
}

static err read_manifest(struct snapshot *sn, struct kept *k, bool *found, struct diag *why)
{
    char path[PATH_BYTES];
    struct file *f;
    u64 size;
    *found = false;
    err e = env_open(sn->env, snapshot_path(sn, MANIFEST, path), FILE_READ, &f);
    if (e == ERR_NOT_FOUND) return ERR_OK;
    if (e) return diag_set(why, e, "%s cannot be opened", path);
    size_t got = 0;
    char *bytes = NULL;
    e = file_size(f, &size);
    if (!e && size > MANIFEST_MAX) e = ERR_CORRUPT;
    if (!e) bytes = mem_alloc((size_t)size);
    if (!e) e = file_read(f, 0, bytes, (size_t)size, &got);
    if (!e) e = manifest_decode((str){bytes, got}, k);
    free(bytes);
    file_close(f);
    if (e == ERR_CORRUPT) return diag_set(why, e, "%s is damaged", path);
    if (e) return diag_set(why, e, "%s cannot be read", path);
    *found = true;
    return ERR_OK;
}

static void collect_name(void *ctx, str name)
{
    buf_str_varint(ctx, name);
}

static bool is_named(const struct kept *k, str name)
{
    char own[64];
    for (u32 i = 0; i < k->part_count; i++)
        if (str_eq(part_name(k->parts[i].number, i, own), name)) return true;
    return false;
}

static bool is_ours(const struct kept *k, str name, bool others)
{
    if (str_starts(name, S("snap-"))) return !is_named(k, name);
    return others && str_eq(name, MANIFEST_NEW);
}

err snapshot_clean(struct snapshot *sn, const struct kept *k, bool others)
{
    char path[PATH_BYTES];
    struct buf names;
    buf_init(&names, NAMES_MAX);
    err e = env_list(sn->env, sn->dir, collect_name, &names);
    for (struct reader r = reader_of(buf_str(&names)); !e && r.p < r.end;) {
        str name = read_str_varint(&r);
        if (is_ours(k, name, others)) e = env_discard(sn->env, snapshot_path(sn, name, path));
    }
    buf_clear(&names);
    return e;
}

/* ---- opening ---- */

err snapshot_open(struct env *env, struct store *s, const struct snapshot_options *o,
                  struct snapshot **out, bool *found, struct diag *why)
{
    size_t length = strlen(o->dir);
    if (length > PATH_BYTES / 2)
        return diag_set(why, ERR_INVALID, "the data directory's path is too long");
    struct snapshot *sn = mem_zalloc(sizeof *sn);
    sn->env = env;
    sn->store = s;
    sn->full_every = o->full_every ? (u32)min_i64((i64)o->full_every, PARTS_MAX - 1) : FULL_EVERY;
    sn->next_number = 1;
    sn->now = &sn->slots[0];
    memcpy(sn->dir, o->dir, length + 1);
    for (int i = 0; i < 2; i++) buf_init(&sn->slots[i].extra, EXTRA_MAX);
    err e = read_manifest(sn, sn->now, found, why);
    if (!e && (e = snapshot_clean(sn, sn->now, true)))
        diag_set(why, e, "files that are left over in %s cannot be removed", sn->dir);
    if (e) {
        snapshot_close(sn);
        return e;
    }
    for (u32 i = 0; i < sn->now->part_count; i++)
        if (sn->next_number <= sn->now->parts[i].number)
            sn->next_number = sn->now->parts[i].number + 1;
    *out = sn;
    return ERR_OK;
}

void snapshot_close(struct snapshot *sn)
{
    if (!sn) return;
    if (snapshot_running(sn)) epoch_drop(sn->w.epoch);
    file_close(sn->w.file);
    for (int i = 0; i < 2; i++) buf_clear(&sn->slots[i].extra);
    buf_clear(&sn->w.directory);
    packer_free(sn->w.packer);
    free(sn->w.tables);
    free(sn->w.heaps);
    free(sn->w.raw);
    free(sn);
}

void snapshot_stream(struct snapshot *sn, const struct stream *stream)
{
    MUST(sn->stream_count < STREAMS_MAX && strlen(stream->name) < STORE_NAME_MAX);
    sn->streams[sn->stream_count++] = *stream;
}

const struct manifest *snapshot_manifest(const struct snapshot *sn)
{
    return &snapshot_now(sn)->m;
}

bool snapshot_running(const struct snapshot *sn)
{
    return __atomic_load_n(&sn->running, __ATOMIC_ACQUIRE);
}

u64 snapshot_disk_bytes(const struct snapshot *sn)
{
    return kept_bytes(snapshot_now(sn));
}

void snapshot_want_full(struct snapshot *sn)
{
    sn->want_full = true;
}

err snapshot_extra(struct snapshot *sn, str extra)
{
    if (snapshot_running(sn)) return ERR_CONFLICT;
    const struct kept *now = snapshot_now(sn);
    struct kept *next = snapshot_other(sn);
    bool renamed;
    if (!now->part_count) return ERR_NOT_FOUND;
    if (extra.n > EXTRA_MAX) return ERR_TOO_LARGE;
    next->m = now->m;
    next->part_count = now->part_count;
    memcpy(next->parts, now->parts, sizeof next->parts);
    kept_set_extra(next, extra);
    TRY(snapshot_commit(sn, next, &renamed));
    snapshot_publish(sn, next);
    return ERR_OK;
}
