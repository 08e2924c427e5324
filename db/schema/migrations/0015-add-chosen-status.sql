-- What an agent chose is kept apart from what others are told.

ALTER TABLE agent_status
  MODIFY COLUMN status ENUM('online', 'offline', 'busy') NOT NULL DEFAULT 'offline' COMMENT 'what others are told: connected ? chosen : offline',
  ADD COLUMN chosen ENUM('online', 'offline', 'busy') NOT NULL DEFAULT 'online' COMMENT 'what the agent picked, kept across connections' AFTER last_seen,
  COMMENT = 'Who is here to answer';
