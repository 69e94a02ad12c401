//! The proving ground: faults on purpose, and what was true afterwards.

pub mod checker;
pub mod evidence;
pub mod proxy;
pub mod verdict;
