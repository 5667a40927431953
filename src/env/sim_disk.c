/* sim_disk.c — pages with two contents and a bit per sector; a journal of unsynced names. */
#include "env/sim_disk.h"

#include <stdlib.h>

enum { PAGE = 4096, SECTORS = PAGE / SECTOR };

/* An absent page is zeros in both contents. Beyond the file's size both contents are zeros. */
struct page {
    u8 now[PAGE], safe[PAGE];
    u8 dirty;  /* bit per sector: written since the last sync */
    u8 doomed; /* written, and a sync failed: on disk by chance only, until written again */
};

/* ---- bodies ---- */

static struct inode *node_new(struct disk *d, bool is_dir)
{
    struct inode *node = mem_zalloc(sizeof *node);
    node->number = ++d->next_number;
    node->is_dir = is_dir;
    node->next = d->all;
    d->all = node;
    return node;
}

static void node_free(struct disk *d, struct inode *node)
{
    struct inode **at = &d->all;
    while (*at != node) at = &(*at)->next;
    *at = node->next;
    for (u64 i = 0; i < node->page_count; i++) free(node->pages[i]);
    free(node->pages);
    free(node);
}

static void hold(struct inode *node)
{
    node->refs++;
}

static void let_go(struct disk *d, struct inode *node)
{
    if (--node->refs == 0) node_free(d, node);
}

void inode_open(struct inode *node)
{
    hold(node);
    node->opens++;
}

void inode_close(struct disk *d, struct inode *node)
{
    node->opens--;
    let_go(d, node);
}

static struct page *page_make(struct inode *node, u64 index)
{
    if (index >= node->page_count) {
        u64 count = node->page_count ? node->page_count : 8;
        while (count <= index) count *= 2;
        node->pages = mem_realloc(node->pages, count * sizeof *node->pages);
        memset(node->pages + node->page_count, 0, (count - node->page_count) * sizeof *node->pages);
        node->page_count = count;
    }
    if (!node->pages[index]) node->pages[index] = mem_zalloc(sizeof(struct page));
    return node->pages[index];
}

/* Bytes [from, to) of a page changed: all sectors they touch are unsynced. */
static void mark(struct inode *node, u64 index, size_t from, size_t to)
{
    struct page *page = node->pages[index];
    for (size_t s = from / SECTOR; s * SECTOR < to; s++) {
        page->dirty |= (u8)(1u << s);
        page->doomed &= (u8) ~(1u << s);
    }
    if (node->dirty_from == node->dirty_to) node->dirty_from = node->dirty_to = index;
    if (index < node->dirty_from) node->dirty_from = index;
    if (index >= node->dirty_to) node->dirty_to = index + 1;
}

size_t inode_read(const struct inode *node, u64 offset, void *out, size_t n)
{
    if (offset >= node->size) return 0;
    n = min_size(n, node->size - offset);
    for (size_t done = 0; done < n;) {
        u64 index = (offset + done) / PAGE;
        size_t at = (offset + done) % PAGE, take = min_size(PAGE - at, n - done);
        struct page *page = index < node->page_count ? node->pages[index] : NULL;
        if (page)
            memcpy((char *)out + done, page->now + at, take);
        else
            memset((char *)out + done, 0, take);
        done += take;
    }
    return n;
}

void inode_write(struct inode *node, u64 offset, const void *p, size_t n)
{
    for (size_t done = 0; done < n;) {
        u64 index = (offset + done) / PAGE;
        size_t at = (offset + done) % PAGE, take = min_size(PAGE - at, n - done);
        memcpy(page_make(node, index)->now + at, (const char *)p + done, take);
        mark(node, index, at, at + take);
        done += take;
    }
    if (n && offset + n > node->size) node->size = offset + n;
}

void inode_resize(struct inode *node, u64 size)
{
    for (u64 index = size / PAGE; size < node->size && index < node->page_count; index++) {
        size_t from = index == size / PAGE ? size % PAGE : 0;
        if (!node->pages[index]) continue;
        memset(node->pages[index]->now + from, 0, PAGE - from);
        mark(node, index, from, PAGE);
    }
    node->size = size;
}

void inode_sync(struct inode *node)
{
    for (u64 i = node->dirty_from; i < node->dirty_to; i++) {
        struct page *page = node->pages[i];
        for (u32 s = 0; page && s < SECTORS; s++)
            if (page->dirty >> s & 1)
                memcpy(page->safe + s * SECTOR, page->now + s * SECTOR, SECTOR);
        if (page) page->dirty = 0;
    }
    node->dirty_from = node->dirty_to = 0;
    node->safe_size = node->size;
}

