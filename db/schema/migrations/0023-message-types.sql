-- Pictures and files are messages, too.
ALTER TABLE messages MODIFY COLUMN type ENUM('text', 'image', 'file') NOT NULL DEFAULT 'text';
