//! `POST /2/media/upload`: an image in one request.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::{Value, json};

use super::super::fact::{Category, Fact, Finish, Upload};
use super::super::state::media_key;
use super::super::{X, auth, error, quota};
use super::finalize::ready_at;
use super::status::processing;
use super::{LIFE_S, SCOPES, check};
use crate::answer::Refusal;
use crate::body::{self, Part, PartsProblem};
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::lock::locked;
use crate::sniff::{dimensions, sniff};

const MOST_BYTES: usize = 15 * 1024 * 1024 + 4096;

pub(in super::super) async fn one_shot(call: Call<X>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let user = auth::user(&call, &SCOPES, &quota::ONE_SHOT)?;
    let who = user.to_string();
    let parts = body::parts(call.request().headers(), payload, MOST_BYTES).await.map_err(|problem| match problem {
        PartsProblem::TooLarge => error::too_large(),
        PartsProblem::Malformed => error::invalid("", Value::Null, "The body is not multipart/form-data."),
    })?;
    call.before(Operation::Media, Some(&who), None).await?;
    let (media, category) = read(parts)?;
    if !matches!(category, Category::TweetImage | Category::TweetGif) {
        return Err(error::invalid("media_category", Value::Null, "Videos are uploaded in steps."));
    }
    let (kind, pixels, size) = (sniff(&media.bytes), dimensions(&media.bytes), media.bytes.len() as u64);
    check::size(size, category)?;
    check::content(kind, pixels, category)?;
    let media_type = kind.map_or("application/octet-stream", |kind| kind.mime_type()).to_owned();
    let ready_at = ready_at(&call, &who, category);
    let now = call.now();
    let finish = Finish { size, finished_at: now, ready_at };
    let id = {
        let mut state = locked(&call.state);
        let id = state.next_id(now);
        let upload = Upload { id, user, category, media_type: media_type.clone(), total_bytes: size, at: now };
        call.keep(&mut state, Fact::UploadOpened(upload));
        id
    };
    call.core.shelf.put(X::PLATFORM, &id.to_string(), media.bytes).await.map_err(|_| error::internal())?;
    call.keep(&mut locked(&call.state), Fact::UploadFinished { id, finish: finish.clone() });
    let mut data = json!({
        "id": id.to_string(),
        "media_key": media_key(category, id),
        "size": size,
        "expires_after_secs": LIFE_S,
    });
    if let Some((width, height)) = pixels {
        data["image"] = json!({"w": width, "h": height, "image_type": media_type});
    }
    if let Some(processing) = processing(&finish, now) {
        data["processing_info"] = processing;
    }
    call.after(Operation::Media, &who, None, HttpResponse::Ok().json(json!({"data": data}))).await
}

/// Both fields are required.
fn read(parts: Vec<Part>) -> Result<(Part, Category), Refusal> {
    let (mut media, mut category) = (None, None);
    for part in parts {
        match part.name.as_str() {
            "media" => media = Some(part),
            "media_category" => category = std::str::from_utf8(&part.bytes).ok().map(str::to_owned),
            "media_type" => {}
            other => return Err(error::invalid(other, Value::Null, format!("The field [{other}] is not known."))),
        }
    }
    let missing = |name: &str| error::invalid(name, Value::Null, format!("{name} is required."));
    let category = category.ok_or_else(|| missing("media_category"))?;
    Ok((media.ok_or_else(|| missing("media"))?, check::category(&category)?))
}