void inode_doom(struct inode *node)
{
    for (u64 i = node->dirty_from; i < node->dirty_to; i++) {
        struct page *page = node->pages[i];
        if (!page) continue;
        page->doomed |= page->dirty;
        page->dirty = 0;
    }
    node->dirty_from = node->dirty_to = 0;
}

static u64 size_after_crash(const struct inode *node, struct rng *rng)
{
    if (node->size < node->safe_size || rng_percent(rng, 60))
        return rng_percent(rng, 50) ? node->size : node->safe_size;
    return node->safe_size + rng_below(rng, node->size - node->safe_size + 1);
}

static void cut_page(struct page *page, size_t from)
{
    memset(page->now + from, 0, PAGE - from);
    memset(page->safe + from, 0, PAGE - from);
}

/* How much of what was unsynced survives differs from file to file: nothing, some, all. */
static void settle(struct inode *node, struct rng *rng)
{
    static const u32 KEEP_PERCENT[] = {0, 20, 50, 80, 100};
    u32 keep = KEEP_PERCENT[rng_below(rng, COUNT_OF(KEEP_PERCENT))];
    u64 size = size_after_crash(node, rng);
    for (u64 i = 0; i < node->page_count; i++) {
        struct page *page = node->pages[i];
        if (!page) continue;
        for (u32 s = 0; s < SECTORS; s++) {
            if (!((page->dirty | page->doomed) >> s & 1)) continue;
            if (rng_percent(rng, keep))
                memcpy(page->safe + s * SECTOR, page->now + s * SECTOR, SECTOR);
            else
                memcpy(page->now + s * SECTOR, page->safe + s * SECTOR, SECTOR);
        }
        page->dirty = page->doomed = 0;
        if ((i + 1) * PAGE > size) cut_page(page, i * PAGE >= size ? 0 : (size_t)(size % PAGE));
    }
    node->dirty_from = node->dirty_to = 0;
    node->size = node->safe_size = size;
}

/* ---- names ---- */

