//! `GET` and `POST /connect/{session}`: the hosted chooser. It records which pages a person wants and connects nothing:
//! that takes the caller's key.

use std::fmt::Write as _;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Bytes, Data, Path},
};
use platforms::network as client;
use store::{
    StoreError,
    sessions::{self, Chosen, Page, Pending, Sought},
};
use url::Url;

use super::{
    form,
    page::{self, Escaped},
};
use crate::{
    consent::{
        back::{Code, Ended},
        is_name, way_back,
    },
    server::Worker,
};

/// The word of the button that gives up.
const CANCEL: &str = "cancel";

pub(super) async fn show(worker: Data<Worker>, name: Path<String>) -> HttpResponse {
    match find(&worker, &name).await {
        Ok(pending) => form_of(StatusCode::OK, &pending, None),
        Err(instead) => instead,
    }
}

pub(super) async fn choose(worker: Data<Worker>, name: Path<String>, body: Bytes) -> HttpResponse {
    let pending = match find(&worker, &name).await {
        Ok(pending) => pending,
        Err(instead) => return instead,
    };
    let back = way_back(&pending.session);
    if form::values(&body, "decision").iter().any(|word| word == CANCEL) {
        // What was found waits on: whoever sent the browser may send it again.
        let ended = Ended::new(Code::AccessDenied, "Nothing was chosen");
        return back.ended(&ended).map_or_else(nowhere, |url| page::redirect(&url));
    }
    let ids = form::values(&body, "page");
    if ids.is_empty() {
        return form_of(StatusCode::UNPROCESSABLE_ENTITY, &pending, Some("Choose at least one, or cancel."));
    }
    match sessions::choose(&worker.database, &sessions::hash(&name), &ids).await {
        Ok(Chosen::Done(_)) => back.pending(&name).map_or_else(nowhere, |url| page::redirect(&url)),
        Ok(Chosen::NotOffered(_)) => {
            form_of(StatusCode::UNPROCESSABLE_ENTITY, &pending, Some("That is not among what can be connected."))
        }
        Ok(Chosen::Over | Chosen::Unknown) => over(&worker, &name).await,
        Err(error) => broken(&error),
    }
}

/// The attempt, or what is answered instead.
async fn find(worker: &Worker, name: &str) -> Result<Pending, HttpResponse> {
    if !is_name(name) {
        return Err(unknown());
    }
    match sessions::pending(&worker.database, None, &sessions::hash(name)).await {
        Ok(Sought::Here(pending)) => Ok(pending),
        Ok(Sought::Over) => Err(over(worker, name).await),
        Ok(Sought::Unknown) => Err(unknown()),
        Err(error) => Err(broken(&error)),
    }
}

/// The browser of an attempt that is over goes back too.
async fn over(worker: &Worker, name: &str) -> HttpResponse {
    match sessions::find(&worker.database, &sessions::hash(name)).await {
        Ok(Some(session)) => {
            let ended = Ended::new(Code::Expired, "It took too long, or was finished before");
            way_back(&session).ended(&ended).map_or_else(nowhere, |url| page::redirect(&url))
        }
        Ok(None) => unknown(),
        Err(error) => broken(&error),
    }
}

fn unknown() -> HttpResponse {
    page::lost(StatusCode::NOT_FOUND, "This link does not work", "Nothing waits here to be chosen from any more.")
}

fn broken(error: &StoreError) -> HttpResponse {
    tracing::error!(%error, "the chooser's page could not be made");
    page::lost(StatusCode::SERVICE_UNAVAILABLE, "This did not work", "There is a problem on our side.")
}

fn nowhere() -> HttpResponse {
    page::lost(StatusCode::OK, "That is all", "There is no address to go back to.")
}

fn form_of(status: StatusCode, pending: &Pending, problem: Option<&str>) -> HttpResponse {
    let title = format!("What do you want to connect on {}?", client(pending.session.platform).spec().name);
    let mut body = String::new();
    if let Some(problem) = problem {
        let _ = writeln!(body, "<p class=\"problem\" role=\"alert\">{}</p>", Escaped(problem));
    }
    body.push_str("<form method=\"post\">\n<fieldset>\n<legend>Only what you choose is connected.</legend>\n");
    for offered in &pending.pages {
        let is_checked = match &pending.chosen {
            Some(chosen) => chosen.contains(&offered.id),
            None => pending.pages.len() == 1,
        };
        option_of(&mut body, offered, is_checked);
    }
    body.push_str(
        "</fieldset>\n<button name=\"decision\" value=\"choose\">Continue</button>\n\
         <button name=\"decision\" value=\"cancel\">Cancel</button>\n</form>\n",
    );
    let to: Option<Url> = pending.session.redirect_uri.parse().ok();
    page::page(status, &title, &body, to.as_ref())
}

/// Writing to a String cannot fail.
fn option_of(body: &mut String, offered: &Page, is_checked: bool) {
    let checked = if is_checked { " checked" } else { "" };
    let _ = write!(body, "<label><input type=\"checkbox\" name=\"page\" value=\"{}\"{checked}>", Escaped(&offered.id));
    if let Some(picture) = offered.profile_image_url.as_deref().filter(|url| url.starts_with("https://")) {
        let _ =
            write!(body, "<img src=\"{}\" alt=\"\" loading=\"lazy\" referrerpolicy=\"no-referrer\">", Escaped(picture));
    }
    let _ = write!(body, "<span>{}", Escaped(&offered.name));
    let handle = offered.username.as_str();
    let _ = match handle.is_empty() || handle == offered.name {
        true => write!(body, "<small>{}</small>", Escaped(&offered.r#type)),
        false => write!(body, "<small>@{} · {}</small>", Escaped(handle), Escaped(&offered.r#type)),
    };
    body.push_str("</span></label>\n");
}
