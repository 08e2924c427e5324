-- (conversation_id, seq) replaces (conversation_id, created_at) as the index of history: two messages may share a
-- millisecond and a clock may step back, so that pages by time repeat or skip messages; none shares a seq, and a
-- missing one is seen.

ALTER TABLE messages
  MODIFY COLUMN seq BIGINT UNSIGNED NOT NULL COMMENT 'from 1, without gaps, within the conversation',
  MODIFY COLUMN client_message_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the sender''s own id: sent again it is the message already here',
  MODIFY COLUMN version BIGINT UNSIGNED NOT NULL COMMENT 'the conversation''s version when this row was written or edited',
  DROP KEY messages_time,
  ADD UNIQUE KEY messages_history (conversation_id, seq),
  ADD UNIQUE KEY messages_client_id (conversation_id, sender_id, client_message_id),
  ADD KEY messages_version (conversation_id, version);
