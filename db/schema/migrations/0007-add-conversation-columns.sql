-- Order, reading and waiting are kept with the conversation, under the lock of its row. site_id is filled before it is
-- required.

ALTER TABLE conversations
  ADD COLUMN site_id BIGINT UNSIGNED NULL AFTER agent_id,
  ADD COLUMN client_conversation_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the customer side''s own id: starting again finds this row' AFTER status,
  ADD COLUMN subject VARCHAR(200) NULL AFTER client_conversation_id,
  ADD COLUMN page_url VARCHAR(2000) NULL AFTER subject,
  ADD COLUMN page_title VARCHAR(200) NULL AFTER page_url,
  ADD COLUMN last_seq BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'seq of the newest message, given under this row''s lock' AFTER page_title,
  ADD COLUMN version BIGINT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'grows with every change, under this row''s lock' AFTER last_seq,
  ADD COLUMN customer_read_seq BIGINT UNSIGNED NOT NULL DEFAULT 0 AFTER version,
  ADD COLUMN customer_read_at DATETIME(3) NULL AFTER customer_read_seq,
  ADD COLUMN agent_read_seq BIGINT UNSIGNED NOT NULL DEFAULT 0 AFTER customer_read_at,
  ADD COLUMN agent_read_by BIGINT UNSIGNED NULL AFTER agent_read_seq,
  ADD COLUMN agent_read_at DATETIME(3) NULL AFTER agent_read_by,
  ADD COLUMN customer_unread INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'messages of agents after customer_read_seq' AFTER agent_read_at,
  ADD COLUMN agent_unread INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'messages of the customer after agent_read_seq' AFTER customer_unread,
  ADD COLUMN queued_at DATETIME(3) NULL COMMENT 'since when it waits: start, release, reopen' AFTER agent_unread,
  ADD COLUMN closed_at DATETIME(3) NULL AFTER queued_at,
  COMMENT = 'One customer talking with the shop; the row whose lock orders everything that happens in it';
