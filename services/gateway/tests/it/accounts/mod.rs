//! `/v1/social-accounts`

mod attempt;
mod connect;
mod found;
mod manage;
mod transfer;
