-- Who was busy chose so; offline may have meant no more than gone. Nobody is connected to the new version yet.

UPDATE agent_status SET
  chosen = IF(status = 'busy', 'busy', chosen),
  status = 'offline';
