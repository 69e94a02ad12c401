//! Counts of a post and of a profile: nobody looks here, so all are 0 but the replies (section 4.15).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Threads;
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::{Problem, Visit, moment};
use crate::lock::locked;

const OF_POST: [&str; 6] = ["views", "likes", "replies", "reposts", "quotes", "shares"];
const OF_PROFILE: [&str; 8] =
    ["views", "likes", "replies", "reposts", "quotes", "clicks", "followers_count", "follower_demographics"];
/// There are no numbers from before, in seconds since 1970.
const EARLIEST: i64 = 1_712_991_600;

fn metrics(visit: &Visit<Threads>, known: &[&str]) -> Result<Vec<String>, Problem> {
    let asked = visit.params.needed("metric")?;
    let names: Vec<String> = asked.split(',').map(|name| name.trim().to_owned()).collect();
    match names.iter().all(|name| known.contains(&name.as_str())) {
        true => Ok(names),
        false => Err(Problem::invalid(format!("metric must be one of the following values: {}", known.join(", ")))),
    }
}

fn title(name: &str) -> String {
    let mut letters = name.replace('_', " ");
    if let Some(first) = letters.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    letters
}

/// `GET /{post}/insights`.
pub(super) async fn of_post(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Probe, None).await?;
    visit.needs("threads_manage_insights")?;
    visit.params.only(&["metric"])?;
    let names = metrics(&visit, &OF_POST)?;
    let state = locked(&visit.call.state);
    let post = visit.id().parse().ok().and_then(|id: u64| state.posts.get(&id));
    let post = post.filter(|post| post.user == visit.grant.user).ok_or_else(|| visit.missing())?;
    let value = |name: &str| match name {
        "replies" => state.replies(post.id).count(),
        "quotes" => state.posts.values().filter(|other| other.quoted == Some(post.id)).count(),
        _ => 0,
    };
    let one = |name: &String| {
        json!({
            "name": name,
            "period": "lifetime",
            "values": [{"value": value(name)}],
            "title": title(name),
            "description": "",
            "id": format!("{}/insights/{name}/lifetime", post.id),
        })
    };
    Ok(HttpResponse::Ok().json(json!({"data": names.iter().map(one).collect::<Vec<_>>()})))
}

/// `GET /{user}/threads_insights`: `views` by day, everything else in total.
pub(super) async fn of_profile(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let user = visit.own()?;
    visit.before(Operation::Probe, None).await?;
    visit.needs("threads_manage_insights")?;
    visit.params.only(&["metric", "since", "until", "breakdown"])?;
    let names = metrics(&visit, &OF_PROFILE)?;
    let until = moment::bound(&visit.params, "until")?.unwrap_or_else(|| visit.call.now());
    let day = SignedDuration::from_hours(24);
    let since = moment::bound(&visit.params, "since")?.or_else(|| until.checked_sub(day).ok()).unwrap_or(until);
    if since.as_second() < EARLIEST || until < since {
        return Err(Problem::invalid(format!("Param since must be at least {EARLIEST} and before until")).into());
    }
    let one = |name: &String| {
        let mut metric = json!({
            "name": name,
            "period": "day",
            "title": title(name),
            "description": "",
            "id": format!("{user}/insights/{name}/day"),
        });
        match name.as_str() {
            "views" => metric["values"] = days(since, until),
            _ => metric["total_value"] = json!({"value": 0}),
        }
        metric
    };
    Ok(HttpResponse::Ok().json(json!({"data": names.iter().map(one).collect::<Vec<_>>()})))
}

fn days(since: Timestamp, until: Timestamp) -> Value {
    let count = until.duration_since(since).as_hours() / 24;
    // A client that asks for more is answered with the newest.
    let numbers = (count - 730).max(0)..count;
    let ends = numbers.filter_map(|number| since.checked_add(SignedDuration::from_hours(24 * (number + 1))).ok());
    ends.map(|end| json!({"value": 0, "end_time": moment::written(end)})).collect()
}
