//! What the networks' OAuth has in common: apps, the page on which a person consents, and the codes that come of it.
//! Nothing here knows a network: each checks a request by its own rules and words its own refusals.
//!
//! The page is one form without a script. Its action is the page's own address without the query; hidden inputs carry
//! what the request said (its `scope` under `asked_scope`); the answer is `account` (a radio button), `scope` and
//! `page` (checkboxes, all checked), and the button `decision`, `allow` or `deny`.

mod app;
mod asked;
mod back;
mod code;
mod page;
mod pkce;

pub(crate) use app::{App, Apps, ClientIds, ReadyMade, Redirects, opaque};
pub(crate) use asked::{Asked, Decision};
pub(crate) use back::send_back;
pub(crate) use code::{CodeProblem, Codes, Consent, Exchange, Issued};
pub(crate) use page::{Choice, Page, refusal, show_code};
pub(crate) use pkce::is_challenge;
