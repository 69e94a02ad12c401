//! What a request for consent says, and what the person answers.

use std::collections::HashMap;

use actix_web::HttpRequest;
use url::form_urlencoded;

/// The hidden input in which the page keeps the request's `scope`, whose own name the checkboxes have.
pub(super) const ASKED_SCOPE: &str = "asked_scope";

/// The parameters of a request, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    fields: Vec<(String, String)>,
}

impl Asked {
    /// From the address of the page.
    pub(crate) fn query(request: &HttpRequest) -> Self {
        Self { fields: form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect() }
    }

    /// A parameter; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(each, _)| each == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A parameter that is there twice, which OAuth forbids.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let mut seen = HashMap::new();
        self.fields.iter().map(|(name, _)| name.as_str()).find(|name| seen.insert(*name, ()).is_some())
    }

    /// A parameter that is none of these.
    pub(crate) fn other_than(&self, known: &[&str]) -> Option<&str> {
        self.fields.iter().map(|(name, _)| name.as_str()).find(|name| !known.contains(name))
    }

    pub(super) fn fields(&self) -> &[(String, String)] {
        &self.fields
    }
}

/// The form of the page, sent in.
#[derive(Debug)]
pub(crate) struct Decision {
    /// What was asked, to be checked again: the form came from outside.
    pub(crate) asked: Asked,
    pub(crate) account: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) pages: Vec<String>,
    pub(crate) is_allowed: bool,
}

impl Decision {
    /// Reads a form body. `None` when neither button was pressed.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let (mut fields, mut account, mut scopes, mut pages, mut decision) = (Vec::new(), None, vec![], vec![], None);
        for (name, value) in form_urlencoded::parse(body).into_owned() {
            match name.as_str() {
                "account" => account = Some(value),
                "scope" => scopes.push(value),
                "page" => pages.push(value),
                "decision" => decision = Some(value),
                ASKED_SCOPE => fields.push(("scope".to_owned(), value)),
                _ => fields.push((name, value)),
            }
        }
        let is_allowed = match decision?.as_str() {
            "allow" => true,
            "deny" => false,
            _ => return None,
        };
        Some(Self { asked: Asked { fields }, account, scopes, pages, is_allowed })
    }

    /// The scopes that were asked for and left checked, in the order in which they were asked for.
    pub(crate) fn granted(&self, asked: &[String]) -> Vec<String> {
        asked.iter().filter(|scope| self.scopes.contains(scope)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_from_what_was_asked() {
        let body = b"client_id=a&asked_scope=r+w&state=s&account=1&scope=r&scope=w&page=7&decision=allow";
        let decision = Decision::read(body).expect("an answer");
        assert_eq!(decision.asked.get("scope"), Some("r w"));
        assert_eq!((decision.asked.get("state"), decision.account.as_deref()), (Some("s"), Some("1")));
        assert_eq!((decision.scopes, decision.pages), (vec!["r".to_owned(), "w".to_owned()], vec!["7".to_owned()]));
        assert!(decision.is_allowed);
        assert!(Decision::read(b"client_id=a&decision=perhaps").is_none());
        assert!(Decision::read(b"client_id=a").is_none());
        assert!(!Decision::read(b"decision=deny").expect("an answer").is_allowed);
    }

    #[test]
    fn a_parameter_given_twice_is_noticed() {
        let asked = Asked { fields: vec![("a".to_owned(), "1".to_owned()), ("a".to_owned(), "1".to_owned())] };
        assert_eq!(asked.repeated(), Some("a"));
        assert_eq!(asked.other_than(&["a"]), None);
        assert_eq!(asked.other_than(&["b"]), Some("a"));
    }
}
