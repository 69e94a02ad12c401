UPDATE target_parts SET status = 'unconfirmed' WHERE status = 'processing';
ALTER TABLE target_parts DROP CONSTRAINT target_parts_status_check;
ALTER TABLE target_parts ADD CONSTRAINT target_parts_status_check CHECK (status IN ('pending', 'sending', 'published',
    'unconfirmed', 'failed', 'canceled', 'deleted'));
ALTER TABLE target_parts DROP COLUMN handle;
