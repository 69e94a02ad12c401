CREATE INDEX jobs_due ON jobs (queue, due_at) WHERE due_at < 'infinity';
DROP INDEX jobs_leased;
DROP INDEX jobs_free;
