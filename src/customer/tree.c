/* tree.c — sparse arrays of numbers: nodes of 30, as many levels as the highest index needs.
 *
 * Nodes are rows of the store, so that an epoch reads the array as it was. A number that was never
 * set is 0. */
#include "customer/customer_internal.h"

enum { FAN = 30, DEPTH_MAX = 6 };

struct node_row {
    u64 version;
    u32 at[FAN];
};
_Static_assert(sizeof(struct node_row) == 128, "");

/* Indexes below a node of this height. */
static const u32 SPAN[DEPTH_MAX + 1] = {1, 30, 900, 27000, 810000, 24300000, 729000000};

/* Places on the way down, the lowest level first. Dividing by a constant, it costs little. */
static inline void places_of(u32 i, u32 depth, u8 *place)
{
    for (u32 height = 0; height < depth; height++) {
        place[height] = (u8)(i % FAN);
        i /= FAN;
    }
}

u32 tree_get(const struct customer_view *v, struct tree t, u32 i)
{
    struct node_row copy;
    u8 place[DEPTH_MAX];
    if (i >= SPAN[t.depth] || !t.root) return 0;
    places_of(i, t.depth, place);
    u32 row = t.root;
    for (u32 height = t.depth; row && height--;) {
        const struct node_row *node =
            v->epoch ? view_in(v, v->c->nodes, row, &copy) : table_at(v->c->nodes, row);
        row = node ? node->at[place[height]] : 0;
    }
    return row;
}

static u32 add_node(struct customers *c)
{
    u32 row = table_add(c->nodes);
    MUST(row);
    return row;
}

void tree_set(struct customers *c, struct tree *t, u32 i, u32 number)
{
    MUST(i < SPAN[DEPTH_MAX]);
    while (i >= SPAN[t->depth] || t->depth == 0) {
        u32 above = add_node(c);
        ((struct node_row *)table_edit(c->nodes, above))->at[0] = t->root;
        t->root = above;
        t->depth++;
    }
    u8 place[DEPTH_MAX];
    places_of(i, t->depth, place);
    u32 row = t->root;
    for (u32 height = t->depth - 1; height > 0; height--) {
        const struct node_row *node = table_at(c->nodes, row);
        u32 below = node->at[place[height]];
        if (!below) {
            below = add_node(c);
            ((struct node_row *)table_edit(c->nodes, row))->at[place[height]] = below;
        }
        row = below;
    }
    if (((const struct node_row *)table_at(c->nodes, row))->at[place[0]] == number) return;
    ((struct node_row *)table_edit(c->nodes, row))->at[place[0]] = number;
}
