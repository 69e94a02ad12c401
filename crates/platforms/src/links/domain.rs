//! Domains: labels, dots and a known top-level domain.

use std::ops::Range;

/// Longest domain looked at, in bytes. DNS allows 253; letters beyond ASCII take about as many here as on the wire.
const MAX_DOMAIN: usize = 253;

/// Most labels looked at; no domain in use has a third of it.
const MAX_LABELS: usize = 32;
/// Longest top-level domain in other letters than ASCII, in characters.
const MAX_UNICODE_TOP_LEVEL: usize = 24;

/// Whether `label` is a top-level domain, by the Public Suffix List.
pub(crate) fn is_top_level_domain(label: &str) -> bool {
    let name = format!("x.{}", label.to_lowercase());
    psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

/// Where no domain was found.
pub(super) struct NoDomain {
    /// None begins before this either; without it the search would not be linear.
    pub(super) until: usize,
}

/// Length of the domain that `text` begins with: the longest run of labels that ends in a top-level domain.
pub(super) fn end(text: &str) -> Result<usize, NoDomain> {
    let mut after_dots = Vec::new();
    let mut at = 0;
    let stopped_at = loop {
        let word = at + text[at..].find(|letter| !is_word_char(letter)).unwrap_or(text.len() - at);
        let label = &text[at..word];
        if !is_label(label) || !text[word..].starts_with('.') || word > MAX_DOMAIN || after_dots.len() == MAX_LABELS {
            break word;
        }
        at = word + 1;
        after_dots.push((at, label.contains('_')));
    };
    let mut with_underscore = false;
    for (at, underscore) in after_dots.into_iter().rev() {
        match top_level(&text[at..]) {
            // The label in front of the top-level domain takes no underscore, those before it do.
            Some(_) if underscore => with_underscore = true,
            Some(length) => return Ok(at + length),
            None => {}
        }
    }
    let first = text.chars().next().map_or(0, char::len_utf8);
    Err(NoDomain { until: if with_underscore { first } else { stopped_at.max(first) } })
}

/// The domains of ASCII and accented Latin letters within a domain: `日本example.com` links `example.com` only.
pub(super) fn ascii(domain: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < domain.len() {
            let start = at + domain[at..].find(is_plain)?;
            let mut dots = Vec::new();
            let mut label = start;
            loop {
                let length = domain[label..].find(|letter| !is_plain(letter)).unwrap_or(domain.len() - label);
                let dot = label + length;
                if length == 0 || !domain[dot..].starts_with('.') {
                    at = dot;
                    break;
                }
                label = dot + 1;
                dots.push(label);
            }
            let end = dots.iter().rev().find_map(|dot| top_level(&domain[*dot..]).map(|length| dot + length));
            if let Some(end) = end {
                at = end;
                return Some(start..end);
            }
        }
        None
    })
}

/// Domain characters with `-` and `_` inside.
fn is_label(word: &str) -> bool {
    let inner = |letter: char| letter == '-' || letter == '_';
    !word.is_empty() && !word.starts_with(inner) && !word.ends_with(inner)
}

fn is_word_char(letter: char) -> bool {
    is_domain_char(letter) || letter == '-' || letter == '_'
}

/// Length of the top-level domain that `text` begins with.
fn top_level(text: &str) -> Option<usize> {
    let punycode = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"));
    if punycode {
        let rest = text[4..].find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        let length = rest.map_or(text.len(), |rest| rest + 4);
        return (length > 4).then_some(length);
    }
    if text.starts_with(|letter: char| letter.is_ascii_alphanumeric()) {
        let length = text.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(text.len());
        let closed = !text[length..].starts_with(['@', '+', '-']);
        return (closed && length <= 63 && is_top_level_domain(&text[..length])).then_some(length);
    }
    // Languages that write without blanks let a domain run into the text behind it: the longest one counts.
    let mut ends: Vec<usize> = text
        .char_indices()
        .take(MAX_UNICODE_TOP_LEVEL)
        .take_while(|(_, letter)| letter.is_alphabetic() || is_mark(*letter))
        .map(|(at, letter)| at + letter.len_utf8())
        .collect();
    while let Some(end) = ends.pop() {
        if !text[end..].starts_with(|letter: char| letter.is_ascii_alphanumeric() || "@+-".contains(letter))
            && is_top_level_domain(&text[..end])
        {
            return Some(end);
        }
    }
    None
}

/// Vowel signs, which some top-level domains of India hold.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{0900}'..='\u{0DFF}')
}

/// Anything but punctuation of ASCII, white space, control characters and marks of direction.
fn is_domain_char(letter: char) -> bool {
    let marks = matches!(letter, '\u{180E}' | '\u{202A}'..='\u{202E}' | '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2066}'..='\u{2069}');
    let invalid = matches!(letter, '\u{FFFE}' | '\u{FEFF}' | '\u{FFFF}');
    let punctuation = letter.is_ascii_punctuation() && letter != '"' && letter != '`';
    !(punctuation || letter.is_whitespace() || letter.is_control() || marks || invalid)
}

fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-' || super::tail::is_latin_accent(letter)
}
