-- Names to show, languages, where a customer came in, and agents and customers shut out.

ALTER TABLE users
  ADD COLUMN name VARCHAR(80) NOT NULL DEFAULT '' AFTER role,
  ADD COLUMN language VARCHAR(35) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER email,
  ADD COLUMN site_id BIGINT UNSIGNED NULL COMMENT 'of a customer: where it came in' AFTER language,
  ADD COLUMN disabled_at DATETIME(3) NULL COMMENT 'of an agent: may not log in since' AFTER site_id,
  ADD COLUMN blocked_at DATETIME(3) NULL COMMENT 'of a customer: may not write since' AFTER disabled_at,
  ADD KEY users_role (role, created_at),
  ADD KEY users_site (site_id),
  ADD CONSTRAINT users_site FOREIGN KEY (site_id) REFERENCES sites (id),
  COMMENT = 'Customers, agents and admins; nothing here changes while people talk';
