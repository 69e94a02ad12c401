//! The only way text gets onto a page.

use std::fmt;

/// Text with everything that HTML could read as markup escaped; good in elements and in quoted attributes.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Overrides of the text direction could make one thing look like another.
                '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {}
                letter => fmt::Write::write_char(f, letter)?,
            }
        }
        Ok(())
    }
}

/// A link target only when it is plainly a web address: `javascript:` and the like stay text.
pub(super) fn safe_link(link: &str) -> Option<&str> {
    let lower = link.get(..8).unwrap_or(link).to_ascii_lowercase();
    (lower.starts_with("https://") || lower.starts_with("http://")).then_some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_stays_text() {
        let text = Escaped("<img src=x onerror='a(\"&\")'>").to_string();
        assert_eq!(text, "&lt;img src=x onerror=&#39;a(&quot;&amp;&quot;)&#39;&gt;");
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert!(safe_link("HTTPS://example.com").is_some());
        for bad in ["javascript:alert(1)", "data:text/html,x", "//example.com", "http:/", " https://example.com"] {
            assert!(safe_link(bad).is_none(), "{bad}");
        }
    }
}
