//! Every call of every network against a server that says what a test told it to.

mod bed;
mod bluesky;
mod check;
mod facebook;
mod hostile;
mod instagram;
mod lost;
mod mastodon;
mod numbers;
mod options;
mod origins;
mod readings;
mod x;
