//! `GET /`: every post as a person would see it. Server-rendered, no script, nothing from elsewhere.

mod html;
mod render;
mod threads;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{self, Query, ReqData, ServiceConfig};
use jiff::Timestamp;
use serde::Deserialize;

use crate::network::Platform;
use crate::world::World;
pub(crate) use html::Escaped;

/// Posts on the page when the query does not say.
const USUAL: usize = 100;
const MOST: usize = 1_000;

/// A post as its network would show it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) platform: Platform,
    /// As in the ledger.
    pub(crate) id: String,
    /// The display name.
    pub(crate) author: String,
    /// With its `@`.
    pub(crate) handle: String,
    pub(crate) at: Timestamp,
    pub(crate) text: Vec<Span>,
    /// The post it answers.
    pub(crate) parent: Option<String>,
    /// A content warning in front of the text.
    pub(crate) warning: Option<String>,
    pub(crate) pictures: Vec<Picture>,
    pub(crate) card: Option<Card>,
    /// The quoted post, in one line.
    pub(crate) quote: Option<String>,
    /// A poll's choices.
    pub(crate) choices: Vec<String>,
    /// A remark such as "followers only".
    pub(crate) note: Option<String>,
}

/// A run of text.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) text: String,
    pub(crate) link: Option<String>,
    /// Mentions and tags, which look like links.
    pub(crate) marked: bool,
}

impl Span {
    pub(crate) fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), link: None, marked: false }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) url: String,
    pub(crate) alt: String,
    pub(crate) video: bool,
}

/// A link card.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) link: String,
    pub(crate) title: String,
    pub(crate) description: String,
}

pub(crate) fn mount(config: &mut ServiceConfig) {
    config.route("/", web::get().to(page)).route("/_sandbox/style.css", web::get().to(style));
}

#[derive(Deserialize)]
struct PageQuery {
    platform: Option<Platform>,
    limit: Option<usize>,
}

async fn page(world: ReqData<Arc<World>>, query: Query<PageQuery>) -> HttpResponse {
    let limit = query.limit.unwrap_or(USUAL).min(MOST);
    let wanted = Platform::ALL.into_iter().filter(|each| query.platform.is_none_or(|only| only == *each));
    let posts = wanted.filter_map(|platform| world.plain(platform)).flat_map(|network| network.shown(limit));
    let threads = threads::join(posts.collect(), limit);
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("referrer-policy", "no-referrer"))
        .insert_header(("cache-control", "no-store"))
        .body(render::page(&threads, query.platform, world.core.now()))
}

async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(include_str!("style.css"))
}
