-- Where the current conversation began, so that a released one keeps its place in the queue.
ALTER TABLE conversations
  ADD COLUMN reopened_seq BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'last_seq when it was last reopened' AFTER closed_at,
  ADD COLUMN reopened_at DATETIME(3) NULL AFTER reopened_seq;
