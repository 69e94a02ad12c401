//! `POST /{user}/threads`: a container, checked; its media is fetched at once (section 4.6).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use jiff::SignedDuration;
use serde_json::json;

use super::fact::Fact;
use super::state::State;
use super::{Threads, draft, error, publish};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::fetch::Unfetched;
use crate::graph::media::{self, BadMedia, Rules};
use crate::graph::{Container, File, Form, Problem, Status, Visit};
use crate::lock::locked;
use crate::sniff::FileKind;
use draft::Draft;

/// Section 4.10. Wider and narrower pictures are scaled, so their width is not looked at.
const PICTURES: Rules =
    Rules { kinds: &[FileKind::Jpeg, FileKind::Png], most_bytes: 8 * 1024 * 1024, ratios: Some((0.1, 10.0)) };
const VIDEOS: Rules =
    Rules { kinds: &[FileKind::Mp4, FileKind::QuickTime], most_bytes: 1024 * 1024 * 1024, ratios: None };

pub(super) async fn create(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let user = visit.own()?;
    let text = visit.params.text("text").ok().flatten().unwrap_or_default();
    let publishes = visit.params.flag("auto_publish_text").ok().flatten().unwrap_or(false);
    let (operation, marked) =
        if publishes { (Operation::Publish, Some(text.as_str())) } else { (Operation::Media, None) };
    visit.before(operation, marked).await?;
    visit.needs("threads_basic")?;
    visit.needs("threads_content_publish")?;
    let draft = Draft::read(&visit)?;
    let (file, failure) = fetched(&visit, &draft).await?;
    let id = {
        let mut state = locked(&visit.call.state);
        draft.check(&state, &visit)?;
        let container = container(&visit, &state, draft, file, failure)?;
        let id = container.id;
        visit.call.keep(&mut state, Fact::ContainerMade(Box::new(container)));
        if publishes { publish::post(&visit.call, &mut state, user, &id.to_string())? } else { id }
    };
    let answer = HttpResponse::Ok().json(json!({"id": id.to_string()}));
    visit.call.after(operation, &user.to_string(), marked, answer).await
}

/// What the container holds. A picture that is none is refused at once; a video fails while it is processed.
async fn fetched(visit: &Visit<Threads>, draft: &Draft) -> Result<(Option<File>, Option<String>), Refusal> {
    let Some(address) = &draft.address else {
        return Ok((None, None));
    };
    let is_video = draft.form == Form::Video;
    let rules = if is_video { &VIDEOS } else { &PICTURES };
    match media::fetched(&visit.call, address, rules).await {
        Ok((bytes, kind)) => {
            let file = media::shelve(&visit.call, bytes, kind, draft.alt_text.clone()).await?;
            Ok((Some(file), None))
        }
        Err(BadMedia::Unfetched(_)) if is_video => Ok((None, Some("FAILED_DOWNLOADING_VIDEO".to_owned()))),
        Err(_) if is_video => Ok((None, Some("FAILED_PROCESSING_VIDEO".to_owned()))),
        Err(BadMedia::Unfetched(Unfetched::TooLarge)) => {
            Err(Problem::invalid("The image is too large: at most 8 MB").subcode(2_207_004).into())
        }
        Err(BadMedia::Unfetched(Unfetched::Address)) => {
            Err(Problem::invalid("Param image_url should represent a valid URL").into())
        }
        Err(BadMedia::Unfetched(_)) => Err(error::not_fetched().into()),
        Err(BadMedia::Kind) => Err(Problem::invalid("The image format is not supported").subcode(2_207_005).into()),
        Err(BadMedia::Shape(width, height)) => {
            let message = format!("The aspect ratio of {width}x{height} is not supported");
            Err(Problem::invalid(message).subcode(2_207_009).into())
        }
    }
}

fn container(
    visit: &Visit<Threads>,
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
    let slow = visit.call.slow_processing(&visit.who());
    let own = now.saturating_add(slow.unwrap_or(usual)).unwrap_or(now);
    let children = children(visit, state, &draft)?;
    let last = children.iter().map(|child| child.ready_at).max().unwrap_or(own);
    Ok(Container {
        id: state.next_id(),
        user: visit.grant.user,
        form: draft.form,
        is_story: false,
        is_item: draft.is_item,
        text: draft.text,
        file,
        children: children.iter().map(|child| child.id).collect(),
        parent: draft.parent,
        quoted: draft.quoted,
        link: draft.link,
        choices: draft.choices,
        made_at: now,
        awaits_upload: false,
        ready_at: own.max(last),
        failure: children.iter().find_map(|child| child.failure.clone()).or(failure),
        published: None,
    })
}

/// One's own containers that were made for a carousel and can still be published.
fn children<'a>(visit: &Visit<Threads>, state: &'a State, draft: &Draft) -> Result<Vec<&'a Container>, Problem> {
    let usable = |child: &&Container| {
        child.user == visit.grant.user && child.is_item && child.status(visit.call.now()) != Status::Expired
    };
    let child = |id: &u64| {
        let found = state.containers.get(id).filter(usable);
        found.ok_or_else(|| Problem::invalid(format!("Param children: {id} is not a carousel item of this user")))
    };
    draft.children.iter().map(child).collect()
}
