-- Every node publishes which conversations an erasure removed. Their own rows no longer exist by then.

CREATE TABLE erased_conversations (
  conversation_id BIGINT UNSIGNED NOT NULL,
  erased_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (conversation_id),
  KEY erased_conversations_time (erased_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Ids of removed conversations, kept for a day so that open consoles drop them';
