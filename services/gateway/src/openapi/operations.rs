//! Every call with what goes in and what comes out. A test holds this against the router's table.

use crate::auth::Scope;

/// What a call answers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    /// One of a schema.
    One(&'static str),
    /// A page of them, `next_cursor` null at the end.
    List(&'static str),
    /// A page of them, `next_cursor` never null.
    Feed(&'static str),
    /// All of them in one page.
    Whole(&'static str),
    /// A file.
    Bytes,
    /// No body.
    Nothing,
}

use Answer::{Bytes, Feed, List, Nothing, One, Whole};

/// A call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) scope: Option<Scope>,
    pub(super) query: &'static [(&'static str, &'static str)],
    pub(super) body: Option<&'static str>,
    pub(super) answers: &'static [(u16, Answer)],
    /// It needs no key.
    pub(super) is_open: bool,
}

impl Operation {
    /// The noun of its path.
    pub(super) fn tag(&self) -> &'static str {
        self.path.split('/').nth(2).unwrap_or_default()
    }

    const fn new(
        method: &'static str,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        answers: &'static [(u16, Answer)],
    ) -> Self {
        Self { method, path, id, summary, scope: None, query: &[], body: None, answers, is_open: false }
    }

    const fn scope(self, scope: Scope) -> Self {
        Self { scope: Some(scope), ..self }
    }

    const fn query(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }

    const fn body(self, schema: &'static str) -> Self {
        Self { body: Some(schema), ..self }
    }

    const fn open(self) -> Self {
        Self { is_open: true, ..self }
    }
}

const LIMIT: (&str, &str) = ("limit", "Items of a page, 1 to 100; 20 if left out");
const CURSOR: (&str, &str) = ("cursor", "The `next_cursor` of the page before; `after` is another name for it");
const TOKEN: (&str, &str) = ("token", "From the link that was given");

/// All calls, in the order of the contract.
pub(super) fn all() -> impl Iterator<Item = &'static Operation> {
    [OWN, ACCOUNTS, POSTS, MEDIA, WEBHOOKS].into_iter().flatten()
}

const OWN: &[Operation] = &[
    Operation::new(
        "get",
        "/v1/platforms",
        "list_platforms",
        "The networks and their limits",
        &[(200, Whole("Platform"))],
    ),
    Operation::new("get", "/v1/project", "get_project", "The key's project", &[(200, One("Project"))]),
    Operation::new("patch", "/v1/project", "update_project", "Change its policies", &[(200, One("Project"))])
        .scope(Scope::ProjectWrite)
        .body("UpdateProjectRequest"),
    Operation::new("get", "/v1/api-keys", "list_keys", "The project's keys", &[(200, List("Key"))])
        .scope(Scope::KeysAdmin)
        .query(&[LIMIT, CURSOR]),
    Operation::new("post", "/v1/api-keys", "create_key", "Make a key; it is shown here only", &[(201, One("NewKey"))])
        .scope(Scope::KeysAdmin)
        .body("CreateKeyRequest"),
    Operation::new("delete", "/v1/api-keys/{id}", "revoke_key", "Revoke a key", &[(204, Nothing)])
        .scope(Scope::KeysAdmin),
];

