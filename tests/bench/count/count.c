// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for L0's QEMU that counts executed instructions: those of L1's kernel by block, those of
 * L1's programs and of guests as a whole, and how often a guest is entered.
 *
 * A program in L1 or in a guest says what is to be counted by two instructions without effect,
 * before and after it: NOPL with a displacement of MARK, whether the window begins or ends, and the
 * window's number. What was counted in between goes to the file NUMBER.counts of the folder
 * "out"; so does what the witness says at both ends. A window that comes twice replaces itself.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "count.h"
#include "qemu-plugin.h"

/* Upper half of a mark's displacement, then one byte for the kind, then one for the number. */
#define MARK 0x4756u
#define MARK_BEGIN 1
#define MARK_END 2
/* Places in L1's kernel that enter a guest. */
#define ENTRANCES 8
/* Addresses from here on are the kernel's. */
#define KERNEL 0x8000000000000000ull

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct qemu_plugin_scoreboard *counters;
/* Where this process has the instructions that enter a guest. */
static char *entrances[ENTRANCES];
/* A vCPU has a thread of its own. */
static __thread bool in_guest;

/* The window that is open. */
static __u64 before[COUNTERS];
static struct timespec begun;
static char *witness_before;
static size_t witness_size;

static const char *folder;
static const char *witness;

static struct qemu_plugin_u64 entry(__u32 counter)
{
	return (struct qemu_plugin_u64){ counters, counter * sizeof(__u64) };
}

static void count(struct qemu_plugin_tb *tb, __u32 counter, __u64 value)
{
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64,
							  entry(counter), value);
}

static void ask_witness(FILE *out, const char *when)
{
	char name[32];

	if (!witness)
		return;
	snprintf(name, sizeof(name), "%s-registers", when);
	witness_line(out, witness, name, "{\"cmd\":\"registers\",\"top\":0}\n");
	snprintf(name, sizeof(name), "%s-engines", when);
	witness_line(out, witness, name, "{\"cmd\":\"engines\"}\n");
}

static void begin(void)
{
	FILE *text;

	free(witness_before);
	witness_before = NULL;
	text = open_memstream(&witness_before, &witness_size);
	if (text) {
		ask_witness(text, "begin");
		fclose(text);
	}
	for (__u32 counter = 0; counter < block_counters(); counter++)
		before[counter] = qemu_plugin_u64_sum(entry(counter));
	clock_gettime(CLOCK_MONOTONIC, &begun);
}

static __u64 counted(__u32 counter)
{
	return qemu_plugin_u64_sum(entry(counter)) - before[counter];
}

static void print_block(const struct block *block, void *out)
{
	__u64 executed = counted(block->counter);

	if (executed)
		fprintf(out, "block 0x%llx %u %llu\n", block->address, block->instructions,
			executed);
}

static void end(unsigned int number)
{
	static const char * const names[COUNT_FIXED] = { "rest", "user", "guest", "entries" };
	struct timespec now;
	char path[4096], partial[4096 + 8];
	FILE *out;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(path, sizeof(path), "%s/%u.counts", folder, number);
	snprintf(partial, sizeof(partial), "%s.part", path);
	out = fopen(partial, "w");
	if (!out) {
		qemu_plugin_outs("count: cannot write a window's file\n");
		return;
	}
	fprintf(out, "ns %lld\n",
		(now.tv_sec - begun.tv_sec) * 1000000000ll + now.tv_nsec - begun.tv_nsec);
	for (__u32 counter = 0; counter < COUNT_FIXED; counter++)
		fprintf(out, "%s %llu\n", names[counter], counted(counter));
	block_each(print_block, out);
	if (witness_before)
		fwrite(witness_before, 1, witness_size, out);
	ask_witness(out, "end");
	if (fclose(out) || rename(partial, path))
		qemu_plugin_outs("count: cannot write a window's file\n");
}

