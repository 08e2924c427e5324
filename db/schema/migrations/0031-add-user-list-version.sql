-- The list of agents as a versioned list.
ALTER TABLE users
  ADD COLUMN list_version BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of an agent: the version of list ''agents'' at its last change' AFTER blocked_at,
  ADD KEY users_list_version (list_version);
