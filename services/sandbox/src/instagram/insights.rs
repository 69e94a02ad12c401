//! `GET /{media}/insights`: nobody looks here, so all counts are 0 but the comments (section 3.15).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::json;

use super::Instagram;
use super::users::SCOPES;
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::{Problem, Visit};
use crate::lock::locked;

/// `impressions`, `plays` and `video_views` are gone.
const OF_ALL: [&str; 4] = ["views", "reach", "shares", "total_interactions"];
const OF_POSTS: [&str; 3] = ["likes", "comments", "saved"];
const OF_REELS: [&str; 2] = ["ig_reels_avg_watch_time", "ig_reels_video_view_total_time"];
const OF_STORIES: [&str; 3] = ["replies", "navigation", "follows"];

pub(super) async fn get(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Probe, None).await?;
    visit.needs(SCOPES[3])?;
    visit.params.only(&["metric", "period"])?;
    let asked = visit.params.needed("metric")?;
    let state = locked(&visit.call.state);
    let media = visit.id().parse().ok().and_then(|id: u64| state.media.get(&id));
    let media = media.filter(|media| media.user == visit.grant.user).ok_or_else(|| visit.missing())?;
    let is_reel = !media.is_story && matches!(media.files.as_slice(), [file] if file.is_video);
    let known = |name: &&str| match () {
        () if OF_ALL.contains(name) => true,
        () if media.is_story => OF_STORIES.contains(name),
        () => OF_POSTS.contains(name) || is_reel && OF_REELS.contains(name),
    };
    let names: Vec<&str> = asked.split(',').map(str::trim).collect();
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let problem = format!("metric[0] must be one of the following values, and {unknown} is not for this media");
        return Err(Problem::invalid(problem).into());
    }
    let comments = state.comments_on(media.id).count();
    let one = |name: &&str| {
        json!({
            "name": name,
            "period": "lifetime",
            "values": [{"value": if *name == "comments" { comments } else { 0 }}],
            "title": name.replace('_', " "),
            "description": "",
            "id": format!("{}/insights/{name}/lifetime", media.id),
        })
    };
    Ok(HttpResponse::Ok().json(json!({"data": names.iter().map(one).collect::<Vec<_>>()})))
}
