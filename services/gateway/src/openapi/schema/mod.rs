//! Schemas that mirror what is read and serialised elsewhere. Only their shapes are used; they are never made.
#![allow(dead_code, reason = "mirrors: only their schemas are used")]

mod account;
mod key;
mod media;
mod platform;
mod post;
mod problem;
mod project;
mod target;
mod webhook;

use strum::IntoEnumIterator;
use utoipa::{
    ToSchema,
    openapi::{ComponentsBuilder, ObjectBuilder, RefOr, Schema, Type, schema::SchemaType},
};

/// Adds every schema that operations name, and those within them.
pub(super) fn register(components: ComponentsBuilder) -> ComponentsBuilder {
    let mut schemas = Vec::new();
    add::<account::Account>(&mut schemas);
    add::<account::AccountMetrics>(&mut schemas);
    add::<account::ConnectAccountRequest>(&mut schemas);
    add::<account::UpdateAccountRequest>(&mut schemas);
    add::<account::Health>(&mut schemas);
    add::<key::CreateKeyRequest>(&mut schemas);
    add::<key::Key>(&mut schemas);
    add::<key::NewKey>(&mut schemas);
    add::<media::AnnounceMediaRequest>(&mut schemas);
    add::<media::Media>(&mut schemas);
    add::<media::NewMedia>(&mut schemas);
    add::<platform::Platform>(&mut schemas);
    add::<post::Batch>(&mut schemas);
    add::<post::CreatePostRequest>(&mut schemas);
    add::<post::CreatePostsRequest>(&mut schemas);
    add::<post::Post>(&mut schemas);
    add::<post::UpdatePostRequest>(&mut schemas);
    add::<post::Validation>(&mut schemas);
    add::<problem::Problem>(&mut schemas);
    add::<project::Project>(&mut schemas);
    add::<project::UpdateProjectRequest>(&mut schemas);
    add::<target::Attempt>(&mut schemas);
    add::<target::ResolveTargetRequest>(&mut schemas);
    add::<target::Target>(&mut schemas);
    add::<webhook::CreateWebhookRequest>(&mut schemas);
    add::<webhook::Delivery>(&mut schemas);
    add::<webhook::Event>(&mut schemas);
    add::<webhook::NewSecret>(&mut schemas);
    add::<webhook::NewWebhook>(&mut schemas);
    add::<webhook::RotateSecretRequest>(&mut schemas);
    add::<webhook::UpdateWebhookRequest>(&mut schemas);
    add::<webhook::Webhook>(&mut schemas);
    components.schemas_from_iter(schemas)
}

fn add<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

/// One of a closed list of words.
fn words<T: IntoEnumIterator + Into<&'static str>>() -> Schema {
    let words: Vec<&'static str> = T::iter().map(Into::into).collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

/// One of a closed list of words, or null.
fn words_or_null<T: IntoEnumIterator + Into<&'static str>>() -> Schema {
    let words = T::iter().map(|word| Some(word.into())).chain([None]);
    let kind = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(kind).enum_values(Some(words.collect::<Vec<Option<&'static str>>>())).into()
}
