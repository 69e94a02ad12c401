//! Ids in paths. What is no id of the right kind is not found, like one that nobody has.

use std::{
    future::{Ready, ready},
    str::FromStr,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::problem::Problem;

/// The one id of a path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id<T>(pub T);

/// The two ids of a path: of a thing, and of a thing in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ids<A, B>(pub A, pub B);

impl<T: FromStr> FromRequest for Id<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(nth(request, 0).map(Self))
    }
}

impl<A: FromStr, B: FromStr> FromRequest for Ids<A, B> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(nth(request, 0).and_then(|first| Ok(Self(first, nth(request, 1)?))))
    }
}

fn nth<T: FromStr>(request: &HttpRequest, at: usize) -> Result<T, Problem> {
    request.match_info().iter().nth(at).and_then(|(_, part)| part.parse().ok()).ok_or(Problem::NotFound)
}
