//! Everything towards a part that may be repeated: its token opened, its files fetched, fitted and uploaded, its
//! request composed. Each upload is checkpointed, so that a crash costs the one under way.

use std::{future::Future, time::Duration};

use domain::{
    ids::MediaId,
    media::object_key,
    post::MediaRef,
    target::{ErrorCode, Live, PartStatus, Refusal},
};
use egress::Deadline;
use jiff::SignedDuration;
use media::{FetchCaps, Fitted, Format, Kind, MediaError, ObjectKey, Rules};
use platforms::{Account, Bases, Cx, Media, MediaHandle, MediaRules, Part};
use runtime::failpoint;
use serde_json::{Value, json};
use store::targets::Work;
use vault::Context;

use crate::{
    lane::Lane,
    links,
    origins::{Said, WatchedDoor},
    server::Worker,
    stage,
};

/// One exchange of preparing: an upload, a poll, a look-up.
const EXCHANGE: Duration = Duration::from_secs(60);
/// A file that the network is still processing after this long is given up on for now.
pub(crate) const PROCESSING: SignedDuration = SignedDuration::from_mins(10);

/// Why a part could not be prepared.
pub(crate) enum Trouble {
    /// The lane belongs to somebody else.
    Lost,
    /// The service is to stop.
    Stopping,
    /// It did not work; nothing was sent. The step is for the attempts log.
    Refused(&'static str, Refusal),
}

/// Returns what is to be sent.
pub(crate) async fn prepare(worker: &Worker, lane: &mut Lane, work: &Work, part: usize) -> Result<Value, Trouble> {
    open_tokens(worker, lane).map_err(|refusal| Trouble::Refused("container", refusal))?;
    let lane = &*lane;
    kept(worker, lane, async {
        if let Some(begun) = checkpoint(worker, work, part, stage::CONTAINER) {
            return stage::stage(worker, lane, work, part, begun).await;
        }
        let mut handles = Vec::new();
        for (place, file) in work.parts[part].media.iter().enumerate() {
            let handle = upload(worker, lane, work, part, place, file).await?;
            handles.push((handle, file.alt_text.clone()));
        }
        let composed = compose(worker, lane, work, part, &handles).await?;
        stage::stage(worker, lane, work, part, composed).await
    })
    .await
}

/// Does something that may take long, renewing the lease meanwhile.
async fn kept<T>(worker: &Worker, lane: &Lane, doing: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    let mut doing = std::pin::pin!(doing);
    let mut renewal = tokio::time::interval(worker.settings.lease() / 3);
    renewal.tick().await;
    loop {
        tokio::select! {
            biased;
            () = worker.shutdown.hard().cancelled() => return Err(Trouble::Stopping),
            done = &mut doing => return done,
            _ = renewal.tick() => match worker.lanes.renew(&lane.held).await {
                Ok(true) => {}
                Ok(false) => return Err(Trouble::Lost),
                Err(error) => tracing::warn!(%error, "a lease could not be renewed"),
            },
        }
    }
}

/// Opens the account's tokens once a hold.
pub(crate) fn open_tokens(worker: &Worker, lane: &mut Lane) -> Result<(), Refusal> {
    if lane.tokens.is_some() {
        return Ok(());
    }
    let account = &lane.account;
    let context =
        Context { table: "account_tokens", column: "sealed", row: account.id.0, project: account.project_id.0 };
    let opened = match &account.sealed_tokens {
        Some(sealed) => worker.ring.open_text(sealed, &context).map_err(|error| error.to_string()),
        None => Err("the account has none".to_owned()),
    };
    lane.tokens = Some(opened.map_err(|reason| {
        tracing::error!(account_id = %account.id, reason, "an account's tokens do not open");
        not_now("The account's tokens cannot be opened here")
    })?);
    Ok(())
}

/// The account as a network sees it.
pub(crate) fn account(lane: &Lane) -> Result<Account<'_>, Refusal> {
    let tokens = lane.tokens.as_ref().ok_or_else(|| not_now("The account's tokens are not open"))?;
    Ok(Account {
        network_unique_id: &lane.account.network_unique_id,
        username: &lane.account.username,
        facts: &lane.account.facts,
        tokens,
    })
}

pub(crate) fn not_now(message: &str) -> Refusal {
    Refusal::NotNow { message: message.to_owned(), http_status: None, after: None }
}

/// The way to the account's server for one call of preparing.
pub(crate) struct Way<'a> {
    watched: WatchedDoor,
    bases: &'a Bases,
}

