//! What follows a domain: port, path and query.

/// Length of port, path and query.
pub(super) fn length(text: &str) -> usize {
    let port = port(text);
    let path = path(&text[port..]).unwrap_or(0);
    let query = query(&text[port + path..]).unwrap_or(0);
    port + path + query
}

/// Whether there is a path: a bare domain takes port and query only with one.
pub(super) fn has_path(text: &str) -> bool {
    text[port(text)..].starts_with('/')
}

/// The path of X's own short links, which ends where the letters and digits do.
pub(super) fn short_link(text: &str) -> Option<usize> {
    let slug = text.strip_prefix('/')?;
    let length = slug.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(slug.len());
    (length > 0).then(|| 1 + length + query(&slug[length..]).unwrap_or(0))
}

fn port(text: &str) -> usize {
    let Some(digits) = text.strip_prefix(':') else { return 0 };
    match digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len()) {
        0 => 0,
        length => length + 1,
    }
}

fn path(text: &str) -> Option<usize> {
    if !text.starts_with('/') {
        return None;
    }
    let mut end = 1;
    let mut at = 1;
    while let Some(letter) = text[at..].chars().next() {
        if let Some(length) = balanced(&text[at..]) {
            at += length;
            end = at;
        } else if is_path_char(letter) {
            at += letter.len_utf8();
            if is_letter(letter) || "=_#/+-".contains(letter) {
                end = at;
            }
        } else {
            break;
        }
    }
    Some(end)
}

/// Parentheses that close again, at most one pair within another: `(film)`, `(film_(1999))`.
fn balanced(text: &str) -> Option<usize> {
    let run = |text: &str| text.find(|letter| !is_path_char(letter)).unwrap_or(text.len());
    let mut at = text.strip_prefix('(').map(|_| 1)?;
    at += run(&text[at..]);
    if text[at..].starts_with('(') {
        let inner = run(&text[at + 1..]);
        at += 1 + inner;
        if inner == 0 || !text[at..].starts_with(')') {
            return None;
        }
        at += 1;
        at += run(&text[at..]);
    }
    (at > 1 && text[at..].starts_with(')')).then_some(at + 1)
}

fn query(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('?')?;
    let mut end = 0;
    for (at, letter) in rest.char_indices() {
        if letter.is_ascii_alphanumeric() || "-_&=#/".contains(letter) {
            end = at + 1;
        } else if !"!?*'@();:+$%[].,~|".contains(letter) {
            break;
        }
    }
    (end > 0).then_some(end + 1)
}

fn is_path_char(letter: char) -> bool {
    is_letter(letter) || "!*';:=+,.$/%#[]-\u{2013}_~@|&".contains(letter)
}

fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '\u{0400}'..='\u{04FF}') || is_latin_accent(letter)
}

pub(super) fn is_latin_accent(letter: char) -> bool {
    matches!(
        letter,
        '\u{00C0}'..='\u{00D6}' | '\u{00D8}'..='\u{00F6}' | '\u{00F8}'..='\u{024F}' | '\u{0253}' | '\u{0254}'
            | '\u{0256}' | '\u{0257}' | '\u{0259}' | '\u{025B}' | '\u{0263}' | '\u{0268}' | '\u{026F}' | '\u{0272}'
            | '\u{0289}' | '\u{028B}' | '\u{02BB}' | '\u{0300}'..='\u{036F}' | '\u{1E00}'..='\u{1EFF}'
    )
}
