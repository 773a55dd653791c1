/* SPDX-License-Identifier: Apache-2.0 */
/* Labels over a tree of files like /sys and /proc, as kernels with AppArmor, SELinux, Smack or none of them show it. */
#include "dbgattach/privilege.h"
#include "src/privilege/lsm.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#define LIST "sys/kernel/security/lsm"
#define ENABLED "sys/module/apparmor/parameters/enabled"
#define FILESYSTEMS "proc/filesystems"
#define AA_OWN "proc/1/attr/apparmor/current"
#define AA_TARGET "proc/2/attr/apparmor/current"
#define SMACK_OWN "proc/1/attr/smack/current"
#define SMACK_TARGET "proc/2/attr/smack/current"
#define OWN "proc/1/attr/current"
#define TARGET "proc/2/attr/current"
#define FILES_MAX 8
#define HOST_CONTEXT "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"
#define CONTAINER_CONTEXT "system_u:system_r:container_t:s0:c1,c2"

struct file {
	const char *path, *text;
};

struct tree {
	char path[64];
	struct lsm_sources sources;
};

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void tree_done(struct tree *tree)
{
	const int fds[] = { tree->sources.root_fd, tree->sources.proc_fd, tree->sources.own_fd,
			    tree->sources.target_fd };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close_quietly(fds[i]);
	(void)nftw(tree->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
#define cleanup_tree __attribute__((cleanup(tree_done)))

static void write_file(const struct tree *tree, const struct file *file)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s", file->path);
	for (char *slash = path; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
		*slash = '\0';
		(void)mkdirat(tree->sources.root_fd, path, 0755);
	}
	cleanup_close int fd = openat(tree->sources.root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, file->text, strlen(file->text)), strlen(file->text));
}

