-- Each node compares what it has told with what has changed, reading included, which updated_at leaves out.
ALTER TABLE conversations
  ADD COLUMN changed_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when version last grew: what each node compares with what it has told' AFTER updated_at,
  ADD KEY conversations_changed (changed_at, id);
