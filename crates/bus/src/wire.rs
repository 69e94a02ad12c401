//! Messages as bytes. Every byte that comes in is somebody else's: what cannot be understood is an error, never a panic.

use domain::job::{Handover, Kind, LANES_PER_MESSAGE, Lane, Queue};
use jiff::Timestamp;
use prost::Message as _;
use uuid::Uuid;

use crate::{BODY_LIMIT, generated::jobs::v1};

/// The AMQP `type` of each message: its full name in the contract, which ends in no doubt about the version.
pub(crate) const HANDOVER: &str = "fanfare.jobs.v1.Handover";
pub(crate) const QUESTION: &str = "fanfare.jobs.v1.Question";
pub(crate) const ANSWER: &str = "fanfare.jobs.v1.Answer";
pub(crate) const DECLINED: &str = "fanfare.jobs.v1.Declined";

/// A lane's trace is a `traceparent`, 55 bytes in version 00; later versions may be longer, but not much.
const TRACE_LIMIT: usize = 128;

/// Bytes that are not a message of ours, or of a version we do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reading a message: {0}")]
pub(crate) struct Poison(&'static str);

/// The kind of lane that a queue carries.
const fn kind_of(queue: Queue) -> Kind {
    match queue {
        Queue::Publish(_) => Kind::Publish,
        Queue::Refresh => Kind::Refresh,
        Queue::Deliver => Kind::Deliver,
    }
}

/// Whether a handover may travel at all.
pub(crate) fn is_valid(handover: &Handover) -> bool {
    let kind = kind_of(handover.queue);
    (1..=LANES_PER_MESSAGE).contains(&handover.lanes.len()) && handover.lanes.iter().all(|lane| lane.kind == kind)
}

pub(crate) fn encode_handover(handover: &Handover) -> Vec<u8> {
    let lanes = handover.lanes.iter().map(|lane| v1::Lane {
        kind: i32::from(lane.kind.number()),
        key: lane.key.as_bytes().to_vec(),
        fence: lane.fence,
        first_due_micros: lane.first_due.as_microsecond(),
        // A trace too long to be one would be poison on the other side; without it only a log line loses its thread.
        trace: lane.trace.clone().filter(|trace| trace.len() <= TRACE_LIMIT).unwrap_or_default(),
    });
    v1::Handover { lanes: lanes.collect() }.encode_to_vec()
}

pub(crate) fn decode_handover(queue: Queue, message_type: Option<&str>, bytes: &[u8]) -> Result<Handover, Poison> {
    expect_type(message_type, HANDOVER)?;
    let message = v1::Handover::decode(bytes).map_err(|_| Poison("it is not protobuf"))?;
    let lanes = message.lanes.into_iter().map(decode_lane).collect::<Result<_, _>>()?;
    let handover = Handover { queue, lanes };
    if is_valid(&handover) { Ok(handover) } else { Err(Poison("its lanes are too many, too few or another queue's")) }
}

fn decode_lane(lane: v1::Lane) -> Result<Lane, Poison> {
    let kind = i16::try_from(lane.kind).ok().and_then(Kind::from_number).ok_or(Poison("a lane's kind is unknown"))?;
    if lane.trace.len() > TRACE_LIMIT {
        return Err(Poison("a lane's trace is too long"));
    }
    Ok(Lane {
        kind,
        key: Uuid::from_slice(&lane.key).map_err(|_| Poison("a lane's key is not a UUID"))?,
        fence: lane.fence,
        first_due: timestamp(lane.first_due_micros)?,
        trace: Some(lane.trace).filter(|trace| !trace.is_empty()),
    })
}

pub(crate) fn encode_question(body: Vec<u8>, deadline: Timestamp) -> Vec<u8> {
    v1::Question { body, deadline_micros: deadline.as_microsecond() }.encode_to_vec()
}

pub(crate) fn decode_question(message_type: Option<&str>, bytes: &[u8]) -> Result<(Vec<u8>, Timestamp), Poison> {
    expect_type(message_type, QUESTION)?;
    let message = v1::Question::decode(bytes).map_err(|_| Poison("it is not protobuf"))?;
    if message.body.len() > BODY_LIMIT {
        return Err(Poison("its body is too large"));
    }
    Ok((message.body, timestamp(message.deadline_micros)?))
}

pub(crate) fn encode_answer(body: Vec<u8>) -> Vec<u8> {
    v1::Answer { body }.encode_to_vec()
}

pub(crate) fn encode_declined() -> Vec<u8> {
    v1::Declined {}.encode_to_vec()
}

/// The answer, or `None` when the question was declined.
pub(crate) fn decode_answer(message_type: Option<&str>, bytes: &[u8]) -> Result<Option<Vec<u8>>, Poison> {
    if message_type == Some(DECLINED) {
        return Ok(None);
    }
    expect_type(message_type, ANSWER)?;
    v1::Answer::decode(bytes).map(|answer| Some(answer.body)).map_err(|_| Poison("it is not protobuf"))
}

fn expect_type(found: Option<&str>, expected: &'static str) -> Result<(), Poison> {
    if found == Some(expected) { Ok(()) } else { Err(Poison("its type or version is unknown")) }
}

fn timestamp(micros: i64) -> Result<Timestamp, Poison> {
    Timestamp::from_microsecond(micros).map_err(|_| Poison("a time is out of range"))
}

#[cfg(test)]
mod tests {
    use domain::platform::Platform;

    use super::*;

    const QUEUE: Queue = Queue::Publish(Platform::X);

    fn lane() -> Lane {
        Lane {
            kind: Kind::Publish,
            key: Uuid::from_u128(7),
            fence: i64::MAX,
            first_due: Timestamp::from_microsecond(1_700_000_000_123_456).unwrap(),
            trace: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        }
    }

    fn message(change: impl FnOnce(&mut v1::Lane)) -> Vec<u8> {
        let mut lane = v1::Lane {
            kind: v1::Kind::Publish.into(),
            key: vec![0; 16],
            fence: 1,
            first_due_micros: 0,
            trace: String::new(),
        };
        change(&mut lane);
        v1::Handover { lanes: vec![lane] }.encode_to_vec()
    }

    fn decoded(bytes: &[u8]) -> Result<Handover, Poison> {
        decode_handover(QUEUE, Some(HANDOVER), bytes)
    }

    #[test]
    fn a_handover_survives_the_way() {
        let handover = Handover { queue: QUEUE, lanes: vec![lane(), Lane { trace: None, fence: 0, ..lane() }] };
        assert_eq!(decoded(&encode_handover(&handover)), Ok(handover));
    }

    #[test]
    fn the_contracts_kinds_are_the_stored_ones() {
        for (theirs, ours) in
            [(v1::Kind::Publish, Kind::Publish), (v1::Kind::Refresh, Kind::Refresh), (v1::Kind::Deliver, Kind::Deliver)]
        {
            assert_eq!(i32::from(theirs), i32::from(ours.number()));
        }
    }

    #[test]
    fn what_is_no_handover_is_poison() {
        assert!(decoded(&message(|_| ())).is_ok(), "the reference for what follows");
        for (why, bytes) in [
            ("no lanes", vec![]),
            ("noise", vec![0xff; 40]),
            ("an unknown kind", message(|lane| lane.kind = 99)),
            ("no kind", message(|lane| lane.kind = 0)),
            ("a kind beyond any number", message(|lane| lane.kind = i32::MAX)),
            ("another queue's kind", message(|lane| lane.kind = v1::Kind::Deliver.into())),
            ("a short key", message(|lane| lane.key.truncate(15))),
            ("a time out of range", message(|lane| lane.first_due_micros = i64::MAX)),
            ("a book for a trace", message(|lane| lane.trace = "0".repeat(TRACE_LIMIT + 1))),
            (
                "too many lanes",
                v1::Handover { lanes: vec![v1::Lane::default(); LANES_PER_MESSAGE + 1] }.encode_to_vec(),
            ),
        ] {
            assert!(decoded(&bytes).is_err(), "{why}");
        }
        for version in [None, Some("fanfare.jobs.v2.Handover"), Some(QUESTION)] {
            assert!(decode_handover(QUEUE, version, &message(|_| ())).is_err(), "{version:?}");
        }
    }

    #[test]
    fn a_handover_that_would_be_poison_is_not_sent() {
        let valid = Handover { queue: QUEUE, lanes: vec![lane()] };
        assert!(is_valid(&valid));
        assert!(!is_valid(&Handover { lanes: vec![], ..valid.clone() }));
        assert!(!is_valid(&Handover { lanes: vec![lane(); LANES_PER_MESSAGE + 1], ..valid.clone() }));
        assert!(!is_valid(&Handover { queue: Queue::Deliver, ..valid }));
        let long = Handover { queue: QUEUE, lanes: vec![Lane { trace: Some("0".repeat(500)), ..lane() }] };
        assert_eq!(decoded(&encode_handover(&long)).unwrap().lanes[0].trace, None);
    }

    #[test]
    fn questions_and_answers_survive_the_way() {
        let deadline = Timestamp::from_microsecond(1_700_000_000_123_456).unwrap();
        let question = encode_question(b"who?".to_vec(), deadline);
        assert_eq!(decode_question(Some(QUESTION), &question), Ok((b"who?".to_vec(), deadline)));
        let answer = encode_answer(b"me".to_vec());
        assert_eq!(decode_answer(Some(ANSWER), &answer), Ok(Some(b"me".to_vec())));
        assert_eq!(decode_answer(Some(DECLINED), &encode_declined()), Ok(None));
        assert!(decode_answer(Some(QUESTION), &answer).is_err());
        assert!(decode_question(Some(QUESTION), &[0xff]).is_err());
    }
}
