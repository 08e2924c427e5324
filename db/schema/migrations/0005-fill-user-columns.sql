-- People are shown by the name they logged in with. User names become lower case before they are compared byte by byte:
-- until now unicode_ci has kept names that differ in case alone from standing side by side.

UPDATE users SET
  name = IF(name = '', username, name),
  username = LOWER(username),
  site_id = IF(role = 'customer', (SELECT MIN(sites.id) FROM sites), NULL);
