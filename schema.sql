-- Kefu's whole schema, for new installations. db/schema/migrations/ brings older ones here; a test compares the two
-- results. Valid on MariaDB 10.11 and later and on MySQL 8.4 and later. Times are UTC from the database's clock, to the
-- millisecond. Text is utf8mb4_unicode_ci. Names and keys that must match exactly are utf8mb4_bin or ascii_bin:
-- unicode_ci treats all emoji as equal. COMMENT clauses are part of the schema; only a migration may change them.
-- Lengths come from protocol/limits/.

CREATE TABLE sites (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  site_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'public, stands in the embed snippet',
  name VARCHAR(80) NOT NULL,
  origins TEXT NOT NULL COMMENT 'exact origins that may embed the widget, one a line',
  color CHAR(7) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '#0f766e',
  position ENUM('left', 'right') NOT NULL DEFAULT 'right',
  greeting VARCHAR(300) NULL,
  identity_secret VARBINARY(255) NULL COMMENT 'signs the identities of known customers; sealed under JWT_SECRET',
  former_identity_secret VARBINARY(255) NULL COMMENT 'the one before it, good for a day more',
  identity_secret_made_at DATETIME(3) NULL,
  require_identity TINYINT(1) NOT NULL DEFAULT 0 COMMENT 'nobody may be anonymous',
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  UNIQUE KEY sites_key (site_key)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Places where the widget is embedded';

CREATE TABLE users (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  username VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'normalised (NFKC, lower case); null for anonymous customers alone',
  password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'argon2id; null for anonymous customers alone',
  role ENUM('customer', 'agent', 'admin') NOT NULL,
  name VARCHAR(80) NOT NULL DEFAULT '',
  email VARCHAR(254) NULL,
  language VARCHAR(35) CHARACTER SET ascii COLLATE ascii_bin NULL,
  site_id BIGINT UNSIGNED NULL COMMENT 'of a customer: where it came in',
  external_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'of a known customer: the shop''s own id, signed by the shop',
  is_name_verified TINYINT(1) NOT NULL DEFAULT 0 COMMENT 'the shop signed it',
  is_email_verified TINYINT(1) NOT NULL DEFAULT 0 COMMENT 'the shop signed it',
  disabled_at DATETIME(3) NULL COMMENT 'of an agent: may not log in since',
  blocked_at DATETIME(3) NULL COMMENT 'of a customer: may not write since',
  list_version BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of an agent: the version of list ''agents'' at its last change',
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  UNIQUE KEY users_username (username),
  KEY users_role (role, created_at),
  UNIQUE KEY users_external (site_id, external_id),
  KEY users_list_version (list_version),
  CONSTRAINT users_site FOREIGN KEY (site_id) REFERENCES sites (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Customers, agents and admins; nothing here changes while people talk';

CREATE TABLE conversations (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  customer_id BIGINT UNSIGNED NOT NULL,
  agent_id BIGINT UNSIGNED NULL COMMENT 'who has it; kept when closed, so that a reopened one finds its agent',
  site_id BIGINT UNSIGNED NOT NULL,
  status ENUM('open', 'pending', 'closed') NOT NULL DEFAULT 'open' COMMENT 'open: waits in the queue; pending: an agent has it',
  client_conversation_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the customer side''s own id: starting again finds this row',
  subject VARCHAR(200) NULL,
  page_url VARCHAR(2000) NULL,
  page_title VARCHAR(200) NULL,
  last_seq BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'seq of the newest message, given under this row''s lock',
  version BIGINT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'grows with every change, under this row''s lock',
  customer_read_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
  customer_read_at DATETIME(3) NULL,
  agent_read_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
  agent_read_by BIGINT UNSIGNED NULL,
  agent_read_at DATETIME(3) NULL,
  customer_unread INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'messages of agents after customer_read_seq',
  agent_unread INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'messages of the customer after agent_read_seq',
  queued_at DATETIME(3) NULL COMMENT 'since when it waits: start, release, reopen',
  closed_at DATETIME(3) NULL,
  reopened_seq BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'last_seq when it was last reopened',
  reopened_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'last message or change of state; reading does not count',
  changed_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when version last grew: what each node compares with what it has told',
  PRIMARY KEY (id),
  UNIQUE KEY conversations_client_id (customer_id, client_conversation_id),
  KEY conversations_customer (customer_id, updated_at, id),
  KEY conversations_queue (status, queued_at, id),
  KEY conversations_mine (agent_id, status, updated_at, id),
  KEY conversations_all (closed_at, updated_at, id),
  KEY conversations_closed (status, closed_at, id),
  KEY conversations_changed (changed_at, id),
  KEY conversations_site (site_id),
  KEY conversations_read_by (agent_read_by),
  CONSTRAINT conversations_customer FOREIGN KEY (customer_id) REFERENCES users (id),
  CONSTRAINT conversations_agent FOREIGN KEY (agent_id) REFERENCES users (id),
  CONSTRAINT conversations_site FOREIGN KEY (site_id) REFERENCES sites (id),
  CONSTRAINT conversations_read_by FOREIGN KEY (agent_read_by) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'One customer talking with the shop; the row whose lock orders everything that happens in it';

CREATE TABLE messages (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  conversation_id BIGINT UNSIGNED NOT NULL,
  sender_id BIGINT UNSIGNED NOT NULL,
  seq BIGINT UNSIGNED NOT NULL COMMENT 'from 1, without gaps, within the conversation',
  client_message_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the sender''s own id: sent again it is the message already here',
  type ENUM('text', 'image', 'file') NOT NULL DEFAULT 'text',
  content TEXT NOT NULL,
  is_read TINYINT(1) NOT NULL DEFAULT 0,
  version BIGINT UNSIGNED NOT NULL COMMENT 'the conversation''s version when this row was written or edited',
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  -- Read history by (conversation_id, seq), never by created_at: two messages may share a millisecond, but never a seq.
  UNIQUE KEY messages_history (conversation_id, seq),
  -- sender_id first, so that it also serves the sender's foreign key.
  UNIQUE KEY messages_client_id (sender_id, conversation_id, client_message_id),
  KEY messages_version (conversation_id, version),
  CONSTRAINT messages_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id),
  CONSTRAINT messages_sender FOREIGN KEY (sender_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'What was said, in seq order within each conversation';

CREATE TABLE attachments (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  uploader_id BIGINT UNSIGNED NOT NULL,
  message_id BIGINT UNSIGNED NULL COMMENT 'the message that brought it; null until one does: its uploader''s alone, and removed after a day',
  stored_name CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'random, of the file in the uploads folder',
  name VARCHAR(160) NOT NULL COMMENT 'as its uploader called it, made harmless',
  mime_type VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'by its content',
  size INT UNSIGNED NOT NULL COMMENT 'bytes of the stored file',
  width INT UNSIGNED NULL COMMENT 'pixels, of a picture',
  height INT UNSIGNED NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  UNIQUE KEY attachments_message (message_id),
  KEY attachments_uploader (uploader_id),
  CONSTRAINT attachments_uploader FOREIGN KEY (uploader_id) REFERENCES users (id),
  CONSTRAINT attachments_message FOREIGN KEY (message_id) REFERENCES messages (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Pictures and files that messages bring along';

CREATE TABLE agent_status (
  agent_id BIGINT UNSIGNED NOT NULL,
  status ENUM('online', 'offline', 'busy') NOT NULL DEFAULT 'offline' COMMENT 'what others are told: connected ? chosen : offline',
  last_seen DATETIME(3) NULL,
  chosen ENUM('online', 'offline', 'busy') NOT NULL DEFAULT 'online' COMMENT 'what the agent picked, kept across connections',
  PRIMARY KEY (agent_id),
  CONSTRAINT agent_status_agent FOREIGN KEY (agent_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Who is here to answer';

CREATE TABLE nodes (
  id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'random, new at every start of a process',
  label VARCHAR(80) NOT NULL,
  started_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  lease_until DATETIME(3) NOT NULL COMMENT 'a node that lets this pass is gone, and its agents with it',
  connections INT UNSIGNED NOT NULL DEFAULT 0,
  database_node VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'of Galera: the node that accepted the last renewal',
  PRIMARY KEY (id),
  KEY nodes_lease (lease_until)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Running server processes, each holding a lease';

CREATE TABLE agent_connections (
  agent_id BIGINT UNSIGNED NOT NULL,
  node_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (agent_id, node_id),
  KEY agent_connections_node (node_id),
  CONSTRAINT agent_connections_agent FOREIGN KEY (agent_id) REFERENCES users (id),
  CONSTRAINT agent_connections_node FOREIGN KEY (node_id) REFERENCES nodes (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Which agents are connected to which node, the grace after a disconnect included';

CREATE TABLE login_sessions (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id BIGINT UNSIGNED NOT NULL,
  user_agent VARCHAR(200) NULL COMMENT 'what the browser called itself when it logged in',
  token_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of the current refresh token',
  previous_hash BINARY(32) NULL COMMENT 'of the one before it',
  former_hashes VARBINARY(640) NULL COMMENT 'of earlier tokens: when each was replaced, and its hash',
  rotated_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  expires_at DATETIME(3) NOT NULL,
  revoked_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  KEY login_sessions_user (user_id),
  KEY login_sessions_expiry (expires_at),
  CONSTRAINT login_sessions_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Logins of agents and admins; access tokens name one of these';

CREATE TABLE customer_sessions (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id BIGINT UNSIGNED NOT NULL,
  token_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of the current resume token',
  previous_hash BINARY(32) NULL COMMENT 'of the one before it, good until the current one is used',
  former_hashes VARBINARY(640) NULL COMMENT 'of earlier tokens: when each was replaced, and its hash',
  rotated_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  expires_at DATETIME(3) NOT NULL,
  revoked_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  KEY customer_sessions_user (user_id),
  KEY customer_sessions_expiry (expires_at),
  CONSTRAINT customer_sessions_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'A customer''s browser, remembered by a rotating token';

CREATE TABLE erased_conversations (
  conversation_id BIGINT UNSIGNED NOT NULL,
  erased_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (conversation_id),
  KEY erased_conversations_time (erased_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Ids of removed conversations, kept for a day so that open consoles drop them';

CREATE TABLE list_versions (
  name VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version BIGINT UNSIGNED NOT NULL COMMENT 'grows with every change of a row, under this row''s lock',
  changed_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'The current version of each versioned list';

CREATE TABLE database_epoch (
  id INT UNSIGNED NOT NULL,
  epoch CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'random; a new one begins where commits were lost',
  server CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'hash of the database server that it began on',
  started_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'The history of commits that seqs and versions belong to; one row';

CREATE TABLE schema_migrations (
  name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  applied_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Which migrations this database has';
