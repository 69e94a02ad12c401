//! A person's browser, without scripts: it follows redirects one by one and fills forms in.

use std::{collections::BTreeMap, time::Duration};

use egress::{Body, Deadline, Door, EgressSettings, HeaderMap, Limits, Method, Request};
use url::Url;

use crate::house::allowed;

/// Where callers want their browsers back. Nobody listens there.
pub const HOME: &str = "http://127.0.0.1:9/home?kept=1";

const PATIENCE: Duration = Duration::from_secs(60);
const LONGEST_PAGE: usize = 4 << 20;
/// More redirects than that lead nowhere.
const HOPS: usize = 10;

/// A browser.
pub struct Browser {
    door: Door,
}

/// Where a way through redirects ends.
#[derive(Debug)]
pub enum Stop {
    /// At a page.
    Page(Screen),
    /// At the caller's, with what was brought along.
    Home(BTreeMap<String, String>),
}

/// A page as it is shown.
#[derive(Debug)]
pub struct Screen {
    /// Its address.
    pub url: Url,
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// HTML.
    pub html: String,
}

/// What a person does with a form.
#[derive(Debug, Clone, Default)]
pub struct Answer<'a> {
    /// Whom to sign in as; the one that is offered first without it.
    pub account: Option<&'a str>,
    /// What not to allow.
    pub without: &'a [&'a str],
    /// Which pages to choose; as it was without it.
    pub pages: Option<&'a [&'a str]>,
    /// The button.
    pub decision: &'a str,
}

impl<'a> Answer<'a> {
    /// Yes, as this account.
    pub fn allow(account: &'a str) -> Self {
        Self { account: Some(account), decision: "allow", ..Self::default() }
    }

    /// No.
    pub fn deny() -> Self {
        Self { decision: "deny", ..Self::default() }
    }
}

impl Default for Browser {
    fn default() -> Self {
        let settings = EgressSettings { allow: allowed(), ..EgressSettings::default() };
        Self { door: Door::new(&settings).expect("a door") }
    }
}

impl Browser {
    /// Goes to an address.
    ///
    /// # Panics
    /// When nobody answers there.
    pub async fn open(&self, url: &str) -> Stop {
        let url = url.parse().unwrap_or_else(|_| panic!("no address: {url}"));
        self.follow(Request::new(Method::GET, Url::clone(&url)), url).await
    }

    /// Fills in the form of a page and sends it.
    ///
    /// # Panics
    /// When the page has none, or nobody answers.
    pub async fn send(&self, screen: &Screen, answer: &Answer<'_>) -> Stop {
        let form = Form::read(screen);
        let body = Body::Form(form.filled(answer));
        self.follow(Request::new(Method::POST, form.action.clone()).body(body), form.action).await
    }

    /// Sends the form and goes nowhere: where it would be sent.
    ///
    /// # Panics
    /// When it would not be.
    pub async fn send_and_stop(&self, screen: &Screen, answer: &Answer<'_>) -> Url {
        let form = Form::read(screen);
        let request = Request::new(Method::POST, form.action.clone()).body(Body::Form(form.filled(answer)));
        let answer = self.door.exchange(request, limits()).await.expect("an answer");
        let location = answer.headers.get("location").and_then(|value| value.to_str().ok()).expect("a location");
        form.action.join(location).expect("an address")
    }

    /// The whole way over a consent page: to the caller's, or to whatever page it ends at.
    ///
    /// # Panics
    /// When there is no consent page.
    pub async fn consent(&self, auth_url: &str, answer: &Answer<'_>) -> Stop {
        match self.open(auth_url).await {
            Stop::Page(screen) if screen.status == 200 => self.send(&screen, answer).await,
            other => panic!("no consent page: {other:#?}"),
        }
    }

