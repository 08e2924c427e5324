-- With its lease a node publishes how many connections it has, and which server of a cluster it writes to.
ALTER TABLE nodes
  ADD COLUMN connections INT UNSIGNED NOT NULL DEFAULT 0,
  ADD COLUMN database_node VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'of Galera: the node that accepted the last renewal';
