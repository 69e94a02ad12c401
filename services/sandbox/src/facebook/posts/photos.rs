//! `POST /{page}/photos`: by address or as bytes; a post of its own, or unpublished for a post to attach (section 2.6).

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Payload};
use serde_json::json;
use url::Url;

use super::super::fact::{Fact, Photo, Post, PostKind};
use super::super::visit::Visit;
use super::super::{Facebook, error};
use super::feed::{self, check_text, is_published};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::fetch::{Unfetched, fetch};
use crate::graph::{File, Problem, media};
use crate::lock::locked;
use crate::sniff::{FileKind, dimensions, sniff};

const SCOPES: [&str; 2] = ["pages_manage_posts", "pages_read_engagement"];
const KNOWN: [&str; 9] = [
    "url",
    "source",
    "caption",
    "message",
    "published",
    "temporary",
    "no_story",
    "alt_text_custom",
    "scheduled_publish_time",
];
const LONGEST: usize = 63_206;
const MOST_BYTES: usize = 10 * 1024 * 1024;

pub(in super::super) async fn add(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let page = visit.page(&SCOPES)?;
    let word = |name| visit.params.text(name).ok().flatten();
    let caption = word("caption").or_else(|| word("message")).unwrap_or_default();
    // Decides what kind of call this is, so it is read before anything may fail.
    let is_unpublished = word("published").is_some_and(|word| matches!(word.as_str(), "false" | "0"));
    let operation = if is_unpublished { Operation::Media } else { Operation::Publish };
    visit.before(operation, Some(&caption)).await?;
    visit.params.only(&KNOWN)?;
    let is_published = is_published(&visit)?;
    for flag in ["temporary", "no_story"] {
        visit.params.flag(flag)?;
    }
    check_text("caption", &caption, LONGEST)?;
    let bytes = bytes(&visit).await?;
    let file = store(&visit.call, bytes, visit.params.word("alt_text_custom")?).await?;
    let answer = {
        let mut state = locked(&visit.call.state);
        let (id, at) = (state.next_id(), visit.call.now());
        let photo = Photo { id, page, file, caption: caption.clone(), is_published, at };
        visit.call.keep(&mut state, Fact::PhotoStored(photo.clone()));
        match is_published {
            false => json!({"id": id.to_string()}),
            true => {
                let post = Post {
                    id: state.next_id(),
                    page,
                    kind: PostKind::Photo,
                    message: caption.clone(),
                    link: None,
                    photos: vec![id],
                    is_published,
                    at,
                };
                let answer = json!({"id": id.to_string(), "post_id": post.full_id()});
                feed::keep(&visit.call, &mut state, post, vec![feed::note(&photo)]);
                answer
            }
        }
    };
    visit.call.after(operation, &page.to_string(), Some(&caption), HttpResponse::Ok().json(answer)).await
}

/// The file of the form, or what lies at the address.
async fn bytes(visit: &Visit) -> Result<Bytes, Problem> {
    if let Some(source) = visit.params.file("source") {
        return Ok(source.clone());
    }
    let address = visit.params.word("url")?.ok_or_else(|| Problem::numbered(324, "Requires upload file"))?;
    by_address(&address).await
}

/// A picture by its address.
pub(super) async fn by_address(address: &str) -> Result<Bytes, Problem> {
    let is_address = Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !is_address {
        return Err(Problem::invalid("url should represent a valid URL").subcode(2_061_006));
    }
    fetch(address, MOST_BYTES).await.map_err(|why| match why {
        Unfetched::TooLarge => too_big(),
        _ => Problem::numbered(324, "Missing or invalid image file").subcode(2_069_019),
    })
}

fn too_big() -> Problem {
    Problem::invalid("Your photos couldn't be uploaded. Photos should be smaller than 4 MB and saved as JPG or PNG.")
        .subcode(1_366_046)
}

/// Puts a picture on the shelf, if it is one.
pub(super) async fn store(call: &Call<Facebook>, bytes: Bytes, alt_text: Option<String>) -> Result<File, Problem> {
    if bytes.len() > MOST_BYTES {
        return Err(too_big());
    }
    let kind = sniff(&bytes).filter(|kind| !kind.is_video()).ok_or_else(error::invalid_image)?;
    // Of the others only the first bytes are known here.
    let is_measured = !matches!(kind, FileKind::Bmp | FileKind::Tiff);
    if is_measured && dimensions(&bytes).is_none() {
        return Err(error::invalid_image());
    }
    media::shelve(call, bytes, kind, alt_text).await
}
