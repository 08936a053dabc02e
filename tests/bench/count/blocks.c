// SPDX-License-Identifier: GPL-2.0
/* The blocks of L1's kernel that were translated, and their counters. */
#include "count.h"

/* Entries of the hash table, a power of two; half of them stay free. */
#define ENTRIES (2 * COUNTERS)

static struct block table[ENTRIES];
static __u32 next = COUNT_FIXED;

static __u32 hash(__u64 address, __u32 instructions)
{
	/* Knuth's multiplicative hash: 2^64 divided by the golden ratio. */
	__u64 mixed = (address ^ (__u64)instructions << 48) * 0x9e3779b97f4a7c15ull;

	return mixed >> 32 & (ENTRIES - 1);
}

__u32 block_counter(__u64 address, __u32 instructions)
{
	__u32 index = hash(address, instructions);

	while (table[index].counter) {
		if (table[index].address == address && table[index].instructions == instructions)
			return table[index].counter;
		index = (index + 1) & (ENTRIES - 1);
	}
	if (next == COUNTERS)
		return COUNT_REST;
	table[index] = (struct block){ address, instructions, next };
	return next++;
}

void block_each(void (*each)(const struct block *block, void *data), void *data)
{
	for (__u32 index = 0; index < ENTRIES; index++) {
		if (table[index].counter)
			each(&table[index], data);
	}
}

__u32 block_counters(void)
{
	return next;
}
