// Rows for the four original tables with the hard cases of the migration: messages in the same millisecond or with
// times against their ids, gaps in read marks, contradictory states, names in capitals.

export const originalRows = `
  INSERT INTO users (id, username, password_hash, role, email, created_at) VALUES
    (1, 'Li_Wei', '$argon2id$1', 'customer', 'li@shop.example', '2024-03-01 08:00:00.001'),
    (2, 'Anna', '$argon2id$2', 'agent', NULL, '2024-01-01 00:00:00.000'),
    (3, 'root', '$argon2id$3', 'admin', NULL, '2024-01-01 00:00:00.000'),
    (4, 'MÜLLER', '$argon2id$4', 'customer', NULL, '2024-03-02 08:00:00.000');
  INSERT INTO conversations (id, customer_id, agent_id, status, created_at, updated_at) VALUES
    (11, 1, 2, 'closed', '2024-03-01 09:00:00.000', '2024-03-01 09:30:00.123'),
    (12, 1, NULL, 'open', '2024-03-03 09:00:00.000', '2024-03-03 09:05:00.000'),
    (13, 4, 2, 'pending', '2024-03-02 09:00:00.000', '2024-03-02 10:00:00.000'),
    (14, 4, 3, 'open', '2024-03-04 09:00:00.000', '2024-03-04 09:00:00.000'),
    (15, 4, NULL, 'pending', '2024-03-05 09:00:00.000', '2024-03-05 09:00:00.000');
  INSERT INTO messages (id, conversation_id, sender_id, content, is_read, created_at) VALUES
    (101, 11, 1, '您好,我想咨询产品问题', 1, '2024-03-01 09:00:00.500'),
    (102, 13, 4, 'first', 1, '2024-03-02 09:00:00.000'),
    (103, 11, 2, '👩‍👩‍👧‍👦 it''s; here', 1, '2024-03-01 09:00:00.500'),
    (104, 13, 2, 'answer', 0, '2024-03-02 09:01:00.000'),
    (105, 11, 1, 'earlier than its id says', 1, '2024-03-01 08:59:59.999'),
    (106, 13, 4, 'not read', 0, '2024-03-02 09:02:00.000'),
    (107, 13, 4, 'read behind a hole', 1, '2024-03-02 09:03:00.000'),
    (108, 12, 1, 'waiting', 0, '2024-03-03 09:05:00.000'),
    (109, 13, 3, 'the admin too', 0, '2024-03-02 09:04:00.000');
  INSERT INTO agent_status (agent_id, status, last_seen) VALUES
    (2, 'busy', '2024-03-05 12:00:00.000'), (3, 'online', NULL);
`