pub(crate) fn way<'a>(worker: &'a Worker, lane: &Lane) -> Result<Way<'a>, Refusal> {
    let (door, bases) = worker
        .doors
        .of(lane.account.mode)
        .ok_or_else(|| not_now("No sandbox is configured for projects in test mode"))?;
    Ok(Way { watched: WatchedDoor::new(door), bases })
}

impl Way<'_> {
    pub(crate) fn cx(&self, worker: &Worker) -> Cx<'_> {
        Cx {
            door: self.watched.door(),
            bases: self.bases,
            now: worker.now(),
            deadline: Deadline::after(EXCHANGE),
            readings: None,
        }
    }

    /// Notes what the call said of the server.
    pub(crate) fn heard<T>(&self, lane: &Lane, made: Result<T, Refusal>) -> Result<T, Refusal> {
        lane.seat.hear(&self.watched.verdict(&Said::of_result(&made)));
        made
    }
}

/// An upload that is ready to be attached: from its checkpoint, or made now.
async fn upload(
    worker: &Worker,
    lane: &Lane,
    work: &Work,
    part: usize,
    place: usize,
    file: &MediaRef,
) -> Result<Value, Trouble> {
    let refused = |refusal| Trouble::Refused("media", refusal);
    let step = format!("media:{place}");
    let mut handle = match checkpoint(worker, work, part, &step) {
        Some(done) if done["state"] == "ready" => return Ok(done["handle"].clone()),
        Some(begun) => MediaHandle::Processing { handle: begun["handle"].clone(), check_at: worker.now() },
        None => {
            let media = fetch(worker, lane, file).await.map_err(refused)?;
            let way = way(worker, lane).map_err(refused)?;
            let account = account(lane).map_err(refused)?;
            let made = worker.network(lane.platform()).upload(&way.cx(worker), &account, &media).await;
            failpoint::hit("publisher.after_upload");
            way.heard(lane, made).map_err(refused)?
        }
    };
    let give_up = worker.now() + PROCESSING;
    loop {
        match handle {
            MediaHandle::Ready(value) => {
                keep_checkpoint(worker, work, part, &step, json!({"state": "ready", "handle": value.clone()})).await?;
                return Ok(value);
            }
            MediaHandle::Processing { handle: value, check_at } => {
                keep_checkpoint(worker, work, part, &step, json!({"state": "processing", "handle": value.clone()}))
                    .await?;
                if worker.now() > give_up {
                    return Err(refused(not_now("The network is still processing a file")));
                }
                let wait = check_at.duration_since(worker.now()).max(SignedDuration::from_millis(100));
                tokio::time::sleep(wait.unsigned_abs()).await;
                let way = way(worker, lane).map_err(refused)?;
                let account = account(lane).map_err(refused)?;
                let polled = worker.network(lane.platform()).poll(&way.cx(worker), &account, &value).await;
                handle = way.heard(lane, polled).map_err(refused)?;
            }
        }
    }
}

/// Networks forget an upload that nothing refers to, some within an hour; making it again is harmless.
const UPLOAD_LIFE: SignedDuration = SignedDuration::from_mins(20);

fn checkpoint(worker: &Worker, work: &Work, part: usize, step: &str) -> Option<Value> {
    let fresh = worker.now() - UPLOAD_LIFE;
    work.checkpoints
        .iter()
        .filter(|done| done.rev == work.rev && done.created_at > fresh)
        .find(|done| usize::try_from(done.position) == Ok(part) && done.step == step)
        .map(|done| done.value.clone())
}

pub(crate) async fn keep_checkpoint(
    worker: &Worker,
    work: &Work,
    part: usize,
    step: &str,
    value: Value,
) -> Result<(), Trouble> {
    let position = i16::try_from(part).unwrap_or(i16::MAX);
    let kept = worker.targets.checkpoint(work.target_id.0, position, step, work.rev, value).await;
    kept.map_err(|error| Trouble::Refused("media", not_now(&error.to_string())))
}

