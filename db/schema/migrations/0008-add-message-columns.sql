-- Order by number instead of by time, and the sender's own id, by which a message sent twice is known. Filled before
-- they are required.

ALTER TABLE messages
  ADD COLUMN seq BIGINT UNSIGNED NULL AFTER sender_id,
  ADD COLUMN client_message_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER seq,
  ADD COLUMN type ENUM('text') NOT NULL DEFAULT 'text' AFTER client_message_id,
  ADD COLUMN version BIGINT UNSIGNED NULL AFTER is_read,
  COMMENT = 'What was said, in seq order within each conversation';
