//! How a service ends: when asked, when a part of it fails, and when it takes too long.

use std::{convert::Infallible, process::Command, time::Duration};

use runtime::{
    shutdown::Shutdown,
    tasks::{TaskError, Tasks},
};

const LONG: Duration = Duration::from_secs(3600);

fn tasks(deadline: Duration) -> Tasks {
    Tasks::new(Shutdown::new(deadline))
}

fn obedient(tasks: &Tasks) -> impl Future<Output = Result<(), Infallible>> + use<> {
    let soft = tasks.shutdown().soft().clone();
    async move {
        soft.cancelled().await;
        Ok(())
    }
}

#[tokio::test]
async fn tasks_that_end_when_asked_are_a_good_end() {
    let tasks = tasks(LONG);
    tasks.spawn("relay", obedient(&tasks));
    assert_eq!(tasks.running(), ["relay"]);
    tasks.shutdown().stop();
    assert_eq!(tasks.finish().await, Ok(()));
}

#[tokio::test]
async fn a_task_that_fails_stops_the_others_and_is_named() {
    let tasks = tasks(LONG);
    tasks.spawn("relay", obedient(&tasks));
    tasks.spawn("writer", async { Err("no database") });
    let error = tasks.finish().await.unwrap_err();
    assert_eq!(error.to_string(), "writer failed: no database");
}

#[tokio::test]
async fn a_task_that_panics_stops_the_others_and_is_named() {
    let tasks = tasks(LONG);
    tasks.spawn("relay", obedient(&tasks));
    tasks.spawn("writer", async {
        let rows: [u8; 0] = [];
        Err(rows.iter().max().expect("a row").to_string())
    });
    let error = tasks.finish().await.unwrap_err();
    assert_eq!(error, TaskError::Panicked { task: "writer", message: "a row".to_owned() });
}

#[tokio::test]
async fn a_task_that_ends_early_stops_the_service() {
    let tasks = tasks(LONG);
    tasks.spawn("relay", async { Ok::<_, Infallible>(()) });
    assert_eq!(tasks.finish().await, Err(TaskError::EndedEarly { task: "relay" }));
}

#[tokio::test]
async fn work_that_is_not_done_by_the_deadline_is_cut_and_named() {
    let tasks = tasks(Duration::from_millis(20));
    tasks.spawn("upload", std::future::pending::<Result<(), Infallible>>());
    tasks.shutdown().stop();
    assert_eq!(tasks.finish().await, Err(TaskError::Cut { tasks: vec!["upload"] }));
}

#[tokio::test]
async fn the_first_signal_is_soft_and_the_second_hard() {
    let shutdown = Shutdown::new(LONG);
    shutdown.listen().unwrap();
    let terminate = || Command::new("kill").args(["-TERM", &std::process::id().to_string()]).status().unwrap();
    terminate();
    shutdown.soft().cancelled().await;
    assert!(!shutdown.hard().is_cancelled());
    terminate();
    shutdown.hard().cancelled().await;
}
