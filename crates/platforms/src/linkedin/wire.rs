//! LinkedIn's JSON, as far as it is read. Fields beyond these are ignored; every one of these may be missing.

use serde::Deserialize;

/// What an OpenID provider tells of a member.
#[derive(Debug, Deserialize)]
pub(super) struct UserInfo {
    pub(super) sub: String,
    pub(super) name: Option<String>,
    pub(super) given_name: Option<String>,
    pub(super) family_name: Option<String>,
    pub(super) picture: Option<String>,
}

/// What the older profile API tells of a member.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    pub(super) id: String,
    pub(super) localized_first_name: Option<String>,
    pub(super) localized_last_name: Option<String>,
    pub(super) vanity_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Organization {
    pub(super) localized_name: Option<String>,
    pub(super) vanity_name: Option<String>,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Elements<T> {
    pub(super) elements: Vec<T>,
    pub(super) paging: Option<Paging>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Paging {
    pub(super) count: Option<usize>,
}

/// A role of the member in an organisation.
#[derive(Debug, Deserialize)]
pub(super) struct Acl {
    pub(super) role: Option<String>,
    pub(super) state: Option<String>,
    pub(super) organization: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Initialized {
    pub(super) value: Upload,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Upload {
    pub(super) upload_url: String,
    pub(super) image: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Image {
    pub(super) status: String,
}

/// A post as it is listed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Post {
    pub(super) id: String,
    #[serde(default)]
    pub(super) commentary: String,
    /// Milliseconds.
    pub(super) created_at: Option<i64>,
    /// Milliseconds.
    pub(super) published_at: Option<i64>,
    pub(super) content: Option<Content>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    pub(super) media: Option<ContentMedia>,
    pub(super) multi_image: Option<MultiImage>,
    pub(super) article: Option<Article>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Article {
    pub(super) source: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ContentMedia {
    pub(super) id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MultiImage {
    #[serde(default)]
    pub(super) images: Vec<ContentMedia>,
}

/// A comment, made or listed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Comment {
    pub(super) comment_urn: Option<String>,
    pub(super) actor: Option<String>,
    pub(super) message: Option<Message>,
    pub(super) created: Option<Created>,
    #[serde(default)]
    pub(super) content: Vec<CommentContent>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) text: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Created {
    /// Milliseconds.
    pub(super) time: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CommentContent {
    pub(super) entity: Option<CommentEntity>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CommentEntity {
    pub(super) image: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NetworkSize {
    pub(super) first_degree_size: Option<u64>,
}

/// Both forms of an error: the plain one, and the one of a failed validation.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Problem {
    pub(super) message: Option<String>,
    pub(super) code: Option<String>,
    pub(super) service_error_code: Option<i64>,
    pub(super) error_details: Option<ErrorDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorDetails {
    #[serde(default)]
    pub(super) input_errors: Vec<InputError>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct InputError {
    pub(super) description: Option<String>,
    pub(super) code: Option<String>,
}
