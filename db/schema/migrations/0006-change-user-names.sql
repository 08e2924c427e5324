-- Anonymous customers have neither name nor password; user names and hashes are compared byte by byte.

ALTER TABLE users
  MODIFY COLUMN username VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'normalised (NFKC, lower case); null for anonymous customers alone',
  MODIFY COLUMN password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'argon2id; null for anonymous customers alone';
