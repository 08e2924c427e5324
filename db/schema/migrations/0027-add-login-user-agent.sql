-- So that people recognise their own logins in a list.
ALTER TABLE login_sessions
  ADD COLUMN user_agent VARCHAR(200) NULL COMMENT 'what the browser called itself when it logged in' AFTER user_id;
