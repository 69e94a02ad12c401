-- The spine: tenants, accounts, posts and their targets, lanes and queues, events and deliveries.
--
-- Conventions: uuid keys are UUIDv7 made by us; words are text with a CHECK; project_id everywhere, and composite
-- foreign keys (project_id, x_id) so that a reference across tenants cannot be stored. Only root tables refer to
-- `projects`, since every check locks the parent row. Append-only tables are range-partitioned by their UUIDv7 id.

CREATE TABLE projects (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('live', 'test')),
    redirect_uris text[] NOT NULL DEFAULT '{}',
    cors_origins text[] NOT NULL DEFAULT '{}',
    on_unconfirmed text NOT NULL DEFAULT 'hold' CHECK (on_unconfirmed IN ('hold', 'retry')),
    on_auth_failure text NOT NULL DEFAULT 'hold' CHECK (on_auth_failure IN ('hold', 'fail')),
    max_lateness_seconds bigint NOT NULL DEFAULT 21600 CHECK (max_lateness_seconds > 0),
    dialects jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (name, mode)
);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    name text NOT NULL,
    key_hash bytea NOT NULL UNIQUE,
    key_head text NOT NULL,
    scopes text[] NOT NULL,
    external_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_keys_project ON api_keys (project_id, id);

CREATE TABLE idempotency_keys (
    project_id uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    body jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

CREATE TABLE social_accounts (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    platform text NOT NULL,
    -- The instance's host on networks whose ids are unique per instance only.
    realm text NOT NULL DEFAULT '',
    network_unique_id text NOT NULL,
    external_id text,
    social_network_id uuid,
    username text NOT NULL,
    display_name text,
    profile_image_url text,
    profile_url text,
    account_type text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'needs_reconnect', 'disconnected')),
    scopes text[] NOT NULL DEFAULT '{}',
    facts jsonb NOT NULL DEFAULT 'null',
    error_code text,
    error_message text,
    -- Numbers the events about it.
    event_seq bigint NOT NULL DEFAULT 0,
    token_expires_at timestamptz,
    last_synced_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, platform, realm, network_unique_id)
);
CREATE INDEX social_accounts_owner ON social_accounts (project_id, external_id);
-- Made last: without statistics all indexes that begin with project_id cost the same, the youngest wins, and a foreign
-- key's check by another one reads every row of the project.
ALTER TABLE social_accounts ADD UNIQUE (project_id, id);

CREATE TABLE account_tokens (
    account_id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    sealed bytea NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (project_id, account_id) REFERENCES social_accounts (project_id, id) ON DELETE CASCADE
);

CREATE TABLE media (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    status text NOT NULL CHECK (status IN ('pending', 'ready')),
    kind text CHECK (kind IN ('image', 'gif', 'video')),
    filename text NOT NULL,
    content_type text NOT NULL,
    size bigint,
    width integer,
    height integer,
    duration_ms bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    UNIQUE (project_id, id)
);
CREATE INDEX media_expiry ON media (expires_at);

