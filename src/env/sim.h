/* sim.h — steering the simulated world. All of it follows from the seed; single-threaded.
 *
 * The disk has two layers: what was written, and what was synced. sim_crash keeps every synced byte
 * and, per 512-byte sector written since, chooses by chance whether the new content survives, so
 * that writes tear and reorder; names created, renamed or removed survive by chance until
 * env_sync_dir. What a failed file_sync left unsynced stays readable until the crash and is not
 * made safe by a later one, as in Linux; only writing it again helps. A call on names that fails
 * may have done its work. Files and directories need their directory to be there; "x" and "/x"
 * stand in a root that always is. */
#pragma once
#include "env/env.h"

#include <setjmp.h>

struct sim_faults {
    u32 write_error_per_million; /* file_write, file_grow_zeroed: ERR_IO */
    u32 sync_error_per_million;  /* file_sync: ERR_IO, and the unsynced bytes of that file are lost
                                  */
    u32 open_error_per_million;
    u64 space_bytes;  /* total room on the disk; 0 = no limit */
    u64 fail_call;    /* the n-th fallible call from now on fails once; 0 = none */
    bool lose_synced; /* the positive control: file_sync promises and does nothing */
};

void sim_faults(struct env *env, struct sim_faults faults);
void sim_set_wall(struct env *env, i64 wall_ms); /* a clock jump: monotonic time stays */
void sim_advance(struct env *env, i64 ms);       /* both clocks */
/* Power cut: open files are gone (their handles only may be closed), unsynced state is chosen. */
void sim_crash(struct env *env);
/* Clean process end: unsynced bytes stay, as with kill -9. Open handles only may be closed. */
void sim_kill(struct env *env);
/* At the n-th passing of that kill point (n ≥ 1; NULL = any point) control returns to where
 * sim_kill_here was called, which then answers true. NULL name and n = 0 disarm. */
void sim_kill_at(struct env *env, const char *name, u64 n);
bool sim_kill_fired(struct env *env);
/* if (sim_kill_here(env)) { …the process is dead: sim_kill or sim_crash, close, open again… }
 * Comes before sim_kill_at; the function it stands in must not have returned when the point is
 * passed. Locals changed after it are volatile, or lost. What the dead process had allocated is the
 * test's to close. */
#define sim_kill_here(env) (setjmp(*sim_kill_jump(env)) != 0)
jmp_buf *sim_kill_jump(struct env *env);
u64 sim_calls(struct env *env); /* fallible calls so far: for n-th-failure sweeps */
