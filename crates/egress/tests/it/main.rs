//! The door against real sockets on loopback. Each server is a few lines of TCP, so that a test controls every byte.

mod address;
mod body;
mod download;
mod failure;
mod frozen;
mod guard;
mod kit;
mod pool;
mod wire;
