//! A post on its way in, and the answer it will get.

use domain::{
    ids::{AccountId, ContainerId, PostId, ProjectId, TargetId},
    platform::Platform,
    post::{Container, MediaRef, Part, Post, Role, Target, Warning, roll_up},
    target::{PartStatus, Status},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A post that passed every check, with all its ids chosen.
#[derive(Debug, Clone)]
pub struct NewPost {
    /// Its id.
    pub id: PostId,
    /// The tenant.
    pub project_id: ProjectId,
    /// The caller's tag.
    pub external_id: Option<String>,
    /// The caller's unique name.
    pub external_ref: Option<String>,
    /// A hash of what was asked for.
    pub fingerprint: Vec<u8>,
    /// As asked for.
    pub scheduled_at: Option<Timestamp>,
    /// When it is due; `None` for a draft.
    pub due: Option<Timestamp>,
    /// Options by network.
    pub config: Value,
    /// Text, containers and options by account.
    pub account_config: Value,
    /// Hints for the caller.
    pub warnings: Vec<Warning>,
    /// How late it may go out.
    pub max_lateness: SignedDuration,
    /// W3C `traceparent` of the call.
    pub trace: Option<String>,
    /// The time of the call.
    pub created_at: Timestamp,
    /// Everybody's containers first, then accounts' own.
    pub containers: Vec<NewContainer>,
    /// At least one.
    pub targets: Vec<NewTarget>,
    /// The caller's key for this call.
    pub idempotency: Option<Idempotency>,
}

/// A container of a new post.
#[derive(Debug, Clone)]
pub struct NewContainer {
    /// Its id.
    pub id: ContainerId,
    /// `None`: for every account that has none of its own.
    pub account_id: Option<AccountId>,
    /// From 0.
    pub position: i16,
    /// Text.
    pub content: String,
    /// Files.
    pub media: Vec<MediaRef>,
}

/// One account of a new post.
#[derive(Debug, Clone)]
pub struct NewTarget {
    /// Its id.
    pub id: TargetId,
    /// The account, known to be the project's.
    pub account_id: AccountId,
    /// The account's network.
    pub platform: Platform,
    /// The account's handle, for the answer.
    pub username: String,
    /// The account's owner, for the event.
    pub owner: Option<String>,
    /// The containers its parts are made of, in order.
    pub parts: Vec<ContainerId>,
}

/// The caller's key.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// As given.
    pub key: String,
    /// A hash of method, path and body.
    pub fingerprint: Vec<u8>,
    /// When the key may be used for something else.
    pub expires_at: Timestamp,
}

/// What became of a new post.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "nearly always it is the large one, and there is one a call")]
pub enum Created {
    /// It is accepted; this is the answer.
    Fresh(Post),
    /// The key was used for the very same call: its answer.
    Replayed {
        /// HTTP status.
        status: u16,
        /// The body as it was.
        body: Value,
    },
    /// The key was used for another call.
    KeyReused,
    /// The same post was accepted under this `external_ref` before.
    SameRef(PostId),
    /// Another post has this `external_ref`.
    RefTaken,
}

impl NewPost {
    /// The status its targets begin with.
    pub(super) fn status(&self) -> Status {
        match self.due {
            None => Status::Draft,
            Some(due) if due > self.created_at => Status::Scheduled,
            Some(_) => Status::Queued,
        }
    }

    /// The post as accepted.
    pub fn view(&self) -> Post {
        let status = self.status();
        let containers: Vec<_> = self
            .containers
            .iter()
            .filter(|container| container.account_id.is_none())
            .map(|container| Container {
                id: container.id,
                role: Role::at(usize::try_from(container.position).unwrap_or_default()),
                content: container.content.clone(),
                media: container.media.clone(),
            })
            .collect();
        Post {
            id: self.id,
            status: roll_up(self.targets.iter().map(|_| (status, false))),
            content: containers[..].first().map(|main| main.content.clone()).unwrap_or_default(),
            containers,
            external_id: self.external_id.clone(),
            external_ref: self.external_ref.clone(),
            scheduled_at: self.scheduled_at,
            published_at: None,
            config: self.config.clone(),
            account_config: self.account_config.clone(),
            max_lateness: self.max_lateness,
            targets: self.targets.iter().map(|target| target.view(status)).collect(),
            warnings: self.warnings.clone(),
            created_at: self.created_at,
            updated_at: self.created_at,
        }
    }

    /// Sorted, each once.
    pub(super) fn owners(&self) -> Vec<String> {
        let mut owners: Vec<_> = self.targets.iter().map(|target| target.owner.clone().unwrap_or_default()).collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }
}

impl NewTarget {
    fn view(&self, status: Status) -> Target {
        let part = |container_id: &ContainerId| Part {
            container_id: *container_id,
            status: PartStatus::Pending,
            platform_post_id: None,
            platform_post_url: None,
            error_code: None,
            error_message: None,
        };
        Target {
            id: self.id,
            account_id: self.account_id,
            platform: self.platform,
            username: self.username.clone(),
            status,
            platform_post_id: None,
            platform_post_url: None,
            parts: self.parts.iter().map(part).collect(),
            error_code: None,
            error_message: None,
            attempts: 0,
            next_attempt_at: None,
            published_at: None,
        }
    }
}
