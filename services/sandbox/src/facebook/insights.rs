//! `/{post}/insights` and `/{page}/insights`: nobody looks here, so everything that can be counted is 0 (section 2.15).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Facebook;
use super::state::Node;
use super::visit::Visit;
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::{Problem, moment};
use crate::lock::locked;

/// The impression metrics are gone; one unknown name fails the whole call.
const OF_POST: [&str; 8] = [
    "post_total_media_view_unique",
    "post_media_view",
    "post_reactions_by_type_total",
    "post_clicks",
    "post_clicks_by_type",
    "post_video_views",
    "post_video_avg_time_watched",
    "post_activity_by_action_type",
];
const OF_PAGE: [&str; 7] = [
    "page_media_view",
    "page_total_media_view_unique",
    "page_post_engagements",
    "page_daily_follows",
    "page_follows",
    "page_views_total",
    "page_video_views",
];
const PERIODS: [&str; 3] = ["day", "week", "days_28"];
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 90);

pub(super) async fn get(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let page = visit.own_page(&["read_insights"])?;
    visit.before(Operation::Probe, None).await?;
    visit.params.only(&["metric", "period", "since", "until"])?;
    let id = visit.id();
    let node = {
        let state = locked(&visit.call.state);
        let own = |post: &u64| state.posts.get(post).is_some_and(|post| post.page == page);
        state.node(&id).filter(|node| {
            matches!(node, Node::Page(id) if *id == page) || matches!(node, Node::Post(post) if own(post))
        })
    };
    let data = match node {
        Some(Node::Post(_)) => metrics(&visit, &OF_POST)?.iter().map(|name| lifetime(&id, name)).collect(),
        Some(_) => of_page(&visit, &id)?,
        None => return Err(visit.missing().into()),
    };
    Ok(HttpResponse::Ok().json(json!({"data": data})))
}

fn metrics(visit: &Visit, known: &[&str]) -> Result<Vec<String>, Problem> {
    let asked = visit.params.needed("metric")?;
    let names: Vec<String> = asked.split(',').map(|name| name.trim().to_owned()).collect();
    match names.iter().all(|name| known.contains(&name.as_str())) {
        true => Ok(names),
        false => Err(Problem::invalid("The value must be a valid insights metric")),
    }
}

fn lifetime(id: &str, name: &str) -> Value {
    let value = if name.ends_with("_type") || name.ends_with("_total") { json!({}) } else { json!(0) };
    json!({
        "name": name,
        "period": "lifetime",
        "values": [{"value": value}],
        "title": name.replace('_', " "),
        "id": format!("{id}/insights/{name}/lifetime"),
    })
}

fn of_page(visit: &Visit, id: &str) -> Result<Vec<Value>, Problem> {
    let names = metrics(visit, &OF_PAGE)?;
    let period = visit.params.word("period")?.unwrap_or_else(|| "day".to_owned());
    if !PERIODS.contains(&period.as_str()) {
        return Err(Problem::invalid(format!("Param period must be one of {{{}}}", PERIODS.join(", "))));
    }
    let now = visit.call.now();
    let day = SignedDuration::from_hours(24);
    let until = moment::bound(&visit.params, "until")?.unwrap_or(now);
    let since = moment::bound(&visit.params, "since")?.or_else(|| until.checked_sub(day * 2).ok()).unwrap_or(until);
    let span = until.duration_since(since);
    if span.is_negative() || span > LONGEST {
        return Err(Problem::invalid("There cannot be more than 90 days (7776000 s) between since and until"));
    }
    let days = 1..=span.as_hours() / 24;
    let ends: Vec<String> = days
        .filter_map(|number| since.checked_add(SignedDuration::from_hours(24 * number)).ok())
        .map(moment::written)
        .collect();
    let one = |name: &String| {
        let values: Vec<Value> = ends.iter().map(|end| json!({"value": 0, "end_time": end})).collect();
        json!({
            "name": name,
            "period": period,
            "values": values,
            "title": name.replace('_', " "),
            "id": format!("{id}/insights/{name}/{period}"),
        })
    };
    Ok(names.iter().map(one).collect())
}
