//! What both transports promise, and what RabbitMQ adds.

mod broker;
mod calls;
mod generated;
mod outages;
mod proxy;
mod rig;
mod topology;
mod work;