const ACCOUNTS: &[Operation] = &[
    Operation::new("get", "/v1/social-accounts", "list_accounts", "Connected accounts", &[(200, List("Account"))])
        .scope(Scope::AccountsRead)
        .query(&[
            ("external_id", "Of this owner"),
            ("platform", "On this network"),
            ("status", "`active`, `needs_reconnect` or `disconnected`"),
            ("username", "With this handle"),
            ("network_unique_id", "With the network's own id"),
            LIMIT,
            CURSOR,
        ]),
    Operation::new(
        "post",
        "/v1/social-accounts",
        "connect_account",
        "Connect a profile whose credentials the caller holds",
        &[(201, One("Account")), (200, One("Account"))],
    )
    .scope(Scope::AccountsWrite)
    .body("ConnectAccountRequest"),
    Operation::new("get", "/v1/social-accounts/{id}", "get_account", "One account", &[(200, One("Account"))])
        .scope(Scope::AccountsRead),
    Operation::new(
        "patch",
        "/v1/social-accounts/{id}",
        "update_account",
        "Rename or adopt it",
        &[(200, One("Account"))],
    )
    .scope(Scope::AccountsWrite)
    .body("UpdateAccountRequest"),
    Operation::new(
        "delete",
        "/v1/social-accounts/{id}",
        "disconnect_account",
        "Disconnect it, or erase it with `purge=true`",
        &[(200, One("Account")), (204, Nothing)],
    )
    .scope(Scope::AccountsWrite)
    .query(&[("purge", "`true` erases what is known of it")]),
    Operation::new(
        "get",
        "/v1/social-accounts/{id}/health",
        "check_account",
        "Ask the network whether it takes its tokens",
        &[(200, One("Health"))],
    )
    .scope(Scope::AccountsRead),
    Operation::new(
        "get",
        "/v1/social-accounts/{id}/metrics",
        "get_account_metrics",
        "Ask the network for its numbers",
        &[(200, One("AccountMetrics"))],
    )
    .scope(Scope::AccountsRead)
    .query(&[
        ("since", "What is counted by time begins here; 30 days before `until` if left out"),
        ("until", "And ends here; now if left out"),
    ]),
];

const POSTS: &[Operation] = &[
    Operation::new("get", "/v1/posts", "list_posts", "Posts, newest first", &[(200, List("Post"))])
        .scope(Scope::PostsRead)
        .query(&[
            ("status", "Where it stands"),
            ("account_id", "On this account"),
            ("platform", "On this network"),
            ("external_id", "With this tag"),
            ("external_ref", "With this name"),
            ("scheduled_after", "Scheduled at or after"),
            ("scheduled_before", "Scheduled before"),
            ("created_after", "Made at or after"),
            ("created_before", "Made before"),
            LIMIT,
            CURSOR,
        ]),
    Operation::new(
        "post",
        "/v1/posts",
        "create_post",
        "Publish now, at a time, or keep as a draft",
        &[(201, One("Post")), (200, One("Post"))],
    )
    .scope(Scope::PostsWrite)
    .query(&[("wait", "Answer when the post is settled, or after this time as it then is: `10s`")])
    .body("CreatePostRequest"),
    Operation::new(
        "post",
        "/v1/posts/batch",
        "create_posts",
        "Up to 100 posts, each for itself",
        &[(207, One("Batch"))],
    )
    .scope(Scope::PostsWrite)
    .body("CreatePostsRequest"),
    Operation::new(
        "post",
        "/v1/posts/validate",
        "validate_post",
        "What would happen, and what would be sent",
        &[(200, One("Validation"))],
    )
    .scope(Scope::PostsWrite)
    .body("CreatePostRequest"),
    Operation::new("get", "/v1/posts/{id}", "get_post", "One post", &[(200, One("Post"))]).scope(Scope::PostsRead),
    Operation::new("patch", "/v1/posts/{id}", "update_post", "Edit a draft or a scheduled post", &[(200, One("Post"))])
        .scope(Scope::PostsWrite)
        .body("UpdatePostRequest"),
    Operation::new(
        "delete",
        "/v1/posts/{id}",
        "delete_post",
        "Cancel it, or hide it once it is settled",
        &[(200, One("Post")), (204, Nothing)],
    )
    .scope(Scope::PostsWrite),
    Operation::new(
        "post",
        "/v1/posts/{id}/publish",
        "publish_post",
        "Publish a draft or a scheduled post now",
        &[(200, One("Post"))],
    )
    .scope(Scope::PostsWrite),
    Operation::new(
        "get",
        "/v1/posts/{id}/attempts",
        "list_attempts",
        "What was tried for it",
        &[(200, List("Attempt"))],
    )
    .scope(Scope::PostsRead)
    .query(&[LIMIT, CURSOR]),
    Operation::new(
        "post",
        "/v1/posts/{id}/targets/{target}/cancel",
        "cancel_target",
        "Cancel one target",
        &[(200, One("Post"))],
    )
    .scope(Scope::PostsWrite),
    Operation::new(
        "post",
        "/v1/posts/{id}/targets/{target}/retry",
        "retry_target",
        "Send what is missing of it again",
        &[(200, One("Post"))],
    )
    .scope(Scope::PostsWrite),
    Operation::new(
        "post",
        "/v1/posts/{id}/targets/{target}/resolve",
        "resolve_target",
        "Say what became of an unconfirmed one",
        &[(200, One("Post"))],
    )
    .scope(Scope::PostsWrite)
    .body("ResolveTargetRequest"),
];