-- One row per actor; however many items wait, they wait in the actor's own queue table.
CREATE TABLE jobs (
    kind smallint NOT NULL,
    key uuid NOT NULL,
    project_id uuid NOT NULL,
    queue smallint NOT NULL,
    -- A mailbox: everybody may lower it with LEAST, only the lane's holder raises it.
    wake_at timestamptz NOT NULL DEFAULT 'infinity',
    -- Belongs to the holder. A lease is not a schedule: the look-ahead never applies to it.
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    next_seq bigint NOT NULL DEFAULT 0,
    trace text,
    due_at timestamptz GENERATED ALWAYS AS (COALESCE(lease_until, wake_at)) STORED,
    PRIMARY KEY (kind, key)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX jobs_due ON jobs (queue, due_at) WHERE due_at < 'infinity';

CREATE TABLE posts (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    external_id text,
    external_ref text,
    -- What was asked for, so that the same external_ref with another body is told apart.
    fingerprint bytea NOT NULL,
    scheduled_at timestamptz,
    config jsonb NOT NULL,
    account_config jsonb NOT NULL,
    warnings jsonb NOT NULL DEFAULT '[]',
    max_lateness_seconds bigint NOT NULL,
    trace text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    hidden_at timestamptz,
    UNIQUE (project_id, external_ref)
);
CREATE INDEX posts_created ON posts (project_id, created_at, id);
CREATE INDEX posts_scheduled ON posts (project_id, scheduled_at, id) WHERE scheduled_at IS NOT NULL;
CREATE INDEX posts_owner ON posts (project_id, external_id) WHERE external_id IS NOT NULL;
-- Last, for the same reason.
ALTER TABLE posts ADD UNIQUE (project_id, id);

-- account_id null: what every account gets; else this account's own.
CREATE TABLE post_containers (
    id uuid PRIMARY KEY,
    post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
    account_id uuid,
    position smallint NOT NULL,
    content text NOT NULL,
    media jsonb NOT NULL DEFAULT '[]'
);
CREATE UNIQUE INDEX post_containers_place ON post_containers (post_id, account_id, position) NULLS NOT DISTINCT;

-- The roll-up is counters, so that two targets finishing together cannot both miss the end.
CREATE TABLE post_progress (
    post_id uuid PRIMARY KEY REFERENCES posts ON DELETE CASCADE,
    n_open integer NOT NULL,
    n_published integer NOT NULL DEFAULT 0,
    n_delivered integer NOT NULL DEFAULT 0,
    n_partial integer NOT NULL DEFAULT 0,
    n_unknown integer NOT NULL DEFAULT 0,
    n_failed integer NOT NULL DEFAULT 0,
    n_canceled integer NOT NULL DEFAULT 0,
    n_deleted integer NOT NULL DEFAULT 0,
    event_seq bigint NOT NULL DEFAULT 0,
    CHECK (least(n_open, n_published, n_delivered, n_partial, n_unknown, n_failed, n_canceled, n_deleted) >= 0)
) WITH (fillfactor = 60);

-- No index names `state`, not even in a predicate: it would end HOT updates.
CREATE TABLE post_targets (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    post_id uuid NOT NULL,
    account_id uuid NOT NULL,
    platform text NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'scheduled', 'queued', 'publishing', 'needs_reconnect', 'unconfirmed',
        'published', 'partial', 'delivered', 'failed', 'canceled', 'deleted')),
    -- Bumped by PATCH and cancel: an edited or moved post never fires from an old message.
    rev integer NOT NULL DEFAULT 0,
    attempt integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    probes integer NOT NULL DEFAULT 0,
    refreshed boolean NOT NULL DEFAULT false,
    expire_at timestamptz NOT NULL,
    next_at timestamptz,
    error_code text,
    error_message text,
    published_at timestamptz,
    updated_at timestamptz NOT NULL,
    UNIQUE (post_id, account_id),
    FOREIGN KEY (project_id, post_id) REFERENCES posts (project_id, id) ON DELETE CASCADE,
    FOREIGN KEY (project_id, account_id) REFERENCES social_accounts (project_id, id)
) WITH (fillfactor = 60);
CREATE INDEX post_targets_account ON post_targets (account_id, post_id);

CREATE TABLE target_parts (
    target_id uuid NOT NULL REFERENCES post_targets ON DELETE CASCADE,
    position smallint NOT NULL,
    container_id uuid NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sending', 'published', 'unconfirmed', 'failed',
        'canceled', 'deleted')),
    attempt integer NOT NULL DEFAULT 0,
    -- When the intent was committed, until when the request may be written, and what it says: the key and the bytes that
    -- make a repeat recognisable are stored before the call.
    sent_at timestamptz,
    send_deadline timestamptz,
    composed jsonb,
    live_id text,
    live_url text,
    live_reference jsonb,
    error_code text,
    error_message text,
    PRIMARY KEY (target_id, position)
) WITH (fillfactor = 60);

-- What was done towards a part before its irreversible call, so that it is resumed and never repeated differently.
CREATE TABLE target_checkpoints (
    target_id uuid NOT NULL REFERENCES post_targets ON DELETE CASCADE,
    position smallint NOT NULL,
    step text NOT NULL,
    rev integer NOT NULL,
    value jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (target_id, position, step)
);