    async fn follow(&self, mut request: Request, mut at: Url) -> Stop {
        for _ in 0..HOPS {
            let answer = self.door.exchange(request, limits()).await.unwrap_or_else(|error| panic!("{at}: {error}"));
            if !answer.status.is_redirection() {
                let html = String::from_utf8_lossy(&answer.body).into_owned();
                return Stop::Page(Screen { url: at, status: answer.status.as_u16(), headers: answer.headers, html });
            }
            let location = answer.headers.get("location").and_then(|value| value.to_str().ok()).expect("a location");
            at = at.join(location).expect("an address");
            if at.as_str().starts_with(HOME) {
                return Stop::Home(at.query_pairs().into_owned().collect());
            }
            request = Request::new(Method::GET, at.clone());
        }
        panic!("redirects lead nowhere: {at}");
    }
}

fn limits() -> Limits {
    Limits::new(Deadline::after(PATIENCE), LONGEST_PAGE)
}

impl Stop {
    /// What was brought home.
    ///
    /// # Panics
    /// When it ended elsewhere.
    #[track_caller]
    pub fn home(self) -> BTreeMap<String, String> {
        match self {
            Self::Home(brought) => brought,
            Self::Page(screen) => panic!("not home: {screen:#?}"),
        }
    }

    /// The name of what waits to be finalized.
    ///
    /// # Panics
    /// When something else was brought home.
    #[track_caller]
    pub fn session(self) -> String {
        let brought = self.home();
        assert_eq!(brought.get("status").map(String::as_str), Some("pending"), "{brought:?}");
        brought["session"].clone()
    }

    /// Why nothing was connected.
    ///
    /// # Panics
    /// When something else was brought home.
    #[track_caller]
    pub fn failed(self) -> String {
        let brought = self.home();
        assert_eq!(brought.get("status").map(String::as_str), Some("error"), "{brought:?}");
        assert!(!brought["message"].is_empty(), "{brought:?}");
        brought["code"].clone()
    }

    /// The page.
    ///
    /// # Panics
    /// When it ended at the caller's.
    #[track_caller]
    pub fn page(self) -> Screen {
        match self {
            Self::Page(screen) => screen,
            Self::Home(brought) => panic!("no page: {brought:?}"),
        }
    }
}

/// The one form of a page.
struct Form {
    action: Url,
    inputs: Vec<Input>,
}

struct Input {
    kind: String,
    name: String,
    value: String,
    is_checked: bool,
}

impl Form {
    fn read(screen: &Screen) -> Self {
        let html = &screen.html;
        assert!(html.contains("<form") && !html.contains("<script"), "{screen:#?}");
        let tag = tags(html, "form").next().expect("a form");
        let action = attribute(tag, "action").unwrap_or_default();
        let input = |tag: &str| Input {
            kind: attribute(tag, "type").unwrap_or_default(),
            name: attribute(tag, "name").unwrap_or_default(),
            value: attribute(tag, "value").unwrap_or_default(),
            is_checked: tag.ends_with(" checked"),
        };
        Self {
            // Where a form says nothing, to the page's own address.
            action: screen.url.join(&action).expect("an address"),
            inputs: tags(html, "input").map(input).collect(),
        }
    }

    fn filled(&self, answer: &Answer<'_>) -> Vec<(String, String)> {
        let is_sent = |input: &&Input| match (input.kind.as_str(), input.name.as_str()) {
            ("hidden", _) => true,
            ("radio", _) => answer.account.map_or(input.is_checked, |account| input.value == account),
            (_, "page") => answer.pages.map_or(input.is_checked, |pages| pages.contains(&input.value.as_str())),
            _ => input.is_checked && !answer.without.contains(&input.value.as_str()),
        };
        let sent = self.inputs.iter().filter(is_sent).map(|input| (input.name.clone(), input.value.clone()));
        sent.chain([("decision".to_owned(), answer.decision.to_owned())]).collect()
    }
}

/// What stands in the tags of a kind.
fn tags<'h>(html: &'h str, kind: &str) -> impl Iterator<Item = &'h str> {
    let start = format!("<{kind} ");
    let found: Vec<&str> = html.split(start.as_str()).skip(1).filter_map(|rest| rest.split('>').next()).collect();
    found.into_iter()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let text = rest.split('"').next()?;
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    Some(plain.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain)))
}
