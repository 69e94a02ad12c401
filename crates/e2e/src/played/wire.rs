//! One request, and what becomes of it.

use serde_json::{Value, json};
use testkit::receiver::Received;

use super::{
    fault::{Fault, Operation},
    ledger::{Ledger, Stands},
};

/// How a request ends on the wire.
#[derive(Debug, PartialEq)]
pub(super) enum Ending {
    Answer(u16, Vec<u8>),
    Silence,
    Close,
    Death,
}

/// A container that is worked on is public when it was asked about so often.
const QUESTIONS: usize = 2;

/// `POST /<account>/containers`, `POST /<account>/publish` or, where it takes a while, `.../submissions`,
/// `GET /<account>/containers/<id>` of networks with handles, `POST /<account>/messages` of the one without.
pub(super) fn answer(ledger: &mut Ledger, request: &Received) -> Ending {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let mut words = request.path.trim_start_matches('/').split('/');
    let account = words.next().unwrap_or_default();
    let way: Vec<_> = words.collect();
    let operation = match (request.method.as_str(), way.as_slice()) {
        ("POST", ["containers"]) => Operation::Create,
        ("GET", ["containers", _]) => Operation::Status,
        ("POST", ["publish" | "submissions" | "messages"]) => Operation::Publish,
        _ => return refusal(404, "there is no such way"),
    };
    let container = body["container"].as_str().unwrap_or_default();
    let fault = ledger.strike(account, operation);
    match fault {
        Some(Fault::ErrorBefore) => return refusal(500, "something went wrong"),
        Some(Fault::Drop) => return Ending::Close,
        Some(Fault::Hang) => return Ending::Silence,
        Some(Fault::DieBefore) => return Ending::Death,
        Some(Fault::Spoil) => {
            ledger.spoil(container);
            return refusal(500, "the container could not be published");
        }
        _ => {}
    }
    let (text, parent) = (body["text"].as_str(), body["parent"].as_str());
    let done = match (way.as_slice(), text) {
        (["containers"], Some(text)) => found(Some(ledger.create(account, text, parent))),
        (["containers", id], _) => {
            ledger.work(id);
            status(ledger, id)
        }
        (["submissions"], _) if ledger.submit(account, container, QUESTIONS) => {
            Ending::Answer(202, json!({"status": "working"}).to_string().into_bytes())
        }
        (["publish"], _) => found(ledger.publish(account, container)),
        (["messages"], Some(text)) => found(Some(ledger.say(account, text, parent))),
        _ => refusal(400, "a field is missing"),
    };
    match fault {
        Some(Fault::DropReply) => Ending::Close,
        Some(Fault::ErrorAfter) => refusal(500, "something went wrong"),
        Some(Fault::GarbageAfter) => Ending::Answer(200, b"<html>Welcome back!</html>".to_vec()),
        Some(Fault::HangAfter) => Ending::Silence,
        Some(Fault::DieAfter) => Ending::Death,
        Some(Fault::SpoilLater) => {
            ledger.spoil(container);
            done
        }
        _ => done,
    }
}

fn found(id: Option<String>) -> Ending {
    id.map_or_else(|| refusal(400, "the container cannot be published"), |id| told(&json!({"id": id})))
}

fn status(ledger: &Ledger, container: &str) -> Ending {
    match ledger.stands(container) {
        None => refusal(404, "there is no such container"),
        Some(Stands::Finished) => told(&json!({"status": "finished"})),
        Some(Stands::Working(_)) => told(&json!({"status": "working"})),
        Some(Stands::Spoiled) => told(&json!({"status": "error"})),
        Some(Stands::Published(id)) => told(&json!({"status": "published", "id": id})),
    }
}

fn told(body: &Value) -> Ending {
    Ending::Answer(200, body.to_string().into_bytes())
}

fn refusal(status: u16, words: &str) -> Ending {
    Ending::Answer(status, json!({"error": words}).to_string().into_bytes())
}