-- Pending only; an item is deleted when its subject settles.
CREATE TABLE publish_queue (
    account_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    seq bigint NOT NULL,
    first_due_at timestamptz NOT NULL,
    op text NOT NULL DEFAULT 'publish' CHECK (op IN ('publish')),
    subject_id uuid NOT NULL,
    expire_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, due_at, seq),
    UNIQUE (op, subject_id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE publish_attempts (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    post_id uuid NOT NULL,
    target_id uuid NOT NULL,
    number integer NOT NULL,
    part smallint NOT NULL,
    step text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    outcome text NOT NULL,
    http_status smallint,
    error_code text,
    message text,
    next_attempt_at timestamptz
) PARTITION BY RANGE (id);
CREATE INDEX publish_attempts_post ON publish_attempts (post_id, id);

CREATE TABLE webhook_endpoints (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    url text NOT NULL,
    events text[] NOT NULL,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'degraded', 'disabled')),
    description text,
    ordering text NOT NULL DEFAULT 'none' CHECK (ordering IN ('none', 'per_resource')),
    dialect text NOT NULL DEFAULT 'native' CHECK (dialect IN ('native', 'outstand', 'post_for_me', 'postfuze')),
    header_names text[] NOT NULL DEFAULT '{}',
    sealed_headers bytea,
    max_in_flight integer NOT NULL DEFAULT 10 CHECK (max_in_flight BETWEEN 1 AND 100),
    rate_per_second integer CHECK (rate_per_second > 0),
    external_id text,
    failing_since timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    UNIQUE (project_id, id)
);
CREATE INDEX webhook_endpoints_project ON webhook_endpoints (project_id) WHERE deleted_at IS NULL;

CREATE TABLE webhook_secrets (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    FOREIGN KEY (project_id, endpoint_id) REFERENCES webhook_endpoints (project_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_secrets_endpoint ON webhook_secrets (endpoint_id);

-- Read below the snapshot's xmin in (xid, id) order, so that a cursor never skips a late commit.
CREATE TABLE events (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    type text NOT NULL,
    resource_id uuid NOT NULL,
    resource_seq bigint NOT NULL,
    -- The owners of all accounts the event touches; '' stands for an account without one.
    owners text[] NOT NULL,
    -- The very bytes that are sent, so text and not jsonb.
    body text NOT NULL,
    trace text,
    created_at timestamptz NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX events_cursor ON events (project_id, xid, id);

CREATE TABLE delivery_queue (
    endpoint_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    project_id uuid NOT NULL,
    resource_id uuid NOT NULL,
    resource_seq bigint NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    trigger text NOT NULL DEFAULT 'auto' CHECK (trigger IN ('auto', 'manual', 'recover', 'test')),
    PRIMARY KEY (endpoint_id, due_at, event_id),
    UNIQUE (endpoint_id, resource_id, resource_seq, event_id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE webhook_deliveries (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed', 'held')),
    next_attempt_at timestamptz,
    created_at timestamptz NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (endpoint_id, id);

CREATE TABLE webhook_attempts (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    trigger text NOT NULL,
    status_code integer,
    duration_ms integer NOT NULL,
    error text,
    response_head text
) PARTITION BY RANGE (id);
CREATE INDEX webhook_attempts_delivery ON webhook_attempts (delivery_id, number);

CREATE TABLE audit_log (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject_id uuid,
    details jsonb NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX audit_log_project ON audit_log (project_id, id);

-- A net below each: nothing is refused when the job that makes partitions ahead has not run.
CREATE TABLE publish_attempts_default PARTITION OF publish_attempts DEFAULT;
CREATE TABLE events_default PARTITION OF events DEFAULT;
CREATE TABLE webhook_deliveries_default PARTITION OF webhook_deliveries DEFAULT;
CREATE TABLE webhook_attempts_default PARTITION OF webhook_attempts DEFAULT;
CREATE TABLE audit_log_default PARTITION OF audit_log DEFAULT;
