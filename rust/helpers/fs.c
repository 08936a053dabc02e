// SPDX-License-Identifier: GPL-2.0

#include <linux/fs.h>

#include <rgvt/helpers.h>

long rgvt_file_count(struct file *file)
{
	return file_count(file);
}
