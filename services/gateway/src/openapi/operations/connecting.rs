//! Apps, and connecting through them.

use super::{Answer::Nothing, CURSOR, LIMIT, List, One, Operation, Scope};

pub(super) const NETWORKS: &[Operation] = &[
    Operation::new("get", "/v1/social-networks", "list_networks", "OAuth apps", &[(200, List("SocialNetwork"))])
        .scope(Scope::NetworksRead)
        .query(&[("platform", "Of this network"), LIMIT, CURSOR]),
    Operation::new(
        "post",
        "/v1/social-networks",
        "upsert_network",
        "Bring an app, or replace what was said of its network's variant",
        &[(201, One("SocialNetwork")), (200, One("SocialNetwork"))],
    )
    .scope(Scope::NetworksWrite)
    .body("CreateNetworkRequest"),
    Operation::new("get", "/v1/social-networks/{id}", "get_network", "One app", &[(200, One("SocialNetwork"))])
        .scope(Scope::NetworksRead),
    Operation::new(
        "patch",
        "/v1/social-networks/{id}",
        "update_network",
        "Change, enable or disable it",
        &[(200, One("SocialNetwork"))],
    )
    .scope(Scope::NetworksWrite)
    .body("UpdateNetworkRequest"),
    Operation::new(
        "delete",
        "/v1/social-networks/{id}",
        "delete_network",
        "Take it away; accounts that were connected through it stay",
        &[(204, Nothing)],
    )
    .scope(Scope::NetworksWrite),
];

pub(super) const ATTEMPTS: &[Operation] = &[
    Operation::new(
        "post",
        "/v1/social-accounts/auth-url",
        "create_auth_url",
        "Where to send a browser to connect a profile by consent",
        &[(201, One("AuthUrl"))],
    )
    .scope(Scope::AccountsWrite)
    .body("AuthUrlRequest"),
    Operation::new(
        "get",
        "/v1/social-accounts/pending/{session}",
        "get_pending",
        "What an attempt to connect found",
        &[(200, One("PendingSession"))],
    )
    .scope(Scope::AccountsRead),
    Operation::new(
        "post",
        "/v1/social-accounts/pending/{session}/finalize",
        "finalize_pending",
        "Connect what was found, or some of it",
        &[(200, One("ConnectedAccounts"))],
    )
    .scope(Scope::AccountsWrite)
    .body("FinalizeRequest"),
];
