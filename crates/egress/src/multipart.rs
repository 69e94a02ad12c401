//! `multipart/form-data` as browsers write it (WHATWG HTML, "multipart form data").

use std::fmt;

use bytes::Bytes;
use http::HeaderValue;

use crate::error::{ExchangeError, NotSentKind};

/// One field or file of a form.
#[derive(Clone)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// Set for a file.
    pub filename: Option<String>,
    /// The part's own content type.
    pub content_type: Option<String>,
    /// Its content.
    pub bytes: Bytes,
}

impl Part {
    /// A plain field.
    #[must_use]
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), filename: None, content_type: None, bytes: Bytes::from(value.into()) }
    }

    /// A file.
    #[must_use]
    pub fn file(
        name: impl Into<String>,
        filename: impl Into<String>,
        content_type: impl Into<String>,
        bytes: Bytes,
    ) -> Self {
        Self { name: name.into(), filename: Some(filename.into()), content_type: Some(content_type.into()), bytes }
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({}, {} bytes)", self.name, self.bytes.len())
    }
}

pub(crate) fn encode(parts: Vec<Part>) -> Result<(Vec<Bytes>, HeaderValue), ExchangeError> {
    // 128 random bits: nobody can put the boundary into a file on purpose.
    let boundary = format!("fanfare-{:032x}", rand::random::<u128>());
    let mut chunks = Vec::with_capacity(parts.len() * 2 + 1);
    let mut lead = String::new();
    for part in parts {
        lead.push_str(&format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{}\"", escape(&part.name)));
        if let Some(filename) = &part.filename {
            lead.push_str(&format!("; filename=\"{}\"", escape(filename)));
        }
        if let Some(content_type) = &part.content_type {
            lead.push_str(&format!("\r\ncontent-type: {}", plain(content_type)?));
        }
        lead.push_str("\r\n\r\n");
        chunks.push(Bytes::from(std::mem::take(&mut lead)));
        chunks.push(part.bytes);
        lead.push_str("\r\n");
    }
    lead.push_str(&format!("--{boundary}--\r\n"));
    chunks.push(Bytes::from(lead));
    let content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"))
        .map_err(|error| ExchangeError::not_sent(NotSentKind::Request, error.to_string()))?;
    Ok((chunks, content_type))
}

fn escape(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A line break here would let a file's declared type add headers of its own.
fn plain(content_type: &str) -> Result<&str, ExchangeError> {
    if content_type.chars().all(|letter| (' '..='~').contains(&letter)) {
        return Ok(content_type);
    }
    let message = "a part's content type holds characters that no header may hold";
    Err(ExchangeError::not_sent(NotSentKind::Request, message))
}
