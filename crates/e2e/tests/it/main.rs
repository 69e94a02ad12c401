//! The whole of Fanfare: its architecture's rules, and what it does when all services work together.

mod architecture;
