//! What is left of budgets, dealt between projects by deficit round robin.

use std::collections::{BTreeMap, VecDeque};

use uuid::Uuid;

/// A send that asks for its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// Whose send it is.
    pub project: Uuid,
    /// Which budgets it draws on, by their place among those left, and by how much each.
    pub uses: Vec<(usize, i32)>,
}

/// What is left of a budget.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// Units.
    pub units: i32,
    /// How many of them are kept for projects that have not had their part of it: nobody else is dealt these.
    pub kept: BTreeMap<Uuid, i32>,
}

impl Left {
    /// So many units, for whoever comes.
    pub fn of(units: i32) -> Self {
        Self { units, kept: BTreeMap::new() }
    }

    /// Whether a project may be dealt that much.
    pub fn has(&self, cost: i32, project: Uuid) -> bool {
        let others: i64 =
            self.kept.iter().filter(|(whose, _)| **whose != project).map(|(_, units)| i64::from(*units)).sum();
        i64::from(self.units) - i64::from(cost) >= others
    }

    fn take(&mut self, cost: i32, project: Uuid) {
        self.units -= cost;
        if let Some(kept) = self.kept.get_mut(&project) {
            *kept = (*kept - cost).max(0);
        }
    }
}

/// One project's turn.
struct Turn {
    project: Uuid,
    /// Its sends in their order.
    waiting: VecDeque<usize>,
    /// What it may still spend before the others have theirs.
    deficit: i32,
}

/// Says for each want whether it is granted, and takes what is granted from `left`.
///
/// Projects take turns; each turn is worth the dearest want, so that ten cheap sends of one and one dear send of another
/// weigh the same. Who wants least is dealt first: a single send is not left over behind another project's thousands.
/// What does not fit costs its project nothing, and the next of its wants is looked at. One project's wants are dealt in
/// their order.
pub fn deal(wants: &[Want], left: &mut [Left]) -> Vec<bool> {
    let mut granted = vec![false; wants.len()];
    let cost = |want: &Want| want.uses.iter().map(|(_, cost)| *cost).max().unwrap_or(0);
    let quantum = wants.iter().map(cost).max().unwrap_or(0).max(1);
    let mut turns: VecDeque<Turn> = turns(wants).into();
    while let Some(mut turn) = turns.pop_front() {
        turn.deficit = turn.deficit.saturating_add(quantum);
        while let Some(next) = turn.waiting.front().copied() {
            let want = &wants[next];
            if want.uses.iter().any(|(budget, cost)| !left[*budget].has(*cost, want.project)) {
                turn.waiting.pop_front();
                continue;
            }
            if cost(want) > turn.deficit {
                break;
            }
            for (budget, cost) in &want.uses {
                left[*budget].take(*cost, want.project);
            }
            turn.deficit -= cost(want);
            granted[next] = true;
            turn.waiting.pop_front();
            if turn.deficit == 0 {
                break;
            }
        }
        if !turn.waiting.is_empty() {
            turns.push_back(turn);
        }
    }
    granted
}

fn turns(wants: &[Want]) -> Vec<Turn> {
    let mut by_project: BTreeMap<Uuid, VecDeque<usize>> = BTreeMap::new();
    for (at, want) in wants.iter().enumerate() {
        by_project.entry(want.project).or_default().push_back(at);
    }
    let mut turns: Vec<_> =
        by_project.into_iter().map(|(project, waiting)| Turn { project, waiting, deficit: 0 }).collect();
    turns.sort_by_key(|turn| (turn.waiting.len(), turn.project));
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn project(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn wants(project: u128, count: usize, uses: &[(usize, i32)]) -> Vec<Want> {
        vec![Want { project: self::project(project), uses: uses.to_vec() }; count]
    }

    fn of(granted: &[bool], wants: &[Want], project: u128) -> usize {
        let mine = granted.iter().zip(wants).filter(|(_, want)| want.project == self::project(project));
        mine.filter(|(granted, _)| **granted).count()
    }

    #[test]
    fn one_send_does_not_starve_behind_ten_thousand() {
        let mut all = wants(1, 10_000, &[(0, 1)]);
        all.extend(wants(2, 1, &[(0, 1)]));
        let granted = deal(&all, &mut [Left::of(5)]);
        assert_eq!((of(&granted, &all, 1), of(&granted, &all, 2)), (4, 1));
    }

    #[test]
    fn what_one_does_not_want_is_the_others() {
        let mut all = wants(1, 50, &[(0, 1)]);
        all.extend(wants(2, 3, &[(0, 1)]));
        all.extend(wants(3, 50, &[(0, 1)]));
        let mut left = [Left::of(43)];
        let granted = deal(&all, &mut left);
        assert_eq!((of(&granted, &all, 1), of(&granted, &all, 2), of(&granted, &all, 3)), (20, 3, 20));
        assert_eq!(left[0].units, 0);
    }

    #[test]
    fn dear_sends_and_cheap_ones_weigh_what_they_cost() {
        let mut all = wants(1, 100, &[(0, 3)]);
        all.extend(wants(2, 100, &[(0, 1)]));
        let granted = deal(&all, &mut [Left::of(60)]);
        assert_eq!((of(&granted, &all, 1), of(&granted, &all, 2)), (10, 30));
    }

    #[test]
    fn a_send_that_lacks_one_budget_takes_nothing_of_the_others() {
        let mut all = wants(1, 1, &[(0, 1), (1, 1)]);
        all.extend(wants(1, 1, &[(0, 1), (2, 1)]));
        let mut left = [Left::of(9), Left::of(0), Left::of(9)];
        assert_eq!(deal(&all, &mut left), [false, true]);
        assert_eq!(left.map(|left| left.units), [8, 0, 8]);
    }

    #[test]
    fn what_is_kept_for_one_project_is_dealt_to_no_other() {
        let kept = BTreeMap::from([(project(2), 3)]);
        let mut left = [Left { units: 10, kept: kept.clone() }];
        let all = wants(1, 20, &[(0, 1)]);
        assert_eq!(of(&deal(&all, &mut left), &all, 1), 7);
        let late = wants(2, 5, &[(0, 1)]);
        assert_eq!(of(&deal(&late, &mut left), &late, 2), 3);
    }

    proptest! {
        #[test]
        fn no_budget_is_overdrawn_and_nothing_that_fits_is_left_over(
            asked in prop::collection::vec((0u128..4, 0usize..3, 1i32..4), 0..40),
            units in prop::collection::vec(0i32..30, 3),
        ) {
            let all: Vec<_> = asked.iter().map(|(who, budget, cost)| Want { project: project(*who), uses: vec![(*budget, *cost)] }).collect();
            let mut left: Vec<_> = units.iter().copied().map(Left::of).collect();
            let granted = deal(&all, &mut left);
            for (budget, left) in left.iter().enumerate() {
                let spent: i32 = all.iter().zip(&granted).filter(|(_, granted)| **granted)
                    .flat_map(|(want, _)| &want.uses).filter(|(at, _)| *at == budget).map(|(_, cost)| cost).sum();
                prop_assert_eq!(spent + left.units, units[budget]);
                prop_assert!(left.units >= 0);
            }
            for (want, _) in all.iter().zip(&granted).filter(|(_, granted)| !**granted) {
                prop_assert!(want.uses.iter().any(|(budget, cost)| *cost > left[*budget].units));
            }
        }
    }
}
