//! Lists in pages: `start` and `count` in, `elements` and `paging` out.

use serde_json::{Value, json};

use super::error;
use super::query::Query;
use crate::answer::Refusal;

const USUAL: usize = 10;
const MOST: usize = 100;

/// Which part of a list is wanted.
pub(super) struct Paging {
    start: usize,
    count: usize,
}

impl Paging {
    pub(super) fn read(query: &Query) -> Result<Self, Refusal> {
        let number = |name: &str, usual: usize| match query.get(name) {
            None => Ok(usual),
            Some(text) => {
                let wrong = |_| error::bad_request("ILLEGAL_ARGUMENT", format!("{name} is not a number"));
                text.parse::<usize>().map_err(wrong)
            }
        };
        Ok(Self { start: number("start", 0)?, count: number("count", USUAL)?.min(MOST) })
    }

    /// The wanted part of everything there is.
    pub(super) fn of(&self, all: Vec<Value>) -> Value {
        let total = all.len();
        let elements: Vec<Value> = all.into_iter().skip(self.start).take(self.count).collect();
        let paging = json!({"start": self.start, "count": self.count, "total": total, "links": []});
        json!({"elements": elements, "paging": paging})
    }
}
