/* block_write.h — putting a block together: rows in, bytes out. */
#pragma once
#include "event/block.h"

/* ---- texts of a file: those that repeat get a number (sealed_texts.c) ---- */

struct texts;
struct texts *texts_new(void);
void texts_free(struct texts *t); /* NULL is allowed */
/* The number of a property's text, or TEXT_NONE: a property whose texts seldom repeat keeps them in
 * the heaps of its blocks. */
#define TEXT_NONE UINT32_MAX
u32 texts_number(struct texts *t, u32 property, str text);
/* One more of a property's texts was one of these. */
void texts_note(struct texts *t, u32 property);
void texts_note_many(struct texts *t, u32 property, u32 n);
str texts_at(const struct texts *t, u32 number);
str texts_ends(const struct texts *t); /* the bytes of two sections */
str texts_bytes(const struct texts *t);

/* ---- a block ---- */

struct builder;
struct builder *builder_new(struct texts *texts); /* keeps `texts` */
void builder_free(struct builder *b);
u32 builder_rows(const struct builder *b);
bool builder_is_full(const struct builder *b);
/* False: the block has no room for another kind, and has to be ended first. An empty one takes any.
 */
bool builder_add(struct builder *b, const struct event *ev);
/* The same of a row of another block, by its columns, with its message id if it came after
 * young_from. `from` numbers where blocks come from, each with its own texts and going mostly from
 * row to row. */
enum { BUILDER_SOURCES = 96 };
bool builder_add_row(struct builder *b, struct block *block, u32 row, u32 from, i64 young_from);
/* The block's bytes, good until the next call, and what its entry says of it (all but where it
 * lies); then the builder is empty. */
str builder_end(struct builder *b, struct sealed_block *entry);

/* ---- a block taken over whole ---- */

/* The bytes of an open block as they are in a file with these texts. `numbers` keeps, for each text
 * of the block's file, its number here + 1. False: a text can have none, and the rows have to be
 * taken one by one. */
bool block_copy(const struct block *b, struct texts *texts, u32 *numbers, struct buf *out);
