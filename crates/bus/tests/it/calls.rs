//! Questions and answers, on every transport.

use std::{sync::Arc, time::Duration};

use bus::{AskError, BODY_LIMIT, Bus, BusError, Questions};
use domain::job::Call;
use runtime::clock::{Clock as _, SystemClock};

use crate::rig::{expect_no_question, next_question, over_all_transports};

/// Longer than any test waits.
const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(200);

over_all_transports! {
    a_question_gets_its_answer,
    every_asker_gets_its_own_answer,
    a_question_without_an_answer_times_out,
    a_question_that_is_dropped_is_declined_at_once,
    a_question_nobody_waits_for_is_not_delivered,
    an_answer_that_comes_too_late_is_nobodys,
    concurrency_limits_what_is_not_answered,
    an_answerer_that_leaves_passes_its_questions_on,
    calls_do_not_mix,
    a_question_may_be_large_but_not_too_large,
    nobody_can_ask_a_closed_bus,
}

async fn ask(bus: &dyn Bus, question: &str) -> Result<String, AskError> {
    let answer = bus.ask(Call::Live, question.as_bytes().to_vec(), LONG).await?;
    Ok(String::from_utf8(answer).unwrap())
}

/// Answers one question with its own text and a mark.
async fn answer_one(questions: &mut Box<dyn Questions>) {
    let question = next_question(questions).await;
    let answer = [question.body.as_slice(), b"!"].concat();
    question.reply(answer).await;
}

async fn a_question_gets_its_answer(bus: &dyn Bus) {
    let mut questions = bus.answer(Call::Live, 1).await.unwrap();
    let before = SystemClock.now();
    let (answer, ()) = tokio::join!(ask(bus, "ready?"), async {
        let question = next_question(&mut questions).await;
        assert_eq!(question.body, b"ready?");
        let left = question.deadline.duration_since(before);
        assert!((9..=11).contains(&left.as_secs()), "{left:?}");
        question.reply(b"yes".to_vec()).await;
    });
    assert_eq!(answer.as_deref(), Ok("yes"));
}

async fn every_asker_gets_its_own_answer(bus: &dyn Bus) {
    let mut questions = bus.answer(Call::Live, 20).await.unwrap();
    let texts: Vec<String> = (0..20).map(|n| format!("question {n}")).collect();
    let asking = futures::future::join_all(texts.iter().map(|text| ask(bus, text)));
    let answering = async {
        let mut open = Vec::new();
        for _ in 0..texts.len() {
            open.push(next_question(&mut questions).await);
        }
        // The last asked is answered first.
        for question in open.into_iter().rev() {
            let body = question.body.clone();
            question.reply(body).await;
        }
    };
    let (answers, ()) = tokio::join!(asking, answering);
    assert_eq!(answers, texts.into_iter().map(Ok).collect::<Vec<_>>());
}

async fn a_question_without_an_answer_times_out(bus: &dyn Bus) {
    assert_eq!(bus.ask(Call::Live, vec![], SHORT).await, Err(AskError::Timeout));
}

async fn a_question_that_is_dropped_is_declined_at_once(bus: &dyn Bus) {
    let mut questions = bus.answer(Call::Live, 1).await.unwrap();
    let (answer, ()) = tokio::join!(ask(bus, "?"), async { drop(next_question(&mut questions).await) });
    assert_eq!(answer, Err(AskError::Unavailable));
    let (answer, ()) = tokio::join!(ask(bus, "again?"), answer_one(&mut questions));
    assert_eq!(answer.as_deref(), Ok("again?!"));
}

async fn a_question_nobody_waits_for_is_not_delivered(bus: &dyn Bus) {
    assert_eq!(bus.ask(Call::Live, b"old".to_vec(), SHORT).await, Err(AskError::Timeout));
    let mut questions = bus.answer(Call::Live, 5).await.unwrap();
    let (answer, ()) = tokio::join!(ask(bus, "new"), answer_one(&mut questions));
    assert_eq!(answer.as_deref(), Ok("new!"));
}

async fn an_answer_that_comes_too_late_is_nobodys(bus: &dyn Bus) {
    let mut questions = bus.answer(Call::Live, 5).await.unwrap();
    // Long enough for the question to arrive on a busy machine.
    let (timed_out, late) =
        tokio::join!(bus.ask(Call::Live, b"slow".to_vec(), Duration::from_secs(2)), next_question(&mut questions));
    assert_eq!(timed_out, Err(AskError::Timeout));
    late.reply(b"late".to_vec()).await;
    let (answer, ()) = tokio::join!(ask(bus, "next"), answer_one(&mut questions));
    assert_eq!(answer.as_deref(), Ok("next!"));
}

async fn concurrency_limits_what_is_not_answered(bus: &dyn Bus) {
    let mut questions = bus.answer(Call::Live, 1).await.unwrap();
    let (one, two, ()) = tokio::join!(ask(bus, "1"), ask(bus, "2"), async {
        let first = next_question(&mut questions).await;
        expect_no_question(&mut questions).await;
        let body = first.body.clone();
        first.reply(body).await;
        answer_one(&mut questions).await;
    });
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
}

async fn an_answerer_that_leaves_passes_its_questions_on(bus: &dyn Bus) {
    let mut leaving = bus.answer(Call::Live, 1).await.unwrap();
    let (answer, ()) = tokio::join!(ask(bus, "?"), async {
        let held = next_question(&mut leaving).await;
        drop(leaving);
        let mut staying = bus.answer(Call::Live, 1).await.unwrap();
        answer_one(&mut staying).await;
        drop(held);
    });
    assert_eq!(answer.as_deref(), Ok("?!"));
}

async fn calls_do_not_mix(bus: &dyn Bus) {
    let mut connect = bus.answer(Call::Connect, 1).await.unwrap();
    let (timed_out, ()) =
        tokio::join!(bus.ask(Call::Live, vec![], SHORT), async { expect_no_question(&mut connect).await });
    assert_eq!(timed_out, Err(AskError::Timeout));
}

async fn a_question_may_be_large_but_not_too_large(bus: &dyn Bus) {
    let mut questions = bus.answer(Call::Live, 1).await.unwrap();
    let large = Arc::new(vec![b'a'; BODY_LIMIT]);
    let (answer, ()) = tokio::join!(bus.ask(Call::Live, large.to_vec(), LONG), async {
        let question = next_question(&mut questions).await;
        assert!(question.body == *large);
        question.reply(large.to_vec()).await;
    });
    assert!(answer.unwrap() == *large);
    let too_large = vec![0; BODY_LIMIT + 1];
    assert_eq!(bus.ask(Call::Live, too_large.clone(), LONG).await, Err(AskError::TooLarge));
    let (answer, ()) = tokio::join!(bus.ask(Call::Live, vec![], LONG), async {
        next_question(&mut questions).await.reply(too_large).await;
    });
    assert_eq!(answer, Err(AskError::Unavailable));
}

async fn nobody_can_ask_a_closed_bus(bus: &dyn Bus) {
    bus.close().await;
    assert_eq!(bus.ask(Call::Live, vec![], LONG).await, Err(AskError::Unavailable));
    assert_eq!(bus.answer(Call::Live, 1).await.err(), Some(BusError::Closed));
}