static int folder_of(const struct tree *tree, const char *path)
{
	int fd = openat(tree->sources.root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static struct tree make_tree(const struct file *files)
{
	static const struct file always[] = { { "proc/1/stat", "" }, { "proc/2/stat", "" } };
	struct tree tree = { .path = "/tmp/dbgattach-lsm-XXXXXX" };

	assert_non_null(mkdtemp(tree.path));
	tree.sources.root_fd = open(tree.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		write_file(&tree, &always[i]);
	for (size_t i = 0; i < FILES_MAX && files[i].path != NULL; i++)
		write_file(&tree, &files[i]);
	tree.sources.proc_fd = folder_of(&tree, "proc");
	tree.sources.own_fd = folder_of(&tree, "proc/1");
	tree.sources.target_fd = folder_of(&tree, "proc/2");
	return tree;
}

static void finds_what_is_active(void **state)
{
	(void)state;
	static const struct {
		struct file files[FILES_MAX];
		enum lsm_kind kind; /* LSM_KIND_MAX: none */
		const char *own, *target;
	} rows[] = {
		{ { { NULL, NULL } }, LSM_KIND_MAX, NULL, NULL },
		{ { { LIST, "capability,landlock,yama,bpf" } }, LSM_KIND_MAX, NULL, NULL },
		{ { { LIST, "lockdown,capability,apparmor" },
		    { AA_OWN, "unconfined\n" },
		    { AA_TARGET, "x (enforce)\n" } },
		  LSM_APPARMOR,
		  "unconfined",
		  "x" },
		/* Part of a name is not that name. */
		{ { { LIST, "capability,apparmor2\n" }, { AA_OWN, "a\n" }, { AA_TARGET, "b\n" } },
		  LSM_KIND_MAX,
		  NULL,
		  NULL },
		/* Without securityfs: what the module says of itself. */
		{ { { ENABLED, "Y\n" }, { AA_OWN, "unconfined\n" }, { AA_TARGET, "x (complain)\n" } },
		  LSM_APPARMOR,
		  "unconfined",
		  "x" },
		{ { { ENABLED, "N\n" }, { AA_OWN, "unconfined\n" }, { AA_TARGET, "x (complain)\n" } },
		  LSM_KIND_MAX,
		  NULL,
		  NULL },
		/* Before Linux 5.8 in the shared folder. */
		{ { { ENABLED, "Y\n" }, { OWN, "unconfined\n" }, { TARGET, "a b (c) (enforce)\n" } },
		  LSM_APPARMOR,
		  "unconfined",
		  "a b (c)" },
		{ { { LIST, "capability,selinux,bpf\n" }, { OWN, HOST_CONTEXT }, { TARGET, CONTAINER_CONTEXT } },
		  LSM_SELINUX,
		  HOST_CONTEXT,
		  CONTAINER_CONTEXT },
		{ { { FILESYSTEMS, "nodev\tsysfs\nnodev\tselinuxfs\n" }, { OWN, "kernel" }, { TARGET, "kernel" } },
		  LSM_SELINUX,
		  "kernel",
		  "kernel" },
		{ { { SMACK_OWN, "_" }, { SMACK_TARGET, "Web" } }, LSM_UNKNOWN, "_", "Web" },
		{ { { LIST, "capability,another" }, { OWN, "one\n" }, { TARGET, "two\n" } },
		  LSM_UNKNOWN,
		  "one",
		  "two" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_tree struct tree tree = make_tree(rows[i].files);
		struct lsm_facts facts;
		struct err err = { 0 };

		if (lsm_read(&tree.sources, &facts, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		for (enum lsm_kind kind = 0; kind < LSM_KIND_MAX; kind++)
			if (facts.of[kind].active != (kind == rows[i].kind))
				fail_msg("row %zu: %s active %d", i, lsm_name(kind), facts.of[kind].active);
		if (rows[i].own == NULL)
			continue;
		assert_string_equal(facts.of[rows[i].kind].own, rows[i].own);
		assert_string_equal(facts.of[rows[i].kind].target, rows[i].target);
	}
}

static void finds_two_at_once(void **state)
{
	(void)state;
	static const struct file files[FILES_MAX] = {
		{ LIST, "selinux,apparmor" }, { AA_OWN, "unconfined\n" },    { AA_TARGET, "x (enforce)\n" },
		{ OWN, HOST_CONTEXT },        { TARGET, CONTAINER_CONTEXT },
	};
	cleanup_tree struct tree tree = make_tree(files);
	struct lsm_facts facts;
	struct err err;

	assert_success(lsm_read(&tree.sources, &facts, &err), err);
	assert_true(facts.of[LSM_APPARMOR].active && facts.of[LSM_SELINUX].active && !facts.of[LSM_UNKNOWN].active);
	assert_string_equal(facts.of[LSM_APPARMOR].target, "x");
	assert_string_equal(facts.of[LSM_SELINUX].target, CONTAINER_CONTEXT);
}

/* Active, and no label to be had: never taken for "none". */
static void fails_closed(void **state)
{
	(void)state;
	static char long_label[LSM_LABEL_MAX + 1];
	const struct {
		struct file files[FILES_MAX];
		const char *says;
	} rows[] = {
		{ { { LIST, "apparmor" } }, "own label" },
		{ { { LIST, "apparmor" }, { AA_OWN, "unconfined\n" } }, "target's label" },
		{ { { ENABLED, "Y\n" }, { AA_OWN, "unconfined\n" } }, "target's label" },
		/* In a policy namespace that we may not see. */
		{ { { LIST, "apparmor" }, { AA_OWN, "unconfined\n" }, { AA_TARGET, "---\n" } }, "target's label" },
		{ { { LIST, "apparmor" }, { AA_OWN, "unconfined\n" }, { AA_TARGET, "" } }, "target's label" },
		{ { { LIST, "apparmor" }, { AA_OWN, "unconfined\n" }, { AA_TARGET, long_label } }, "target's label" },
		{ { { LIST, "selinux" } }, "own label" },
		{ { { FILESYSTEMS, "nodev\tselinuxfs\n" }, { OWN, HOST_CONTEXT } }, "target's label" },
		/* The shared folder speaks for another module. */
		{ { { LIST, "selinux" }, { OWN, "unconfined\n" }, { TARGET, "unconfined\n" } }, "own label" },
		{ { { SMACK_OWN, "_" } }, "attr/smack" },
	};

	memset(long_label, 'x', LSM_LABEL_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_tree struct tree tree = make_tree(rows[i].files);
		struct lsm_facts facts;
		struct err err = { 0 };

		if (lsm_read(&tree.sources, &facts, &err) >= 0)
			fail_msg("row %zu succeeded", i);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("row %zu: %s", i, err.text);
	}
}

static void parses_labels(void **state)
{
	(void)state;
	static const struct {
		const struct lsm *module;
		const char *text, *label; /* NULL: none */
	} rows[] = {
		{ &lsm_apparmor, "unconfined", "unconfined" },
		{ &lsm_apparmor, "docker-default (enforce)", "docker-default" },
		{ &lsm_apparmor, "crun (unconfined)", "crun" },
		{ &lsm_apparmor, "/usr/bin/a b (x)", "/usr/bin/a b" }, /* a mode always follows: that is one */
		{ &lsm_apparmor, "/a (b) (kill)", "/a (b)" },
		{ &lsm_apparmor, "a//&:ns:b (mixed)", "a//&:ns:b" },
		{ &lsm_apparmor, "(enforce)", "(enforce)" },
		{ &lsm_apparmor, "a(enforce)", "a(enforce)" },
		{ &lsm_apparmor, "", NULL },
		{ &lsm_apparmor, "---", NULL },
		{ &lsm_selinux, CONTAINER_CONTEXT, CONTAINER_CONTEXT },
		{ &lsm_selinux, "u:r:t", "u:r:t" },
		{ &lsm_selinux, "kernel", "kernel" },
		{ &lsm_selinux, "", NULL },
		{ &lsm_selinux, "u:r:", NULL },
		{ &lsm_selinux, "u::t", NULL },
		{ &lsm_selinux, ":r:t", NULL },
		{ &lsm_selinux, "u:r", NULL },
		{ &lsm_selinux, "docker-default (enforce)", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[128];

		(void)snprintf(text, sizeof(text), "%s", rows[i].text);
		int result = rows[i].module->parse(text);
		assert_int_equal(result, rows[i].label == NULL ? -EBADMSG : 0);
		if (result == 0)
			assert_string_equal(text, rows[i].label);
	}
}

static struct lsm_facts facts_of(enum lsm_kind kind, const char *own, const char *target)
{
	struct lsm_facts facts = { 0 };

	facts.of[kind] = (struct lsm_label) { .active = true, .attributes = "attr" };
	(void)snprintf(facts.of[kind].own, LSM_LABEL_MAX, "%s", own);
	(void)snprintf(facts.of[kind].target, LSM_LABEL_MAX, "%s", target);
	return facts;
}

static void plans(void **state)
{
	(void)state;
	static const struct {
		enum lsm_kind kind;
		const char *own, *target;
		enum lsm_choice choice;
		bool adopts, deviates;
	} rows[] = {
		{ LSM_APPARMOR, "unconfined", "x", LSM_TARGET, true, false },
		{ LSM_APPARMOR, "x", "x", LSM_TARGET, false, false }, /* there is nothing to set */
		{ LSM_APPARMOR, "unconfined", "unconfined", LSM_TARGET, false, false },
		{ LSM_APPARMOR, "y", "x", LSM_TARGET, true, false },
		{ LSM_APPARMOR, "y", "unconfined", LSM_TARGET, false, true }, /* not freer than its caller */
		{ LSM_APPARMOR, "unconfined", "x", LSM_UNCONFINED, false, true },
		{ LSM_APPARMOR, "unconfined", "unconfined", LSM_UNCONFINED, false, false },
		{ LSM_SELINUX, HOST_CONTEXT, CONTAINER_CONTEXT, LSM_TARGET, true, false },
		{ LSM_SELINUX, "kernel", "kernel", LSM_TARGET, false, false },
		{ LSM_SELINUX, HOST_CONTEXT, CONTAINER_CONTEXT, LSM_UNCONFINED, false, true },
		{ LSM_UNKNOWN, "_", "_", LSM_TARGET, false, false },
		{ LSM_UNKNOWN, "_", "Web", LSM_UNCONFINED, false, true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct lsm_facts facts = facts_of(rows[i].kind, rows[i].own, rows[i].target);
		struct lsm_plan plan;
		struct err err;

		assert_success(lsm_plan_make(&facts, rows[i].choice, &plan, &err), err);
		assert_int_equal(lsm_plan_adopts(&plan, rows[i].kind), rows[i].adopts);
		assert_int_equal(lsm_plan_deviates(&plan, rows[i].kind), rows[i].deviates);
		assert_string_equal(lsm_planned_label(&plan, rows[i].kind),
				    rows[i].adopts ? rows[i].target : rows[i].own);
		for (enum lsm_kind kind = 0; kind < LSM_KIND_MAX; kind++)
			if (kind != rows[i].kind)
				assert_null(lsm_planned_label(&plan, kind));
	}
}

/* The first mount of the namespace is the root; what was mounted over it or elsewhere later says nothing. */
static void files_have_the_label_of_the_targets_root(void **state)
{
	(void)state;
	static const struct {
		const char *mountinfo, *context; /* NULL: none */
	} rows[] = {
		{ "9 8 0:39 / / ro - overlay overlay rw,context=\"s:o:container_file_t:s0:c1,c2\",lowerdir=/a\n"
		  "9 8 0:39 / / ro - tmpfs tmpfs rw,context=s:o:other_t:s0\n",
		  "s:o:container_file_t:s0:c1,c2" },
		{ "9 8 0:39 / /x ro - tmpfs tmpfs rw,context=s:o:other_t:s0\n"
		  "9 8 0:39 / / ro - overlay overlay rw,context=s:o:container_file_t:s0\n",
		  "s:o:container_file_t:s0" },
		{ "9 8 0:39 / / ro - ext4 /dev/x rw,seclabel\n9 8 0:39 / /x ro - tmpfs tmpfs "
		  "rw,context=s:o:other_t:s0\n",
		  NULL },
		{ "nonsense\n", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct file files[FILES_MAX] = { { LIST, "selinux" },
						       { OWN, HOST_CONTEXT },
						       { TARGET, CONTAINER_CONTEXT },
						       { "proc/2/mountinfo", rows[i].mountinfo } };
		cleanup_tree struct tree tree = make_tree(files);
		struct lsm_facts facts;
		struct lsm_plan plan;
		struct err err;

		assert_success(lsm_read(&tree.sources, &facts, &err), err);
		assert_success(lsm_plan_make(&facts, LSM_TARGET, &plan, &err), err);
		if (rows[i].context == NULL)
			assert_null(lsm_mount_context(&plan));
		else
			assert_string_equal(lsm_mount_context(&plan), rows[i].context);
		assert_success(lsm_plan_make(&facts, LSM_UNCONFINED, &plan, &err), err);
		assert_null(lsm_mount_context(&plan)); /* the caller's label need not be allowed to use those */
	}
}

static void an_unknown_label_is_not_left_out_silently(void **state)
{
	(void)state;
	const struct lsm_facts facts = facts_of(LSM_UNKNOWN, "_", "Web");
	struct lsm_plan plan;
	struct err err;

	assert_failure(lsm_plan_make(&facts, LSM_TARGET, &plan, &err), err, ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "\"Web\""));
	assert_non_null(strstr(err.text, "--lsm unconfined"));
}

/* A stack of profiles has a label of any length: no message is cut by it, neither what it says nor the label's end. */
static void long_labels_leave_room(void **state)
{
	(void)state;
	struct lsm_facts facts = facts_of(LSM_UNKNOWN, "", "");
	struct lsm_label *label = &facts.of[LSM_UNKNOWN];
	struct lsm_plan plan;
	struct err err;

	memset(label->own, 'o', sizeof(label->own) - 1);
	memset(label->target, 't', sizeof(label->target) - 1);
	memcpy(label->own + sizeof(label->own) - 5, "-own", 5);
	memcpy(label->target + sizeof(label->target) - 8, "-target", 8);
	assert_failure(lsm_plan_make(&facts, LSM_TARGET, &plan, &err), err, ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "\"ttt"));
	assert_non_null(strstr(err.text, "-target\""));
	assert_non_null(strstr(err.text, "-own\""));
	assert_non_null(strstr(err.text, "--lsm unconfined"));
}

/* The exec attribute is a regular file there: whoever writes labels into such a thing has not set any. */
static void writes_to_a_procfs_only(void **state)
{
	(void)state;
	static const struct file files[FILES_MAX] = { { "proc/1/attr/exec", "" } };
	const struct lsm_facts facts = facts_of(LSM_APPARMOR, "unconfined", "x");
	cleanup_tree struct tree tree = make_tree(files);
	struct lsm_plan plan;
	struct stat stat;
	struct err err;

	assert_success(lsm_plan_make(&facts, LSM_UNCONFINED, &plan, &err), err);
	assert_success(lsm_apply(tree.sources.own_fd, &plan, &err), err); /* nothing is to be written */
	assert_success(lsm_plan_make(&facts, LSM_TARGET, &plan, &err), err);
	assert_failure(lsm_apply(tree.sources.own_fd, &plan, &err), err, ERR_REFUSED);
	assert_int_equal(fstatat(tree.sources.own_fd, "attr/exec", &stat, 0), 0);
	assert_int_equal(stat.st_size, 0);
	/* No such attribute at all. */
	assert_true(lsm_apply(tree.sources.target_fd, &plan, &err) < 0);
}

static void verifies(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum lsm_choice choice;
		bool right;
	} rows[] = {
		{ "x (enforce)\n", LSM_TARGET, true },    { "unconfined\n", LSM_TARGET, false },
		{ "x2 (enforce)\n", LSM_TARGET, false },  { "x//&y (enforce)\n", LSM_TARGET, false },
		{ "unconfined\n", LSM_UNCONFINED, true }, { "x (enforce)\n", LSM_UNCONFINED, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct file files[FILES_MAX] = { { TARGET, rows[i].text } };
		const struct lsm_facts facts = facts_of(LSM_APPARMOR, "unconfined", "x");
		cleanup_tree struct tree tree = make_tree(files);
		struct lsm_plan plan;
		struct err err;

		assert_success(lsm_plan_make(&facts, rows[i].choice, &plan, &err), err);
		if (rows[i].right) {
			assert_success(lsm_verify(tree.sources.target_fd, &plan, &err), err);
			continue;
		}
		assert_failure(lsm_verify(tree.sources.target_fd, &plan, &err), err, ERR_REFUSED);
		assert_non_null(strstr(err.text, "AppArmor"));
		assert_true(lsm_verify(tree.sources.own_fd, &plan, &err) < 0); /* no label to be had */
	}
}

static void the_hint_names_both_labels(void **state)
{
	(void)state;
	const struct lsm_facts facts = facts_of(LSM_SELINUX, HOST_CONTEXT, CONTAINER_CONTEXT);
	struct lsm_plan plan;
	struct err err = { 0 };

	assert_success(lsm_plan_make(&facts, LSM_TARGET, &plan, &err), err);
	(void)err_sys(&err, EACCES, "executing");
	assert_int_equal(lsm_add_hint(&plan, &err), -EACCES);
	assert_int_equal(err.kind, ERR_DENIED);
	assert_non_null(strstr(err.text, HOST_CONTEXT));
	assert_non_null(strstr(err.text, CONTAINER_CONTEXT));
	assert_success(lsm_plan_make(&facts, LSM_UNCONFINED, &plan, &err), err);
	(void)err_sys(&err, EACCES, "executing");
	assert_int_equal(lsm_add_hint(&plan, &err), -EACCES);
	assert_null(strstr(err.text, "SELinux"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_is_active),
		cmocka_unit_test(finds_two_at_once),
		cmocka_unit_test(fails_closed),
		cmocka_unit_test(parses_labels),
		cmocka_unit_test(plans),
		cmocka_unit_test(files_have_the_label_of_the_targets_root),
		cmocka_unit_test(an_unknown_label_is_not_left_out_silently),
		cmocka_unit_test(long_labels_leave_room),
		cmocka_unit_test(writes_to_a_procfs_only),
		cmocka_unit_test(verifies),
		cmocka_unit_test(the_hint_names_both_labels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