static void mark(unsigned int vcpu, void *data)
{
	uintptr_t displacement = (uintptr_t)data;

	(void)vcpu;
	pthread_mutex_lock(&lock);
	switch (displacement >> 8 & 0xff) {
	case MARK_BEGIN:
		begin();
		break;
	case MARK_END:
		end(displacement & 0xff);
		break;
	}
	pthread_mutex_unlock(&lock);
}

static void enter(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	in_guest = true;
}

static void leave(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	in_guest = false;
}

/* NOPL disp32(%rax,%rax,1) */
static bool is_mark(const struct qemu_plugin_insn *insn, __u32 *displacement)
{
	unsigned char code[8];

	if (qemu_plugin_insn_size(insn) != sizeof(code) ||
	    qemu_plugin_insn_data(insn, code, sizeof(code)) != sizeof(code) ||
	    memcmp(code, "\x0f\x1f\x84\x00", 4))
		return false;
	memcpy(displacement, code + 4, sizeof(*displacement));
	return *displacement >> 16 == MARK;
}

#define VMRUN_SIZE 3

static bool is_vmrun(const struct qemu_plugin_insn *insn)
{
	unsigned char code[VMRUN_SIZE];

	return qemu_plugin_insn_size(insn) == sizeof(code) &&
	       qemu_plugin_insn_data(insn, code, sizeof(code)) == sizeof(code) &&
	       !memcmp(code, "\x0f\x01\xd8", sizeof(code));
}

static void add_entrance(char *code)
{
	for (int index = 0; index < ENTRANCES; index++) {
		if (!entrances[index])
			entrances[index] = code;
		if (entrances[index] == code)
			return;
	}
	qemu_plugin_outs("count: too many places enter a guest\n");
}

/* Whether L1's kernel goes on there when a guest has been left. */
static bool is_exit(char *code)
{
	for (int index = 0; index < ENTRANCES && entrances[index]; index++) {
		if (entrances[index] + VMRUN_SIZE == code)
			return true;
	}
	return false;
}

static void watch(struct qemu_plugin_tb *tb, struct qemu_plugin_insn *insn, bool host)
{
	__u32 displacement;

	if (is_mark(insn, &displacement)) {
		qemu_plugin_register_vcpu_insn_exec_cb(insn, mark, QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)displacement);
	} else if (host && is_vmrun(insn)) {
		add_entrance(qemu_plugin_insn_haddr(insn));
		qemu_plugin_register_vcpu_insn_exec_cb(insn, enter, QEMU_PLUGIN_CB_NO_REGS, NULL);
		count(tb, COUNT_ENTRIES, 1);
	}
}

/*
 * Code of L1 and of a guest may have the same address; QEMU translates each for itself, when it is
 * to run.
 */
static void translate(struct qemu_plugin_tb *tb, void *data)
{
	size_t instructions = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
	__u64 address = qemu_plugin_insn_vaddr(first);
	bool left, host;
	__u32 counter;

	(void)data;
	pthread_mutex_lock(&lock);
	left = is_exit(qemu_plugin_insn_haddr(first));
	host = left || !in_guest;
	if (left)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, leave, QEMU_PLUGIN_CB_NO_REGS, NULL);
	for (size_t index = 0; index < instructions; index++)
		watch(tb, qemu_plugin_tb_get_insn(tb, index), host && address >= KERNEL);
	if (!host)
		counter = COUNT_GUEST;
	else if (address < KERNEL)
		counter = COUNT_USER;
	else
		counter = block_counter(address, instructions);
	pthread_mutex_unlock(&lock);
	count(tb, counter, instructions);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(__u64 id, const struct qemu_info *info, int argc,
					   char **argv)
{
	(void)info;
	for (int index = 0; index < argc; index++) {
		if (!strncmp(argv[index], "out=", 4))
			folder = argv[index] + 4;
		else if (!strncmp(argv[index], "witness=", 8))
			witness = argv[index] + 8;
	}
	if (!folder) {
		qemu_plugin_outs("count: say where to write: out=FOLDER\n");
		return 1;
	}
	counters = qemu_plugin_scoreboard_new(COUNTERS * sizeof(__u64));
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate, NULL);
	return 0;
}
