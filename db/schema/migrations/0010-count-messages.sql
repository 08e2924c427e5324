-- How far each side has read: up to its first unread message, so that nothing unread is ever called read. By whom and
-- when was not kept.

UPDATE conversations
JOIN (
  SELECT conversation_id, MAX(seq) AS last_seq,
    MAX(IF(of_customer = 1 AND unread = 0, seq, 0)) AS agent_read_seq,
    MAX(IF(of_customer = 0 AND unread = 0, seq, 0)) AS customer_read_seq,
    SUM(of_customer = 1 AND unread > 0) AS agent_unread,
    SUM(of_customer = 0 AND unread > 0) AS customer_unread
  FROM (
    SELECT conversation_id, seq, of_customer,
      SUM(is_read = 0) OVER (PARTITION BY conversation_id, of_customer ORDER BY seq) AS unread
    FROM (
      SELECT messages.conversation_id, messages.seq, messages.is_read, messages.sender_id = owned.customer_id AS of_customer
      FROM messages JOIN conversations AS owned ON owned.id = messages.conversation_id
    ) AS sided
  ) AS told
  GROUP BY conversation_id
) AS counted ON counted.conversation_id = conversations.id
SET conversations.last_seq = counted.last_seq,
  conversations.version = counted.last_seq + 1,
  conversations.agent_read_seq = counted.agent_read_seq,
  conversations.customer_read_seq = counted.customer_read_seq,
  conversations.agent_unread = counted.agent_unread,
  conversations.customer_unread = counted.customer_unread;
