-- Tabs that refresh together present tokens that are older than the previous one.
ALTER TABLE login_sessions
  ADD COLUMN former_hashes VARBINARY(640) NULL COMMENT 'of earlier tokens: when each was replaced, and its hash' AFTER previous_hash;
