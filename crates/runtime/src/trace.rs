//! One thread from the HTTP call through the queue to the webhook: W3C Trace Context, level 1.
//!
//! <https://www.w3.org/TR/trace-context-1/#traceparent-header>

use std::{fmt, num::NonZero, str::FromStr};

/// Text that is not a `traceparent`. Whoever receives one starts a new trace instead of failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a W3C traceparent")]
pub struct ParseTraceError;

/// Where in which trace something happens. Displays as a `traceparent` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Trace {
    id: NonZero<u128>,
    span: NonZero<u64>,
    flags: u8,
}

impl Trace {
    /// Begins a trace, marked as sampled: all of ours is logged.
    pub fn generate() -> Self {
        Self { id: rand::random(), span: rand::random(), flags: 1 }
    }

    /// The same trace, one step further.
    pub fn child(&self) -> Self {
        Self { span: rand::random(), ..*self }
    }

    /// Continues a trace that came in, or begins one where it did not or cannot be read.
    pub fn continue_from(traceparent: Option<&str>) -> Self {
        match traceparent.map(str::parse::<Self>) {
            Some(Ok(trace)) => trace.child(),
            _ => Self::generate(),
        }
    }

    /// The trace's id, 32 hex digits: what is searched for in logs.
    pub fn id(&self) -> String {
        format!("{:032x}", self.id)
    }

    /// A span that gives every log line in it the `trace_id`.
    pub fn span(&self) -> tracing::Span {
        tracing::info_span!("trace", trace_id = %self.id())
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.id, self.span, self.flags)
    }
}

impl FromStr for Trace {
    type Err = ParseTraceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let mut part = |length: usize| {
            let part = parts.next().filter(|part| part.len() == length).ok_or(ParseTraceError)?;
            // Upper case is not allowed, and a sign is no digit.
            let is_hex = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            is_hex.then(|| u128::from_str_radix(part, 16).ok()).flatten().ok_or(ParseTraceError)
        };
        let (version, id, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        // Later versions may add parts behind a further dash; version 00 may not, and ff is reserved.
        if version == 0xff || (version == 0 && parts.next().is_some()) {
            return Err(ParseTraceError);
        }
        Ok(Self {
            id: NonZero::new(id).ok_or(ParseTraceError)?,
            span: u64::try_from(span).ok().and_then(NonZero::new).ok_or(ParseTraceError)?,
            // Only the sampled flag is ours to pass on.
            flags: u8::from(flags & 1 == 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_standards_example_survives_the_way_in_and_out() {
        let trace: Trace = EXAMPLE.parse().unwrap();
        assert_eq!(trace.to_string(), EXAMPLE);
        assert_eq!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    }

    #[test]
    fn a_child_keeps_the_trace_and_changes_the_span() {
        let trace: Trace = EXAMPLE.parse().unwrap();
        let child = trace.child();
        assert_eq!(child.id(), trace.id());
        assert_ne!(child, trace);
        assert_eq!(Trace::continue_from(Some(EXAMPLE)).id(), trace.id());
    }

    #[test]
    fn what_is_no_traceparent_begins_a_new_trace() {
        for text in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert_eq!(text.parse::<Trace>(), Err(ParseTraceError), "{text}");
            assert_ne!(Trace::continue_from(Some(text)).id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        }
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more";
        assert_eq!(later.parse::<Trace>().unwrap().to_string(), EXAMPLE);
    }
}
