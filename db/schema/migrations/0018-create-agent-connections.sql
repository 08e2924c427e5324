-- Who is connected where, so that a second tab or another node keeps an agent online.

CREATE TABLE agent_connections (
  agent_id BIGINT UNSIGNED NOT NULL,
  node_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (agent_id, node_id),
  KEY agent_connections_node (node_id),
  CONSTRAINT agent_connections_agent FOREIGN KEY (agent_id) REFERENCES users (id),
  CONSTRAINT agent_connections_node FOREIGN KEY (node_id) REFERENCES nodes (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Which agents are connected to which node, the grace after a disconnect included';
