//! `POST /{user}/media`: a container, checked; its media is fetched at once (section 3.6).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::draft::Draft;
use super::fact::Fact;
use super::state::State;
use super::users::SCOPES;
use super::{Instagram, error};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::media::{self, BadMedia, Rules};
use crate::graph::{Container, File, Form, Problem, Status, Visit};
use crate::lock::locked;
use crate::sniff::FileKind;

/// Section 3.10: JPEG, 8 MiB, from 4:5 to 1.91:1.
const PICTURES: Rules = Rules { kinds: &[FileKind::Jpeg], most_bytes: 8 * 1024 * 1024, ratios: Some((0.799, 1.911)) };
/// A story fills a screen.
const STORIES: Rules = Rules { kinds: &[FileKind::Jpeg], most_bytes: 8 * 1024 * 1024, ratios: Some((0.0, f64::MAX)) };
pub(super) const VIDEOS: Rules =
    Rules { kinds: &[FileKind::Mp4, FileKind::QuickTime], most_bytes: 300 * 1024 * 1024, ratios: None };

pub(super) async fn create(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let user = visit.own()?;
    visit.before(Operation::Media, None).await?;
    visit.needs(SCOPES[0])?;
    visit.needs(SCOPES[1])?;
    let draft = Draft::read(&visit)?;
    let awaits_upload = draft.awaits_upload;
    let (file, failure) = fetched(&visit, &draft).await?;
    let id = {
        let mut state = locked(&visit.call.state);
        let container = container(&visit, &state, draft, file, failure)?;
        let id = container.id;
        visit.call.keep(&mut state, Fact::ContainerMade(Box::new(container)));
        id
    };
    let mut answer = json!({"id": id.to_string()});
    if awaits_upload {
        answer["uri"] = format!("{}/facebook/rupload/ig-api-upload/v24.0/{id}", visit.call.core.origin).into();
    }
    let answer = HttpResponse::Ok().json(answer);
    visit.call.after(Operation::Media, &user.to_string(), None, answer).await
}

/// What the container holds. A picture that is none is refused at once; a video fails while it is processed.
async fn fetched(visit: &Visit<Instagram>, draft: &Draft) -> Result<(Option<File>, Option<String>), Problem> {
    let Some(address) = &draft.address else {
        return Ok((None, None));
    };
    let is_video = draft.form == Form::Video;
    let rules = match (is_video, draft.is_story) {
        (true, _) => &VIDEOS,
        (false, true) => &STORIES,
        (false, false) => &PICTURES,
    };
    match media::fetched(&visit.call, address, rules).await {
        Ok((bytes, kind)) => {
            let file = media::shelve(&visit.call, bytes, kind, draft.alt_text.clone()).await?;
            Ok((Some(file), None))
        }
        Err(BadMedia::Unfetched(_)) if is_video => Ok((None, Some("2207077".to_owned()))),
        Err(_) if is_video => Ok((None, Some("2207026".to_owned()))),
        Err(bad) => Err(error::bad_picture(bad)),
    }
}

fn container(
    visit: &Visit<Instagram>,
    state: &State,
    draft: Draft,
    file: Option<File>,
    failure: Option<String>,
) -> Result<Container, Problem> {
    let now = visit.call.now();
    let usual = match draft.form {
        Form::Video => SignedDuration::from_millis(i64::try_from(visit.call.core.settings.processing_ms).unwrap_or(0)),
        Form::Text | Form::Image | Form::Carousel => SignedDuration::ZERO,
    };
    let children = children(visit, state, &draft)?;
    let slow = visit.call.slow_processing(&visit.who());
    let own = now.saturating_add(slow.unwrap_or(usual)).unwrap_or(now);
    let last = children.iter().map(|child| child.ready_at).max().unwrap_or(own);
    Ok(Container {
        id: state.next_id(),
        user: visit.grant.user,
        form: draft.form,
        is_story: draft.is_story,
        is_item: draft.is_item,
        text: draft.caption,
        file,
        children: children.iter().map(|child| child.id).collect(),
        parent: None,
        quoted: None,
        link: None,
        choices: Vec::new(),
        made_at: now,
        awaits_upload: draft.awaits_upload,
        ready_at: own.max(last),
        failure: children.iter().find_map(|child| child.failure.clone()).or(failure),
        published: None,
    })
}

/// One's own containers that were made for a carousel and can still be published.
fn children<'a>(visit: &Visit<Instagram>, state: &'a State, draft: &Draft) -> Result<Vec<&'a Container>, Problem> {
    let usable = |child: &&Container| {
        child.user == visit.grant.user && child.is_item && child.status(visit.call.now()) != Status::Expired
    };
    let child = |id: &u64| state.containers.get(id).filter(usable).ok_or_else(error::container_missing);
    draft.children.iter().map(child).collect()
}

/// A container as answers show it: `status` carries the subcode of a failure.
pub(super) fn view(container: &Container, now: jiff::Timestamp) -> Value {
    let status = container.status(now);
    let words = match status {
        Status::InProgress => "In Progress: Media is still being processed.".to_owned(),
        Status::Finished => "Finished: Media has been uploaded and it is ready to be published.".to_owned(),
        Status::Expired => "Expired: The media was not published within 24 hours.".to_owned(),
        Status::Published => "Published: Media has been published successfully.".to_owned(),
        Status::Error => {
            let subcode = container.failure.as_deref().unwrap_or_default();
            format!("Error: Media upload has failed with error code {subcode}")
        }
    };
    json!({"id": container.id.to_string(), "status_code": status, "status": words})
}
