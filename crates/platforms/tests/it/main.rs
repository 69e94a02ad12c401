//! Every call of every network against a server that says what a test told it to.

mod bed;
mod bluesky;
mod check;
mod hostile;
mod instagram;
mod linkedin;
mod lost;
mod mastodon;
mod options;
mod origins;
mod readings;
mod threads;
mod x;
