//! `GET /{page}/published_posts`, `/posts` and `/feed`: newest first (section 2.13).

use actix_web::HttpResponse;
use actix_web::web::Payload;

use super::super::visit::Visit;
use super::super::{Facebook, view};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::{Fields, Problem, moment, paging};
use crate::lock::locked;

pub(in super::super) async fn list(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let page = visit.page(&["pages_read_engagement"])?;
    visit.before(Operation::Probe, None).await?;
    visit.params.only(&[["since", "until"].as_slice(), &paging::PARAMS].concat())?;
    let (since, until) = (moment::bound(&visit.params, "since")?, moment::bound(&visit.params, "until")?);
    let fields = Fields::of(&visit.params, view::POST)?;
    let state = locked(&visit.call.state);
    let within = state
        .published(page)
        .filter(|post| since.is_none_or(|since| post.at >= since) && until.is_none_or(|until| post.at <= until));
    let items = within.map(|post| {
        let picked = fields.pick(&view::post(post, &state, &visit.call.core), "Post")?;
        Ok((post.full_id(), picked))
    });
    let items = items.collect::<Result<_, Problem>>()?;
    Ok(HttpResponse::Ok().json(paging::page(items, &visit.params, &visit.here())?))
}
