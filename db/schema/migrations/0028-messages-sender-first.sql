-- One key finds a sender's message by its client id and serves the sender's foreign key: every message was written into
-- one more.
ALTER TABLE messages
  DROP KEY messages_client_id,
  ADD UNIQUE KEY messages_client_id (sender_id, conversation_id, client_message_id),
  DROP KEY messages_sender;
