//! The whole of Fanfare: its architecture's rules, and what it does when all services work together.

/// Runs scenarios over both transports: `over_both!(mod both; a_post_goes_out, ...)` makes `both::local::a_post_goes_out`
/// and `both::rabbitmq::a_post_goes_out` from `async fn a_post_goes_out(transport: Transport)`.
macro_rules! over_both {
    ($($name:ident),* $(,)?) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(e2e::Transport::Local).await;
            })*
        }
        mod rabbitmq {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(e2e::Transport::RabbitMq).await;
            })*
        }
    };
}

mod architecture;
mod calls;
mod chaos;
mod clocks;
mod dead_platform;
mod ends;
#[cfg(feature = "external")]
mod external;
mod faults;
mod gate;
mod keys;
mod live;
mod lost;
mod main_job;
mod media;
mod neighbours;
mod planted;
mod poison;
mod quotas;
mod races;
mod restore;
mod rings;
mod storm;
mod storms;
mod threads;
mod times;
mod tokens;
