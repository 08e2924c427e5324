-- Each list that is shown gets an index that gives its order; two keys of single columns become the beginning of longer
-- ones.

ALTER TABLE conversations
  MODIFY COLUMN agent_id BIGINT UNSIGNED NULL COMMENT 'who has it; kept when closed, so that a reopened one finds its agent',
  MODIFY COLUMN site_id BIGINT UNSIGNED NOT NULL,
  MODIFY COLUMN status ENUM('open', 'pending', 'closed') NOT NULL DEFAULT 'open' COMMENT 'open: waits in the queue; pending: an agent has it',
  MODIFY COLUMN updated_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'last message or change of state; reading does not count',
  DROP KEY conversations_customer,
  DROP KEY conversations_agent,
  ADD UNIQUE KEY conversations_client_id (customer_id, client_conversation_id),
  ADD KEY conversations_customer (customer_id, updated_at, id),
  ADD KEY conversations_queue (status, queued_at, id),
  ADD KEY conversations_mine (agent_id, status, updated_at, id),
  ADD KEY conversations_all (closed_at, updated_at, id),
  ADD KEY conversations_closed (status, closed_at, id),
  ADD KEY conversations_site (site_id),
  ADD KEY conversations_read_by (agent_read_by),
  ADD CONSTRAINT conversations_site FOREIGN KEY (site_id) REFERENCES sites (id),
  ADD CONSTRAINT conversations_read_by FOREIGN KEY (agent_read_by) REFERENCES users (id);
