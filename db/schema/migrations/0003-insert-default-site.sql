-- Conversations that are there already need a site; its key is public, so UUID() is random enough. Nothing to do twice.

INSERT INTO sites (site_key, name, origins)
SELECT REPLACE(UUID(), '-', ''), 'My site', ''
FROM DUAL
WHERE EXISTS (SELECT 1 FROM conversations) AND NOT EXISTS (SELECT 1 FROM sites AS present);