/// The file's bytes, fitted to what the network takes.
async fn fetch(worker: &Worker, lane: &Lane, file: &MediaRef) -> Result<Media, Refusal> {
    let (bytes, filename) = match (file.id, &file.url) {
        (Some(id), _) => (stored(worker, id).await, None),
        (None, Some(url)) => {
            let caps = FetchCaps {
                deadline: Deadline::after(EXCHANGE),
                max_bytes: worker.probe_caps.max_picture_bytes,
                probe: worker.probe_caps,
            };
            match media::fetch(worker.doors.open(), url, caps).await {
                Ok(fetched) => (Ok(fetched.bytes), Some(fetched.filename)),
                Err(error) => (Err(error), None),
            }
        }
        (None, None) => return Err(unavailable("A file has neither an id nor a URL".to_owned())),
    };
    let bytes = bytes.map_err(refusal_of)?;
    let probe = media::probe(&bytes, None, &worker.probe_caps).map_err(refusal_of)?;
    let rules = rules(&worker.network(lane.platform()).spec().media, probe.kind);
    let fitted = worker.fitter.fit(bytes, &rules).await.map_err(refusal_of)?;
    let filename = file.filename.clone().or(filename);
    let filename = filename.unwrap_or_else(|| format!("file.{}", fitted.probe.format.extension()));
    let url = match worker.network(lane.platform()).spec().media.fetched {
        true => links::address(worker, lane.account.project_id, file.id, &fitted, &filename).await?,
        false => None,
    };
    Ok(media_of(fitted, filename, file.alt_text.clone(), url))
}

async fn stored(worker: &Worker, id: MediaId) -> Result<bytes::Bytes, MediaError> {
    let key = ObjectKey::new(&object_key(id))?;
    worker.objects.get(&key, worker.probe_caps.max_picture_bytes).await
}

/// What the network takes of a kind of file. Only still images are ever changed to fit.
fn rules(spec: &MediaRules, kind: Kind) -> Rules {
    let all = [Format::Jpeg, Format::Png, Format::Gif, Format::Webp, Format::Mp4, Format::Quicktime, Format::Webm];
    let (max_bytes, side, types) = match kind {
        Kind::Image => (spec.image_max_bytes, spec.image_max_side, spec.image_types),
        Kind::Gif => (spec.gif_max_bytes, None, spec.image_types),
        Kind::Video => (spec.video_max_bytes, None, spec.video_types),
    };
    Rules {
        max_bytes,
        max_width: side,
        max_height: side,
        formats: all.into_iter().filter(|format| types.contains(&format.content_type())).collect(),
    }
}

fn media_of(fitted: Fitted, filename: String, alt_text: Option<String>, url: Option<String>) -> Media {
    let content_type = fitted.probe.content_type().to_owned();
    Media {
        dimensions: fitted.probe.width.zip(fitted.probe.height),
        bytes: fitted.bytes,
        content_type,
        filename,
        alt_text,
        url,
    }
}

fn refusal_of(error: MediaError) -> Refusal {
    if error.is_transient() {
        return not_now(&error.to_string());
    }
    match error {
        MediaError::CannotFit(_) | MediaError::TooManyPixels { .. } | MediaError::Unsupported { .. } => {
            Refusal::Rejected { code: ErrorCode::MediaRejected, message: error.to_string(), http_status: None }
        }
        other => unavailable(other.to_string()),
    }
}

fn unavailable(message: String) -> Refusal {
    Refusal::Rejected { code: ErrorCode::MediaUnavailable, message, http_status: None }
}

async fn compose(
    worker: &Worker,
    lane: &Lane,
    work: &Work,
    part: usize,
    handles: &[(Value, Option<String>)],
) -> Result<Value, Trouble> {
    let refused = |refusal| Trouble::Refused("container", refusal);
    let says = &work.parts[part];
    let parent = part.checked_sub(1).map(|before| live(work, before));
    if parent == Some(None) {
        // The caller said that the part before is live and not under which id: below nothing it would be a post of its own.
        return Err(refused(Refusal::Rejected {
            code: ErrorCode::ParentPartFailed,
            message: "The part before it has no known id to reply to".to_owned(),
            http_status: None,
        }));
    }
    let key = format!("{}-{part}", work.target_id);
    let whole = Part {
        key: &key,
        first_due: work.first_due_at,
        role: says.role,
        content: &says.content,
        media: handles,
        root: if part == 0 { None } else { live(work, 0) },
        parent: parent.flatten(),
        options: &work.options,
    };
    let way = way(worker, lane).map_err(refused)?;
    let account = account(lane).map_err(refused)?;
    let composed = worker.network(lane.platform()).compose(&way.cx(worker), &account, &whole).await;
    way.heard(lane, composed).map_err(refused)
}

fn live(work: &Work, part: usize) -> Option<&Live> {
    let state = work.state.parts.get(part)?;
    state.live.as_ref().filter(|_| state.status == PartStatus::Published)
}
