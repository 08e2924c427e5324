-- Each conversation belongs to a place where the widget is embedded.

CREATE TABLE sites (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  site_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'public, stands in the embed snippet',
  name VARCHAR(80) NOT NULL,
  origins TEXT NOT NULL COMMENT 'exact origins that may embed the widget, one a line',
  color CHAR(7) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '#0f766e',
  position ENUM('left', 'right') NOT NULL DEFAULT 'right',
  greeting VARCHAR(300) NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  UNIQUE KEY sites_key (site_key)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'Places where the widget is embedded';
