//! The operator's exemptions: `host:port` pairs that neither the address guard nor "HTTPS only" applies to.

use url::Url;

use crate::error::EgressError;

#[derive(Debug)]
pub(crate) struct AllowList {
    pairs: Vec<(String, Option<u16>)>,
}

impl AllowList {
    /// Entries must be written as a parsed URL would print them, since an entry such as `LOCALHOST:80` could never
    /// match and would only look as if it worked.
    pub(crate) fn new(entries: &[String]) -> Result<Self, EgressError> {
        let pairs = entries.iter().map(|entry| pair(entry.trim())).collect::<Result<_, _>>()?;
        Ok(Self { pairs })
    }

    pub(crate) fn exempts(&self, url: &Url) -> bool {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return false;
        };
        self.pairs.iter().any(|(name, number)| name == host && number.is_none_or(|number| number == port))
    }
}

fn pair(entry: &str) -> Result<(String, Option<u16>), EgressError> {
    let fault = |reason: String| EgressError::Allow { entry: entry.to_owned(), reason };
    let Some((host, port)) = entry.rsplit_once(':') else {
        return Err(fault("expected host:port or host:*".to_owned()));
    };
    let port = match port {
        "*" => None,
        digits => match digits.parse::<u16>() {
            Ok(number) if number != 0 => Some(number),
            _ => {
                return Err(fault("the port is neither a number from 1 to 65535 nor *".to_owned()));
            }
        },
    };
    let canonical = Url::parse(&format!("https://{host}/"))
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .ok_or_else(|| fault("the host is not a host name or an address".to_owned()))?;
    if canonical != host {
        return Err(fault(format!("write the host as {canonical}")));
    }
    Ok((canonical, port))
}

/// Whether the host in `text` was written exactly as `url`, its parsed form, prints it.
///
/// Pairs are compared as written: `http://0x7f.1/` is not exempt because `127.0.0.1` is.
pub(crate) fn written_plainly(text: &str, url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let Some((_, rest)) = text.trim().split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let Some(tail) = authority.strip_prefix(host) else {
        return false;
    };
    tail.is_empty() || tail.starts_with(':')
}
