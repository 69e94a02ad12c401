//! `/v1/social-accounts`

mod connect;
mod live;
mod manage;
