//! `/v1/social-accounts`

mod connect;
mod manage;
