-- Customers whom their shop knows, by the shop's own id, and what of them it has vouched for.
ALTER TABLE users
  ADD COLUMN external_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'of a known customer: the shop''s own id, signed by the shop' AFTER site_id,
  ADD COLUMN is_name_verified TINYINT(1) NOT NULL DEFAULT 0 COMMENT 'the shop signed it' AFTER external_id,
  ADD COLUMN is_email_verified TINYINT(1) NOT NULL DEFAULT 0 COMMENT 'the shop signed it' AFTER is_name_verified,
  ADD UNIQUE KEY users_external (site_id, external_id),
  DROP KEY users_site;
