-- Until now nothing but updated_at told when a conversation changed.
UPDATE conversations SET changed_at = updated_at;
