// SPDX-License-Identifier: GPL-2.0

#include <linux/siphash.h>

#include <rgvt/helpers.h>

u64 rgvt_siphash(const void *data, size_t len, const u64 key[2])
{
	const siphash_key_t siphash_key = { .key = { key[0], key[1] } };

	return siphash(data, len, &siphash_key);
}
