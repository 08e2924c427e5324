-- Presence rests on leases of the running processes.

CREATE TABLE nodes (
  id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'random, new at every start of a process',
  label VARCHAR(80) NOT NULL,
  started_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  lease_until DATETIME(3) NOT NULL COMMENT 'a node that lets this pass is gone, and its agents with it',
  PRIMARY KEY (id),
  KEY nodes_lease (lease_until)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Running server processes, each holding a lease';
