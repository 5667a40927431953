/* kill_points.h — every named moment at which a test may end the process, in the order of a
 * record's way. A KILL_POINT outside this list does not compile into the sweep: lint compares. */
#pragma once

#define KILL_POINTS(X)                                                                             \
    X("log.before_write")                                                                          \
    X("log.after_write")                                                                           \
    X("log.after_sync")                                                                            \
    X("log.new_file")                                                                              \
    X("log.blanked")                                                                               \
    X("engine.before_apply")                                                                       \
    X("engine.after_apply")                                                                        \
    X("outbox.before_claim")                                                                       \
    X("outbox.after_grant")                                                                        \
    X("outbox.before_answer")                                                                      \
    X("outbox.after_answer")                                                                       \
    X("seal.written")                                                                              \
    X("seal.installed")                                                                            \
    X("merge.written")                                                                             \
    X("snapshot.part")                                                                             \
    X("snapshot.written")                                                                          \
    X("manifest.renamed")                                                                          \
    X("import.chunk")                                                                              \
    X("import.undo")                                                                               \
    X("manifest.cleaned")
