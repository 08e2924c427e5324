-- What messages bring along besides words; the bytes are in the uploads folder.

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
