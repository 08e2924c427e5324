-- Messages are numbered in the order they were shown in so far: by time, and by id within a millisecond. The same
-- numbers come out again. A conversation begins at version 1, and each message is one change.

UPDATE messages
JOIN (
  SELECT id, ROW_NUMBER() OVER (PARTITION BY conversation_id ORDER BY created_at, id) AS number FROM messages
) AS numbered ON numbered.id = messages.id
SET messages.seq = numbered.number,
  messages.client_message_id = CONCAT('m', messages.id),
  messages.version = numbered.number + 1;
