-- Lanes that are free and lanes that are leased, each by the time they are next looked at: one index for both made every
-- claim read all lanes of its queue that wait for later, to count those that are leased. A row is in one of them at a
-- time, so keeping them costs what the one before did.
CREATE INDEX jobs_free ON jobs (queue, due_at) WHERE lease_until IS NULL AND due_at < 'infinity';
CREATE INDEX jobs_leased ON jobs (queue, due_at) WHERE lease_until IS NOT NULL;
DROP INDEX jobs_due;
