/* snapshot_fuzz.c — a damaged manifest or snapshot is refused, or makes a store that can be used.
 *
 * The first byte says what the rest is:
 *   even  u16 length, the manifest's bytes; then the bytes of its first part, as they are
 *   odd   blocks of the first part { u8 kind, u8 object, u16 length, bytes }, which are packed
 * under right checksums: so the loader's own checks are reached Seeds: fuzz/seeds/snapshot. */
#include "env/sim.h"
#include "store/snapshot_internal.h"

#define DIR "/d"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_file(struct env *env, const char *path, str bytes)
{
    struct file *f;
    MUST(env_open(env, path, FILE_CREATE, &f) == ERR_OK);
    MUST(file_write(f, 0, bytes.p, bytes.n) == ERR_OK);
    file_close(f);
}

static void put_as_they_are(struct env *env, struct reader *r)
{
    u16 length = read_u16(r);
    str manifest = read_bytes(r, length);
    put_file(env, DIR "/manifest", manifest);
    put_file(env, DIR "/snap-1-0.bsn", read_rest(r));
}

static void put_blocks(struct env *env, struct reader *r)
{
    static struct packer *packer;
    struct kept k = {.m = {.position = 1}, .parts = {{.number = 1}}, .part_count = 1};
    struct buf part, manifest;
    if (!packer) packer = packer_new();
    buf_init(&part, 1 << 24);
    buf_init(&manifest, 1 << 16);
    for (u32 ordinal = 0; r->p < r->end; ordinal++) {
        struct block b = {.kind = (block_kind)read_byte(r), .ordinal = ordinal, .number = 1};
        u64 hash;
        b.object = read_byte(r);
        u16 length = read_u16(r);
        b.raw = read_bytes(r, min_size(length, (size_t)(r->end - r->p)));
        buf_put(&part, block_pack(packer, &b, &hash));
        k.parts[0].chain = block_chain(k.parts[0].chain, hash);
    }
    k.parts[0].bytes = part.n;
    manifest_encode(&manifest, &k);
    put_file(env, DIR "/manifest", buf_str(&manifest));
    put_file(env, DIR "/snap-1-0.bsn", buf_str(&part));
    buf_clear(&part);
    buf_clear(&manifest);
}

static void range(void *ctx, const struct epoch *e, u64 *start, u64 *end)
{
    (void)e;
    *start = *end = *(u64 *)ctx;
}

static void read(void *ctx, u64 offset, void *out, size_t n)
{
    (void)ctx, (void)offset;
    memset(out, 0, n);
}

static err load(void *ctx, u64 offset, str bytes)
{
    *(u64 *)ctx = offset + bytes.n;
    return ERR_OK;
}

/* What was loaded can be read, changed and written again. */
static void use(struct snapshot *sn, struct store *s)
{
    struct table *t = table_find(s, "t");
    struct heap *h = heap_find(s, "h");
    u64 row[ROW_WORDS_MAX];
    struct epoch *e = epoch_pin(s);
    for (u32 i = 0; i < min_u32(table_count(t), 1000); i++)
        if (epoch_row(e, t, i, row)) table_drop(t, i);
    if (!table_is_by_index(t))
        for (u32 i = 0; i < 10; i++) table_add(t);
    for (u32 i = 1; i < 50; i++) heap_put(h, (str){(const char *)row, i});
    epoch_drop(e);
    store_collect(s);
    e = epoch_pin(s);
    struct manifest m = {.position = 2};
    MUST(snapshot_begin(sn, e, &m) == ERR_OK);
    epoch_drop(e);
    MUST(snapshot_step(sn, INT32_MAX) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of((str){(const char *)data, size});
    struct env *env = env_sim(1);
    struct store *s = store_new(&(struct store_options){0});
    struct snapshot *sn;
    struct diag why = {0};
    bool found;
    u64 tail = 0;
    struct stream stream = {"tail", range, read, load, &tail};
    table_new(s, "t", 24, 100);
    heap_new(s, "h");
    MUST(env_make_dir(env, DIR) == ERR_OK);
    if (read_byte(&r) & 1)
        put_blocks(env, &r);
    else
        put_as_they_are(env, &r);
    if (snapshot_open(env, s, &(struct snapshot_options){DIR, 0}, &sn, &found, &why) == ERR_OK) {
        snapshot_stream(sn, &stream);
        if (snapshot_load(sn, &why) == ERR_OK) use(sn, s);
        snapshot_close(sn);
    }
    store_free(s);
    env_free(env);
    return 0;
}
