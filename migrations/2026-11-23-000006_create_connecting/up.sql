-- OAuth apps that callers bring, attempts to connect on a network's consent page, and what they found.

CREATE TABLE social_networks (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    platform text NOT NULL,
    -- Which login or instance it is for; 'default' where a network has one of each.
    variant text NOT NULL DEFAULT 'default',
    display_name text,
    client_id text NOT NULL,
    -- NULL where the network knows it as a public client.
    sealed_secret bytea,
    scopes text[] NOT NULL,
    extra jsonb NOT NULL DEFAULT '{}',
    is_enabled boolean NOT NULL DEFAULT true,
    -- The network handed it out when somebody first connected; nobody brought it.
    is_registered boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, platform, variant),
    UNIQUE (project_id, id)
);

-- An app that is gone leaves the accounts that were connected through it: their tokens work until they run out.
ALTER TABLE social_accounts ADD FOREIGN KEY (project_id, social_network_id)
    REFERENCES social_networks (project_id, id) ON DELETE SET NULL (social_network_id);
CREATE INDEX social_accounts_network ON social_accounts (project_id, social_network_id)
    WHERE social_network_id IS NOT NULL;

CREATE TABLE connect_sessions (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    platform text NOT NULL,
    variant text NOT NULL,
    -- NULL: the operator's app.
    social_network_id uuid,
    -- SHA-256 of the state that comes back with the browser. It works once: NULL from then on.
    state_hash bytea UNIQUE,
    external_id text,
    redirect_uri text NOT NULL,
    -- The caller's own, echoed.
    caller_state text,
    scopes text[] NOT NULL,
    auto_finalize boolean NOT NULL DEFAULT false,
    platform_data jsonb NOT NULL DEFAULT '{}',
    dialect text,
    -- The verifier and what the network's client keeps; NULL once they were used.
    sealed bytea,
    -- SHA-256 of the session's name, which only the browser that came back and whoever it was sent to know.
    session_hash bytea UNIQUE,
    status text NOT NULL CHECK (status IN ('begun', 'exchanging', 'pending', 'done', 'failed')),
    -- The ids of the pages that were chosen on the hosted page, if it was used.
    chosen text[],
    trace text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    FOREIGN KEY (project_id, social_network_id) REFERENCES social_networks (project_id, id) ON DELETE CASCADE
);
CREATE INDEX connect_sessions_expiry ON connect_sessions (expires_at);

-- What a session found, until it is finalized or expires.
CREATE TABLE pending_accounts (
    session_id uuid NOT NULL REFERENCES connect_sessions ON DELETE CASCADE,
    position smallint NOT NULL,
    project_id uuid NOT NULL,
    -- The account it becomes; its tokens are sealed to that already, as account_tokens.sealed.
    account_id uuid NOT NULL,
    realm text NOT NULL DEFAULT '',
    network_unique_id text NOT NULL,
    username text NOT NULL,
    display_name text,
    profile_image_url text,
    profile_url text,
    account_type text NOT NULL,
    scopes text[] NOT NULL DEFAULT '{}',
    facts jsonb NOT NULL DEFAULT 'null',
    token_expires_at timestamptz,
    refresh_at timestamptz,
    sealed_tokens bytea NOT NULL,
    PRIMARY KEY (session_id, position)
);
