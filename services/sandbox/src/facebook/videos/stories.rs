//! `POST /{page}/photo_stories`: a photo that was uploaded unpublished.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::json;

use super::super::Facebook;
use super::super::fact::{Post, PostKind};
use super::super::posts::{keep, note, usable};
use super::super::visit::Visit;
use super::publish::SCOPES;
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::Problem;
use crate::lock::locked;

pub(in super::super) async fn photo_story(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let page = visit.page(&SCOPES)?;
    visit.before(Operation::Publish, None).await?;
    visit.params.only(&["photo_id"])?;
    let photo = visit.params.number("photo_id")?;
    let photo = photo.ok_or_else(|| Problem::invalid("The parameter photo_id is required"))?;
    let id = {
        let mut state = locked(&visit.call.state);
        let photos = usable(&state, page, &[photo])?;
        let post = Post {
            id: state.next_id(),
            page,
            kind: PostKind::Story,
            message: String::new(),
            link: None,
            photos: vec![photo],
            video: None,
            is_published: true,
            at: visit.call.now(),
        };
        let id = post.full_id();
        keep(&visit.call, &mut state, post, photos.iter().map(note).collect());
        id
    };
    let answer = HttpResponse::Ok().json(json!({"success": true, "post_id": id}));
    visit.call.after(Operation::Publish, &page.to_string(), None, answer).await
}
