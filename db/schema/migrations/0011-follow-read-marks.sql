-- From now on is_read follows how far the other side has read: what was read behind an unread message counts as unread
-- again.

UPDATE messages
JOIN conversations ON conversations.id = messages.conversation_id
SET messages.is_read = messages.seq <=
  IF(messages.sender_id = conversations.customer_id, conversations.agent_read_seq, conversations.customer_read_seq);
