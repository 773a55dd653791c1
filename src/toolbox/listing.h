/* SPDX-License-Identifier: Apache-2.0 */
/* A folder as bytes: what its digest is made of. */
#pragma once

#include "dbgattach/base/err.h"

#include <nettle/sha2.h>
#include <stdbool.h>

#define HASH_TEXT_SIZE (2 * SHA256_DIGEST_SIZE + 1)

void hash_text(struct sha256_ctx *hash, char text[static HASH_TEXT_SIZE]);

/* All that fd has, from its beginning. Negative errno. */
int hash_file(int fd, struct sha256_ctx *hash);

/*
 * A line for the folder and each entry beneath it, in the order of the bytes of their paths: "d PATH", "l LINK PATH",
 * "f MODE SHA256 PATH", as the builder writes them into `files`. With stamps instead of contents it is a fingerprint: inode, size and times of each entry. What others than root and
 * the caller could write is ERR_REFUSED.
 */
int listing_hash(int folder, bool stamps, struct sha256_ctx *hash, struct err *err);
