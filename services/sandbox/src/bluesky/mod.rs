//! Bluesky: a PDS and the AppView in one origin, under `/xrpc/`. Written from section 4 of the fact sheet.
//!
//! Stricter than the network in two places, because the mistake would otherwise stay hidden: a field that no lexicon
//! documents is refused, and a reply or quote must name a post that exists here with the right CID.

mod cid;
mod error;
mod fact;
mod feed;
mod identity;
mod lexicon;
mod quota;
mod repo;
mod session;
mod show;
mod state;
mod tid;
mod token;
mod upload;

use std::sync::{Arc, Mutex};

use actix_web::web::{self, ServiceConfig};

use crate::consent::ReadyMade;
use crate::core::Core;
use crate::network::Network;
use state::State;

/// The only collection that can be written.
const POST: &str = "app.bsky.feed.post";

pub(crate) struct Bluesky {
    core: Arc<Core>,
    state: Mutex<State>,
}

/// Ready-made apps.
pub(crate) const APPS: [ReadyMade; 1] =
    [ReadyMade { variant: "default", client_id: "https://app.sandbox.test/client-metadata.json", client_secret: None }];

pub(crate) fn open(core: Arc<Core>) -> Arc<dyn Network> {
    Arc::new(Bluesky { core, state: Mutex::default() })
}

pub(crate) fn mount(config: &mut ServiceConfig) {
    config.service(
        web::scope("/xrpc")
            .route("/com.atproto.server.describeServer", web::get().to(identity::describe_server))
            .route("/com.atproto.server.createSession", web::post().to(session::create))
            .route("/com.atproto.server.refreshSession", web::post().to(session::refresh))
            .route("/com.atproto.server.deleteSession", web::post().to(session::delete))
            .route("/com.atproto.server.getSession", web::get().to(session::get))
            .route("/com.atproto.identity.resolveHandle", web::get().to(identity::resolve_handle))
            .route("/com.atproto.repo.uploadBlob", web::post().to(upload::upload_blob))
            .route("/com.atproto.repo.createRecord", web::post().to(repo::create_record))
            .route("/com.atproto.repo.putRecord", web::post().to(repo::put_record))
            .route("/com.atproto.repo.deleteRecord", web::post().to(repo::delete_record))
            .route("/com.atproto.repo.getRecord", web::get().to(repo::get_record))
            .route("/com.atproto.repo.listRecords", web::get().to(repo::list_records))
            .route("/app.bsky.actor.getProfile", web::get().to(identity::get_profile))
            .route("/app.bsky.feed.getPosts", web::get().to(feed::get_posts))
            .route("/app.bsky.feed.getAuthorFeed", web::get().to(feed::get_author_feed))
            .default_service(web::to(error::not_implemented)),
    );
}
