//! From a network's name to its implementation.

use domain::platform::Platform;

use crate::{Network, bluesky::Bluesky, facebook::Facebook, instagram::Instagram, mastodon::Mastodon, x::X};

/// The network behind a name. The match is exhaustive: a new variant of [`Platform`] does not compile without one.
pub fn network(platform: Platform) -> &'static dyn Network {
    match platform {
        Platform::X => &X,
        Platform::Facebook => &Facebook,
        Platform::Instagram => &Instagram,
        Platform::Bluesky => &Bluesky,
        Platform::Mastodon => &Mastodon,
    }
}
