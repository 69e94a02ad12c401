//! Which calls are made, drawn from a seed.

use std::time::Duration;

use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::index};

/// A call to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The run's.
    pub seed: u64,
    /// Its place; with the seed, what makes its text its own.
    pub number: usize,
    /// Whose.
    pub tenant: usize,
    /// Which of the tenant's accounts.
    pub accounts: Vec<usize>,
    /// What kind of post.
    pub shape: Shape,
    /// After the one before.
    pub pause: Duration,
}

/// What kind of post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Goes out at once.
    AtOnce,
    /// Goes out at once or soon, or not at all.
    Perishable(Duration),
    /// Goes out so much later.
    Later(Duration),
    /// Would go out later, and is called off before.
    CalledOff,
    /// Goes out at once, with a picture.
    Picture,
    /// So many parts, in a chain.
    Thread(usize),
}

/// Calls without end.
pub struct Orders {
    chance: StdRng,
    seed: u64,
    number: usize,
    sizes: Vec<usize>,
    pause: Duration,
    /// What is left of a burst: several at once for one account, so that it has a queue.
    burst: Option<(usize, usize, usize)>,
}

impl Orders {
    /// For tenants with so many accounts, about so far apart.
    pub fn of(seed: u64, sizes: &[usize], pause: Duration) -> Self {
        let chance = StdRng::seed_from_u64(seed);
        Self { chance, seed, number: 0, sizes: sizes.to_vec(), pause, burst: None }
    }

    fn shape(&mut self) -> Shape {
        match self.chance.random_range(0..100) {
            0..45 => Shape::AtOnce,
            45..55 => Shape::Picture,
            55..60 => Shape::Perishable(Duration::from_secs(60)),
            60..80 => Shape::Later(Duration::from_millis(self.chance.random_range(800..8_000))),
            80..88 => Shape::CalledOff,
            _ => Shape::Thread(self.chance.random_range(2..4)),
        }
    }
}

impl Iterator for Orders {
    type Item = Order;

    fn next(&mut self) -> Option<Order> {
        self.number += 1;
        let (seed, number) = (self.seed, self.number);
        if let Some((tenant, account, left)) = self.burst {
            self.burst = (left > 1).then_some((tenant, account, left - 1));
            let pause = Duration::from_millis(2);
            return Some(Order { seed, number, tenant, accounts: vec![account], shape: Shape::AtOnce, pause });
        }
        let tenant = self.chance.random_range(0..self.sizes.len());
        let size = self.sizes[tenant];
        let accounts = index::sample(&mut self.chance, size, size.min(1 + number % 3)).into_vec();
        if self.chance.random_ratio(1, 12) {
            self.burst = Some((tenant, accounts[0], 12));
        }
        let pause = self.pause.mul_f64(self.chance.random_range(0.3..1.7));
        Some(Order { seed, number, tenant, accounts, shape: self.shape(), pause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_calls_and_all_shapes_come() {
        let drawn = |seed| Orders::of(seed, &[3, 5], Duration::from_millis(100)).take(300).collect::<Vec<_>>();
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        let shapes: std::collections::HashSet<_> =
            drawn(1).iter().map(|order| std::mem::discriminant(&order.shape)).collect();
        assert_eq!(shapes.len(), 6);
        assert!(drawn(1).iter().all(|order| order.accounts.iter().all(|place| *place < [3, 5][order.tenant])));
    }
}
