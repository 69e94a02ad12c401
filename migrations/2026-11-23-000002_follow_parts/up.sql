-- A network may take a part and work on it for a while: what to ask it with how it goes on.
ALTER TABLE target_parts ADD COLUMN handle jsonb;
ALTER TABLE target_parts DROP CONSTRAINT target_parts_status_check;
-- Wider than the one before, so every row there is fits: NOT VALID spares a large table the scan under a lock.
ALTER TABLE target_parts ADD CONSTRAINT target_parts_status_check CHECK (status IN ('pending', 'sending', 'processing',
    'published', 'unconfirmed', 'failed', 'canceled', 'deleted')) NOT VALID;
