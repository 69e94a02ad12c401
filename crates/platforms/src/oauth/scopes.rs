//! What may be done with a token.

use crate::{ConsentFault, words};

/// Most scopes worth keeping of an answer.
const MAX_SCOPES: usize = 100;

/// Scopes as one text: separated by spaces (RFC 6749 3.3), by some networks with commas.
pub(crate) fn split(text: &str) -> Vec<String> {
    let scopes = text.split([' ', ',']).map(words::clean).filter(|scope| !scope.is_empty());
    scopes.take(MAX_SCOPES).collect()
}

/// What was granted: what the network says, or where it says nothing what was asked (RFC 6749 5.1).
pub(crate) fn granted(said: Option<Vec<String>>, asked: &[String]) -> Vec<String> {
    said.unwrap_or_else(|| asked.to_vec())
}

/// Denies a grant without what is needed, naming what is missing. `covers` says whether a granted scope holds a needed
/// one; each holds itself.
pub(crate) fn require(
    granted: &[String],
    needed: &[&str],
    covers: impl Fn(&str, &str) -> bool,
) -> Result<(), ConsentFault> {
    let holds = |need: &str| granted.iter().any(|scope| scope == need || covers(scope, need));
    let missing: Vec<String> = needed.iter().filter(|need| !holds(need)).map(|need| format!("`{need}`")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(ConsentFault::Denied(format!(
        "the consent leaves out {}, without which nothing can be published",
        missing.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_separated_by_either() {
        assert_eq!(split("a b,c,  d "), ["a", "b", "c", "d"]);
        assert_eq!(split(" , "), [] as [String; 0]);
        assert_eq!(split(&"a ".repeat(200)).len(), MAX_SCOPES);
    }

    #[test]
    fn what_is_missing_is_named() {
        let granted = [String::from("read"), String::from("write:a")];
        let covers = |scope: &str, need: &str| need.strip_prefix(scope).is_some_and(|rest| rest.starts_with(':'));
        assert!(require(&granted, &["read:x", "write:a"], covers).is_ok());
        let Err(ConsentFault::Denied(said)) = require(&granted, &["read", "write:b", "push"], covers) else {
            panic!("not denied")
        };
        assert_eq!(said, "the consent leaves out `write:b`, `push`, without which nothing can be published");
    }

    #[test]
    fn a_network_that_does_not_say_granted_what_was_asked() {
        let asked = [String::from("read")];
        assert_eq!(super::granted(None, &asked), asked);
        assert_eq!(super::granted(Some(Vec::new()), &asked), [] as [String; 0]);
    }
}
