-- A site may vouch for its customers with JWTs signed by a secret that it shares with Kefu.
ALTER TABLE sites
  ADD COLUMN identity_secret VARBINARY(255) NULL COMMENT 'signs the identities of known customers; sealed under JWT_SECRET' AFTER greeting,
  ADD COLUMN former_identity_secret VARBINARY(255) NULL COMMENT 'the one before it, good for a day more' AFTER identity_secret,
  ADD COLUMN identity_secret_made_at DATETIME(3) NULL AFTER former_identity_secret,
  ADD COLUMN require_identity TINYINT(1) NOT NULL DEFAULT 0 COMMENT 'nobody may be anonymous' AFTER identity_secret_made_at;
