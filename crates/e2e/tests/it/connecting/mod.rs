//! Connecting on networks' consent pages, with a person's browser.

use domain::platform::Platform;

mod mistakes;
mod ownership;
mod states;
mod way;

/// Networks that are connected so, as far as the box has their pages.
const NETWORKS: [Platform; 4] = [Platform::X, Platform::Facebook, Platform::Bluesky, Platform::Mastodon];
