//! Connecting on networks' consent pages, with a person's browser.

use domain::platform::Platform;

mod mistakes;
mod ownership;
mod states;
mod way;

/// Networks that are connected so. Instagram, which takes no post without a file, has a test of its own.
const NETWORKS: [Platform; 6] =
    [Platform::X, Platform::Facebook, Platform::Threads, Platform::Linkedin, Platform::Bluesky, Platform::Mastodon];
