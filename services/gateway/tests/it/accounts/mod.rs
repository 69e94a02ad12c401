//! `/v1/social-accounts`

mod attempt;
mod connect;
mod found;
mod live;
mod manage;
mod transfer;