static size_t lower_bound(const struct names_tree *t, const char *path)
{
    size_t from = 0, to = t->count;
    while (from < to) {
        size_t middle = (from + to) / 2;
        if (strcmp(t->at[middle].path, path) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static struct inode *tree_find(const struct names_tree *t, const char *path)
{
    size_t i = lower_bound(t, path);
    return i < t->count && strcmp(t->at[i].path, path) == 0 ? t->at[i].node : NULL;
}

static char *copy(const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(mem_alloc(n), text, n);
}

static void tree_unset(struct disk *d, struct names_tree *t, const char *path)
{
    size_t i = lower_bound(t, path);
    if (i == t->count || strcmp(t->at[i].path, path) != 0) return;
    let_go(d, t->at[i].node);
    free(t->at[i].path);
    memmove(t->at + i, t->at + i + 1, (--t->count - i) * sizeof *t->at);
}

static void tree_set(struct disk *d, struct names_tree *t, const char *path, struct inode *node)
{
    hold(node);
    char *own = copy(path);
    tree_unset(d, t, path);
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 16;
        t->at = mem_realloc(t->at, t->cap * sizeof *t->at);
    }
    size_t i = lower_bound(t, path);
    memmove(t->at + i + 1, t->at + i, (t->count++ - i) * sizeof *t->at);
    t->at[i] = (struct name_entry){own, node};
}

static void tree_clear(struct disk *d, struct names_tree *t)
{
    while (t->count) tree_unset(d, t, t->at[t->count - 1].path);
    free(t->at);
    *t = (struct names_tree){0};
}

/* Does a change to a tree, if it makes sense there: one it rests on may have been lost. */
static void change_apply(struct disk *d, struct names_tree *t, const struct change *c)
{
    struct inode *there = tree_find(t, c->path);
    if (c->kind == CHANGE_CREATE) {
        if (!there) tree_set(d, t, c->path, c->node);
        return;
    }
    if (there != c->node) return;
    if (c->kind == CHANGE_RENAME) tree_set(d, t, c->to, c->node);
    tree_unset(d, t, c->path);
}

static void change_add(struct disk *d, struct change c)
{
    if (d->change_count == d->change_cap) {
        d->change_cap = d->change_cap ? d->change_cap * 2 : 16;
        d->changes = mem_realloc(d->changes, d->change_cap * sizeof *d->changes);
    }
    hold(c.node);
    c.path = copy(c.path);
    c.to = c.to ? copy(c.to) : NULL;
    change_apply(d, &d->now, &c);
    d->changes[d->change_count++] = c;
}

static void change_free(struct disk *d, struct change *c)
{
    free(c->path);
    free(c->to);
    let_go(d, c->node);
}

struct inode *disk_find(const struct disk *d, const char *path)
{
    return tree_find(&d->now, path);
}

static str parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (str){path, (size_t)(slash - path)} : (str){0};
}

static bool has_dir(const struct names_tree *t, str dir)
{
    if (dir.n == 0 || str_eq(dir, S("."))) return true;
    char *path = mem_zalloc(dir.n + 1);
    memcpy(path, dir.p, dir.n);
    struct inode *node = tree_find(t, path);
    free(path);
    return node && node->is_dir;
}

bool disk_has_parent(const struct disk *d, const char *path)
{
    return has_dir(&d->now, parent_of(path));
}

bool disk_is_in(const char *path, const char *dir)
{
    str parent = parent_of(path), want = str_of(dir);
    if (str_eq(want, S(".")) || str_eq(want, S("/"))) want = (str){0};
    return str_eq(parent, want);
}

/* A directory of the root is durable at once: who makes the data directory may not own its parent.
 */
struct inode *disk_create(struct disk *d, const char *path, bool is_dir)
{
    struct inode *node = node_new(d, is_dir);
    if (is_dir && parent_of(path).n == 0) {
        tree_set(d, &d->now, path, node);
        tree_set(d, &d->safe, path, node);
        return node;
    }
    change_add(d, (struct change){CHANGE_CREATE, (char *)(uintptr_t)path, NULL, node});
    return node;
}

void disk_rename(struct disk *d, const char *from, const char *to)
{
    struct inode *node = disk_find(d, from);
    if (strcmp(from, to) == 0) return;
    change_add(
        d, (struct change){CHANGE_RENAME, (char *)(uintptr_t)from, (char *)(uintptr_t)to, node});
}

void disk_remove(struct disk *d, const char *path)
{
    struct inode *node = disk_find(d, path);
    change_add(d, (struct change){CHANGE_REMOVE, (char *)(uintptr_t)path, NULL, node});
}

void disk_sync_dir(struct disk *d, const char *dir)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->change_count; i++) {
        struct change *c = &d->changes[i];
        if (!disk_is_in(c->path, dir) && !(c->to && disk_is_in(c->to, dir))) {
            d->changes[kept++] = *c;
            continue;
        }
        change_apply(d, &d->safe, c);
        change_free(d, c);
    }
    d->change_count = kept;
}

void disk_init(struct disk *d)
{
    *d = (struct disk){0};
}

static void changes_clear(struct disk *d)
{
    for (size_t i = 0; i < d->change_count; i++) change_free(d, &d->changes[i]);
    free(d->changes);
    d->changes = NULL;
    d->change_count = d->change_cap = 0;
}

void disk_clear(struct disk *d)
{
    changes_clear(d);
    tree_clear(d, &d->now);
    tree_clear(d, &d->safe);
    MUST(!d->all);
}

static void drop_orphans(struct disk *d, struct names_tree *t)
{
    for (size_t i = 0; i < t->count;) {
        if (has_dir(t, parent_of(t->at[i].path)))
            i++;
        else
            tree_unset(d, t, t->at[i].path), i = 0;
    }
}

/* Half of the time the journal was written in order and stops somewhere; else any of it may be
 * there. */
static void settle_names(struct disk *d, struct rng *rng)
{
    bool in_order = rng_percent(rng, 50);
    size_t upto = rng_below(rng, d->change_count + 1);
    for (size_t i = 0; i < d->change_count; i++)
        if (in_order ? i < upto : rng_percent(rng, 50)) change_apply(d, &d->safe, &d->changes[i]);
    changes_clear(d);
    drop_orphans(d, &d->safe);
    tree_clear(d, &d->now);
    for (size_t i = 0; i < d->safe.count; i++)
        tree_set(d, &d->now, d->safe.at[i].path, d->safe.at[i].node);
}

void disk_crash(struct disk *d, struct rng *rng)
{
    settle_names(d, rng);
    for (size_t i = 0; i < d->now.count; i++) settle(d->now.at[i].node, rng);
}

u64 disk_used(const struct disk *d)
{
    u64 used = 0;
    for (const struct inode *node = d->all; node; node = node->next)
        if (node->opens) used += node->size;
    for (size_t i = 0; i < d->now.count; i++)
        if (!d->now.at[i].node->opens) used += d->now.at[i].node->size;
    return used;
}
