-- A customer's tabs rotate one token together.
ALTER TABLE customer_sessions
  ADD COLUMN former_hashes VARBINARY(640) NULL COMMENT 'of earlier tokens: when each was replaced, and its hash' AFTER previous_hash;
