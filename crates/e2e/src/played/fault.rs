//! What goes wrong on the wire.

/// What a request asks of a played network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Making a container, which nobody sees.
    Create,
    /// The call that makes something public.
    Publish,
    /// Asking what became of a container.
    Status,
}

/// What becomes of one request. By all but the first five nothing becomes public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Done, and the connection is closed without an answer.
    DropReply,
    /// Done, and answered 500.
    ErrorAfter,
    /// Done, and answered 200 with what nobody can read.
    GarbageAfter,
    /// Done, and never answered.
    HangAfter,
    /// Done, and then the server is gone, until [`super::Stage::rise`].
    DieAfter,
    /// Answered 500.
    ErrorBefore,
    /// The connection is closed without an answer.
    Drop,
    /// Never answered.
    Hang,
    /// The server is gone, until [`super::Stage::rise`].
    DieBefore,
    /// Answered 500, and the container can never be published.
    Spoil,
    /// Taken as it should be, and found to be no good while it is worked on.
    SpoilLater,
}

impl Fault {
    /// What leaves the server standing, on the call that makes something public.
    pub const LIVED_THROUGH: [Self; 7] = [
        Self::DropReply,
        Self::ErrorAfter,
        Self::GarbageAfter,
        Self::HangAfter,
        Self::ErrorBefore,
        Self::Drop,
        Self::Hang,
    ];

    /// Whether the request is done all the same.
    pub fn is_done(self) -> bool {
        matches!(self, Self::DropReply | Self::ErrorAfter | Self::GarbageAfter | Self::HangAfter | Self::DieAfter)
    }
}