const MEDIA: &[Operation] = &[
    Operation::new(
        "post",
        "/v1/media",
        "announce_media",
        "Announce a file and get a link to send it to",
        &[(201, One("NewMedia"))],
    )
    .scope(Scope::MediaWrite)
    .body("AnnounceMediaRequest"),
    Operation::new("get", "/v1/media/{id}", "get_media", "One file", &[(200, One("Media"))]).scope(Scope::MediaRead),
    Operation::new(
        "put",
        "/v1/media/{id}/content",
        "upload_media",
        "Send the bytes, by the link alone",
        &[(204, Nothing)],
    )
    .query(&[TOKEN])
    .open(),
    Operation::new("get", "/v1/media/{id}/content", "download_media", "The bytes, by the link alone", &[(200, Bytes)])
        .query(&[TOKEN])
        .open(),
    Operation::new(
        "post",
        "/v1/media/{id}/confirm",
        "confirm_media",
        "Have what was sent looked at",
        &[(200, One("Media"))],
    )
    .scope(Scope::MediaWrite),
];

const WEBHOOKS: &[Operation] = &[
    Operation::new("get", "/v1/webhooks", "list_webhooks", "Endpoints", &[(200, List("Webhook"))])
        .scope(Scope::WebhooksRead)
        .query(&[LIMIT, CURSOR]),
    Operation::new(
        "post",
        "/v1/webhooks",
        "create_webhook",
        "Add an endpoint; its secret is shown here only",
        &[(201, One("NewWebhook"))],
    )
    .scope(Scope::WebhooksWrite)
    .body("CreateWebhookRequest"),
    Operation::new("get", "/v1/webhooks/{id}", "get_webhook", "One endpoint", &[(200, One("Webhook"))])
        .scope(Scope::WebhooksRead),
    Operation::new(
        "patch",
        "/v1/webhooks/{id}",
        "update_webhook",
        "Change, enable or disable it",
        &[(200, One("Webhook"))],
    )
    .scope(Scope::WebhooksWrite)
    .body("UpdateWebhookRequest"),
    Operation::new("delete", "/v1/webhooks/{id}", "delete_webhook", "Delete it", &[(204, Nothing)])
        .scope(Scope::WebhooksWrite),
    Operation::new(
        "post",
        "/v1/webhooks/{id}/secret",
        "rotate_secret",
        "Give it a new secret beside the old ones",
        &[(201, One("NewSecret"))],
    )
    .scope(Scope::WebhooksWrite)
    .body("RotateSecretRequest"),
    Operation::new("post", "/v1/webhooks/{id}/test", "test_webhook", "Send it a test event", &[(201, One("Delivery"))])
        .scope(Scope::WebhooksWrite),
    Operation::new(
        "get",
        "/v1/webhooks/{id}/deliveries",
        "list_deliveries",
        "What was sent to it",
        &[(200, List("Delivery"))],
    )
    .scope(Scope::WebhooksRead)
    .query(&[
        ("status", "`pending`, `delivered`, `failed` or `held`"),
        ("event_type", "Of events of this type"),
        ("since", "Made at or after"),
        ("until", "Made before"),
        LIMIT,
        CURSOR,
    ]),
    Operation::new(
        "post",
        "/v1/webhooks/{id}/deliveries/{delivery}/retry",
        "retry_delivery",
        "Try it once more, now",
        &[(202, One("Delivery"))],
    )
    .scope(Scope::WebhooksWrite),
    Operation::new(
        "get",
        "/v1/events",
        "list_events",
        "Everything that happened; a reader that keeps the cursor misses nothing",
        &[(200, Feed("Event"))],
    )
    .scope(Scope::WebhooksRead)
    .query(&[("after", "A `next_cursor` of this list, or an event's id"), ("type", "Of this type"), LIMIT]),
];
