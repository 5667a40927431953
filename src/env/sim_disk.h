/* sim_disk.h — the simulated disk: files and names, each as written and as synced.
 *
 *   write ──► now ──(sync)──► safe          crash: per sector, now or safe by chance
 *   create, rename, remove ──► names now ──(sync of the directory)──► names safe
 *
 * Nothing fails here by itself; sim.c decides what does. */
#pragma once
#include "base/mem.h"
#include "base/rng.h"

enum { SECTOR = 512 };

struct page;

/* A file's or directory's body. It lives while a name, an unsynced change or a handle refers to it.
 */
struct inode {
    struct page **pages;
    u64 page_count;
    u64 size, safe_size;
    u64 dirty_from, dirty_to; /* pages that hold unsynced sectors */
    u64 number;
    u32 refs, opens, maps;
    bool is_dir, locked;
    struct inode *next;
};

struct names_tree {
    struct name_entry {
        char *path;
        struct inode *node;
    } * at; /* sorted by path */
    size_t count, cap;
};

struct change {
    enum { CHANGE_CREATE, CHANGE_RENAME, CHANGE_REMOVE } kind;
    char *path, *to; /* `to` of a rename only */
    struct inode *node;
};

struct disk {
    struct names_tree now, safe;
    struct change *changes; /* not yet synced, oldest first */
    size_t change_count, change_cap;
    struct inode *all;
    u64 next_number;
};

void disk_init(struct disk *d);
void disk_clear(struct disk *d);
/* Keeps every synced byte and name; of the rest, what chance keeps. Handles are the caller's
 * matter. */
void disk_crash(struct disk *d, struct rng *rng);
u64 disk_used(const struct disk *d); /* bytes of all files that have a name or are open */

struct inode *disk_find(const struct disk *d, const char *path); /* NULL if there is none */
/* Whether a name may be made at `path`: its directory is there. "x" and "/x" stand in the root. */
bool disk_has_parent(const struct disk *d, const char *path);
bool disk_is_in(const char *path, const char *dir);
struct inode *disk_create(struct disk *d, const char *path, bool is_dir);
void disk_rename(struct disk *d, const char *from, const char *to);
void disk_remove(struct disk *d, const char *path);
void disk_sync_dir(struct disk *d, const char *dir);

void inode_open(struct inode *node);
void inode_close(struct disk *d, struct inode *node);
size_t inode_read(const struct inode *node, u64 offset, void *out, size_t n);
void inode_write(struct inode *node, u64 offset, const void *p, size_t n);
void inode_resize(struct inode *node, u64 size);
void inode_sync(struct inode *node);
/* A failed sync: what is unsynced now stays readable, and no later sync makes it safe. */
void inode_doom(struct inode *node);
