-- An agent makes the difference between waiting and in progress. What waits has waited since it began; what is closed
-- closed at its last change.

UPDATE conversations SET
  site_id = (SELECT MIN(sites.id) FROM sites),
  queued_at = IF(status <> 'closed' AND agent_id IS NULL, created_at, NULL),
  closed_at = IF(status = 'closed', updated_at, NULL),
  status = IF(status = 'closed', 'closed', IF(agent_id IS NULL, 'open', 'pending'));
