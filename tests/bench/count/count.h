/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of this plugin share. Documentation/bench.rst says what it is for. */
#ifndef RGVT_COUNT_H
#define RGVT_COUNT_H

#include <stdbool.h>
#include <linux/types.h>
#include <stdio.h>

/* Counters that are not of one block of the kernel. */
enum fixed_counter {
	/* Of kernel blocks that found no room. */
	COUNT_REST,
	/* Instructions of L1's programs. */
	COUNT_USER,
	/* Instructions of guests. */
	COUNT_GUEST,
	/* How often a guest was entered. */
	COUNT_ENTRIES,
	COUNT_FIXED,
};

/* A block of instructions of L1's kernel that runs from its first to its last. */
struct block {
	__u64 address;
	__u32 instructions;
	/* Its counter, which counts instructions; 0: no such block. */
	__u32 counter;
};

/* The caller of what is in blocks.c has a lock. */

/* The counter of a block, which is COUNT_REST when there are too many. */
__u32 block_counter(__u64 address, __u32 instructions);
/* Calls @each for all blocks. */
void block_each(void (*each)(const struct block *block, void *data), void *data);
/* How many counters are in use, with the fixed ones. */
__u32 block_counters(void);

#define COUNTERS 0x80000u

/* witness.c: writes the witness's answer to @request as a line "NAME ANSWER" to @out. */
void witness_line(FILE *out, const char *path, const char *name, const char *request);

#endif
