-- The history of commits that seqs and versions belong to. It has one row.
CREATE TABLE database_epoch (
  id INT UNSIGNED NOT NULL,
  epoch CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'random; a new one begins where commits were lost',
  server CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'hash of the database server that it began on',
  started_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'The history of commits that seqs and versions belong to; one row';
