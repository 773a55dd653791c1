/* SPDX-License-Identifier: Apache-2.0 */
/* toolbox.json: what an installed toolbox, or a layer of more tools for one, says of itself. Written by toolbox/build-toolbox. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOOLBOX_MANIFEST_MAX 65536 /* bytes of the file */
#define TOOLBOX_NAME_MAX 64
#define TOOLBOX_HASH_LENGTH 64 /* hexadecimal digits of a SHA-256 */

/*
 * In the order in which they are tried. TOOLBOX_HOT is none by itself: a folder with those files of an image that every session
 * reads first, laid over it, so that all sessions share what the kernel has of them in memory.
 */
enum toolbox_format { TOOLBOX_EROFS, TOOLBOX_SQUASHFS, TOOLBOX_TREE, TOOLBOX_HOT, TOOLBOX_FORMAT_MAX };

struct toolbox_image {
	char *file; /* a name in the folder of toolbox.json; NULL: there is no image of this format */
	uint64_t size;
	char *sha256; /* of the file, or a folder's listing; NULL for TOOLBOX_TREE, which the digest of the whole describes */
};

struct toolbox_manifest {
	char *name;
	bool layer;
	char *architecture; /* as Debian calls it */
	char *suite;        /* NULL: not stated */
	char *prefix;
	char *digest; /* hexadecimal, of the listing of all files: what two builds have in common whatever packs them */
	char *base;   /* a layer: the digest of the toolbox it is for */
	char *shell;  /* beneath the prefix, "bin/bash"; a layer has none */
	uint64_t packages, programs;
	struct toolbox_image images[TOOLBOX_FORMAT_MAX]; /* at least one */
};

/* Everything is checked: names and paths are plain and relative, hashes are hashes. On failure *ret is left alone. */
int toolbox_manifest_parse(const char *bytes, size_t length, struct toolbox_manifest *ret, struct err *err);
void toolbox_manifest_done(struct toolbox_manifest *manifest);

/* [a-z0-9][a-z0-9+.-]*, at most TOOLBOX_NAME_MAX: as Debian's packages are called. */
bool toolbox_name_is_valid(const char *name);

/* "erofs", "squashfs", "tree", "hot"; NULL beyond. */
const char *toolbox_format_name(enum toolbox_format format);
/* Is it a folder, not one file? */
bool toolbox_format_is_folder(enum toolbox_format format);
