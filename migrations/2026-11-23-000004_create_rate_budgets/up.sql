-- What networks let an account and an OAuth app do in a window of time, and how much of it is used: spent in the
-- transaction that commits an intent, so that quotas hold across restarts and between processes. A row is one budget of
-- one subject: of an account, of an app, or of a project's share of an app (then `subject` is the app and `name` ends in
-- the project).
CREATE TABLE rate_budgets (
    scope text NOT NULL CHECK (scope IN ('account', 'app', 'project')),
    subject uuid NOT NULL,
    name text NOT NULL,
    window_start timestamptz NOT NULL,
    -- The first grant after this begins a window anew.
    window_end timestamptz NOT NULL,
    used integer NOT NULL CHECK (used >= 0),
    limit_ integer NOT NULL CHECK (limit_ > 0),
    -- What the last statement took, for that statement to return.
    granted integer NOT NULL DEFAULT 0,
    -- When the network last named a lower limit than we knew: believed for a day.
    learned_at timestamptz,
    -- Nothing is granted before, whatever is left: the network said so, or it is used up.
    blocked_until timestamptz,
    blocked_because text,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (scope, subject, name)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
