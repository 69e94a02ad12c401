//! `/v1/posts`

mod bad_input;
mod batch;
mod change;
mod create;
mod list;
mod owner;
mod validate;

use domain::{ids::AccountId, platform::Platform};
use jiff::SignedDuration;
use runtime::clock::{Clock as _, SystemClock};

use crate::house::{Client, House};

/// A gateway, a key of a new project, and an account on X, Bluesky and Mastodon each.
async fn three() -> (House, Client, [AccountId; 3]) {
    let house = House::start().await;
    let client = house.client().await;
    let mut accounts = Vec::new();
    for platform in [Platform::X, Platform::Bluesky, Platform::Mastodon] {
        accounts.push(house.account(&client, platform, None).await);
    }
    (house, client, accounts.try_into().unwrap())
}

/// In an hour, as callers write it.
fn later() -> String {
    (SystemClock.now() + SignedDuration::from_hours(1)).to_string()
}
