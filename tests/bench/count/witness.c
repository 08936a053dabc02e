// SPDX-License-Identifier: GPL-2.0
/* Asks the GPU's witness (Documentation/witness.rst) while the vCPU stands still. */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "count.h"

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t size = strlen(path);
	int fd;

	/* It ends with a zero. */
	if (size >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, size);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Copies one line, with its end. */
static bool copy_line(FILE *out, int fd)
{
	char part[4096];
	ssize_t size;

	do {
		size = read(fd, part, sizeof(part));
		if (size <= 0)
			return false;
		fwrite(part, 1, size, out);
	} while (part[size - 1] != '\n');
	return true;
}

void witness_line(FILE *out, const char *path, const char *name, const char *request)
{
	int fd = connect_to(path);

	fprintf(out, "%s ", name);
	/* A line without an answer is found by whoever reads the file. */
	if (fd < 0 || write(fd, request, strlen(request)) < 0 || !copy_line(out, fd))
		fprintf(out, "\n");
	if (fd >= 0)
		close(fd);
}
